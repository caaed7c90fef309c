import { crc32 } from "../base/checksum.ts";
import { base64url, utf8 } from "../base/encoding.ts";
import type { Shape } from "../base/shape.ts";
import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";

const VERSION = 1; // of the schema of all records
const LARGEST = 60 * 1024; // bytes: Deno KV takes 64 KiB
const SUMMED = /^,"sum":"[\da-f]{8}"}$/; // the end of every text
const SUM_LENGTH = 18;

/** The text of a record: what it says, its version, one more than the revision before, and chance that makes it unique.
 * @throws {AuthError} `limit_reached` */
export function textOf<T extends object>(next: T, before: object | null, platform: Platform): string {
  const rev = (before === null ? 0 : (before as { rev: number }).rev) + 1; // checked when it was read
  const text = summed(JSON.stringify({ ...next, v: VERSION, rev, w: base64url(platform.random(9)) }));
  if (text.length > LARGEST / 3 && utf8(text).length > LARGEST) {
    throw new AuthError("limit_reached");
  }
  return text;
}

/** The JSON of an object, which has members, with the sum of all its other text as its last one: what a disk or a line has changed in it
 * is no record any more, even where it still reads well. */
export function summed(json: string): string {
  const text = json.slice(0, -1);
  return `${text},"sum":"${crc32(text).toString(16).padStart(8, "0")}"}`;
}

/** The record that a text is.
 * @throws {AuthError} `storage_corrupt` */
export function shaped<T extends object>(key: string, text: unknown, is: Shape<T>): T {
  // A driver may hand back what no text is: an Error, a number, a list that looks like its only entry.
  if (typeof text !== "string") throw corrupt(key, "is no text");
  const end = text.length - SUM_LENGTH;
  const isSummed = SUMMED.test(text.slice(-SUM_LENGTH));
  const record = parsed(key, isSummed ? `${text.slice(0, end)}}` : text);
  const { v: version, rev } = Object(record) as { readonly v?: unknown; readonly rev?: unknown };
  if (typeof version === "number" && version > VERSION) {
    throw corrupt(
      key,
      `was written by a newer version of this library (schema ${version}, this one knows ${VERSION})`,
    );
  }
  if (!isSummed || sumIn(text) !== crc32(text, end)) throw corrupt(key, "is not as it was written");
  if (version !== VERSION || typeof rev !== "number" || !is(record)) {
    throw corrupt(key, "has not the shape of its kind");
  }
  return record;
}

/** What the text of a record says its sum is; NaN or anything, of what is no such text. */
export function sumIn(text: unknown): number {
  return typeof text === "string" ? parseInt(text.slice(-10, -2), 16) : NaN;
}

function parsed(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw corrupt(key, "is not JSON", cause);
  }
}

function corrupt(key: string, what: string, cause?: unknown): AuthError {
  return new AuthError("storage_corrupt", { remedy: `the record at ${key} ${what}` }, { cause });
}
