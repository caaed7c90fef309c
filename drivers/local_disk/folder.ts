import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Undurable } from "../../src/store/driver.ts";
import { failure } from "./failures.ts";
import type { Locks } from "./locks.ts";
import {
  checkThere,
  discard,
  fileOf,
  foldersIn,
  kept,
  keyOf,
  nameOf,
  putAside,
  putInPlace,
  remove,
  removeLeftovers,
  sync,
} from "./record_files.ts";

/** Records in a folder. */
export interface Folder {
  /** The text stored at a key; null where there is none or it has expired. */
  readonly get: (key: string) => string | null;
  /** Resolves to whether it wrote, when what it wrote is on the disk. */
  readonly write: (change: Change) => Promise<boolean>;
  /** The keys that begin with `prefix`, in order, those of what has expired among them. */
  readonly list: (prefix: string) => Promise<readonly string[]>;
  /** Removes a file if its record has expired. */
  readonly removeExpired: (name: string) => Promise<void>;
  /** Removes what is stored at these keys. */
  readonly clear: (keys: readonly string[]) => Promise<void>;
}

/** A write that may have a condition. */
export interface Change {
  /** Where. */
  readonly key: string;
  /** What must be stored there (null: nothing); without it, whatever is. */
  readonly expected?: string | null;
  /** What is to be stored there; null: nothing. */
  readonly next: string | null;
  /** The life of it, in seconds; without it, for ever. */
  readonly ttl?: number | undefined;
}

/** What became of a change. */
interface Settled {
  /** Whether what was stored was what was expected. */
  readonly wrote: boolean;
  /** Whether something else is there than before. */
  readonly touched: boolean;
}

const OPEN = 32; // files at once: a crowd of writers must not take all that the process may open
const BREATH = 1000; // names read before others get their turn

/** The records in the folder `root`. */
export function folder(root: string, now: () => number, locks: Locks): Folder {
  const few = atMost(OPEN);

  function stored(name: string): string | null {
    const record = kept(root, name);
    return record !== null && record.exp > now() ? record.text : null;
  }

  async function write(change: Change): Promise<boolean> {
    const name = nameOf(change.key);
    const text = change.next === null ? null : fileOf(change.next, change.ttl, now);
    const file = text === null ? null : await few(() => putAside(root, text));
    const { wrote, touched } = await settle(name, file, change);
    if (touched) await few(() => endure(root, name));
    return wrote;
  }

  /** The atomic step: compare, then rename or remove, under the lock. What takes long, the text on its way to the disk, was done
   * before: a slow disk keeps nobody else waiting. */
  async function settle(name: string, file: string | null, { expected }: Change): Promise<Settled> {
    let settled: Settled = { wrote: false, touched: false };
    try {
      await locks.under(name, async () => {
        if (expected !== undefined && stored(name) !== expected) return;
        if (file !== null) await putInPlace(root, name, file);
        settled = { wrote: true, touched: file !== null || await remove(root, name) };
      });
    } finally {
      if (file !== null && !settled.wrote) await discard(file);
    }
    return settled;
  }

  async function list(prefix: string): Promise<readonly string[]> {
    checkThere(root);
    await removeLeftovers(root);
    const keys: string[] = [];
    for (const inner of await foldersIn(root, prefix)) {
      // While nobody writes: a listing may miss a name that a file takes from another meanwhile (seen on tmpfs).
      const names = await locks.underAll(() => readdir(join(root, inner)));
      for await (const name of inTurns(names, BREATH)) {
        const key = keyOf(inner + name);
        if (key?.startsWith(prefix)) keys.push(key);
      }
    }
    return keys.sort();
  }

  async function clear(keys: readonly string[]): Promise<void> {
    const names = keys.map(nameOf);
    for (const name of names) await locks.under(name, () => remove(root, name));
    for (const inner of new Set(names.map((name) => dirname(join(root, name))))) await sync(inner);
  }

  async function removeExpired(name: string): Promise<void> {
    const expired = () => (kept(root, name)?.exp ?? Infinity) <= now();
    if (!expired()) return;
    await locks.under(name, async () => {
      if (expired()) await remove(root, name); // not what was written while we waited
    });
  }

  return { get: (key) => stored(nameOf(key)), write, list, removeExpired, clear };
}

/** All of them, with a pause for others after every so many. */
export async function* inTurns<T>(all: readonly T[], many: number): AsyncGenerator<T> {
  let count = 0;
  for (const one of all) {
    yield one;
    if (++count % many === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when a change is on the disk. */
async function endure(root: string, name: string): Promise<void> {
  try {
    await sync(dirname(join(root, name)));
  } catch (error) {
    const undurable: Undurable = { undurable: true };
    throw Object.assign(failure(root, error), undurable);
  }
}

/** Does so many works at once; others wait for their turn. */
function atMost(many: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = many;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
