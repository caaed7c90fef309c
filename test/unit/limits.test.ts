import { expect, test } from "vitest";
import { type Rate, spend, unspend, type Verdict, type Window } from "../../src/core/limits.ts";
import { chance } from "../../src/testing/chance.ts";

const NOW = Date.UTC(2030, 0, 1);
const THREE: Rate = { limit: 3, per: 60 };
const SECOND = 1000; // ms

/** A window and a clock: takes units one after the other. */
function counter(rate: Rate, start: Window | null = null) {
  let [window, now] = [start, NOW];
  return {
    get window() {
      return window;
    },
    turn: (ms: number) => void (now += ms),
    take(): Verdict {
      const { next, result } = spend(alive(window, now), rate, now);
      window = next;
      return result;
    },
    refund: () => void (window = unspend(alive(window, now), rate, now)),
  };
}

/** As the collection reads it. */
function alive(window: Window | null, now: number): Window | null {
  return window !== null && window.exp <= now ? null : window;
}

function allowed(take: () => Verdict, asked: number): number {
  return Array.from({ length: asked }, take).filter((verdict) => verdict.allowed).length;
}

test("so many pass at once, and then one whenever its share of the time has passed", () => {
  const one = counter(THREE);
  expect(one.take()).toEqual({ allowed: true, remaining: 2, retryAfter: 0, resetAfter: 20 });
  expect(one.take()).toEqual({ allowed: true, remaining: 1, retryAfter: 0, resetAfter: 40 });
  expect(one.take()).toEqual({ allowed: true, remaining: 0, retryAfter: 0, resetAfter: 60 });
  expect(one.take()).toEqual({ allowed: false, remaining: 0, retryAfter: 20, resetAfter: 60 });
  one.turn(20 * SECOND - 1);
  expect(one.take()).toEqual({ allowed: false, remaining: 0, retryAfter: 1, resetAfter: 41 });
  one.turn(1);
  expect(one.take()).toEqual({ allowed: true, remaining: 0, retryAfter: 0, resetAfter: 60 });
  expect(one.take().allowed).toBe(false);
});

test("what is refused changes nothing: asking does not prolong the wait", () => {
  const one = counter(THREE);
  allowed(one.take, 3);
  const full = one.window;
  expect(allowed(one.take, 1000)).toBe(0);
  expect(one.window).toBe(full);
});

test("a window expires when nothing of it is used up any more", () => {
  const one = counter(THREE);
  one.take();
  expect(one.window).toEqual({ tat: (NOW + 20 * SECOND) * 1000, exp: NOW + 20 * SECOND });
  one.turn(20 * SECOND);
  expect(one.take()).toEqual({ allowed: true, remaining: 2, retryAfter: 0, resetAfter: 20 });
});

test("a refund gives one unit back, and no more than was taken", () => {
  const one = counter(THREE);
  allowed(one.take, 3);
  one.refund();
  expect(allowed(one.take, 5)).toBe(1);
  for (let i = 0; i < 10; i++) one.refund();
  expect(one.window).toBeNull();
  expect(allowed(one.take, 5)).toBe(3);
});

test("the limit is exact where the time does not divide by it", () => {
  for (let limit = 1; limit <= 200; limit++) {
    expect(allowed(counter({ limit, per: 3600 }).take, limit + 5), `${limit} an hour`).toBe(limit);
  }
  expect(allowed(counter({ limit: 10_000, per: 1 }).take, 10_005)).toBe(10_000);
});

test("after so many at once, no more pass in any stretch of time than it grants", () => {
  const random = chance(7);
  const one = counter({ limit: 30, per: 600 });
  const passed: number[] = [];
  for (let now = 0; now < 3_600_000;) {
    while (one.take().allowed) passed.push(now);
    const step = (random(1)[0] ?? 0) * 400;
    one.turn(step);
    now += step;
  }
  expect(passed.length).toBeGreaterThan(150);
  for (const [i, from] of passed.entries()) {
    const until = passed[i + 30] ?? Infinity;
    expect(until - from, `the 30 after ${from} ms`).toBeGreaterThanOrEqual(20 * SECOND);
  }
});

/** How far the clock goes back → how many of the three are used up by then. */
const STEPS: readonly (readonly [back: number, used: number])[] = [
  1,
  SECOND,
  40 * SECOND,
  59 * SECOND,
  60 * SECOND,
  3600 * SECOND,
  365 * 86_400 * SECOND,
].flatMap((back) => [1, 2, 3].map((used) => [back, used] as const));

test.each(STEPS)(
  "a clock that goes back by %d ms after %d of 3 opens nothing, and locks for no longer than the window",
  (back, used) => {
    const one = counter(THREE);
    allowed(one.take, used);
    one.turn(-back);
    expect(allowed(one.take, 10), "there are no more than before").toBeLessThanOrEqual(3 - used);
    one.turn(60 * SECOND);
    const [first] = [one.take()];
    expect(first.allowed).toBe(true);
    expect(allowed(one.take, 10), "nor are there more than ever afterwards").toBeLessThanOrEqual(2);
  },
);

/** A limit, and how far two clocks are apart in milliseconds. */
const APART: readonly (readonly [rate: Rate, apart: number])[] = [
  [{ limit: 120, per: 60 }, SECOND],
  [{ limit: 120, per: 60 }, 59_000],
  [{ limit: 120, per: 60 }, 59_900],
  [{ limit: 30, per: 600 }, 300_000],
  [{ limit: 10, per: 2 }, 1900],
];

test.each(APART)(
  "%j, of two servers whose clocks are %d ms apart: what one refuses gives the other no more",
  (rate, apart) => {
    let window: Window | null = null;
    let passed = 0;
    const take = (now: number) => {
      const { next, result } = spend(alive(window, now), rate, now);
      window = next;
      if (result.allowed) passed++;
    };
    for (let i = 0; i < 10_000; i++) {
      take(NOW + apart);
      take(NOW);
    }
    expect(passed).toBeLessThanOrEqual(2 * rate.limit);
  },
);

test("a window that was made for a greater limit is no longer than the new one", () => {
  const hour = counter({ limit: 5, per: 3600 });
  allowed(hour.take, 5);
  const minute = counter(THREE, hour.window);
  expect(minute.take()).toEqual({ allowed: false, remaining: 0, retryAfter: 20, resetAfter: 60 });
  minute.turn(20 * SECOND);
  expect(minute.take().allowed).toBe(true);
});
