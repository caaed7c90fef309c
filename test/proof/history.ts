// What happened: every write that took effect, and every call of the library with what it was told, in one order.
import { AsyncLocalStorage } from "node:async_hooks";
import type { createAuth } from "../../src/auth.ts";
import { fromBase64url, fromUtf8 } from "../../src/base/encoding.ts";
import { parseSessionToken } from "../../src/crypto/token.ts";
import type { Accounts } from "../../src/core/accounts.ts";
import type { Driver, WriteOptions } from "../../src/store/driver.ts";
import { ROUTES } from "../suite/client.ts";

/** One call of a method or of the handler. */
export interface Call {
  /** `sessions.end`, whichever way it was called; `GET /auth/nowhere` for a request that no route answers. */
  readonly name: string;
  /** The one object that it was given; of a request, its body and what its path says. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The session on whose authority it is made, if it says so: whether that lives is another question. */
  readonly by?: By | null;
  /** Its place in the order of all that happened. */
  readonly begun: number;
  /** The same; null while it is under way, or for ever. */
  ended: number | null;
  /** What it answered. */
  result?: unknown;
  /** Whether that is what another request was answered before: then nothing of it happened now. */
  replayed?: boolean;
  /** What it failed with: a code, or the name of what is no error of ours. */
  code?: string;
  /** The message of what was behind that. */
  cause?: string;
}

/** Somebody's session. */
export interface By {
  readonly userId: string;
  readonly sessionId: string;
}

/** One write that took effect. */
export interface Write {
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
  /** When what was written expires, in epoch milliseconds; Infinity: never. */
  readonly exp: number;
  /** The call that it was made for; null: none of the library's. */
  readonly call: Call | null;
  readonly order: number;
  /** The time on the clock. */
  readonly now: number;
}

/** All of it. */
export interface History {
  readonly calls: readonly Call[];
  readonly writes: readonly Write[];
}

/** Whoever looks on. One witness sees one store, and all servers on it. */
export interface Witness {
  readonly history: History;
  /** Forgets all that happened: what comes next is another history. */
  readonly forget: () => void;
  /** A driver that is looked at: the truth about the store, below whatever pretends to a server that something else happened. */
  readonly watched: (driver: Driver) => Driver;
  /** A `createAuth` whose calls are looked at. */
  readonly watching: (make: typeof createAuth) => typeof createAuth;
  /** Accounts of whose values it is looked at who adds and removes them. */
  readonly watchingValues: (accounts: Accounts) => Accounts;
}

/** What is called by whoever has the answer already, or has none. */
const UNSEEN = new Set(["cookies", "clearCookies", "on", "close", "then"]);

export function witness(now: () => number): Witness {
  const calls: Call[] = [];
  const writes: Write[] = [];
  const context = new AsyncLocalStorage<Call>();
  let order = 0;

  function wrote(key: string, before: string | null, after: string | null, options?: WriteOptions): void {
    const exp = options?.ttl === undefined ? Infinity : now() + options.ttl * 1000;
    writes.push({ key, before, after, exp, call: context.getStore() ?? null, order: order++, now: now() });
  }

  async function seen({ name, input, by }: Asked, run: () => unknown): Promise<unknown> {
    const call: Call = { name, input, by, begun: order++, ended: null };
    calls.push(call);
    try {
      const result = await context.run(call, run as () => Promise<unknown>);
      call.result = result instanceof Response ? await bodyOf(result) : result;
      if (result instanceof Response && !result.ok) call.code = String(Object(call.result).code);
      if (result instanceof Response) call.replayed = result.headers.has("idempotency-replayed");
      return result;
    } catch (error) {
      const { code, name, cause } = Object(error);
      call.code = String(code ?? name);
      call.cause = String(Object(cause).message);
      throw error;
    } finally {
      call.ended = order++;
    }
  }

  function watching<T extends object>(target: T, path: string): T {
    return new Proxy(target, {
      get(object, name) {
        const value = Reflect.get(object, name) as unknown;
        const where = path === "" ? String(name) : `${path}.${String(name)}`;
        if (typeof value === "object" && value !== null && path === "") return watching(value, where);
        if (typeof value !== "function" || UNSEEN.has(where)) return value;
        return (...args: unknown[]) => {
          const run = () => Reflect.apply(value, object, args) as unknown;
          return args[0] instanceof Request
            ? seenRequest(args[0], where, run)
            : seen({ name: where, input: Object(args[0]), by: byInput(args[0]) }, run);
        };
      },
    });
  }

  async function seenRequest(request: Request, where: string, run: () => unknown): Promise<unknown> {
    const { name, said } = where === "handler" ? routeOf(request) : { name: where, said: {} };
    const sent = request.headers.get("content-type") === "application/json" && request.body !== null;
    const input = sent && !request.bodyUsed ? await json(request.clone()) : {};
    return await seen({ name, input: { ...Object(input), ...said }, by: byHeaders(request.headers) }, run);
  }

  return {
    history: { calls, writes },
    forget() {
      calls.length = 0;
      writes.length = 0;
    },
    watching: (make) => ((options: never) => watching(make(options) as object, "")) as unknown as typeof make,
    watchingValues: (accounts) => ({
      ...accounts,
      values: async () => watching(await accounts.values(), "values"),
    }),
    watched: (driver) => ({
      ...driver,
      async swap(key, expected, next, options) {
        const done = await driver.swap(key, expected, next, options);
        if (done) wrote(key, expected, next, options);
        return done;
      },
      async setItem(key, value, options) {
        const before = await driver.getItem(key);
        await driver.setItem(key, value, options);
        wrote(key, before, value, options);
      },
      async removeItem(key) {
        const before = await driver.getItem(key);
        await driver.removeItem(key);
        wrote(key, before, null);
      },
    }),
  };
}

type Asked = Required<Pick<Call, "name" | "input" | "by">>;

/** The method that a request reaches, wherever the routes begin, and what its path says. */
function routeOf({ method, url }: Request): { readonly name: string; readonly said: Call["input"] } {
  const { pathname } = new URL(url);
  for (const [name, { call }] of Object.entries(ROUTES)) {
    const [verb, path = ""] = call.split(" ");
    const pattern = path.replaceAll(".", "\\.").replace(/:(\w+)/g, "(?<$1>[^/]+)");
    const found = verb === method ? new RegExp(`${pattern}$`).exec(pathname) : null;
    if (found !== null) return { name, said: { ...found.groups } };
  }
  return { name: `${method} ${pathname}`, said: {} };
}

function byInput(input: unknown): By | null {
  const { uid, acting, userId = uid, sessionId = acting } = Object(input) as Readonly<
    Record<string, unknown>
  >;
  return typeof userId === "string" && typeof sessionId === "string" ? { userId, sessionId } : null;
}

/** Whose session a request shows: with a bearer token, nobody looks at the cookie. */
function byHeaders(headers: Headers): By | null {
  const [isBearer, payload] = /^bearer [^.]+\.([^.]+)\.[^.]+$/i.exec(headers.get("authorization") ?? "") ??
    [];
  if (isBearer !== undefined) return byClaims(payload);
  const [cookie = ""] = /lks_[\w-]+/.exec(headers.get("cookie") ?? "") ?? [];
  const token = parseSessionToken(cookie);
  return token === null ? null : { userId: token.uid, sessionId: token.sid };
}

function byClaims(payload = ""): By | null {
  try {
    const { sub, sid } = JSON.parse(fromUtf8(fromBase64url(payload) ?? new Uint8Array()));
    return byInput({ userId: sub, sessionId: sid });
  } catch {
    return null; // what cannot be read speaks of nobody
  }
}

function bodyOf(response: Response): Promise<unknown> {
  return response.body === null ? Promise.resolve(undefined) : json(response.clone());
}

async function json(message: Request | Response): Promise<unknown> {
  try {
    return await message.json();
  } catch {
    return undefined;
  }
}
