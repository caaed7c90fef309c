import { lazy } from "../../base/lazy.ts";
import { described, id, name, object, oneOf, openObject, optional, text } from "../../base/schema.ts";
import type { Schema } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "../../protocol/webauthn_json.ts";
import {
  calls,
  type FinishPasskeySignIn,
  type FinishRegistration,
  type OnePasskey,
  type Passkey,
  type PasskeyOptions,
  type RenamePasskey,
} from "./contract.ts";
import { type PasskeySettings, settings } from "./settings.ts";

const nothing = object<Record<never, never>>({});

/** Any object: what is in it is read by whoever knows the standard. */
function credential<T extends RegistrationResponseJSON | AuthenticationResponseJSON>(): Schema<T> {
  const json = { type: "object", description: "What `toJSON` made of the browser's credential." };
  return described(openObject<object>({}) as Schema<T>, json); // its members are checked where they are read
}

const routes: Routes<Passkey> = {
  startRegistration: {
    summary: "Begin to add a passkey",
    access: "session",
    input: nothing,
    limit: "start",
    status: 200,
    errors: ["step_up_required", "forbidden", "limit_reached", "not_found"],
  },
  finishRegistration: {
    summary: "Add the passkey that the browser made",
    access: "session",
    input: object<Wire<FinishRegistration>>({
      challengeId: id(),
      credential: credential(),
      name: optional(name()),
    }),
    limit: "proof",
    mails: true,
    status: 201,
    errors: [
      "step_up_required",
      "forbidden",
      "challenge_invalid",
      "signature_invalid",
      "credential_taken",
      "limit_reached",
      "not_found",
    ],
  },
  startSignIn: {
    summary: "Begin a sign-in by passkey",
    access: "anyone",
    input: nothing,
    limit: "page",
    status: 200,
    errors: [],
  },
  finishSignIn: {
    summary: "Trade what a passkey signed for a session",
    access: "anyone",
    session: "starts",
    input: object<Wire<FinishPasskeySignIn>>({
      challengeId: id(),
      credential: credential(),
      session: optional(oneOf("cookie", "bearer")),
      audience: optional(text({ min: 1, max: 256 })),
    }),
    limit: "proof",
    status: 200,
    errors: ["challenge_invalid", "signature_invalid", "credentials_invalid", "sign_in_denied"],
  },
  list: {
    summary: "List the passkeys of the user",
    access: "session",
    input: nothing,
    status: 200,
    errors: ["not_found"],
  },
  rename: {
    summary: "Call a passkey something else",
    access: "session",
    input: object<Wire<RenamePasskey>>({ id: id(), name: name() }),
    limit: "proof",
    status: 200,
    errors: ["not_found", "forbidden"],
  },
  remove: {
    summary: "Remove a passkey",
    access: "session",
    input: object<Wire<OnePasskey>>({ id: id() }),
    limit: "proof",
    mails: true,
    status: 204,
    errors: ["not_found", "forbidden", "step_up_required"],
  },
  relatedOrigins: {
    summary: "Name the origins at which passkeys may be used",
    access: "anyone",
    atRoot: true,
    input: nothing,
    status: 200,
    maxAge: 3600,
    errors: ["not_found"],
  },
};

/** Signing in with passkeys. */
export const passkey: Feature<Passkey, Core, true | PasskeyOptions, PasskeySettings> = {
  calls,
  routes,
  notices: {
    "passkey.added": async () => (await import("./mails.ts")).addedMail,
    "passkey.removed": async () => (await import("./mails.ts")).removedMail,
  },
  settings,
  create: (core, settings) =>
    lazy(
      calls, // one for each method
      async () => (await import("./methods.ts")).methods(core, settings),
    ),
};
