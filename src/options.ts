import type { Duration } from "./base/duration.ts";
import { isLoopback, webOrigin } from "./base/origin.ts";
import type { Logger } from "./events.ts";
import type { Plugin } from "./contract.ts";
import type { Report } from "./base/report.ts";
import type { KeyOptions } from "./features/key/contract.ts";
import type { PasskeyOptions } from "./features/passkey/contract.ts";
import type { PasswordOptions } from "./features/password/options.ts";
import type { MagicLinkOptions } from "./features/magic_link/contract.ts";
import type { EmailOtpOptions } from "./features/email_otp/contract.ts";
import { type GuessSettings, guessSettings } from "./options/guesses.ts";
import { DEVICES, type DeviceSettings } from "./options/devices.ts";
import { type ClientIp, clientIpOf } from "./options/client_ip.ts";
import { type CookieOptions, type CookieSettings, cookieSettings } from "./options/cookie.ts";
import { type EmailOptions, type EmailSettings, emailSettings } from "./options/email.ts";
import { type Hooks, hooksOf } from "./options/hooks.ts";
import { type LoggerSettings, loggerSettings } from "./options/logger.ts";
import { type JwtOptions, type JwtSettings, jwtSettings } from "./options/jwt.ts";
import type { Overrides } from "./options/overrides.ts";
import { type CorsOptions, type CorsSettings, corsSettings } from "./options/cors.ts";
import { otherSites, trusted, type TrustedOrigins, type Trusts } from "./options/origins.ts";
import { type LimitSettings, limitSettings, type RateLimit } from "./options/limits.ts";
import { secretList } from "./options/secrets.ts";
import { type SessionOptions, type SessionSettings, sessionSettings } from "./options/session.ts";
import { type UsersOptions, type UsersSettings, usersSettings } from "./options/users.ts";
import type { Platform } from "./platform.ts";
import type { Driver } from "./store/driver.ts";

/** What `createAuth` is told. Durations are `"15m"`, `"30d"` or seconds. */
export interface AuthOptions {
  /** Where everything is kept: a driver of `@latchkey/auth/drivers/*`; or a Storage or Driver of unstorage, 1.17 or 2.0, if it can be
   * given an atomic step, which `auth.close()` leaves open. Without it, memory, and a warning. */
  readonly storage?: Driver | { readonly getItem: (key: string) => unknown };
  /** Accepts a driver of unstorage, or of your own, that has no atomic step: its keys are guarded within this process, which must be
   * the only one that uses the store. */
  readonly allowUnsafeStorage?: "single-process";
  /** How long one storage operation may take, 1 to 30 seconds. @default {"5s"} */
  readonly storageDeadline?: Duration;
  /** What seals, signs and hashes: 32 characters or more, from a generator. A list is for rotation: the first one seals and signs,
   * all of them open and verify. */
  readonly secret: string | readonly string[];
  /** The origin that users see, `https://app.example.com`. Issuer, cookie and accepted origin follow from it. */
  readonly baseUrl: string;
  /** Where the handler is mounted. @default {"/auth"} */
  readonly basePath?: string;
  /** Accepts a `baseUrl` of plain HTTP that is not on this machine. @default {false} */
  readonly allowInsecureOrigin?: boolean;
  /** Other origins whose requests may carry the cookie: a list of exact ones, or a function that judges. @default {[]} */
  readonly trustedOrigins?: TrustedOrigins;
  /** Which pages of other origins may ask and read replies, where that should differ from `trustedOrigins`. */
  readonly cors?: CorsOptions;
  /** Where the addresses of clients are found. Without it nothing is limited by address, and a warning says so. */
  readonly clientIp?: ClientIp;
  /** How often a client may ask: `false` for no limits at all, or limits of single routes. @default {true} */
  readonly rateLimit?: RateLimit;
  /** How sessions live. */
  readonly session?: SessionOptions;
  /** How the cookie is set. */
  readonly cookie?: CookieOptions;
  /** How access tokens are made. */
  readonly jwt?: JwtOptions;
  /** For whom access tokens may be made besides `jwt.audience`: whoever signs in may bind the session to one of these. @default {[]} */
  readonly audiences?: readonly string[];
  /** How mail is sent. Needed as soon as anything sends mail. */
  readonly email?: EmailOptions;
  /** Signing in with a code sent by e-mail. */
  readonly emailOtp?: true | EmailOtpOptions;
  /** Signing in by a link sent by e-mail. */
  readonly magicLink?: true | MagicLinkOptions;
  /** Signing in with passkeys (WebAuthn). */
  readonly passkey?: true | PasskeyOptions;
  /** Signing in with a password. It needs `email.links.reset`. */
  readonly password?: true | PasswordOptions;
  /** Signing in with Ed25519 key pairs, SSH keys among them. */
  readonly key?: true | KeyOptions;
  /** Your own code at a few named points: it may deny a sign-in, and is told of what happened. */
  readonly hooks?: Hooks;
  /** Features that are not built in, each with its options: `[sms({ … })]`. */
  readonly plugins?: readonly Plugin[];
  /** Functions of your own in place of built-in operations, by feature and name, for method and route alike. */
  readonly overrides?: Overrides;
  /** Where log lines go: pino, winston, console or anything with `info`, `warn` and `error`. Without it nothing is logged but
   * warnings of the configuration, on `console.warn`. */
  readonly logger?: Logger;
  /** The name of this application in log lines. @default {"latchkey"} */
  readonly service?: string;
  /** What is kept of users. */
  readonly users?: UsersOptions;
  /** Parts of the machine, replaced: tests turn the clock with it. */
  readonly platform?: Partial<Platform>;
}

/** The options after all checks, with everything filled in. Times are in seconds unless their name says otherwise. */
export interface Settings {
  readonly secrets: readonly string[];
  readonly origin: string;
  readonly basePath: string;
  readonly trusts: Trusts;
  /** Trusted origins to which the browser does not send our cookie. */
  readonly otherSites: readonly string[];
  readonly cors: CorsSettings;
  readonly clientIp: ClientIp | null;
  readonly limits: LimitSettings;
  readonly storageDeadline: number;
  readonly session: SessionSettings;
  readonly cookie: CookieSettings;
  readonly devices: DeviceSettings;
  readonly guesses: GuessSettings;
  readonly jwt: JwtSettings;
  readonly email: EmailSettings | null;
  readonly hooks: Hooks;
  readonly log: LoggerSettings;
  readonly users: UsersSettings;
}

/** The defaults and ranges of what has no group. */
const DEFAULTS = {
  basePath: "/auth",
  storageDeadline: { min: 1, max: 30, fallback: 5 }, // seconds
} as const;

const MEMBERS = [
  "storage",
  "allowUnsafeStorage",
  "storageDeadline",
  "secret",
  "baseUrl",
  "basePath",
  "allowInsecureOrigin",
  "trustedOrigins",
  "cors",
  "clientIp",
  "rateLimit",
  "session",
  "cookie",
  "jwt",
  "audiences",
  "email",
  "emailOtp",
  "magicLink",
  "passkey",
  "password",
  "key",
  "hooks",
  "overrides",
  "plugins",
  "logger",
  "service",
  "users",
  "platform",
] as const;

/** Checks everything but the options of features, and fills in what was not said. */
export function settingsOf(given: AuthOptions, report: Report): Settings {
  const options = report.object("", given, MEMBERS);
  const url = baseUrl(options, report);
  const origin = url.origin;
  report.word("allowUnsafeStorage", options.allowUnsafeStorage, ["single-process"], "single-process");
  const limits = limitSettings(options.rateLimit, report);
  return {
    secrets: secretList(options.secret, report),
    origin,
    basePath: basePath(options.basePath, report),
    trusts: trusted(options.trustedOrigins, origin, report),
    otherSites: otherSites(options.trustedOrigins, origin),
    cors: corsSettings(options.cors, origin, report),
    clientIp: clientIpOf(options.clientIp, report),
    limits,
    storageDeadline: report.duration("storageDeadline", options.storageDeadline, DEFAULTS.storageDeadline),
    session: sessionSettings(options.session, report),
    cookie: cookieSettings(options.cookie, url, report),
    devices: DEVICES,
    guesses: guessSettings(limits.on),
    jwt: jwtSettings(options.jwt, options.audiences, origin, report),
    email: emailSettings(options.email, origin, report),
    hooks: hooksOf("hooks", options.hooks, report),
    log: loggerSettings(options.logger, options.service, report),
    users: usersSettings(options.users, report),
  };
}

function baseUrl({ baseUrl, allowInsecureOrigin }: Partial<AuthOptions>, report: Report): URL {
  const insecure = report.flag("allowInsecureOrigin", allowInsecureOrigin, false);
  const origin = webOrigin(baseUrl);
  if (origin === null) {
    report.add(
      "baseUrl",
      'must be an origin like "https://app.example.com", without a path (basePath says where the handler is)',
    );
    return new URL("https://invalid");
  }
  const url = new URL(origin);
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !insecure) {
    report.add("baseUrl", "must be https:// outside this machine, or set allowInsecureOrigin: true");
  }
  return url;
}

function basePath(given: unknown, report: Report): string {
  if (given === undefined) return DEFAULTS.basePath;
  if (typeof given === "string" && /^(\/[A-Za-z0-9._~-]+)+$/.test(given) && !/\/\.\.?(\/|$)/.test(given)) {
    return given;
  }
  report.add("basePath", 'must be a path like "/auth": it begins with a slash and does not end with one');
  return DEFAULTS.basePath;
}
