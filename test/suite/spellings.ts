// In how many ways a text can be written down.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { base32 } from "../../src/base/encoding.ts";

const LONG = 16; // characters: what is shorter is sought in base64 only where it stands from the first byte on

/** A text as it is, percent-encoded, in JSON, in hexadecimal and in base64, also in the midst of something longer. */
export function spellingsOf(text: string): readonly string[] {
  const quoted = JSON.stringify(text).slice(1, -1);
  const twice = JSON.stringify(quoted).slice(1, -1);
  return distinct([text, encodeURIComponent(text), quoted, twice, ...spellingsOfBytes(Buffer.from(text))]);
}

/** Bytes as text. */
export function spellingsOfBytes(bytes: Uint8Array): readonly string[] {
  const hexadecimal = Buffer.from(bytes).toString("hex");
  return distinct([hexadecimal, hexadecimal.toUpperCase(), ...inBase64(bytes)]);
}

/** Bytes that are no text, which may also be printed as numbers. */
export function spellingsOfKey(bytes: Uint8Array): readonly string[] {
  return [...spellingsOfBytes(bytes), base32(bytes), bytes.join(","), bytes.join(", ")];
}

/** The plain SHA-256 of a text: of what can be guessed it tells as much as the text. */
export function hashesOf(text: string): readonly string[] {
  const hash = createHash("sha256").update(text).digest();
  return [...spellingsOfBytes(hash), base32(hash)];
}

/** Base64 without padding, in both alphabets. Within a longer text it begins at any of three places: of each, what does not depend on
 * what stands before and after. */
function inBase64(bytes: Uint8Array): readonly string[] {
  const places = bytes.length < LONG ? [0] : [0, 1, 2];
  const found = places.map((before) => {
    const whole = Buffer.concat([new Uint8Array(before), bytes]).toString("base64url");
    const end = bytes.length < LONG ? whole.length : Math.floor((before + bytes.length) * 8 / 6);
    return whole.slice(before === 0 ? 0 : before + 1, end);
  });
  return found.flatMap((one) => [one, one.replaceAll("-", "+").replaceAll("_", "/")]);
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
