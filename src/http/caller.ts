import type { AnyRoute, MaybeCaller } from "../contract.ts";
import type { Core } from "../core/core.ts";
import type { Credential, Identified } from "../core/sessions.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo } from "../model.ts";
import { cookieValues } from "../protocol/cookie.ts";

/** What a request shows to say who it is. With a bearer token the cookie is not looked at, and a bad token is no reason to look;
 * other schemes are not ours. */
export function credentialOf(headers: Headers, { settings }: Core): Credential {
  const [bearer, token = ""] = /^bearer(?:[ \t]+(.*))?$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (bearer !== undefined) return { kind: "bearer", token };
  const [cookie, another] = settings.session.mode === "bearer"
    ? []
    : cookieValues(headers.get("cookie"), settings.cookie.name);
  if (another !== undefined) return { kind: "doubled" };
  return cookie === undefined ? { kind: "none" } : { kind: "cookie", token: cookie };
}

/** Who calls, as far as the route wants to know.
 * @throws {AuthError} `unauthenticated`, `token_invalid`, `token_expired`, `session_ended` where it demands a session */
export async function callerOf(
  request: Request,
  credential: Credential,
  route: AnyRoute,
  { sessions, foundation, mail }: Core,
): Promise<MaybeCaller> {
  const client: ClientInfo = {
    userAgent: request.headers.get("user-agent"),
    ...(route.mails && { locale: await mail.localeOf(request) }),
  };
  // A sign-in ends the session of the cookie it came with, and of nothing else.
  const looks = route.access !== "anyone" || (route.session === "starts" && credential.kind === "cookie");
  if (!looks) return { client };
  await foundation.ready();
  const identified = await sessions.identify(credential).catch((error: unknown): Identified => {
    // A record that cannot be read must not keep its owner from signing in or out: the cookie is out of a script's reach.
    const unreadable = error instanceof AuthError && error.code === "storage_corrupt";
    if (unreadable && route.session !== undefined && route.access !== "session") {
      return { is: "session_ended" };
    }
    throw error;
  });
  if (identified.is === "found") {
    sessions.keep(client, identified.found);
    return { userId: identified.found.uid, sessionId: identified.found.sid, client };
  }
  if (route.access === "session") throw new AuthError(identified.is);
  return { client };
}
