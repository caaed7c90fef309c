import { utf8 } from "./encoding.ts";

const TABLE = table();

/** The sum of each byte. One of a single bit follows from that of the next higher bit, any other from two that are there. */
function table(): Int32Array {
  const sums = new Int32Array(256);
  let sum = 1;
  for (let bit = 128; bit > 0; bit >>= 1) {
    sum = sum & 1 ? 0xEDB88320 ^ (sum >>> 1) : sum >>> 1;
    for (let byte = 0; byte < 256; byte += 2 * bit) sums[byte + bit] = (sums[byte] ?? 0) ^ sum;
  }
  return sums;
}

/** CRC-32 (ISO 3309, as in gzip, RFC 1952 section 8) of the UTF-8 bytes of a text's first `length` characters, as 8 hexadecimal digits. It
 * sees every change of up to 32 neighbouring bits, and all but one in four billion of larger ones. It is no proof against anybody who
 * wants to change the text. */
export function crc32(text: string, length: number = text.length): string {
  let crc = ~0;
  // By index, for each record that is read passes here: most are ASCII, and are looked at as they are.
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return ofBytes(utf8(text.slice(0, length)));
    crc = step(crc, code);
  }
  return digits(crc);
}

function ofBytes(bytes: Uint8Array): string {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = step(crc, bytes[i] ?? 0);
  return digits(crc);
}

function step(crc: number, byte: number): number {
  return (TABLE[(crc ^ byte) & 0xFF] ?? 0) ^ (crc >>> 8);
}

function digits(crc: number): string {
  return (~crc >>> 0).toString(16).padStart(8, "0");
}
