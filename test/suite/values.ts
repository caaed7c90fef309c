// People who add values to their accounts and remove them, and what must be true afterwards.
import { expect } from "vitest";
import { type Identifier, noteOf, type Owner, type Value } from "../../src/core/account_record.ts";
import type { Accounts } from "../../src/core/accounts.ts";
import type { Adding, Values } from "../../src/core/values.ts";
import { claimKeys, leftIn, wrongWith } from "../proof/state.ts";
import { signIn } from "./steps.ts";
import { SECRET, type World } from "./world.ts";

/** Somebody who has signed in, and who adds values to their account. */
export interface Person {
  readonly uid: string;
  readonly sid: string;
  readonly accounts: Accounts;
  /** Adds proven addresses on the authority of their session, as their account is now. */
  readonly add: (emails: readonly string[], more?: Partial<Adding>) => ReturnType<Values["add"]>;
  /** The same for the removal of one. */
  readonly remove: (email: string) => ReturnType<Values["remove"]>;
  /** What the account lists. */
  readonly listed: () => Promise<readonly string[]>;
}

/** An address that somebody has shown to be theirs. */
export const proven = (value: string): Identifier => ({ type: "email", value, proven: true });
/** An address. */
export const address = (value: string): Value => ({ type: "email", value });

/** Somebody new, who signs in. */
export async function person(world: World, email: string, accounts?: Accounts): Promise<Person> {
  const { grant: { user, session } } = await signIn(world, email);
  return personAt(accounts ?? await world.accounts(), user.id, session.id);
}

/** Somebody at a given server's accounts. */
export function personAt(accounts: Accounts, uid: string, sid: string): Person {
  return {
    uid,
    sid,
    accounts,
    async add(emails, more) {
      const noted = noteOf(await ownerOf(accounts, uid));
      const { add } = await accounts.values();
      return await add({ uid, values: emails.map(proven), acting: sid, noted, ...more });
    },
    async remove(email) {
      const { remove } = await accounts.values();
      return await remove({ uid, value: address(email), acting: sid });
    },
    listed: async () => (await accounts.get(uid))?.identifiers.map(({ value }) => value) ?? [],
  };
}

/** An account by its id. */
export async function ownerOf(accounts: Accounts, uid: string): Promise<Owner | null> {
  const account = await accounts.get(uid);
  return account === null ? null : { uid, account };
}

/** Expects that nothing contradicts anything, and that a sweep an hour later leaves nothing that leads nowhere. */
export async function expectSound(world: World): Promise<void> {
  const before = await world.contents();
  const keys = await claimKeys(before, [SECRET]);
  expect(wrongWith(before, keys)).toEqual([]);
  await world.turn("61m");
  // What was listed and never came is struck off when somebody looks.
  const uids = [...before.keys()].flatMap((key) => key.startsWith("users:") ? [key.slice(6)] : []);
  for (const userId of uids) await world.server().sessions.list({ userId });
  await world.server().sweep();
  await world.server().sweep(); // a claim may have been looked at before the reservation that it belongs to ended
  const after = await world.contents();
  expect([...wrongWith(after, keys), ...leftIn(after, keys!, world.now())]).toEqual([]);
}
