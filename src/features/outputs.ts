import {
  described,
  flag,
  id,
  list,
  maybe,
  maybeText,
  object,
  oneOf,
  optional,
  type Schema,
} from "../base/schema.ts";
import type { AccessToken, Grant, MailedStep, Page, Session, SignedIn, User } from "../model.ts";
import type { Routed } from "./calls.ts";
import type { KeyInfo, KeyList, KeyStep } from "./key/contract.ts";
import type {
  AcceptedCredentials,
  PasskeyInfo,
  PasskeyList,
  PasskeySignInStep,
  RegistrationStep,
  RelatedOrigins,
} from "./passkey/contract.ts";
import type { DeviceInfo, DeviceList } from "./devices/contract.ts";
import type { GoodLink, SetAnew } from "./password/contract.ts";
import type { Ended, SessionList } from "./sessions/contract.ts";
import type { Health, KeySet } from "./well_known/contract.ts";

/** What each method of `M` answers over the wire; null: nothing, or a page. */
export type Outputs<M> = {
  readonly [K in keyof M]: M[K] extends (...input: never) => Promise<infer O>
    ? O extends void | Page ? null : Schema<O>
    : never;
};

/** The members of `T` by name: one that is missing or too many does not compile. Their values are held against real replies. */
function members<T extends object>(
  fields: { readonly [K in keyof T]-?: Schema<unknown> },
  title?: string,
): Schema<T> {
  return Object.assign(object<Record<string, unknown>>(fields), { title }) as unknown as Schema<T>;
}

const word = described(maybeText(), { type: "string" });
const number = described(maybeText(), { type: "integer" });
const time = described(maybeText(), { type: "string", format: "date-time" });

const user = members<User>({
  id: id(),
  email: maybe(word),
  emailVerified: flag(),
  name: maybe(word),
  roles: list(word),
  createdAt: time,
}, "User");

const session = members<Session>({
  id: id(),
  createdAt: time,
  lastUsedAt: time,
  expiresAt: time,
  amr: list(word),
  ip: maybeText(),
  userAgent: maybeText(),
  audience: optional(word),
  current: flag(),
}, "Session");

const grant = members<Grant>({
  user,
  session,
  tokenType: optional(oneOf("Bearer")),
  accessToken: optional(word),
  expiresIn: optional(number),
  refreshToken: optional(word),
  deviceToken: optional(word),
  redirect: optional(word),
}, "Grant");

const step = members<MailedStep>({ challengeId: id(), expiresAt: time, resendAt: time }, "MailedStep");

const passkey = members<PasskeyInfo>({
  id: id(),
  credentialId: word,
  name: word,
  createdAt: time,
  lastUsedAt: maybe(time),
  backedUp: flag(),
  transports: list(word),
  aaguid: word,
}, "Passkey");

const accepted = members<AcceptedCredentials>({
  rpId: word,
  userId: word,
  allAcceptedCredentialIds: list(word),
});

const device = members<DeviceInfo>({
  id: id(),
  name: maybe(word),
  createdAt: time,
  lastUsedAt: time,
  expiresAt: time,
  current: flag(),
}, "Device");

const key = members<KeyInfo>({
  id: id(),
  name: word,
  type: oneOf("Ed25519"),
  publicKey: word,
  fingerprint: word,
  createdAt: time,
  lastUsedAt: maybe(time),
}, "Key");

const keyStep = members<KeyStep>({ challengeId: id(), message: word, expiresAt: time }, "KeyStep");

/** What browsers take as it is. */
const options = described(maybeText(), { type: "object" });

/** What the routes of the built-in features answer. */
export const outputs: { readonly [F in keyof Routed]: Outputs<Routed[F]> } = {
  account: { get: user, update: user, remove: null },
  challenges: { resend: step },
  devices: { list: members<DeviceList>({ items: list(device) }), remove: null },
  emailOtp: { start: step, verify: grant },
  key: {
    startAdd: keyStep,
    add: key,
    startSignIn: keyStep,
    finishSignIn: grant,
    list: members<KeyList>({ items: list(key) }),
    rename: key,
    remove: null,
  },
  magicLink: { start: step, verify: grant, page: null },
  passkey: {
    startRegistration: members<RegistrationStep>({ challengeId: id(), options }),
    finishRegistration: passkey,
    startSignIn: members<PasskeySignInStep>({ challengeId: id(), options }),
    finishSignIn: grant,
    list: members<PasskeyList>({ items: list(passkey), signal: maybe(accepted) }),
    rename: passkey,
    remove: null,
    relatedOrigins: members<RelatedOrigins>({ origins: list(word) }),
  },
  password: {
    signUp: grant,
    verifySignUp: grant,
    signIn: grant,
    verifySignIn: grant,
    change: grant,
    verifyChange: grant,
    startReset: members<Record<never, never>>({}),
    checkReset: members<GoodLink>({ expiresAt: time }),
    finishReset: members<SetAnew>({ updatedAt: time }),
  },
  sessions: {
    get: members<SignedIn>({ user: maybe(user), session: maybe(session) }, "Signed"),
    refresh: grant,
    token: members<AccessToken>(
      { tokenType: oneOf("Bearer"), accessToken: word, expiresIn: number },
      "AccessToken",
    ),
    signOut: null,
    endAll: members<Ended>({ ended: number }),
    list: members<SessionList>({ items: list(session) }),
    end: null,
  },
  wellKnown: {
    jwks: members<KeySet>({ keys: list(described(maybeText(), { type: "object" })) }),
    health: members<Health>({ status: oneOf("ok") }),
    openapi: described(maybeText(), { type: "object" }) as Schema<never>,
  },
};
