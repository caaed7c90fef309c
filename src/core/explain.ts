import { decodeJwt, decodeProtectedHeader } from "jose";
import { hidden } from "../base/hidden.ts";
import { webOrigin } from "../base/origin.ts";
import { parseRefreshToken, parseSessionToken } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import { cookieValues } from "../protocol/cookie.ts";
import { type Cause, CAUSES } from "./causes.ts";
import type { Core } from "./core.ts";
import { isListed } from "./account_record.ts";
import type { Credential } from "./sessions.ts";

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
  const said = headers.get("authorization");
  if (said) {
    // Whoever forgets the scheme sends a secret in its place.
    const [scheme] = /^[a-z-]{1,20}(?=[ \t])/i.exec(said) ?? [];
    return ["other_scheme", { scheme: scheme === undefined ? "of no known scheme" : shown(scheme) }];
  }
  const { cookie, session, origin } = settings;
  const header = headers.get("cookie");
  if (session.mode === "bearer" && cookieValues(header, cookie.name).length > 0) {
    return ["cookie_switched_off"];
  }
  const bare = cookie.name.replace(/^__(?:Host|Secure)-|-\d+$/g, "");
  const seen = (header ?? "").split(";").map((pair) => pair.split("=")[0]?.trim() ?? "")
    .find((name) => name !== cookie.name && sibling(bare).test(name));
  if (seen !== undefined) return ["cookie_of_another_name", { seen: shown(seen) }];
  if (isLeftOut(headers, cookie.sameSite)) return ["no_cookie_cross_site"];
  const asked = addressOf(url, headers);
  if (asked !== null && !isReached(asked.hostname, new URL(origin).hostname, cookie.domain)) {
    return ["no_cookie_on_host", { host: shown(asked.host) }];
  }
  if (asked?.protocol === "http:" && cookie.secure) return ["no_cookie_on_http"];
  return ["no_cookie"];
}

/** Whether browsers leave the cookie out of a request: of another site's, but where somebody follows a link and it is lax. */
function isLeftOut(headers: Headers, sameSite: "lax" | "strict" | "none"): boolean {
  const follows = headers.get("sec-fetch-mode") === "navigate" && sameSite === "lax";
  return headers.get("sec-fetch-site") === "cross-site" && sameSite !== "none" && !follows;
}

/** Whether the cookie is sent to a host: its own, or one of its domain. */
function isReached(host: string, own: string, domain: string | undefined): boolean {
  return domain === undefined ? host === own : host === domain || host.endsWith(`.${domain}`);
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

/** What somebody sent, in few characters, on one line, as fit to be told as what goes to the log. */
function shown(text: string): string {
  return JSON.stringify(hidden(text, 80).replace(/\p{Cc}/gu, " "));
}
