import { deadline, type Within } from "../base/deadline.ts";
import { saidBy } from "../base/hidden.ts";
import type { Shape } from "../base/shape.ts";
import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import type { Driver, MaybePromise, Undurable } from "./driver.ts";
import { type Line, line } from "./line.ts";
import { type Parses, parses } from "./parses.ts";
import { shaped, textOf } from "./record_text.ts";

/** What a decision wants: `next` is the record to keep (null: none), `result` is what to tell the caller. */
export interface Decision<T, R> {
  readonly next: T | null;
  readonly result: R;
}

/** Decides what becomes of a record. Pure and synchronous: no clock, no chance, no store; it may be asked again. It never throws:
 * a wrong guess must be written before it is told. */
export type Decide<T, R> = (current: T | null) => Decision<T, R>;

/** Records of one kind. */
export interface Collection<T> {
  /** The record, or null where there is none or it has expired; at once where the driver answers at once. What fails, rejects. */
  readonly get: (id: string) => MaybePromise<T | null>;
  /** Reads, decides, swaps; decides again when somebody was faster. `seen`, a record got before, saves the first read. */
  readonly change: <R>(id: string, decide: Decide<T, R>, seen?: T | null) => Promise<R>;
  /** The record that a text is, expired or not.
   * @throws {AuthError} `storage_corrupt` */
  readonly parse: (id: string, text: string) => T;
  /** Removes a record if it is still exactly what was read. Resolves to whether it was. */
  readonly discard: (id: string, record: T) => Promise<boolean>;
}

/** What every record may carry. */
export interface Expiring {
  /** When it expires, in epoch milliseconds; never where it is absent. */
  readonly exp?: number | undefined;
}

/** A store as the collections share it. */
export interface Store {
  readonly driver: Driver;
  readonly platform: Platform;
  /** How long one operation may take, in milliseconds. */
  readonly deadline: number;
  readonly within: Within;
  /** What a call of the driver answers in time. @throws {AuthError} `storage_unavailable`, whatever it fails with */
  readonly reach: <T>(call: () => MaybePromise<T>, within?: Within) => Promise<T>;
  readonly line: Line;
}

/** A driver, with its deadline and its lines. */
export function store(driver: Driver, platform: Platform, ms: number): Store {
  // What was not answered in time may still be waited for, by replicas: its text is no proof.
  const within = deadline(
    platform,
    ms,
    () => Object.assign(late(ms), { undurable: true } satisfies Undurable),
  );
  return {
    driver,
    platform,
    deadline: ms,
    within,
    async reach(call, patience = within) {
      try {
        return await patience(call());
      } catch (cause) {
        throw unavailable(cause);
      }
    },
    line: line(),
  };
}

/** How something fails that took longer than it may. */
export function late(ms: number): AuthError {
  return new AuthError("storage_unavailable", { remedy: `no answer within ${ms} ms` });
}

/** The records at `{name}:{id}` (at `{name}` for the id ""). `shape` is what each must have; a stored one that has not is
 * `storage_corrupt`: half a file or somebody else's value must never pass for a record. */
export function collection<T extends Expiring & object>(
  store: Store,
  name: string,
  shape: Shape<T>,
): Collection<T> {
  const { platform, within } = store;
  const known: Parses<T> = parses();
  const keyOf = (id: string) => id === "" ? name : `${name}:${id}`;

  /** What `tell` makes of the text at a key; at once where the driver answers at once. */
  function reading<R>(key: string, tell: (text: string | null) => R): MaybePromise<R> {
    try {
      const text = within(store.driver.getItem(key));
      return text instanceof Promise ? text.then((found) => tell(found ?? null), failed) : tell(text ?? null);
    } catch (cause) {
      return Promise.reject(unavailable(cause)); // never thrown: whoever reads two records at once could miss the other's failure
    }
  }

  const read = (key: string) => reading(key, (text) => text);

  function shapedBy(key: string, text: string): T {
    const record = shaped(key, text, shape);
    note(record, { text, record });
    return record;
  }

  function parsed(key: string, text: string | null): T | null {
    return text === null ? null : known(text, () => shapedBy(key, text));
  }

  const alive = (record: T | null) =>
    record !== null && record.exp !== undefined && record.exp <= platform.now() ? null : record;

  async function swap(
    key: string,
    expected: string | null,
    next: string | null,
    exp?: number,
  ): Promise<boolean> {
    const ttl = exp === undefined ? undefined : Math.max(1, Math.ceil((exp - platform.now()) / 1000));
    try {
      return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));
    } catch (cause) {
      // The reply is lost: it may have been written. `w` makes our text unlike any other, so finding it says yes. A removal
      // leaves nothing to know it by: it is never taken for ours.
      if (next !== null && !isUndurable(cause) && await read(key) === next) return true;
      throw unavailable(cause);
    }
  }

  async function settle<R>(
    key: string,
    decide: Decide<T, R>,
    seen: T | null | undefined,
    until: number,
  ): Promise<R> {
    const before = seen === undefined || seen === null ? seen : sourceOf(seen)?.text;
    let text = before === undefined ? await read(key) : before;
    let stored = seen && sourceOf(seen)?.record === seen ? seen : parsed(key, text);
    for (let tries = 0;; tries++) {
      const current = alive(stored);
      const { next, result } = decide(current);
      if (next === current) return result;
      const written = next === null ? null : textOf(next, stored, platform);
      const done = await swap(key, text, written, next?.exp);
      if (!done) {
        if (platform.now() >= until) throw unavailable("too many writers of one record");
        await platform.sleep(jitter(tries, platform));
        text = await read(key);
        stored = parsed(key, text);
      }
      // Our own text in the store says that we wrote, whatever was answered: a client had sent the swap again by itself.
      if (done || (written !== null && text === written)) {
        if (next !== null && written !== null) note(next, { text: written, record: null });
        return result;
      }
    }
  }

  return {
    get(id) {
      const key = keyOf(id);
      return reading(key, (text) => alive(parsed(key, text)));
    },
    parse: (id, text) => shapedBy(keyOf(id), text), // not looked for: whoever parses all of them needs none twice
    discard: (id, record) => swap(keyOf(id), sourceOf(record)?.text ?? null, null),
    change(id, decide, seen) {
      const key = keyOf(id);
      const until = platform.now() + store.deadline;
      return store.line(key, (waited) => {
        if (waited && platform.now() >= until) throw unavailable("the line for one record is too long");
        return settle(key, decide, waited ? undefined : seen, until);
      });
    },
  };
}

/** Where a record holds what it was read from, or written as. */
const SOURCE = Symbol("source");

interface Source {
  /** The exact text: what a swap compares. */
  readonly text: string;
  /** The record that was parsed of it. A copy, which holds the same, is another one; what was written lacks what each write adds. */
  readonly record: object | null;
}

interface Sourced {
  [SOURCE]?: Source;
}

function note(record: object, source: Source): void {
  (record as Sourced)[SOURCE] = source;
}

function sourceOf(record: object): Source | undefined {
  return (record as Sourced)[SOURCE];
}

function isUndurable(cause: unknown): boolean {
  return typeof cause === "object" && cause !== null && "undurable" in cause;
}

function failed(cause: unknown): never {
  throw unavailable(cause);
}

function unavailable(cause: unknown): AuthError {
  if (cause instanceof AuthError) return cause;
  return new AuthError("storage_unavailable", { remedy: saidBy(cause) }, { cause });
}

/** 0 to 1 ms at first, up to 64: other processes are retrying too. */
function jitter(tries: number, { random }: Platform): number {
  const [byte = 0] = random(1);
  return (byte / 256) * Math.min(2 ** tries, 64);
}
