import {
  isAnyOf,
  isFlag,
  isListOf,
  isNumber,
  isObject,
  isShaped,
  isText,
  orAbsent,
  orNull,
  type Shape,
} from "../base/shape.ts";
import type { Noted } from "./challenges.ts";
import type { Slots } from "./slots.ts";

/** Something that at most one account has: an e-mail address in canonical form (`email`), the id of a passkey (`passkey`), a public key
 * (`key`), or what the plug-in of the name `type` knows people by. */
export interface Value {
  readonly type: string;
  readonly value: string;
}

/** A value that an account lists, and so has. */
export interface Identifier extends Value {
  /** Whether somebody has shown that it is theirs. One that nobody has shown passes, with the account, to whoever does. */
  readonly proven: boolean;
  /** What the feature whose kind of value it is keeps about it. Each reads its own. */
  readonly about?: object | undefined;
}

/** A session that an account lists, and that therefore lives. Times are in epoch milliseconds. */
export interface Listed {
  readonly sid: string;
  readonly at: number;
  readonly exp: number;
  /** Whether a key pair alone made it: such a session ends no other. */
  readonly byKey?: true | undefined;
}

/** What an account is about to claim, and to list. */
export interface Reserving {
  /** Random and used once: the claims that this reservation makes carry it. */
  readonly op: string;
  /** What the values are claimed under: none that the account lists already. */
  readonly values: readonly string[];
  readonly at: number;
}

/** An account: who it is, what it has, and which sessions live. Everything that must change together is in here. */
export interface Account {
  readonly state: "account";
  readonly createdAt: number;
  readonly name: string | null;
  /** The application's own fields of the user; absent before there are any. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly roles: readonly string[];
  readonly identifiers: readonly Identifier[];
  /** Absent while no further value is being added. */
  readonly reserving?: Reserving | undefined;
  /** One more at every revocation: what was proven before it counts no longer. */
  readonly epoch: number;
  readonly sessions: readonly Listed[];
  /** What features and plug-ins keep here. Each reads its own. */
  readonly slots?: Slots | undefined;
}

/** An account that is not one yet: it says which values it is about to claim, and nothing more. */
export interface Draft {
  readonly state: "draft";
  readonly reserving: Reserving;
}

/** What is kept of an account. */
export type AccountRecord = Account | Draft;

/** An account, and the id that is not in it. */
export interface Owner {
  readonly uid: string;
  readonly account: Account;
}

const isReserving = isShaped<Reserving>({ op: isText, values: isListOf(isText), at: isNumber });
const isIdentifier = isShaped<Identifier>({
  type: isText,
  value: isText,
  proven: isFlag,
  about: orAbsent(isObject),
});
const isEntry = isShaped<Listed>({
  sid: isText,
  at: isNumber,
  exp: isNumber,
  byKey: orAbsent(isAnyOf(true)),
});
const isAccount = isShaped<Account>({
  state: isAnyOf("account"),
  createdAt: isNumber,
  name: orNull(isText),
  fields: orAbsent(isObject),
  roles: isListOf(isText),
  identifiers: isListOf(isIdentifier),
  reserving: orAbsent(isReserving),
  epoch: isNumber,
  sessions: isListOf(isEntry),
  slots: orAbsent(isObject),
});
const isDraft = isShaped<Draft>({ state: isAnyOf("draft"), reserving: isReserving });

/** What such a record must look like. */
export const ACCOUNT_RECORD: Shape<AccountRecord> = (record) => isAccount(record) || isDraft(record);

/** What an account is born as. */
export function newborn(
  born: Pick<Account, "createdAt" | "name" | "fields" | "sessions"> & { readonly identifier: Identifier },
): Account {
  const { identifier, ...others } = born;
  return { state: "account", ...others, roles: [], identifiers: [identifier], epoch: 0 };
}

/** The account that a record is; a draft is none. */
export function live(record: AccountRecord | null): Account | null {
  return record?.state === "account" ? record : null;
}

/** Whether an account lists a value. */
export function lists(account: Account, { type, value }: Value): boolean {
  return account.identifiers.some((identifier) => identifier.type === type && identifier.value === value);
}

/** Whether an account lists a session that has not expired. */
export function isListed(account: Account, sid: string, now: number): boolean {
  return account.sessions.some((entry) => entry.sid === sid && entry.exp > now);
}

/** Whether a reservation stands: of a draft or of an account, which are alike in this. */
export function reserves(record: AccountRecord | null, op: string): record is AccountRecord {
  return record?.reserving?.op === op;
}

/** Whether a record is reserving since before a moment. */
export function isStale({ reserving }: AccountRecord, before: number): boolean {
  return reserving !== undefined && reserving.at <= before;
}

/** Whether a reservation has stood for longer than `patience`, or since a moment that has not come: a clock ran ahead or was put back,
 * and nobody waits for it. */
export function isOverdue({ reserving }: AccountRecord, now: number, patience: number): boolean {
  return reserving !== undefined && Math.abs(now - reserving.at) > patience;
}

/** What is left of a record that reserves nothing: of a draft nothing. */
export function unreserved(record: AccountRecord): Account | null {
  return record.state === "draft" ? null : { ...record, reserving: undefined };
}

/** Whether nothing was revoked since a proof noted the account. */
export function unmoved(noted: Noted, { uid, account }: Owner): boolean {
  return noted.uid === null ? account.epoch === 0 : noted.uid === uid && noted.epoch === account.epoch;
}

/** What a proof notes of whoever has the value. */
export function noteOf(owner: Owner | null): Noted {
  return owner === null ? { uid: null, epoch: 0 } : { uid: owner.uid, epoch: owner.account.epoch };
}
