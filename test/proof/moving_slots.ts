// A cluster that is never at rest: while a driver is used, slots with keys in them move from node to node.
import type { Driver, MaybePromise } from "../../src/store/driver.ts";
import type { RedisCluster } from "../suite/redis_cluster.ts";

/** What drivers on a cluster went through. */
export interface Unrest {
  /** Wraps a driver. */
  readonly wrap: (driver: Driver) => Driver;
  /** Calls of drivers, and slots that moved. */
  readonly counts: () => { readonly operations: number; readonly moves: number };
  /** Replies that only a client of a cluster is to see, or whoever names two keys, and that a driver handed on. */
  readonly strays: readonly string[];
}

const EVERY = 24; // operations until the next step of a move
const STRAY = /CROSSSLOT|MOVED|\bASK\b|TRYAGAIN|non local key|same slot/;

/** Moves slots between the masters of a cluster, a step with every 24th operation, which waits for it. The next operations meet a
 * slot that is on its way, and one that has gone. */
export function unrest(cluster: RedisCluster): Unrest {
  let [operations, moves] = [0, 0];
  let steps: (() => Promise<void>)[] = [];
  let stepping: Promise<void> | null = null;
  const strays: string[] = [];

  /** The first two steps of a move together, then the last. */
  async function step(): Promise<void> {
    if (steps.length === 0) {
      const [key, to] = await chosen(cluster, moves);
      if (key === null) return;
      const [begin, one, rest] = await cluster.moving(key, to);
      await begin!();
      await one!();
      steps = [rest!];
      moves++;
    } else await steps.pop()!();
  }

  async function through<T>(call: () => MaybePromise<T>): Promise<T> {
    if (++operations % EVERY === 0) stepping ??= step().finally(() => stepping = null);
    if (stepping !== null) await stepping;
    try {
      return await call();
    } catch (error) {
      if (STRAY.test(String(error)) || STRAY.test(remedyOf(error))) strays.push(remedyOf(error));
      throw error;
    }
  }

  return {
    counts: () => ({ operations, moves }),
    strays,
    wrap: (driver) => ({
      ...driver,
      getItem: (key) => through(() => driver.getItem(key)),
      hasItem: (key) => through(() => driver.hasItem(key)),
      setItem: (key, text, options) => through(() => driver.setItem(key, text, options)),
      removeItem: (key) => through(() => driver.removeItem(key)),
      swap: (key, expected, next, options) => through(() => driver.swap(key, expected, next, options)),
    }),
  };
}

/** A key of some master, and another master for it. */
async function chosen(
  cluster: RedisCluster,
  turn: number,
): Promise<readonly [key: string | null, to: RedisCluster["nodes"][number]]> {
  const [from, to] = [cluster.nodes[turn % 3]!, cluster.nodes[(turn + 1 + turn % 2) % 3]!];
  return [await cluster.ask(from, "randomkey") as string | null, to];
}

function remedyOf(error: unknown): string {
  return String(Object(Object(error).details).remedy ?? Object(error).message);
}
