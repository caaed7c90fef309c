import { base32 } from "../base/encoding.ts";
import type { AnyRoute, MaybeCaller } from "../contract.ts";
import type { Core } from "../core/core.ts";
import type { Credential, Identified } from "../core/sessions.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo } from "../model.ts";
import { cookieValues } from "../protocol/cookie.ts";

/** What a request shows to say who it is. With a bearer token the cookie is not looked at, and a bad token is no reason to look;
 * other schemes are not ours. */
export function credentialOf(headers: Headers, { settings }: Core): Credential {
  const authorization = headers.get("authorization");
  const [bearer, token = ""] = authorization === null ? [] : BEARER.exec(authorization) ?? [];
  if (bearer !== undefined) return { kind: "bearer", token };
  const [cookie, another] = settings.session.mode === "bearer"
    ? []
    : cookieValues(headers.get("cookie"), settings.cookie.name);
  if (another !== undefined) return { kind: "doubled" };
  return cookie === undefined ? { kind: "none" } : { kind: "cookie", token: cookie };
}

const BEARER = /^bearer(?:[ \t]+(.*))?$/i;

/** What a request shows to be known again: the header, else the cookie. One that came twice is nothing, and with a bearer token the
 * cookie is not looked at. */
function deviceOf(headers: Headers, { settings }: Core): string | null {
  const said = headers.get("latchkey-device");
  const isBearer = settings.session.mode === "bearer" ||
    /^bearer(?:[ \t]|$)/i.test(headers.get("authorization") ?? "");
  if (said !== null || isBearer) return said;
  const [cookie, another] = cookieValues(headers.get("cookie"), settings.cookie.device);
  return cookie === undefined || another !== undefined ? null : cookie;
}

/** Which steps by link a browser has begun; null where the cookie came twice. */
function linksOf(headers: Headers, { settings }: Core): string | null {
  const [cookie, another] = cookieValues(headers.get("cookie"), settings.cookie.link);
  return another === undefined ? cookie ?? null : null;
}

/** The id of a request: the caller's where that is plain and short, else ours. */
export function requestIdOf({ headers }: Request, { platform }: Core): string {
  const asked = headers.get("x-request-id");
  const isPlain = asked !== null && /^[A-Za-z0-9._-]{1,64}$/.test(asked);
  return isPlain ? asked : base32(platform.random(10));
}

/** Where a request comes from, as far as it says so itself. */
export function originatorOf({ headers }: Request, core: Core): ClientInfo {
  return { userAgent: headers.get("user-agent"), device: deviceOf(headers, core) };
}

/** Who calls, as far as the route wants to know.
 * @throws {AuthError} `unauthenticated`, `token_invalid`, `token_expired`, `session_ended` where it demands a session */
export async function callerOf(
  request: Request,
  client: ClientInfo,
  route: AnyRoute,
  core: Core,
): Promise<MaybeCaller> {
  const { sessions, foundation, mail, accessTokens } = core;
  const audiences = route.audiences === "all" ? accessTokens.audiences : undefined;
  const credential = credentialOf(request.headers, core);
  if (route.links !== undefined) Object.assign(client, { links: linksOf(request.headers, core) });
  if (route.mails || route.reply === "page") Object.assign(client, { locale: await mail.localeOf(request) }); // the request's own, so far unread
  // A sign-in ends the session of the cookie it came with, and of nothing else.
  const demands = route.access !== "anyone" && route.access !== "optional"; // what it does not know it keeps shut
  const looks = route.access !== "anyone" || (route.session === "starts" && credential.kind === "cookie");
  if (!looks) return { client };
  await foundation.ready();
  let identified: Identified;
  try {
    identified = await sessions.identify(credential, audiences);
  } catch (error) {
    // A record that cannot be read must not keep its owner from signing in or out: the cookie is out of a script's reach.
    const unreadable = error instanceof AuthError && error.code === "storage_corrupt";
    if (!unreadable || route.session === undefined || demands) throw error;
    identified = { is: "session_ended" };
  }
  if (identified.is === "found") {
    sessions.keep(client, identified.found);
    return { userId: identified.found.uid, sessionId: identified.found.sid, client };
  }
  if (demands) throw new AuthError(identified.is);
  return { client };
}
