// RSA by plain numbers: keys written and read, signatures verified where a runtime does not read every key. All of it is public: it may
// take as long as it shows.
import { decodeHex } from "@oslojs/encoding";
import { hex } from "../base/encoding.ts";
import { sha256 } from "../base/hash.ts";

/** A modulus, of 2048 bits or more and without zeros before them, and an exponent of a few bytes. */
export interface RsaKey {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
}

/** rsaEncryption, without parameters (RFC 8017 appendix A.1). */
const ALGORITHM = "300d06092a864886f70d0101010500";
/** SHA-256, and where its 32 bytes go (RFC 8017 section 9.2, note 1). */
const DIGEST_INFO = "3031300d060960864801650304020105000420";

/** A key as SubjectPublicKeyInfo, in DER. */
export function rsaSpki({ n, e }: RsaKey): Uint8Array {
  const key = tagged("30", integer(n) + integer(e));
  return decodeHex(tagged("30", ALGORITHM + tagged("03", `00${key}`)));
}

/** Whether a signature by RSASSA-PKCS1-v1_5 with SHA-256 is right (RFC 8017 section 8.2.2). The key is what `rsaSpki` made. */
export function verifyRsa(spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { n, e } = rsaKey(spki);
  if (signature.length !== n.length) return false;
  const [modulus, number] = [numberOf(n), numberOf(signature)];
  if (number >= modulus) return false;
  let power = number;
  for (const bit of numberOf(e).toString(2).slice(1)) {
    power = power * power % modulus;
    if (bit === "1") power = power * number % modulus;
  }
  const end = `00${DIGEST_INFO}${hex(sha256(message))}`;
  const padding = "ff".repeat(n.length - 2 - end.length / 2);
  return power.toString(16).padStart(n.length * 2, "0") === `0001${padding}${end}`;
}

/** Reads what `rsaSpki` writes: 28 bytes, the two numbers. */
function rsaKey(spki: Uint8Array): RsaKey {
  const [high = 0, low = 0] = spki.subarray(30, 32);
  const end = 32 + high * 256 + low;
  const n = spki.subarray(32, end);
  return { n: n[0] === 0 ? n.subarray(1) : n, e: spki.subarray(end + 2) };
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes)}`);
}

/** An integer that is not negative: a zero keeps its first bit from being a sign. */
function integer(bytes: Uint8Array): string {
  return tagged("02", `${(bytes[0] ?? 0) > 127 ? "00" : ""}${hex(bytes)}`);
}

/** A value in DER, all in hexadecimal (X.690 section 8.1). */
function tagged(tag: string, content: string): string {
  const length = content.length / 2;
  const digits = length.toString(16).padStart(length < 256 ? 2 : 4, "0");
  return `${tag}${length < 128 ? "" : length < 256 ? "81" : "82"}${digits}${content}`;
}
