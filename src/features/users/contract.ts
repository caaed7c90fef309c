import type { User } from "../../model.ts";

/** Accounts, for the application's own server code. No route leads here. */
export interface Users {
  /** Makes an account.
   * @throws {AuthError} `identifier_taken`, `input_invalid`
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.create({ email: "ada@example.com", name: "Ada" });
   * ``` */
  create(input: CreateUser): Promise<User>;
  /** The user with an id, or null.
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.get({ id });
   * ``` */
  get(input: { readonly id: string }): Promise<User | null>;
  /** The user with an address, or null. The address may be written in any way that means the same.
   * @throws {AuthError} `input_invalid`
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.find({ email: "Ada@Example.com" });
   * ``` */
  find(input: { readonly email: string }): Promise<User | null>;
  /** Removes a user, with all sessions and everything that the account has. Resolves to how many records went: 0 where there was
   * no such user.
   * @example Usage
   * ```ts ignore
   * const { removed } = await auth.users.remove({ id });
   * ``` */
  remove(input: { readonly id: string }): Promise<Removed>;
}

/** What {@link Users.create} takes. */
export interface CreateUser {
  /** The address. */
  readonly email: string;
  /** Whether it is known that the address is theirs. Where it is not, whoever proves it first gets the account, without the
   * sessions that it had before. @default {false} */
  readonly emailVerified?: boolean | undefined;
  /** A name to show, of at most 64 bytes. */
  readonly name?: string | undefined;
}

/** What a removal removed. */
export interface Removed {
  /** How many records. */
  readonly removed: number;
}
