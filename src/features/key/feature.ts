import { lazy } from "../../base/lazy.ts";
import { either, id, lines, name, object, oneOf, openObject, optional, text } from "../../base/schema.ts";
import { described, type Schema } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import {
  type AddKey,
  calls,
  type FinishKeySignIn,
  type Key,
  type KeyOptions,
  type OneKey,
  type PublicKey,
  type RenameKey,
  type StartAddKey,
  type StartKeySignIn,
} from "./contract.ts";
import { type KeySettings, settings } from "./settings.ts";

const LONGEST = 2048; // characters of a key or a signature in its longest form

const nothing = object<Record<never, never>>({});

/** A key in any form: which, is read by whoever knows them. */
function publicKey(): Schema<PublicKey> {
  const jwk = described(openObject<Record<string, unknown>>({}), { type: "object", description: "A JWK." });
  return either(lines(LONGEST), jwk);
}

const routes: Routes<Key> = {
  startAdd: {
    summary: "Begin to add a public key",
    access: "session",
    input: object<Wire<StartAddKey>>({ publicKey: publicKey() }),
    limit: "start",
    status: 200,
    errors: ["step_up_required", "forbidden", "limit_reached", "not_found"],
  },
  add: {
    summary: "Add a public key whose holder signed the message",
    access: "session",
    input: object<Wire<AddKey>>({ challengeId: id(), signature: lines(LONGEST), name: optional(name()) }),
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
    summary: "Begin a sign-in by key pair",
    access: "anyone",
    input: object<Wire<StartKeySignIn>>({ publicKey: publicKey() }),
    limit: "start",
    status: 200,
    errors: [],
  },
  finishSignIn: {
    summary: "Trade a signature of the message for a session",
    access: "anyone",
    session: "starts",
    input: object<Wire<FinishKeySignIn>>({
      challengeId: id(),
      signature: lines(LONGEST),
      session: optional(oneOf("cookie", "bearer")),
      audience: optional(text({ min: 1, max: 256 })),
    }),
    limit: "proof",
    status: 200,
    errors: [
      "challenge_invalid",
      "signature_invalid",
      "credentials_invalid",
      "sign_in_denied",
      "limit_reached",
    ],
  },
  list: {
    summary: "List the public keys of the user",
    access: "session",
    input: nothing,
    status: 200,
    errors: ["not_found"],
  },
  rename: {
    summary: "Call a public key something else",
    access: "session",
    input: object<Wire<RenameKey>>({ id: id(), name: name() }),
    limit: "proof",
    status: 200,
    errors: ["not_found", "forbidden"],
  },
  remove: {
    summary: "Remove a public key",
    access: "session",
    input: object<Wire<OneKey>>({ id: id() }),
    limit: "proof",
    mails: true,
    status: 204,
    errors: ["not_found", "forbidden", "step_up_required"],
  },
};

/** Signing in with key pairs. */
export const key: Feature<Key, Core, true | KeyOptions, KeySettings> = {
  calls,
  routes,
  notices: {
    "key.added": async () => (await import("./mails.ts")).addedMail,
    "key.removed": async () => (await import("./mails.ts")).removedMail,
  },
  settings,
  create: (core, settings) =>
    lazy(
      calls, // one for each method
      async () => (await import("./methods.ts")).methods(core, settings),
    ),
};
