// What happened: every write that took effect, and every call of the library with what it was told, in one order.
import { AsyncLocalStorage } from "node:async_hooks";
import type { createAuth } from "../../src/auth.ts";
import type { Accounts } from "../../src/core/accounts.ts";
import type { Driver, WriteOptions } from "../../src/store/driver.ts";

/** One call of a method or of the handler. */
export interface Call {
  /** `sessions.end`, or `POST /auth/sign-out`. */
  readonly name: string;
  /** The one object that it was given; of a request, its body. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Its place in the order of all that happened. */
  readonly begun: number;
  /** The same; null while it is under way, or for ever. */
  ended: number | null;
  /** What it answered. */
  result?: unknown;
  /** What it failed with: a code, or the name of what is no error of ours. */
  code?: string;
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

  async function seen(name: string, input: Call["input"], run: () => unknown): Promise<unknown> {
    const call: Call = { name, input, begun: order++, ended: null };
    calls.push(call);
    try {
      const result = await context.run(call, run as () => Promise<unknown>);
      call.result = result instanceof Response ? await bodyOf(result) : result;
      if (result instanceof Response && !result.ok) call.code = String(Object(call.result).code);
      return result;
    } catch (error) {
      call.code = String(Object(error).code ?? Object(error).name);
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
            : seen(where, Object(args[0]), run);
        };
      },
    });
  }

  async function seenRequest(request: Request, where: string, run: () => unknown): Promise<unknown> {
    const name = where === "handler" ? `${request.method} ${new URL(request.url).pathname}` : where;
    const sent = request.headers.get("content-type") === "application/json" && request.body !== null;
    const input = sent && !request.bodyUsed ? await json(request.clone()) : {};
    return await seen(name, Object(input), run);
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
