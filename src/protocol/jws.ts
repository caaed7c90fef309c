// Tokens in the compact form (RFC 7515 section 3.1): signed and verified by whatever this runtime is quickest with.
import { CompactSign, compactVerify, type CryptoKey } from "jose";
import { utf8 } from "../base/encoding.ts";
import type { Algorithm } from "./algorithms.ts";
import type { QuickKey } from "./quick_key.ts";

/** A key that signs or verifies under one algorithm only (RFC 8725 section 3.1). */
export interface JwtKey {
  /** Its id, random. */
  readonly kid: string;
  /** Its one algorithm. */
  readonly alg: Algorithm;
  /** The key itself. */
  readonly key: CryptoKey | Uint8Array;
  /** The same key where it is quicker, made once: that takes as long as a signature. */
  readonly quick?: QuickKey | undefined;
}

/** Signs claims. */
export async function sign(claims: object, { kid, alg, key, quick }: JwtKey): Promise<string> {
  const [header, payload] = [{ alg, kid, typ: "at+jwt" }, JSON.stringify(claims)];
  return quick?.sign?.(JSON.stringify(header), payload) ??
    await new CompactSign(utf8(payload)).setProtectedHeader(header).sign(key);
}

/** Whether a token of three parts was signed by a key. `signature` is the last part, decoded. */
export async function isSigned(token: string, signature: Uint8Array, key: JwtKey): Promise<boolean> {
  try {
    const quickly = key.quick?.verify?.(token.slice(0, token.lastIndexOf(".")), signature);
    return quickly ?? await compactVerify(token, key.key, { algorithms: [key.alg] }) !== null;
  } catch {
    return false; // jose's refusals: the reader of the reply learns no more than that
  }
}
