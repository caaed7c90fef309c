// Ceremonies of the software authenticator, and what they are judged by.
import {
  type Assertion,
  checkAssertion,
  checkRegistration,
  type Expected,
  type ExpectedRegistration,
  type NewCredential,
  type Registration,
  type StoredCredential,
} from "../../src/protocol/webauthn.ts";
import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
} from "../../src/protocol/webauthn_json.ts";
import { parseAssertion, parseRegistration } from "../../src/protocol/webauthn_parse.ts";
import {
  type Authenticator,
  authenticator,
  type AuthenticatorOptions,
  chance,
  type CreationOptions,
  type RequestOptions,
} from "../../src/doors/testing.ts";
import { judged, type Malformed } from "./ceremonies.ts";

/** The page that asks. */
export const PAGE = { origin: "https://app.example.com" };

/** What is asked when somebody registers. */
export const CREATION: CreationOptions = {
  rp: { id: "example.com", name: "Example" },
  user: { id: "dXNlci1oYW5kbGU", name: "ada@example.com", displayName: "Ada" },
  challenge: "Y2hhbGxlbmdlLW9mLWEtcmVnaXN0cmF0aW9u",
  pubKeyCredParams: [-7, -8, -35, -36, -257].map((alg) => ({ type: "public-key", alg })),
  authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
  extensions: { credProps: true },
};

/** What is asked when somebody signs in. */
export const REQUEST: RequestOptions = {
  challenge: "Y2hhbGxlbmdlLW9mLWEtc2lnbi1pbg",
  rpId: "example.com",
  userVerification: "preferred",
};

/** What a registration is judged by. */
export const REGISTRATION: ExpectedRegistration = {
  challenge: CREATION.challenge,
  origins: ["https://example.com", PAGE.origin],
  rpId: "example.com",
  userVerification: "required",
  requireDiscoverable: true,
};

/** What an assertion is judged by. */
export const ASSERTION: Expected = {
  challenge: REQUEST.challenge,
  origins: REGISTRATION.origins,
  rpId: "example.com",
  userVerification: "required",
};

/** A ceremony of each kind, by one authenticator, and what was stored between them. */
export interface Recorded {
  readonly device: Authenticator;
  readonly registration: RegistrationResponseJSON;
  readonly assertion: AuthenticationResponseJSON;
  readonly credential: NewCredential;
  readonly stored: StoredCredential;
}

/** Registers, and signs in. */
export async function recorded(traits: AuthenticatorOptions = {}): Promise<Recorded> {
  const device = authenticator({ random: chance(7), ...traits });
  const registration = await device.create(CREATION, PAGE);
  const outcome = await registered(registration, {
    userVerification: "preferred",
    requireDiscoverable: false,
  });
  if (outcome.is !== "valid") throw new Error(`the registration is ${JSON.stringify(outcome)}`);
  const { credential } = outcome;
  const allowCredentials = [{ type: "public-key", id: registration.id }];
  const assertion = await device.get({ ...REQUEST, allowCredentials }, PAGE);
  const { id, publicKey, algorithm, counter, backupEligible } = credential;
  const stored = { id, publicKey, algorithm, counter, backupEligible, userHandle: CREATION.user.id };
  return { device, registration, assertion, credential, stored };
}

/** What comes of a registration. */
export async function registered(
  json: unknown,
  asked: Partial<ExpectedRegistration> = {},
): Promise<Registration | Malformed> {
  return await judged(
    () => parseRegistration(json),
    (parsed) => checkRegistration(parsed, { ...REGISTRATION, ...asked }),
  );
}

/** What comes of an assertion. */
export async function asserted(
  json: unknown,
  stored: StoredCredential,
  asked: Partial<Expected> = {},
): Promise<Assertion | Malformed> {
  return await judged(
    () => parseAssertion(json),
    (parsed) => checkAssertion(parsed, { ...ASSERTION, ...asked }, stored),
  );
}
