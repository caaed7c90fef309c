/**
 * Tools for tests of applications and of drivers: a clock that is turned, a mailbox, seeded chance, an authenticator for
 * passkeys, people who are signed in.
 *
 * @example A test of an application, in the words of any test runner
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import { signedIn, testbed } from "@latchkey/auth/testing";
 *
 * const { clock, options } = testbed();
 * const auth = createAuth({ baseUrl: "http://localhost:3000", ...options });
 * const headers = await signedIn(auth, "ada@example.com");
 * console.log((await auth.getSession(headers)).user?.email); // "ada@example.com"
 * await clock.turn("8d");
 * console.log((await auth.getSession(headers)).user); // null
 * ```
 *
 * @example The laws of a driver of one's own
 * ```ts ignore
 * import { test } from "node:test"; // or vitest, bun:test, Deno.test
 * import { driverSuite } from "@latchkey/auth/testing";
 *
 * driverSuite(test, ({ now }) => myDriver({ now }));
 * ```
 *
 * @module
 */
export { authenticator } from "../testing/authenticator.ts";
export { chance } from "../testing/chance.ts";
export { clock } from "../testing/clock.ts";
export { driverSuite } from "../testing/driver_suite.ts";
export { mailbox } from "../testing/mailbox.ts";
export { signedIn } from "../testing/signed_in.ts";
export { testbed } from "../testing/testbed.ts";
export { unhurried } from "../testing/unhurried.ts";
export type { Authenticator, AuthenticatorOptions, HeldCredential } from "../testing/authenticator.ts";
export type { Page } from "../testing/browser.ts";
export type {
  AuthenticationResponseJSON,
  AuthenticatorSelection,
  CreationOptions,
  CredentialDescriptor,
  CredentialJSON,
  RegistrationResponseJSON,
  RequestOptions,
} from "../testing/ceremonies.ts";
export type { PasskeyAlgorithm } from "../testing/passkey_keys.ts";
export type { Clock } from "../testing/clock.ts";
export type { DriverFacts, Test } from "../testing/driver_suite.ts";
export type { Mailbox } from "../testing/mailbox.ts";
export type { Admitting, Carried, SigningIn } from "../testing/signed_in.ts";
export type { Testbed, TestbedOptions, TestOptions } from "../testing/testbed.ts";
export type { Unhurried } from "../testing/unhurried.ts";
export type {
  ClientInfo,
  Driver,
  Duration,
  Grant,
  Log,
  MailedStep,
  MaybePromise,
  Message,
  Platform,
  Session,
  SessionMode,
  User,
  WriteOptions,
} from "../../mod.ts";
