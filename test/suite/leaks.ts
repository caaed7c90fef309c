// Looks for secrets where they may not stand.
import { hashesOf, spellingsOf, spellingsOfKey } from "./spellings.ts";

/** Where something is written that others than its owner may read. */
export type Where = "store" | "seal" | "log" | "reply";

/** A text that was written: to the store, by the key; under a seal there; into the log; into a reply, by the operation, without what belongs in it. */
export interface Written {
  readonly where: Where;
  readonly by: string;
  readonly text: string;
}

/** What may stand nowhere. */
export interface Secret {
  /** What it is: "a code". */
  readonly is: string;
  readonly value: string | Uint8Array;
  /** Whether it could be guessed: then its plain SHA-256 may stand nowhere either. */
  readonly guessable?: boolean;
  /** The only place where it may not stand; without it, none may have it. */
  readonly where?: Where;
}

/** What is secret by what it looks like, whether anybody knows of it or not. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  "something like a token": /\blk[a-z]_[a-z2-7]{52}[\w.-]*/,
  "something like an access token": /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/,
  "something like a private key":
    /\\*"(?:d|k|p|q|dp|dq|qi)\\*":\\*"[\w-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----/,
};
const WHERES: readonly Where[] = ["store", "seal", "log", "reply"];
const SHORT = 14; // characters: a code, which counts only where it stands alone

/** What stands where it may not: what, where and in which spelling. Empty, if all is well. */
export function leaks(written: readonly Written[], secrets: Iterable<Secret>): readonly string[] {
  const found = new Set<string>();
  const distinct = new Map([...secrets].map((one) => [`${one.is} ${one.where} ${one.value}`, one]));
  for (const where of WHERES) {
    const there = written.filter((one) => one.where === where);
    const whole = there.map(({ text }) => text).join("\n");
    const tell = (is: string, stands: (text: string) => boolean) => {
      if (!stands(whole)) return;
      for (const { by, text } of there) if (stands(text)) found.add(`${is} in the ${where}: ${by}`);
    };
    for (const [is, shape] of Object.entries(SHAPES)) tell(is, (text) => shape.test(text));
    for (const secret of distinct.values()) {
      if ((secret.where ?? where) !== where) continue;
      for (const spelled of spelledOut(secret)) tell(secret.is, standing(spelled));
    }
  }
  return [...found];
}

/** Whether a text holds another one. */
function standing(spelled: string): (text: string) => boolean {
  if (spelled.length > SHORT) return (text) => text.includes(spelled);
  const alone = new RegExp(`(?<![\\w-])${spelled.replace(/[^\w-]/g, "\\$&")}(?![\\w-])`);
  return (text) => text.includes(spelled) && alone.test(text);
}

/** Those of keys are asked for in every flow. */
const known = new WeakMap<Secret, readonly string[]>();

function spelledOut(secret: Secret): readonly string[] {
  const { value, guessable } = secret;
  const before = known.get(secret);
  if (before !== undefined) return before;
  const spelled = typeof value !== "string"
    ? spellingsOfKey(value)
    : [...spellingsOf(value), ...(guessable === true ? hashesOf(value) : [])];
  known.set(secret, spelled);
  return spelled;
}
