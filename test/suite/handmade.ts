// Ceremonies put together by hand, rightly signed: so that one thing at a time can be wrong in them.
import { generateKeyPairSync, sign } from "node:crypto";
import { base64url, fromBase64url, utf8 } from "../../src/base/encoding.ts";
import { sha256 } from "../../src/base/hash.ts";
import type { StoredCredential } from "../../src/protocol/webauthn.ts";
import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
} from "../../src/protocol/webauthn_json.ts";
import { bigEndian, bytesOf, type Cbor, cbor } from "../../src/testing/cbor.ts";
import { ASSERTION, CREATION, PAGE, REGISTRATION } from "./passkeys.ts";

/** What a ceremony is made of; what is left out is right. */
export interface Parts {
  readonly rpId?: string;
  /** UP, UV, BE and BS. */
  readonly flags?: number;
  readonly counter?: number;
  /** The credential's id. */
  readonly id?: Uint8Array;
  /** What stands behind everything else in the authenticator data. */
  readonly more?: Uint8Array;
  /** Members of the client data, beside or instead of the right ones; or all of it. */
  readonly client?: object | Uint8Array;
  /** The attestation object's members, beside or instead of the right ones. */
  readonly object?: Readonly<Record<string, Cbor>>;
  /** Signs for itself when it is registered. */
  readonly packed?: (signature: Uint8Array) => Cbor;
}

/** What the flags of authenticator data mean. */
export const FLAG = { UP: 1, UV: 4, BE: 8, BS: 16, AT: 64, ED: 128 };

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const { x, y } = publicKey.export({ format: "jwk" });
const ID = utf8("a-credential-made-by-hand");

/** The public key, as authenticators tell it. */
export const KEY: Cbor = new Map<number, Cbor>([
  [1, 2],
  [3, -7],
  [-1, 1],
  [-2, fromBase64url(x ?? "") ?? ID],
  [-3, fromBase64url(y ?? "") ?? ID],
]);

/** What is stored of the credential. */
export const STORED: StoredCredential = {
  id: base64url(ID),
  publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64url"),
  algorithm: -7,
  counter: 0,
  backupEligible: true,
  userHandle: CREATION.user.id,
};

/** A registration. */
export function registration(parts: Parts = {}): RegistrationResponseJSON {
  const { id = ID, packed } = parts;
  const client = clientData("webauthn.create", REGISTRATION.challenge, parts);
  const credential = bytesOf(new Uint8Array(16), bigEndian(id.length, 2), id, cbor(KEY));
  const authData = authenticatorData(parts, FLAG.AT, credential);
  const attested = packed === undefined
    ? { fmt: "none", attStmt: new Map() }
    : { fmt: "packed", attStmt: packed(signature(authData, client)) };
  const object: Readonly<Record<string, Cbor>> = { ...attested, authData, ...parts.object };
  return {
    ...named(id),
    response: {
      clientDataJSON: base64url(client),
      attestationObject: base64url(cbor(new Map(Object.entries(object)))),
    },
  };
}

/** An assertion. */
export function assertion(parts: Parts = {}): AuthenticationResponseJSON {
  const client = clientData("webauthn.get", ASSERTION.challenge, parts);
  const data = authenticatorData(parts, 0, new Uint8Array());
  return {
    ...named(parts.id ?? ID),
    response: {
      clientDataJSON: base64url(client),
      authenticatorData: base64url(data),
      signature: base64url(signature(data, client)),
      userHandle: CREATION.user.id,
    },
  };
}

function named(id: Uint8Array) {
  const text = base64url(id);
  return { id: text, rawId: text, type: "public-key", clientExtensionResults: {} } as const;
}

function clientData(type: string, challenge: string, { client = {} }: Parts): Uint8Array {
  if (client instanceof Uint8Array) return client;
  return utf8(JSON.stringify({ type, challenge, origin: PAGE.origin, crossOrigin: false, ...client }));
}

function authenticatorData(parts: Parts, flag: number, credential: Uint8Array): Uint8Array {
  const { rpId = "example.com", flags = 29, counter = 0, more = [] } = parts;
  return bytesOf(sha256(utf8(rpId)), [flags | flag], bigEndian(counter, 4), credential, more);
}

function signature(data: Uint8Array, client: Uint8Array): Uint8Array {
  return sign("sha256", bytesOf(data, sha256(client)), privateKey);
}
