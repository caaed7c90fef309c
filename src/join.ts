import type { Report } from "./base/report.ts";
import { loaded } from "./base/lazy.ts";
import type { Call, Mails, Place } from "./contract.ts";
import type { Core } from "./core/core.ts";
import { checked, type Endpoint, local, type Method, type Run, unrouted } from "./endpoint.ts";
import { AuthError } from "./errors.ts";
import type { AuthOptions, Settings } from "./options.ts";
import { overridesOf, type Replaced, unknownOverrides } from "./options/overrides.ts";

/** What of a feature matters for joining it: its types are checked where it is written. */
export interface Loose {
  readonly calls: object;
  readonly routes: object;
  readonly mails?: Mails;
  readonly notices?: Mails;
  /** Of a plug-in: notes why it does not fit in with those before it. */
  fit?(place: Place, report: Report): void;
  settings(options: unknown, report: Report, origin: string): unknown;
  create(core: Core, settings: unknown): object;
}

/** A feature that is on, its options checked. */
export interface Joined {
  readonly name: string;
  readonly calls: Readonly<Record<string, Call>>;
  readonly routes: Readonly<Record<string, Endpoint["route"]>>;
  /** The application's own functions in place of its methods. */
  readonly replaced: Replaced;
  readonly create: (core: Core) => Readonly<Record<string, Method>>;
}

/** All methods by feature, and all endpoints. */
export interface Made {
  readonly methods: Readonly<Record<string, Readonly<Record<string, Method>>>>;
  readonly endpoints: readonly Endpoint[];
}

/** Features by name: `always` are on, whatever the options say; of `chosen` those that they name. */
export interface Features {
  readonly always: object;
  readonly chosen: object;
}

/** How the mails of all features are worded. One of a feature that is off may be replaced too: it may be on elsewhere. */
export function mailsOf(
  { always, chosen }: Features,
  { plugins }: AuthOptions,
  { email }: Settings,
  report: Report,
): Mails {
  const added = Array.isArray(plugins) ? plugins.map((plugin) => plugin?.feature) : []; // the others are noted
  const features: readonly Partial<Loose>[] = Object.values({ ...always, ...chosen });
  const all = [...features, ...added].flatMap((feature) => [feature?.mails, feature?.notices]);
  const mails: Mails = Object.fromEntries(
    Object.entries<Mails[string]>(Object.assign({}, ...all)).map(([kind, words]) =>
      [kind, typeof words === "function" ? loaded(words) : words] as const
    ),
  );
  for (const kind of Object.keys(email?.templates ?? {})) {
    if (Object.hasOwn(mails, kind)) continue;
    const known = Object.keys(mails).toSorted().join(", ");
    report.add(`email.templates["${kind}"]`, `is no kind of mail. There are: ${known}`);
  }
  return mails;
}

/** The features that are on, with their options checked, and the plug-ins. */
export function featuresOf(
  { always, chosen }: Features,
  options: AuthOptions,
  { origin }: Settings,
  report: Report,
): readonly Joined[] {
  const on: (readonly [string, Loose, unknown])[] = [];
  const all = Object.entries({ ...always, ...chosen } as Record<string, Loose>);
  for (const [name, feature] of all) {
    const given = (options as unknown as Readonly<Record<string, unknown>>)[name];
    if (Object.hasOwn(chosen, name) && (given === undefined || given === false)) continue;
    on.push([name, feature, given]);
  }
  const names = on.map(([name]) => name).filter((name) => name !== UNNAMED);
  const replaced = overridesOf(options.overrides, names, report);
  const plugins = pluginsOf(all, options.plugins, report);
  return [...on, ...plugins].map(([name, feature, given]): Joined => {
    const settings = feature.settings(given, report, origin);
    if (feature.mails && options.email === undefined) {
      const line = 'email: { from: "dev@example.com", send: (m) => console.log(m.text) }';
      report.add("email", `is needed by ${name}. For development: ${line}`);
    }
    return {
      name,
      calls: feature.calls as Joined["calls"],
      routes: feature.routes as Joined["routes"],
      replaced: replaced[name] ?? {},
      create: (core) => feature.create(core, settings) as Readonly<Record<string, Method>>,
    };
  });
}

/** The plug-ins, each of which says itself whether it fits in. */
function pluginsOf(
  before: readonly (readonly [string, Loose])[],
  given: unknown,
  report: Report,
): readonly (readonly [string, Loose, undefined])[] {
  const all = [...before];
  const plugins: (readonly [string, Loose, undefined])[] = [];
  if (given !== undefined && !Array.isArray(given)) report.add("plugins", "must be a list of plug-ins");
  for (const [i, one] of (Array.isArray(given) ? given : []).entries()) {
    const { name, feature }: { readonly name?: string; readonly feature?: Loose } = Object(one);
    if (name === undefined || typeof feature?.fit !== "function") {
      report.add(`plugins[${i}]`, "must be a plug-in: what the function answers that definePlugin made");
      continue;
    }
    const calls = all.flatMap(([owner, { calls }]) =>
      Object.entries(calls).map(([method, call]) => [`${owner}.${method}`, call as Call] as const)
    );
    feature.fit({ names: all.map(([taken]) => taken), calls }, report);
    all.push([name, feature]);
    plugins.push([name, feature, undefined]);
  }
  return plugins;
}

const UNNAMED = "wellKnown"; // its methods have other names in your own code

/** The features' methods, each behind the same checks whichever way it is called, and their endpoints. */
export function made(features: readonly Joined[], core: Core, report: Report): Made {
  const all = features.map((feature) => ({ name: feature.name, ...madeOf(feature, core, report) }));
  report.settle();
  return {
    methods: Object.fromEntries(all.map(({ name, methods }) => [name, methods])),
    endpoints: all.flatMap(({ endpoints }) => endpoints),
  };
}

function madeOf({ name, calls, routes, replaced, create }: Joined, core: Core, report: Report) {
  const methods: Record<string, Method> = {};
  const endpoints: Endpoint[] = [];
  const { ready } = core.foundation;
  const created = Object.entries(create(core));
  unknownOverrides(name, replaced, created.map(([key]) => key), report);
  for (const [key, method] of created) {
    const call = calls[key];
    const route = routes[key];
    const own = replaced[key];
    if (call === undefined || route === undefined) {
      const run = unrouted(method, ready);
      methods[key] = own === undefined ? run : unrouted((input) => own(input, run), ready);
      continue;
    }
    const original = checked(route, method, ready);
    const run = own === undefined
      ? original
      : checked(route, async (input) => told(await own(input, local(original)), route, core), ready);
    const operation = `${name}.${key}`;
    const seen = watched(run, operation, route, core);
    // What the application puts in its place may ask, whatever the method itself does.
    const asksWhere = own !== undefined || route.anywhere !== true;
    endpoints.push({ name: operation, call, route, asksWhere, run: seen });
    methods[key] = local(seen);
  }
  return { methods, endpoints };
}

/** Tells of sign-ins that are refused, whichever way they were tried. What was merely misspelt is none. */
function watched(run: Run, operation: string, { session }: Endpoint["route"], { events }: Core): Run {
  if (session !== "starts") return run;
  return async (sent, caller) => {
    try {
      return await run(sent, caller);
    } catch (error) {
      if (error instanceof AuthError && error.status < 500 && error.code !== "input_invalid") {
        const { code, details: { remedy: why } = {} } = error;
        events.emit("signIn.failed", { operation, code, ...(why !== undefined && { why }) }, caller.client);
      }
      throw error;
    }
  };
}

/** A copy of a grant has lost its cookie: nobody would be signed in, and nobody would know why. Where no session starts, who asks was
 * not checked as one who gets a cookie. */
function told(result: unknown, { session }: Endpoint["route"], { signIn }: Core): unknown {
  if (typeof result !== "object" || result === null) return result;
  const issued = signIn.issued(result);
  if (session === "starts" ? "session" in result && issued === null : issued?.cookie) {
    throw new TypeError("an override answers the grant itself where a session starts, and none elsewhere");
  }
  return result;
}
