import { equal } from "../base/encoding.ts";
import {
  isAnyOf,
  isFlag,
  isListOf,
  isNumber,
  isRecordOf,
  isShaped,
  isText,
  orAbsent,
  orNull,
  type Shape,
} from "../base/shape.ts";
import { ID } from "../crypto/token.ts";
import { collection, type Decide, type Decision, type Store } from "../store/collection.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";

/** An account as a proof saw it: the proof counts only while nothing of that account was revoked since. For an address that
 * nobody has, `uid` is null and `epoch` 0, with which every account is born. */
export interface Noted {
  readonly uid: string | null;
  readonly epoch: number;
  /** Whether the account lists the address that is to be proven, and has never shown it to be its own. */
  readonly unproven?: true | undefined;
}

/** A step that waits for an answer. It belongs to whoever holds its id. */
export interface Pending {
  /** What it is for: it answers nothing else. */
  readonly purpose: string;
  /** Whom it is about. */
  readonly subject: string;
  readonly noted: Noted;
  /** When it expires, in epoch milliseconds. */
  readonly exp: number;
}

/** One that a mailed code answers: its purpose is the kind of the mail, its subject an e-mail address in canonical form. It expires with
 * the last code. */
export interface Challenge extends Pending {
  /** The codes that are right, two at most: the one before the last resend stays right, so that the first mail to arrive is
   * never wrong. */
  readonly codes: readonly Code[];
  readonly attemptsLeft: number;
  /** From when on another mail may be asked for, in epoch milliseconds. */
  readonly resendAt: number;
  /** Nobody is mailed: there is no such account, and the reply must not tell. No answer is right. */
  readonly silent: boolean;
  /** What whoever began it said beforehand of what is to come of it. */
  readonly held: Held;
}

/** What a step holds until it is answered, by name. */
export type Held = Readonly<Record<string, string>>;

/** One code: `fingerprint.mac`, and when it expires in epoch milliseconds. */
export interface Code {
  readonly hash: string;
  readonly exp: number;
}

/** What an answer was worth. By the time anybody learns it, it has been written. */
export type Answered =
  | { readonly is: "right"; readonly held: Held } & Pick<Pending, "subject" | "noted">
  | { readonly is: "wrong"; readonly attemptsLeft: number }
  | { readonly is: "gone" }
  | { readonly is: "sealed" };

/** Pending steps. */
export interface Challenges {
  /** Keeps a new challenge under a new id. */
  readonly put: (id: string, challenge: Challenge) => Promise<void>;
  /** Answers. `guesses` is the answer hashed under each secret; `seen`, the challenge as it was read. */
  readonly answer: (id: string, answer: Omit<Answer, "now">, seen: Challenge) => Promise<Answered>;
  /** Adds a code and moves `resendAt`, if it is time. Null where there is no such challenge. */
  readonly renew: (id: string, renewal: Renewal, seen: Challenge) => Promise<Renewed | null>;
  /** Takes a code back whose mail could not be sent. */
  readonly revoke: (id: string, hash: string) => Promise<void>;
  /** The same where nobody may see it: `decoy`, which no code hashes to, stands in its place, and nothing else changes. */
  readonly blind: (id: string, hash: string, decoy: string) => Promise<void>;
  /** The challenge, or null. */
  readonly get: (id: string) => Promise<Challenge | null>;
  readonly sweepers: readonly Sweeper[];
}

/** What somebody says, when, and what it is to answer. */
export interface Answer {
  readonly purpose: string;
  /** Hashed under each secret. */
  readonly guesses: readonly string[];
  readonly now: number;
}

/** A code that is about to be mailed. */
export interface Renewal {
  readonly code: Code;
  /** Whether a mail brings it. One that nobody gets goes first: the next resend drops it, and not the code that arrived. */
  readonly leaves: boolean;
  readonly resendAt: number;
}

/** The challenge as it stands now, and whether the code was added. */
export interface Renewed {
  readonly challenge: Challenge;
  readonly added: boolean;
}

/** What stands in every pending step. */
const PENDING = {
  purpose: isText,
  subject: isText,
  noted: isShaped<Noted>({ uid: orNull(isText), epoch: isNumber, unproven: orAbsent(isAnyOf(true)) }),
  exp: isNumber,
};
const isMailed = isShaped<Challenge>({
  ...PENDING,
  codes: isListOf(isShaped<Code>({ hash: isText, exp: isNumber })),
  attemptsLeft: isNumber,
  resendAt: isNumber,
  silent: isFlag,
  held: isRecordOf(isText),
});
const isAsked = isShaped({ ...PENDING, asked: isText, name: orAbsent(isText) });

/** A step of either kind: each may be asked for by the id of the other, and is read by whoever knows it. */
export const STEP_SHAPE: Shape<Pending> = (step): step is Pending =>
  "asked" in Object(step) ? isAsked(step) : isMailed(step);

/** The step, if a mailed code answers it. */
function mailed(step: Pending | null): Challenge | null {
  return step !== null && "codes" in step ? step as Challenge : null; // as its shape says
}

/** One attempt. The right answer uses the challenge up; a wrong one costs an attempt, and the last takes the challenge away. */
export function attempt(
  current: Challenge | null,
  answer: Answer,
): Decision<Challenge, Answered> {
  if (current === null || current.purpose !== answer.purpose) {
    return { next: current, result: { is: "gone" } };
  }
  const codes = current.codes.filter(({ exp }) => exp > answer.now);
  if (codes.some(isOneOf(answer))) {
    const { subject, noted, held } = current;
    return { next: null, result: { is: "right", subject, noted, held } };
  }
  // A code under a secret that this process does not know cannot be judged: nobody pays for that.
  const known = ({ hash }: Code) => answer.guesses.some((guess) => guess.slice(0, 8) === hash.slice(0, 8));
  if (!codes.some(known)) return { next: current, result: { is: "sealed" } };
  const attemptsLeft = current.attemptsLeft - 1;
  return {
    next: attemptsLeft > 0 ? { ...current, attemptsLeft } : null,
    result: { is: "wrong", attemptsLeft },
  };
}

/** Whether a challenge has an answer for one that is right. Nobody learns of that before it is written. */
export function isAnswered(challenge: Challenge, answer: Answer): boolean {
  return challenge.purpose === answer.purpose &&
    challenge.codes.some((code) => code.exp > answer.now && isOneOf(answer)(code));
}

function isOneOf({ guesses }: Answer): (code: Code) => boolean {
  return ({ hash }) => guesses.some((guess) => equal(guess, hash));
}

/** The challenges of a store. */
export function challenges(store: Store): Challenges {
  const { platform } = store;
  const records = collection<Pending>(store, "challenges", STEP_SHAPE);

  /** Decides on what a mailed code answers; anything else stays as it is, and is none. */
  const change = <R>(id: string, decide: Decide<Challenge, R>, seen?: Challenge): Promise<R> =>
    records.change(id, (step) => {
      const current = mailed(step);
      const { next, result } = decide(current);
      return { next: next === current ? step : next, result };
    }, seen);

  return {
    get: async (id) => mailed(await records.get(id)),
    sweepers: [sweeper({ name: "challenges", ids: ID }, records)],
    put: (id, challenge) =>
      records.change(id, (current) => ({ next: current ?? challenge, result: undefined }), null),
    answer: (id, answer, seen) => {
      const now = platform.now();
      return change(id, (current) => attempt(current, { ...answer, now }), seen);
    },
    renew: (id, { code, leaves, resendAt }, seen) => {
      const now = platform.now();
      return change<Renewed | null>(id, (current) => {
        if (current === null) return { next: null, result: null };
        if (current.resendAt > now) return { next: current, result: { challenge: current, added: false } };
        const newest = current.codes.slice(-1);
        const codes = leaves ? [...newest, code] : [code, ...newest];
        const next = { ...current, codes, resendAt, exp: Math.max(code.exp, current.exp) };
        return { next, result: { challenge: next, added: true } };
      }, seen);
    },
    blind: (id, hash, decoy) =>
      change(id, (current) => {
        const dead = current?.codes.find((code) => code.hash === hash);
        if (current === null || dead === undefined) return { next: current, result: undefined };
        // It goes first: the next resend drops it, and not the code that arrived.
        const codes = [{ ...dead, hash: decoy }, ...current.codes.filter((code) => code !== dead)];
        return { next: { ...current, codes }, result: undefined };
      }),
    revoke: (id, hash) => {
      const now = platform.now();
      return change(id, (current) => {
        const codes = current?.codes.filter((code) => code.hash !== hash) ?? [];
        const exp = Math.max(...codes.map((code) => code.exp));
        return {
          next: current && codes.length > 0 ? { ...current, codes, exp, resendAt: now } : null,
          result: undefined,
        };
      });
    },
  };
}
