import type { Calls, MaybeCaller } from "../../contract.ts";
import type { Duration } from "../../base/duration.ts";
import type { Grant, MailedStep, Page, SessionMode, User } from "../../model.ts";

/** Signing in by a link sent by e-mail. `U`: users with the application's own fields. */
export interface MagicLink<U extends User = User> {
  /** Sends a link. It signs in where it was asked for: a browser is known by a cookie that this sets, anything else by the
   * `challengeId`. What it answers does not tell whether anybody has the address.
   * @throws {AuthError} `input_invalid`, `mail_failed` (only where every address gets a mail)
   * @example Usage
   * ```ts ignore
   * const { challengeId } = await auth.magicLink.start({ email: "ada@example.com", redirect: "/welcome" });
   * ``` */
  start(input: MagicLinkStart): Promise<MailedStep>;
  /** Trades the token of a link for a session. It is used up by that. Opened elsewhere than where it was asked for it is refused, and
   * stays good, unless `anyBrowser` is on. An address that nobody has becomes an account, unless `signUp` is off.
   * @throws {AuthError} `challenge_invalid`, `browser_mismatch`, `sign_in_denied`
   * @example Usage
   * ```ts ignore
   * const { user, redirect } = await auth.magicLink.verify({ token, challengeId });
   * ``` */
  verify(input: MagicLinkVerify): Promise<Grant<U>>;
  /** The page to which links lead, unless `email.links.magicLink` leads elsewhere: it has one button, and only whoever presses that
   * signs in. To open it uses nothing up.
   * @throws {AuthError} `input_invalid`
   * @example Usage
   * ```ts ignore
   * const { title, body } = await auth.magicLink.page({ token });
   * ``` */
  page(input: MagicLinkPage): Promise<Page>;
}

/** What {@link MagicLink.start} takes. */
export interface MagicLinkStart {
  /** The address as typed. */
  readonly email: string;
  /** Where the browser goes afterwards: a path of `baseUrl`'s origin, or an address of a trusted one. A function in `trustedOrigins`
   * is asked with a request that says no more than this route. @default {"/", on the page with the button} */
  readonly redirect?: string | undefined;
  /** How the session is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link MagicLink.verify} takes. */
export interface MagicLinkVerify extends MaybeCaller {
  /** From the link. */
  readonly token: string;
  /** From start, where no cookie says it. */
  readonly challengeId?: string | undefined;
}

/** What {@link MagicLink.page} takes. */
export interface MagicLinkPage {
  /** From the link. */
  readonly token: string;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** The options of `magicLink`. */
export interface MagicLinkOptions {
  /** Whether an address that nobody has becomes an account. @default {true} */
  readonly signUp?: boolean;
  /** How long a link lives, 1 to 60 minutes. @default {"15m"} */
  readonly ttl?: Duration;
  /** Whether a link signs in wherever it is opened: on the phone that got the mail, and in any browser that somebody sends it to.
   * @default {false} */
  readonly anyBrowser?: boolean;
  /** How long to wait before another mail can be asked for, up to 10 minutes. @default {"1m"} */
  readonly resendAfter?: Duration;
}

/** Where each method is reached. */
export const calls: Calls<MagicLink> = {
  start: "POST /magic-link/start",
  verify: "POST /magic-link/verify",
  page: "GET /magic-link",
};
