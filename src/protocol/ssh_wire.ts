// How SSH writes what it exchanges (RFC 4251 section 5): strings of bytes, each after its length; in text, all of it in base64.
import { base64url, fromBase64url, utf8 } from "../base/encoding.ts";

/** The name of Ed25519 for keys and signatures alike (RFC 8709). */
const ED25519 = "ssh-ed25519";

/** Some bytes, one after another; a text is its UTF-8. */
export function joined(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...bytesOf(part)]));
}

/** Strings: each is its length in four bytes, then itself. */
export function strings(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return joined(...parts.map(bytesOf).flatMap((part) => [uint32(part.length), part]));
}

/** The first `count` strings and what comes after them, or null where a length says more than there is. */
export function readStrings(
  bytes: Uint8Array,
  count: number,
): { readonly strings: readonly Uint8Array[]; readonly rest: Uint8Array } | null {
  const found: Uint8Array[] = [];
  let rest = bytes;
  while (found.length < count) {
    const length = readUint32(rest);
    if (length === null || length > rest.length - 4) return null;
    found.push(rest.subarray(4, 4 + length));
    rest = rest.subarray(4 + length);
  }
  return { strings: found, rest };
}

/** Four bytes, the most significant first. */
export function uint32(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** The number in the first four bytes, or null where there are fewer. */
export function readUint32(bytes: Uint8Array): number | null {
  return bytes.length < 4 ? null : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** An Ed25519 public key or signature: the algorithm's name, then its bytes (RFC 8709 sections 4 and 6). */
export function ed25519Blob(bytes: Uint8Array): Uint8Array {
  return strings(ED25519, bytes);
}

/** The 32 bytes of a public key or the 64 of a signature; null for those of another algorithm, and for anything else. */
export function fromEd25519Blob(blob: Uint8Array, length: 32 | 64): Uint8Array | null {
  const bytes = blob.subarray(-length);
  const whole = ed25519Blob(bytes);
  const isSame = whole.length === blob.length && blob.every((byte, i) => byte === whole[i]);
  return bytes.length === length && isSame ? bytes : null;
}

/** Base64 (RFC 4648 section 4). */
export function base64(bytes: Uint8Array): string {
  const text = base64url(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** The bytes of base64 with its padding, or null where it is none. Every value has one spelling. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return fromBase64url(text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"));
}

function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? utf8(part) : part;
}
