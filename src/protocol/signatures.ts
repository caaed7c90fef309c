// Whether a signature is right, asked of whatever the runtime answers quickest with. Loaded when the first one is to be checked.
import { type ECDSANamedCurve, p256, p384, p521 } from "@oslojs/crypto/ecdsa";
import { decodeHex } from "@oslojs/encoding";
import { builtin, isDeno } from "../base/builtin.ts";
import { base64url, fromBase64url, hex } from "../base/encoding.ts";
import { isStrict } from "./ed25519.ts";
import { verifyRsa } from "./rsa.ts";

/** The signatures that are verified, by their COSE numbers (RFC 9053 section 2, RFC 8812 section 2): ECDSA, Ed25519,
 * RSASSA-PKCS1-v1_5 with SHA-256. */
export type SignatureAlgorithm = -7 | -8 | -35 | -36 | -257;

/** What is known of an algorithm: its names in WebCrypto, the name of its hash in `node:crypto`, and what its keys have in common: a
 * part of their text, and where it stands. A key is for its one algorithm, as RFC 8725 section 3.1 wants it. */
export type Signing = Ecdsa | Ed25519 | Rsa;

/** ECDSA as WebAuthn has it: one curve for each hash, and signatures in DER (WebAuthn L3 section 6.5.5). */
export interface Ecdsa {
  readonly name: "ECDSA";
  readonly hash: string;
  readonly digest: string;
  readonly namedCurve: string;
  readonly curve: ECDSANamedCurve;
  /** What stands before the coordinates in a SubjectPublicKeyInfo (RFC 5480 section 2), in hexadecimal. */
  readonly prefix: string;
  readonly mark: readonly [text: string, at: number];
}

/** Ed25519 hashes by itself. */
export interface Ed25519 {
  readonly name: "Ed25519";
  readonly digest: null;
  readonly mark: readonly [text: string, at: number];
}

/** RSA with one hash. */
export interface Rsa {
  readonly name: "RSASSA-PKCS1-v1_5";
  readonly hash: string;
  readonly digest: string;
  readonly mark: readonly [text: string, at: number];
}

/** Each algorithm, by its number. */
export const SIGNING: Readonly<Record<SignatureAlgorithm, Signing>> = {
  [-7]: ecdsa(256, p256, {
    namedCurve: "P-256",
    prefix: "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
  }),
  [-8]: { name: "Ed25519", digest: null, mark: ["", 0] },
  [-35]: ecdsa(384, p384, {
    namedCurve: "P-384",
    prefix: "3076301006072a8648ce3d020106052b8104002203620004",
  }),
  [-36]: ecdsa(512, p521, {
    namedCurve: "P-521",
    prefix: "30819b301006072a8648ce3d020106052b810400230381860004",
  }),
  // rsaEncryption (RFC 8017 appendix A.1), behind the length of a key that has 2048 bits or more
  [-257]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", digest: "sha256", mark: ["BgkqhkiG9w0BAQEF", 8] },
};

function ecdsa(
  bits: number,
  curve: ECDSANamedCurve,
  { namedCurve, prefix }: Pick<Ecdsa, "namedCurve" | "prefix">,
): Ecdsa {
  const mark = [base64url(decodeHex(prefix)).slice(0, 32), 0] as const; // 24 bytes, and each prefix has as many
  return { name: "ECDSA", hash: `SHA-${bits}`, digest: `sha${bits}`, namedCurve, curve, prefix, mark };
}

/** Whether it is the number of one of them. */
export function isSignatureAlgorithm(value: unknown): value is SignatureAlgorithm {
  return typeof value === "number" && Object.hasOwn(SIGNING, value);
}

/** Whether `signature` was made of `message` with the private part of `publicKey`: base64url of the 32 bytes of an Ed25519 key, and of
 * the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of any other. False for what is no signature, or no key. Ed25519 is strict, the
 * same on every runtime. */
export async function verify(
  algorithm: SignatureAlgorithm,
  publicKey: string,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const signing = SIGNING[algorithm];
  const [text, at] = signing.mark;
  if (!publicKey.startsWith(text, at)) return false;
  if (algorithm === -8 && !isStrict(fromBase64url(publicKey) ?? new Uint8Array(), signature)) return false;
  try {
    const halves = signing.name === "ECDSA" ? halvesOf(signature, signing.curve) : signature;
    if (halves === null) return false;
    // Deno's `node:crypto` takes half as long again as its WebCrypto for a curve of NIST's. Neither reads an RSA key of more than 4096
    // bits, and both take longer for a short one than plain numbers do.
    if (isDeno && signing.name === "RSASSA-PKCS1-v1_5") {
      return verifyRsa(fromBase64url(publicKey) ?? new Uint8Array(), message, signature);
    }
    if (node === undefined || (isDeno && signing.name === "ECDSA")) {
      return await byWebCrypto(signing, publicKey, message, halves);
    }
    return node.verify(signing.digest, message, pemOf(signing, publicKey), signature);
  } catch {
    return false; // no key: those of other people's making were looked at when they came
  }
}

interface NodeCrypto {
  verify(digest: string | null, message: Uint8Array, pem: string, signature: Uint8Array): boolean;
}

/** Asked for by name, not imported: where there is none, WebCrypto does it, and no bundler stumbles. */
const node = builtin<NodeCrypto>("node:crypto");

/** A key as PEM (RFC 7468 section 13): what `node:crypto` reads quicker than DER or JWK. */
function pemOf({ name }: Signing, publicKey: string): string {
  const text = name === "Ed25519" ? `${ED25519_PREFIX}${publicKey}` : publicKey;
  const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat(-text.length & 3);
  return `-----BEGIN PUBLIC KEY-----\n${padded.replace(/.{64}/g, "$&\n")}\n-----END PUBLIC KEY-----\n`;
}

/** What stands before the 32 bytes in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 section 4): twelve bytes, so that one
 * text follows the other. */
const ED25519_PREFIX = "MCowBQYDK2VwAyEA";

async function byWebCrypto(
  signing: Signing,
  publicKey: string,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const bytes = Uint8Array.from(fromBase64url(publicKey) ?? []);
  // The point stands last in the key of a curve, and is read in a third of the time that the whole takes.
  const key = signing.name === "ECDSA" ? bytes.subarray(-1 - 2 * signing.curve.size) : bytes;
  const format = signing.name === "RSASSA-PKCS1-v1_5" ? "spki" : "raw";
  const { subtle } = crypto;
  const imported = await subtle.importKey(format, key, signing, false, ["verify"]);
  return await subtle.verify(signing, imported, Uint8Array.from(signature), Uint8Array.from(message));
}

/** Both numbers of an ECDSA signature side by side (IEEE P1363), or null where it is not DER as DER must be (X.690 section 10.1,
 * 11), or a number is 0 or not below the order of the curve: a signature has one spelling. */
function halvesOf(der: Uint8Array, { n, size }: ECDSANamedCurve): Uint8Array | null {
  const header = der.length < 130 ? 2 : 3;
  const length = der.length - header;
  const isLong = header === 3 && der[1] === 0x81 && length > 127; // announced so from there on, and never before
  if (der[0] !== 0x30 || der[header - 1] !== length || !(header === 2 || isLong)) return null;
  const r = integerAt(der, header);
  const s = r === null ? null : integerAt(der, header + 2 + r.length);
  if (r === null || s === null || header + 4 + r.length + s.length !== der.length) return null;
  const halves = new Uint8Array(2 * size);
  for (const [index, bytes] of [r, s].entries()) {
    if (BigInt(`0x${hex(bytes)}`) >= n) return null;
    const significant = bytes[0] === 0 ? bytes.subarray(1) : bytes;
    halves.set(significant, (index + 1) * size - significant.length);
  }
  return halves;
}

/** The bytes of a number that is more than 0 and has no zeros to spare. */
function integerAt(der: Uint8Array, at: number): Uint8Array | null {
  const length = der[at + 1] ?? 0;
  const bytes = der.subarray(at + 2, at + 2 + length);
  const [first = 0x80, second = 0] = bytes;
  const fits = der[at] === 0x02 && length < 0x80 && bytes.length === length;
  return fits && first < 0x80 && (first > 0 || second >= 0x80) ? bytes : null;
}
