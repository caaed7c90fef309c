import { encodeBase64urlNoPadding, encodeHexLowerCase } from "@oslojs/encoding";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The UTF-8 bytes of a text. Most are short and ASCII, for which a loop is several times as fast as the encoder. */
export function utf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** The text of UTF-8 bytes; throws a TypeError where they are none. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Lowercase base32 without padding (RFC 4648 section 6): the alphabet of ids and keys, safe where case is folded. A loop, which is
 * several times as fast as the library: every token has an id. */
export function base32(bytes: Uint8Array): string {
  let [text, held, bits] = ["", 0, 0];
  for (const byte of bytes) {
    held = held << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[held >> bits];
      held &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? `${text}${BASE32[held << (5 - bits)]}` : text; // what is missing of the last one is zeros
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  return encodeBase64urlNoPadding(bytes);
}

/** The bytes of base64url text without padding, or null where it is none. Every value has one spelling. Over a table, ten times as fast
 * as to decode and encode again: a passkey's answer is hundreds of characters long. */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length * 3 >> 2);
  let [held, bits, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const value = SEXTETS[text.charCodeAt(i)];
    if (value === undefined) return null;
    held = held << 6 | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  return bits < 6 && held === 0 ? bytes : null; // a length that no bytes have, or another spelling of the last
}

/** What each character stands for, by its code. */
const SEXTETS: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".indexOf(
    String.fromCharCode(code),
  );
  return value < 0 ? undefined : value;
});

/** Lowercase hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return encodeHexLowerCase(bytes);
}

/** Whether two texts are equal, in a time that depends on their lengths alone. Compared as they are: to encode them first would take
 * longer than all the rest of a session check's hashing. */
export function equal(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
