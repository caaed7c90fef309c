import * as v from "valibot";
import { crc32 } from "../base/checksum.ts";
import { base64url } from "../base/encoding.ts";
import { frozen } from "../base/frozen.ts";
import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";

const VERSION = 1; // of the schema of all records
const LARGEST = 60 * 1024; // bytes: Deno KV takes 64 KiB
const SUM = /^(.*),"sum":"([0-9a-f]{8})"\}$/s;

/** The text of a record: what it says, its version, one more than the revision before, and chance that makes it unique.
 * @throws {AuthError} `limit_reached` */
export function textOf<T extends object>(next: T, before: object | null, platform: Platform): string {
  const rev = (before === null ? 0 : (before as { rev: number }).rev) + 1; // checked when it was read
  const text = summed(JSON.stringify({ ...next, v: VERSION, rev, w: base64url(platform.random(9)) }));
  if (text.length > LARGEST / 3 && new TextEncoder().encode(text).length > LARGEST) {
    throw new AuthError("limit_reached");
  }
  return text;
}

/** The JSON of an object, which has members, with the sum of all its other text as its last one: what a disk or a line has changed in it
 * is no record any more, even where it still reads well. */
export function summed(json: string): string {
  const text = json.slice(0, -1);
  return `${text},"sum":"${crc32(text)}"}`;
}

/** The record that a text is. Nobody can change it: whoever reads the same text gets the same record.
 * @throws {AuthError} `storage_corrupt` */
export function shaped<T extends object>(key: string, text: unknown, shape: v.GenericSchema<unknown, T>): T {
  // A driver may hand back what no text is: an Error, a number, a list that looks like its only entry.
  if (typeof text !== "string") throw corrupt(key, "is no text");
  const [, rest = "", sum] = SUM.exec(text) ?? [];
  const record = parsed(key, sum === undefined ? text : `${rest}}`);
  const { v: version, rev } = Object(record) as { readonly v?: unknown; readonly rev?: unknown };
  if (typeof version === "number" && version > VERSION) {
    throw corrupt(
      key,
      `was written by a newer version of this library (schema ${version}, this one knows ${VERSION})`,
    );
  }
  if (sum !== crc32(rest)) throw corrupt(key, "is not as it was written");
  if (version !== VERSION || typeof rev !== "number" || !v.is(shape, record)) {
    throw corrupt(key, "has not the shape of its kind");
  }
  return frozen(record) as T; // looked at in the line above; valibot tells the type of an input, which here is the output
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
