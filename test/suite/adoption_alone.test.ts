// Stores without an atomic step, which one process may use alone.
import { describe, expect, test } from "vitest";
import { adopt } from "../../src/store/adopt.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { StockDriver, StockOptions } from "../../src/store/unstorage.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";
import { withoutTime } from "./without_time.ts";

const HUNDRED = Array.from({ length: 100 }, (_, n) => n);

/** A driver as somebody might write it: its calls take time, and one may overtake another. */
function mine(map: Map<string, string> = new Map()): StockDriver {
  const far = async <T>(call: () => T): Promise<T> => {
    for (let left = 1 + Math.random() * 3; left > 0; left--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return call();
  };
  return {
    name: "mine",
    getItem: (key) => far(() => map.get(key) ?? null),
    hasItem: (key) => far(() => map.has(key)),
    setItem: (key, value) => far(() => void map.set(key, value)),
    removeItem: (key) =>
      far(() => {
        if (!map.delete(key)) throw new Error("not found"); // as azure-cosmos has it
      }),
    getKeys: () => far(() => [undefined, ...[...map.keys()].map((key) => key.replaceAll(":", "/"))]), // as cosmos and s3 have it
  };
}

function alone(driver: StockDriver): Driver {
  return adopt(driver, { allowUnsafe: true });
}

describe("a driver of one's own", () => driverSuite(withoutTime, () => alone(mine()), { keys: 200 }));

test("whoever uses one driver in this process stands in one line: of 100 swaps at once, one writes", async () => {
  const driver = mine();
  const both = [alone(driver), alone(driver)];
  const wrote = await Promise.all(HUNDRED.map((n) => both[n % 2]?.swap("users:a", null, `${n}`)));
  expect(wrote.filter(Boolean)).toHaveLength(1);
  expect(await driver.getItem("users:a")).toBe(`${wrote.indexOf(true)}`);
});

test("the line is what makes it safe: two drivers on one store do not know of each other", async () => {
  const map = new Map<string, string>();
  const both = [alone(mine(map)), alone(mine(map))];
  const rounds = await Promise.all(
    HUNDRED.map((n) => Promise.all(both.map((driver) => driver.swap(`users:${n}`, null, "1")))),
  );
  expect(rounds.some(([first, second]) => first && second)).toBe(true);
});

test("writes that do not look stand in line too, and those of other keys do not wait", async () => {
  const held: (() => void)[] = [];
  const driver = mine();
  const slow: StockDriver = {
    ...driver,
    setItem: async (key, value, options) => {
      if (key === "users:a") await new Promise<void>((resolve) => held.push(resolve));
      await driver.setItem(key, value, options);
    },
  };
  const ours = alone(slow);
  await ours.ready?.();
  const writes = [ours.setItem("users:a", "1"), ours.swap("users:a", "1", "2"), ours.removeItem("users:a")];
  expect(await ours.swap("users:b", null, "1")).toBe(true);
  expect(held).toHaveLength(1);
  held[0]?.();
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  held[1]?.();
  expect(await Promise.all(writes)).toEqual([undefined, true, undefined]);
  expect(await ours.getItem("users:a")).toBe(null);
});

test("a failed read that looks like an absent record is no reason to make one", async () => {
  const driver = mine();
  let isDown = false;
  const blind: StockDriver = { ...driver, getItem: (key) => isDown ? null : driver.getItem(key) }; // as azure-storage-blob has it
  const ours = alone(blind);
  await ours.swap("lookup-key", null, "1");
  isDown = true;
  for (const call of [() => ours.getItem("lookup-key"), () => ours.swap("lookup-key", null, "2")]) {
    await expect(call()).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining("lookup-key is there and cannot be read"),
    });
  }
  expect(await ours.getItem("users:a")).toBe(null);
  isDown = false;
  expect(await ours.getItem("lookup-key")).toBe("1");
});

test("a life is told in whole seconds, at least one", async () => {
  const driver = mine();
  const told: unknown[] = [];
  const telling: StockDriver = {
    ...driver,
    setItem: (key, value, options: StockOptions) => {
      told.push(options);
      return driver.setItem(key, value, options);
    },
  };
  const ours = alone(telling);
  await ours.ready?.();
  told.length = 0;
  await ours.swap("users:a", null, "1", { ttl: 20.5 });
  await ours.swap("users:a", "1", "2", { ttl: 0.001 });
  await ours.setItem("users:a", "3");
  expect(told).toEqual([{ ttl: 21 }, { ttl: 1 }, {}]);
});
