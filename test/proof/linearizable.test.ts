// Whether the judge of histories judges rightly, and which drivers it convicts.
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Driver } from "../../src/store/driver.ts";
import { chance } from "../../src/testing/chance.ts";
import { unhurried } from "../../src/testing/unhurried.ts";
import { contradictions, type Operation } from "./linearizable.ts";
import { counter, machineClock, recording } from "./recording.ts";
import { LONG, SEED } from "./showed.ts";

type Text = string | null;

const get = (reply: Text, asked: number, answered: number | null): Operation => ({
  ...{ process: "one", key: "k", name: "get" },
  ...{ reply, asked, answered },
});
const swap = (
  [expected, next]: readonly [Text, Text],
  reply: boolean,
  [asked, answered]: readonly [number, number | null],
  expires: number | null = null,
): Operation => ({ process: "one", key: "k", name: "swap", expected, next, reply, asked, answered, expires });

const made = swap([null, "a"], true, [1, 2]);
const passing = swap([null, "a"], true, [1, 2], 10); // it may expire at 10

const GOOD: Readonly<Record<string, readonly Operation[]>> = {
  "nothing": [],
  "a read of what was written": [made, get("a", 3, 4)],
  "a read beside a write, of either": [swap([null, "a"], true, [1, 9]), get(null, 2, 3), get("a", 4, 5)],
  "a swap that met another": [made, swap([null, "b"], false, [1, 4]), get("a", 5, 6)],
  "a removal and another making": [
    made,
    swap(["a", null], true, [3, 4]),
    swap([null, "a"], true, [5, 6]),
    get("a", 7, 8),
  ],
  "a false one between a removal and a making": [
    made,
    swap(["a", null], true, [3, 9]),
    swap([null, "b"], true, [3, 9]),
    swap([null, "c"], false, [4, 5]),
  ],
  "a lost swap that took effect": [swap([null, "a"], false, [1, null]), get("a", 3, 4)],
  "a lost swap that took effect later": [
    swap([null, "a"], false, [1, null]),
    get(null, 3, 4),
    get("a", 5, 6),
  ],
  "a lost swap that never did": [swap([null, "a"], false, [1, null]), swap([null, "b"], true, [3, 4])],
  "a lost read": [made, get(null, 3, null)],
  "an entry that expired": [passing, get("a", 11, 12), get(null, 13, 14), swap([null, "b"], true, [15, 16])],
  "an entry that expired while it was read": [passing, get(null, 3, 12)],
};

const BAD: Readonly<Record<string, readonly Operation[]>> = {
  "a read of nothing after a write": [made, get(null, 3, 4)],
  "a read of what nobody wrote": [get("a", 1, 2)],
  "a read of what was written later": [get("a", 1, 2), swap([null, "a"], true, [3, 4])],
  "two makings": [made, swap([null, "b"], true, [1, 2])],
  "two removals of one text": [made, swap(["a", null], true, [3, 5]), swap(["a", null], true, [4, 6])],
  "a false swap that nothing stood in the way of": [swap([null, "a"], false, [1, 2])],
  "a read that goes back": [made, swap(["a", "b"], true, [3, 9]), get("b", 4, 5), get("a", 6, 7)],
  "a lost swap that took effect twice": [
    swap([null, "a"], false, [1, null]),
    swap(["a", null], true, [3, 4]),
    get("a", 5, 6),
  ],
  "a lost swap that took effect before it was asked for": [
    get("a", 1, 2),
    swap([null, "a"], false, [3, null]),
  ],
  "an entry that expired too early": [passing, get(null, 3, 9)],
  "an entry that expired and still conflicts": [
    passing,
    get(null, 11, 12),
    swap([null, "b"], false, [13, 14]),
  ],
};

describe("a history", () => {
  for (const [name, history] of Object.entries(GOOD)) {
    test(`with ${name} is of one store`, () => expect(contradictions(history)).toEqual([]));
  }
  for (const [name, history] of Object.entries(BAD)) {
    test(`with ${name} is of none`, () => {
      expect(contradictions(history)).toMatchObject([{ key: "k", misfits: [expect.anything()] }]);
    });
  }

  test("is judged key by key, and by what stood there at first", () => {
    const other = { ...get("b", 1, 2), key: "l" };
    expect(contradictions([made, other]).map(({ key }) => key)).toEqual(["l"]);
    expect(contradictions([made, other], new Map([["l", "b"]]))).toEqual([]);
  });
});

test("small histories are judged as trying every order judges them", () => {
  const dice = diceOf(SEED);
  const verdicts = { good: 0, bad: 0 };
  for (let i = 0; i < (LONG ? 100_000 : 4000); i++) {
    const history = anyHistory(dice);
    const fits = someOrderFits(history);
    expect(contradictions(history).length === 0, `seed ${SEED}: ${JSON.stringify(history)}`).toBe(fits);
    verdicts[fits ? "good" : "bad"]++;
  }
  expect(Math.min(verdicts.good, verdicts.bad)).toBeGreaterThan(400);
});

test("10,000 operations on one key are judged in well under a second", async () => {
  const history: Operation[] = [];
  const driver = recording(memory(), { process: "one", clock: counter(), history });
  await Promise.all(Array.from({ length: 50 }, (_, who) => busy(driver, who, 100)));
  expect(history.length).toBe(10_000);
  const took = Array.from({ length: 3 }, () => {
    const began = performance.now();
    expect(contradictions(history)).toEqual([]);
    return performance.now() - began;
  });
  expect(Math.min(...took)).toBeLessThan(1000); // the machine may have been busy, but not each time
});

test("the machine's clock is never behind itself, and known to a fraction of a millisecond", () => {
  const { since, until } = machineClock();
  const readings = Array.from({ length: 20 }, () => {
    const [before, after, date] = [since(), until(), Date.now()];
    expect(after).toBeGreaterThanOrEqual(before);
    return { between: after - before, off: Math.abs(after - date) };
  });
  // The machine may have been busy in the middle of one, but not of each.
  expect(Math.min(...readings.map(({ between }) => between))).toBeLessThan(1);
  expect(Math.min(...readings.map(({ off }) => off))).toBeLessThan(5);
});

/** Drivers that break their promise, each made of one that keeps it. */
const BROKEN: Readonly<Record<string, (driver: Driver) => Driver>> = {
  "compares, then writes": (driver) => ({
    ...driver,
    async swap(key, expected, next, options) {
      if (await driver.getItem(key) !== expected) return false;
      await (next === null ? driver.removeItem(key) : driver.setItem(key, next, options));
      return true;
    },
  }),
  "answers before it writes": (driver) => ({
    ...driver,
    async swap(key, expected, next, options) {
      const fits = await driver.getItem(key) === expected;
      if (fits) void driver.swap(key, expected, next, options);
      return fits;
    },
  }),
  "reads from a cache": (driver) => {
    const cache = new Map<string, string | null>();
    return {
      ...driver,
      async getItem(key) {
        const kept = cache.get(key);
        const text = await driver.getItem(key);
        cache.set(key, text);
        return kept === undefined ? text : kept;
      },
    };
  },
  "sends a swap again": (driver) => ({
    ...driver,
    async swap(key, expected, next, options) {
      const first = await driver.swap(key, expected, next, options); // the reply of which is lost
      return await driver.swap(key, expected, next, options) && first;
    },
  }),
  "lets what has expired conflict": (driver) => {
    const writes = new Set<string>();
    return {
      ...driver,
      getItem: async (key) => key === "expiring" && writes.has(key) ? null : await driver.getItem(key),
      async swap(key, expected, next, options) {
        writes.add(key);
        return await driver.swap(key, expected, next, options);
      },
    };
  },
};

describe("a driver is convicted that", () => {
  for (const [name, broken] of Object.entries(BROKEN)) {
    test(name, async () => expect(contradictions(await bustle(broken))).not.toEqual([]));
  }
});

test("a driver that keeps its promise is not convicted", async () => {
  expect(contradictions(await bustle((driver) => driver))).toEqual([]);
});

/** What eight writers do to a store that is far away. */
async function bustle(change: (driver: Driver) => Driver): Promise<readonly Operation[]> {
  const history: Operation[] = [];
  const driver = recording(change(unhurried(memory())), { process: "one", clock: counter(), history });
  await driver.swap("expiring", null, "old", { ttl: 1 });
  await Promise.all(Array.from({ length: 8 }, (_, who) => busy(driver, who, 8)));
  if (await driver.getItem("expiring") === null) await driver.swap("expiring", null, "new");
  return history;
}

/** Reads and writes and sometimes removes, each time what nobody else writes. */
async function busy(driver: Driver, who: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const text = await driver.getItem("k");
    await driver.swap("k", text, i % 5 === 4 ? null : `${who}-${i}`);
  }
}

function diceOf(seed: number): (sides: number) => number {
  const random = chance(seed);
  return (sides) => Number(random(1)[0]) % sides;
}

/** What some processes may have seen of a store; half the time with something in it that nobody can have seen. */
function anyHistory(dice: (sides: number) => number): readonly Operation[] {
  let [text, until]: readonly [Text, number] = [null, Infinity];
  const anyText = () => (["a", "b", "c", null] as const)[dice(4)] ?? null;
  const history = Array.from({ length: 2 + dice(5) }, (_, i) => {
    const at = 10 * i;
    if (at > until && dice(2) === 0) [text, until] = [null, Infinity];
    const times = [at - dice(25), dice(5) === 0 ? null : at + 1 + dice(25)] as const;
    if (dice(3) === 0) return get(text, ...times);
    const [expected, next] = [dice(3) === 0 ? anyText() : text, anyText()];
    const expires = next !== null && dice(3) === 0 ? times[0] + dice(30) : null;
    const fits = expected === text && (times[1] !== null || dice(2) === 0);
    if (fits) [text, until] = [next, expires ?? Infinity];
    return swap([expected, next], fits, times, expires);
  });
  const lie = dice(2) === 0 ? dice(history.length) : -1;
  return history.map((one, i) => {
    if (i !== lie) return one;
    return one.name === "swap" ? { ...one, reply: !one.reply } : { ...one, reply: anyText() };
  });
}

/** The same question, answered by trying every order and giving each operation the earliest moment that it can have. */
function someOrderFits(
  history: readonly Operation[],
  text: Text = null,
  expires: number | null = null,
  now = -Infinity,
): boolean {
  if (history.every(({ answered }) => answered === null)) return true;
  for (const one of history) {
    const at = Math.max(now, one.asked);
    const others = history.filter((other) => other !== one);
    if (at > (one.answered ?? Infinity)) continue;
    const writes = one.name === "swap" && one.expected === text;
    if (one.answered !== null && one.reply !== (one.name === "swap" ? writes : text)) continue;
    const fits = writes
      ? someOrderFits(others, one.next, one.next === null ? null : one.expires, at)
      : someOrderFits(others, text, expires, at);
    if (fits) return true;
  }
  return expires !== null && someOrderFits(history, null, null, Math.max(now, expires));
}
