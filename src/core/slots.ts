import * as v from "valibot";
import { utf8 } from "../base/encoding.ts";
import type { Schema } from "../base/schema.ts";
import { AuthError } from "../errors.ts";
import type { Decide } from "../store/collection.ts";

/** What features keep in an account, by their names. */
export type Slots = Readonly<Record<string, unknown>>;

/** A record with slots. */
export interface Slotted {
  readonly slots?: Slots | undefined;
}

/** One feature's compartment of the account record: what is in it, and what it becomes, in the same swap as everything else. Nobody
 * else's is read or written, and it goes with the account. */
export interface Slot<T> {
  /** What is in it; null where nothing is.
   * @throws {AuthError} `storage_corrupt` where that has not the shape of the schema: this slot alone */
  readonly get: (account: Slotted) => T | null;
  /** The account with other contents; null: none. Pure, for use inside a swap.
   * @throws {AuthError} `limit_reached` for more than 8 KiB; `TypeError` for what has not the shape of the schema */
  readonly put: <A extends Slotted>(account: A, value: T | null) => A;
  /** Decides on the contents in a swap of the account.
   * @throws {AuthError} `not_found` where there is no account; what `get` and `put` throw */
  readonly change: <R>(uid: string, decide: Decide<T, R>) => Promise<R>;
}

/** Changes an account, as `accounts` does. */
type Change<A> = <R>(
  uid: string,
  decide: (account: A | null) => { readonly next: A | null; readonly result: R },
) => Promise<R>;

const LARGEST = 8 * 1024; // bytes: several of them fit into a record, beside everything else

/** The slot of a name. */
export function slotOf<A extends Slotted, T>(name: string, schema: Schema<T>, change: Change<A>): Slot<T> {
  function get({ slots }: Slotted): T | null {
    if (slots === undefined || !Object.hasOwn(slots, name)) return null;
    const read = v.safeParse(schema, slots[name]);
    if (read.success) return read.output;
    throw new AuthError("storage_corrupt", { remedy: `what ${name} keeps in an account has not its shape` });
  }

  function put<B extends Slotted>(account: B, value: T | null): B {
    const { [name]: _, ...others } = account.slots ?? {};
    if (value === null) return { ...account, slots: others };
    const { success } = v.safeParse(schema, value);
    if (!success) throw new TypeError(`what ${name} is to keep in an account has not its shape`);
    if (utf8(JSON.stringify(value)).length > LARGEST) throw new AuthError("limit_reached");
    return { ...account, slots: { ...others, [name]: value } };
  }

  return {
    get,
    put,
    async change<R>(uid: string, decide: Decide<T, R>) {
      // A decision does not throw: what went wrong in it is an outcome, told after the swap.
      const outcome = await change<{ readonly result: R } | { readonly failure: unknown }>(uid, (account) => {
        if (account === null) return { next: null, result: { failure: new AuthError("not_found") } };
        try {
          const current = get(account);
          const { next, result } = decide(current);
          return { next: next === current ? account : put(account, next), result: { result } };
        } catch (failure) {
          return { next: account, result: { failure } };
        }
      });
      if ("failure" in outcome) throw outcome.failure;
      return outcome.result;
    },
  };
}
