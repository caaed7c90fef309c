import type { Account } from "./account_record.ts";

/** What becomes of a new account by a member that `users.create` was given. Judges it first.
 * @throws {AuthError} `input_invalid` */
export type Birth = (given: unknown) => Promise<(account: Account) => Account>;

/** Members of `users.create` that features take, by name. A feature that is off takes none. */
export type Births = Map<string, Birth>;
