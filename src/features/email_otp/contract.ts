import type { Calls, MaybeCaller } from "../../contract.ts";
import type { Duration } from "../../base/duration.ts";
import type { Grant, MailedStep, SessionMode, User } from "../../model.ts";

/** Signing in with a code sent by e-mail. `U`: users with the application's own fields. */
export interface EmailOtp<U extends User = User> {
  /** Sends a code. What it answers does not tell whether anybody has the address.
   * @throws {AuthError} `input_invalid`, `mail_failed` (only where every address gets a mail)
   * @example Usage
   * ```ts ignore
   * const { challengeId } = await auth.emailOtp.start({ email: "ada@example.com" });
   * ``` */
  start(input: EmailOtpStart): Promise<MailedStep>;
  /** Trades a code for a session. The code is used up by the right answer or by the last wrong one. An address that nobody has
   * becomes an account, unless `signUp` is off.
   * @throws {AuthError} `code_invalid` (`details.attemptsLeft`), `challenge_invalid`, `rate_limited` (`details.retryAfter`), `sign_in_denied`
   * @see {@link https://pages.nist.gov/800-63-4/sp800-63b.html | NIST SP 800-63B-4}, out-of-band codes
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.emailOtp.verify({ challengeId, code });
   * ``` */
  verify(input: EmailOtpVerify): Promise<Grant<U>>;
}

/** What {@link EmailOtp.start} takes. */
export interface EmailOtpStart {
  /** The address as typed. */
  readonly email: string;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link EmailOtp.verify} takes. */
export interface EmailOtpVerify extends MaybeCaller {
  /** From start. */
  readonly challengeId: string;
  /** The digits as typed: spaces and dashes are overlooked. */
  readonly code: string;
  /** How the session is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
}

/** The options of `emailOtp`. */
export interface EmailOtpOptions {
  /** Whether an address that nobody has becomes an account. @default {true} */
  readonly signUp?: boolean;
  /** Digits of a code, 6 to 10. @default {6} */
  readonly length?: number;
  /** How long a code lives, 1 to 60 minutes. @default {"10m"} */
  readonly ttl?: Duration;
  /** Guesses per sign-in, 1 to 10. @default {5} */
  readonly attempts?: number;
  /** How long to wait before another mail can be asked for, up to 10 minutes. @default {"1m"} */
  readonly resendAfter?: Duration;
}

/** Where each method is reached. */
export const calls: Calls<EmailOtp> = { start: "POST /email/start", verify: "POST /email/verify" };
