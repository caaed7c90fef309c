import type { ClientInfo } from "../model.ts";
import { isListed } from "./account_record.ts";
import type { Accounts } from "./accounts.ts";
import type { Events } from "./events.ts";
import type { Sessions } from "./sessions.ts";

/** Removes an account with all that belongs to it. `acting`: the session on whose authority. Resolves to how many records went;
 * null where there was no such account, or the acting session had ended. */
export type Removal = (uid: string, acting?: string, client?: ClientInfo) => Promise<number | null>;

/** The account goes first, and with it everything is decided: what is left is led to by nobody, and follows. */
export function removal(
  accounts: Accounts,
  sessions: Sessions,
  events: Events,
  now: () => number,
): Removal {
  return async (uid, acting, client) => {
    const at = now();
    const removed = await accounts.remove(
      uid,
      (account) => acting === undefined || isListed(account, acting, at),
    );
    if (removed === null) return null;
    events.emit("user.removed", { userId: uid }, client);
    return removed.records + await sessions.drop(uid, removed.account.sessions.map(({ sid }) => sid));
  };
}
