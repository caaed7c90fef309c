import type { Report } from "./base/report.ts";
import type { Schema } from "./base/schema.ts";
import type { ErrorCode, ErrorRow } from "./errors.ts";
import type { ClientInfo, Grant, MailWordings, Page, Redirect } from "./model.ts";

/** Members of a method's input that a route takes from the request, and that the wire can never say. */
export interface Caller {
  /** Id of the signed-in user. */
  readonly userId: string;
  /** Id of the session that the request came with. */
  readonly sessionId: string;
  /** Where the request came from. */
  readonly client: ClientInfo;
}

/** A {@link Caller} of whom nothing need be known. */
export type MaybeCaller = { readonly [K in keyof Caller]?: Caller[K] | undefined };

/** What of a method's input travels on the wire. */
export type Wire<I> = I extends unknown ? Omit<I, keyof Caller> : never;

/** Where a method is reached: what both sides of the wire know. `:id` in a path is the input's member `id`. */
export type Call = `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;

/** One address per method of `M`. */
export type Calls<M> = { readonly [K in keyof M]: Call };

/** What a route is limited as: it starts something, a page asks it whenever somebody looks, it proves something, or it trades one
 * token for the next. */
export type LimitKind = "start" | "page" | "proof" | "refresh";

/** How a method is reached: what only the server knows. Data, no code of its own. */
export interface Route<I, O> {
  /** One sentence for the documents. */
  readonly summary: string;
  /** What travels. */
  readonly input: Schema<Wire<I>>;
  /** Who may call: `anyone`, `session` for whoever is signed in, or `optional`: the session is looked at, if there is one. A method
   * that needs a user cannot be open to anyone. */
  readonly access: I extends { readonly userId: string } ? "session" : "anyone" | "optional" | "session";
  /** What the reply does to the session cookie: `starts` sets that of the grant, `ends` clears it. */
  readonly session?: O extends Grant ? "starts" : "ends";
  /** The member of the input that names a session to keep: where it is the caller's own, the cookie stays. */
  readonly keeps?: keyof Wire<I>;
  /** What a client is counted for: `start`, `page`, `proof` or `refresh`. Only what reads, or ends sessions, goes uncounted. */
  readonly limit?: LimitKind;
  /** `all`: access tokens for any of `audiences` count; without it, those for the usual audience alone. */
  readonly audiences?: "all";
  /** The HTTP status of success. 201 in place of 200 where a grant made the account. */
  readonly status: 200 | 201 | 204 | 303;
  /** `true` where it may answer, in place of a grant, with a step that waits: that is told with the status 202. */
  readonly pends?: true;
  /** How the result is told: as `json`, unless it is a {@link Grant} (`grant`), a {@link Page} (`page`) or a {@link Redirect}
   * (`redirect`, with the status 303). */
  readonly reply?: O extends Page ? "page"
    : O extends Redirect ? "redirect"
    : O extends Grant ? "grant"
    : "json";
  /** `true` where it may mail somebody: then `client.locale` says in which language. Of a page it says that too. */
  readonly mails?: true;
  /** What it does with a step by link: it `begins` one, and the browser keeps the `challengeId` in the link cookie, unless its `session`
   * is to be carried otherwise; or it `follows` one, and `client.links` says which ones the browser has begun. */
  readonly links?: "begins" | "follows";
  /** `true` where it is nothing to the method where a request comes from: over the wire, its `client` says no more than the
   * request's id, unless the request is counted or the application has replaced the method. */
  readonly anywhere?: true;
  // Those of built-in operations stand in `features/outputs.ts`, which few processes load.
  /** What the reply looks like, for the OpenAPI document. A grant need not say it. */
  readonly output?: Schema<O>;
  /** `true`: a request with an `Idempotency-Key` runs once, and its reply is kept for whoever sends it again. Does not compile where
   * the reply holds a token, code or seed, as one that starts a session does: nothing of that is kept. */
  readonly idempotent?: [Extract<MembersOf<O>, SecretMember>] extends [never] ? true : never;
  /** `true` where its path is below the origin itself and not below `basePath`: where a standard says so. */
  readonly atRoot?: true;
  /** How long others may keep the reply, in seconds. Without it nobody may. */
  readonly maxAge?: number;
  /** What it may answer besides what any route may. */
  readonly errors: readonly ErrorCode[];
}

/** The names of all members of a reply, however deep. */
export type MembersOf<T> = T extends readonly (infer E)[] ? MembersOf<E>
  : T extends object ? { [K in keyof T]-?: K | MembersOf<T[K]> }[keyof T]
  : never;

/** What members are called that let somebody in. */
export type SecretMember =
  | ("token" | "tokens" | "code" | "codes" | "seed" | "secret")
  | `${string}${"Token" | "Tokens" | "Code" | "Codes" | "Seed" | "Secret"}`;

/** One route per method of `M`: leaving one out, or adding one, does not compile. */
export type Routes<M> = {
  readonly [K in keyof M]: M[K] extends (input: infer I) => Promise<infer O> ? Route<I, O> : never;
};

/** A route of which only the data matters. */
export type AnyRoute =
  & Omit<Route<never, unknown>, "input" | "output" | "access" | "session" | "idempotent" | "keeps" | "reply">
  & {
    readonly input: Schema<object>;
    readonly output?: Schema<unknown>;
    readonly access: "anyone" | "optional" | "session";
    readonly session?: "starts" | "ends";
    readonly idempotent?: true;
    readonly keeps?: string;
    readonly reply?: "json" | "grant" | "page" | "redirect";
    /** Failures of a plug-in's own, by their whole codes. */
    readonly rows?: Readonly<Record<string, ErrorRow>>;
  };

/** Kinds of mail, and how each is worded, or what loads that when the first one is sent. A template gets the data that its mails
 * are sent with. */
export type Mails = Readonly<Record<string, MailWordings<never> | (() => Promise<MailWordings<never>>)>>;

/** A plug-in with its options, as `plugins` takes it. `M` is the interface of its methods. */
export interface Plugin<Name extends string = string, M = unknown> {
  /** Its name: `auth.{name}`. */
  readonly name: Name;
  /** What `createAuth` makes of it. */
  readonly feature: object;
  /** Never there: it says what its methods are. */
  readonly methods?: M;
}

/** What stands before a plug-in: the names that are taken, and the addresses. */
export interface Place {
  readonly names: readonly string[];
  readonly calls: readonly (readonly [operation: string, call: Call])[];
}

/** The plug-ins that `O` names. */
export type PluginsOf<O> = O extends { readonly plugins: readonly (infer P extends Plugin)[] } ? P : never;

/** The methods of the plug-ins that `O` names, by the plug-in's name, and their events. One whose name is not known (a widened
 * type) does not count. */
export type PluginMethods<O> = [PluginsOf<O>] extends [never] ? unknown
  :
    & {
      readonly [P in PluginsOf<O> as string extends P["name"] ? never : P["name"]]: NonNullable<P["methods"]>;
    }
    & {
      readonly on: (
        event: `${PluginsOf<O>["name"]}.${string}`,
        listener: (event: PluginEvent) => void | Promise<void>,
      ) => () => void;
    };

/** An event of a plug-in, with fields of its own. */
export interface PluginEvent {
  /** Its name: `{plugin}.{event}`. */
  readonly event: string;
  /** When. ISO 8601, UTC. */
  readonly at: string;
  /** What it tells. */
  readonly [field: string]: unknown;
}

/** A way of signing in, or anything else with methods and routes. Built-in and foreign ones look the same.
 * `Local` names the methods that have no route. */
export interface Feature<M, Core, Options, Settings, Local extends keyof M = never> {
  /** Where each method is reached. */
  readonly calls: Calls<Omit<M, Local>>;
  /** How each method is reached. */
  readonly routes: Routes<Omit<M, Local>>;
  /** The mails that it sends, by kind, and how they are worded. Whoever sends any needs the option `email`. */
  readonly mails?: Mails;
  /** Those that tell the owner of an account what was done to it: they go out where the option `email` is set. */
  readonly notices?: Mails;
  /** Checks the options and fills in what was not said. `origin` is that of `baseUrl`. */
  readonly settings: (options: Options, report: Report, origin: string) => Settings;
  /** Makes the methods. */
  readonly create: (core: Core, settings: Settings) => M;
}
