import { utf8 } from "./encoding.ts";

/** What each byte does to the sum when it is the last one; then the same with one, two and three bytes after it. What a byte of a single
 * bit does follows from that of the next higher bit, any other from two that are there: a cold process waits for it. */
const TABLES = new Int32Array(1024);
for (let bit = 128, sum = 1; bit > 0; bit >>= 1) {
  sum = sum & 1 ? 0xEDB88320 ^ (sum >>> 1) : sum >>> 1;
  for (let byte = 0; byte < 256; byte += 2 * bit) TABLES[byte + bit] = at(0, byte) ^ sum;
}
for (let n = 256; n < 1024; n++) TABLES[n] = step(TABLES[n - 256] ?? 0, 0);

/** CRC-32 (ISO 3309, as in gzip, RFC 1952 section 8) of the UTF-8 bytes of a text's first `length` characters. It sees every change of up
 * to 32 neighbouring bits, and all but one in four billion of larger ones. It is no proof against anybody who wants to change the text. */
export function crc32(text: string, length: number = text.length): number {
  let crc = ~0;
  let codes = 0;
  let i = 0;
  // By index and four at a time, for each record that is read passes here: most are ASCII, and are looked at as they are.
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    codes |= a | b | c | d;
    crc ^= a | b << 8 | c << 16 | d << 24;
    crc = at(768, crc) ^ at(512, crc >>> 8) ^ at(256, crc >>> 16) ^ at(0, crc >>> 24);
  }
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    codes |= code;
    crc = step(crc, code);
  }
  return ~(codes > 127 ? utf8(text.slice(0, length)).reduce(step, ~0) : crc) >>> 0;
}

function step(crc: number, byte: number): number {
  return at(0, crc ^ byte) ^ (crc >>> 8);
}

function at(table: number, crc: number): number {
  return TABLES[table + (crc & 0xFF)] ?? 0;
}
