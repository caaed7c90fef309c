import { importJWK } from "jose";
import type { Algorithm } from "./algorithms.ts";
import type { JwtKey } from "./jws.ts";
import { quickKey } from "./quick_key.ts";

/** The public keys of a JWK Set by their `kid` (RFC 7517 section 5), each for its one algorithm; null where it is no JWK Set. A key
 * is left out that is symmetric, has no `kid`, has an `alg` that is not among those given, is there for something else, or cannot
 * be read: the others are as good as before. */
export async function publicKeys(
  set: unknown,
  algorithms: readonly Algorithm[],
): Promise<ReadonlyMap<string, JwtKey> | null> {
  const { keys }: { readonly keys?: unknown } = Object(set);
  if (!Array.isArray(keys)) return null;
  const read = await Promise.all(keys.map((jwk: unknown) => publicKey(jwk, algorithms)));
  return new Map(read.flatMap((key) => key === null ? [] : [[key.kid, key]]));
}

async function publicKey(jwk: unknown, algorithms: readonly Algorithm[]): Promise<JwtKey | null> {
  const { kid, alg: named, use, ...members }: Readonly<Record<string, unknown>> = Object(jwk);
  const alg = algorithms.find((one) => one === named);
  if (typeof kid !== "string" || alg === undefined || (use !== undefined && use !== "sig")) return null;
  try {
    const told = { ...members, kty: String(members["kty"]) };
    const key = await importJWK(told, alg);
    // What was published is no secret, so a symmetric key proves nothing (RFC 8725 section 2.1).
    return key instanceof Uint8Array ? null : { kid, alg, key, quick: quickKey(alg, told) };
  } catch {
    return null; // of a kind that this runtime does not know, of another kind than its `alg`, or no key
  }
}
