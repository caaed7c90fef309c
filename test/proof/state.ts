// What every state of a store satisfies, and what a sweep leaves nothing of.
import { base32, fromBase64url } from "../../src/base/encoding.ts";
import { hmacUnder } from "../../src/base/hash.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import type { Write } from "./history.ts";

/** An account as it is stored, as far as the rules speak of it. */
export interface StoredAccount {
  readonly state: "account";
  readonly name: string | null;
  readonly fields?: object;
  readonly slots?: object;
  readonly identifiers: readonly {
    readonly type: string;
    readonly value: string;
    readonly proven: boolean;
    readonly about?: { readonly counter?: number };
  }[];
  readonly epoch: number;
  readonly sessions: readonly {
    readonly sid: string;
    readonly at: number;
    readonly exp: number;
    readonly byKey?: boolean;
  }[];
  readonly reserving?: Reserving;
}

/** What an account, or what is to be one, is about to claim. */
export interface Reserving {
  readonly op: string;
  readonly at: number;
}

interface Draft {
  readonly state: "draft";
  readonly reserving: Reserving;
}

interface Claim {
  readonly uid: string;
  readonly op: string;
}

/** The texts of a store, by their keys. */
export type Contents = ReadonlyMap<string, string>;

/** Under which key a value is claimed, and the texts that the lookup key of a store had which says so. */
export interface ClaimKey {
  (type: string, value: string): string;
  readonly texts: ReadonlySet<string>;
}

export const isUser = (key: string): boolean => key.startsWith("users:");
export const isClaim = (key: string): boolean => key.startsWith("identifiers:");
export const isSession = (key: string): boolean => key.startsWith("sessions:");

/** The account that a text is; null for a draft, and for none. */
export function accountOf(text: string | null | undefined): StoredAccount | null {
  const record = userOf(text);
  return record?.state === "account" ? record : null;
}

/** The reservation in the text of an account or of a draft. */
export function reservingOf(text: string | null | undefined): Reserving | null {
  return userOf(text)?.reserving ?? null;
}

function userOf(text: string | null | undefined): StoredAccount | Draft | null {
  return text === null || text === undefined ? null : JSON.parse(text);
}

/** The claim that a text is. */
export function claimOf(text: string | null | undefined): Claim | null {
  return text === null || text === undefined ? null : JSON.parse(text);
}

/** How values are named in this store; null where its lookup key cannot be opened. `writes`: what was written there. */
export async function claimKeys(
  contents: Contents,
  secrets: readonly string[],
  writes: readonly Pick<Write, "key" | "after">[] = [],
): Promise<ClaimKey | null> {
  const text = contents.get("lookup-key");
  if (text === undefined) return null;
  const plain = await lookupKeyIn(text, secrets);
  const key = plain === null ? null : fromBase64url(plain);
  if (key === null) return null;
  const texts = new Set([text]);
  for (const { key: at, after } of writes) {
    const isSame = at === "lookup-key" && after !== null && await lookupKeyIn(after, secrets) === plain;
    if (isSame) texts.add(after);
  }
  const name = (type: string, value: string) => `identifiers:${base32(hmacUnder(key)(`${type}\0${value}`))}`;
  return Object.assign(name, { texts });
}

async function lookupKeyIn(text: string, secrets: readonly string[]): Promise<string | null> {
  const opened = await keyring(secrets, () => new Uint8Array(12)).open("lookup-key", JSON.parse(text).sealed);
  return opened.is === "open" ? opened.plain : null;
}

/** What is wrong with a state: empty, if nothing is. */
export function wrongWith(contents: Contents, claimKey: ClaimKey | null): readonly string[] {
  const wrong: string[] = [];
  const owners = new Map<string, string>();
  for (const [key, text] of contents) {
    const account = isUser(key) ? accountOf(text) : null;
    for (const { type, value } of account?.identifiers ?? []) {
      const name = `${type} ${value}`;
      if (owners.has(name)) wrong.push(`two accounts list one value: ${name}`);
      owners.set(name, key);
      if (claimKey === null) continue;
      const claim = claimOf(contents.get(claimKey(type, value)));
      if (claim === null) wrong.push(`an account lists a value that has no claim: ${name}`);
      else if (`users:${claim.uid}` !== key) {
        wrong.push(`an account lists a value whose claim leads elsewhere: ${name}`);
      }
    }
  }
  return wrong;
}

/** What stands in a store that leads nowhere, or to which nothing leads: after a sweep, and a look at each account's sessions, an hour
 * later there is none of it. */
export function leftIn(contents: Contents, claimKey: ClaimKey, now: number): readonly string[] {
  return [...contents].flatMap(([key, text]): readonly string[] => {
    if (isUser(key)) return leftAt(key, text, contents, now);
    if (isClaim(key)) return isVoid(key, text, contents, claimKey) ? [`a void claim: ${key}`] : [];
    const [, uid, sid] = isSession(key) ? key.split(":") : [];
    if (uid === undefined) return [];
    const listed = accountOf(contents.get(`users:${uid}`))?.sessions.some((one) => one.sid === sid);
    return listed ? [] : [`a session record that no account lists: ${key}`];
  });
}

function leftAt(key: string, text: string, contents: Contents, now: number): readonly string[] {
  const account = accountOf(text);
  if (account === null) return [`a draft: ${key}`];
  const lost = account.sessions.filter(({ sid, exp }) => exp > now && !contents.has(recordOf(key, sid)));
  return [
    ...(account.reserving === undefined ? [] : [`a reservation: ${key}`]),
    ...lost.map(({ sid }) => `a listed session without a record: ${sid}`),
  ];
}

/** Where the record of a session stands that the account at `key` lists. */
export function recordOf(key: string, sid: string): string {
  return `sessions:${key.slice("users:".length)}:${sid}`;
}

/** Whether no account has the value of a claim, or is about to. */
function isVoid(key: string, text: string, contents: Contents, claimKey: ClaimKey): boolean {
  const claim = claimOf(text);
  const owner = contents.get(`users:${claim?.uid}`);
  const lists = accountOf(owner)?.identifiers.some(({ type, value }) => claimKey(type, value) === key);
  return lists !== true && reservingOf(owner)?.op !== claim?.op;
}
