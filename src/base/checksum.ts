import { utf8 } from "./encoding.ts";

const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xEDB88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

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
