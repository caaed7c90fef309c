import { AuthError } from "../src/errors.ts";
import type { Driver } from "../src/store/driver.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";

/** What {@link memory} may be told. */
export interface MemoryOptions {
  /** How many bytes are kept, roughly; past them nothing new is taken. Default 268435456 (256 MiB). */
  readonly maxBytes?: number;
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

interface Entry {
  readonly text: string;
  /** Epoch milliseconds; Infinity: never. */
  readonly exp: number;
}

/** Keys by the minute in which they are to go. */
interface Calendar {
  /** Notes that a key is to go at `to` and no longer at `from` (epoch milliseconds; Infinity: never). */
  readonly move: (key: string, from: number, to: number) => void;
  readonly stop: () => void;
}

const MAX_BYTES = 256 * 2 ** 20;
const OVERHEAD = 400; // bytes of an entry besides its texts: about what Node, Deno and Bun were seen to take
const MINUTE = 60_000;
const BREATH = 1000; // entries streamed before others get their turn

/** A store in the memory of this process: quick, complete with real expiry, and gone when the process ends. It never evicts:
 * an account must not vanish for want of room.
 * @throws {AuthError} `config_invalid`; later `storage_unavailable`, when something new finds no room or after `dispose`
 * @example Usage
 * ```ts
 * import memory from "@latchkey/auth/drivers/memory";
 *
 * const driver = memory({ maxBytes: 64 * 2 ** 20 });
 * await driver.swap("greeting", null, "hello", { ttl: 60 }); // true: nothing was there
 * await driver.dispose();
 * ``` */
export default function memory(options: MemoryOptions = {}): Driver {
  const { maxBytes = MAX_BYTES, now = () => Date.now() } = options;
  if (!(maxBytes > 0)) {
    const message = `must be a number of bytes above 0: it is ${maxBytes}`;
    throw new AuthError("config_invalid", { issues: [{ path: "maxBytes", message }] });
  }
  let map: Map<string, Entry> | null = new Map();
  let bytes = 0;
  const calendar = calendarOf(now, remove);

  function all(): Map<string, Entry> {
    if (map === null) throw unavailable("the memory driver has been disposed");
    return map;
  }

  function get(key: string): string | null {
    const entry = all().get(key);
    return entry !== undefined && entry.exp > now() ? entry.text : null;
  }

  function put(key: string, text: string, ttl: number | undefined): void {
    const before = all().get(key);
    const more = sizeOf(key, text) - (before === undefined ? 0 : sizeOf(key, before.text));
    // Only what is new is refused: in a full store a session must still end and a guess still count.
    if (bytes + more > maxBytes && get(key) === null) {
      throw unavailable(
        `memory is full (maxBytes: ${maxBytes}): raise it, or use a driver that writes to disk`,
      );
    }
    const exp = ttl === undefined ? Infinity : now() + ttl * 1000;
    calendar.move(key, before?.exp ?? Infinity, exp);
    all().set(key, { text, exp });
    bytes += more;
  }

  function remove(key: string): void {
    const entry = all().get(key);
    if (entry === undefined) return;
    calendar.move(key, entry.exp, Infinity);
    all().delete(key);
    bytes -= sizeOf(key, entry.text);
  }

  function keys(base = ""): string[] {
    return [...all().keys()].filter((key) => key.startsWith(base) && get(key) !== null);
  }

  return {
    name: "memory",
    atomicity: "process",
    getItem: get,
    hasItem: (key) => get(key) !== null,
    // Atomic because nothing in it waits.
    swap(key, expected, next, options) {
      if (get(key) !== expected) return false;
      if (next === null) remove(key);
      else put(key, next, options?.ttl);
      return true;
    },
    setItem: (key, value, options) => put(key, value, options?.ttl),
    removeItem: remove,
    getKeys: keys,
    clear: (base) => keys(base).forEach(remove),
    async *entries(prefix) {
      let count = 0;
      for (const key of keys(prefix)) {
        const text = get(key);
        if (text !== null) yield [key, text];
        if (++count % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    dispose() {
      calendar.stop();
      map = null;
    },
  };
}

function calendarOf(now: () => number, remove: (key: string) => void): Calendar {
  const minutes = new Map<number, Set<string>>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  function tidy(): void {
    const time = now();
    for (const [minute, keys] of minutes) {
      if (minute * MINUTE <= time) keys.forEach((key) => remove(key));
    }
    if (minutes.size === 0) stop();
  }

  return {
    move(key, from, to) {
      const [old, minute] = [Math.ceil(from / MINUTE), Math.ceil(to / MINUTE)];
      if (old === minute) return; // most rewrites; taking a key out of a large set and back in would be slow
      const left = minutes.get(old);
      if (left?.delete(key) && left.size === 0) minutes.delete(old);
      if (minute === Infinity) return;
      const keys = minutes.get(minute);
      if (keys === undefined) minutes.set(minute, new Set([key]));
      else keys.add(key);
      if (timer !== undefined) return;
      timer = setInterval(tidy, MINUTE);
      timer.unref();
    },
    stop,
  };
}

function sizeOf(key: string, text: string): number {
  return key.length + text.length + OVERHEAD;
}

function unavailable(remedy: string): AuthError {
  return new AuthError("storage_unavailable", { remedy });
}
