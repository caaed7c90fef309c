import { isLoopback } from "../base/origin.ts";
import type { Settings } from "../options.ts";

/** What works, and is probably not meant so. */
export function warningsOf(
  { origin, session, cookie, otherSites, limits, clientIp }: Settings,
): readonly string[] {
  const { protocol, hostname } = new URL(origin);
  const open = protocol === "http:" && !isLoopback(hostname) ? [PLAIN_HTTP] : [];
  const withoutCookie = session.mode !== "bearer" && cookie.sameSite !== "none" ? otherSites : [];
  const uncounted = !limits.on ? [UNLIMITED] : clientIp === null ? [NO_ADDRESSES] : [];
  return [...open, ...uncounted, ...withoutCookie.map((site) => otherSite(site, session.mode))];
}

const PLAIN_HTTP =
  "baseUrl is plain HTTP outside this machine (allowInsecureOrigin): whoever is on the way reads codes, " +
  "cookies and tokens, and browsers have no passkeys there. Only for tests.";

const UNLIMITED =
  "rateLimit is false: nobody counts how often somebody asks, and how often somebody is mailed. Only for tests.";
const NO_ADDRESSES =
  'clientIp is not set: no limit holds by address, only those of accounts. Set it to "direct", to { trustedProxies: 1 } behind a ' +
  "proxy of your own, or to a function.";

function otherSite(origin: string, mode: "cookie" | "bearer" | "both"): string {
  const remedy = mode === "both"
    ? 'sign in there with "session": "bearer"'
    : 'session.mode must be "both" for it';
  return `trustedOrigins: ${origin} is on another site, where browsers do not send the cookie: ${remedy}.`;
}
