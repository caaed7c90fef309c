// Private Ed25519 keys as files have them: OpenSSH's own form (PROTOCOL.key of OpenSSH), and PKCS #8 in PEM (RFC 8410 section 7).
import { base64url, utf8 } from "../base/encoding.ts";
import { pemOf } from "./jwk.ts";
import { parsePublicKey } from "./key_pairs.ts";
import { fromBase64, fromEd25519Blob, joined, readStrings, readUint32 } from "./ssh_wire.ts";

/** What a file holds. */
export interface HeldKey {
  /** The public key in its one form. */
  readonly key: string;
  /** The private one as PKCS #8; null where a pass phrase guards it. */
  readonly pkcs8: Uint8Array<ArrayBuffer> | null;
}

const LONGEST = 16_384; // characters: an Ed25519 key has 400
const MAGIC = utf8("openssh-key-v1\0");
const ARMOR =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/;

/** What stands before the 32 bytes of a private key in PKCS #8. */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** Reads the text of a key file; null where it holds no private Ed25519 key that can be read. */
export async function parsePrivateKey(text: string): Promise<HeldKey | null> {
  if (text.length > LONGEST) return null;
  const [, lines] = ARMOR.exec(text) ?? [];
  if (lines !== undefined) return await fromOpenSsh(fromBase64(lines.replace(/\s/g, "")));
  const pem = pemOf(text);
  if ("flaw" in pem || !pem.isPrivate) return null;
  const key = await publicKeyOf(pem.der);
  return key === null ? null : { key, pkcs8: pem.der };
}

/** A bare signature over a message, as it goes over the wire. */
export async function signMessage(pkcs8: Uint8Array<ArrayBuffer>, message: string): Promise<string> {
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  return base64url(new Uint8Array(await crypto.subtle.sign("Ed25519", key, joined(message))));
}

/** The public key is never sealed; of the private one, that is said by the cipher's name. */
async function fromOpenSsh(bytes: Uint8Array | null): Promise<HeldKey | null> {
  if (bytes === null || !MAGIC.every((byte, i) => byte === bytes[i])) return null;
  const head = readStrings(bytes.subarray(MAGIC.length), 3); // cipher, derivation, its options
  if (head === null || readUint32(head.rest) !== 1) return null;
  const keys = readStrings(head.rest.subarray(4), 2); // the public key, and the private ones
  const [cipher = EMPTY] = head.strings;
  const [blob = EMPTY, sealed = EMPTY] = keys?.strings ?? [];
  const open = fromEd25519Blob(blob, 32);
  const key = open === null ? null : parsePublicKey(base64url(open))?.key ?? null;
  if (key === null) return null;
  if (base64url(cipher) !== NONE) return { key, pkcs8: null };
  const pkcs8 = fromUnsealed(sealed);
  return pkcs8 !== null && await publicKeyOf(pkcs8) === key ? { key, pkcs8 } : null;
}

const EMPTY = new Uint8Array();
const NONE = base64url(utf8("none"));

/** Two equal numbers, the kind of key, the public one, both together, a comment. */
function fromUnsealed(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const read = readUint32(bytes) === readUint32(bytes.subarray(4)) ? readStrings(bytes.subarray(8), 3) : null;
  const [, , both = EMPTY] = read?.strings ?? [];
  return both.length === 64 ? joined(PKCS8, both.subarray(0, 32)) : null;
}

/** The runtime derives the public part from the private one. */
async function publicKeyOf(pkcs8: Uint8Array<ArrayBuffer>): Promise<string | null> {
  try {
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x = "" } = await crypto.subtle.exportKey("jwk", key);
    return parsePublicKey(x)?.key ?? null;
  } catch {
    return null; // of another kind, or broken
  }
}
