import { existsSync, mkdirSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AuthError } from "../src/errors.ts";
import type { Driver } from "../src/store/driver.ts";
import { refuseNetworkDisk } from "./local_disk/network_disk.ts";
import { failure, messageOf, unavailable } from "./local_disk/failures.ts";
import { type Change, folder, inTurns } from "./local_disk/folder.ts";
import { locksIn } from "./local_disk/locks.ts";
import { foldersIn, keyOf, nameOf, TEMPORARY } from "./local_disk/record_files.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";

/** What {@link fs} may be told. */
export interface FsOptions {
  /** The folder, on a disk of this machine; made where it is missing, for its owner alone. Its `.lock-…` and `.tmp` must not be
   * removed while a process has it open. */
  readonly base: string;
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** How long to wait while another process writes, in seconds. Default 5. */
  readonly deadline?: number;
}

const BREATH = 100; // records read before others get their turn
const TIDY = { every: 100, files: 200 } as const; // writes, files looked at: more than were written, or the folder only grows

/** A store in a folder, shared by all processes of a machine: one file a record, its expiry (epoch milliseconds; empty: never) on
 * the first line, its text after it. What was answered survives a power cut. Needs Node 22.13, Deno (`--allow-read --allow-write
 * --allow-sys=statfs`) or Bun.
 * @throws {AuthError} `config_invalid`; `storage_unavailable` where the folder cannot be written, and later for what the disk
 * refuses, while another process writes for longer than `deadline` or after `dispose`; `storage_corrupt` for a file without its
 * first line; `storage_unsafe` where the folder is on a network disk
 * @see {@link https://man7.org/linux/man-pages/man2/rename.2.html | rename(2)}
 * @example Usage
 * ```ts ignore
 * import fs from "@latchkey/auth/drivers/fs";
 *
 * const driver = fs({ base: "/var/lib/auth" });
 * await driver.swap("greeting", null, "hello", { ttl: 60 }); // true: nothing was there
 * await driver.dispose();
 * ``` */
export default function fs(options: FsOptions): Driver {
  const { base, now = () => Date.now(), deadline = 5 } = options;
  const root = prepare(base);
  const locks = locksIn(root, deadline * 1000);
  const records = folder(root, now, locks);
  const tidier = tidierOf(root, records.removeExpired);
  const underway = new Set<Promise<unknown>>();
  let writes = 0;

  function get(key: string): string | null {
    locks.check();
    return records.get(key);
  }

  /** What `dispose` waits for. */
  async function tracked<T>(work: () => Promise<T>): Promise<T> {
    locks.check();
    const doing = work();
    underway.add(doing);
    try {
      return await doing;
    } catch (error) {
      throw failure(root, error);
    } finally {
      underway.delete(doing);
    }
  }

  async function write(change: Change): Promise<boolean> {
    const wrote = await tracked(() => records.write(change));
    if (++writes % TIDY.every === 0) tidier.tidy(); // nobody waits for it
    return wrote;
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [key: string, text: string]> {
    const keys = await tracked(() => records.list(prefix));
    for await (const key of inTurns(keys, BREATH)) {
      const text = listed(() => get(key));
      if (text !== null) yield [key, text];
      else await tracked(() => records.removeExpired(nameOf(key))).catch(() => {}); // it goes another time
    }
  }

  return {
    name: "fs",
    atomicity: "shared",
    getItem: get,
    hasItem: (key) => get(key) !== null,
    swap(key, expected, next, options) {
      if (expected === null && next === null) return get(key) === null;
      return write({ key, expected, next, ttl: options?.ttl });
    },
    setItem: async (key, value, options) => void await write({ key, next: value, ttl: options?.ttl }),
    removeItem: async (key) => void await write({ key, next: null }),
    getKeys: (prefix = "") => Array.fromAsync(entries(prefix), ([key]) => key),
    clear: (prefix = "") => tracked(async () => await records.clear(await records.list(prefix))),
    entries,
    async dispose() {
      locks.refuse();
      await Promise.allSettled(underway);
      await tidier.stop();
      locks.close();
    },
  };
}

/** Makes the folder. One that cannot be written shows now, and not at the first sign-in. */
function prepare(base: string): string {
  if (base === "") {
    const issues = [{ path: "base", message: "must name a folder: it is empty" }];
    throw new AuthError("config_invalid", { issues });
  }
  const root = resolve(base);
  let there = root;
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  try {
    refuseNetworkDisk(there);
    mkdirSync(join(root, TEMPORARY), { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (cause instanceof AuthError) throw cause;
    throw unavailable(`${root} cannot be used as a folder: ${messageOf(cause)}`, cause);
  }
  return root;
}

/** What a listing tells of a file that is not as we write them: nothing, which is no record. Such a file must not end a sweep. */
function listed(read: () => string | null): string | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof AuthError && error.code === "storage_corrupt") return "";
    throw error;
  }
}

/** Removes what has expired, some of it at each call. */
function tidierOf(root: string, removeExpired: (name: string) => Promise<void>) {
  let walk: AsyncGenerator<string> | null = null; // goes on where it was
  let round: Promise<void> | null = null;
  let stopped = false;

  async function goRound(): Promise<void> {
    let ends = 0;
    for (let n = 0; n < TIDY.files && ends < 2; n++) { // to the end, and on from the beginning: but no file twice
      try {
        walk ??= walkThrough(root);
        const { value: name, done } = await walk.next();
        if (done !== true) await removeExpired(name);
        else [walk, ends] = [null, ends + 1];
      } catch {
        // The writes are done and answered. What has expired goes another time.
      }
    }
    round = null;
  }

  return {
    tidy(): void {
      if (!stopped) round ??= goRound();
    },
    async stop(): Promise<void> {
      stopped = true;
      await round;
      await walk?.return(undefined);
    },
  };
}

/** The names of all our files. */
async function* walkThrough(root: string): AsyncGenerator<string> {
  for (const folder of await foldersIn(root, "")) {
    for await (const { name } of await opendir(join(root, folder))) {
      if (keyOf(folder + name) !== null) yield folder + name;
    }
  }
}
