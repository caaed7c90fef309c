import * as v from "valibot";
import { flag, oneOf, type Schema } from "../base/schema.ts";
import { ID, newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import { collection, type Decide, type Store } from "../store/collection.ts";
import type { MaybePromise } from "../store/driver.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";
import type { Noted } from "./challenges.ts";
import type { Foundation } from "./foundation.ts";
import { type Slot, slotOf, type Slots } from "./slots.ts";

/** Something that at most one account has: an e-mail address in canonical form (`email`), or what the plug-in of the name `type`
 * knows people by. */
export interface Value {
  readonly type: string;
  readonly value: string;
}

/** A value that an account lists, and so has. */
export interface Identifier extends Value {
  /** Whether somebody has shown that it is theirs. One that nobody has shown passes, with the account, to whoever does. */
  readonly proven: boolean;
}

/** A session that an account lists, and that therefore lives. Times are in epoch milliseconds. */
export interface Listed {
  readonly sid: string;
  readonly at: number;
  readonly exp: number;
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
  /** One more at every revocation: what was proven before it counts no longer. */
  readonly epoch: number;
  readonly sessions: readonly Listed[];
  /** What features and plug-ins keep here. Each reads its own. */
  readonly slots?: Slots | undefined;
}

/** An account that is not one yet: it says which values it is about to claim, and nothing more. */
interface Draft {
  readonly state: "draft";
  readonly reserving: { readonly op: string; readonly values: readonly string[]; readonly at: number };
}

/** A claim on a value. It leads to an account; the account decides. */
interface Claim {
  readonly uid: string;
  readonly type: Value["type"];
  /** Random and used once: says which reservation made it. */
  readonly op: string;
}

/** An account, and the id that is not in it. */
export interface Owner {
  readonly uid: string;
  readonly account: Account;
}

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
const CLAIMS = { name: "identifiers", ids: /^[a-z2-7]{52}$/ }; // as `lookup` makes them
const VALUE = { type: v.string(), value: v.string() };
const ACCOUNT_SHAPE = v.looseObject({
  state: oneOf("account"),
  createdAt: v.number(),
  name: v.nullable(v.string()),
  fields: v.optional(v.record(v.string(), v.unknown())),
  roles: v.array(v.string()),
  identifiers: v.array(v.looseObject({ ...VALUE, proven: flag() })),
  epoch: v.number(),
  sessions: v.array(v.looseObject({ sid: v.string(), at: v.number(), exp: v.number() })),
  slots: v.optional(v.custom<Slots>(isObject)),
});
const DRAFT_SHAPE = v.looseObject({
  state: oneOf("draft"),
  reserving: v.looseObject({ op: v.string(), values: v.array(v.string()), at: v.number() }),
});
const USER_SHAPE = v.custom<Account | Draft>((record) =>
  v.is(ACCOUNT_SHAPE, record) || v.is(DRAFT_SHAPE, record)
);
const CLAIM_SHAPE = v.looseObject({ uid: v.string(), type: v.string(), op: v.string() });

/** What an account is born as. */
export function newborn(
  born: Pick<Account, "createdAt" | "name" | "fields" | "sessions"> & { readonly identifier: Identifier },
): Account {
  const { identifier, ...others } = born;
  return { state: "account", ...others, roles: [], identifiers: [identifier], epoch: 0 };
}

/** Whether an account lists a value. */
export function lists(account: Account, { type, value }: Value): boolean {
  return account.identifiers.some((identifier) => identifier.type === type && identifier.value === value);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The account that a record is; a draft is none. */
function live(record: Account | Draft | null): Account | null {
  return record?.state === "account" ? record : null;
}

function reserves(record: Account | Draft | null, op: string): boolean {
  return record?.state === "draft" && record.reserving.op === op;
}

/** Whether a record is a draft that was begun before a moment. */
function isOldDraft(_uid: string, record: Account | Draft, before: number): boolean {
  return record.state === "draft" && record.reserving.at <= before;
}

/** Whether nothing was revoked since a proof noted the account. */
export function unmoved(noted: Noted, { uid, account }: Owner): boolean {
  return noted.uid === null ? account.epoch === 0 : noted.uid === uid && noted.epoch === account.epoch;
}

/** What a proof notes of whoever has the value. */
export function noteOf(owner: Owner | null): Noted {
  return owner === null ? { uid: null, epoch: 0 } : { uid: owner.uid, epoch: owner.account.epoch };
}

/** The accounts of a store.
 *
 * A value is had by the account that lists it. In every state an account that lists a value has its claim, because nothing is
 * listed but by three steps: the account reserves it, the value is claimed, the account commits. Stopping after any of them
 * leaves what the next request reads rightly: a claim whose account neither lists nor reserves it is void, for ever. */
export function accounts(store: Store, { lookup }: Foundation): Accounts {
  const { platform } = store;
  const users = collection<Account | Draft>(store, USERS.name, USER_SHAPE);
  const claims = collection<Claim>(store, CLAIMS.name, CLAIM_SHAPE);
  const hashOf = ({ type, value }: Value) => lookup(type, value);

  async function find(value: Value): Promise<Owner | null> {
    const hash = hashOf(value);
    const claim = await claims.get(hash);
    // Without a claim an id that nobody has is read all the same: what is asked of the store does not tell who exists.
    const uid = claim?.uid ?? hash.slice(0, 26);
    const account = live(await users.get(uid));
    return account !== null && lists(account, value) ? { uid, account } : null;
  }

  /** Obtains the claim for a draft, or finds who has the value. Waits for whoever is about to have it. */
  async function claimFor(value: Value, mine: Claim): Promise<Owner | null> {
    const hash = hashOf(value);
    // Twice the deadline: as long as another's reservation may stand, and as long again for what is left of one's own.
    const until = platform.now() + 2 * store.deadline;
    for (let tries = 0; platform.now() <= until; tries++) {
      const claim = await claims.get(hash);
      if (claim === null) {
        const got = await claims.change(hash, (now) => ({ next: now ?? mine, result: now === null }), null);
        if (got) return null;
        continue;
      }
      const record = await users.get(claim.uid); // anew after every read of the claim
      const owner = live(record);
      if (owner !== null && lists(owner, value)) return { uid: claim.uid, account: owner };
      if (reserves(record, claim.op) && !await cleared(claim, record)) {
        await platform.sleep((platform.random(1)[0] ?? 0) / 16);
        continue;
      }
      const same = (now: Claim | null) => now?.uid === claim.uid && now.op === claim.op;
      if (await claims.change(hash, (now) => ({ next: same(now) ? mine : now, result: same(now) }), claim)) {
        return null;
      }
    }
    throw new AuthError("storage_unavailable", {
      remedy: "an address is being claimed by somebody who does not finish",
    });
  }

  /** Clears a reservation that has stood longer than the deadline. The clock only says when to try: what makes the claim void is
   * that the draft is gone, so its maker, asleep or slow, can no longer commit. */
  async function cleared(claim: Claim, seen: Account | Draft | null): Promise<boolean> {
    if (seen?.state !== "draft" || platform.now() - seen.reserving.at <= store.deadline) return false;
    return await users.change(claim.uid, (now) => {
      const stands = reserves(now, claim.op);
      return { next: stands ? null : now, result: stands };
    }, seen);
  }

  /** One try: null where somebody cleared the draft away meanwhile. */
  async function begin(value: Value, make: () => Account): Promise<Created | null> {
    const uid = newId(platform.random);
    const op = newId(platform.random);
    const draft: Draft = { state: "draft", reserving: { op, values: [hashOf(value)], at: platform.now() } };
    await users.change(uid, (now) => ({ next: now ?? draft, result: undefined }), null);
    const owner = await claimFor(value, { uid, type: value.type, op });
    if (owner !== null) {
      await users.change(uid, (now) => ({ next: reserves(now, op) ? null : now, result: undefined }), draft);
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
    for (const identifier of account.identifiers) {
      // The uid is compared: somebody else may have the value by now.
      const gone = await claims.change(hashOf(identifier), (now) => {
        const ours = now?.uid === uid;
        return { next: ours ? null : now, result: ours };
      });
      if (gone) records++;
    }
    return { account, records };
  }

  /** Whether no account has the value of a claim or is about to: that stays so, and needs no clock. The account is read after
   * the claim was. */
  async function isVoid(hash: string, { uid, op }: Claim): Promise<boolean> {
    const record = await users.get(uid);
    const has = live(record)?.identifiers.some((identifier) => hashOf(identifier) === hash) === true;
    return !has && !reserves(record, op);
  }

  return {
    sweepers: [sweeper(USERS, users, isOldDraft), sweeper(CLAIMS, claims, isVoid)],
    get(uid) {
      const record = ID.test(uid) ? users.get(uid) : null;
      return record instanceof Promise ? record.then(live) : live(record);
    },
    newborn,
    slot: (name, schema) => slotOf(name, schema, change),
    find,
    change,
    create,
    remove,
  };
}
