import { isLoopback } from "../base/origin.ts";
import type { Settings } from "../options.ts";

/** What works, and is probably not meant so. */
export function warningsOf({ origin, session, cookie, otherSites }: Settings): readonly string[] {
  const { protocol, hostname } = new URL(origin);
  const open = protocol === "http:" && !isLoopback(hostname) ? [PLAIN_HTTP] : [];
  const withoutCookie = session.mode !== "bearer" && cookie.sameSite !== "none" ? otherSites : [];
  return [...open, ...withoutCookie.map(otherSite)];
}

const PLAIN_HTTP =
  "baseUrl is plain HTTP outside this machine (allowInsecureOrigin): whoever is on the way reads codes, " +
  "cookies and tokens. Only for tests.";

function otherSite(origin: string): string {
  return `trustedOrigins: ${origin} is on another site, where browsers do not send the cookie: sign in there with ` +
    '"session": "bearer".';
}
