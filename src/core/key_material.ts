import { importJWK, type JWK } from "jose";
import { base64url } from "../base/encoding.ts";
import type { Algorithm, JwtKey } from "../protocol/jwt.ts";

/** A public key (RFC 7517 section 4). */
export type PublicKey = Readonly<Record<string, string>>;

/** Bytes of a new secret: as long as the hash is (RFC 7518 section 3.2). */
export const SECRETS: Partial<Readonly<Record<Algorithm, number>>> = { HS256: 32, HS384: 48, HS512: 64 };

/** What WebCrypto is told of a way of signing. */
interface Pair {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array;
}

/** What WebCrypto calls each way of signing that has two keys (RFC 7518 section 3.1; RFC 8037). New RSA keys have 2048 bits. */
export const PAIRS: Partial<Readonly<Record<Algorithm, Pair>>> = {
  EdDSA: { name: "Ed25519" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: rsa("SHA-256"),
  RS384: rsa("SHA-384"),
  RS512: rsa("SHA-512"),
};

function rsa(hash: string): Pair {
  return {
    name: "RSASSA-PKCS1-v1_5",
    hash,
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1), // 65537
  };
}

/** A new key: its private JWK, and its public one where there is such a thing. */
export async function generate(
  alg: Algorithm,
  random: (length: number) => Uint8Array,
): Promise<{ readonly secret: JWK; readonly open: JWK | null }> {
  const bytes = SECRETS[alg];
  const pair = PAIRS[alg];
  if (pair === undefined) {
    return { secret: { kty: "oct", k: base64url(random(Number(bytes))) }, open: null };
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(pair, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair; // all of `PAIRS` are pairs
  const [secret, open] = await Promise.all([
    crypto.subtle.exportKey("jwk", privateKey),
    crypto.subtle.exportKey("jwk", publicKey),
  ]);
  return { secret, open };
}

/** A key as it is published. */
export function published(open: JWK, kid: string, alg: Algorithm): PublicKey {
  const texts = Object.entries(open).filter((entry): entry is [string, string] =>
    typeof entry[1] === "string"
  );
  return { ...Object.fromEntries(texts), kid, alg, use: "sig" };
}

/** A key, ready to sign or to verify. */
export async function imported({ kid, alg }: Pick<JwtKey, "kid" | "alg">, jwk: JWK): Promise<JwtKey> {
  return { kid, alg, key: await importJWK(jwk, alg) };
}
