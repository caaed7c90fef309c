import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { corrupt, failure, hasCode, unavailable } from "./failures.ts";

/** A record as its file keeps it. */
export interface Kept {
  /** What was written. */
  readonly text: string;
  /** Epoch milliseconds; Infinity: never. */
  readonly exp: number;
}

/** Where files are written before they are put in their place. No key has this name: a dot in a key is written %2e. */
export const TEMPORARY = ".tmp";

const EXTENSION = ".json";
const LONGEST = 255; // bytes of a name, on all usual disks
const HOUR = 3_600_000;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The name of a key's file: `users/abc.json` for `users:abc`, `sessions/u_s.json` for `sessions:u:s`, `invites.json` for
 * `invites`.
 * @throws {AuthError} `storage_unavailable` where it would be too long */
export function nameOf(key: string): string {
  if (!key.isWellFormed()) throw new TypeError("a key with half a character cannot be kept");
  const [first = "", ...rest] = key.split(":").map(encoded);
  const names = rest.length === 0 ? [first + EXTENSION] : [first, rest.join("_") + EXTENSION];
  const long = names.find((name) => name.length > LONGEST);
  if (long === undefined) return names.join("/");
  throw unavailable(`a file name has at most ${LONGEST} bytes: that of the key ${key} has ${long.length}`);
}

/** Only [a-z0-9-] stand for themselves: some disks take A for a. An empty segment is %, which nothing else is. */
function encoded(segment: string): string {
  if (segment === "") return "%";
  return segment.replace(/[^a-z0-9-]+/g, (other) => Buffer.from(other).toString("hex").replace(/../g, "%$&"));
}

/** The key of a file's name; null for a file that is none of ours. */
export function keyOf(name: string): string | null {
  const segments = name.slice(0, -EXTENSION.length).split(/[/_]/);
  try {
    const key = segments.map((segment) => segment === "%" ? "" : decodeURIComponent(segment)).join(":");
    return nameOf(key) === name ? key : null;
  } catch {
    return null; // a % that we did not write, or so many letters of others that we would have no room for them
  }
}

/** What the file of a text has in it: the expiry on a line of its own, then the text. */
export function fileOf(text: string, ttl: number | undefined, now: () => number): string {
  if (!text.isWellFormed()) throw new TypeError("a text with half a character cannot be kept");
  const exp = ttl === undefined ? Infinity : Math.ceil(now() + ttl * 1000);
  return `${Number.isSafeInteger(exp) ? exp : ""}\n${text}`;
}

/** What is stored, expired or not; null where nothing is. Without a lock: a file is never changed, only another put in its place.
 * @throws {AuthError} `storage_corrupt`, `storage_unavailable` */
export function kept(root: string, name: string): Kept | null {
  const path = join(root, name);
  let file: string;
  try {
    file = UTF8.decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) throw corrupt(path, "is not UTF-8", error);
    if (!hasCode(error, "ENOENT")) throw failure(path, error);
    checkThere(root);
    return null;
  }
  const end = file.indexOf("\n");
  const exp = file.slice(0, Math.max(end, 0));
  if (end === -1 || !/^(?:-?\d+)?$/.test(exp)) throw corrupt(path, "does not begin with an expiry");
  return { text: file.slice(end + 1), exp: exp === "" ? Infinity : Number(exp) };
}

/** A disk that is not mounted is not an empty store.
 * @throws {AuthError} `storage_unavailable` */
export function checkThere(root: string): void {
  if (existsSync(join(root, TEMPORARY))) return;
  throw unavailable(`${root} is gone or its disk is not mounted: there is no ${TEMPORARY} in it`);
}

/** The folders in which keys may be that begin with `prefix`: "" for the root itself, and `users/`. */
export async function foldersIn(root: string, prefix: string): Promise<readonly string[]> {
  const folders = (await readdir(root)).filter((name) => {
    const lead = keyOf(`${name}/%${EXTENSION}`); // "users:"
    if (lead === null || !(lead.startsWith(prefix) || prefix.startsWith(lead))) return false;
    return statSync(join(root, name), { throwIfNoEntry: false })?.isDirectory() === true;
  });
  return ["", ...folders.map((name) => `${name}/`)];
}

/** Writes a file aside, and resolves to its path when it is on the disk and not only on its way. */
export async function putAside(root: string, text: string): Promise<string> {
  const path = join(root, TEMPORARY, crypto.randomUUID());
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await discard(path);
    throw error;
  } finally {
    await file.close();
  }
  return path;
}

/** Removes a file that was put aside for nothing. */
export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => {}); // what stays is like what a crash leaves: it goes in time
}

/** Puts a file that was put aside in its place, whatever is there. */
export async function putInPlace(root: string, name: string, file: string): Promise<void> {
  const path = join(root, name);
  try {
    await rename(file, path);
  } catch (error) {
    if (!hasCode(error, "ENOENT") || dirname(path) === root) throw error;
    await makeFolder(root, dirname(path)); // the first of its kind
    await rename(file, path);
  }
}

async function makeFolder(root: string, path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error; // else another was faster
  }
  await sync(root);
}

/** Removes a file. Whether it was there. */
export async function remove(root: string, name: string): Promise<boolean> {
  try {
    await unlink(join(root, name));
    return true;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return false;
  }
}

/** Resolves when what became of the files in a folder is on the disk. */
export async function sync(folder: string): Promise<void> {
  const opened = await open(folder, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** Removes what those who died had put aside. */
export async function removeLeftovers(root: string): Promise<void> {
  const folder = join(root, TEMPORARY);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    try {
      // By the clock of the machine, which dates files.
      if ((await stat(path)).mtimeMs < Date.now() - HOUR) await unlink(path);
    } catch {
      // Its writer has put it in its place, or it will go another time.
    }
  }
}
