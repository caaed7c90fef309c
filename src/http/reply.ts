import type { AnyRoute, MaybeCaller } from "../contract.ts";
import type { Issued } from "../core/gate.ts";
import type { AuthError } from "../errors.ts";
import { type CookieRule, idsIn, setCookie } from "../protocol/cookie.ts";

/** How the cookies are set, and that of the session is cleared: a device stays known when nobody is signed in on it. */
export interface SessionCookie {
  /** Sets what a grant brings: that of the session first, then that of the device. */
  readonly set: (issued: Issued) => readonly string[];
  /** Removes that of the session. */
  readonly clear: () => string;
  /** Adds a step by link to those that the browser has begun, the latest first. */
  readonly link: (id: string, begun: string | null) => string;
}

/** The session cookie: `ttl`, in seconds, is the life of a session however much it is used. */
export function sessionCookie(
  rule: CookieRule & { readonly device: string; readonly link: string },
  ttl: number,
  deviceTtl: number,
): SessionCookie {
  return {
    set: ({ cookie, device }) => [
      ...(cookie === null ? [] : [setCookie(rule, cookie, ttl)]),
      ...(device === null ? [] : [setCookie({ ...rule, name: rule.device }, device, deviceTtl)]),
    ],
    clear: () => setCookie(rule, "", 0),
    link(id, begun) {
      const ids = [id, ...idsIn(begun)].slice(0, LINKS.most).join(".");
      return setCookie({ ...rule, name: rule.link }, ids, LINKS.ttl);
    },
  };
}

/** How many steps by link a browser has under way, and how long it remembers them, in seconds: longer than any is sent again. */
const LINKS = { most: 5, ttl: 86_400 } as const;

/** What a method answered, and to whom. */
export interface Answer {
  readonly route: AnyRoute;
  readonly result: unknown;
  /** What of a grant is not in it. */
  readonly issued: Issued | null;
  readonly caller: MaybeCaller;
  /** The input, as it came. */
  readonly sent: object;
  /** Whether the page that asked may be sent cookies. */
  readonly takesCookies: boolean;
  /** The step by link that its browser is to remember; null for none. */
  readonly begun: string | null;
  /** What is shown in place of JSON; null for JSON. */
  readonly shown: Shown | null;
}

/** A page or a redirect. */
export interface Shown {
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a `Response` is made of when all is known: to change the headers of one takes longer than to make it. */
export interface Reply {
  readonly status: number;
  readonly body: string | null;
  readonly headers: Record<string, string>;
  /** The values of `Set-Cookie`. */
  readonly cookies: readonly string[];
}

/** Marks replies of our own routes: what they hold may be a token, so nobody keeps them. */
export const OURS: unique symbol = Symbol("ours");

/** A reply as it is sent. */
export function responseOf({ status, body, headers, cookies }: Reply): Response {
  // A mark, for a WeakSet of all replies is walked through at each collection of garbage.
  const response: Response & { [OURS]?: true } = new Response(body, { status, headers });
  for (const cookie of cookies) response.headers.append("Set-Cookie", cookie);
  response[OURS] = true;
  return response;
}

/** A method's result as a reply. */
export function success(answer: Answer, cookie: SessionCookie): Reply {
  const { route, result, issued, takesCookies, shown } = answer;
  const headers: Record<string, string> = route.maxAge === undefined
    ? { ...PRIVATE }
    : { "Cache-Control": `public, max-age=${route.maxAge}` };
  const cookies = takesCookies ? cookiesOf(answer, cookie) : [];
  if (route.status === 204) return { status: 204, body: null, headers, cookies };
  if (shown !== null) {
    return { status: route.status, body: shown.body, headers: { ...headers, ...shown.headers }, cookies };
  }
  headers["Content-Type"] = JSON_TYPE["Content-Type"];
  return { status: statusOf(route, issued), body: JSON.stringify(result), headers, cookies };
}

function cookiesOf({ route, issued, caller, sent, begun }: Answer, cookie: SessionCookie): readonly string[] {
  if (issued === null && begun === null && route.session !== "ends") return NONE;
  const kept = route.keeps !== undefined && caller.sessionId !== undefined &&
    Object(sent)[route.keeps] === caller.sessionId;
  return [
    ...(issued === null ? [] : cookie.set(issued)),
    ...(begun === null ? [] : [cookie.link(begun, caller.client?.links ?? null)]),
    ...(route.session === "ends" && !kept ? [cookie.clear()] : []),
  ];
}

const NONE: readonly string[] = [];

/** A grant that made an account is something new, and where one may be pending, there is none yet. */
function statusOf({ status, pends }: AnyRoute, issued: Issued | null): number {
  if (issued?.created) return 201;
  return pends && issued === null ? 202 : status;
}

/** What went wrong, and where. */
export interface Failed {
  readonly error: AuthError;
  readonly isBearer: boolean;
  /** Null for a request that was not let in. */
  readonly route: AnyRoute | null;
}

/** A failure as a reply: code, sentence and what is meant for the caller; never a cause, a key or a stack. */
export function failure({ error, isBearer, route }: Failed, cookie: SessionCookie): Reply {
  const { status, details } = error;
  const headers = {
    ...PRIVATE,
    ...JSON_TYPE,
    ...(status === 401 && isBearer && { "WWW-Authenticate": 'Bearer error="invalid_token"' }), // RFC 6750 section 3
    ...(details?.allow !== undefined && { "Allow": details.allow.join(", ") }),
    ...(details?.retryAfter !== undefined && { "Retry-After": String(details.retryAfter) }),
  };
  // Whoever asked to be signed out is so on this device, even if the store could not be told.
  const cookies = route?.session === "ends" && route.access === "optional" ? [cookie.clear()] : [];
  return { status, body: JSON.stringify(error), headers, cookies };
}

const JSON_TYPE = { "Content-Type": "application/json" };
const PRIVATE = { "Cache-Control": "no-store", "Vary": "Cookie, Authorization" };
