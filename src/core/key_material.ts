import type { JWK } from "jose";
import { fromBase64url } from "../base/encoding.ts";
import type { Algorithm } from "../protocol/algorithms.ts";
import type { JwtKey } from "../protocol/jws.ts";
import { quickKey } from "../protocol/quick_key.ts";

/** A public key (RFC 7517 section 4). */
export type PublicKey = Readonly<Record<string, string>>;

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

/** A key, ready to sign, or to verify where it has no private part. */
export async function imported({ kid, alg }: Pick<JwtKey, "kid" | "alg">, jwk: JWK): Promise<JwtKey> {
  const pair = PAIRS[alg];
  if (pair !== undefined) {
    const { alg: _, ...named } = jwk; // no runtime agrees with another on what Ed25519 is called there
    const usage = jwk.d === undefined ? "verify" : "sign";
    const key = await crypto.subtle.importKey("jwk", named, pair, false, [usage]);
    return { kid, alg, key, quick: quickKey(alg, jwk) };
  }
  const key = fromBase64url(jwk.k ?? "");
  if (key === null) throw new TypeError("a secret is base64url");
  return { kid, alg, key, quick: quickKey(alg, jwk) };
}
