import { lazy } from "../../base/lazy.ts";
import {
  email,
  flag,
  id,
  name,
  object,
  oneOf,
  openObject,
  optional,
  secret,
  text,
} from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import {
  calls,
  type LocalPassword,
  type NewPasswordUser,
  type OwnPasswordCode,
  type Password,
  type PasswordChange,
  type PasswordCode,
  type PasswordResetCheck,
  type PasswordResetFinish,
  type PasswordResetStart,
  type PasswordSignIn,
  type PasswordSignInCode,
} from "./contract.ts";
import type { Made } from "./methods.ts";
import type { PasswordOptions } from "./options.ts";
import { recipesOf } from "./recipes.ts";
import { type PasswordSettings, settings } from "./settings.ts";

const token = () => text({ min: 1, max: 256 });
const wish = () => ({
  session: optional(oneOf("cookie", "bearer")),
  audience: optional(text({ min: 1, max: 256 })),
});
const coded = () => ({ challengeId: id(), code: text({ min: 1, max: 32 }), ...wish() });

const routes: Routes<Omit<Password, LocalPassword>> = {
  signUp: {
    summary: "Make an account with a password",
    access: "anyone",
    session: "starts",
    pends: true,
    // The application's own fields are judged by `users.fields`; who calls is never one of them.
    input: openObject<Wire<NewPasswordUser>>({
      email: email(),
      password: secret(),
      name: optional(name()),
      ...wish(),
    }, ["userId", "sessionId", "client"]),
    mails: true,
    limit: "proof",
    status: 200,
    errors: ["password_weak", "busy", "mail_failed", "identifier_taken", "sign_in_denied", "limit_reached"],
  },
  verifySignUp: {
    summary: "Trade the code that proves the address for an account",
    access: "anyone",
    session: "starts",
    input: object<Wire<PasswordCode>>(coded()),
    limit: "proof",
    status: 200,
    errors: ["code_invalid", "challenge_invalid", "identifier_taken", "sign_in_denied"],
  },
  signIn: {
    summary: "Sign in with a password",
    access: "anyone",
    session: "starts",
    pends: true,
    input: object<Wire<PasswordSignIn>>({ identifier: email(), password: secret(), ...wish() }),
    mails: true,
    limit: "proof",
    status: 200,
    errors: ["credentials_invalid", "busy", "mail_failed", "challenge_invalid", "sign_in_denied"],
  },
  verifySignIn: {
    summary: "Trade the code that was mailed after the right password for a session",
    access: "anyone",
    session: "starts",
    input: object<Wire<PasswordSignInCode>>({ ...coded(), remember: optional(flag()) }),
    limit: "proof",
    status: 200,
    errors: ["code_invalid", "challenge_invalid", "sign_in_denied"],
  },
  change: {
    summary: "Change the password; all earlier sessions end",
    access: "session",
    session: "starts",
    pends: true,
    input: object<Wire<PasswordChange>>({
      currentPassword: optional(secret()),
      newPassword: secret(),
      ...wish(),
    }),
    mails: true,
    limit: "proof",
    status: 200,
    errors: [
      "credentials_invalid",
      "password_weak",
      "step_up_required",
      "forbidden",
      "not_found",
      "busy",
      "mail_failed",
      "challenge_invalid",
      "sign_in_denied",
    ],
  },
  verifyChange: {
    summary: "Trade the code for the change of the password that waits for it",
    access: "session",
    session: "starts",
    input: object<Wire<OwnPasswordCode>>(coded()),
    mails: true,
    limit: "proof",
    status: 200,
    errors: ["code_invalid", "challenge_invalid", "forbidden", "sign_in_denied"],
  },
  startReset: {
    summary: "Mail a link by which the password is set anew",
    access: "anyone",
    input: object<Wire<PasswordResetStart>>({ email: email() }),
    mails: true,
    limit: "start",
    status: 200,
    errors: [],
  },
  checkReset: {
    summary: "Say whether a link is still good; nothing is used up",
    access: "anyone",
    input: object<Wire<PasswordResetCheck>>({ token: token() }),
    limit: "proof",
    status: 200,
    errors: ["challenge_invalid"],
  },
  finishReset: {
    summary: "Set the password anew by a link; all sessions end",
    access: "anyone",
    input: object<Wire<PasswordResetFinish>>({ token: token(), newPassword: secret() }),
    mails: true,
    limit: "proof",
    status: 200,
    errors: ["challenge_invalid", "password_weak", "busy"],
  },
};

/** Signing in with passwords. */
export const password: Feature<Password, Core, true | PasswordOptions, PasswordSettings, LocalPassword> = {
  calls,
  routes,
  mails: {
    "password.changeCode": async () => (await import("./mails.ts")).changeCodeMail,
    "password.resetLink": async () => (await import("./mails.ts")).resetLinkMail,
    "password.signInCode": async () => (await import("./mails.ts")).signInCodeMail,
    "password.signUpCode": async () => (await import("./mails.ts")).signUpCodeMail,
    "password.signUpTaken": async () => (await import("./mails.ts")).signUpTakenMail,
  },
  notices: {
    "password.changed": async () => (await import("./mails.ts")).changedMail,
    "password.reset": async () => (await import("./mails.ts")).resetMail,
  },
  settings,
  create(core, settings) {
    // A page of the application's own: without one the options were refused.
    const recipes = recipesOf(settings, core.settings.email?.links.reset ?? core.settings.origin);
    for (const recipe of Object.values(recipes)) core.mailedSteps.add(recipe);
    const { birth, ...methods } = lazy<Made>(
      { ...calls, hash: true, verify: true, birth: true }, // one for each method
      async () => (await import("./methods.ts")).made(core, settings, recipes),
    );
    core.births.set("passwordHash", birth);
    return methods;
  },
};
