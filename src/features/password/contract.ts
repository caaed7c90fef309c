import type { Caller, Calls, MaybeCaller } from "../../contract.ts";
import type { Grant, PendingStep, SessionMode, User } from "../../model.ts";

/** Signing in with a password. `U`: users with the application's own fields. */
export interface Password<U extends User = User> {
  /** Makes an account. A code is mailed first, and what is answered does not tell whether anybody has the address: whoever has it is
   * told by that mail. With `signUp: { verify: false }` a session starts at once instead.
   * @throws {AuthError} `input_invalid`, `password_weak` (`details.issues`), `busy` (`details.retryAfter`), `mail_failed`, `limit_reached`;
   * without a code `identifier_taken`, `sign_in_denied`
   * @example Usage
   * ```ts ignore
   * const step = await auth.password.signUp({ email: "ada@example.com", password });
   * ``` */
  signUp(input: PasswordSignUp<U>): Promise<Grant<U> | PendingStep>;
  /** Trades the code that proves the address for an account and its first session. Whatever somebody else set up with an address that
   * they never proved is gone then.
   * @throws {AuthError} `code_invalid` (`details.attemptsLeft`), `challenge_invalid`, `rate_limited` (`details.retryAfter`), `sign_in_denied`,
   * `identifier_taken` where the address has become somebody's meanwhile
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.password.verifySignUp({ challengeId, code });
   * ``` */
  verifySignUp(input: PasswordCode): Promise<Grant<U>>;
  /** Signs in by address and password; with `signIn: { emailCode: true }` that mails a code, unless this device is remembered. An
   * address that nobody has, an account without a password and a wrong password are answered alike, after the same work.
   * @throws {AuthError} `credentials_invalid`, `rate_limited` (`details.retryAfter`), `busy` (`details.retryAfter`), `sign_in_denied`,
   * `challenge_invalid` where the password was changed meanwhile, `mail_failed`
   * @example Usage
   * ```ts ignore
   * const grant = await auth.password.signIn({ identifier: "ada@example.com", password });
   * ``` */
  signIn(input: PasswordSignIn): Promise<Grant<U> | PendingStep>;
  /** Trades the code that was mailed after the right password for a session.
   * @throws {AuthError} `code_invalid` (`details.attemptsLeft`), `challenge_invalid`, `rate_limited` (`details.retryAfter`), `sign_in_denied`,
   * `input_invalid` where `remember` is asked for while no codes are
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.password.verifySignIn({ challengeId, code, remember: true });
   * ``` */
  verifySignIn(input: PasswordSignInCode): Promise<Grant<U>>;
  /** Changes the password. A new session begins, and every earlier one ends, the caller's too; the owner is told by mail. Where the
   * account has a password, the current one must be given; where it has none, or `requireCurrent` is off, the user must have signed
   * in within `session.freshFor`. Neither is asked of the application's own code, which names no session. With `change: { emailCode: true }` nothing changes before the code that this mails is given.
   * @throws {AuthError} `credentials_invalid`, `password_weak` (`details.issues`), `step_up_required`, `forbidden`, `session_ended`,
   * `not_found`, `rate_limited` (`details.retryAfter`), `busy` (`details.retryAfter`), `input_invalid`, `mail_failed`, `sign_in_denied`
   * @example Usage
   * ```ts ignore
   * const grant = await auth.password.change({ userId, sessionId, currentPassword, newPassword });
   * ``` */
  change(input: PasswordChange): Promise<Grant<U> | PendingStep>;
  /** Trades the code for the change that waits for it.
   * @throws {AuthError} `code_invalid` (`details.attemptsLeft`), `challenge_invalid`, `session_ended`, `forbidden`,
   * `rate_limited` (`details.retryAfter`), `sign_in_denied`
   * @example Usage
   * ```ts ignore
   * const grant = await auth.password.verifyChange({ userId, sessionId, challengeId, code });
   * ``` */
  verifyChange(input: OwnPasswordCode): Promise<Grant<U>>;
  /** Mails a link by which the password is set anew. What is answered does not tell whether anybody has the address.
   * @throws {AuthError} `input_invalid`
   * @example Usage
   * ```ts ignore
   * await auth.password.startReset({ email: "ada@example.com" });
   * ``` */
  startReset(input: PasswordResetStart): Promise<Record<never, never>>;
  /** Whether a link is still good. Nothing is used up by that.
   * @throws {AuthError} `challenge_invalid`
   * @example Usage
   * ```ts ignore
   * const { expiresAt } = await auth.password.checkReset({ token });
   * ``` */
  checkReset(input: PasswordResetCheck): Promise<GoodLink>;
  /** Sets the password anew. All sessions end and none begins; the owner is told by mail. A password that is not accepted uses nothing
   * up.
   * @throws {AuthError} `challenge_invalid`, `password_weak` (`details.issues`), `busy` (`details.retryAfter`)
   * @example Usage
   * ```ts ignore
   * const { updatedAt } = await auth.password.finishReset({ token, newPassword });
   * ``` */
  finishReset(input: PasswordResetFinish): Promise<SetAnew>;
  /** A hash of a password as accounts keep it: a PHC string, unless `hash` has functions of your own. No route leads here.
   * @throws {AuthError} `input_invalid`, `busy` (`details.retryAfter`)
   * @example Usage
   * ```ts ignore
   * const passwordHash = await auth.password.hash({ password });
   * ``` */
  hash(input: { readonly password: string }): Promise<string>;
  /** Whether a password fits a hash. No route leads here.
   * @throws {AuthError} `input_invalid`, `busy` (`details.retryAfter`)
   * @example Usage
   * ```ts ignore
   * const fits = await auth.password.verify({ password, hash });
   * ``` */
  verify(input: { readonly password: string; readonly hash: string }): Promise<boolean>;
}

/** The methods that no route leads to. */
export type LocalPassword = "hash" | "verify";

/** How a session is to be carried that begins now or when a code is given. */
export interface SessionWish {
  /** How it is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
}

/** What {@link Password.signUp} takes; the application's own fields are beside it. */
export type PasswordSignUp<U extends User = User> = NewPasswordUser & Partial<Omit<U, keyof User>>;

/** What is said of whoever signs up with a password. */
export interface NewPasswordUser extends MaybeCaller, SessionWish {
  /** The address as typed. */
  readonly email: string;
  /** The password. */
  readonly password: string;
  /** A name to show, of at most 64 bytes. */
  readonly name?: string | undefined;
}

/** What {@link Password.verifySignUp} takes. */
export interface PasswordCode extends MaybeCaller, SessionWish {
  /** From the step that waits. */
  readonly challengeId: string;
  /** The digits as typed: spaces and dashes are overlooked. */
  readonly code: string;
}

/** What {@link Password.signIn} takes. */
export interface PasswordSignIn extends MaybeCaller, SessionWish {
  /** The address as typed. */
  readonly identifier: string;
  /** The password. */
  readonly password: string;
}

/** What {@link Password.verifySignIn} takes. */
export interface PasswordSignInCode extends PasswordCode {
  /** Whether this device is to be remembered: for `rememberFor` the password alone signs in here. @default {false} */
  readonly remember?: boolean | undefined;
}

/** Who calls. */
export interface OwnPassword extends Pick<Caller, "userId"> {
  /** The calling session, where a user calls: it must still live. */
  readonly sessionId?: MaybeCaller["sessionId"];
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Password.change} takes. */
export interface PasswordChange extends OwnPassword, SessionWish {
  /** The password as it is. */
  readonly currentPassword?: string | undefined;
  /** The password as it is to be. */
  readonly newPassword: string;
}

/** What {@link Password.verifyChange} takes. */
export interface OwnPasswordCode extends OwnPassword, SessionWish {
  /** From the step that waits. */
  readonly challengeId: string;
  /** The digits as typed: spaces and dashes are overlooked. */
  readonly code: string;
}

/** What {@link Password.startReset} takes. */
export interface PasswordResetStart {
  /** The address as typed. */
  readonly email: string;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Password.checkReset} takes. */
export interface PasswordResetCheck {
  /** From the link. */
  readonly token: string;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Password.finishReset} takes. */
export interface PasswordResetFinish extends PasswordResetCheck {
  /** The password as it is to be. */
  readonly newPassword: string;
}

/** A link that is good. */
export interface GoodLink {
  /** Until when. ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** A password that was set anew. */
export interface SetAnew {
  /** When. ISO 8601, UTC. */
  readonly updatedAt: string;
}

/** Where each method is reached. */
export const calls: Calls<Omit<Password, LocalPassword>> = {
  signUp: "POST /password/sign-up",
  verifySignUp: "POST /password/sign-up/verify",
  signIn: "POST /password/sign-in",
  verifySignIn: "POST /password/sign-in/verify",
  change: "POST /password/change",
  verifyChange: "POST /password/change/verify",
  startReset: "POST /password/reset/start",
  checkReset: "POST /password/reset/check",
  finishReset: "POST /password/reset/finish",
};
