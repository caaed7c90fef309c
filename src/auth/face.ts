import type { Duration } from "../base/duration.ts";
import type { PluginMethods } from "../contract.ts";
import type { Listener } from "../core/events.ts";
import type { Explanation } from "../core/explain.ts";
import type { Rotation } from "../core/signing_keys.ts";
import type { SweepOptions, Swept } from "../core/sweep.ts";
import type { EventName } from "../events.ts";
import type { Account } from "../features/account/contract.ts";
import type { Challenges } from "../features/challenges/contract.ts";
import type { Devices } from "../features/devices/contract.ts";
import type { EmailOtp } from "../features/email_otp/contract.ts";
import type { Key } from "../features/key/contract.ts";
import type { MagicLink } from "../features/magic_link/contract.ts";
import type { Mail } from "../features/mail/contract.ts";
import type { Passkey } from "../features/passkey/contract.ts";
import type { Password } from "../features/password/contract.ts";
import type { Sessions } from "../features/sessions/contract.ts";
import type { Users } from "../features/users/contract.ts";
import type { Health, KeySet } from "../features/well_known/contract.ts";
import type { Grant, OpenApi, OwnLimit, SignedIn, SignedOut, User, WithinLimit } from "../model.ts";
import type { AuthOptions } from "../options.ts";
import type { FieldsSchema } from "../options/users.ts";

/** The methods of each feature that is on only where the options name it. */
export interface ChosenFeatures<U extends User = User> {
  /** Signing in with a code sent by e-mail. */
  readonly emailOtp: EmailOtp<U>;
  /** Signing in with key pairs. */
  readonly key: Key<U>;
  /** Signing in by a link sent by e-mail. */
  readonly magicLink: MagicLink<U>;
  /** Signing in with passkeys. */
  readonly passkey: Passkey<U>;
  /** Signing in with a password. */
  readonly password: Password<U>;
}

/** A user as `O` has them: with the fields of `users.fields`, each of which is absent until it is set. */
export type UserOf<O> = O extends { readonly users: { readonly fields: FieldsSchema<infer Fields> } }
  ? User & Readonly<Partial<Fields>>
  : User;

/** The features that `O` names. One that is only perhaps named (a widened type) does not count. */
export type Chosen<O> = { [K in keyof O & keyof ChosenFeatures]: O[K] extends true | object ? K : never }[
  & keyof O
  & keyof ChosenFeatures
];

/** What is known of the connection that a request came over. */
export interface Connection {
  /** What the server tells of it, as the handler takes it. Who is signed in does not depend on it. */
  readonly info?: unknown;
}

/** What a session must be besides alive. */
export interface Requirements {
  /** How long ago the user may have signed in. */
  readonly freshWithin?: Duration;
  /** How the user must have signed in: all of these (RFC 8176). */
  readonly amr?: readonly string[];
  /** For whom the session's access tokens must be, one of `audiences`: what it was bound to when the user signed in, however it is
   * carried. Without it, a bearer token must be for `jwt.audience`. */
  readonly audience?: string;
  /** As for `getSession`. */
  readonly info?: unknown;
}

/** What every `createAuth` returns, for users with the fields of `U`. All functions are bound: they can be passed around. */
export interface BaseAuth<U extends User = User> {
  /** The origin of `baseUrl`. */
  readonly origin: string;
  /** Answers every request under `basePath`. `info` is what the server tells of the connection, for `clientIp`: Deno's
   * `ServeHandlerInfo`, Bun's `Server`, `{ remoteAddress }`, or whatever a function of yours reads. Never throws. */
  readonly handler: (request: Request, info?: unknown) => Promise<Response>;
  /** Who a request is signed in as, by cookie or bearer token; nobody, for whatever is wrong with those. A request that changes
   * something (not GET, HEAD or OPTIONS) and brings the cookie counts only from an origin that is ours or trusted; of headers
   * alone that cannot be asked.
   * @throws {AuthError} only what the store throws (and what a `trustedOrigins` of your own does)
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.getSession(request);
   * if (user === null) return Response.redirect("/sign-in");
   * ``` */
  readonly getSession: (request: Request | Headers, options?: Connection) => Promise<SignedIn<U> | SignedOut>;
  /** Who a request is signed in as, judged as by `getSession`.
   * @throws {AuthError} `unauthenticated`, `token_invalid`, `token_expired`, `session_ended`, `origin_forbidden`, `step_up_required`
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.requireSession(request, { freshWithin: "10m" });
   * ``` */
  readonly requireSession: (request: Request | Headers, requirements?: Requirements) => Promise<SignedIn<U>>;
  /** Why a request is, or is not, signed in: what was found, what decides, and what to do about it. Nothing in it is secret, but it
   * tells whose session it is: it is for your own eyes, and not for a reply.
   * @throws {AuthError} nothing of ours: a store that fails is one of the causes
   * @example Usage
   * ```ts ignore
   * const { cause, message, remedy } = await auth.explain(request);
   * console.log(`${cause}: ${message} ${remedy}`);
   * ``` */
  readonly explain: (request: Request | Headers, connection?: Connection) => Promise<Explanation>;
  /** Runs one of your own routes once for each `Idempotency-Key` (or `X-Idempotency-Key`), however often the request is sent, at
   * whichever server: whoever sends it again within 5 minutes gets the first reply, with `Idempotency-Replayed: true`. Without a key
   * it just runs. A key belongs to the signed-in user, the method and the path; without a user to everybody who knows it, so it
   * must then be long and random. To be called before the body is read, which stays to be read, and ends within 5 minutes.
   * A reply of 2xx is kept: its status, its body of at most 30 KiB, and the headers that describe it, never a cookie. A larger one is
   * not told again, and not made again either. Any other reply, or a throw, says that nothing was done: the next request runs.
   * @throws {AuthError} `request_in_progress` (`details.retryAfter`, in seconds) while it runs, and where its server died meanwhile;
   * `idempotency_conflict` for a key that another request had, `input_invalid`, `body_too_large` past 1 MiB, `request_timeout`;
   * whatever `run` throws
   * @example Usage
   * ```ts ignore
   * const response = await auth.idempotent(request, async () => {
   *   const order = await placeOrder(await request.json());
   *   return Response.json(order, { status: 201 });
   * });
   * ``` */
  readonly idempotent: (request: Request, run: () => Response | Promise<Response>) => Promise<Response>;
  /** The `Set-Cookie` values that carry a grant to a browser: the session, and what the device is known again by. None for a bearer
   * grant. For sign-ins made by method.
   * @throws {AuthError} `input_invalid` for anything but the very object that a method answered
   * @example Usage
   * ```ts ignore
   * const grant = await auth.emailOtp.verify({ challengeId, code });
   * for (const value of auth.cookies(grant)) headers.append("Set-Cookie", value);
   * ``` */
  readonly cookies: (grant: Grant) => readonly string[];
  /** The `Set-Cookie` values that take the session from a browser. The device stays known: only `endAll` and its like end that. */
  readonly clearCookies: () => readonly string[];
  /** Counts a request for a route of your own, by one swap of the store: by the client's address, or by whatever `key` says.
   * @throws {AuthError} `rate_limited` (`details.retryAfter`, in seconds) where there were too many; `input_invalid`; what the store
   * throws where it cannot count
   * @example Usage
   * ```ts ignore
   * const { headers } = await auth.limit(request, { name: "search", limit: 30, per: "1m", info });
   * return Response.json(found, { headers });
   * ``` */
  readonly limit: (request: Request, limit: OwnLimit) => Promise<WithinLimit>;
  /** Sessions of users. */
  readonly sessions: Sessions<U>;
  /** What users do with their own account. */
  readonly account: Account<U>;
  /** Accounts, for the application's own server code. */
  readonly users: Users<U>;
  /** Steps that wait for something mailed. */
  readonly challenges: Challenges;
  /** The devices at which a password signs in without a code. */
  readonly devices: Devices;
  /** What becomes of mail. */
  readonly mail: Mail;
  /** The keys that sign access tokens. */
  readonly signingKeys: {
    /** The public ones, as a JWK Set (RFC 7517 section 5). */
    readonly jwks: () => Promise<KeySet>;
    /** Lets the next key sign at once, in place of after `jwt.rotateAfter`; what the one before signed is right until it expires.
     * With `revoke`, whatever was signed before is refused: here at once, by other processes on the store within a minute. However
     * many ask at once, it is done once; within five minutes of the last time only `revoke` does anything, for nobody else may
     * know the next key yet.
     * @throws {AuthError} `config_invalid` where the keys are your own
     * @example Usage
     * ```ts ignore
     * const { rotated, kid } = await auth.signingKeys.rotate({ revoke: true });
     * ``` */
    readonly rotate: (options?: { readonly revoke?: boolean | undefined }) => Promise<Rotation>;
  };
  /** What is known of the store. */
  readonly storage: {
    /** Whether its decisions hold within this process alone, or for every process that shares it. Of some adopted stores that
     * is known only after `ready()`; until then it is `"process"`. */
    readonly atomicity: "process" | "shared";
  };
  /** Resolves when the store answers and is ours. Without it, the first call finds out.
   * @throws {AuthError} `storage_unavailable`, `storage_unsafe`, `storage_corrupt`, `secret_unknown` */
  readonly ready: () => Promise<void>;
  /** Whether the store answers, asked anew each time.
   * @throws {AuthError} what it throws where it does not */
  readonly health: () => Promise<Health>;
  /** The document that describes all routes, in OpenAPI 3.1. It is made when it is first asked for.
   * @example Usage
   * ```ts ignore
   * const { paths } = await auth.openapi();
   * ``` */
  readonly openapi: () => Promise<OpenApi>;
  /** Goes through the whole store once, beside whatever else is going on, and removes what nobody needs: what expired more than an
   * hour ago, and what nothing leads to. Stores that expire entries by themselves need it rarely; others from a timer.
   * Afterwards everything that could be is sealed under the first secret, and the answer says what is not.
   * @throws {AuthError} `storage_unavailable` and its like; what was removed by then is gone, and the next sweep goes on
   * @example Usage
   * ```ts ignore
   * const { removed, sealedUnder } = await auth.sweep({ onProgress: ({ seen }) => console.log(seen) });
   * ``` */
  readonly sweep: (options?: SweepOptions) => Promise<Swept>;
  /** Calls a function for each event of a name, after what it tells has been written. What the function throws disturbs nobody, and
   * goes to the log. Returns a function that ends it.
   * @throws {AuthError} `input_invalid` for an event that there is not
   * @example Usage
   * ```ts ignore
   * const stop = auth.on("user.created", ({ userId }) => welcome(userId));
   * ``` */
  readonly on: <N extends EventName>(event: N, listener: Listener<N>) => () => void;
  /** Waits for mail that is under way, and lets go of the store. */
  readonly close: () => Promise<void>;
}

/** What `createAuth` returns: the methods of the features that `O` names, and those that are always there. */
export type Auth<O extends AuthOptions = AuthOptions> =
  & BaseAuth<UserOf<O>>
  & Pick<ChosenFeatures<UserOf<O>>, Chosen<O>>
  & PluginMethods<O>;
