import type { Caller, Calls, MaybeCaller } from "../../contract.ts";
import type { User } from "../../model.ts";

/** What users do with their own account. */
export interface Account {
  /** The account of whoever calls.
   * @throws {AuthError} `not_found`
   * @example Usage
   * ```ts ignore
   * const { email } = await auth.account.get({ userId });
   * ``` */
  get(input: OwnAccount): Promise<User>;
  /** Removes the account of whoever calls, with its sessions and everything that it has. Where a session calls, the user must have
   * signed in within `session.freshFor`.
   * @throws {AuthError} `step_up_required`, `session_ended`, `not_found`
   * @example Usage
   * ```ts ignore
   * await auth.account.remove({ userId });
   * ``` */
  remove(input: OwnAccount): Promise<void>;
}

/** Who calls. */
export interface OwnAccount extends Pick<Caller, "userId"> {
  /** The calling session, where a user calls: it must still live. */
  readonly sessionId?: MaybeCaller["sessionId"];
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** Where each method is reached. */
export const calls: Calls<Account> = { get: "GET /me", remove: "DELETE /me" };
