// The form of what a browser's `toJSON` sends after a ceremony. Routes ask for an object and no more: this is loaded with the first passkey.
import {
  flag,
  list,
  matching,
  maybe,
  maybeText,
  oneOf,
  openObject,
  optional,
  type Schema,
  text,
  whole,
} from "../base/schema.ts";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "./webauthn_json.ts";

/** The longest id of a credential, in bytes (WebAuthn L3 section 4). */
export const LONGEST_ID = 1023;

/** Bytes of each part, at most: several times what is seen of authenticators. */
const LONGEST = {
  clientDataJSON: 4096,
  authenticatorData: 8192,
  attestationObject: 32_768,
  signature: 1024, // by RSA with 8192 bits
  userHandle: 64, // section 4
};

const common = {
  id: base64urlOf(LONGEST_ID),
  rawId: base64urlOf(LONGEST_ID),
  type: oneOf("public-key"),
  authenticatorAttachment: optional(maybeText()),
  clientExtensionResults: openObject<RegistrationResponseJSON["clientExtensionResults"]>({
    credProps: optional(openObject<{ readonly rk?: boolean }>({ rk: optional(flag()) })),
  }),
};

/** The form of a registration. Members that are not in it may be there. */
export const registrationSchema: Schema<RegistrationResponseJSON> = openObject<RegistrationResponseJSON>({
  ...common,
  response: openObject<RegistrationResponseJSON["response"]>({
    clientDataJSON: base64urlOf(LONGEST.clientDataJSON),
    attestationObject: base64urlOf(LONGEST.attestationObject),
    transports: optional(list(text({ min: 0, max: 64 }))),
    authenticatorData: optional(text({ min: 0, max: 65_536 })), // in the attestation object too, and read there, as is the key
    publicKey: optional(maybeText()),
    publicKeyAlgorithm: optional(whole({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  }),
});

/** The form of an assertion. Members that are not in it may be there. */
export const assertionSchema: Schema<AuthenticationResponseJSON> = openObject<AuthenticationResponseJSON>({
  ...common,
  response: openObject<AuthenticationResponseJSON["response"]>({
    clientDataJSON: base64urlOf(LONGEST.clientDataJSON),
    authenticatorData: base64urlOf(LONGEST.authenticatorData),
    signature: base64urlOf(LONGEST.signature),
    userHandle: optional(maybe(base64urlOf(LONGEST.userHandle, 0))),
  }),
});

/** Text of base64url that stands for so many bytes. Whether its last letter is the one spelling is seen when it is decoded. */
function base64urlOf(most: number, least: number = 1): Schema<string> {
  const [min, max] = [Math.ceil(least * 4 / 3), Math.ceil(most * 4 / 3)];
  return matching(new RegExp(`^[A-Za-z0-9_-]{${min},${max}}$`), `base64url of ${least} to ${most} bytes`);
}
