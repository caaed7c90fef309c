import type { Driver, MaybePromise } from "../store/driver.ts";

/** What a runner offers: the `test` of vitest, node:test, bun:test or `Deno.test`. */
export type Test = (name: string, run: () => Promise<void>) => void;

/** What is known of a store beforehand. */
export interface DriverFacts {
  /** Whether `entries` comes in key order. Default false: in any order. */
  readonly ordered?: boolean;
  /** How many keys are streamed. Default 10000; fewer where a store is slow. */
  readonly keys?: number;
  /** For a store that expires by a clock of its own and not by `now`: lets seconds of it go by. */
  readonly turn?: (seconds: number) => MaybePromise<void>;
  /** How near to a moment a law may look, in seconds, up to 5. Default 0.001; more where a clock of the store's own runs on
   * meanwhile. */
  readonly precision?: number;
}

/** What a law is tried on: an empty store of its own, and its clock. */
interface World {
  readonly driver: Driver;
  readonly turn: (seconds: number) => Promise<void>;
  readonly facts: Required<Omit<DriverFacts, "turn">>;
}

type Law = (world: World) => Promise<void>;

/** Tells a runner the laws of a driver, one test each. Nothing sleeps: `open` is given a clock that the laws turn.
 * @param test the runner's
 * @param open makes an empty store, whose time is `now` (epoch milliseconds)
 * @example Usage
 * ```ts ignore
 * import { test } from "vitest";
 *
 * driverSuite(test, ({ now }) => memory({ now }));
 * ``` */
export function driverSuite(
  test: Test,
  open: (options: { now: () => number }) => MaybePromise<Driver>,
  facts: DriverFacts = {},
): void {
  for (const [name, law] of Object.entries({ ...SWAP, ...EXPIRY, ...KEPT, ...LISTED })) {
    test(name, async () => {
      let time = Date.UTC(2026, 0, 1);
      const driver = await open({ now: () => time });
      const { turn: turnStore, ...known } = facts;
      const turn = async (seconds: number) => {
        time += seconds * 1000;
        await turnStore?.(seconds);
      };
      try {
        await law({ driver, turn, facts: { ordered: false, keys: 10_000, precision: 0.001, ...known } });
      } finally {
        await driver.dispose();
      }
    });
  }
}

const K = "users:abc";
const CROWD = Array.from({ length: 100 }, (_, index) => index);

const SWAP: Readonly<Record<string, Law>> = {
  async "a create writes where nothing is, and nowhere else"({ driver }) {
    same(await driver.swap(K, null, "1"), true, "creating");
    same(await driver.swap(K, null, "2"), false, "creating again");
    same(await driver.getItem(K), "1", "what is stored");
  },

  async "an update writes only over the text that was read"({ driver }) {
    same(await driver.swap(K, "1", "2"), false, "updating what is not there");
    same(await driver.getItem(K), null, "an update never creates");
    await driver.swap(K, null, "1");
    same(await driver.swap(K, "0", "2"), false, "updating another text");
    same(await driver.swap(K, "1 ", "2"), false, "updating a text that is nearly the same");
    same(await driver.getItem(K), "1", "what is stored");
    same(await driver.swap(K, "1", "2"), true, "updating");
    same(await driver.getItem(K), "2", "what is stored");
  },

  async "a removal removes only the text that was read"({ driver }) {
    same(await driver.swap(K, "1", null), false, "removing what is not there");
    await driver.swap(K, null, "1");
    same(await driver.swap(K, "0", null), false, "removing another text");
    same(await driver.getItem(K), "1", "what is stored");
    same(await driver.swap(K, "1", null), true, "removing");
    same(await driver.swap(K, "1", null), false, "removing again");
    same(await driver.getItem(K), null, "what is stored");
  },

  async "swapping nothing for nothing says whether nothing is there"({ driver, turn }) {
    same(await driver.swap(K, null, null), true, "where nothing is");
    await driver.swap(K, null, "1", { ttl: 10 });
    same(await driver.swap(K, null, null), false, "where something is");
    same(await driver.getItem(K), "1", "what is stored");
    await turn(10);
    same(await driver.swap(K, null, null), true, "where something has expired");
  },

  async "one key's swap leaves the others alone"({ driver }) {
    await driver.swap("users:a", null, "1");
    await driver.swap("users:b", null, "1");
    await driver.swap("users:a", "1", "2");
    await driver.swap("users:b", "1", null);
    same(await texts(driver, ""), [["users:a", "2"]], "what is stored");
  },

  async "of 100 creates at once one writes"({ driver }) {
    const wrote = await Promise.all(CROWD.map(async (n) => await driver.swap(K, null, `${n}`)));
    same(wrote.filter(Boolean).length, 1, "how many wrote");
    same(await driver.getItem(K), `${wrote.indexOf(true)}`, "what is stored");
  },

  async "of 100 updates at once one writes"({ driver }) {
    await driver.swap(K, null, "before");
    const wrote = await Promise.all(CROWD.map(async (n) => await driver.swap(K, "before", `${n}`)));
    same(wrote.filter(Boolean).length, 1, "how many wrote");
    same(await driver.getItem(K), `${wrote.indexOf(true)}`, "what is stored");
  },

  async "of 100 removals at once one removes"({ driver }) {
    await driver.swap(K, null, "once");
    const wrote = await Promise.all(CROWD.map(async () => await driver.swap(K, "once", null)));
    same(wrote.filter(Boolean).length, 1, "how many removed");
    same(await driver.getItem(K), null, "what is stored");
  },

  async "of an update and a removal at once one takes effect"({ driver }) {
    for (const next of ["after", null]) {
      await driver.setItem(K, "before");
      const swap = async (text: string | null) => await driver.swap(K, "before", text);
      const [first, second] = await Promise.all([swap(next), swap(next === null ? "after" : null)]);
      same(first, !second, "that one of them took effect");
      same(await driver.getItem(K), (next === null) === first ? null : "after", "what is stored");
    }
  },
};

const EXPIRY: Readonly<Record<string, Law>> = {
  async "what is past its ttl is absent, from that very moment"({ driver, turn, facts: { precision } }) {
    await driver.swap(K, null, "1", { ttl: 10 });
    await turn(10 - precision);
    same(await seen(driver), { get: "1", has: true, keys: [K], entries: [[K, "1"]] }, "just before");
    await turn(precision);
    same(await seen(driver), { get: null, has: false, keys: [], entries: [] }, "at the moment");
  },

  async "what has expired does not stand in the way of a create"({ driver, turn, facts: { precision } }) {
    await driver.swap(K, null, "1", { ttl: 10 });
    await turn(10 - precision);
    same(await driver.swap(K, null, "2"), false, "just before");
    await turn(precision);
    same(await driver.swap(K, null, "2"), true, "at the moment");
    same(await driver.getItem(K), "2", "what is stored");
    await turn(YEAR);
    same(await driver.getItem(K), "2", "without a ttl, a year later");
  },

  async "what has expired cannot be updated or removed by its old text"({ driver, turn }) {
    await driver.swap(K, null, "1", { ttl: 10 });
    await turn(10);
    same(await driver.swap(K, "1", "2"), false, "updating");
    same(await driver.swap(K, "1", null), false, "removing");
    same(await driver.getItem(K), null, "what is stored");
  },

  async "of 100 creates at once over what has expired one writes"({ driver, turn }) {
    await driver.swap(K, null, "old", { ttl: 1 });
    await turn(1);
    const wrote = await Promise.all(CROWD.map(async (n) => await driver.swap(K, null, `${n}`, { ttl: 9 })));
    same(wrote.filter(Boolean).length, 1, "how many wrote");
    same(await driver.getItem(K), `${wrote.indexOf(true)}`, "what is stored");
  },

  async "a life is stated with each write: one without a ttl keeps for ever"({ driver, turn }) {
    for (const write of [() => driver.swap(K, "1", "2"), () => driver.setItem(K, "2")]) {
      await driver.setItem(K, "1", { ttl: 10 });
      await write();
      await turn(YEAR);
      same(await driver.getItem(K), "2", "a year later");
    }
  },

  async "a life is stated with each write: the last one counts"({ driver, turn }) {
    const shorter = [() => driver.swap(K, "1", "2", { ttl: 10 }), () => driver.setItem(K, "2", { ttl: 10 })];
    for (const write of shorter) {
      await driver.setItem(K, "1", { ttl: 1000 });
      await write();
      await turn(10);
      same(await driver.getItem(K), null, "after the shorter life");
    }
    await driver.setItem(K, "1", { ttl: 10 });
    await driver.swap(K, "1", "2", { ttl: 1000 });
    await turn(900);
    same(await driver.getItem(K), "2", "within the longer life");
  },

  async "a ttl may have a fraction of a second, and be longer than 24.8 days"(
    { driver, turn, facts: { precision } },
  ) {
    await driver.swap("users:short", null, "1", { ttl: 20.5 });
    await driver.swap("users:long", null, "1", { ttl: 40 * 86_400 }); // 2 ** 31 ms is where timers give up
    await turn(20.5 - precision);
    same(await driver.getItem("users:short"), "1", "just before");
    await turn(precision);
    same(await driver.getItem("users:short"), null, "after it");
    await turn(39 * 86_400);
    same(await driver.getItem("users:long"), "1", "after 39 days of 40");
  },
};

const KEPT: Readonly<Record<string, Law>> = {
  async "setItem, getItem, hasItem and removeItem do what unstorage wants"({ driver }) {
    same(await seen(driver), { get: null, has: false, keys: [], entries: [] }, "an empty store");
    await driver.setItem(K, "1");
    await driver.setItem(K, "2");
    same(await seen(driver), { get: "2", has: true, keys: [K], entries: [[K, "2"]] }, "after writing");
    await driver.removeItem(K);
    await driver.removeItem(K);
    same(await seen(driver), { get: null, has: false, keys: [], entries: [] }, "after removing");
  },

  async "keys of all letters and lengths are kept apart"({ driver }) {
    const keys = [
      "a",
      "0",
      "-",
      "a-b:c-d",
      "a-b:c",
      "ab:c",
      "lookup-key",
      `k:${"x".repeat(198)}`,
      `k:${"x".repeat(197)}`,
    ];
    for (const key of keys) same(await driver.swap(key, null, key), true, `creating ${key}`);
    for (const key of keys) same(await driver.getItem(key), key, `reading ${key}`);
    same((await driver.getKeys("")).toSorted(), keys.toSorted(), "all keys");
  },

  async "a text comes back as it was, and a swap knows it again"({ driver }) {
    for (const text of TEXTS) {
      const shown = text.slice(0, 40);
      await driver.setItem(K, "before");
      same(await driver.swap(K, "before", text), true, `writing ${shown}`);
      same(await driver.getItem(K), text, `reading ${shown}`);
      same(await driver.swap(K, text, "after"), true, `replacing ${shown}`);
    }
  },

  async "texts that look alike are not equal"({ driver }) {
    for (const [stored, like] of ALIKE) {
      await driver.setItem(K, stored);
      for (const next of ["after", null]) {
        const wrote = await orRefused(() => driver.swap(K, like, next));
        same(wrote === true, false, `taking ${like} for ${stored}`);
      }
      same(await driver.getItem(K), stored, "what is stored");
    }
  },

  async "a text that cannot be kept as it is, is refused"({ driver }) {
    for (const text of ["a\0b", "half a \ud83d character"]) {
      const wrote = await orRefused(() => driver.swap(K, null, text));
      same(await driver.getItem(K), wrote === true ? text : null, "what is stored");
      await driver.removeItem(K);
    }
  },

  async "after dispose nothing answers, and a second dispose is nothing"({ driver }) {
    await driver.setItem(K, "1");
    await driver.dispose();
    await driver.dispose();
    const calls: Readonly<Record<string, () => unknown>> = {
      getItem: () => driver.getItem(K),
      hasItem: () => driver.hasItem(K),
      swap: () => driver.swap(K, null, "2"),
      setItem: () => driver.setItem(K, "2"),
      removeItem: () => driver.removeItem(K),
      getKeys: () => driver.getKeys(""),
      clear: () => driver.clear(""),
      entries: () => texts(driver, ""),
    };
    for (const [name, call] of Object.entries(calls)) {
      same(await orRefused(call), "refused", name);
    }
  },
};

const LISTED: Readonly<Record<string, Law>> = {
  async "getKeys, entries and clear keep to their prefix"({ driver }) {
    const keys = ["user:a", "users-b", "users:a", "users:zz", "users:zz-2", "usersx:a", "vsers:a"];
    const mine = ["users:a", "users:zz", "users:zz-2"];
    for (const key of keys) await driver.setItem(key, key);
    same((await driver.getKeys("users:")).toSorted(), mine, "keys");
    same((await texts(driver, "users:")).map(([key]) => key), mine, "entries");
    same((await driver.getKeys("users_")).toSorted(), [], "a prefix with a wildcard of SQL");
    same((await driver.getKeys("USERS:")).toSorted(), [], "a prefix in other letters");
    await driver.clear("users:");
    same((await driver.getKeys("")).toSorted(), ["user:a", "users-b", "usersx:a", "vsers:a"], "after clear");
    await driver.clear("");
    same(await driver.getKeys(""), [], "after clearing all");
  },

  async "entries streams thousands of keys, each once, with its text"({ driver, facts }) {
    const keys = Array.from({ length: facts.keys }, (_, n) => `users:${(n * 7919) % facts.keys}`);
    for (let from = 0; from < keys.length; from += 100) {
      const some = keys.slice(from, from + 100);
      await Promise.all(some.map(async (key) => await driver.swap(key, null, `{"of":"${key}"}`)));
    }
    await driver.setItem("usersx:0", "other");
    const found: string[] = [];
    for await (const [key, text] of driver.entries("users:")) {
      same(text, `{"of":"${key}"}`, `the text of ${key}`);
      found.push(key);
    }
    same(facts.ordered ? found : found.toSorted(), keys.toSorted(), "the keys");
  },

  async "entries misses nothing that stays while others come and go"({ driver }) {
    const stay = CROWD.map((n) => `users:${n + 100}-stays`);
    const go = CROWD.map((n) => `users:${n + 100}-goes`);
    for (const key of [...stay, ...go]) await driver.setItem(key, "1");
    const found: string[] = [];
    for await (const [key] of driver.entries("users:")) {
      found.push(key);
      const gone = go.shift();
      if (gone !== undefined) await driver.swap(gone, "1", null);
      if (stay.includes(key)) await driver.swap(`users:new-${key.slice(6)}`, null, "1");
    }
    same(found.filter((key) => stay.includes(key)).toSorted(), stay, "those that stay");
    same(new Set(found).size, found.length, "that each came once");
  },
};

const YEAR = 365 * 86_400; // seconds

const TEXTS: readonly string[] = [
  "{}",
  "null",
  "123",
  " 7 ",
  `{"s":"it's \\"quoted\\"; DROP TABLE latchkey; -- %_?1$x"}`,
  `{"s":"\\ud800 \\u0000 \\n"}`, // escapes as JSON writes them, in plain letters
  '{\n\t"s": 1\r\n}',
  `{"s":"żółć 漢字 ‮ 👩‍👩‍👧 \u2028"}`,
  JSON.stringify({ s: "x".repeat(60 * 1024 - 8) }), // 60 KiB: the largest record
  JSON.stringify({ s: "漢".repeat(20 * 1024 - 3) }),
];

const ALIKE: readonly (readonly [stored: string, like: string])[] = [
  ["1", "01"],
  ["1", "1.0"],
  ["1", " 1"],
  ["a", "A"],
  ["a", "a "],
  ["null", ""],
  ["{}", "{ }"],
  ["\u00e9", "e\u0301"],
  ["a_c", "abc"],
  ["x\ufffd", "x\ud800"],
];

/** All ways of seeing one key. */
async function seen(driver: Driver): Promise<object> {
  const [get, has, keys] = [await driver.getItem(K), await driver.hasItem(K), await driver.getKeys("users:")];
  return { get, has, keys, entries: await texts(driver, "users:") };
}

async function texts(driver: Driver, prefix: string): Promise<(readonly [key: string, text: string])[]> {
  const found = await Array.fromAsync(driver.entries(prefix));
  return found.sort(([a], [b]) => a < b ? -1 : 1);
}

async function orRefused(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch {
    return "refused"; // as a driver may, in its own words
  }
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [String(JSON.stringify(actual)), String(JSON.stringify(expected))];
  if (is !== should) throw new Error(`${what}: ${brief(should)} expected, ${brief(is)} seen`);
}

function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
}
