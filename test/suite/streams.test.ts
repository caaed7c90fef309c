// Thousands of keys on every store: each is listed once, in bounded steps, while others get their turn.
import { describe, expect, test } from "vitest";
import { premises, type StoreName, STORES } from "./stores.ts";

/** Many times what a store reads at once: in memory that is a thousand, elsewhere a few hundred at most. */
const manyFor = (store: StoreName) => store === "memory" ? 10_000 : 3_000;

describe.each(STORES)("on %s", (store) => {
  const many = manyFor(store);

  test(`${many} keys are streamed, each once, with its text`, async () => {
    const here = premises(store, Date.now);
    const driver = here.driver();
    const keys = Array.from({ length: many }, (_, n) => `users:${n}`);
    for (let from = 0; from < many; from += 250) {
      await Promise.all(
        keys.slice(from, from + 250).map(async (key) => await driver.swap(key, null, `{"of":"${key}"}`)),
      );
    }
    const found = new Map<string, string>();
    let [count, turns] = [0, 0];
    const timer = setInterval(() => turns++, 1);
    for await (const [key, text] of driver.entries("users:")) {
      count++;
      found.set(key, text);
    }
    clearInterval(timer);
    expect([count, found.size]).toEqual([many, many]);
    expect(keys.filter((key) => found.get(key) !== `{"of":"${key}"}`)).toEqual([]);
    expect(turns).toBeGreaterThan(2);
    await here.close();
  });
});
