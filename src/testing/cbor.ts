import { utf8 } from "../base/encoding.ts";

/** What authenticators write: whole numbers, byte strings, texts, and maps of them. */
export type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>;

/** CBOR (RFC 8949 section 3), each number in as few bytes as it takes. Members of a map are written in the order that they have:
 * whoever makes one puts them in that of CTAP2, shorter keys first. */
export function cbor(value: Cbor): Uint8Array<ArrayBuffer> {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") {
    const text = utf8(value);
    return bytesOf(head(3, text.length), text);
  }
  if (value instanceof Uint8Array) return bytesOf(head(2, value.length), value);
  const members = [...value].flatMap(([key, member]) => [cbor(key), cbor(member)]);
  return bytesOf(head(5, value.size), ...members);
}

/** Several runs of bytes as one. */
export function bytesOf(...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A number, the highest byte first. */
export function bigEndian(value: number, length: 1 | 2 | 4): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => value >>> (8 * (length - 1 - i)));
}

/** The kind of an item and its number: a value, or how much follows. */
function head(major: number, value: number): Uint8Array<ArrayBuffer> {
  const kind = major << 5;
  if (value < 24) return bytesOf([kind | value]);
  if (value < 2 ** 8) return bytesOf([kind | 24], bigEndian(value, 1));
  if (value < 2 ** 16) return bytesOf([kind | 25], bigEndian(value, 2));
  return bytesOf([kind | 26], bigEndian(value, 4));
}
