// What only the store can tell, asked before the first operation.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import { createDatabase } from "db0";
import nodeSqlite from "db0/connectors/node-sqlite";
import db0 from "unstorage/drivers/db0";
import stockMemory from "unstorage/drivers/memory";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { isNumber, isShaped } from "../../src/base/shape.ts";
import memory from "../../drivers/memory.ts";
import prefix from "../../drivers/prefix.ts";
import { createAuth } from "../../src/auth.ts";
import { AuthError } from "../../src/errors.ts";
import { machine } from "../../src/platform.ts";
import { clock } from "../../src/testing/clock.ts";
import { adopt } from "../../src/store/adopt.ts";
import { collection, store } from "../../src/store/collection.ts";
import type { Driver } from "../../src/store/driver.ts";
import { swapInSql } from "../../src/store/swap_in_sql.ts";
import type { StockDriver } from "../../src/store/unstorage.ts";
import { hasRedis, redisServer } from "./redis_server.ts";
import { VERSIONS } from "./stock_stores.ts";
import { upstashServer } from "./upstash_server.ts";

const directory = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = () => join(directory, `${crypto.randomUUID()}.db`);
const server = hasRedis ? await redisServer() : undefined;
afterAll(() => server?.stop());

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const HIDDEN = {
  code: "storage_unsafe",
  message: expect.stringContaining(
    'Give prefix(driver, base) of "@latchkey/auth/drivers/prefix" a driver without one',
  ),
};

/** What each call of a driver comes to. */
function calls(driver: Driver): readonly (() => unknown)[] {
  return [
    () => driver.ready?.(),
    () => driver.getItem("users:a"),
    () => driver.hasItem("users:a"),
    () => driver.swap("users:a", null, "{}"),
    () => driver.setItem("users:a", "{}"),
    () => driver.removeItem("users:a"),
    () => driver.getKeys(""),
    () => driver.clear(""),
    () => Array.fromAsync(driver.entries("")),
  ];
}

async function refused(driver: Driver, how: object): Promise<void> {
  undo.push(driver.dispose);
  for (const call of calls(driver)) await expect((async () => await call())()).rejects.toMatchObject(how);
}

describe.each(VERSIONS)("unstorage $name", (version) => {
  test("a part of a Storage would cross tenants: every call says what to do instead", async () => {
    const map = version.memory();
    const storage = version.storage(map);
    await refused(adopt(version.prefixed(storage)), HIDDEN);
    expect(Object(map).getKeys("")).toEqual([]);
    const view = prefix(map, "tenant");
    expect(await view.swap("users:a", null, "{}")).toBe(true);
    expect(Object(map).getKeys("")).toEqual(["tenant:users:a"]);
  });

  test("so would a part of a Storage on a driver of ours", async () => {
    const driver = memory();
    await refused(adopt(version.prefixed(version.storage(driver))), HIDDEN);
    const whole = adopt(version.storage(driver));
    expect(await whole.swap("users:a", null, "{}")).toBe(true);
    await whole.dispose();
    expect(driver.getItem("users:a")).toBe("{}"); // it was somebody else's to dispose
  });

  test.skipIf(server === undefined)("a base that the driver keeps to itself is found out", async () => {
    const rest = await upstashServer(String(server?.url));
    undo.push(rest.stop);
    await refused(adopt(version.upstash({ url: rest.url, token: rest.token, base: "app" })), HIDDEN);
  });

  test.skipIf("Bun" in globalThis)("a base that Deno KV's driver keeps to itself is found out", async () => {
    const driver = await version.denoKv("app");
    undo.push(() => Object(driver).dispose());
    await refused(adopt(driver), HIDDEN);
  });

  test.skipIf(server === undefined)("a base of redis is kept, however it is written", async () => {
    for (const base of ["", "a", "a:", ":a", "a/b", "a:b:"]) {
      const options = { url: String(server?.url), base, keyPrefix: "app:" }; // the prefix is that of the client
      const driver = version.redis(options);
      const ours = adopt(driver);
      undo.push(() => Object(driver).dispose(), ours.dispose);
      const key = `users:${crypto.randomUUID()}`;
      expect(await ours.swap(key, null, "{}")).toBe(true);
      expect(await Object(driver).getItem(key)).toBe("{}");
    }
  });

  test.skipIf(server === undefined)("a Redis that may evict accounts is refused", async () => {
    const cache = await redisServer(["--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb"]);
    undo.push(cache.stop);
    const driver = version.redis({ url: cache.url });
    undo.push(() => Object(driver).dispose());
    await refused(adopt(driver), { code: "storage_unsafe", message: expect.stringContaining("noeviction") });
    const observer = new Redis(cache.url);
    undo.push(() => observer.disconnect());
    const connected = async () => String(await observer.client("LIST")).trim().split("\n").length;
    // The observer's and unstorage's: what the store was asked by is closed, or this never ends.
    while (await connected() > 2) await new Promise((resolve) => setImmediate(resolve));
  });

  test.skipIf(server === undefined)("a Redis that is read from replicas is refused", async () => {
    const driver = version.redis({
      cluster: [{ host: "127.0.0.1", port: server?.port }],
      clusterOptions: { scaleReads: "slave", lazyConnect: true },
    } as never);
    undo.push(() => Object(driver).dispose());
    await refused(adopt(driver), { code: "storage_unsafe", message: expect.stringContaining("scaleReads") });
  });
});

describe("a store that fails meanwhile", () => {
  /** A memory whose calls of one kind fail as often as is said. */
  function failing(method: "getItem" | "setItem" | "removeItem", times: number): StockDriver {
    const driver = stockMemory() as StockDriver;
    const call: (...input: never[]) => unknown = driver[method];
    let left = times;
    const sometimes = (...input: never[]) => {
      if (left-- > 0) throw new Error("no route to host");
      return call(...input);
    };
    return { ...driver, name: "mine", [method]: sometimes };
  }

  test.each(["getItem", "setItem", "removeItem"] as const)(
    "at %s is storage_unavailable, and asked again by the next call",
    async (method) => {
      const driver = adopt(failing(method, 2), { allowUnsafe: true });
      for (let call = 0; call < 2; call++) {
        await expect(driver.ready?.()).rejects.toMatchObject({
          code: "storage_unavailable",
          message: expect.stringContaining("storage: no route to host"),
          cause: new Error("no route to host"),
        });
      }
      expect(await driver.swap("users:a", null, "{}")).toBe(true);
    },
  );

  test("is asked once by all who call at once", async () => {
    const asked: string[] = [];
    const driver = stockMemory() as StockDriver;
    const given = {
      ...driver,
      setItem: (
        ...input: Parameters<StockDriver["setItem"]>
      ) => (asked.push(input[0]), driver.setItem(...input)),
    };
    const ours = adopt(given);
    await Promise.all([
      ours.ready?.(),
      ours.getItem("users:a"),
      ours.swap("users:a", null, "{}"),
      ours.getKeys(""),
    ]);
    expect(asked).toEqual([expect.stringMatching(/^canary-[a-z2-7]{16}$/), "users:a"]);
    expect([ours.getItem("users:a"), ours.swap("users:a", "{}", null)]).toEqual(["{}", true]); // from now on at once
  });

  test("one that hangs at first is storage_unavailable, asked anew by the next call, and does not hold up the end", async () => {
    const stock = stockMemory() as StockDriver;
    let hangs = true;
    let waiting = Promise.withResolvers<void>();
    const given: StockDriver = {
      ...stock,
      setItem(key, value, options) {
        waiting.resolve();
        return hangs ? new Promise(() => {}) : stock.setItem(key, value, options);
      },
    };
    const asked = async () => {
      await waiting.promise;
      waiting = Promise.withResolvers();
    };
    const { now, sleep, turn } = clock();
    const ours = adopt(given, { platform: { ...machine, now, sleep } });
    const [first, second] = [ours.getItem("users:a"), ours.getItem("users:b")];
    const replies = Promise.allSettled([first, second]);
    await asked();
    await turn("11s");
    expect((await replies).map((reply) => Object(Object(reply).reason).code)).toEqual(
      Array(2).fill("storage_unavailable"),
    );
    hangs = false;
    expect(await ours.swap("users:a", null, "{}")).toBe(true);
    hangs = true;
    waiting = Promise.withResolvers();
    const other = adopt(given, { platform: { ...machine, now, sleep } });
    const reply = Promise.resolve(other.getItem("users:a")).catch(({ code }) => code);
    await asked();
    const end = other.dispose();
    await turn("11s");
    await end;
    expect(await reply).toBe("storage_unavailable");
  });

  test("a driver that is disposed while it is asked lets nobody in afterwards", async () => {
    const ours = adopt(stockMemory());
    const reply = ours.getItem("users:a");
    await ours.dispose();
    await expect(reply).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining("closed"),
    });
    await refused(ours, { code: "storage_unavailable" });
  });
});

describe("a driver that is not what its name says", () => {
  const strangers: readonly (readonly [name: string, instance: unknown, why: string])[] = [
    ["memory", {}, "it has no get"],
    ["redis", new Map(), "it has no duplicate"],
    ["upstash", Promise.resolve({ eval: () => 1 }), "it has no scan"],
    ["deno-kv", null, "it has no get"],
    ["db0", { dialect: "sqlite" }, "it has no prepare"],
  ];

  test.each(strangers)("%s", async (name, instance, why) => {
    const driver = adopt({ ...stockMemory(), name, getInstance: () => instance });
    await refused(driver, {
      code: "storage_unsafe",
      message: expect.stringContaining(`the driver "${name}" is not that of unstorage's: ${why}`),
    });
  });

  test("a memory that writes later than it says", async () => {
    const driver = stockMemory() as StockDriver;
    const later = {
      ...driver,
      setItem: async (...input: Parameters<StockDriver["setItem"]>) =>
        void (await null, driver.setItem(...input)),
    };
    const ours = adopt(later);
    expect(await ours.getItem("users:a")).toBe(null);
    expect(() => ours.swap("users:a", null, "{}")).toThrow(
      expect.objectContaining({ code: "storage_unsafe" }),
    );
  });

  test("one that hands out something else than the text that was written", async () => {
    const driver = stockMemory() as StockDriver;
    const parsing = {
      ...driver,
      name: "mine",
      getItem: (key: string) => JSON.parse(String(driver.getItem(key))),
    };
    await refused(adopt(parsing, { allowUnsafe: true }), {
      code: "storage_unsafe",
      message: expect.stringContaining("is read as another text"),
    });
  });
});

describe("db0", () => {
  const database = () => createDatabase(nodeSqlite({ name: ":memory:" }));

  test.each(["auth", "Auth_2", "main.auth", '"my auth"', 'main."my auth"'])(
    "takes a table by the name %s as unstorage does",
    async (tableName) => {
      const driver = db0({ database: database(), tableName }) as StockDriver;
      const ours = adopt(driver);
      expect(await ours.swap("users:a", null, "{}")).toBe(true);
      expect(await driver.getItem("users:a")).toBe("{}");
    },
  );

  test("refuses a table by a name that would be more than one", async () => {
    const database = createDatabase(nodeSqlite({ name: ":memory:" }));
    await database.exec("CREATE TABLE a (key TEXT, value TEXT); CREATE TABLE b (key TEXT, value TEXT)");
    const driver = { ...db0({ database, tableName: "unstorage" }), options: { tableName: "a, b" } };
    await refused(adopt(driver), { code: "storage_unsafe", message: expect.stringContaining("tableName") });
  });

  test("waits while somebody else writes, for 5 seconds at most", async () => {
    const path = file();
    let late = 0; // ms that have passed without anybody's waiting for them
    const driver = adopt(db0({ database: createDatabase(nodeSqlite({ path })) }), {
      platform: { ...machine, now: () => machine.now() + late, log: { warn: () => {} } },
    });
    await driver.swap("users:a", null, "1");
    const other = new DatabaseSync(path);
    undo.push(() => other.close());
    other.exec("BEGIN EXCLUSIVE");
    const replies = [
      driver.swap("users:a", "1", "2"),
      driver.getItem("users:b"),
      driver.swap("users:a", "1", "3"),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    other.exec("COMMIT");
    const [first, found, second] = await Promise.all(replies);
    expect([found, first]).toEqual([null, !second]);
    other.exec("BEGIN EXCLUSIVE");
    const reply = driver.swap("users:c", null, "1");
    late = 5000;
    await expect(reply).rejects.toThrow("database is locked");
    other.exec("COMMIT");
    expect(await driver.swap("users:c", null, "1")).toBe(true);
  });

  test("lets SQLite itself wait while unstorage makes its table, which it tries but once, and then no more", async () => {
    const database = createDatabase(nodeSqlite({ name: ":memory:" }));
    const timeout = async () => Object((await database.prepare("PRAGMA busy_timeout").all())[0]).timeout;
    await database.exec("PRAGMA busy_timeout = 7");
    const driver = db0({ database }) as StockDriver;
    const seen: unknown[] = [];
    const watched = {
      ...driver,
      hasItem: async (key: string) => (seen.push(await timeout()), await driver.hasItem(key, {})),
    };
    await adopt(watched).ready?.();
    expect([...seen, await timeout()]).toEqual([5000, 7]);
  });

  test("libSQL is adopted as SQLite is, also where it does not tell on what it keeps its tables", async () => {
    const connector = { ...nodeSqlite({ path: file() }), dialect: "libsql" as const };
    const silent = (sql: string) => {
      if (sql.startsWith("PRAGMA")) throw new Error("SQL not allowed statement");
      return connector.prepare(sql);
    };
    const both = [connector, { ...connector, prepare: silent }].map((one) =>
      adopt(db0({ database: createDatabase(one) }))
    );
    const wrote = await Promise.all(both.map((driver) => driver.swap("users:a", null, "1")));
    expect(wrote.filter(Boolean)).toHaveLength(1);
    expect(both.map(({ atomicity }) => atomicity)).toEqual(["shared", "process"]);
  });

  test("has the disk looked at on which a file is", async () => {
    const path = file();
    const looked: string[] = [];
    const database = createDatabase(nodeSqlite({ path }));
    const place = { driver: db0({ database }) as StockDriver, database, platform: machine };
    const made = await swapInSql({ ...place, refuseNetworkDisk: (file) => void looked.push(file) });
    expect([made.atomicity, looked]).toEqual(["shared", [path]]);
    const refuseNetworkDisk = () => {
      throw new AuthError("storage_unsafe");
    };
    await expect(swapInSql({ ...place, refuseNetworkDisk })).rejects.toMatchObject({
      code: "storage_unsafe",
    });
  });

  test("finds a prefix by its letters, not by a pattern or the order of a language", async () => {
    const driver = adopt(db0({ database: database() }));
    for (const key of ["users:a", "userz:a", "users_a", "USERS:a", "users:"]) await driver.setItem(key, "1");
    expect(await driver.getKeys("users:")).toEqual(["users:", "users:a"]);
  });
});

test.skipIf(server === undefined)(
  "vercel-kv, whose client is that of upstash, is adopted alike",
  async () => {
    const rest = await upstashServer(String(server?.url));
    undo.push(rest.stop);
    const stock = Object(VERSIONS[0]?.upstash({ url: rest.url, token: rest.token }));
    const both = [0, 1].map(() => adopt({ ...stock, name: "vercel-kv" }));
    const key = `users:${crypto.randomUUID()}`;
    const wrote = await Promise.all(both.map((driver) => driver.swap(key, null, "1")));
    expect([wrote.filter(Boolean).length, await both[0]?.getItem(key)]).toEqual([1, "1"]);
  },
);

test.skipIf(server === undefined)(
  "upstash sends again what was not answered: a false that wrote is seen by whoever looks",
  async () => {
    const [version] = VERSIONS;
    const rest = await upstashServer(String(server?.url));
    undo.push(rest.stop);
    const driver = adopt(version?.upstash({ url: rest.url, token: rest.token }));
    await driver.ready?.();
    const key = `users:${crypto.randomUUID()}`;
    rest.loseReply();
    expect(await driver.swap(key, null, "1")).toBe(false);
    expect(await driver.getItem(key)).toBe("1");

    const records = collection<object>(
      store(driver, machine, 5000),
      "users",
      isShaped({ n: isNumber }),
    );
    const id = crypto.randomUUID();
    let decisions = 0;
    rest.loseReply();
    const add = (now: object | null) => ({
      next: { n: Number(Object(now).n ?? 0) + 1 },
      result: ++decisions,
    });
    expect(await records.change(id, add, null)).toBe(1);
    expect(await records.get(id)).toMatchObject({ n: 1, rev: 1 });
  },
);

describe("createAuth warns", () => {
  const SWEEP =
    /^storage: the driver ".+" expires nothing: call auth\.sweep\(\) from a timer, hourly or daily$/;

  function warnings(storage: unknown, allowUnsafe = false): readonly string[] {
    const said: string[] = [];
    const log = { warn: (message: string) => void said.push(message) };
    createAuth({
      storage: storage as Driver,
      ...(allowUnsafe && { allowUnsafeStorage: "single-process" }),
      secret: "a-secret-of-32-characters-or-more",
      baseUrl: "http://localhost:3000",
      clientIp: "direct",
      platform: { log },
    });
    return said;
  }

  test.each(VERSIONS)("once of a store of $name that expires nothing", (version) => {
    const database = createDatabase(nodeSqlite({ name: ":memory:" }));
    const silent = version.name === "2.0" ? [] : [expect.stringMatching(SWEEP)];
    expect(warnings(version.memory())).toEqual(silent);
    expect(warnings(version.storage(version.memory()))).toEqual(silent);
    expect(warnings(version.db0({ database }))).toEqual([expect.stringMatching(SWEEP)]);
    expect(warnings(version.redis({ url: "redis://127.0.0.1:1" }))).toEqual([]);
    expect(warnings(version.upstash({ url: "http://127.0.0.1:1", token: "t" }))).toEqual([]);
    expect(warnings(version.storage(memory()))).toEqual([]);
  });

  test("of what was consented to, where it was needed", () => {
    const mine = { ...stockMemory(), name: "mine" };
    const alone = 'storage: the driver "mine" is safe for one process alone';
    expect(warnings(mine, true)).toEqual([alone, expect.stringMatching(SWEEP)]);
    expect(warnings(memory(), true)).toEqual([]);
  });
});
