// Signatures of tokens by `node:crypto`, which every runtime that we know has: at once, where WebCrypto hands each one to a thread and
// waits for it.
import { base64url, type JWK } from "jose";
import { builtin, isDeno } from "../base/builtin.ts";
import type { Algorithm } from "./algorithms.ts";

/** What a key does by `node:crypto`. */
export interface QuickKey {
  /** A token: signs a payload under a header. Both are JSON. Absent where the key has no private part. */
  readonly sign?: (header: string, payload: string) => string;
  /** Whether a signature of a text is right. Absent where the key is not for that. */
  readonly verify?: (text: string, signature: Uint8Array) => boolean;
}

/** What a key does by `node:crypto`; undefined where WebCrypto is as quick, and where `node:crypto` cannot read it. WebCrypto has read
 * the key before, and refused what is none. */
export function quickKey(alg: Algorithm, jwk: JWK): QuickKey | undefined {
  const node = builtin<NodeCrypto>("node:crypto"); // not before there is a key: a cold process would wait for it
  const bytesOf = builtin<NodeBuffer>("node:buffer")?.Buffer.from;
  if (node === undefined || bytesOf === undefined) return undefined;
  try {
    return (jwk.kty === "oct" ? secret : half)({ node, bytesOf, alg, jwk });
  } catch {
    return undefined; // then WebCrypto alone says what is right
  }
}

/** A name for a token, by which nobody finds the token: its SHA-256. Undefined where only WebCrypto has that. */
export function nameOf(token: string): string | undefined {
  hash ??= builtin<NodeCrypto>("node:crypto")?.hash;
  return hash?.("sha256", token, "hex");
}

let hash: NodeCrypto["hash"];

interface Ground {
  readonly node: NodeCrypto;
  readonly bytesOf: (text: string) => NodeBytes;
  readonly alg: Algorithm;
  readonly jwk: JWK;
}

/** HMAC (RFC 7518 section 3.2). */
function secret(ground: Ground): QuickKey {
  const { node, alg, jwk } = ground;
  const key = node.createSecretKey(base64url.decode(jwk.k ?? ""));
  const mac = (text: string) => node.createHmac(`sha${alg.slice(2)}`, key).update(text).digest();
  return {
    sign: compact(ground, mac),
    verify(text, signature) {
      const right = mac(text);
      return right.length === signature.length && node.timingSafeEqual(right, signature);
    },
  };
}

/** One key of a pair. Signing by RSA takes so long that it is better done beside the event loop. For RSA and the curves of NIST's
 * Deno's `node:crypto` takes as long as its WebCrypto. */
function half(ground: Ground): QuickKey | undefined {
  const { node, bytesOf, alg, jwk } = ground;
  const isPrivate = jwk.d !== undefined;
  const isRsa = jwk.kty === "RSA";
  if ((isRsa && isPrivate) || (isDeno && jwk.kty !== "OKP")) return undefined;
  const given = { key: jwk, format: "jwk" } as const;
  const key = isPrivate ? node.createPrivateKey(given) : node.createPublicKey(given);
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (isRsa && modulusLength < WEAKEST_RSA) return undefined; // jose refuses it
  const digest = alg === "EdDSA" ? null : `sha${alg.slice(2)}`; // Ed25519 hashes by itself
  // Of ECDSA both numbers side by side (RFC 7518 section 3.4). A key alone is looked at in a third of the time, on Node.
  const how = jwk.kty === "EC" ? { key, dsaEncoding: "ieee-p1363" } as const : key;
  return isPrivate
    ? { sign: compact(ground, (text) => node.sign(digest, bytesOf(text), how)) }
    : { verify: (text, signature) => node.verify(digest, bytesOf(text), how, signature) };
}

const WEAKEST_RSA = 2048; // bits (RFC 7518 section 3.3)

/** Signs in the compact form (RFC 7515 section 3.1). */
function compact({ bytesOf }: Ground, signed: (text: string) => NodeBytes): NonNullable<QuickKey["sign"]> {
  const encoded = (bytes: NodeBytes) => bytes.toString("base64url");
  return (header, payload) => {
    const text = `${encoded(bytesOf(header))}.${encoded(bytesOf(payload))}`;
    return `${text}.${encoded(signed(text))}`;
  };
}

interface NodeBytes extends Uint8Array {
  toString(encoding?: "base64url"): string;
}

interface NodeKey {
  readonly asymmetricKeyDetails?: { readonly modulusLength?: number };
}

interface Given {
  readonly key: JWK;
  readonly format: "jwk";
}

interface How {
  readonly key: NodeKey;
  readonly dsaEncoding: "ieee-p1363";
}

interface NodeCrypto {
  createHmac(digest: string, key: NodeKey): { update(text: string): { digest(): NodeBytes } };
  createPrivateKey(given: Given): NodeKey;
  createPublicKey(given: Given): NodeKey;
  createSecretKey(bytes: Uint8Array): NodeKey;
  hash?(digest: string, text: string, encoding: "hex"): string;
  sign(digest: string | null, message: Uint8Array, how: How | NodeKey): NodeBytes;
  timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
  verify(digest: string | null, message: Uint8Array, how: How | NodeKey, signature: Uint8Array): boolean;
}

interface NodeBuffer {
  readonly Buffer: { readonly from: (text: string) => NodeBytes };
}
