import { hmac } from "@oslojs/crypto/hmac";
import { SHA256, sha256 as digest } from "@oslojs/crypto/sha2";
import { builtin } from "./builtin.ts";
import { base64url, utf8 } from "./encoding.ts";

/** What is used of `node:crypto`. */
interface NodeCrypto {
  /** A call without an object around it, several times as fast as one with. */
  hash(algorithm: "sha256", data: string, encoding: "base64url"): string;
  hash(algorithm: "sha256", data: Uint8Array, encoding: "buffer"): Uint8Array;
  createHmac(
    algorithm: "sha256",
    key: object,
  ): { update(message: string | Uint8Array): { digest(): Uint8Array } };
  createSecretKey(key: Uint8Array): object;
}

/** SHA-256 (FIPS 180-4), and HMAC with it (RFC 2104). */
export interface Hashing {
  /** 32 bytes. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** That of a text's UTF-8 bytes, as 43 characters of base64url. */
  readonly sha256Text: (text: string) => string;
  /** Under one key. */
  readonly hmacUnder: (key: Uint8Array) => Mac;
}

/** A keyed hash of bytes, or of a text's UTF-8 bytes: 32 bytes. */
export type Mac = (message: string | Uint8Array) => Uint8Array;

/** Hashes by plain numbers: for where nothing else is. */
export const byNumbers: Hashing = {
  sha256: digest,
  sha256Text: (text) => base64url(digest(utf8(text))),
  hmacUnder: (key) => (message) => hmac(SHA256, key, typeof message === "string" ? utf8(message) : message),
};

function byNode({ hash, createHmac, createSecretKey }: NodeCrypto): Hashing {
  return {
    sha256: (bytes) => new Uint8Array(hash("sha256", bytes, "buffer")),
    sha256Text: (text) => hash("sha256", text, "base64url"),
    hmacUnder(bytes) {
      const key = createSecretKey(bytes);
      return (message) => createHmac("sha256", key).update(message).digest();
    },
  };
}

/** SHA-256 of bytes: 32 bytes. */
export const sha256: Hashing["sha256"] = (bytes) => here().sha256(bytes);

/** SHA-256 of a text's UTF-8 bytes, as 43 characters of base64url. */
export const sha256Text: Hashing["sha256Text"] = (text) => here().sha256Text(text);

/** HMAC-SHA-256 under a key, which nobody may change afterwards. */
export const hmacUnder: Hashing["hmacUnder"] = (key) => {
  let mac: Mac | undefined;
  return (message) => (mac ??= here().hmacUnder(key))(message);
};

let chosen: Hashing | undefined;

/** Chosen with the first hash: to load `node:crypto` is a good part of what a cold process takes to its first answer. Bun's own hashes are
 * quicker, but throw what somebody else's failure has left behind, such as that of a key which WebCrypto refused. */
function here(): Hashing {
  return chosen ??= quickest(builtin<NodeCrypto>("node:crypto"));
}

function quickest(node: NodeCrypto | undefined): Hashing {
  return node?.hash === undefined ? byNumbers : byNode(node);
}
