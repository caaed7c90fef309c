import { isNumber, isShaped, orAbsent, type Shape } from "../base/shape.ts";
import {
  type Collection,
  collection,
  type Decision,
  type Expiring,
  type Store,
} from "../store/collection.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";
import type { Foundation } from "./foundation.ts";

/** So many, in so many seconds. */
export interface Rate {
  readonly limit: number;
  /** Seconds. */
  readonly per: number;
}

/** What a limit says of one request. */
export interface Verdict {
  readonly allowed: boolean;
  /** How many more there may be at this moment. */
  readonly remaining: number;
  /** When the next one may come, in seconds; 0 for one that was allowed. */
  readonly retryAfter: number;
  /** When there may be as many as ever, in seconds. */
  readonly resetAfter: number;
}

/** How much of a limit is used up (GCRA): each unit moves a moment, and none is given that would move it beyond the window. */
export interface Window extends Expiring {
  /** The theoretical arrival time: from then on nothing is used up. In microseconds since 1970, so that all sums are whole. */
  readonly tat: number;
  /** When the window was last moved back because it lay ahead of the clock, in microseconds by the clock that did so. */
  readonly back?: number | undefined;
  /** When the record says nothing any more, in epoch milliseconds. */
  readonly exp: number;
}

/** Limits that all servers on a store share. */
export interface Limits {
  /** Takes one unit of what `parts` name, if there is one.
   * @throws {AuthError} `storage_unavailable` where it cannot be counted: then nobody is let in */
  readonly take: (parts: readonly string[], rate: Rate) => Promise<Verdict>;
  /** Gives one unit back that was taken. */
  readonly refund: (parts: readonly string[], rate: Rate) => Promise<void>;
  /** Gives all of it back. */
  readonly forget: (parts: readonly string[]) => Promise<void>;
  readonly sweepers: readonly Sweeper[];
}

/** What such a record must look like. */
export const WINDOW: Shape<Window> = isShaped<Window>({
  tat: isNumber,
  back: orAbsent(isNumber),
  exp: isNumber,
});
const HASH = /^[a-z2-7]{52}$/;
const MICRO = 1e6; // per second
const MOMENT = 60 * MICRO;
const REMEMBERED = 4096; // windows

/** One unit of a window, at `now` in epoch milliseconds. A refusal leaves the window as it is, so that asking does not prolong the
 * wait.
 *
 * A window that reaches far beyond its length from now was written by a clock that has been put back since, or by a server whose
 * clock is fast. It is moved back, or it would lock for as long as the clocks differ; but once in a window at most, or what one
 * server refuses would give units to another. So nobody waits for longer than the window. */
export function spend(current: Window | null, { limit, per }: Rate, now: number): Decision<Window, Verdict> {
  const at = now * 1000;
  const unit = unitOf({ limit, per });
  const whole = unit * limit;
  const end = at + whole;
  const tat = Math.max(current?.tat ?? 0, at);
  const next = tat + unit;
  if (next <= end) {
    const result = verdict(true, Math.floor((end - next) / unit), 0, next - at);
    return { next: { ...current, tat: next, exp: Math.ceil(next / 1000) }, result };
  }
  // A moment ahead is whoever was decided first while this request stood in line.
  const isFar = tat - end > Math.min(MOMENT, whole - unit);
  const isMoved = current?.back !== undefined && current.back > at - whole && current.back <= at;
  if (current === null || !isFar || isMoved) {
    return {
      next: current,
      result: verdict(false, 0, Math.min(next - end, whole), Math.min(tat - at, whole)),
    };
  }
  return { next: { ...current, tat: end, back: at }, result: verdict(false, 0, unit, whole) };
}

/** How far one request moves a window, in microseconds. Rounded up: there are never more than `limit` in `per`. */
function unitOf({ limit, per }: Rate): number {
  return Math.ceil(per * MICRO / limit);
}

function verdict(allowed: boolean, remaining: number, retry: number, reset: number): Verdict {
  const [retryAfter, resetAfter] = [Math.ceil(retry / MICRO), Math.ceil(reset / MICRO)];
  return { allowed, remaining, retryAfter, resetAfter };
}

/** The window with one unit less in it. */
export function unspend(current: Window | null, rate: Rate, now: number): Window | null {
  if (current === null) return null;
  const tat = current.tat - unitOf(rate);
  return tat <= now * 1000 ? null : { ...current, tat, exp: Math.ceil(tat / 1000) };
}

/** The limits of a store, each a record of its own: nobody who reads the keys learns what is limited. */
export function limits(store: Store, foundation: Foundation): Limits {
  const { now } = store.platform;
  const windows: Collection<Window> = collection<Window>(store, "limits", WINDOW);
  /** What was written last: whoever comes again is counted by one swap, without a read. The swap says whether it still stands. */
  const written = new Map<string, Window>();

  function remember(id: string, window: Window | null): void {
    written.delete(id); // so that it is the youngest again
    if (window !== null) written.set(id, window);
    const [oldest] = written.keys();
    if (written.size > REMEMBERED && oldest !== undefined) written.delete(oldest);
  }

  async function idOf(parts: readonly string[]): Promise<string> {
    await foundation.ready();
    return foundation.lookup("limit", JSON.stringify(parts));
  }

  return {
    sweepers: [sweeper({ name: "limits", ids: HASH }, windows)],
    async take(parts, rate) {
      const at = now();
      const id = await idOf(parts);
      const decide = (current: Window | null): Decision<Window, Decision<Window, Verdict>> => {
        const decision = spend(current, rate, at);
        return { next: decision.next, result: decision };
      };
      const last = written.get(id);
      const guess = last !== undefined && last.exp > at ? last : null;
      let { next, result } = await windows.change(id, decide, guess);
      // Somebody may have given units back since: a refusal is told by what is stored.
      if (!result.allowed) ({ next, result } = await windows.change(id, decide));
      remember(id, next);
      return result;
    },
    async refund(parts, rate) {
      const at = now();
      const id = await idOf(parts);
      const decide = (current: Window | null) => {
        const next = unspend(current, rate, at);
        return { next, result: next };
      };
      remember(id, await windows.change(id, decide, written.get(id)));
    },
    async forget(parts) {
      const id = await idOf(parts);
      written.delete(id);
      await windows.change(id, () => ({ next: null, result: undefined }));
    },
  };
}
