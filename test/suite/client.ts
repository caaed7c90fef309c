import type { Wire } from "../../src/contract.ts";
import type { BaseAuth, ChosenFeatures } from "../../src/auth/face.ts";
import { AuthError, type ErrorCode, ERRORS } from "../../src/errors.ts";
import { calls, type Routed } from "../../src/features/calls.ts";
import { errorsOf } from "../../src/http/openapi.ts";
import { always, chosen } from "../../src/features/index.ts";
import type { AnyRoute, Call } from "../../src/contract.ts";
import { holdReply } from "./described.ts";
import type { Grant, MailedStep } from "../../src/model.ts";

/** How a flow reaches the library: by its methods, or over its routes. */
export type Via = "method" | "http";

/** An `auth` with every feature on. */
export type FullAuth = BaseAuth & ChosenFeatures;

/** The methods of a feature as a client calls them: it cannot say who it is. */
type Called<M> = {
  readonly [K in keyof M]: M[K] extends (input: infer I) => Promise<infer O> ? (input?: Wire<I>) => Promise<O>
    : never;
};

/** Somebody with a browser or a program: keeps the cookie, or the tokens, and calls whatever has a route. */
export type Client = { readonly [F in keyof Routed]: Called<Routed[F]> } & {
  /** What goes with each request. */
  readonly headers: Headers;
  /** The `Set-Cookie` values that were seen. */
  readonly cookies: readonly string[];
  /** Takes on what goes with the requests of somebody who has signed in. */
  readonly wears: (shown: Headers) => void;
};

export const ROUTES: Readonly<Record<string, { readonly call: Call; readonly route: AnyRoute }>> = Object
  .fromEntries(
    Object.entries(calls).flatMap(([feature, addresses]) =>
      Object.entries(addresses).map(([method, call]) => {
        const { routes } = { ...always, ...chosen }[feature as keyof typeof calls];
        return [`${feature}.${method}`, { call, route: (routes as Record<string, AnyRoute>)[method] }];
      })
    ),
  ) as never;

/** `sends` is told what goes out. */
export function client(auth: FullAuth, via: Via, sends: (input: object) => void = () => {}): Client {
  const headers = new Headers({ origin: "http://localhost:3000", "user-agent": "a test" });
  const cookies: string[] = [];
  const jar: Jar = { links: null };
  const reach = via === "http" ? overHttp : byMethod;
  const features = Object.entries(calls).map(([feature, addresses]) => {
    const methods = Object.keys(addresses).map((method) => [
      method,
      async (input: object = {}) => {
        const name = `${feature}.${method}`;
        sends(input);
        const { result, set } = await reach(auth, name, input, { headers, jar });
        for (const cookie of set) keepCookie(cookie, { headers, jar }, cookies);
        const { accessToken, deviceToken } = Object(result) as Partial<Grant>;
        if (deviceToken !== undefined) headers.set("latchkey-device", deviceToken);
        if (accessToken !== undefined && !headers.has("cookie")) {
          headers.set("authorization", `Bearer ${accessToken}`);
        }
        return result;
      },
    ]);
    return [feature, Object.fromEntries(methods)];
  });
  const wears = (shown: Headers) => {
    for (const [name, value] of shown) if (name !== "cookie") headers.set(name, value);
    const pairs = shown.get("cookie")?.split("; ") ?? [];
    for (const pair of pairs) keepCookie(pair, { headers, jar }, cookies);
  };
  return { ...Object.fromEntries(features), headers, cookies, wears };
}

interface Reached {
  readonly result: unknown;
  readonly set: readonly string[];
}

/** What somebody's browser keeps besides the cookie of the session: what the link cookie holds. */
interface Jar {
  links: string | null;
}

/** What somebody's browser or program has. */
interface Shown {
  readonly headers: Headers;
  readonly jar: Jar;
}

async function overHttp(
  auth: FullAuth,
  name: string,
  input: object,
  { headers, jar }: Shown,
): Promise<Reached> {
  const { call, route } = ROUTES[name]!;
  const [method = "", path = ""] = call.split(" ");
  const used: string[] = [];
  const filled = path.replace(/:(\w+)/g, (_, key: string) => {
    used.push(key);
    return encodeURIComponent(String((input as Record<string, unknown>)[key]));
  });
  const body = Object.fromEntries(
    Object.entries(input).filter(([key, value]) => value !== undefined && !used.includes(key)),
  );
  const sends = method === "POST" || method === "PUT" || method === "PATCH";
  const sent = new Headers(headers);
  if (sends) sent.set("content-type", "application/json");
  if (route.links !== undefined && jar.links !== null) {
    const link = `${LINK}=${jar.links}`;
    sent.set("cookie", sent.has("cookie") ? `${sent.get("cookie")}; ${link}` : link);
  }
  const base = `http://localhost:3000${route.atRoot ? "" : "/auth"}`;
  const query = method === "GET" && Object.keys(body).length > 0 ? `?${new URLSearchParams(body)}` : "";
  const request = new Request(`${base}${filled}${query}`, {
    method,
    headers: sent,
    ...(sends && { body: JSON.stringify(body) }),
  });
  const response = await auth.handler(request);
  const text = await response.text();
  const isPage = route.reply === "page" && response.ok;
  const result: unknown = text === "" ? undefined : isPage ? text : JSON.parse(text);
  await holdReply(auth, call, response.status, result);
  if (!response.ok) throw rebuilt(result, response.status, name, route);
  return { result, set: response.headers.getSetCookie() };
}

/** The error that a reply tells; it must be one that the route declares. */
function rebuilt(body: unknown, status: number, name: string, route: AnyRoute): AuthError {
  const { code, details } = body as { code: ErrorCode; details?: object };
  const declared = errorsOf(route);
  if (!declared.includes(code)) throw new Error(`${name} answers ${code}, which its row does not declare`);
  if (ERRORS[code as keyof typeof ERRORS][0] !== status) {
    throw new Error(`${code} came with status ${status}`);
  }
  return new AuthError(code, details);
}

/** As an application's own server code does it: ask who it is, then call the method with that. */
async function byMethod(
  auth: FullAuth,
  name: string,
  input: object,
  { headers, jar }: Shown,
): Promise<Reached> {
  const { route } = ROUTES[name]!;
  const [feature = "", method = ""] = name.split(".");
  const { access } = route;
  const who = access === "session"
    ? await auth.requireSession(headers)
    : access === "optional" || headers.has("cookie")
    ? await auth.getSession(headers)
    : { user: null, session: null };
  const caller = who.user === null ? {} : { userId: who.user.id, sessionId: who.session.id };
  const found = {
    ...auth,
    wellKnown: { health: auth.health, jwks: auth.signingKeys.jwks, openapi: auth.openapi },
  } as unknown as Record<string, Record<string, (input: object) => Promise<unknown>>>; // looked up by the names of the calls
  const result = await found[feature]![method]!({
    ...input,
    ...(route.access !== "anyone" || route.session === "starts" ? caller : {}),
    client: {
      userAgent: headers.get("user-agent") ?? undefined,
      device: headers.get("latchkey-device"),
      links: jar.links,
    },
  });
  const kept = route.keeps !== undefined && caller.sessionId !== undefined &&
    Object(input)[route.keeps] === caller.sessionId;
  const ended = route.session === "ends" && !kept;
  const isGrant = route.session === "starts" && "session" in Object(result); // and no step that waits
  const set = isGrant ? auth.cookies(result as Grant) : ended ? auth.clearCookies() : [];
  const isBegun = route.links === "begins" && Object(input).session !== "bearer";
  if (!isBegun) return { result, set };
  const links = [(result as MailedStep).challengeId, ...jar.links?.split(".") ?? []].join(".");
  return { result, set: [...set, `${LINK}=${links}`] };
}

const LINK = "latchkey-3000-link";

/** The session's is sent as a cookie. What the device is known by goes where a program puts it, so that `cookie` is the session. */
function keepCookie(set: string, { headers, jar }: Shown, seen: string[]): void {
  const [pair = ""] = set.split(";");
  const [, device] = /-device=(.*)/.exec(pair) ?? [];
  if (device !== undefined) return headers.set("latchkey-device", device);
  const [, links] = /-link=(.*)/.exec(pair) ?? [];
  if (links !== undefined) return void (jar.links = links);
  seen.push(set);
  if (/Max-Age=0/.test(set)) headers.delete("cookie");
  else headers.set("cookie", pair);
}
