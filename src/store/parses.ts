import { frozen } from "../base/frozen.ts";
import { recent } from "../base/recent.ts";
import { sumIn } from "./record_text.ts";

/** The record of a text: what was parsed lately where the text is exactly the same, else what `parse` makes of it. The text is read from the
 * store each time, so nothing of the record is ever out of date. */
export type Parses<T> = (text: string, parse: () => T) => T;

const KEPT = 2 ** 22; // characters of text; twice as many at most
const SEEN = 2 ** 14; // sums

/** Keeps what is read again and again. Of a million people most are read once in a long while: to keep those would cost more than to
 * parse them, so of what comes for the first time only the sum is noted. What is kept is looked for first, before anything of the text
 * is. Nobody can change it: whoever reads the same text gets the same record. */
export function parses<T>(): Parses<T> {
  const seen = new Uint32Array(SEEN); // where two sums have the same place, the later one counts
  const { get, keep } = recent<T>(KEPT);
  return (text, parse) => {
    const kept = get(text);
    if (kept !== undefined) return kept;
    const sum = sumIn(text);
    if (seen[sum % SEEN] === sum) return keep(text, frozen(parse()), text.length);
    seen[sum % SEEN] = sum;
    return parse();
  };
}
