import { closeSync, openSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync, type StatementResultingChanges } from "node:sqlite";
import { AuthError } from "../src/errors.ts";
import type { Driver, MaybePromise } from "../src/store/driver.ts";
import { messageOf, unavailable } from "./local_disk/failures.ts";
import { refuseNetworkDisk } from "./local_disk/network_disk.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";

/** What {@link sqlite} may be told. */
export interface SqliteOptions {
  /** The database file, made where it is missing (its directory is not), on a disk of this machine; `:memory:` for none. */
  readonly path: string;
  /** When a write counts as done. `full`, the default: what was answered survives a power cut. `normal` is several times as
   * fast, but a power cut may undo the last writes, so that a code used up or a session ended is good again. */
  readonly synchronous?: "full" | "normal";
  /** The name of the table: letters, digits and `_`. Default `latchkey`. */
  readonly table?: string;
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** How long to wait while another process writes, in seconds. Default 5. */
  readonly deadline?: number;
}

type Synchronous = "full" | "normal";

const MEMORY = ":memory:";
const OPENING = 10_000; // milliseconds: those who open the same new file at once are done within them
const PAGE = 100; // rows read at once
const TIDY = { every: 100, rows: 200 } as const; // writes, expired rows: more than were written, or the file only grows
const SYNCHRONOUS = { full: "FULL", normal: "NORMAL" } as const;
const SQLITE_BUSY = 5; // https://sqlite.org/rescode.html: the low byte of all its kinds

/** A store in one SQLite file, shared by all processes of a machine. Needs Node 22.13, Deno (`--allow-read --allow-write
 * --allow-sys=statfs`) or Bun.
 * @throws {AuthError} `config_invalid`; `storage_unavailable` where the file cannot be opened, and later while another process
 * writes for longer than `deadline` or after `dispose`; `storage_unsafe` where the file is on a network disk
 * @see {@link https://sqlite.org/wal.html | SQLite, Write-Ahead Logging}
 * @example Usage
 * ```ts
 * import sqlite from "@latchkey/auth/drivers/sqlite";
 *
 * const driver = sqlite({ path: ":memory:" });
 * await driver.swap("greeting", null, "hello", { ttl: 60 }); // true: nothing was there
 * await driver.dispose();
 * ``` */
export default function sqlite(options: SqliteOptions): Driver {
  const { path, synchronous = "full", table = "latchkey", now = () => Date.now(), deadline = 5 } = options;
  check(path, synchronous, table);
  const { database, sql } = open(path, synchronous, table);
  const { attempt, close } = connection(path, database, deadline * 1000);
  let writes = 0;

  /** `run` asks for the time itself: a write that had to wait must not take an expired key for a live one. */
  function write(texts: readonly string[], run: () => StatementResultingChanges): MaybePromise<boolean> {
    if (!texts.every(isKept)) {
      throw new TypeError("a text with a NUL or half a character cannot be kept");
    }
    return attempt(() => {
      const wrote = run().changes === 1;
      if (++writes % TIDY.every === 0) tidy();
      return wrote;
    });
  }

  /** How many expired rows went. */
  function tidy(): number {
    try {
      return Number(sql.tidy.run({ now: now() }).changes);
    } catch {
      return 0; // what came before it is done and must be answered so; what has expired goes another time
    }
  }

  function read(key: string): string | null {
    const row = sql.get.get({ key, now: now() });
    return row === undefined ? null : String(row["value"]);
  }

  const expiry = (ttl: number | undefined) => ttl === undefined ? null : Math.ceil(now() + ttl * 1000);

  return {
    name: "sqlite",
    atomicity: path === MEMORY ? "process" : "shared",
    getItem: (key) => attempt(() => read(key)),
    hasItem: (key) => attempt(() => read(key) !== null),
    // Atomic because whatever it writes is one statement with its condition in it.
    swap(key, expected, next, options) {
      if (next === null) {
        if (expected === null) return attempt(() => read(key) === null);
        return write([key, expected], () => sql.remove.run({ key, expected, now: now() }));
      }
      if (expected === null) {
        return write([key, next], () => sql.create.run({ key, next, now: now(), exp: expiry(options?.ttl) }));
      }
      return write(
        [key, expected, next],
        () => sql.update.run({ key, expected, next, now: now(), exp: expiry(options?.ttl) }),
      );
    },
    setItem: (key, value, options) =>
      done(write([key, value], () => sql.set.run({ key, value, exp: expiry(options?.ttl) }))),
    removeItem: (key) => done(write([key], () => sql.delete.run({ key }))),
    getKeys: (base = "") =>
      attempt(() => sql.keys.all({ base, now: now() }).map((row) => String(row["key"]))),
    clear: (base = "") => done(write([base], () => sql.clear.run({ base }))),
    async *entries(prefix) {
      let last: string | null = null;
      for (let full = true; full;) {
        const rows = await attempt(() =>
          sql.page.all({ base: prefix, from: last ?? prefix, last, now: now() })
        );
        for (const row of rows) yield [last = String(row["key"]), String(row["value"])];
        full = rows.length === PAGE;
        if (tidy() === TIDY.rows || full) await othersTurn(); // what has expired goes when somebody goes through what has not
      }
      while (tidy() === TIDY.rows) await othersTurn();
    },
    dispose: close,
  };
}

function check(path: string, synchronous: string, table: string): void {
  const rules: readonly (readonly [kept: boolean, option: string, message: string])[] = [
    [path !== "", "path", "must name a file: it is empty"],
    [Object.hasOwn(SYNCHRONOUS, synchronous), "synchronous", `must be full or normal: it is ${synchronous}`],
    // It stands in the SQL as it is.
    [/^(?!sqlite_)[a-z_]\w{0,62}$/i.test(table), "table", `must be letters, digits and _: it is ${table}`],
  ];
  const issues = rules.filter(([kept]) => !kept).map(([, option, message]) => ({ path: option, message }));
  if (issues.length > 0) throw new AuthError("config_invalid", { issues });
}

function open(path: string, synchronous: Synchronous, table: string) {
  const file = path === MEMORY ? path : resolve(path); // an absolute path is never taken for a URI
  try {
    if (path !== MEMORY) refuseNetworkDisk(file);
    if (path !== MEMORY) makePrivate(file);
    // Who makes a file WAL does not wait for others who do, whatever busy_timeout says: so it is tried again.
    for (const until = performance.now() + OPENING;; pause()) {
      const database = new DatabaseSync(file);
      try {
        prepare(database, synchronous, table);
        return { database, sql: statements(database, table) };
      } catch (error) {
        database.close();
        if (!isBusy(error) || performance.now() >= until) throw error;
      }
    }
  } catch (cause) {
    if (cause instanceof AuthError) throw cause;
    const directory = statSync(file, { throwIfNoEntry: false })?.isDirectory();
    const why = directory ? "it is a directory" : messageOf(cause);
    throw unavailable(`${file} cannot be opened as a database: ${why}`, cause);
  }
}

/** A new file is for its owner alone; SQLite's other files follow it. */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, "ax", 0o600));
  } catch {
    // It is there already, or cannot be made: SQLite will say why.
  }
}

/** Waits in step, for a few milliseconds: nothing is served yet. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random() * 9);
}

/** Makes what is missing. A file that cannot be written shows now, and not at the first sign-in. */
function prepare(database: DatabaseSync, synchronous: Synchronous, table: string): void {
  const steps = [
    "PRAGMA busy_timeout = 0", // nobody waits inside SQLite: that would stop the server
    "PRAGMA journal_mode = WAL",
    `PRAGMA synchronous = ${SYNCHRONOUS[synchronous]}`,
    `CREATE TABLE IF NOT EXISTS "${table}" (key TEXT PRIMARY KEY, value TEXT NOT NULL, exp INTEGER) WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS "${table}_exp" ON "${table}" (exp) WHERE exp IS NOT NULL`,
    `DELETE FROM "${table}" WHERE key IS NULL`, // no row, but refused where nothing may be written
  ];
  for (const step of steps) database.prepare(step).all(); // not exec: in Deno its errors do not say that it was busy
}

function statements(database: DatabaseSync, name: string) {
  const table = `"${name}"`;
  const alive = "(exp IS NULL OR exp > $now)";
  const below = "key < $base || char(0x10FFFF)"; // a range: LIKE folds case and takes _ for any letter
  const sql = (text: string) => database.prepare(text);
  return {
    get: sql(`SELECT value FROM ${table} WHERE key = $key AND ${alive}`),
    create: sql(`INSERT INTO ${table} (key, value, exp) VALUES ($key, $next, $exp)
      ON CONFLICT (key) DO UPDATE SET value = $next, exp = $exp WHERE exp <= $now`),
    update: sql(`UPDATE ${table} SET value = $next, exp = $exp
      WHERE key = $key AND value = $expected AND ${alive}`),
    remove: sql(`DELETE FROM ${table} WHERE key = $key AND value = $expected AND ${alive}`),
    set: sql(`INSERT OR REPLACE INTO ${table} (key, value, exp) VALUES ($key, $value, $exp)`),
    delete: sql(`DELETE FROM ${table} WHERE key = $key`),
    clear: sql(`DELETE FROM ${table} WHERE key >= $base AND ${below}`),
    keys: sql(`SELECT key FROM ${table} WHERE key >= $base AND ${below} AND ${alive} ORDER BY key`),
    page: sql(
      `SELECT key, value FROM ${table} WHERE key >= $from AND ${below} AND key IS NOT $last AND ${alive}
      ORDER BY key LIMIT ${PAGE}`,
    ),
    tidy: sql(`DELETE FROM ${table} WHERE key IN
      (SELECT key FROM ${table} WHERE exp <= $now LIMIT ${TIDY.rows})`),
  };
}

/** Runs statements, again where another process is writing, for `ms` milliseconds at most. */
function connection(path: string, database: DatabaseSync, ms: number) {
  let closed = false;

  /** The answer, or null where another process is writing. Then the statement took no effect, and to run it again is not to send
   * a swap twice: SQLite answers SQLITE_BUSY for want of a lock, or undoes the whole statement (https://sqlite.org/rescode.html#busy). */
  function run<T>(statement: () => T): { readonly answer: T } | null {
    if (closed) throw unavailable(`${path} has been closed`);
    try {
      return { answer: statement() };
    } catch (error) {
      if (isBusy(error)) return null;
      throw unavailable(`${path}: ${messageOf(error)}`, error);
    }
  }

  async function again<T>(statement: () => T): Promise<T> {
    const until = performance.now() + ms;
    for (let most = 1; performance.now() < until; most = Math.min(most * 2, 32)) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * most)); // others wait too: not in step with them
      const outcome = run(statement);
      if (outcome !== null) return outcome.answer;
    }
    throw unavailable(`${path}: another process has been writing for ${ms / 1000} s`);
  }

  /** Answers at once where it can. */
  function attempt<T>(statement: () => T): MaybePromise<T> {
    const outcome = run(statement);
    return outcome === null ? again(statement) : outcome.answer;
  }

  function close(): void {
    if (!closed) database.close();
    closed = true;
  }

  return { attempt, close };
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** SQLite's texts are UTF-8, and Deno reads them up to the first NUL. JSON has neither; what has is refused, not changed. */
function isKept(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}

function done(reply: MaybePromise<unknown>): MaybePromise<void> {
  return reply instanceof Promise ? reply.then(() => {}) : undefined;
}
