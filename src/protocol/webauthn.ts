// The checks of WebAuthn Level 3, sections 7.1 (registration) and 7.2 (authentication): what was parsed goes in, a verdict comes out.
// Loaded when the first passkey is to be judged.
import { base64url, utf8 } from "../base/encoding.ts";
import { sha256 } from "../base/hash.ts";
import { publicKeyOf } from "./cose_key.ts";
import { isSignatureAlgorithm, type SignatureAlgorithm, verify } from "./signatures.ts";
import { flawOfAttestation } from "./webauthn_attestation.ts";
import type { AttestedCredential, AuthenticatorData } from "./webauthn_authenticator_data.ts";
import { type Asked, type ClientData, flawOfClientData } from "./webauthn_client_data.ts";
import type { ParsedAssertion, ParsedRegistration } from "./webauthn_parse.ts";

/** What every ceremony must show. */
export interface Expected extends Asked {
  /** The RP ID that was asked with. */
  readonly rpId: string;
  /** Whether whoever held the authenticator must have shown that they are its owner. */
  readonly userVerification: "required" | "preferred";
}

/** What a registration must show. */
export interface ExpectedRegistration extends Expected {
  /** Whether a credential that the authenticator does not find by itself is refused. One of which nothing is said is taken. */
  readonly requireDiscoverable: boolean;
  /** The COSE numbers of the algorithms that are taken; without it all that can be verified, which is more than is asked for: some
   * authenticators insist. */
  readonly algorithms?: readonly number[];
}

/** A credential to keep. */
export interface NewCredential {
  /** Its id, in base64url. */
  readonly id: string;
  /** Its public key, as signatures are verified with it. */
  readonly publicKey: string;
  /** The algorithm, by its COSE number. */
  readonly algorithm: SignatureAlgorithm;
  /** How often it had signed by then, or 0. */
  readonly counter: number;
  /** The model of the authenticator, as a UUID; all zeros where it is not told. */
  readonly aaguid: string;
  /** Whether it may be copied to the owner's other devices. That never changes. */
  readonly backupEligible: boolean;
  /** Whether it has been. */
  readonly backedUp: boolean;
  /** How the authenticator can be reached: `internal`, `hybrid`, `usb` … */
  readonly transports: readonly string[];
  /** Whether the owner was recognised: by a PIN, a finger, a face. */
  readonly userVerified: boolean;
}

/** What is known of a credential when it signs. */
export interface StoredCredential
  extends Pick<NewCredential, "id" | "publicKey" | "counter" | "backupEligible"> {
  /** The algorithm, by its COSE number. */
  readonly algorithm: number;
  /** The user handle that it was made for, in base64url. */
  readonly userHandle: string;
}

/** Refused, with one sentence for the operator's log. */
export interface Refused {
  readonly is: "refused";
  readonly why: string;
}

/** What a registration turned out to be. */
export type Registration = { readonly is: "valid"; readonly credential: NewCredential } | Refused;

/** What an assertion turned out to be. `cloned`: it is right but for its counter, so there are two of the authenticator. */
export type Assertion =
  | {
    readonly is: "valid";
    readonly counter: number;
    readonly backedUp: boolean;
    readonly userVerified: boolean;
  }
  | { readonly is: "cloned"; readonly counter: number }
  | Refused;

/** Judges a registration (section 7.1). Whether somebody has the credential already is for whoever keeps them to say. */
export async function checkRegistration(
  parsed: ParsedRegistration,
  expected: ExpectedRegistration,
): Promise<Registration> {
  const { clientData, authenticatorData: data, format, statement } = parsed;
  const { attested } = data;
  if (attested === null) return refused("it brings no credential");
  const flaw = flawOfClientData(clientData, "webauthn.create", expected) ??
    flawOfAuthenticator(data, expected) ?? flawOfCredential(attested, parsed, expected);
  if (flaw !== null) return refused(flaw);
  const key = publicKeyOf(attested.key);
  if ("flaw" in key) return refused(key.flaw);
  const { algorithms } = expected;
  if (algorithms?.includes(key.algorithm) === false) {
    return refused(`its algorithm, ${key.algorithm}, was not asked for`);
  }
  const message = signedOf(data, clientData);
  const untrue = await flawOfAttestation({ format, statement, key, message });
  if (untrue !== null) return refused(untrue);
  const { counter, backupEligible, backedUp, userVerified } = data;
  const { credentialId: id, transports } = parsed;
  const { aaguid } = attested;
  return {
    is: "valid",
    credential: { id, ...key, counter, aaguid, backupEligible, backedUp, transports, userVerified },
  };
}

/** Judges an assertion (section 7.2) by the credential that is stored under its id. */
export async function checkAssertion(
  parsed: ParsedAssertion,
  expected: Expected,
  stored: StoredCredential,
): Promise<Assertion> {
  const { clientData, authenticatorData: data, signature } = parsed;
  const flaw = flawOfOwner(parsed, stored) ?? flawOfClientData(clientData, "webauthn.get", expected) ??
    flawOfAuthenticator(data, expected);
  if (flaw !== null) return refused(flaw);
  const { counter, backupEligible, backedUp, userVerified } = data;
  if (backupEligible !== stored.backupEligible) {
    return refused("whether it may be backed up has changed, which it never does");
  }
  const { algorithm, publicKey } = stored;
  if (!isSignatureAlgorithm(algorithm)) return refused(`its algorithm, ${algorithm}, is not taken`);
  const isRight = await verify(algorithm, publicKey, signedOf(data, clientData), signature);
  if (!isRight) return refused("it is not signed by the credential's key");
  return isCopy(counter, stored.counter)
    ? { is: "cloned", counter }
    : { is: "valid", counter, backedUp, userVerified };
}

/** Whether a count says that there are two of an authenticator. Two zeros are fine: most passkeys do not count. No step forward means
 * that a copy was made (section 6.1.1). */
export function isCopy(counter: number, stored: number): boolean {
  return counter <= stored && (counter > 0 || stored > 0);
}

function refused(why: string): Refused {
  return { is: "refused", why };
}

/** What is wrong with what the authenticator says of the ceremony. */
function flawOfAuthenticator(data: AuthenticatorData, { rpId, userVerification }: Expected): string | null {
  const { rpIdHash, userPresent, userVerified, backupEligible, backedUp } = data;
  if (sha256(utf8(rpId)).some((byte, at) => byte !== rpIdHash[at])) return `it was not made for ${rpId}`;
  if (!userPresent) return "nobody was present";
  if (!userVerified && userVerification === "required") return "the user was not verified";
  return backedUp && !backupEligible ? "it is backed up, and yet may not be" : null;
}

/** What is wrong with how a new credential is told. */
function flawOfCredential(
  attested: AttestedCredential,
  { credentialId, discoverable }: ParsedRegistration,
  { requireDiscoverable }: ExpectedRegistration,
): string | null {
  if (base64url(attested.id) !== credentialId) {
    return "the browser names another credential than the authenticator does";
  }
  return requireDiscoverable && discoverable === false
    ? "its authenticator does not find it without being told its id"
    : null;
}

/** Whether the credential is the one that is stored, and its owner's. An authenticator that was told the id need not say for whom. */
function flawOfOwner({ credentialId, userHandle }: ParsedAssertion, stored: StoredCredential): string | null {
  if (credentialId !== stored.id) return "it is by another credential";
  const isOwner = userHandle === null || userHandle === stored.userHandle;
  return isOwner ? null : "it is for another user than the one who has the credential";
}

/** What is signed: the authenticator data, and behind it the hash of the client data (section 6.3.3). */
function signedOf({ bytes }: AuthenticatorData, clientData: ClientData): Uint8Array {
  const hash = sha256(clientData.bytes);
  const message = new Uint8Array(bytes.length + hash.length);
  message.set(bytes);
  message.set(hash, bytes.length);
  return message;
}
