import type { Decide, Decision } from "../store/collection.ts";
import { type Account, isListed } from "./account_record.ts";

/** Whose account, and on what authority. */
export interface Acting {
  readonly uid: string;
  /** The session on whose authority; undefined: the application's own. */
  readonly acting: string | undefined;
}

/** Why nobody acts: there is no such session any more, or no such account. */
export type Absent = "session_ended" | "not_found";

/** Decides on an account for whoever acts, who must be signed in still, in the very swap that changes something for them. `seen`, the
 * account as it was read or written before, saves a read: the swap compares it. */
export type Act = <R>(
  who: Acting,
  decide: (account: Account) => Decision<Account, R>,
  seen?: Account | null,
) => Promise<R | Absent>;

/** @param change decides on an account; a draft is none */
export function acting(
  change: <R>(uid: string, decide: Decide<Account, R>, seen?: Account | null) => Promise<R>,
  now: () => number,
): Act {
  return async <R>(
    { uid, acting }: Acting,
    decide: (account: Account) => Decision<Account, R>,
    seen?: Account | null,
  ) => {
    const at = now();
    return await change<R | Absent>(uid, (account) => {
      if (account === null) {
        return { next: null, result: acting === undefined ? "not_found" : "session_ended" };
      }
      const acts = acting === undefined || isListed(account, acting, at);
      return acts ? decide(account) : { next: account, result: "session_ended" };
    }, seen);
  };
}
