import type { Duration } from "./base/duration.ts";
import { canonicalEmail } from "./base/email.ts";
import { isLoopback, webOrigin } from "./base/origin.ts";
import type { Report } from "./base/report.ts";
import type { EmailOtpOptions } from "./features/email_otp/contract.ts";
import type { Message } from "./model.ts";
import type { Platform } from "./platform.ts";
import type { Algorithm } from "./protocol/jwt.ts";
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
  readonly trustedOrigins?: readonly string[] | ((origin: string, request: Request) => boolean);
  /** How sessions live. */
  readonly session?: SessionOptions;
  /** How the cookie is set. */
  readonly cookie?: CookieOptions;
  /** How access tokens are made. */
  readonly jwt?: JwtOptions;
  /** How mail is sent. Needed as soon as anything sends mail. */
  readonly email?: EmailOptions;
  /** Signing in with a code sent by e-mail. */
  readonly emailOtp?: true | EmailOtpOptions;
  /** Parts of the machine, replaced: tests turn the clock with it. */
  readonly platform?: Partial<Platform>;
}

/** How sessions live. */
export interface SessionOptions {
  /** How a session may be carried. @default {"both"} */
  readonly mode?: "cookie" | "bearer" | "both";
  /** How long it lives however much it is used, 1 minute to 400 days. @default {"30d"} */
  readonly ttl?: Duration;
  /** How long it lives without being used; never more than `ttl`. @default {"7d"} */
  readonly idleTtl?: Duration;
  /** How long a rotated refresh token still gets the current one, 0 to 5 minutes. @default {"30s"} */
  readonly reuseLeeway?: Duration;
  /** How many an account may have, 1 to 50; one more ends the oldest. @default {50} */
  readonly maxPerUser?: number;
  /** How long after signing in a user may do what needs a fresh session. @default {"10m"} */
  readonly freshFor?: Duration;
}

/** How the cookie is set. */
export interface CookieOptions {
  /** Its name; `__Host-`, `__Secure-` or the port is added as the address asks for. @default {"latchkey"} */
  readonly name?: string;
  /** Shares it with all subdomains of this domain, which must be `baseUrl`'s host or a parent of it. */
  readonly domain?: string;
  /** When requests from other sites carry it. @default {"lax"} */
  readonly sameSite?: "lax" | "strict" | "none";
}

/** How access tokens are made. */
export interface JwtOptions {
  /** How they are signed. @default {"EdDSA"} */
  readonly algorithm?: Algorithm;
  /** The claim `iss`. @default {baseUrl} */
  readonly issuer?: string;
  /** The claim `aud`. @default {baseUrl} */
  readonly audience?: string;
  /** How long they live, 10 seconds to 24 hours. @default {"15m"} */
  readonly ttl?: Duration;
}

/** How mail is sent: by `send`, or over SMTP. */
export interface EmailOptions {
  /** The sender: `Example <no-reply@example.com>`, or an address alone. */
  readonly from: string;
  /** Sends a message; rejects where it could not. */
  readonly send?: (message: Message) => void | Promise<void>;
  /** A server that takes mail. */
  readonly smtp?: SmtpOptions;
}

/** A server that takes mail (RFC 5321). */
export interface SmtpOptions {
  /** Its name or address. */
  readonly host: string;
  /** Its port: 465 for `secure`, 587 usually otherwise. */
  readonly port: number;
  /** Who signs in there. */
  readonly user?: string;
  /** With which password. */
  readonly pass?: string;
  /** TLS from the first byte; without it STARTTLS where the server offers it, and always where a password is sent to another
   * machine. @default {port === 465} */
  readonly secure?: boolean;
  /** The name that this client gives in EHLO. */
  readonly name?: string;
}

/** The options after all checks, with everything filled in. Times are in seconds unless their name says otherwise. */
export interface Settings {
  readonly secrets: readonly string[];
  readonly origin: string;
  readonly basePath: string;
  readonly trusts: (origin: string, request: Request) => boolean;
  readonly storageDeadline: number;
  readonly session: {
    readonly mode: "cookie" | "bearer" | "both";
    /** How a session is carried where nobody said. */
    readonly usual: "cookie" | "bearer";
    readonly ttl: number;
    readonly idleTtl: number;
    readonly reuseLeeway: number;
    readonly maxPerUser: number;
    readonly freshFor: number;
  };
  readonly cookie: {
    readonly name: string;
    readonly secure: boolean;
    readonly sameSite: "lax" | "strict" | "none";
    readonly domain: string | undefined;
  };
  readonly jwt: {
    readonly algorithm: Algorithm;
    readonly issuer: string;
    readonly audience: string;
    readonly ttl: number;
  };
  readonly email: Omit<EmailOptions, "from"> & { readonly from: Required<Message["to"]> } | null;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The library's defaults and ranges, in seconds. A feature's stand in its own file. */
const DEFAULTS = {
  basePath: "/auth",
  cookieName: "latchkey",
  storageDeadline: { min: 1, max: 30, fallback: 5 },
  session: {
    ttl: { min: MINUTE, max: 400 * DAY, fallback: 30 * DAY }, // browsers keep a cookie for 400 days at most
    idleTtl: { min: MINUTE, max: 400 * DAY, fallback: 7 * DAY },
    reuseLeeway: { min: 0, max: 5 * MINUTE, fallback: 30 },
    maxPerUser: { min: 1, max: 50, fallback: 50 },
    freshFor: { min: 10, max: DAY, fallback: 10 * MINUTE },
  },
  jwtTtl: { min: 10, max: DAY, fallback: 15 * MINUTE },
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
  "session",
  "cookie",
  "jwt",
  "email",
  "emailOtp",
  "platform",
] as const;

/** Checks everything but the options of features, and fills in what was not said. */
export function settingsOf(given: AuthOptions, report: Report): Settings {
  const options = report.object("", given, MEMBERS);
  const url = baseUrl(options, report);
  const origin = url.origin;
  const session = sessionSettings(options.session, report);
  report.word("allowUnsafeStorage", options.allowUnsafeStorage, ["single-process"], "single-process");
  return {
    secrets: secretList(options.secret, report),
    origin,
    basePath: basePath(options.basePath, report),
    trusts: trusted(options.trustedOrigins, origin, report),
    storageDeadline: report.duration("storageDeadline", options.storageDeadline, DEFAULTS.storageDeadline),
    session,
    cookie: cookieSettings(options.cookie, url, report),
    jwt: jwtSettings(options.jwt, origin, report),
    email: emailSettings(options.email, report),
  };
}

function secretList(given: unknown, report: Report): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? [...given] : [given];
  const advice = "make one with `openssl rand -base64 32`";
  if (list.length === 0) report.add("secret", `must hold at least one secret: ${advice}`);
  if (new Set(list).size < list.length) report.add("secret", "must not hold a secret twice");
  return list.map((secret, i) => {
    const path = Array.isArray(given) ? `secret[${i}]` : "secret";
    if (typeof secret !== "string") report.add(path, `must be a string of at least 32 characters: ${advice}`);
    else if (secret.length < 32) {
      report.add(path, `must be at least 32 characters long: it has ${secret.length}; ${advice}`);
    } else if (new Set(secret).size < 8) report.add(path, `must not repeat a few characters: ${advice}`);
    return String(secret);
  });
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

function trusted(given: AuthOptions["trustedOrigins"], own: string, report: Report): Settings["trusts"] {
  if (typeof given === "function") {
    return (origin, request) => origin === own || judged(given(origin, request));
  }
  const list: unknown = given === undefined ? [] : given;
  if (!Array.isArray(list)) {
    report.add("trustedOrigins", "must be an array of origins, or a function (origin, request) => boolean");
    return () => false;
  }
  const origins = new Set([own]);
  list.forEach((origin: unknown, i) => {
    // An app's own scheme ("capacitor://localhost") has no origin in the sense of the URL standard: it is compared as text.
    const exact = webOrigin(origin) === origin ||
      (typeof origin === "string" && /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(origin));
    if (typeof origin !== "string" || !exact || origin.includes("*")) {
      report.add(
        `trustedOrigins[${i}]`,
        'must be an exact origin like "https://app.example.com", without a path or wildcard',
      );
    } else origins.add(origin);
  });
  return (origin) => origins.has(origin);
}

/** Whatever but true is no. A promise too: what it comes to is of no interest, and ends no process. */
function judged(answer: unknown): boolean {
  if (typeof answer !== "boolean") void Promise.resolve(answer).catch(() => {});
  return answer === true;
}

function sessionSettings(given: SessionOptions | undefined, report: Report): Settings["session"] {
  const options = report.object("session", given, [
    "mode",
    "ttl",
    "idleTtl",
    "reuseLeeway",
    "maxPerUser",
    "freshFor",
  ]);
  const ranges = DEFAULTS.session;
  const ttl = report.duration("session.ttl", options.ttl, ranges.ttl);
  const idleTtl = report.duration("session.idleTtl", options.idleTtl, ranges.idleTtl);
  if (options.idleTtl !== undefined && idleTtl > ttl) {
    report.add("session.idleTtl", "must not be longer than session.ttl");
  }
  const mode = report.word("session.mode", options.mode, ["both", "cookie", "bearer"], "both");
  return {
    mode,
    usual: mode === "bearer" ? "bearer" : "cookie",
    ttl,
    idleTtl: Math.min(idleTtl, ttl),
    reuseLeeway: report.duration("session.reuseLeeway", options.reuseLeeway, ranges.reuseLeeway),
    maxPerUser: report.integer("session.maxPerUser", options.maxPerUser, ranges.maxPerUser),
    freshFor: report.duration("session.freshFor", options.freshFor, ranges.freshFor),
  };
}

function cookieSettings(given: CookieOptions | undefined, url: URL, report: Report): Settings["cookie"] {
  const options = report.object("cookie", given, ["name", "domain", "sameSite"]);
  const secure = url.protocol === "https:";
  const sameSite = report.word("cookie.sameSite", options.sameSite, ["lax", "strict", "none"], "lax");
  if (sameSite === "none" && !secure) {
    report.add("cookie.sameSite", 'may be "none" only where baseUrl is https://');
  }
  const domain = cookieDomain(options.domain, url, report);
  const name = options.name ?? DEFAULTS.cookieName;
  if (typeof name !== "string" || !/^[A-Za-z0-9_.-]{1,64}$/.test(name) || /^__(host|secure)-/i.test(name)) {
    report.add(
      "cookie.name",
      "must be 1 to 64 letters, digits, dots, dashes or underscores; its prefix is added for you",
    );
  }
  // RFC 6265bis section 4.1.3: with __Host- no neighbour can set it. Ports share cookies, so on plain HTTP the name tells them apart.
  const full = secure
    ? `${domain === undefined ? "__Host-" : "__Secure-"}${name}`
    : `${name}-${url.port === "" ? 80 : url.port}`;
  return { name: full, secure, sameSite, domain };
}

function cookieDomain(given: unknown, { hostname }: URL, report: Report): string | undefined {
  if (given === undefined) return undefined;
  const labels = typeof given === "string" ? given.split(".") : [];
  const fits = hostname === given || hostname.endsWith(`.${String(given)}`);
  if (labels.length < 2 || !fits || /^[\d.]+$/.test(String(given))) {
    const none = hostname.includes(".") && !/^[\d.]+$/.test(hostname)
      ? `must be "${hostname}" or a parent of it with at least two labels, without a leading dot`
      : `must be left out: ${hostname} has no subdomains to share a cookie with`;
    report.add("cookie.domain", none);
  }
  return String(given);
}

function jwtSettings(given: JwtOptions | undefined, origin: string, report: Report): Settings["jwt"] {
  const options = report.object("jwt", given, ["algorithm", "issuer", "audience", "ttl"]);
  const { issuer = origin, audience = origin } = options;
  for (const [name, value] of Object.entries({ issuer, audience })) {
    if (typeof value !== "string" || value === "") {
      report.add(`jwt.${name}`, "must be a text that is not empty");
    }
  }
  return {
    algorithm: report.word("jwt.algorithm", options.algorithm, ["EdDSA", "ES256", "RS256", "HS256"], "EdDSA"),
    issuer,
    audience,
    ttl: report.duration("jwt.ttl", options.ttl, DEFAULTS.jwtTtl),
  };
}

function emailSettings(given: EmailOptions | undefined, report: Report): Settings["email"] {
  if (given === undefined) return null;
  const { from, send, smtp } = report.object("email", given, ["from", "send", "smtp"]);
  const text = typeof from === "string" ? from : "";
  const [, name = "", address = text] = /^([^<>]*)<([^<>]*)>$/.exec(text) ?? [];
  if (/\p{Cc}/u.test(text) || canonicalEmail(address) === null) {
    report.add("email.from", 'must be an address like "Example <no-reply@example.com>"');
  }
  if ((send === undefined) === (smtp === undefined)) {
    report.add("email", "must have either send(message) or smtp");
  }
  if (send !== undefined && typeof send !== "function") {
    report.add("email.send", "must be a function that takes a message");
  }
  if (smtp !== undefined) checkSmtp(smtp, report);
  const sender = { name: name.trim().replace(/^"(.*)"$/, "$1"), address };
  return { from: sender, ...(send && { send }), ...(smtp && { smtp: { ...smtp } }) };
}

function checkSmtp(given: SmtpOptions, report: Report): void {
  const smtp = report.object("email.smtp", given, ["host", "port", "user", "pass", "secure", "name"]);
  if (typeof smtp.host !== "string" || smtp.host === "") {
    report.add("email.smtp.host", "must be the name of a server");
  }
  report.integer("email.smtp.port", smtp.port ?? null, { min: 1, max: 65_535, fallback: 587 }); // it has no default
  report.flag("email.smtp.secure", smtp.secure, false);
  for (const name of ["user", "pass", "name"] as const) {
    if (smtp[name] !== undefined && typeof smtp[name] !== "string") {
      report.add(`email.smtp.${name}`, "must be a text");
    }
  }
  if ((smtp.user === undefined) !== (smtp.pass === undefined)) {
    report.add("email.smtp", "must have both user and pass, or neither");
  }
}
