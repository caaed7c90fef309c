import { decodeJwt, decodeProtectedHeader } from "jose";
import { webOrigin } from "../base/origin.ts";
import { parseRefreshToken, parseSessionToken } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import { cookieValues } from "../protocol/cookie.ts";
import type { Core } from "./core.ts";
import { isListed } from "./sessions.ts";
import type { Credential } from "./sessions.ts";

/** Why a request is, or is not, signed in. */
export type Cause =
  | "signed_in"
  | "no_cookie"
  | "no_cookie_on_http"
  | "no_cookie_on_host"
  | "no_cookie_cross_site"
  | "cookie_of_another_name"
  | "cookie_switched_off"
  | "cookie_doubled"
  | "cookie_malformed"
  | "cookie_forged"
  | "other_scheme"
  | "account_unknown"
  | "session_ended"
  | "session_revoked"
  | "session_expired"
  | "session_idle"
  | "token_is_refresh"
  | "token_is_cookie"
  | "token_malformed"
  | "token_of_another_issuer"
  | "token_of_another_audience"
  | "token_of_unknown_key"
  | "token_signature"
  | "token_expired"
  | "clock_skew"
  | "origin_foreign"
  | "origin_null"
  | "origin_missing"
  | "proxy_unnamed"
  | "proxy_host"
  | "address_missing"
  | "store_failed";

/** Cause → what was found, and what to do. `{…}` is filled in. */
const CAUSES: Readonly<Record<Cause, readonly [found: string, remedy: string]>> = {
  signed_in: ["The request is signed in.", ""],
  no_cookie: [
    "The request carries no session cookie and no bearer token.",
    'Sign in first; in a browser, fetch with credentials: "include" from another origin, and look whether the reply to the sign-in set {cookie}.',
  ],
  no_cookie_on_http: [
    "The request came over http, and {cookie} is Secure: browsers do not send it there.",
    "Open the application at {baseUrl}. Behind a proxy that ends TLS this is as it should be; else set baseUrl to the address that users see.",
  ],
  no_cookie_on_host: [
    "The request went to {host}, and the cookie belongs to {baseHost}: browsers do not send it elsewhere.",
    "Open the application at {baseUrl}, set baseUrl to the address that users see, or set cookie.domain to a parent of both.",
  ],
  no_cookie_cross_site: [
    'A page of another site sent the request, and with cookie.sameSite "{sameSite}" browsers leave the cookie out of it.',
    'Sign in with "session": "bearer" there, or set cookie.sameSite to "none" (HTTPS) and list the origin in trustedOrigins.',
  ],
  cookie_of_another_name: [
    "The request carries {seen}, but the cookie is called {cookie} here.",
    "Make baseUrl, cookie.name and cookie.domain the same as where the user signed in (http or https, the port), or sign in again.",
  ],
  cookie_switched_off: [
    'The request carries the cookie, and session.mode is "bearer".',
    'Set session.mode to "both", or send Authorization: Bearer with an access token.',
  ],
  cookie_doubled: [
    "The request carries {cookie} twice: another application on a neighbouring domain or path sets it too, and neither can be trusted.",
    "Remove the other cookie, or give this application a cookie.name of its own.",
  ],
  cookie_malformed: [
    "The cookie does not hold a session: it was cut, changed, or set by somebody else.",
    "Look whether a proxy or framework rewrites cookies; sign in again.",
  ],
  cookie_forged: [
    "The cookie names a session that lives, with another secret than its own.",
    "Sign in again. If nobody changed the cookie, somebody tried to guess it.",
  ],
  other_scheme: [
    "Authorization is {scheme}, which is not looked at, and there is no session cookie.",
    "Send Authorization: Bearer with an access token.",
  ],
  account_unknown: [
    "The account is not in this store: it was removed, or this process keeps its accounts elsewhere.",
    "If users vanish when the server restarts, storage is memory; if they come and go, processes use different stores.",
  ],
  session_ended: [
    "The session was ended: by signing out, by its owner elsewhere, or to make room for newer ones.",
    "Sign in again. session.maxPerUser says how many sessions an account may have.",
  ],
  session_revoked: [
    "The session is no longer listed, and all sessions of the account were ended at least once (epoch {epoch}).",
    "Sign in again: signing out everywhere, or somebody who proved the address, ended it.",
  ],
  session_expired: [
    "The session is older than session.ttl allows.",
    "Sign in again, or make session.ttl longer for sessions to come.",
  ],
  session_idle: [
    "The session was not used for as long as session.idleTtl allows.",
    "Sign in again, or make session.idleTtl longer.",
  ],
  token_is_refresh: [
    "The bearer token is a refresh token.",
    "Trade it at POST {basePath}/session/refresh, and send the accessToken of the answer.",
  ],
  token_is_cookie: [
    "The bearer token is what a session cookie holds.",
    'Send it as the cookie {cookie}, or sign in with "session": "bearer".',
  ],
  token_malformed: [
    "The bearer token is no access token of this library.",
    "Send the accessToken of a grant, whole: it was cut, changed, or comes from somewhere else.",
  ],
  token_of_another_issuer: [
    "The access token was issued by {iss}, and jwt.issuer is {issuer}.",
    "Set jwt.issuer (by default baseUrl) to the same in every service, or ask the right one.",
  ],
  token_of_another_audience: [
    "The access token is for {aud}, and not for {audience}.",
    "Ask for a token for this audience when signing in; jwt.audience and audiences say which there are.",
  ],
  token_of_unknown_key: [
    "The key {kid} that signed the access token is not among the signing keys.",
    "Processes use different stores, or the key was retired: refresh the token.",
  ],
  token_signature: [
    "The access token's signature is not that of its key.",
    "It was changed on the way, or made by somebody else.",
  ],
  token_expired: [
    "The access token expired {seconds} s ago.",
    "Trade the refresh token for the next one at POST {basePath}/session/refresh. If it was just issued, this server's clock is ahead.",
  ],
  clock_skew: [
    "The token or session is from the future: it was made {seconds} s after what this process takes for now.",
    "Set the clocks of all servers by NTP: they may differ by seconds, not by minutes.",
  ],
  origin_foreign: [
    "The request changes something, carries the cookie, and comes from {origin}, which is neither {baseUrl} nor trusted.",
    "Add the origin to trustedOrigins if it is yours; set baseUrl to the address that users see.",
  ],
  origin_null: [
    "The request changes something and its Origin is null: a sandboxed page, a file, or a redirect from elsewhere sent it.",
    "Send it from a page of {baseUrl}. null is nobody, and cannot be trusted.",
  ],
  origin_missing: [
    "The request changes something, comes from a browser, and has no Origin: something on the way took it off.",
    "Let proxies and service workers pass Origin on.",
  ],
  proxy_unnamed: [
    "The request came through a proxy ({header}), and clientIp is not set to look at it.",
    "Set clientIp to { trustedProxies: n }, with n the number of proxies of yours, so that limits count clients.",
  ],
  proxy_host: [
    "A proxy passed the request on as {host}, while baseUrl is {baseUrl}.",
    "Nothing depends on it here, but frameworks may: let the proxy pass Host on.",
  ],
  address_missing: [
    "clientIp finds no address of whoever asks: all such requests are counted as one client.",
    "Pass the server's second argument on, auth.handler(request, info); or set the number of proxies that there are.",
  ],
  store_failed: [
    "The store could not be asked: {code}.",
    "See what it says: {problem}.",
  ],
};

/** One thing that was found. */
export interface Finding {
  /** A stable name. */
  readonly cause: Cause;
  /** What was found, in a sentence. */
  readonly message: string;
  /** What to do about it; empty where there is nothing to do. */
  readonly remedy: string;
}

/** Why a request is, or is not, signed in: `cause` is what decides. Nothing in it is secret. */
export interface Explanation extends Finding {
  /** Whether `requireSession` would let it pass. */
  readonly signedIn: boolean;
  /** Who that is, or who the credential speaks of; null where it speaks of nobody. */
  readonly userId: string | null;
  /** Which session. */
  readonly sessionId: string | null;
  /** What else looks wrong, and does not decide. */
  readonly notes: readonly Finding[];
}

/** A request, as far as it is explained. */
export interface Explained {
  readonly url: string | null;
  readonly headers: Headers;
  readonly credential: Credential;
  /** Whether it changes something and comes from a page that is neither ours nor trusted. */
  readonly isForeign: boolean;
  /** The address that `clientIp` finds, null where it finds none; undefined where it was not asked. */
  readonly addressOf: () => string | null | undefined;
}

type Facts = Readonly<Record<string, string | number>>;
type Told = readonly [cause: Cause, facts?: Facts, ids?: Ids];

interface Ids {
  readonly uid: string;
  readonly sid: string;
}

const SKEW = 60; // seconds: clocks may differ by less

/** Explains a request. It reads what a check reads, and a little more. */
export async function explain(asked: Explained, core: Core): Promise<Explanation> {
  const said = general(core);
  const finding = ([cause, facts]: Told): Finding => {
    const [message, remedy] = CAUSES[cause].map((text) =>
      text.replace(/\{(\w+)\}/g, (whole, name: string) => String({ ...said, ...facts }[name] ?? whole))
    );
    return { cause, message: message ?? "", remedy: remedy ?? "" };
  };
  const decided = await decide(asked, core).catch((error: unknown): Told => {
    if (!(error instanceof AuthError)) throw error;
    return ["store_failed", { code: error.code, problem: error.details?.remedy ?? error.message }];
  });
  const { uid = null, sid = null } = decided[2] ?? {};
  const notes = [...passing(asked, core), ...await skewed(asked, decided, core)].map(finding);
  const signedIn = decided[0] === "signed_in";
  return { signedIn, ...finding(decided), userId: uid, sessionId: sid, notes };
}

function general({ settings }: Core): Facts {
  const { cookie, origin, basePath, jwt } = settings;
  return {
    cookie: cookie.name,
    sameSite: cookie.sameSite,
    baseUrl: origin,
    baseHost: new URL(origin).host,
    basePath,
    issuer: jwt.issuer,
    audience: jwt.audience,
  };
}

/** What decides. The order is that of a check. */
async function decide(asked: Explained, core: Core): Promise<Told> {
  const { credential } = asked;
  if (credential.kind === "none") return without(asked, core);
  if (asked.isForeign && credential.kind !== "bearer") return foreign(asked);
  if (credential.kind === "doubled") return ["cookie_doubled"];
  await core.foundation.ready();
  return credential.kind === "cookie"
    ? await byCookie(credential.token, core)
    : await byBearer(credential.token, core);
}

function foreign({ headers }: Explained): Told {
  const origin = headers.get("origin");
  if (origin === null) return ["origin_missing"];
  return origin === "null" ? ["origin_null"] : ["origin_foreign", { origin: shown(origin) }];
}

/** Why there may be no credential, the likeliest reason first. */
function without({ headers, url }: Explained, { settings }: Core): Told {
  const [scheme] = (headers.get("authorization") ?? "").split(" ");
  if (scheme) return ["other_scheme", { scheme: shown(scheme) }];
  const { cookie, session, origin } = settings;
  const header = headers.get("cookie");
  if (session.mode === "bearer" && cookieValues(header, cookie.name).length > 0) {
    return ["cookie_switched_off"];
  }
  const bare = cookie.name.replace(/^__(?:Host|Secure)-|-\d+$/g, "");
  const seen = (header ?? "").split(";").map((pair) => pair.split("=")[0]?.trim() ?? "")
    .find((name) => name !== cookie.name && sibling(bare).test(name));
  if (seen !== undefined) return ["cookie_of_another_name", { seen: shown(seen) }];
  const site = headers.get("sec-fetch-site");
  if (site === "cross-site" && cookie.sameSite !== "none") return ["no_cookie_cross_site"];
  const asked = addressOf(url, headers);
  if (asked !== null && hostOf(asked.host) !== hostOf(new URL(origin).host) && cookie.domain === undefined) {
    return ["no_cookie_on_host", { host: shown(asked.host) }];
  }
  if (asked?.protocol === "http:" && cookie.secure) return ["no_cookie_on_http"];
  return ["no_cookie"];
}

/** The same cookie under the names that it has elsewhere: with another prefix, or another port. */
function sibling(bare: string): RegExp {
  return new RegExp(`^(?:__Host-|__Secure-)?${bare.replace(/[.]/g, "\\.")}(?:-\\d+)?$`);
}

async function byCookie(token: string, core: Core): Promise<Told> {
  const parsed = parseSessionToken(token);
  if (parsed === null) return ["cookie_malformed"];
  const identified = await core.sessions.identify({ kind: "cookie", token });
  if (identified.is === "found") return ["signed_in", {}, parsed];
  if (identified.is === "token_invalid") return ["cookie_forged", {}, parsed];
  return await ended(parsed, core);
}

/** Why a session that was there is not. */
async function ended(ids: Ids, { accounts, platform }: Core): Promise<Told> {
  const account = await accounts.get(ids.uid);
  if (account === null) return ["account_unknown", {}, ids];
  const entry = account.sessions.find(({ sid }) => sid === ids.sid);
  if (entry === undefined) {
    const { epoch } = account;
    return epoch === 0 ? ["session_ended", {}, ids] : ["session_revoked", { epoch }, ids];
  }
  return isListed(account, ids.sid, platform.now())
    ? ["session_idle", {}, ids]
    : ["session_expired", {}, ids];
}

async function byBearer(token: string, core: Core): Promise<Told> {
  if (parseRefreshToken(token) !== null) return ["token_is_refresh"];
  if (parseSessionToken(token) !== null) return ["token_is_cookie"];
  const identified = await core.sessions.identify({ kind: "bearer", token });
  const claims = claimsOf(token);
  if (claims === null) return ["token_malformed"];
  const ids = { uid: String(claims.payload.sub), sid: String(claims.payload["sid"]) };
  if (identified.is === "found") return ["signed_in", {}, ids];
  if (identified.is === "session_ended") return await ended(ids, core);
  const now = Math.floor(core.platform.now() / 1000);
  const { iss, aud, exp = now } = claims.payload;
  if (identified.is === "token_expired") return ["token_expired", { seconds: now - exp }, ids];
  const { issuer, audience } = core.settings.jwt;
  if (iss !== issuer) return ["token_of_another_issuer", { iss: shown(String(iss)) }];
  if (aud !== audience) return ["token_of_another_audience", { aud: shown(String(aud)) }];
  const kid = String(claims.header.kid);
  if (await core.signingKeys.verifying(kid) === null) return ["token_of_unknown_key", { kid: shown(kid) }];
  return ["token_signature"];
}

/** Whether a token or session is from the future: then this clock is behind, or that of whoever made it ahead. */
async function skewed({ credential }: Explained, [cause, , ids]: Told, core: Core): Promise<readonly Told[]> {
  if (cause === "store_failed" || ids === undefined) return [];
  const claims = credential.kind === "bearer" ? claimsOf(credential.token) : null;
  const account = await core.accounts.get(ids.uid);
  const entry = account?.sessions.find(({ sid }) => sid === ids.sid);
  const made = [...(claims?.payload.iat ? [claims.payload.iat * 1000] : []), ...(entry ? [entry.at] : [])];
  const seconds = Math.round((Math.max(...made) - core.platform.now()) / 1000);
  return seconds > SKEW ? [["clock_skew", { seconds }]] : [];
}

function claimsOf(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch {
    return null; // no token at all
  }
}

/** What looks wrong and does not decide. */
function passing({ headers, url, addressOf }: Explained, { settings }: Core): readonly Told[] {
  const found: Told[] = [];
  const header = PROXIED.find((name) => headers.has(name));
  const { clientIp } = settings;
  if (header !== undefined && (clientIp === null || clientIp === "direct")) {
    found.push(["proxy_unnamed", { header }]);
  }
  const asked = url === null ? null : URL.parse(url);
  const own = new URL(settings.origin);
  if (header !== undefined && asked !== null && asked.host !== own.host) {
    found.push(["proxy_host", { host: shown(asked.host) }]);
  }
  if (clientIp !== null && isAddressless(addressOf)) found.push(["address_missing"]);
  return found;
}

/** A function of the application's own that fails finds none either. */
function isAddressless(addressOf: Explained["addressOf"]): boolean {
  try {
    return addressOf() === null;
  } catch {
    return true; // it is said to the log by the request that it fails
  }
}

const PROXIED = ["x-forwarded-for", "forwarded", "via", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/** Where the browser sent the request: what a proxy says of it goes first. */
function addressOf(url: string | null, headers: Headers): URL | null {
  const asked = url === null ? null : URL.parse(url);
  if (asked === null) return null;
  const protocol = headers.get("x-forwarded-proto")?.split(",")[0]?.trim() ?? asked.protocol.replace(":", "");
  const host = headers.get("x-forwarded-host")?.split(",")[0]?.trim() ?? asked.host;
  return URL.parse(webOrigin(`${protocol}://${host}`) ?? asked.origin);
}

/** Ports share cookies. */
function hostOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

/** What somebody sent, in few characters, on one line. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80).replace(/\p{Cc}/gu, " "));
}
