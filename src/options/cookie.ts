import { isAddress } from "../base/domain.ts";
import type { Report } from "../base/report.ts";

/** How the cookie is set. */
export interface CookieOptions {
  /** Its name; `__Host-`, `__Secure-` or the port is added as the address asks for. @default {"latchkey"} */
  readonly name?: string;
  /** Shares it with all subdomains of this domain, which must be `baseUrl`'s host or a parent of it. */
  readonly domain?: string;
  /** When requests from other sites carry it. @default {"lax"} */
  readonly sameSite?: "lax" | "strict" | "none";
}

/** The same after all checks. */
export interface CookieSettings {
  /** The full name. */
  readonly name: string;
  /** The full name of the cookie by which a device is known again. */
  readonly device: string;
  /** The full name of the cookie by which a link knows the browser that asked for it. */
  readonly link: string;
  readonly secure: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  readonly domain: string | undefined;
}

const NAME = "latchkey";

/** Checks them, and fills in what was not said. */
export function cookieSettings(given: CookieOptions | undefined, url: URL, report: Report): CookieSettings {
  const options = report.object("cookie", given, ["name", "domain", "sameSite"]);
  const secure = url.protocol === "https:";
  const sameSite = report.word("cookie.sameSite", options.sameSite, ["lax", "strict", "none"], "lax");
  if (sameSite === "none" && !secure) {
    report.add("cookie.sameSite", 'may be "none" only where baseUrl is https://');
  }
  const domain = cookieDomain(options.domain, url, report);
  const name = options.name ?? NAME;
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
  return { name: full, device: `${full}-device`, link: `${full}-link`, secure, sameSite, domain };
}

function cookieDomain(given: unknown, { hostname }: URL, report: Report): string | undefined {
  if (given === undefined) return undefined;
  const domain = String(given);
  const fits = hostname === domain || hostname.endsWith(`.${domain}`);
  if (!domain.includes(".") || !fits || isAddress(domain)) {
    const none = hostname.includes(".") && !isAddress(hostname)
      ? `must be "${hostname}" or a parent of it with at least two labels, without a leading dot`
      : `must be left out: ${hostname} has no subdomains to share a cookie with`;
    report.add("cookie.domain", none);
  }
  return domain;
}
