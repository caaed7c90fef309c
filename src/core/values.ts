import { newId } from "../crypto/token.ts";
import { AuthError, type ErrorCode } from "../errors.ts";
import type { Decide, Store } from "../store/collection.ts";
import {
  type Account,
  type Identifier,
  isOverdue,
  lists,
  type Owner,
  reserves,
  unmoved,
  type Value,
} from "./account_record.ts";
import { type Acting, acting } from "./acting.ts";
import type { Noted } from "./challenges.ts";
import type { Claims } from "./claims.ts";

/** What an account becomes besides, in the same swap; null, or a code, which `add` or `remove` throws: it may not. Pure: it is asked again
 * whenever somebody was faster. */
export type Become = (account: Account) => Account | ErrorCode | null;

/** Values that are to be added to an account. */
export interface Adding extends Acting {
  /** What the account lists already stays as it is. */
  readonly values: readonly Identifier[];
  /** The account as it was when the proof of the values was judged. */
  readonly noted: Noted;
  /** Whether it was asked a moment ago, and nobody had any of them. */
  readonly areFree?: boolean;
  /** Asked of the account with the values in it, when they are reserved and again when they are listed, which is when what it answers
   * is written. What it throws, `add` throws. */
  readonly become?: Become;
}

/** A value that is to be removed from an account. */
export interface Removing extends Acting {
  readonly value: Value;
  /** The account, where it was read for that. */
  readonly seen?: Account;
  /** Asked of the account without the value. What it throws, `remove` throws. */
  readonly become?: Become;
}

/** What became of the values: the account lists all of them, or none more than before, because one of them is another's or `become`
 * said no. */
export type Added = { readonly is: "added"; readonly owner: Owner } | Taken | Refused;

/** What became of the value. */
export type Unlisted = { readonly is: "removed"; readonly owner: Owner } | Refused;

/** A value that another account has. */
interface Taken {
  readonly is: "taken";
  readonly value: Value;
}

/** `become` said no. */
interface Refused {
  readonly is: "refused";
}

/** The values of accounts. */
export interface Values {
  /** Lists all of some values, or none.
   * @throws {AuthError} `session_ended`, `not_found`, `challenge_invalid` where the proof no longer counts, `limit_reached`; `storage_unavailable`
   * where it takes too long */
  readonly add: (adding: Adding) => Promise<Added>;
  /** Strikes a value off, with whatever was proven before. Anybody may have it then.
   * @throws {AuthError} `session_ended`; `not_found` where there is no such account, or it does not list the value */
  readonly remove: (removing: Removing) => Promise<Unlisted>;
}

/** What they stand on. */
export interface ValueGround {
  readonly store: Store;
  readonly claims: Claims;
  /** Decides on an account; a draft is none. */
  readonly change: <R>(uid: string, decide: Decide<Account, R>, seen?: Account | null) => Promise<R>;
}

/** Why an account may not change so. */
type No = ErrorCode | "refused";

/** How many values of a kind an account may have: it is one record. Those that have no row share the bound of the others. */
const MOST: Readonly<Record<string, number>> = { passkey: 20, key: 20, other: 10 };

/** Adds values in three steps, and removes them in three: each may be the last one. */
export function values({ store, claims, change }: ValueGround): Values {
  const { platform } = store;
  const act = acting(change, platform.now);

  /** One try: null where another add of the account is under way, which is waited for like anybody's, or where the reservation was
   * cleared away meanwhile. */
  async function attempt(adding: Adding): Promise<Added | null> {
    const { uid } = adding;
    const op = newId(platform.random);
    const wanted = inOrder(adding.values, claims.hashOf);
    const at = platform.now();
    const reserved = await act<Reserved | null | No>(adding, (account) => {
      const missing = wanted.filter(([, value]) => !lists(account, value));
      const next = extended(account, adding, missing);
      if (typeof next === "string") return { next: account, result: next };
      const isFree = account.reserving === undefined || isOverdue(account, at, store.deadline);
      if (!isFree) return { next: account, result: null };
      const reserving = { op, values: missing.map(([hash]) => hash), at };
      const seen = { ...account, reserving };
      return { next: seen, result: { missing, seen } };
    });
    if (typeof reserved === "string") return no(reserved);
    if (reserved === null) return null;
    let added = false;
    try {
      const ended = await taken(adding, op, reserved.missing) ?? await commit(adding, op, reserved);
      if (typeof ended === "string") return no(ended);
      added = ended?.is === "added";
      return ended;
    } finally {
      if (!added) await claims.release(uid, op, reserved.missing.map(([hash]) => hash));
    }
  }

  /** Claims all of what was reserved; the first that is another's ends it. */
  async function taken({ uid, areFree }: Adding, op: string, reserved: Wanted): Promise<Taken | null> {
    for (const [, { type, value }] of reserved) {
      const owner = await claims.obtain({ type, value }, { uid, op }, areFree);
      if (owner !== null && owner.uid !== uid) return { is: "taken", value: { type, value } };
    }
    return null;
  }

  /** Lists exactly what was reserved and claimed. */
  async function commit(
    adding: Adding,
    op: string,
    { missing, seen }: Reserved,
  ): Promise<Added | null | No> {
    return await act<Added | null | No>(adding, (account) => {
      if (!reserves(account, op)) return { next: account, result: null };
      const next = extended(account, adding, missing);
      if (typeof next === "string") return { next: account, result: next };
      const listed = { ...next, reserving: undefined };
      return { next: listed, result: { is: "added", owner: { uid: adding.uid, account: listed } } };
    }, seen);
  }

  return {
    async add(adding) {
      const until = platform.now() + 2 * store.deadline;
      const { areFree: _, ...again } = adding;
      for (let next = adding; next === adding || platform.now() <= until; next = again) {
        const added = await attempt(next);
        if (added !== null) return added;
        await platform.sleep((platform.random(1)[0] ?? 0) / 16);
      }
      throw new AuthError("storage_unavailable", {
        remedy: "too many values are being added to one account",
      });
    },
    async remove({ value, seen, become = itself, ...acting }) {
      const { uid } = acting;
      const hash = claims.hashOf(value);
      const claim = await claims.get(hash); // before the value is struck off: a claim made after that has another text
      const removed = await act<Account | No>(acting, (account) => {
        if (!lists(account, value)) return { next: account, result: "not_found" };
        const next = allowed(become(without(account, value)));
        return typeof next === "string" ? { next: account, result: next } : { next, result: next };
      }, seen);
      if (typeof removed === "string") return no(removed);
      if (claim?.uid === uid) await claims.discard(hash, claim);
      return { is: "removed", owner: { uid, account: removed } };
    },
  };
}

/** Values by what they are claimed under. */
type Wanted = readonly (readonly [hash: string, value: Identifier])[];

/** What an account has reserved, and the account as it was written with that. */
interface Reserved {
  readonly missing: Wanted;
  readonly seen: Account;
}

/** Each value once, in an order that is everybody's: of two accounts that want the same values one gets all of them. */
function inOrder(wanted: readonly Identifier[], hashOf: Claims["hashOf"]): Wanted {
  const byHash = new Map(wanted.map((one) => [hashOf(one), one]));
  return [...byHash].sort(([a], [b]) => a < b ? -1 : 1);
}

/** The account with some values in it, or why it may not have them. */
function extended(account: Account, adding: Adding, values: Wanted): Account | No {
  const { uid, noted, become = itself } = adding;
  if (noted.uid !== uid || !unmoved(noted, { uid, account })) return "challenge_invalid";
  const identifiers = [...account.identifiers, ...values.map(([, value]) => value)];
  if (values.some(([, { type }]) => isFull(identifiers, kindOf(type)))) return "limit_reached";
  return allowed(become({ ...account, identifiers }));
}

function allowed(next: ReturnType<Become>): Account | No {
  return next === null ? "refused" : next;
}

function isFull(identifiers: readonly Identifier[], kind: string): boolean {
  return countOf(identifiers, kind) > (MOST[kind] ?? 0);
}

/** Whether an account may have one more value of a type. */
export function hasRoom({ identifiers }: Account, type: string): boolean {
  const kind = kindOf(type);
  return countOf(identifiers, kind) < (MOST[kind] ?? 0);
}

function countOf(identifiers: readonly Identifier[], kind: string): number {
  return identifiers.filter(({ type }) => kindOf(type) === kind).length;
}

function kindOf(type: string): string {
  return Object.hasOwn(MOST, type) ? type : "other";
}

function without(account: Account, { type, value }: Value): Account {
  const identifiers = account.identifiers.filter((one) => one.type !== type || one.value !== value);
  return { ...account, identifiers, epoch: account.epoch + 1 };
}

function no(why: No): Refused {
  if (why === "refused") return { is: why };
  throw new AuthError(why);
}

const itself: Become = (account) => account;
