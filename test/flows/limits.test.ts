// The limits of a store: the same decisions on every one of them.
import { describe, expect, test } from "vitest";
import { keyring } from "../../src/crypto/keyring.ts";
import { foundation } from "../../src/core/foundation.ts";
import { type Limits, limits, type Rate } from "../../src/core/limits.ts";
import { machine, type Platform } from "../../src/platform.ts";
import { store as storeOf } from "../../src/store/collection.ts";
import type { Driver } from "../../src/store/driver.ts";
import { chance } from "../../src/testing/chance.ts";
import { clock } from "../../src/testing/clock.ts";
import { unhurried } from "../../src/testing/unhurried.ts";
import { premises, type StoreName, STORES } from "../suite/stores.ts";
import { SECRET, world } from "../suite/world.ts";
import { requestOf } from "../http/site.ts";

const SIX: Rate = { limit: 6, per: 60 };

/** A store, its clock, and servers that count on it. */
async function counting<T>(
  name: StoreName,
  run: (server: () => Limits, turn: (seconds: number) => Promise<void>, driver: Driver) => Promise<T>,
): Promise<T> {
  const { now, turn } = clock();
  const place = premises(name, now);
  const platform: Platform = { ...machine, now };
  const server = () => {
    const store = storeOf(unhurried(place.driver()), platform, 5000);
    return limits(store, foundation(store, keyring([SECRET], platform.random), async () => {}));
  };
  const pass = async (seconds: number) => {
    await place.turn(seconds);
    await turn(seconds);
  };
  try {
    return await run(server, pass, place.driver());
  } finally {
    await place.close();
  }
}

/** What two servers said of takes and refunds, whose order comes from a seed. */
async function trace(name: StoreName): Promise<readonly string[]> {
  return await counting(name, async (server, turn) => {
    const servers = [server(), server()];
    const random = chance(42);
    const said: string[] = [];
    const draw = (most: number) => (random(1)[0] ?? 0) % most;
    for (let i = 0; i < 150; i++) {
      const one = servers[draw(2)]!;
      const parts = ["a trace", String(draw(3))];
      const what = draw(10);
      if (what === 0) await turn(draw(20) - 4);
      else if (what === 1) await one.refund(parts, SIX);
      else if (what === 2 && draw(4) === 0) await one.forget(parts);
      else said.push(`${i}: ${parts[1]} ${Object.values(await one.take(parts, SIX)).join(" ")}`);
    }
    return said;
  });
}

test("two servers decide the same on every store", async () => {
  const [first, ...others] = await Promise.all(STORES.map(trace));
  expect(first!.filter((line) => line.includes("true")).length).toBeGreaterThan(40);
  expect(first!.filter((line) => line.includes("false")).length).toBeGreaterThan(20);
  for (const [i, other] of others.entries()) expect(other, STORES[i + 1]).toEqual(first);
});

describe.each(STORES)("on %s", (name) => {
  test("of 100 at once at two servers no more pass than the limit", async () => {
    const verdicts = await counting(name, async (server) => {
      const servers = [server(), server()];
      return await Promise.all(Array.from({ length: 100 }, (_, i) => servers[i % 2]!.take(["crowd"], SIX)));
    });
    expect(verdicts.filter(({ allowed }) => allowed).map(({ remaining }) => remaining).toSorted()).toEqual(
      [0, 1, 2, 3, 4, 5],
    );
  });

  test("of 100 requests at once, at two servers, no more pass than the limit", async () => {
    const rateLimit = { "GET /session": { limit: 6, per: "1h" } } as const;
    const here = world(name, "http", {
      unhurried: true,
      options: { clientIp: () => "192.0.2.1", rateLimit },
    });
    try {
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, i) => here.server(i % 2).handler(requestOf("GET /session"))),
      );
      const passed = replies.filter(({ status }) => status === 200);
      expect(passed.map(({ headers }) => headers.get("ratelimit")?.split(";")[1]).toSorted()).toEqual(
        ["r=0", "r=1", "r=2", "r=3", "r=4", "r=5"],
      );
      expect(replies.filter(({ status }) => status === 429)).toHaveLength(94);
    } finally {
      await here.close();
    }
  });

  test("what another server has given back counts at once", async () => {
    await counting(name, async (server) => {
      const [here, there] = [server(), server()];
      for (let i = 0; i < 7; i++) await here.take(["refunded"], SIX);
      await there.refund(["refunded"], SIX);
      const takes = [await here.take(["refunded"], SIX), await here.take(["refunded"], SIX)];
      expect(takes.map(({ allowed }) => allowed)).toEqual([true, false]);
      await there.forget(["refunded"]);
      expect(await here.take(["refunded"], SIX)).toMatchObject({ allowed: true, remaining: 5 });
    });
  });

  test("a window is kept under a hash, and gone from the store when it says nothing any more", async () => {
    await counting(name, async (server, turn, driver) => {
      const here = server();
      await here.take(["POST /email/start", "192.0.2.1"], SIX);
      const kept = async () => await Array.fromAsync(driver.entries("limits:"), ([key]) => key);
      const [key = "", ...more] = await kept();
      expect(key).toMatch(/^limits:[a-z2-7]{52}$/);
      expect(more).toEqual([]);
      expect(await driver.getItem(key)).not.toBeNull();
      await turn(20);
      expect(await driver.getItem(key)).toBeNull();
    });
  });
});

test("what cannot be counted is let in by nobody", async () => {
  const { now } = clock();
  const driver = premises("memory", now).driver();
  let down = false;
  const failing: Driver = {
    ...driver,
    swap: (...args) => down ? Promise.reject(new Error("the disk is full")) : driver.swap(...args),
  };
  const store = storeOf(failing, { ...machine, now }, 1000);
  const here = limits(store, foundation(store, keyring([SECRET], machine.random), async () => {}));
  expect(await here.take(["a"], SIX)).toMatchObject({ allowed: true });
  down = true;
  await expect(here.take(["a"], SIX)).rejects.toMatchObject({ code: "storage_unavailable" });
});
