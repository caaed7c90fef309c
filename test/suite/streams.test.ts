// Ten thousand keys on every store: each is listed once, in bounded steps, while others get their turn.
import { describe, expect, test } from "vitest";
import { premises, STORES } from "./stores.ts";

const MANY = 10_000;

describe.each(STORES)("on %s", (store) => {
  test("10,000 keys are streamed, each once, with its text", async () => {
    const here = premises(store, Date.now);
    const driver = here.driver();
    const keys = Array.from({ length: MANY }, (_, n) => `users:${n}`);
    for (let from = 0; from < MANY; from += 250) {
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
    expect([count, found.size]).toEqual([MANY, MANY]);
    expect(keys.filter((key) => found.get(key) !== `{"of":"${key}"}`)).toEqual([]);
    expect(turns).toBeGreaterThan(2);
    await here.close();
  });
});
