import { type Duration, seconds } from "../base/duration.ts";

/** A clock that stands still until it is turned. */
export interface Clock {
  /** The current time, in milliseconds since 1970 (UTC). */
  readonly now: () => number;
  /** Resolves when the clock has been turned so far. The moments that writers wait for each other, under a tenth of a second, pass
   * as they always do. */
  readonly sleep: (ms: number, background?: boolean) => Promise<void>;
  /** Turns the clock, and wakes whoever slept until then. A negative number turns it back.
   * @throws {TypeError} for what is no duration */
  readonly turn: (by: Duration) => Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

const MOMENT = 100; // ms

/** A clock that shows `start`, in milliseconds since 1970.
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import memory from "@latchkey/auth/drivers/memory";
 * import { clock } from "@latchkey/auth/testing";
 *
 * const { now, sleep, turn } = clock();
 * const secret = "a-secret-of-32-characters-or-more";
 * createAuth({ secret, baseUrl: "http://localhost:3000", storage: memory({ now }), platform: { now, sleep } });
 * await turn("15m");
 * ``` */
export function clock(start: number = Date.UTC(2030, 0, 1)): Clock {
  const sleepers = new Set<Sleeper>();
  let time = start;
  return {
    now: () => time,
    sleep: (ms) =>
      new Promise((wake) => {
        if (ms < MOMENT) setTimeout(wake, ms);
        else sleepers.add({ until: time + ms, wake });
      }),
    async turn(by) {
      const length = typeof by === "number" ? by : seconds(by);
      if (length === null) {
        throw new TypeError(`must be a duration like "15m" or a number of seconds: it is ${by}`);
      }
      time += length * 1000;
      for (const sleeper of [...sleepers].toSorted((a, b) => a.until - b.until)) {
        if (sleeper.until > time) break;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await new Promise((resolve) => setTimeout(resolve, 0)); // whoever was woken goes on before the test does
    },
  };
}
