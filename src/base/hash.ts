import { hmac } from "@oslojs/crypto/hmac";
import { sha256 as digest } from "@oslojs/crypto/sha2";
import { builtin } from "./builtin.ts";
import { base64url, utf8 } from "./encoding.ts";

/** What is used of `node:crypto`. */
interface NodeCrypto {
  /** A call without an object around it, several times as fast as one with. */
  hash(algorithm: "sha256", data: string, encoding: "base64url"): string;
  hash(algorithm: "sha256", data: Uint8Array, encoding: "base64url" | "latin1"): string;
  hash(algorithm: "sha256", data: Uint8Array, encoding: "buffer"): Uint8Array;
}

/** SHA-256 (FIPS 180-4), and HMAC with it (RFC 2104). */
export interface Hashing {
  /** 32 bytes. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** That of a text's UTF-8 bytes, as 43 characters of base64url. */
  readonly sha256Text: (text: string) => string;
  /** Under one key of at most 64 bytes, which is looked at once. */
  readonly hmacUnder: (key: Uint8Array) => Mac;
}

/** Keyed hashes of a text's UTF-8 bytes. */
export interface Mac {
  /** 32 bytes. */
  readonly bytes: (text: string) => Uint8Array;
  /** The same as 43 characters of base64url. */
  readonly base64url: (text: string) => string;
}

/** Hashes by `node:crypto`, or by plain numbers where there is none. */
export function hashing(node: NodeCrypto | undefined): Hashing {
  if (node?.hash === undefined) {
    return {
      sha256: digest,
      sha256Text: (text) => base64url(digest(utf8(text))),
      hmacUnder(key) {
        const bytes = (text: string) => hmacSha256(key, utf8(text));
        return { bytes, base64url: (text) => base64url(bytes(text)) };
      },
    };
  }
  const { hash } = node;
  return {
    sha256: (bytes) => new Uint8Array(hash("sha256", bytes, "buffer")),
    sha256Text: (text) => hash("sha256", text, "base64url"),
    hmacUnder(key) {
      const [inner, outer] = [padded(key, 0x36, ROOM), padded(key, 0x5C, 32)];
      /** What is hashed at last: the key, and the hash of the key and the text, which as a text is there sooner than as bytes. */
      const around = (text: string) => {
        const room = text.length * 3 <= ROOM ? inner : padded(key, 0x36, text.length * 3); // bytes of UTF-8, at most
        const { written } = encoder.encodeInto(text, room.subarray(BLOCK));
        const hashed = hash("sha256", room.subarray(0, BLOCK + written), "latin1");
        for (let i = 0; i < hashed.length; i++) outer[BLOCK + i] = hashed.charCodeAt(i);
        return outer;
      };
      return {
        bytes: (text) => new Uint8Array(hash("sha256", around(text), "buffer")),
        base64url: (text) => hash("sha256", around(text), "base64url"),
      };
    },
  };
}

const encoder = new TextEncoder();
const BLOCK = 64; // bytes that SHA-256 takes at once
const ROOM = 1024; // bytes: most texts are shorter

/** A key for one of the two hashes that are HMAC (RFC 2104), and room for what comes after it. Two calls without an object around them take
 * half as long as one of `createHmac`.
 * @throws {RangeError} where the key is longer than a block */
function padded(key: Uint8Array, pad: number, room: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK + room);
  bytes.subarray(0, BLOCK).set(key);
  return bytes.map((byte, at) => at < BLOCK ? byte ^ pad : byte);
}

/** SHA-256 of bytes: 32 bytes. */
export const sha256: Hashing["sha256"] = (bytes) => here().sha256(bytes);

/** SHA-256 of a text's UTF-8 bytes, as 43 characters of base64url. */
export const sha256Text: Hashing["sha256Text"] = (text) => here().sha256Text(text);

/** HMAC-SHA-256 of texts under a key: of their UTF-8 bytes. */
export const hmacUnder: Hashing["hmacUnder"] = (key) => here().hmacUnder(key);

let chosen: Hashing | undefined;

/** Chosen with the first hash: to load `node:crypto` is a good part of what a cold process takes to its first answer. */
function here(): Hashing {
  return chosen ??= hashing(builtin<NodeCrypto>("node:crypto"));
}

/** SHA-256 of what it is given piece by piece. */
export class Sha256 {
  readonly blockSize = 64;
  readonly size = 32;
  readonly #pieces: Uint8Array[] = [];

  update(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  digest(): Uint8Array {
    const bytes = new Uint8Array(this.#pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return sha256(bytes);
  }
}

/** HMAC-SHA-256 (RFC 2104). */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(Sha256, key, message);
}
