// A driver that can be stopped at any of its operations, for as long as a test wants: how one request is held while another
// runs to its end.
import type { Driver, MaybePromise } from "../../src/store/driver.ts";

/** One operation of a driver. */
export interface Operation {
  readonly call: "getItem" | "swap";
  readonly key: string;
  /** What a swap is to leave at the key; null: nothing. */
  readonly next: string | null | undefined;
}

/** Where to stop. */
export interface Point {
  /** At which operation, counted from 1. */
  readonly n: number;
  /** Counting begins after the operation for which this is true; at once, without it. */
  readonly since?: (done: Operation) => boolean;
  /** Whether the operation is held back, or its reply. */
  readonly side?: "before" | "after";
}

/** A driver with a gate in front of it. */
export interface Gate {
  readonly driver: Driver;
  /** Stops whoever comes to the point next. */
  readonly stopAt: (point: Point) => Stop;
}

/** Somebody who is held. */
export interface Stop {
  /** Resolves when somebody stands there. */
  readonly reached: Promise<void>;
  readonly release: () => void;
}

/** What became of a request: its result, or the code that it failed with. */
export type Told<T> = { readonly value: T; readonly code?: never } | { readonly code: string };

export function gate(driver: Driver): Gate {
  let stop: { readonly point: Point; count: number; readonly arrive: () => Promise<void> } | null = null;

  async function pass<T>(operation: Operation, call: () => MaybePromise<T>): Promise<T> {
    const here = stop;
    const counts = here !== null && here.count >= 0;
    if (counts) here.count++;
    const isHeld = counts && here.count === here.point.n;
    const side = here?.point.side ?? "before";
    if (isHeld && side === "before") await here.arrive();
    const reply = await call();
    if (here !== null && here.count < 0 && here.point.since?.(operation)) here.count = 0;
    if (isHeld && side === "after") await here.arrive();
    return reply;
  }

  return {
    driver: {
      ...driver,
      getItem: (key) => pass({ call: "getItem", key, next: undefined }, () => driver.getItem(key)),
      swap: (key, expected, next, options) =>
        pass({ call: "swap", key, next }, () => driver.swap(key, expected, next, options)),
    },
    stopAt(point) {
      const [reached, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const arrive = () => {
        reached.resolve();
        return open.promise;
      };
      stop = { point, count: point.since === undefined ? 0 : -1, arrive };
      return { reached: reached.promise, release: open.resolve };
    },
  };
}

/** What is done while a request is held. */
export interface Interleaving<T> {
  readonly gate: Gate;
  readonly point: Point;
  /** The request. */
  readonly work: () => Promise<T>;
  /** Runs to its end while the request stands at the point. */
  readonly meanwhile: () => Promise<unknown>;
}

/** Holds `work` at a point, does `meanwhile`, and lets it go on. `held`: whether it came to the point at all. */
export async function interleave<T>(
  { gate, point, work, meanwhile }: Interleaving<T>,
): Promise<{ readonly held: boolean; readonly told: Told<T> }> {
  const { reached, release } = gate.stopAt(point);
  const working = told(work());
  const held = await Promise.race([reached.then(() => true), working.then(() => false)]);
  try {
    if (held) await meanwhile();
  } finally {
    release();
  }
  return { held, told: await working };
}

/** A point by its number and side, and a name that has both. */
export interface Numbered extends Required<Pick<Point, "n" | "side">> {
  readonly name: string;
}

/** Tries the first operation, the second and so on, on each side, until a request no longer comes so far. Resolves to how many
 * operations there were. */
export async function everyPoint(tryPoint: (point: Numbered) => Promise<boolean>): Promise<number> {
  for (let n = 1; n < 100; n++) {
    for (const side of ["before", "after"] as const) {
      if (!await tryPoint({ n, side, name: `${side}-${n}` })) return n - 1;
    }
  }
  throw new Error("a request that never ends");
}

/** What became of a request; a failure without a code is named by its message. */
export async function told<T>(request: Promise<T>): Promise<Told<T>> {
  try {
    return { value: await request };
  } catch (error) {
    return { code: String(Object(error).code ?? error) };
  }
}
