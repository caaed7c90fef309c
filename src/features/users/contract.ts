import type { ProfileChange, User } from "../../model.ts";

/** Accounts, for the application's own server code. No route leads here. `U`: users with the application's own fields. */
export interface Users<U extends User = User> {
  /** Makes an account.
   * @throws {AuthError} `identifier_taken`, `input_invalid`, `limit_reached`
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.create({ email: "ada@example.com", name: "Ada" });
   * ``` */
  create(input: CreateUser<U>): Promise<U>;
  /** The user with an id, or null.
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.get({ id });
   * ``` */
  get(input: { readonly id: string }): Promise<U | null>;
  /** The user with an address, or null. The address may be written in any way that means the same.
   * @throws {AuthError} `input_invalid`
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.find({ email: "Ada@Example.com" });
   * ``` */
  find(input: { readonly email: string }): Promise<U | null>;
  /** Changes what is told of a user: the name, and the fields of `users.fields`. Null removes one; what is not named stays.
   * @throws {AuthError} `not_found`, `input_invalid`, `limit_reached` past 8 KiB in all
   * @example Usage
   * ```ts ignore
   * const user = await auth.users.update({ id, name: "Ada", plan: "pro" });
   * ``` */
  update(input: UpdateUser<U>): Promise<U>;
  /** Removes a user, with all sessions and everything that the account has. Resolves to how many records went: 0 where there was
   * no such user.
   * @example Usage
   * ```ts ignore
   * const { removed } = await auth.users.remove({ id });
   * ``` */
  remove(input: { readonly id: string }): Promise<Removed>;
}

/** What {@link Users.create} takes. */
export type CreateUser<U extends User = User> = NewUser & Omit<U, keyof User>;

/** What is known of every new user; the application's own fields are beside it. */
export interface NewUser {
  /** The address. */
  readonly email: string;
  /** Whether it is known that the address is theirs. Where it is not, whoever proves it first gets the account, without the
   * sessions that it had before. @default {false} */
  readonly emailVerified?: boolean | undefined;
  /** A name to show, of at most 64 bytes. */
  readonly name?: string | undefined;
  /** A hash of their password, from here or from elsewhere: a PHC string of Argon2id, scrypt or PBKDF2, or one of bcrypt. At the next
   * sign-in it is made anew as new ones are. Only where the option `password` is on. */
  readonly passwordHash?: string | undefined;
}

/** What {@link Users.update} takes: the user's id, and what changes. */
export type UpdateUser<U extends User = User> = { readonly id: string } & ProfileChange<U>;

/** What a removal removed. */
export interface Removed {
  /** How many records. */
  readonly removed: number;
}
