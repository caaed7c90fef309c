import { problemOf } from "../../drivers/open.ts";
import type { SmtpOptions } from "../../mod.ts";
import { canonicalEmail } from "../base/email.ts";
import { isLoopback, webOrigin } from "../base/origin.ts";
import { type Report, report } from "../base/report.ts";

/** What the stand-alone server may be told; everything has a default. */
export interface ServerOptions {
  /** The port, 0 to 65535; 0 is any free one. @default {3000} */
  readonly port?: number;
  /** The name or address to listen on. @default {"localhost"} */
  readonly host?: string;
  /** Where everything is kept, as `open` of `drivers/open` takes it: `sqlite:PATH`, `fs:FOLDER`, `redis://HOST:PORT` …
   * @default {"sqlite:.latchkey/auth.db"} */
  readonly storage?: string;
  /** The origin that users see. @default {"http://localhost:PORT"} */
  readonly baseUrl?: string;
  /** What seals, signs and hashes: 32 characters or more; a list is for rotation. Without it the server makes one and keeps it in
   * `.latchkey/secret`. */
  readonly secret?: string | readonly string[];
  /** The server that takes mail: `smtp://user:pass@host:port`, or `smtps://` for TLS from the first byte. Without it mail is shown
   * in the terminal, which is done on this machine alone. */
  readonly smtp?: string;
  /** The sender of mail. @default {"no-reply@" and the host of baseUrl, or where that has no mail `latchkey.localhost`} */
  readonly mailFrom?: string;
  /** How many proxies of your own each request passes, 1 to 16: the client's address is then read from `X-Forwarded-For`. Without it,
   * it is that of the connection. */
  readonly trustedProxies?: number;
  /** Where the server says that it is ready, and shows mail. @default {console.log} */
  readonly print?: (text: string) => void;
}

/** The options after all checks. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly storage: string;
  /** Null where it follows from the port. */
  readonly baseUrl: string | null;
  readonly smtp: SmtpOptions | null;
  readonly from: string;
  readonly clientIp: "direct" | { readonly trustedProxies: number };
}

/** The server's defaults; durations of connections stand where they are set. */
const DEFAULTS = {
  port: { min: 0, max: 65_535, fallback: 3000 },
  host: "localhost",
  storage: "sqlite:.latchkey/auth.db",
  from: "no-reply@latchkey.localhost", // where baseUrl's host has no mail: a name that is never anybody's (RFC 6761 section 6.3)
} as const;

/** As `clientIp` has it. */
const PROXIES = { min: 1, max: 16, fallback: 1 } as const;

const MEMBERS = [
  "port",
  "host",
  "storage",
  "baseUrl",
  "secret",
  "smtp",
  "mailFrom",
  "trustedProxies",
  "print",
] as const;

/** Checks what can be checked by looking at it; `createAuth` checks the rest.
 * @throws {AuthError} `config_invalid` */
export function settingsOf(given: ServerOptions): Settings {
  const problems = report();
  const options = problems.object("", given, MEMBERS);
  const baseUrl = baseUrlOf(options.baseUrl, problems);
  const { host = DEFAULTS.host, storage = DEFAULTS.storage } = options;
  if (typeof host !== "string" || host === "") {
    problems.add("host", "must be a name or an address to listen on");
  }
  const problem = problemOf(storage);
  if (problem !== null) problems.add("storage", problem);
  const settings: Settings = {
    port: problems.integer("port", options.port, DEFAULTS.port),
    host,
    storage,
    baseUrl,
    smtp: smtpOf(options.smtp, problems),
    from: options.mailFrom ?? senderFor(baseUrl),
    clientIp: options.trustedProxies === undefined
      ? "direct"
      : { trustedProxies: problems.integer("trustedProxies", options.trustedProxies, PROXIES) },
  };
  problems.settle();
  return settings;
}

function baseUrlOf(given: unknown, report: Report): string | null {
  if (given === undefined) return null;
  const origin = webOrigin(given);
  if (origin === null) {
    report.add("baseUrl", 'must be an origin like "https://auth.example.com", without a path');
    return null;
  }
  if (origin.startsWith("http:") && !isLoopback(new URL(origin).hostname)) {
    report.add("baseUrl", "must be https:// outside this machine");
  }
  return origin;
}

/** Its password stands in it, so what was given is never shown. */
function smtpOf(given: unknown, report: Report): SmtpOptions | null {
  if (given === undefined) return null;
  const url = typeof given === "string" ? URL.parse(given) : null;
  const secure = url?.protocol === "smtps:";
  const login = url === null ? null : loginOf(url);
  const plain = url !== null && /^\/?$/.test(url.pathname) && url.search === "" && url.hash === "";
  if (!plain || url.hostname === "" || login === null || (!secure && url.protocol !== "smtp:")) {
    report.add("smtp", 'must be like "smtp://user:pass@mail.example.com:587", or smtps:// and its port 465');
    return null;
  }
  const usual = secure ? 465 : 587; // RFC 8314 section 3.3, RFC 6409 section 3.1
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: url.port === "" ? usual : Number(url.port), secure, ...login };
}

/** User and password, both or neither; null for anything else. */
function loginOf({ username, password }: URL): Pick<SmtpOptions, "user" | "pass"> | null {
  if (username === "" && password === "") return {};
  if (username === "" || password === "") return null;
  try {
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  } catch {
    return null; // a % that begins nothing
  }
}

function senderFor(baseUrl: string | null): string {
  const own = baseUrl === null ? null : canonicalEmail(`no-reply@${new URL(baseUrl).hostname}`);
  return own ?? DEFAULTS.from;
}
