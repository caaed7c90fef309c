// Which passwords are accepted where one is chosen. What is asked of nobody else comes first, what leaves the machine last.
import { deadline, type Time } from "../../base/deadline.ts";
import { discreetly } from "../../base/hidden.ts";
import { AuthError, type Issue } from "../../errors.ts";
import { isBreached } from "./breached.ts";
import { COMMON } from "./common.ts";
import type { PasswordClass, PasswordOwner } from "./options.ts";
import type { PolicySettings } from "./policy_settings.ts";

/** Judges passwords that somebody is about to choose. */
export interface Policy {
  /** Resolves where a password is accepted.
   * @param path where it came from, as the issues say it: `"newPassword"`
   * @throws {AuthError} `password_weak` (`details.issues`); `busy`, where a list of known passwords cannot be asked */
  readonly check: (password: string, owner: PasswordOwner, path: string) => Promise<void>;
}

/** What of the machine is needed to ask somebody else. */
export interface PolicyTools extends Time {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Is told why the list could not be asked, where a password is accepted all the same. */
  readonly unasked: (cause: unknown) => void;
}

const PATIENCE = 5_000; // ms, for a list or a function of somebody else's
const RETRY_AFTER = 5; // seconds
const SHORT = 5; // characters: fewer make no password, however often they stand there
const LEAST_OWN = 8; // characters that stand for themselves: the shortest password of all

const CLASS: Readonly<Record<PasswordClass, readonly [pattern: RegExp, what: string]>> = {
  lowercase: [/\p{Ll}/u, "a small letter"],
  uppercase: [/\p{Lu}/u, "a capital letter"],
  digit: [/\p{Nd}/u, "a digit"],
  symbol: [/[^\p{L}\p{N}]/u, "a character that is neither a letter nor a digit"],
};

/** Judges by `settings`. */
export function policy(settings: PolicySettings, tools: PolicyTools): Policy {
  const within = deadline(tools, PATIENCE, () => new Error(`no answer within ${PATIENCE} ms`));

  async function known(password: string): Promise<boolean> {
    const { breached } = settings;
    if (breached === null) return false;
    if (typeof breached === "function") {
      return await within(discreetly([password], () => breached(password))) === true;
    }
    const given = new AbortController();
    try {
      const ask = (url: string, init: RequestInit) => tools.fetch(url, { ...init, signal: given.signal });
      return await within(isBreached(password, ask));
    } catch (cause) {
      given.abort(); // nobody waits for it any more
      if (!breached.failOpen) throw new AuthError("busy", { retryAfter: RETRY_AFTER }, { cause });
      tools.unasked(cause);
      return false;
    }
  }

  return {
    async check(typed, owner, path) {
      const password = typed.normalize("NFC");
      const said = faults(password, owner, settings);
      if (said.length === 0) {
        const refused = await within(discreetly([password], () => settings.refuse?.(password, owner)));
        if (typeof refused === "string") said.push(refused);
        else if (refused === true) said.push("is not accepted here");
      }
      if (said.length === 0 && await known(password)) {
        said.push("must be another one: this one has become known elsewhere");
      }
      const issues: readonly Issue[] = said.map((message) => ({ path, message }));
      if (issues.length > 0) throw new AuthError("password_weak", { issues });
    },
  };
}

/** What is wrong with a password, as far as it can be seen. Lengths are counted in code points, as NIST SP 800-63B-4 section 3.1.1.2
 * wants it. */
export function faults(
  password: string,
  owner: PasswordOwner,
  { minLength, maxLength, classes }: Pick<PolicySettings, "minLength" | "maxLength" | "classes">,
): string[] {
  const length = [...password].length;
  if (length < minLength) return [`must be at least ${minLength} characters long: it has ${length}`];
  if (length > maxLength) return [`must be at most ${maxLength} characters long: it has ${length}`];
  const missing = classes.filter((name) => !CLASS[name][0].test(password)).map((name) =>
    `must have ${CLASS[name][1]}`
  );
  if (missing.length > 0) return missing;
  const folded = fold(password);
  if (isCommon(folded)) return ["must be another one: this one is among the first that are tried"];
  if (without(folded, wordsOf(owner)).length < LEAST_OWN) {
    return ["must be made of more than your own name and address"];
  }
  return [];
}

/** A spelling that is the same for small and capital letters, and for characters that look the same. */
function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** Whether it is among the first that are tried: a word of the list, with digits or signs around it, or a few times over; one short thing
 * again and again; a row of the keyboard or the alphabet. */
export function isCommon(folded: string): boolean {
  const once = unitOf(folded);
  if ([...once].length < SHORT) return true;
  const solid = once.replace(/[^\p{L}\p{N}]/gu, "");
  const headed = once.replace(/(?<=\p{L})[^\p{L}]+$/u, "");
  const bare = headed.replace(/^[^\p{L}]+/u, "");
  const candidates = [once, solid, headed, bare].flatMap((one) => [one, plain(one)]).flatMap((one) => [
    one,
    unitOf(one),
  ]);
  return candidates.some((one) => COMMON.has(one) || (one.length >= SHORT && isRow(one)));
}

/** The shortest text of which this one is a repetition. By the borders of its beginnings (Knuth, Morris, Pratt), so that no text takes
 * longer than its length: anybody may sign up. */
function unitOf(text: string): string {
  const borders = [0];
  for (let i = 1, border = 0; i < text.length; i++) {
    while (border > 0 && text[i] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[i] === text[border]) border++;
    borders.push(border);
  }
  const length = text.length - (borders.at(-1) ?? 0);
  return text.length % length === 0 ? text.slice(0, length) : text;
}

const ROWS: readonly string[] = [
  "012345678901234567890123456789",
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
  "1234567890qwertyuiop",
  "1q2w3e4r5t6y7u8i9o0p",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "qazwsxedcrfvtgbyhnujmikolp",
];

function isRow(text: string): boolean {
  const backwards = [...text].reverse().join("");
  return ROWS.some((row) => row.includes(text) || row.includes(backwards));
}

const STAND_INS: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  "$": "s",
  "!": "i",
};

/** With letters in place of the digits and signs that look like them. */
function plain(text: string): string {
  return text.replace(/[0134570@$!]/g, (one) => STAND_INS[one] ?? one);
}

/** What is known of an account to anybody: its addresses, their parts, the words of the name. The longest first, so that none hides in
 * another. */
function wordsOf({ identifiers, name }: PasswordOwner): readonly string[] {
  const whole = [...identifiers, name ?? ""].map(fold);
  const parts = whole.flatMap((one) => one.split(/[^\p{L}\p{N}]+/u));
  const words = [...whole, ...whole.map((one) => one.split("@")[0] ?? ""), ...parts];
  return [...new Set(words)].filter((word) => [...word].length >= 3).sort((a, b) => b.length - a.length);
}

function without(text: string, words: readonly string[]): readonly string[] {
  return [...words.reduce((left, word) => left.replaceAll(word, ""), text)];
}
