// Public keys as authenticators tell them (RFC 9052 section 7, RFC 9053 section 7, RFC 8230 section 4), looked at before they are kept.
import { decodeHex } from "@oslojs/encoding";
import { base64url, hex } from "../base/encoding.ts";
import type { CborMap } from "./cbor.ts";
import { isPublicKey } from "./ed25519.ts";
import { rsaSpki } from "./rsa.ts";
import { type Ecdsa, isSignatureAlgorithm, type SignatureAlgorithm, SIGNING } from "./signatures.ts";

/** A public key, as signatures are verified with it. */
export interface PublicKey {
  readonly algorithm: SignatureAlgorithm;
  /** The text that `verify` takes. */
  readonly publicKey: string;
}

const LABELS = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, d: -4, n: -1, e: -2, rsaD: -3 };
const [OKP, EC2, RSA] = [1, 2, 3];
const ED25519 = 6;

/** The curves by number (RFC 9053 section 7.1). */
const CURVES: Readonly<Record<string, number>> = { "P-256": 1, "P-384": 2, "P-521": 3 };

const RSA_BITS = { min: 2048, max: 8192 }; // NIST SP 800-131A; past that, each check is work
const RSA_EXPONENT = { min: 2n ** 16n, max: 2n ** 32n }; // FIPS 186-5 section 5.4; and what BoringSSL takes

/** A key that can be relied on, or why it cannot. */
export function publicKeyOf(key: CborMap): PublicKey | { readonly flaw: string } {
  const algorithm = key.get(LABELS.alg);
  if (!isSignatureAlgorithm(algorithm)) return { flaw: `its algorithm, ${named(algorithm)}, is not taken` };
  const signing = SIGNING[algorithm];
  const publicKey = signing.name === "ECDSA"
    ? pointOf(key, signing)
    : signing.name === "Ed25519"
    ? edwardsPointOf(key)
    : modulusOf(key);
  return typeof publicKey === "string" ? { algorithm, publicKey } : publicKey;
}

function named(algorithm: unknown): string {
  return Number.isInteger(algorithm) ? String(algorithm) : "not a number";
}

function pointOf(key: CborMap, { curve, namedCurve, prefix }: Ecdsa): string | { readonly flaw: string } {
  const [x, y] = [key.get(LABELS.x), key.get(LABELS.y)];
  const isOfKind = key.get(LABELS.kty) === EC2 && key.get(LABELS.crv) === CURVES[namedCurve] &&
    !key.has(LABELS.d);
  if (!isOfKind || !isNumber(x, curve.size) || !isNumber(y, curve.size)) {
    return { flaw: `its key is no public key on ${namedCurve} with both coordinates` };
  }
  const point = { x: integer(x), y: integer(y) };
  const isPoint = point.x < curve.p && point.y < curve.p && curve.isOnCurve(point);
  return isPoint
    ? base64url(decodeHex(`${prefix}${hex(x)}${hex(y)}`))
    : { flaw: `its key is no point of ${namedCurve}` };
}

function edwardsPointOf(key: CborMap): string | { readonly flaw: string } {
  const x = key.get(LABELS.x);
  const isOfKind = key.get(LABELS.kty) === OKP && key.get(LABELS.crv) === ED25519 && !key.has(LABELS.d);
  if (!isOfKind || !isNumber(x, 32)) return { flaw: "its key is no public key of Ed25519 with 32 bytes" };
  return isPublicKey(x) ? base64url(x) : { flaw: "its key is no point of Ed25519 that somebody can hold" };
}

function modulusOf(key: CborMap): string | { readonly flaw: string } {
  const [n, e] = [key.get(LABELS.n), key.get(LABELS.e)];
  const isOfKind = key.get(LABELS.kty) === RSA && !key.has(LABELS.rsaD);
  if (!isOfKind || !isNumber(n) || !isNumber(e) || n.length > RSA_BITS.max / 8 || e.length > 8) {
    return { flaw: "its key is no public key of RSA, or too long" };
  }
  const [modulus, exponent] = [integer(n), integer(e)];
  const isStrong = modulus >= 1n << BigInt(RSA_BITS.min - 1) && modulus % 2n === 1n && n[0] !== 0 &&
    exponent > RSA_EXPONENT.min && exponent < RSA_EXPONENT.max && exponent % 2n === 1n && e[0] !== 0;
  return isStrong
    ? base64url(rsaSpki({ n, e }))
    : { flaw: `its RSA key is weak: it needs ${RSA_BITS.min} bits and an exponent like 65537` };
}

/** Whether it is a byte string, of a certain length where one is given. */
function isNumber(value: unknown, length?: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && (length === undefined || value.length === length);
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes)}`);
}
