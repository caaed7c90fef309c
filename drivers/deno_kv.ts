import { closeSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { AuthError } from "../src/errors.ts";
import type { Driver } from "../src/store/driver.ts";
import { messageOf, unavailable } from "./local_disk/failures.ts";
import { refuseNetworkDisk } from "./local_disk/network_disk.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";

/** A key of Deno KV, as far as it is used here. */
export type KvKey = readonly (string | Uint8Array)[];

/** What Deno KV tells of a key. */
export interface KvEntryLike {
  /** The key. */
  readonly key: readonly unknown[];
  /** What is stored there. */
  readonly value: unknown;
  /** Another one with each write; null where nothing is stored. */
  readonly versionstamp: string | null;
}

/** A step of Deno KV that is done as a whole or not at all. */
export interface KvAtomicLike {
  /** The step is done only if the key has this version. */
  readonly check: (check: { key: KvKey; versionstamp: string | null }) => KvAtomicLike;
  /** Writes a value. */
  readonly set: (key: KvKey, value: Uint8Array, options?: { expireIn?: number }) => KvAtomicLike;
  /** Removes a value. */
  readonly delete: (key: KvKey) => KvAtomicLike;
  /** Does it; `ok` is false where a check failed. */
  readonly commit: () => Promise<{ readonly ok: boolean }>;
}

/** What is used of a `Deno.Kv`, or of a `Kv` of the npm package `@deno/kv`. */
export interface KvLike {
  /** Reads a key. */
  readonly get: (key: KvKey, options: { consistency: "strong" }) => Promise<KvEntryLike>;
  /** Reads the keys from `start` until before `end`. */
  readonly list: (
    selector: { start: KvKey; end: KvKey },
    options: { limit: number; batchSize: number; consistency: "strong" },
  ) => AsyncIterable<KvEntryLike>;
  /** Begins a step. */
  readonly atomic: () => KvAtomicLike;
  /** Lets go of it. */
  readonly close: () => void;
}

/** What {@link denoKv} may be told besides where the store is. */
export interface DenoKvSettings {
  /** What all keys begin with, segments joined by `:`; `""` for nothing. Default `latchkey`. */
  readonly base?: string;
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** How long an operation may take, waiting for other processes included, in seconds. Default 5. */
  readonly deadline?: number;
}

/** A store that the driver opens, and closes when it is disposed. */
export interface DenoKvPath {
  /** What `Deno.openKv` takes: a file, on a disk of this machine; `:memory:`; the https:// URL of a database of Deno Deploy or of a
   * denokv of your own, with its access token in the environment variable DENO_KV_ACCESS_TOKEN. Default: Deno's own. */
  readonly path?: string;
  /** Not beside `path`. */
  readonly kv?: undefined;
}

/** A store that is open. The driver does not close it. */
export interface DenoKvOpen {
  /** A `Deno.Kv`, a `Kv` of the npm package `@deno/kv`, or a promise of one. Taken for a store that processes share. */
  readonly kv: KvLike | Promise<KvLike>;
  /** Not beside `kv`. */
  readonly path?: undefined;
}

/** What {@link denoKv} may be told. */
export type DenoKvOptions = DenoKvSettings & (DenoKvPath | DenoKvOpen);

/** Where the store is, and how it is come by. */
interface Source {
  readonly name: string;
  readonly open: () => Promise<KvLike>;
  /** Whether it is ours to close. */
  readonly own: boolean;
}

/** What is stored at a key. */
interface Content {
  readonly text: string;
  /** Epoch milliseconds; Infinity: never. */
  readonly exp: number;
}

/** What one attempt of an operation does; `still` throws where it would come too late. */
type Work<T> = (kv: KvLike, still: () => void) => Promise<T | typeof AGAIN>;

const MEMORY = ":memory:";
const STRONG = { consistency: "strong" } as const;
const LARGEST = { key: 2047, value: 65_536 } as const; // bytes: what Deno KV takes, but for the byte that leads on from a key in a list
const PAGE = 100; // entries read at once, or removed: of those that are removed it takes 800 KiB of keys
const HOUR = 3_600_000; // milliseconds that what has expired is kept: the store's own clock may run ahead
const GONE: Content = { text: "", exp: -Infinity };
const UTF8 = new TextEncoder();
const GRAVE = UTF8.encode("0\n"); // what expired long ago: a create that is resent after a removal does not find the key unused
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LAST = "\u{10FFFF}"; // after every character of a key
const NEEDS =
  "needs Deno, run with --unstable-kv. On Node give an open store of the npm package @deno/kv instead: " +
  'kv: await openKv("./auth.db")';
const TOKEN = "must be without user and password: DENO_KV_ACCESS_TOKEN holds what lets us in";
const AGAIN = Symbol("another process was in the way: nothing has happened");

/** A store in Deno KV: a file of this machine, or a database that machines share by KV Connect (Deno Deploy, denokv). Needs Deno with
 * `--unstable-kv` (and for a file `--allow-read --allow-write --allow-sys=statfs`), or on Node the npm package `@deno/kv`, whose
 * store is given as `kv`. Values may have 65,536 bytes, keys 2,047. What was answered is on the disk, if the store is a file.
 *
 * Deno resends what it sends to a database elsewhere until that answers, and cannot be told not to. A check of the version goes
 * along, so nothing happens twice; but false may then be the answer to a swap that wrote. An operation that is over its
 * deadline is `storage_unavailable`, and may yet happen.
 * @throws {AuthError} `config_invalid`; later `storage_unavailable` where the store cannot be opened or does not answer within
 * `deadline`, and after `dispose`; `storage_unsafe` where the file is on a network disk; `storage_corrupt` where something else wrote
 * @throws {TypeError} later, for a key or a text that Deno KV cannot keep
 * @see {@link https://github.com/denoland/denokv/blob/main/proto/kv-connect.md | KV Connect}
 * @example Usage
 * ```ts ignore
 * import denoKv from "@latchkey/auth/drivers/deno-kv";
 *
 * const driver = denoKv({ path: "./auth.db" });
 * await driver.swap("greeting", null, "hello", { ttl: 60 }); // true: nothing was there
 * await driver.dispose();
 * ``` */
export default function denoKv(options: DenoKvOptions = {}): Driver {
  const { base = "latchkey", now = () => Date.now(), deadline = 5 } = options;
  check(options, base);
  const resends = options.kv !== undefined || isRemote(options.path);
  const { keyOf, nameOf, range } = keyspace(base);
  const { attempt, close } = connection(sourceOf(options), deadline * 1000);

  async function read(kv: KvLike, key: KvKey) {
    const { value, versionstamp } = await kv.get(key, STRONG);
    const kept = versionstamp === null ? GONE : contentOf(value);
    const remedy = `what is stored at ${nameOf(key)} is no text: something else wrote it`;
    if (kept === null) throw new AuthError("storage_corrupt", { remedy });
    return { text: alive(kept), versionstamp };
  }

  const alive = ({ text, exp }: Content) => exp > now() ? text : null;

  function get(key: string): Promise<string | null> {
    const at = keyOf(key);
    return attempt(async (kv) => (await read(kv, at)).text);
  }

  /** What a write adds to a step. */
  function put(key: KvKey, text: string | null, ttl?: number): (step: KvAtomicLike) => KvAtomicLike {
    if (text === null) return (step) => resends ? step.set(key, GRAVE, { expireIn: HOUR }) : step.delete(key);
    const life = ttl === undefined ? null : Math.ceil(ttl * 1000);
    const bytes = bytesOf(text, life === null ? null : Math.ceil(now() + life));
    return (step) => step.set(key, bytes, life === null ? {} : { expireIn: life + HOUR });
  }

  function write(key: string, text: string | null, ttl?: number): Promise<void> {
    const add = put(keyOf(key), text, ttl);
    return attempt(async (kv) => void await add(kv.atomic()).commit());
  }

  /** What is stored at keys that begin with `prefix`, expired or not, a page at a time: each is an operation of its own. */
  async function* pages(prefix: string): AsyncGenerator<readonly KvEntryLike[]> {
    const { start, end } = range(prefix);
    const options = { limit: PAGE, batchSize: PAGE, ...STRONG };
    for (let from = start, page: KvEntryLike[];;) {
      const selector = { start: from, end };
      page = await attempt((kv) => Array.fromAsync(kv.list(selector, options)));
      yield page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      from = after(last.key);
    }
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [key: string, text: string]> {
    for await (const page of pages(prefix)) {
      for (const { key, value } of page) {
        const [name, kept] = [nameOf(key), contentOf(value)]; // null: of somebody else in the same store
        const text = kept === null ? null : alive(kept);
        if (name !== null && text !== null) yield [name, text];
      }
    }
  }

  return {
    name: "deno-kv",
    atomicity: options.path === MEMORY ? "process" : "shared",
    getItem: get,
    hasItem: async (key) => await get(key) !== null,
    swap(key, expected, next, options) {
      const at = keyOf(key);
      const add = put(at, next, options?.ttl);
      return attempt(async (kv, still) => {
        const { text, versionstamp } = await read(kv, at);
        if (text !== expected) return false;
        if (expected === null && next === null) return true;
        still();
        // Atomic by the version: what was compared is what is replaced. A commit that was not ok did nothing, so to compare and
        // commit once more is not to send a swap twice.
        const { ok } = await add(kv.atomic().check({ key: at, versionstamp })).commit();
        return ok || AGAIN;
      });
    },
    setItem: (key, value, options) => write(key, value, options?.ttl),
    removeItem: (key) => write(key, null),
    getKeys: async (base = "") => (await Array.fromAsync(entries(base))).map(([key]) => key),
    async clear(base = "") {
      for await (const page of pages(base)) {
        const names = page.map(({ key }) => nameOf(key)).filter((name) => name !== null);
        await attempt((kv) => names.reduce((step, name) => step.delete(keyOf(name)), kv.atomic()).commit());
      }
    },
    entries,
    ready: () => attempt(async (kv) => void await kv.get(keyOf(""), STRONG)), // opened, and let in
    dispose: close,
  };
}

function check({ path, kv }: DenoKvOptions, base: string): void {
  const rules: readonly (readonly [kept: boolean, option: string, message: string])[] = [
    [path !== "", "path", "must name a file: it is empty"],
    [path === undefined || kv === undefined, "path", "must not be given beside kv"],
    [path === undefined || !/^https?:.*@/is.test(path), "path", TOKEN],
    [kv !== undefined || openerOf() !== undefined, "path", NEEDS],
    [base === "" || !base.split(":").includes(""), "base", `must be names joined by ":": it is ${base}`],
  ];
  const issues = rules.filter(([kept]) => !kept).map(([, option, message]) => ({ path: option, message }));
  if (issues.length > 0) throw new AuthError("config_invalid", { issues });
}

/** `Deno.openKv`, where there is one. Only what runs knows: no type of Deno's is loaded for those who run on Node. */
function openerOf(): ((path?: string) => Promise<KvLike>) | undefined {
  return (globalThis as { readonly Deno?: { readonly openKv?: (path?: string) => Promise<KvLike> } }).Deno
    ?.openKv;
}

function sourceOf({ path, kv }: DenoKvOptions): Source {
  if (kv !== undefined) {
    const given = Promise.resolve(kv);
    given.catch(() => {}); // told by the first operation
    return { name: "the given Deno KV", own: false, open: () => given };
  }
  const file = path === undefined || path === MEMORY || isRemote(path) ? null : resolve(path);
  return {
    name: file ?? path ?? "Deno KV",
    own: true,
    async open() {
      if (file !== null) prepare(file);
      const openKv = openerOf();
      if (openKv === undefined) throw new TypeError("Deno.openKv is gone");
      return await openKv(file ?? path);
    },
  };
}

function isRemote(path: string | undefined): boolean {
  return path !== undefined && /^https?:/i.test(path);
}

/** Deno keeps a file with SQLite: it needs a disk of this machine, and a new one is for its owner alone, as its other files then are. */
function prepare(file: string): void {
  refuseNetworkDisk(file);
  try {
    closeSync(openSync(file, "ax", 0o600));
  } catch {
    // It is there already, or cannot be made: Deno will say why.
  }
}

/** How keys lie in the store: a segment is a part, as unstorage's own driver has it. */
function keyspace(base: string) {
  const above = base === "" ? [] : base.split(":");
  const partsOf = (key: string) => [...above, ...key.split(":")];
  return {
    keyOf(key: string): KvKey {
      const parts = partsOf(key);
      const size = parts.reduce((sum, part) => sum + UTF8.encode(part).length + 2, 0); // each with its type and its end
      if (!key.isWellFormed() || size > LARGEST.key) {
        throw new TypeError(`${key.slice(0, 40)}… is no key: over ${LARGEST.key} bytes, or half a character`);
      }
      return parts;
    },
    /** The key as it was given, or null where it cannot have been. */
    nameOf(key: readonly unknown[]): string | null {
      const own = key.slice(above.length);
      return own.every((part) => typeof part === "string" && !part.includes(":")) ? own.join(":") : null;
    },
    /** The keys that begin with `prefix`, which may end within a segment. */
    range(prefix: string): { readonly start: KvKey; readonly end: KvKey } {
      const start = partsOf(prefix);
      return { start, end: [...start.slice(0, -1), `${start.at(-1)}${LAST}`] };
    },
  };
}

/** The first key after another: parts of bytes come before all others. */
function after(key: readonly unknown[]): KvKey {
  return [...key as KvKey, new Uint8Array()]; // Deno KV told it, and takes it back whatever it is made of
}

/** What a value holds; null where it is no text of ours. */
function contentOf(value: unknown): Content | null {
  if (typeof value === "string") return { text: value, exp: Infinity }; // as unstorage writes it
  if (!(value instanceof Uint8Array)) return null;
  try {
    const [, exp, text] = /^(\d*)\n(.*)$/s.exec(STRICT.decode(value)) ?? [];
    if (exp === undefined || text === undefined) return null;
    return { text, exp: exp === "" ? Infinity : Number(exp) };
  } catch {
    return null; // these bytes are no UTF-8
  }
}

/** What is written: bytes, of which a text of 60 KiB needs no more than it has: as a string it may need twice as many. */
function bytesOf(text: string, exp: number | null): Uint8Array {
  const bytes = UTF8.encode(`${exp ?? ""}\n${text}`);
  if (!text.isWellFormed()) throw new TypeError("a text with half a character cannot be kept");
  if (bytes.length <= LARGEST.value) return bytes;
  throw new TypeError(`a text of ${bytes.length} bytes cannot be kept: Deno KV takes ${LARGEST.value}`);
}

/** Runs operations, again where another process was in the way, for `ms` milliseconds at most. */
function connection({ name, open, own }: Source, ms: number) {
  let opening: Promise<KvLike> | undefined;
  let closed = false;

  function opened(): Promise<KvLike> {
    if (opening !== undefined) return opening;
    opening = open();
    opening.catch(() => opening = undefined); // the next one tries again
    return opening;
  }

  async function tries<T>(work: Work<T>, still: () => void): Promise<T> {
    for (let most = 1;; most = Math.min(most * 2, 32)) {
      try {
        still();
        const outcome = await work(await opened(), still);
        if (outcome !== AGAIN) return outcome;
      } catch (error) {
        if (error instanceof AuthError) throw error;
        if (!isBusy(error)) throw unavailable(`${name}: ${messageOf(error)}`, error);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * most)); // others wait too: not in step with them
    }
  }

  async function attempt<T>(work: Work<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const late = () => unavailable(`${name} did not answer, or was locked by others, for ${ms / 1000} s`);
    const still = () => {
      if (closed) throw unavailable(`${name} has been closed`);
      if (over) throw late();
    };
    const end = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        over = true;
        reject(late());
      }, ms);
    });
    try {
      return await Promise.race([tries(work, still), end]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    if (own) (await opening?.catch(() => undefined))?.close();
  }

  return { attempt, close };
}

/** Deno tells it by the message alone. Nothing has been written then: SQLite did not give the lock, or Deno undid the whole
 * transaction that it had put several writes into (denokv, sqlite/backend.rs). */
function isBusy(error: unknown): boolean {
  return /database is locked|batch transaction failed/.test(messageOf(error));
}
