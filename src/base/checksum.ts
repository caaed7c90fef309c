import { utf8 } from "./encoding.ts";

const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xEDB88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 (ISO 3309, as in gzip, RFC 1952 section 8) of a text's UTF-8 bytes, as 8 hexadecimal digits. It sees every change of up to
 * 32 neighbouring bits, and all but one in four billion of larger ones. It is no proof against anybody who wants to change the text. */
export function crc32(text: string): string {
  const bytes = utf8(text);
  let crc = ~0;
  // By index, for each record that is read passes here: an iterator takes several times as long on Bun.
  for (let i = 0; i < bytes.length; i++) crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xFF] ?? 0) ^ (crc >>> 8);
  return (~crc >>> 0).toString(16).padStart(8, "0");
}
