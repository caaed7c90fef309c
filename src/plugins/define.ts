import { base32 } from "../base/encoding.ts";
import type { Report } from "../base/report.ts";
import type { Place } from "../contract.ts";
import type { Core } from "../core/core.ts";
import { AuthError, type ErrorRow } from "../errors.ts";
import { checkDefinition, ownHooks } from "./checks.ts";
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
  const { calls, routes: checked } = checkDefinition(definition);
  const rows = under<ErrorRow>(name, definition.errors ?? {});
  const routes = Object.fromEntries(
    Object.entries<Row>(checked).map(([method, route]) => [method, { ...route, rows }]),
  );
  return (...[options]) => ({
    name,
    feature: {
      calls,
      routes,
      ...(definition.mails && { mails: under(name, definition.mails) }),
      fit: (place: Place, report: Report) => fit(name, calls, place, report),
      settings(_: unknown, report: Report) {
        const settings = definition.options?.(options as Options, scoped(report, name));
        // What it would note later nobody would hear of any more.
        if (settings instanceof Promise) {
          throw new TypeError(`options of the plug-in ${name} must not be async`);
        }
        return settings;
      },
      create(core: Core, settings: Settings) {
        const tools = toolsOf(definition, core);
        core.events.add(under(name, definition.events ?? {}));
        if (definition.hooks !== undefined) core.hooks.add(ownHooks(name, definition.hooks(tools, settings)));
        const methods = Object.entries(definition.create(tools, settings)) as [string, Method][];
        for (const key of Object.keys(calls)) {
          if (!methods.some(([method, made]) => method === key && typeof made === "function")) {
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
