import { utf8 } from "./encoding.ts";

/** What a byte comes to, and behind that what it comes to with one, two and three bytes after it. */
const TABLE = new Int32Array(4 * 256);
for (let n = 0; n < TABLE.length; n++) {
  let crc = n < 256 ? n : TABLE[n - 256] ?? 0;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xEDB88320 ^ (crc >>> 1) : crc >>> 1;
  TABLE[n] = crc;
}

/** CRC-32 (ISO 3309, as in gzip, RFC 1952 section 8) of the UTF-8 bytes of a text's first `length` characters, as 8 hexadecimal digits. It
 * sees every change of up to 32 neighbouring bits, and all but one in four billion of larger ones. It is no proof against anybody who
 * wants to change the text. */
export function crc32(text: string, length: number = text.length): string {
  const inFours = length - length % 4;
  let crc = ~0;
  // By index, for each record that is read passes here: most are ASCII, and are looked at as they are, four at once, because each step
  // waits for the one before.
  for (let i = 0; i < inFours; i += 4) {
    const second = text.charCodeAt(i + 1);
    const third = text.charCodeAt(i + 2);
    const fourth = text.charCodeAt(i + 3);
    const first = text.charCodeAt(i);
    if ((first | second | third | fourth) > 127) return ofBytes(utf8(text.slice(0, length)));
    crc ^= first | second << 8 | third << 16 | fourth << 24;
    crc = (TABLE[768 + (crc & 0xFF)] ?? 0) ^ (TABLE[512 + (crc >>> 8 & 0xFF)] ?? 0) ^
      (TABLE[256 + (crc >>> 16 & 0xFF)] ?? 0) ^ (TABLE[crc >>> 24] ?? 0);
  }
  for (let i = inFours; i < length; i++) {
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
