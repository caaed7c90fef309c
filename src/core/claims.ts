import { isShaped, isText } from "../base/shape.ts";
import { AuthError } from "../errors.ts";
import { type Collection, collection, type Store } from "../store/collection.ts";
import type { MaybePromise } from "../store/driver.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";
import {
  type AccountRecord,
  isOverdue,
  lists,
  live,
  type Owner,
  reserves,
  unreserved,
  type Value,
} from "./account_record.ts";
import type { Foundation } from "./foundation.ts";

/** A claim on a value. It leads to an account; the account decides. */
export interface Claim {
  readonly uid: string;
  readonly type: Value["type"];
  /** Random and used once: says which reservation made it. */
  readonly op: string;
}

/** Claims by what their values are kept under. */
export interface Claims {
  readonly hashOf: (value: Value) => string;
  readonly get: (hash: string) => MaybePromise<Claim | null>;
  /** Obtains the claim for a reservation that stands, or finds who has the value. Waits for whoever is about to have it. `isFree`: nobody
   * had it a moment ago, so it is tried before it is asked.
   * @throws {AuthError} `storage_unavailable` where nobody has it and it cannot be had in time */
  readonly obtain: (
    value: Value,
    mine: Pick<Claim, "uid" | "op">,
    isFree?: boolean,
  ) => Promise<Owner | null>;
  /** Ends a reservation if it stands: a draft goes, an account stays. Resolves to whether it stood. */
  readonly clear: (uid: string, op: string, seen?: AccountRecord | null) => Promise<boolean>;
  /** Removes exactly the claim that was read. What it leads to is decided: where the store fails, the claim stays, void, until somebody
   * wants the value, or a sweep. */
  readonly discard: (hash: string, claim: Claim) => Promise<boolean>;
  /** Ends a reservation that comes to nothing, and removes the claims that it made. */
  readonly release: (uid: string, op: string, hashes: readonly string[]) => Promise<void>;
  /** Removes the claim of an account that is gone, in the same way. Resolves to whether there was one. */
  readonly follow: (uid: string, hash: string) => Promise<boolean>;
  readonly sweeper: Sweeper;
}

const CLAIMS = { name: "identifiers", ids: /^[a-z2-7]{52}$/ }; // as `lookup` makes them
const CLAIM_SHAPE = isShaped<Claim>({ uid: isText, type: isText, op: isText });

/** The claims of a store.
 *
 * Nothing is listed but by three steps: a record reserves values under an `op`, each is claimed with it, and one swap, which asks
 * whether the reservation still stands, lists them. A claim whose account neither lists the value nor reserves under the claim's
 * `op` is void, for ever: no such reservation comes again. */
export function claims(
  store: Store,
  { lookup }: Pick<Foundation, "lookup">,
  users: Collection<AccountRecord>,
): Claims {
  const { platform } = store;
  const records = collection<Claim>(store, CLAIMS.name, CLAIM_SHAPE);
  const hashOf = ({ type, value }: Value) => lookup(type, value);

  const obtain: Claims["obtain"] = async (value, { uid, op }, isFree = false) => {
    const hash = hashOf(value);
    const mine: Claim = { uid, type: value.type, op };
    // Twice the deadline: as long as another's reservation may stand, and as long again for what is left of one's own.
    const until = platform.now() + 2 * store.deadline;
    for (let tries = 0; platform.now() <= until; tries++) {
      const claim = isFree && tries === 0 ? null : await records.get(hash);
      if (claim === null) {
        const got = await records.change(hash, (now) => ({ next: now ?? mine, result: now === null }), null);
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
      // Void. One's own of before is replaced like any other: no commit will ask for its `op`.
      const same = (now: Claim | null) => now?.uid === claim.uid && now.op === claim.op;
      if (await records.change(hash, (now) => ({ next: same(now) ? mine : now, result: same(now) }), claim)) {
        return null;
      }
    }
    throw new AuthError("storage_unavailable", {
      remedy: "an address is being claimed by somebody who does not finish",
    });
  };

  /** Clears a reservation that has stood longer than the deadline. The clock only says when to try: what makes the claim void is
   * that the reservation is gone, so its maker, asleep or slow, can no longer commit. */
  async function cleared({ uid, op }: Claim, seen: AccountRecord): Promise<boolean> {
    return isOverdue(seen, platform.now(), store.deadline) && await clear(uid, op, seen);
  }

  const clear: Claims["clear"] = (uid, op, seen) =>
    users.change(uid, (now) => {
      const stands = reserves(now, op);
      return { next: stands ? unreserved(now) : now, result: stands };
    }, seen);

  /** Whether no account has the value of a claim or is about to: that stays so, and needs no clock. The account is read after
   * the claim was. */
  async function isVoid(hash: string, { uid, op }: Claim): Promise<boolean> {
    const record = await users.get(uid);
    const has = live(record)?.identifiers.some((identifier) => hashOf(identifier) === hash) === true;
    return !has && !reserves(record, op);
  }

  return {
    hashOf,
    get: records.get,
    obtain,
    clear,
    discard: (hash, claim) => records.discard(hash, claim).catch(() => false),
    async release(uid, op, hashes) {
      await clear(uid, op);
      for (const hash of hashes) {
        const claim = await records.get(hash);
        if (claim?.op === op && await isVoid(hash, claim)) await records.discard(hash, claim);
      }
    },
    follow: (uid, hash) =>
      records.change(hash, (now) => {
        const ours = now?.uid === uid; // somebody else may have the value by now
        return { next: ours ? null : now, result: ours };
      }).catch(() => false),
    sweeper: sweeper(CLAIMS, records, isVoid),
  };
}
