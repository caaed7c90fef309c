// What a browser's `toJSON` sends after a ceremony: from JSON to parts that need no second look at their form. Nothing is judged here.
import { fromBase64url } from "../base/encoding.ts";
import { object, parse } from "../base/schema.ts";
import { AuthError } from "../errors.ts";
import { isCborMap, readCbor } from "./cbor.ts";
import { type AuthenticatorData, type Flaw, readAuthenticatorData } from "./webauthn_authenticator_data.ts";
import { type ClientData, readClientData } from "./webauthn_client_data.ts";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "./webauthn_json.ts";
import { assertionSchema, registrationSchema } from "./webauthn_schema.ts";

/** A registration, taken apart. */
export interface ParsedRegistration {
  /** What the credential is called, in base64url. */
  readonly credentialId: string;
  readonly clientData: ClientData;
  readonly authenticatorData: AuthenticatorData;
  /** The format of the attestation statement, and the statement. */
  readonly format: string;
  readonly statement: unknown;
  /** How the authenticator can be reached, in the order in which it was told; what nobody knows is left out. */
  readonly transports: readonly string[];
  /** Whether the authenticator finds the credential by itself; null where the browser does not say. */
  readonly discoverable: boolean | null;
}

/** An assertion, taken apart. */
export interface ParsedAssertion {
  /** What the credential is called, in base64url. */
  readonly credentialId: string;
  /** For whom the credential was made, in base64url; null where the authenticator does not say. */
  readonly userHandle: string | null;
  readonly clientData: ClientData;
  readonly authenticatorData: AuthenticatorData;
  readonly signature: Uint8Array;
}

/** The values of `AuthenticatorTransport` (section 5.8.4), and what `hybrid` was called before. */
const TRANSPORTS = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"];

const registrations = object<{ credential: RegistrationResponseJSON }>({ credential: registrationSchema });
const assertions = object<{ credential: AuthenticationResponseJSON }>({ credential: assertionSchema });

/** Takes a registration apart.
 * @throws {AuthError} `input_invalid`: what is malformed, at `credential.…` */
export function parseRegistration(json: unknown): ParsedRegistration {
  const { credential } = parse(registrations, { credential: json });
  const { response, clientExtensionResults } = credential;
  const object = readCbor(decoded("response.attestationObject", response.attestationObject));
  const { value } = object ?? {};
  if (!isCborMap(value) || object?.rest.length !== 0) {
    throw malformed("response.attestationObject", "is not one CBOR map");
  }
  const [format, bytes] = [value.get("fmt"), value.get("authData")];
  if (typeof format !== "string" || !(bytes instanceof Uint8Array) || !value.has("attStmt")) {
    throw malformed("response.attestationObject", "must have fmt, attStmt and authData");
  }
  return {
    credentialId: credentialIdOf(credential),
    clientData: clientDataOf(response),
    authenticatorData: sound("response.attestationObject", readAuthenticatorData(bytes)),
    format,
    statement: value.get("attStmt"),
    transports: [...new Set(response.transports)].filter((one) => TRANSPORTS.includes(one)),
    discoverable: clientExtensionResults.credProps?.rk ?? null,
  };
}

/** Takes an assertion apart.
 * @throws {AuthError} `input_invalid`: what is malformed, at `credential.…` */
export function parseAssertion(json: unknown): ParsedAssertion {
  const { credential } = parse(assertions, { credential: json });
  const { response } = credential;
  const bytes = decoded("response.authenticatorData", response.authenticatorData);
  return {
    credentialId: credentialIdOf(credential),
    userHandle: response.userHandle || null, // some say nothing by saying ""
    clientData: clientDataOf(response),
    authenticatorData: sound("response.authenticatorData", readAuthenticatorData(bytes)),
    signature: decoded("response.signature", response.signature),
  };
}

function credentialIdOf({ id, rawId }: { readonly id: string; readonly rawId: string }): string {
  decoded("id", id);
  if (rawId !== id) throw malformed("rawId", "must be the same as id");
  return id;
}

function clientDataOf({ clientDataJSON }: { readonly clientDataJSON: string }): ClientData {
  return sound("response.clientDataJSON", readClientData(decoded("response.clientDataJSON", clientDataJSON)));
}

function decoded(member: string, text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (bytes === null) throw malformed(member, "must be base64url without padding");
  return bytes;
}

function sound<T extends object>(member: string, read: T | Flaw): T {
  if ("flaw" in read) throw malformed(member, read.flaw);
  return read;
}

function malformed(member: string, message: string): AuthError {
  return new AuthError("input_invalid", { issues: [{ path: `credential.${member}`, message }] });
}
