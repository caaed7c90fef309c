// Reads what interfaces of the source say of their members, for the documents.
import { readFileSync } from "node:fs";

/** A member of an interface, as its docstring tells it. */
export interface Member {
  readonly name: string;
  /** The docstring without its tags, on one line. */
  readonly what: string;
  /** What `@default {…}` says; empty where there is none. */
  readonly fallback: string;
  /** The type as written, on one line. */
  readonly type: string;
}

const MEMBER =
  /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*readonly ("?)([\w.]+)\2(\??): ((?:[^;{}]|\{(?:[^{}]|\{[^{}]*\})*\})*);/g;

/** The members of an interface in a file, in their order.
 * @throws {Error} where there is no such interface, or one of its members has no docstring */
export function membersOf(path: string, name: string): readonly Member[] {
  const source = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const [, body] =
    new RegExp(`export interface ${name}(?:<[^{]*>)?(?: extends [\\w, <>]+)? \\{\\n([^]*?)\\n\\}\\n`)
      .exec(source) ?? [];
  if (body === undefined) throw new Error(`${path} has no interface ${name}`);
  const found = [...body.matchAll(MEMBER)].map(([, doc = "", , member = "", , type = ""]): Member => {
    const text = doc.replace(/\n\s*\* ?/g, " ").replace(/\s+/g, " ").trim();
    const [, fallback = ""] = /@default \{([^@]*)\}/.exec(text) ?? [];
    return {
      name: member,
      what: text.replace(/@default \{[^@]*\}/, "").replace(/\{@link ([\w.]+)[^}]*\}/g, "$1")
        .replace(/(?:^| )@(?:example|throws|see) [^]*$/, "").trim(),
      fallback,
      type: type.replace(/\/\*\*[^]*?\*\//g, "").replace(/\s+/g, " ").trim(),
    };
  });
  const said = body.match(/^ {2}readonly /gm)?.length;
  if (found.length !== said) {
    throw new Error(`${name} has ${said} members, and ${found.length} were understood`);
  }
  return found;
}
