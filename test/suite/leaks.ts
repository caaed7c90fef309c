// Looks for secrets where they may not stand.
import { finder, type Found } from "./finder.ts";
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
const SHORT = 14; // characters: a code, which counts only where it stands alone

/** What stands where it may not: what, where and in which spelling. Empty, if all is well. */
export function leaks(written: readonly Written[], secrets: Iterable<Secret>): readonly string[] {
  const spelled = new Map<string, Secret[]>();
  for (const secret of distinct(secrets)) {
    for (const one of spelledOut(secret)) {
      const others = spelled.get(one);
      if (others === undefined) spelled.set(one, [secret]);
      else others.push(secret);
    }
  }
  const find = finder(spelled.keys());
  const leaking = written.flatMap(({ where, by, text }) => {
    const known = find(text).filter((one) => stands(text, one)).flatMap(({ sought }) =>
      spelled.get(sought) ?? []
    );
    const shapes = Object.entries(SHAPES).filter(([, shape]) => shape.test(text)).map(([is]) => is);
    const names = known.filter((one) => (one.where ?? where) === where).map(({ is }) => is);
    return [...shapes, ...names].map((is) => `${is} in the ${where}: ${by}`);
  });
  return [...new Set(leaking)];
}

function distinct(secrets: Iterable<Secret>): Iterable<Secret> {
  return new Map(
    [...secrets].map((one) =>
      [typeof one.value === "string" ? `${one.is} ${one.where} ${one.value}` : one.value, one] as const
    ),
  ).values();
}

/** Whether what was found counts. */
function stands(text: string, { sought, at }: Found): boolean {
  if (sought.length > SHORT) return true;
  return !/[\w-]/.test(text.charAt(at - 1)) && !/[\w-]/.test(text.charAt(at + sought.length));
}

/** Chance is seeded: flow after flow has the same codes and tokens, and the same keys. */
const known = new Map<string | Uint8Array, readonly string[]>();

function spelledOut({ value, guessable }: Secret): readonly string[] {
  const name = guessable === true ? `guessable ${value}` : value;
  const before = known.get(name);
  if (before !== undefined) return before;
  const spelled = typeof value !== "string"
    ? spellingsOfKey(value)
    : [...spellingsOf(value), ...(guessable === true ? hashesOf(value) : [])];
  known.set(name, spelled);
  return spelled;
}
