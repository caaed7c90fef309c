import type { Schema } from "../base/schema.ts";
import { after } from "../base/after.ts";
import { loaded } from "../base/lazy.ts";
import { ID, newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import { collection, type Decide, type Store } from "../store/collection.ts";
import type { MaybePromise } from "../store/driver.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";
import {
  type Account,
  ACCOUNT_RECORD,
  type AccountRecord,
  type Draft,
  isStale,
  lists,
  live,
  newborn,
  type Owner,
  reserves,
  type Value,
} from "./account_record.ts";
import { claims as claimsOf } from "./claims.ts";
import type { Foundation } from "./foundation.ts";
import { type Slot, slotOf } from "./slots.ts";
import type { Values } from "./values.ts";

/** What became of a new account: it was made, or the value has an owner. */
export type Created = { readonly is: "created" | "taken"; readonly owner: Owner };

/** Accounts and claims. */
export interface Accounts {
  /** The account, or null; a draft is none. */
  readonly get: (uid: string) => MaybePromise<Account | null>;
  /** The account that has a value. The same two reads whether there is one or not. */
  readonly find: (value: Value) => Promise<Owner | null>;
  /** Decides on an account; a draft is none, and nothing is ever created by it. */
  readonly change: <R>(uid: string, decide: Decide<Account, R>, seen?: Account | null) => Promise<R>;
  /** The compartment of the account record that a feature has to itself. */
  readonly slot: <T>(name: string, schema: Schema<T>) => Slot<T>;
  /** What an account is born as. */
  readonly newborn: typeof newborn;
  /** Makes an account that lists `value` alone: draft, claim, commit. `make` is asked for it right before the commit. */
  readonly create: (value: Value, make: () => Account) => Promise<Created>;
  /** Adds values to an account and removes them. */
  readonly values: () => Promise<Values>;
  /** Removes an account if `may` says so, then its claims. Null where it did not. */
  readonly remove: (uid: string, may: (account: Account) => boolean) => Promise<Removed | null>;
  readonly sweepers: readonly Sweeper[];
}

/** An account that is gone. */
export interface Removed {
  readonly account: Account;
  /** How many records went. */
  readonly records: number;
}

const USERS = { name: "users", ids: ID };

/** The accounts of a store.
 *
 * A value is had by the account that lists it. In every state an account that lists a value has its claim, because nothing is
 * listed but by three steps: the account reserves it, the value is claimed, the account commits. Stopping after any of them
 * leaves what the next request reads rightly: a claim whose account neither lists nor reserves it is void, for ever. */
export function accounts(store: Store, foundation: Foundation): Accounts {
  const { platform } = store;
  const users = collection<AccountRecord>(store, USERS.name, ACCOUNT_RECORD);
  const claims = claimsOf(store, foundation, users);
  const drafts = sweeper(USERS, users, (_uid, record, before) => isStale(record, before));

  async function find(value: Value): Promise<Owner | null> {
    const hash = claims.hashOf(value);
    const claim = await claims.get(hash);
    // Without a claim an id that nobody has is read all the same: what is asked of the store does not tell who exists.
    const uid = claim?.uid ?? hash.slice(0, 26);
    const account = live(await users.get(uid));
    return account !== null && lists(account, value) ? { uid, account } : null;
  }

  /** One try: null where somebody cleared the draft away meanwhile. */
  async function begin(value: Value, make: () => Account): Promise<Created | null> {
    const uid = newId(platform.random);
    const op = newId(platform.random);
    const reserving = { op, values: [claims.hashOf(value)], at: platform.now() };
    const draft: Draft = { state: "draft", reserving };
    await users.change(uid, (now) => ({ next: now ?? draft, result: undefined }), null);
    const owner = await claims.obtain(value, { uid, op });
    if (owner !== null) {
      await claims.clear(uid, op, draft);
      return { is: "taken", owner };
    }
    const account = make();
    const committed = await users.change(uid, (now) => {
      const stands = reserves(now, op);
      return { next: stands ? account : now, result: stands };
    }, draft);
    return committed ? { is: "created", owner: { uid, account } } : null;
  }

  async function create(value: Value, make: () => Account): Promise<Created> {
    const until = platform.now() + 2 * store.deadline;
    do {
      const created = await begin(value, make);
      if (created !== null) return created;
    } while (platform.now() <= until);
    throw new AuthError("storage_unavailable", {
      remedy: "an account was begun too often and cleared away each time",
    });
  }

  const change: Accounts["change"] = (uid, decide, seen) =>
    users.change(uid, (record) => {
      const account = live(record);
      const { next, result } = decide(account);
      return { next: account === null || next === account ? record : next, result };
    }, seen);

  async function remove(uid: string, may: (account: Account) => boolean): Promise<Removed | null> {
    if (!ID.test(uid)) return null;
    const account = await change(
      uid,
      (now) => now !== null && may(now) ? { next: null, result: now } : { next: now, result: null },
    );
    if (account === null) return null;
    let records = 1;
    // What it was about to claim may be claimed already.
    for (const hash of [...account.identifiers.map(claims.hashOf), ...account.reserving?.values ?? []]) {
      if (await claims.follow(uid, hash)) records++;
    }
    return { account, records };
  }

  /** A reservation that nobody waits for any more ends: a draft goes, an account stays. */
  const sweep: Sweeper["sweep"] = async ([uid, text], before) => {
    const record = users.parse(uid, text);
    if (record.state === "draft") return await drafts.sweep([uid, text], before);
    if (record.reserving && isStale(record, before)) await claims.clear(uid, record.reserving.op, record);
    return false;
  };

  return {
    sweepers: [{ ...USERS, sweep }, claims.sweeper],
    get: (uid) => after(ID.test(uid) ? users.get(uid) : null, live),
    newborn,
    slot: (name, schema) => slotOf(name, schema, change),
    find,
    change,
    create,
    values: loaded(async () => (await import("./values.ts")).values({ store, claims, change })), // few requests need it
    remove,
  };
}
