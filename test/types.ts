// What must not compile, each under the sentence that it protects. `tsc -p .` is the test: an error that no longer comes is one.
import {
  type AccessToken,
  type Auth,
  AuthError,
  type AuthOptions,
  createAuth,
  type Driver,
  type ErrorCode,
  type Grant,
  type Plugin,
  type UpdateAccount,
  type User,
  type UserOf,
} from "../mod.ts";
import * as v from "valibot";
import { definePlugin, type PluginFactory } from "../src/doors/plugin.ts";
import type { BaseAuth, ChosenFeatures } from "../src/auth/face.ts";
import type { Calls, Feature, Route, Routes, Wire } from "../src/contract.ts";
import { createVerifier } from "../src/doors/verify.ts";
import { object, optional, text } from "../src/base/schema.ts";
import type { EmailOtp, EmailOtpVerify } from "../src/features/email_otp/contract.ts";
import type { Overrides } from "../src/options/overrides.ts";

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_ extends true>(): void {}

const base = { secret: "a-secret-of-32-characters-or-more", baseUrl: "https://app.example.com" } as const;
const email = { from: "no-reply@example.com", send: () => {} };
const driver = {} as Driver;

// A feature that is not named has no methods.
const bare = createAuth(base);
// @ts-expect-error emailOtp is off
bare.emailOtp;
holds<Equals<keyof typeof bare & "emailOtp", never>>();

// One that is named has them: `true` and an object name it.
createAuth({ ...base, email, emailOtp: true }).emailOtp.start;
createAuth({ ...base, email, emailOtp: { length: 8 } }).emailOtp.verify;

// `false` and undefined do not name it.
// @ts-expect-error what is switched off is left out
createAuth({ ...base, email, emailOtp: false });
// @ts-expect-error no member may be undefined on purpose
createAuth({ ...base, email, emailOtp: undefined });

// Options that are typed wide promise nothing.
const wide: AuthOptions = { ...base, email, emailOtp: true };
// @ts-expect-error it is only perhaps on
createAuth(wide).emailOtp;
const perhaps = wide as AuthOptions & { readonly emailOtp?: true };
// @ts-expect-error it is only perhaps on
createAuth(perhaps).emailOtp;
holds<Equals<Auth["sessions"], typeof bare.sessions>>();

// Unknown options do not compile.
// @ts-expect-error in a literal
const _options: AuthOptions = { ...base, trustedOrigin: ["https://a.example"] };
// @ts-expect-error within one
createAuth({ ...base, session: { tll: "1h" } });
// @ts-expect-error within another
createAuth({ ...base, emailOtp: { digits: 8 } });

// Hooks and overrides know what they get and what they may answer.
createAuth({
  ...base,
  email,
  emailOtp: true,
  hooks: {
    beforeSignIn: ({ user }) => user.roles.includes("guest") ? { deny: "guests stay outside" } : undefined,
    beforeSignUp: async ({ email }) => void await Promise.resolve(email?.length),
    afterSignIn: ({ session }) => session.amr.length,
  },
  overrides: {
    emailOtp: { start: (input, original) => original({ ...input, email: input.email.trim() }) },
    users: { create: async (input, original) => ({ ...await original(input), name: "nobody" }) },
  },
});
// @ts-expect-error a reason is a text
createAuth({ ...base, hooks: { beforeSignIn: () => ({ deny: true }) } });
// @ts-expect-error no such point
createAuth({ ...base, hooks: { beforeLunch: () => {} } });
// @ts-expect-error who signed up is not known before
createAuth({ ...base, hooks: { beforeSignUp: ({ user }) => void user } });
// @ts-expect-error no such operation
createAuth({ ...base, overrides: { users: { unite: () => {} } } });
// @ts-expect-error it answers something else
createAuth({ ...base, overrides: { users: { get: () => Promise.resolve("nobody") } } });
// Whatever is on has operations that can be replaced.
type AlwaysOn = Extract<
  keyof BaseAuth,
  "account" | "challenges" | "devices" | "mail" | "sessions" | "users"
>;
holds<Equals<keyof Overrides, keyof ChosenFeatures | AlwaysOn>>();

// Durations have a unit, or are seconds.
createAuth({ ...base, session: { ttl: "30d", idleTtl: 3600 } });
// @ts-expect-error no such unit
createAuth({ ...base, session: { ttl: "1w" } });
// @ts-expect-error no unit
createAuth({ ...base, session: { ttl: "30" } });

// A driver of ours, or of unstorage: whether that can be given an atomic swap is seen when it runs.
createAuth({ ...base, storage: driver });
const { swap: _, ...withoutSwap } = driver;
createAuth({ ...base, storage: withoutSwap, allowUnsafeStorage: "single-process" });
// @ts-expect-error nothing can be read from it
createAuth({ ...base, storage: { path: "auth.db" } });
// @ts-expect-error what is consented to is named
createAuth({ ...base, storage: driver, allowUnsafeStorage: true });

// The fields of `users.fields` are typed in every reply; each is absent until it is set.
const fields = v.object({ plan: v.picklist(["free", "pro"]), theme: v.optional(v.string()) });
const withFields = createAuth({ ...base, email, emailOtp: true, password: true, users: { fields } });
type Mine = User & { readonly plan?: "free" | "pro"; readonly theme?: string | undefined };
async function told(request: Request): Promise<void> {
  const { user } = await withFields.requireSession(request);
  const plan: "free" | "pro" | undefined = user.plan;
  const grant = await withFields.emailOtp.verify({ challengeId: "c", code: "1" });
  const same: (Mine | null)[] = [grant.user, user, await withFields.users.get({ id: "u" })];
  await withFields.account.update({ userId: "u", name: null, plan: "pro", theme: null });
  await withFields.users.create({ email: "ada@example.com", plan: "free" });
  const step = await withFields.password.signUp({ email: "ada@example.com", password: "p", plan: "pro" });
  if (!("challenge" in step)) same.push(step.user);
  same.push((await withFields.password.verifySignUp({ challengeId: "c", code: "1" })).user);
  // @ts-expect-error no such plan
  await withFields.password.signUp({ email: "ada@example.com", password: "p", plan: "gold" });
  // @ts-expect-error nobody gives roles to themselves
  await withFields.password.signUp({ email: "ada@example.com", password: "p", roles: ["admin"] });
  // @ts-expect-error no such plan
  await withFields.users.update({ id: "u", plan: "gold" });
  // @ts-expect-error no such field
  await withFields.account.update({ userId: "u", plam: "pro" });
  // @ts-expect-error what is ours is not changed so
  await withFields.users.update({ id: "u", email: "eve@example.com" });
  // @ts-expect-error without users.fields there are none
  await bare.users.update({ id: "u", plan: "pro" });
  // @ts-expect-error nor are there any in replies
  (await bare.requireSession(request)).user.plan;
  void [plan, same];
}
const byHand = { "~standard": { validate: () => Promise.resolve({ value: { age: 4 } }) } };
holds<Equals<UserOf<{ users: { fields: typeof byHand } }>, User & Readonly<Partial<{ age: number }>>>>();
holds<Equals<UserOf<AuthOptions>, User>>();
// @ts-expect-error it validates nothing
createAuth({ ...base, users: { fields: { plan: "string" } } });

// A verifier names its audience, and only algorithms that have a public key.
const issuer = "https://app.example.com";
createVerifier({ issuer, audience: issuer, algorithms: ["EdDSA", "RS512"] });
// @ts-expect-error for whom
createVerifier({ issuer });
// @ts-expect-error what is published is no secret
createVerifier({ issuer, audience: issuer, algorithms: ["HS256"] });
// @ts-expect-error yes or no
createVerifier({ issuer, audience: issuer, isRevoked: () => undefined });
async function claims(): Promise<readonly string[]> {
  const { userId, sessionId, roles, plan } = await createVerifier({ issuer, audience: issuer }).verify("");
  // @ts-expect-error what jwt.claims added may be anything
  plan.length;
  return [userId, sessionId, ...roles];
}

// What was given is never changed: options and replies are read-only.
const auth = createAuth({ ...base, email, emailOtp: true, storage: driver });
async function replies(grant: Grant): Promise<void> {
  const { user, session } = await auth.getSession(new Headers());
  // @ts-expect-error a reply is not changed
  grant.user.email = "eve@example.com";
  // @ts-expect-error nor what is in it
  grant.session.amr.push("pwd");
  // Nobody is null in both places at once.
  if (user !== null) session.id.length;
  // @ts-expect-error nobody may be signed in
  user.id;
  (await auth.requireSession(new Headers())).user.id.length;
}

// A method says who calls where that matters.
async function callers(): Promise<void> {
  // @ts-expect-error whose sessions
  await auth.sessions.list({});
  // @ts-expect-error whose account
  await auth.account.get({ sessionId: "s" });
  // @ts-expect-error which session
  await auth.sessions.end({ userId: "u" });
  // @ts-expect-error a cookie or a bearer
  await auth.sessions.create({ userId: "u", session: "both" });
  // @ts-expect-error the code
  await auth.emailOtp.verify({ challengeId: "c" });
  await auth.sessions.signOut({});
}

// The wire cannot say who is calling.
holds<Equals<Wire<EmailOtpVerify>, Omit<EmailOtpVerify, "userId" | "sessionId" | "client">>>();
// @ts-expect-error a caller on the wire
const _caller: keyof Wire<EmailOtpVerify> = "userId";

// A schema has each member of its type, and no other, and each of its type.
interface Pair {
  readonly a: string;
  readonly b?: string | undefined;
}
object<Pair>({ a: text(ID), b: optional(text(ID)) });
// @ts-expect-error one too few
object<Pair>({ a: text(ID) });
// @ts-expect-error one too many
object<Pair>({ a: text(ID), b: optional(text(ID)), c: text(ID) });
// @ts-expect-error of another type
object<Pair>({ a: optional(text(ID)), b: optional(text(ID)) });

// Forgetting to protect a route does not compile: a method that needs a user cannot be open to anyone.
type Own = { mine(input: { readonly userId: string }): Promise<void> };
const row = { summary: "", input: object<Record<never, never>>({}), status: 204, errors: [] } as const;
const _mine: Routes<Own> = { mine: { ...row, access: "session" } };
// @ts-expect-error open to anyone
const _open: Routes<Own> = { mine: { ...row, access: "anyone" } };
// @ts-expect-error a session that is only looked at
const _looked: Routes<Own> = { mine: { ...row, access: "optional" } };

// A route that does not answer a grant cannot set a cookie; one that does cannot clear it.
// @ts-expect-error there is nothing to set
const _sets: Routes<Own> = { mine: { ...row, access: "session", session: "starts" } };
// @ts-expect-error it begins a session
const _ends: Route<EmailOtpVerify, Grant>["session"] = "ends";

// An idempotent route keeps no reply that lets somebody in.
const _kept: Route<UpdateAccount, User>["idempotent"] = true;
const _nothing: Route<UpdateAccount, void>["idempotent"] = true;
// @ts-expect-error it begins a session
const _grant: Route<EmailOtpVerify, Grant>["idempotent"] = true;
// @ts-expect-error it is a token
const _token: Route<UpdateAccount, AccessToken>["idempotent"] = true;
// @ts-expect-error there are codes in it, however deep
const _codes: Route<UpdateAccount, { items: readonly { recoveryCodes: string[] }[] }>["idempotent"] = true;
// @ts-expect-error perhaps there is a seed in it
const _seed: Route<UpdateAccount, { seed?: string } | null>["idempotent"] = true;

// Each method has its address and its route; no other has.
const _calls: Calls<EmailOtp> = { start: "POST /a", verify: "POST /b" };
// @ts-expect-error one is missing
const _few: Calls<EmailOtp> = { start: "POST /a" };
// @ts-expect-error one too many
const _many: Calls<EmailOtp> = { start: "POST /a", verify: "POST /b", resend: "POST /c" };
// @ts-expect-error an address is a method and a path
const _path: Calls<EmailOtp> = { start: "/a", verify: "POST /b" };
// @ts-expect-error a feature without its routes
const _feature: Feature<EmailOtp, object, true, object> = {
  calls: _calls,
  settings: () => ({}),
  create: () => auth.emailOtp,
};

// The methods of a plug-in are there by its name, and no others.
interface Greeter {
  greet(input: { readonly name: string }): Promise<{ readonly greeting: string }>;
  secretly(input: { readonly userId: string }): Promise<string>;
}
const greeter: PluginFactory<"greeter", Greeter, { readonly loud: boolean }> = definePlugin({
  name: "greeter",
  calls: { greet: "POST /greet" },
  routes: {
    greet: {
      summary: "",
      access: "anyone",
      input: object<{ readonly name: string }>({ name: text(ID) }),
      status: 200,
      errors: ["greeter.asleep"],
    },
  },
  errors: { asleep: [503, "It is asleep."] },
  options: ({ loud }: { readonly loud: boolean }, report) => ({ loud: report.flag("loud", loud, false) }),
  create: (tools, { loud }): Greeter => ({
    greet({ name }) {
      if (loud) throw tools.error("asleep");
      // @ts-expect-error it has no such error
      tools.error("awake");
      // @ts-expect-error it has no way to the store
      void tools.store;
      return Promise.resolve({ greeting: name });
    },
    secretly: ({ userId }) => Promise.resolve(userId),
  }),
});
const greeted = createAuth({ ...base, plugins: [greeter({ loud: true })] });
holds<Equals<typeof greeted.greeter, Greeter>>();
// @ts-expect-error no such plug-in
greeted.farewell;
// @ts-expect-error it must be called with its options
createAuth({ ...base, plugins: [greeter] });
// @ts-expect-error its options are not optional
greeter();
// @ts-expect-error nor of another type
greeter({ loud: 5 });
// A list that is typed wide promises nothing.
const several: readonly Plugin[] = [greeter({ loud: true })];
// @ts-expect-error it is only perhaps there
createAuth({ ...base, plugins: several }).greeter;
// Its events have its name.
greeted.on("greeter.greeted", ({ event, at }) => void [event, at]);
greeted.on("user.created", ({ userId }) => void userId.length);
// @ts-expect-error there is no such event
greeted.on("farewell.said", () => {});
interface Owned {
  mine(input: { readonly userId: string }): Promise<void>;
}
definePlugin({
  name: "a",
  calls: { mine: "POST /a" },
  // @ts-expect-error a route that is open to anyone, of a method that needs a user
  routes: { mine: { ...row, access: "anyone" } },
  create: (): Owned => ({ mine: () => Promise.resolve() }),
});
// A code of one's own has a dot.
new AuthError("app.blocked", undefined, { row: [403, "Not here."] });

// An error has a code of the table.
const _error = new AuthError("code_invalid", { attemptsLeft: 4 });
// @ts-expect-error no such code
new AuthError("no_such_thing");
// @ts-expect-error no such detail
new AuthError("code_invalid", { attempts: 4 });
holds<Equals<AuthError["code"], ErrorCode>>();
// @ts-expect-error an error is not changed
_error.code = "internal";

declare const ID: { readonly min: number; readonly max: number };
export const checked: readonly unknown[] = [
  told,
  _kept,
  _nothing,
  replies,
  claims,
  callers,
  _options,
  _mine,
  _open,
  _looked,
  _sets,
  _ends,
];
