import type { JWK } from "jose";
import { fromBase64url } from "../base/encoding.ts";
import { sha256Text } from "../base/hash.ts";
import type { Algorithm } from "./algorithms.ts";

/** Bytes of a secret, at least: as many as the hash has (RFC 7518 section 3.2). */
export const SECRET_BYTES: Partial<Readonly<Record<Algorithm, number>>> = { HS256: 32, HS384: 48, HS512: 64 };

const WEAKEST_RSA = 2048; // bits (RFC 7518 section 3.3)

/** What a kind of key has: the members that are told, in the order of RFC 7638, those that are not, and what it signs by. */
interface Kind {
  readonly algorithms: readonly Algorithm[];
  readonly open: readonly string[];
  readonly secret: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  OKP: { algorithms: ["EdDSA"], open: ["crv", "x"], secret: ["d"] },
  EC: { algorithms: ["ES256"], open: ["crv", "x", "y"], secret: ["d"] },
  RSA: {
    algorithms: ["RS256", "RS384", "RS512"],
    open: ["e", "n"],
    secret: ["d", "p", "q", "dp", "dq", "qi"],
  },
  oct: { algorithms: ["HS256", "HS384", "HS512"], open: [], secret: ["k"] },
};

/** The one curve of a kind that has several. */
const CURVES: Readonly<Record<string, string>> = { OKP: "Ed25519", EC: "P-256" };

/** What a key signs by: what it names itself, else what is wanted where that fits, else what is usual for its kind. Or what is wrong. */
export function algorithmOf(
  jwk: Pick<JWK, "kty" | "alg" | "use">,
  wanted: Algorithm | undefined,
): { readonly alg: Algorithm } | { readonly flaw: string } {
  const { algorithms = [] } = KINDS[String(jwk.kty)] ?? {};
  if (algorithms.length === 0) return { flaw: 'must have the member kty: "OKP", "EC", "RSA" or "oct"' };
  if (jwk.use !== undefined && jwk.use !== "sig") {
    return { flaw: 'is not for signatures: its member use must be "sig"' };
  }
  const named = jwk.alg === "Ed25519" ? "EdDSA" : jwk.alg; // RFC 9864
  const alg = named === undefined
    ? algorithms.find((one) => one === wanted) ?? algorithms[0]
    : algorithms.find((one) => one === named);
  if (alg !== undefined) return { alg };
  return { flaw: `may sign by ${algorithms.map((one) => `"${one}"`).join(" or ")}: its alg is another` };
}

/** What is wrong with a JWK, as far as it can be seen; null where nothing is. `signs`: it must have its private part. */
export function flawOf(jwk: JWK, alg: Algorithm, signs: boolean): string | null {
  const { open, secret } = KINDS[String(jwk.kty)] ?? { open: [], secret: [] };
  const curve = CURVES[String(jwk.kty)];
  if (curve !== undefined && jwk.crv !== curve) return `must be on the curve ${curve} to sign by ${alg}`;
  const members = new Map<string, unknown>(Object.entries(jwk));
  const isPrivate = secret.some((name) => members.has(name));
  if (signs && !isPrivate && open.length > 0) {
    return "has no private part: the first key signs, and only further ones may be public";
  }
  for (const name of [...open, ...(isPrivate || open.length === 0 ? secret : [])]) {
    const value = members.get(name);
    const bytes = typeof value === "string" ? fromBase64url(value) : null;
    if (name !== "crv" && !bytes?.length) return `must have the member ${name} in base64url`;
  }
  return weakness(jwk, alg);
}

function weakness({ n, k }: JWK, alg: Algorithm): string | null {
  if (n !== undefined) {
    const bits = bitsOf(fromBase64url(n) ?? new Uint8Array());
    return bits < WEAKEST_RSA ? `must have at least ${WEAKEST_RSA} bits: it has ${bits}` : null;
  }
  if (k === undefined) return null;
  const bytes = fromBase64url(k) ?? new Uint8Array();
  const least = SECRET_BYTES[alg] ?? Infinity;
  if (bytes.length < least) {
    return `must have at least ${least} bytes to sign by ${alg}: it has ${bytes.length}`;
  }
  return new Set(bytes).size < 8 ? "must not repeat a few bytes: draw them by a generator" : null;
}

function bitsOf(number: Uint8Array): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - (Math.clz32(number[first] ?? 0) - 24);
}

/** A JWK with the members that make the key, and no others. `open`: without its private ones. */
export function bareJwk(jwk: JWK, open: boolean): JWK {
  const kind = KINDS[String(jwk.kty)];
  const names = ["kty", ...(kind?.open ?? []), ...(open ? [] : kind?.secret ?? [])];
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => names.includes(name)));
}

/** The thumbprint of a key that has a public part (RFC 7638 section 3). */
export function thumbprint(jwk: JWK): string {
  const members = Object.entries(bareJwk(jwk, true)).toSorted(([a], [b]) => a < b ? -1 : 1);
  return sha256Text(JSON.stringify(Object.fromEntries(members)));
}

/** A key as PEM (RFC 7468), taken apart. */
export interface Pem {
  readonly isPrivate: boolean;
  readonly der: Uint8Array<ArrayBuffer>;
  /** What its object identifier says. */
  readonly kty: "OKP" | "EC" | "RSA";
}

/** Takes a PEM apart, or says what is wrong with it. */
export function pemOf(text: string): Pem | { readonly flaw: string } {
  const [, label = "", body = ""] =
    /^\s*-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/.exec(text) ?? [];
  if (label !== "PRIVATE KEY" && label !== "PUBLIC KEY") {
    return {
      flaw: label.endsWith("PRIVATE KEY")
        ? "must be PKCS #8 without a pass phrase: openssl pkcs8 -topk8 -nocrypt -in key.pem"
        : 'must be a JWK, or a PEM that begins with "-----BEGIN PRIVATE KEY-----"',
    };
  }
  const packed = body.replace(/[\s=]/g, "").replaceAll("+", "-").replaceAll("/", "_");
  const der = fromBase64url(packed);
  if (der === null) return { flaw: "is no PEM: what stands between its lines is not base64" };
  const ids = String.fromCharCode(...der.subarray(0, 64));
  const kty = KTYS.find((one) => ids.includes(OBJECT_IDS[one]));
  if (kty === undefined) return { flaw: "must be an Ed25519, P-256 or RSA key" };
  return { isPrivate: label === "PRIVATE KEY", der: Uint8Array.from(der), kty };
}

const KTYS = ["OKP", "EC", "RSA"] as const;

/** Ed25519 (RFC 8410), P-256 (RFC 5480), rsaEncryption (RFC 8017): the object identifiers as DER has them. */
const OBJECT_IDS: Readonly<Record<Pem["kty"], string>> = {
  OKP: "\x06\x03\x2b\x65\x70",
  EC: "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
  RSA: "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
};
