import { base32 } from "../base/encoding.ts";
import type { Report } from "../base/report.ts";
import type { Call, Place } from "../contract.ts";
import type { Core } from "../core/core.ts";
import { AuthError, type ErrorRow } from "../errors.ts";
import type { PluginDefinition, PluginFactory } from "./contract.ts";
import { fit } from "./fit.ts";
import { toolsOf } from "./tools.ts";

type Method = (input: object) => Promise<unknown>;

/** What is looked at of a route. */
interface Row {
  readonly session?: string;
}

/** Makes a plug-in: a way of signing in, or anything else with methods and routes, the same thing as a built-in feature. What it
 * answers is called with the plug-in's options, and the result stands in `plugins`.
 * @throws {TypeError} for what can be no plug-in
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import { definePlugin, object, text } from "@latchkey/auth/plugin";
 *
 * interface Greeter {
 *   greet(input: { readonly name: string }): Promise<{ readonly greeting: string }>;
 * }
 *
 * const greeter = definePlugin({
 *   name: "greeter",
 *   calls: { greet: "POST /greet" },
 *   routes: {
 *     greet: {
 *       summary: "Greet somebody",
 *       access: "anyone",
 *       input: object<{ readonly name: string }>({ name: text({ min: 1, max: 64 }) }),
 *       status: 200,
 *       errors: [],
 *     },
 *   },
 *   create: (): Greeter => ({ greet: ({ name }) => Promise.resolve({ greeting: `Hello, ${name}.` }) }),
 * });
 * const auth = createAuth({
 *   secret: "a-secret-of-32-characters-or-more",
 *   baseUrl: "http://localhost:3000",
 *   plugins: [greeter()],
 * });
 * const { greeting } = await auth.greeter.greet({ name: "Ada" });
 * ``` */
export function definePlugin<
  const Name extends string,
  M extends object,
  Routed extends string,
  Options = undefined,
  Settings = undefined,
  Code extends string = never,
  Happening extends string = never,
  Kept = never,
>(
  definition: PluginDefinition<Name, M, Routed, Options, Settings, Code, Happening, Kept>,
): PluginFactory<Name, M, Options> {
  const { name } = definition;
  check(definition);
  const calls = definition.calls as Readonly<Record<string, Call>>;
  const rows = under<ErrorRow>(name, definition.errors ?? {});
  const routes = Object.fromEntries(
    Object.entries<Row>(definition.routes).map(([method, route]) => [method, { ...route, rows }]),
  );
  return (...[options]) => ({
    name,
    feature: {
      calls,
      routes,
      ...(definition.mails && { mails: under(name, definition.mails) }),
      fit: (place: Place, report: Report) => fit(name, calls, place, report),
      settings: (_: unknown, report: Report) =>
        definition.options?.(options as Options, scoped(report, name)),
      create(core: Core, settings: Settings) {
        const tools = toolsOf(definition, core);
        core.events.add(under(name, definition.events ?? {}));
        if (definition.hooks !== undefined) core.hooks.add({ ...definition.hooks(tools, settings) });
        const methods = Object.entries(definition.create(tools, settings)) as [string, Method][];
        for (const key of Object.keys(calls)) {
          if (methods.every(([method]) => method !== key)) {
            throw new TypeError(`${name} makes no method ${key}`);
          }
        }
        return Object.fromEntries(
          methods.map(([key, method]) => [key, guarded(method, `${name}.${key}`, routes[key], core)]),
        );
      },
    },
  });
}

/** What a plug-in throws leaves it as an `AuthError`, and what it answers is what its route says. */
function guarded(
  method: Method,
  operation: string,
  route: Row | undefined,
  { platform, signIn }: Core,
): Method {
  return async (input) => {
    try {
      const result = await method(input);
      const isObject = typeof result === "object" && result !== null;
      const issued = isObject ? signIn.issued(result) : null;
      if (route !== undefined && issued !== null && route.session !== "starts") {
        throw new TypeError(`${operation} answers a grant: its route must say session: "starts"`);
      }
      if (route?.session === "starts" && issued === null && isObject && "session" in result) {
        throw new TypeError(`${operation} must answer the grant itself: a copy has lost its cookie`);
      }
      return result;
    } catch (cause) {
      if (cause instanceof AuthError) throw cause;
      throw new AuthError("internal", { reference: base32(platform.random(10)) }, { cause });
    }
  };
}

/** The checks that no option can change. */
function check(definition: {
  readonly name: string;
  readonly calls: object;
  readonly routes: object;
  readonly errors?: object;
  readonly events?: object;
  readonly create: unknown;
}): void {
  const { name, calls, routes, errors, events, create } = definition;
  if (!/^[a-z][A-Za-z0-9]{0,31}$/.test(name)) {
    throw wrong("name must be a small letter, then up to 31 letters and digits");
  }
  if (typeof create !== "function") throw wrong("create must be a function");
  for (const [method, call] of Object.entries(calls)) {
    const row = Object.hasOwn(routes, method)
      ? (routes as Readonly<Record<string, object>>)[method]
      : undefined;
    if (row === undefined) throw wrong(`routes.${method} is missing`);
    checkRoute(method, String(call), row);
  }
  for (const [code, row] of Object.entries(errors ?? {})) checkError(code, row);
  for (const [event, level] of Object.entries(events ?? {})) {
    if (!/^[A-Za-z]{1,64}$/.test(event) || !["debug", "info", "warn", "error"].includes(level)) {
      throw wrong(`events.${event} must be letters, with "debug", "info", "warn" or "error"`);
    }
  }
}

function wrong(what: string): TypeError {
  return new TypeError(`definePlugin: ${what}`);
}

function checkRoute(method: string, call: string, row: object): void {
  const { session, reply, status }: { readonly [K in "session" | "reply" | "status"]?: unknown } = row;
  if (!/^(GET|POST|PUT|PATCH|DELETE) (\/:?[A-Za-z0-9_-]+)+$/.test(call)) {
    throw wrong(`calls.${method} must be a method and a path, like "POST /sms/start"`);
  }
  if (call.startsWith("GET ") && session !== undefined) {
    throw wrong(`routes.${method}.session cannot be: any page may send a browser to a GET`);
  }
  if ((reply === "redirect") !== (status === 303)) {
    throw wrong(`routes.${method}: a redirect, and nothing else, has the status 303`);
  }
}

function checkError(code: string, row: unknown): void {
  const [status, sentence] = Array.isArray(row) ? row : [];
  const told = Number.isInteger(status) && status >= 400 && status < 600 && typeof sentence === "string";
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(code) || !told) {
    throw wrong(`errors.${code} must be a snake_case code with [a status of 400 to 599, a sentence]`);
  }
}

/** The same names, under that of the plug-in. */
function under<T>(name: string, rows: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(rows).map(([key, value]) => [`${name}.${key}`, value]));
}

/** A report whose paths begin at the plug-in. */
function scoped(report: Report, name: string): Report {
  const at = (path: string) => path === "" ? `plugins.${name}` : `plugins.${name}.${path}`;
  return {
    add: (path, message) => report.add(at(path), message),
    object: (path, value, members) => report.object(at(path), value, members),
    duration: (path, value, range) => report.duration(at(path), value, range),
    integer: (path, value, range) => report.integer(at(path), value, range),
    flag: (path, value, fallback) => report.flag(at(path), value, fallback),
    word: (path, value, words, fallback) => report.word(at(path), value, words, fallback),
    settle: report.settle,
  };
}
