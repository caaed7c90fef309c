import { summed } from "../../src/store/record_text.ts";

/** A record's text with some of it replaced, its sum right again: what somebody would write who means to deceive, or a test that puts
 * something into a store. */
export function rewritten(text: string, what: string | RegExp, by: string): string {
  const after = text.replace(what, by);
  if (after === text) throw new Error(`nothing to replace in ${text}`);
  return summed(after.replace(/,"sum":"[0-9a-f]{8}"\}$/, "}"));
}

/** The text of a record that says this. */
export function textOf(record: object): string {
  const { sum: _, ...said } = record as { readonly sum?: unknown };
  return summed(JSON.stringify(said));
}
