import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { failure, unavailable } from "./failures.ts";

/** Locks in a folder, for all processes of a machine. The operating system frees them when their holder dies. */
export interface Locks {
  /** Does a step while nobody else, in any process, does one under the same name, nor under all of them. */
  readonly under: <T>(name: string, step: () => Promise<T>) => Promise<T>;
  /** Does a step while nobody else does one at all. */
  readonly underAll: <T>(step: () => Promise<T>) => Promise<T>;
  /** Throws after `refuse`.
   * @throws {AuthError} `storage_unavailable` */
  readonly check: () => void;
  /** From now on nobody waits for another process. Who has a lock keeps it, and who finds one free may still take it. */
  readonly refuse: () => void;
  /** Lets go of the files. */
  readonly close: () => void;
}

/** Those within this process who want the same lock. */
interface Line {
  last: Promise<unknown>;
  length: number;
  /** Since when others had no chance, by `performance.now()`. */
  since: number;
}

/** One of them: a connection to an SQLite file that stays empty. */
interface Lock {
  /** Whether it is ours now; false where another has it. */
  readonly take: () => boolean;
  readonly release: () => void;
  /** Whether its file is still in the folder: somebody may have removed it, and another been made. */
  readonly stands: () => boolean;
  readonly close: () => void;
}

const LOCKS = 16; // for ever: who counted otherwise would take another lock for the same name
const LONGEST_PAUSE = 8; // milliseconds between two tries
const LONGEST_TURN = 50; // milliseconds that one process may keep a lock for one step after another
const SQLITE_BUSY = 5; // https://sqlite.org/rescode.html: the low byte of all its kinds

/** The locks in a folder. Each is for some of the names.
 * @param ms how long to wait for one, in milliseconds
 * @throws {AuthError} `storage_unavailable` where the folder cannot be written; later when another process keeps a lock */
export function locksIn(folder: string, ms: number): Locks {
  const locks: (Lock | undefined)[] = [];
  const lines: (Line | undefined)[] = [];
  let refused = false;
  attempt(0)?.release(); // what may not be written shows now

  function attempt(n: number): Lock | null {
    const lock = locks[n] ??= lockAt(join(folder, `.lock-${n}`));
    try {
      if (lock?.take() !== true) return null;
      if (lock.stands()) return lock;
      forget(n); // others lock the file that is there now
      return null;
    } catch (error) {
      forget(n);
      throw error;
    }
  }

  function forget(n: number): void {
    locks[n]?.close();
    locks[n] = undefined;
  }

  function check(): void {
    if (refused) throw unavailable(`${folder} has been closed`);
  }

  async function take(n: number, until: number): Promise<Lock> {
    for (let most = 1;; most = Math.min(most * 2, LONGEST_PAUSE)) {
      const lock = attempt(n);
      if (lock !== null) return lock;
      check();
      if (performance.now() >= until) {
        throw unavailable(`${folder}: another process has been writing for ${ms / 1000} s`);
      }
      await pause(Math.random() * most); // others wait too: not in step with them
    }
  }

  /** Within this process whoever wants a lock stands in its line. */
  function hold<T>(n: number, step: () => Promise<T>): Promise<T> {
    const until = performance.now() + ms;
    const line = lines[n] ??= { last: Promise.resolve(), length: 0, since: 0 };
    if (line.length++ === 0) line.since = performance.now();
    const held = async () => {
      if (performance.now() - line.since > LONGEST_TURN) await giveWay(line);
      const lock = await take(n, until);
      try {
        return await step();
      } finally {
        lock.release();
      }
    };
    const done = line.last.then(held);
    const left = () => void line.length--;
    line.last = done.then(left, left); // the next has its turn, whatever became of it
    return done;
  }

  // In one order: of two who want all, none waits for what the other has.
  const holdFrom = <T>(n: number, step: () => Promise<T>): Promise<T> =>
    n === LOCKS ? step() : hold(n, () => holdFrom(n + 1, step));

  return {
    under: (name, step) => hold(numberOf(name), step),
    underAll: (step) => holdFrom(0, step),
    check,
    refuse: () => void (refused = true),
    close() {
      for (const lock of locks.splice(0)) lock?.close();
    },
  };
}

/** A pause longer than any of those who are trying meanwhile: who writes all the time would never let another process in. */
async function giveWay(line: Line): Promise<void> {
  await pause(LONGEST_PAUSE + 2);
  line.since = performance.now();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The same in every process and version. */
function numberOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (hash * 31 + name.charCodeAt(at)) >>> 0;
  return hash % LOCKS;
}

/** A transaction that is always undone is a lock, and the file stays empty. Nothing else in this process may open the file: to
 * close it would free the lock (fcntl(2), record locks); SQLite knows that of its own connections. Undefined where another has the
 * whole file. */
function lockAt(path: string): Lock | undefined {
  const made = !existsSync(path);
  const database = new DatabaseSync(path);
  try {
    // Nobody waits inside SQLite: that would stop the server. And who dies leaves no journal behind.
    database.prepare("PRAGMA busy_timeout = 0").all();
    database.prepare("PRAGMA journal_mode = MEMORY").all();
    // Immediate, not exclusive: of those who try at once, one succeeds. On a file that may only be read it would lock nothing and
    // not say so: what follows does.
    const [begin, write] = [database.prepare("BEGIN IMMEDIATE"), database.prepare("PRAGMA user_version = 0")];
    const undo = database.prepare("ROLLBACK");
    if (made) chmodSync(path, 0o600);
    const inode = inodeOf(path);
    return {
      stands: () => inodeOf(path) === inode,
      take: () => took(path, begin, write),
      release: () => void undo.run(),
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw failure(path, error);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function took(path: string, ...steps: readonly StatementSync[]): boolean {
  try {
    for (const step of steps) step.run();
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw failure(path, error);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}
