import type { Caller, Calls, MaybeCaller } from "../../contract.ts";
import type { ProfileChange, User } from "../../model.ts";

/** What users do with their own account. `U`: users with the application's own fields. */
export interface Account<U extends User = User> {
  /** The account of whoever calls.
   * @throws {AuthError} `not_found`
   * @example Usage
   * ```ts ignore
   * const { email } = await auth.account.get({ userId });
   * ``` */
  get(input: OwnAccount): Promise<U>;
  /** Changes what is told of whoever calls: the name, and the fields of `users.fields`. Null removes one; what is not named stays.
   * @throws {AuthError} `session_ended`, `not_found`, `input_invalid`, `limit_reached` past 8 KiB in all
   * @example Usage
   * ```ts ignore
   * const user = await auth.account.update({ userId, name: "Ada" });
   * ``` */
  update(input: UpdateAccount<U>): Promise<U>;
  /** Removes the account of whoever calls, with its sessions and everything that it has. Where a session calls, the user must have
   * signed in within `session.freshFor`, and not by a key pair.
   * @throws {AuthError} `step_up_required`, `forbidden`, `session_ended`, `not_found`
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

/** What {@link Account.update} takes: who calls, and what changes. */
export type UpdateAccount<U extends User = User> = OwnAccount & ProfileChange<U>;

/** Where each method is reached. */
export const calls: Calls<Account> = { get: "GET /me", update: "PATCH /me", remove: "DELETE /me" };
