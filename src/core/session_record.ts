import { isListOf, isNumber, isShaped, isText, orAbsent, orNull, type Shape } from "../base/shape.ts";
import type { Decision } from "../store/collection.ts";
import type { Account } from "./account_record.ts";

/** A session: what it is besides being listed by its account. Times are in epoch milliseconds. */
export interface SessionRecord {
  readonly createdAt: number;
  /** When it ends however much it is used. */
  readonly endsAt: number;
  readonly lastUsedAt: number;
  readonly amr: readonly string[];
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** For whom its access tokens are; the usual audience, where it is absent. */
  readonly audience?: string | undefined;
  /** SHA-256 of the cookie's secret; null for a bearer session. */
  readonly hash: string | null;
  /** Null for a cookie session. */
  readonly family: Family | null;
  /** When it ends if it is not used. */
  readonly exp: number;
}

/** A session that lives, with all that was read to know it. */
export interface Found {
  readonly uid: string;
  readonly sid: string;
  readonly account: Account;
  readonly record: SessionRecord;
  /** When the account was read or written, or a moment before. */
  readonly at: number;
}

/** The refresh tokens of a session. One is current; it is derived, never stored. */
export interface Family {
  /** The generation of the current token. */
  readonly generation: number;
  /** Random, and part of every token's keyed hash. */
  readonly seed: string;
  /** The fingerprint of the secret that the current token is derived with. Only a rotation changes it, so that every process
   * derives the same token. */
  readonly secret: string;
  /** The last rotations, the newest last. */
  readonly rotations: readonly Rotation[];
}

/** A rotation away from a generation. */
export interface Rotation {
  readonly from: number;
  readonly at: number;
  /** SHA-256 of the `attempt` that the client sent. */
  readonly attempt: string | null;
}

const isRotation = isShaped<Rotation>({ from: isNumber, at: isNumber, attempt: orNull(isText) });
const isFamily = isShaped<Family>({
  generation: isNumber,
  seed: isText,
  secret: isText,
  rotations: isListOf(isRotation),
});

/** The shape of a stored session. */
export const SESSION_SHAPE: Shape<SessionRecord> = isShaped<SessionRecord>({
  createdAt: isNumber,
  endsAt: isNumber,
  lastUsedAt: isNumber,
  amr: isListOf(isText),
  ip: orNull(isText),
  userAgent: orNull(isText),
  audience: orAbsent(isText),
  hash: orNull(isText),
  family: orNull(isFamily),
  exp: isNumber,
});

const HOUR = 3_600_000;
const KEPT_ROTATIONS = 8;

/** When, and for how long a session may be left unused, in milliseconds. */
export interface Use {
  readonly now: number;
  readonly idle: number;
}

/** The session as used now. */
export function used(record: SessionRecord, { now, idle }: Use): SessionRecord {
  return { ...record, lastUsedAt: now, exp: Math.min(record.endsAt, now + idle) };
}

/** Whether the last note of its use is old enough for another: hourly, or ten times in the time that it may be idle. */
export function isDue(record: SessionRecord, { now, idle }: Use): boolean {
  return now - record.lastUsedAt >= Math.min(HOUR, idle / 10);
}

/** Last use as others are told it: to the hour, so that nobody learns from it when a token was refreshed. */
export function toldLastUse({ createdAt, lastUsedAt }: SessionRecord): number {
  return Math.max(createdAt, lastUsedAt - lastUsedAt % HOUR);
}

/** A refresh token of the family that was presented; its keyed hash is known to be right. */
export interface Presented extends Use {
  readonly generation: number;
  /** SHA-256 of the client's `attempt`. */
  readonly attempt: string | null;
  /** How long a rotated token still gets the current one, in milliseconds. */
  readonly leeway: number;
  /** The fingerprint of the secret that a new token is derived with. */
  readonly secret: string;
}

/** `record` is the session whose current token is the answer; null: the token was used before, or there is no session. */
export type Rotated =
  | { readonly is: "current"; readonly record: SessionRecord }
  | { readonly is: "reused" }
  | { readonly is: "gone" };

/** What a refresh token gets. The current one moves the family on by one. One that was rotated away gets the current one while
 * that rotation is young (parallel requests, a retry after a lost reply), or however late with the same `attempt` until its
 * successor is presented; such an answer moves nothing. Any other was used before (RFC 9700 section 4.14.2). */
export function rotate(
  current: SessionRecord | null,
  presented: Presented,
): Decision<SessionRecord, Rotated> {
  if (current === null || current.family === null) return { next: current, result: { is: "gone" } };
  const { family } = current;
  const { generation: from, attempt, now, leeway, secret } = presented;
  if (from === family.generation) {
    const rotations = [...family.rotations, { from, at: now, attempt }].slice(-KEPT_ROTATIONS);
    const moved: Family = { ...family, generation: from + 1, secret, rotations };
    const next = used({ ...current, family: moved }, presented);
    return { next, result: { is: "current", record: next } };
  }
  const rotation = family.rotations.find((one) => one.from === from);
  const young = rotation !== undefined && now - rotation.at <= leeway; // a clock that went back makes it younger, never older
  const retried = rotation !== undefined && attempt !== null && rotation.attempt === attempt &&
    from + 1 === family.generation;
  return { next: current, result: young || retried ? { is: "current", record: current } : { is: "reused" } };
}
