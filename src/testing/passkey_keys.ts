import { fromBase64url } from "../base/encoding.ts";
import { bytesOf, type Cbor, cbor } from "./cbor.ts";

/** What a passkey signs by: ECDSA on P-256, P-384 or P-521, Ed25519, RSASSA-PKCS1-v1_5 with 2048 bits. */
export type PasskeyAlgorithm = "ES256" | "ES384" | "ES512" | "EdDSA" | "RS256";

/** The key pair of a passkey. */
export interface PasskeyKey {
  /** Its number in the registry of COSE algorithms. */
  readonly algorithm: number;
  /** The public key as authenticators tell it (RFC 9052 section 7). */
  readonly cose: Uint8Array;
  /** The public key as browsers tell it. */
  readonly spki: Uint8Array;
  /** A signature, as WebAuthn has it: that of ECDSA in DER (WebAuthn Level 3 section 6.5.5). */
  readonly sign: (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
}

/** How keys of one algorithm are made. */
interface Kind {
  readonly algorithm: number;
  readonly subtle: EcKeyImportParams | RsaHashedKeyGenParams | { readonly name: "Ed25519" };
  readonly hash?: "SHA-256" | "SHA-384" | "SHA-512";
  /** PKCS #8 up to the private number (RFC 5958; RFC 5915, RFC 8410), and how long that is. Without it the runtime draws the key. */
  readonly drawn?: { readonly header: string; readonly length: number };
}

const KINDS: Readonly<Record<PasskeyAlgorithm, Kind>> = {
  ES256: {
    algorithm: -7,
    subtle: { name: "ECDSA", namedCurve: "P-256" },
    hash: "SHA-256",
    drawn: { header: "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA", length: 32 },
  },
  ES384: {
    algorithm: -35,
    subtle: { name: "ECDSA", namedCurve: "P-384" },
    hash: "SHA-384",
    drawn: { header: "ME4CAQAwEAYHKoZIzj0CAQYFK4EEACIENzA1AgEBBDA", length: 48 },
  },
  ES512: {
    algorithm: -36,
    subtle: { name: "ECDSA", namedCurve: "P-521" },
    hash: "SHA-512",
    drawn: { header: "MGACAQAwEAYHKoZIzj0CAQYFK4EEACMESTBHAgEBBEI", length: 66 },
  },
  EdDSA: {
    algorithm: -8,
    subtle: { name: "Ed25519" },
    drawn: { header: "MC4CAQAwBQYDK2VwBCIEIA", length: 32 },
  },
  RS256: {
    algorithm: -257,
    subtle: {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
    },
  },
};

/** The number of an algorithm in the registry of COSE. */
export function coseAlgorithm(algorithm: PasskeyAlgorithm): number {
  return KINDS[algorithm].algorithm;
}

/** A new key pair. It follows from `random`; one of RSA does not, for runtimes draw those themselves. */
export async function passkeyKey(
  algorithm: PasskeyAlgorithm,
  random: (length: number) => Uint8Array,
): Promise<PasskeyKey> {
  const kind = KINDS[algorithm];
  const privateKey = await privateKeyOf(kind, random);
  const jwk = await crypto.subtle.exportKey("jwk", privateKey);
  const open = publicPart(jwk);
  const publicKey = await crypto.subtle.importKey("jwk", open, withHash(kind), true, ["verify"]);
  const spki = await crypto.subtle.exportKey("spki", publicKey);
  return {
    algorithm: kind.algorithm,
    cose: cbor(coseKey(kind.algorithm, open)),
    spki: new Uint8Array(spki),
    async sign(message) {
      const signed = await crypto.subtle.sign(withHash(kind), privateKey, message);
      const signature = new Uint8Array(signed);
      return kind.subtle.name === "ECDSA" ? derOf(signature) : signature;
    },
  };
}

async function privateKeyOf(
  { subtle, drawn }: Kind,
  random: (length: number) => Uint8Array,
): Promise<CryptoKey> {
  if (drawn === undefined) {
    const pair = await crypto.subtle.generateKey(subtle, true, ["sign", "verify"]);
    return (pair as CryptoKeyPair).privateKey; // these algorithms make pairs
  }
  const number = Uint8Array.from(random(drawn.length));
  // The number must be smaller than the order of its curve: without its first bits it is. A key for tests may be a little less even.
  if (subtle.name === "ECDSA") number[0] = drawn.length === 66 ? 0 : (number[0] ?? 0) & 0x7F;
  const pkcs8 = bytesOf(fromBase64url(drawn.header) ?? [], number);
  return await crypto.subtle.importKey("pkcs8", pkcs8, subtle, true, ["sign"]);
}

/** What WebCrypto wants to be told: the hash of ECDSA when it signs, the others when a key is read. */
function withHash({ subtle, hash }: Kind): EcKeyImportParams | RsaHashedImportParams | Algorithm {
  return hash === undefined ? subtle : { ...subtle, hash };
}

function publicPart({ kty, crv, x, y, n, e }: JsonWebKey): JsonWebKey {
  const members = Object.entries({ kty, crv, x, y, n, e });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** Kinds of keys and curves (RFC 9053 sections 7.1 and 7.2, RFC 8230 section 4). */
const TYPES: Readonly<Record<string, number>> = { OKP: 1, EC: 2, RSA: 3 };
const CURVES: Readonly<Record<string, number>> = { "P-256": 1, "P-384": 2, "P-521": 3, Ed25519: 6 };

function coseKey(algorithm: number, { kty, crv, x, y, n, e }: JsonWebKey): Cbor {
  const numbers = kty === "RSA" ? [n, e] : [x, y];
  const parts: Cbor[] = numbers.flatMap((text) => fromBase64url(text ?? "") ?? []).filter(({ length }) =>
    length
  );
  const all = crv === undefined ? parts : [CURVES[crv] ?? 0, ...parts];
  return new Map<number, Cbor>([
    [1, TYPES[kty ?? ""] ?? 0],
    [3, algorithm],
    ...all.map((part, i) => [-1 - i, part] as const),
  ]);
}

/** An ECDSA signature as a sequence of two integers (RFC 3279 section 2.2.3), out of the two numbers side by side. */
function derOf(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return tagged(0x30, bytesOf(integer(signature.subarray(0, half)), integer(signature.subarray(half))));
}

function integer(number: Uint8Array): Uint8Array {
  const bytes = number.subarray(number.findIndex((byte) => byte !== 0));
  return tagged(2, (bytes[0] ?? 0) > 127 ? bytesOf([0], bytes) : bytes);
}

function tagged(tag: number, content: Uint8Array): Uint8Array {
  return bytesOf(content.length > 127 ? [tag, 0x81, content.length] : [tag, content.length], content);
}
