// What createAuth refuses as storage, and what it says would be right.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createDatabase } from "db0";
import nodeSqlite from "db0/connectors/node-sqlite";
import { builtinDrivers, createStorage } from "unstorage";
import db0 from "unstorage/drivers/db0";
import fs from "unstorage/drivers/fs";
import github from "unstorage/drivers/github";
import lruCache from "unstorage/drivers/lru-cache";
import stockMemory from "unstorage/drivers/memory";
import nothing from "unstorage/drivers/null";
import overlay from "unstorage/drivers/overlay";
import { builtinDrivers as builtinDriversNext } from "unstorage2";
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { AuthOptions } from "../../src/options.ts";
import { adopt } from "../../src/store/adopt.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { StockDriver } from "../../src/store/unstorage.ts";
import { VERDICTS } from "../../src/store/verdicts.ts";

const ROOT = join(import.meta.dirname, "../..");
const CONSENT = 'allowUnsafeStorage: "single-process"';
/** Enough for any driver of unstorage to be made; none of them connects before it is used. */
const ANYTHING = {
  base: "/nowhere",
  layers: [],
  accountId: "a",
  namespaceId: "n",
  apiToken: "t",
  endpoint: "http://localhost",
  storage: {},
  database: { dialect: "sqlite" },
};

describe("the table of verdicts", () => {
  const names = (drivers: Readonly<Record<string, string>>) =>
    new Set(Object.values(drivers).map((path) => basename(path)));

  test("has the drivers of unstorage 1.17 and 2.0, and no others", () => {
    const both = new Set([...names(builtinDrivers), ...names(builtinDriversNext)]);
    expect(Object.keys(VERDICTS).toSorted()).toEqual([...both].toSorted());
  });

  test("has them by the names that they have of themselves, but for one, which is known by both", () => {
    const folders = ["unstorage/drivers", "unstorage2/dist/drivers"].map((folder) =>
      join(ROOT, "node_modules", folder)
    );
    const files = folders.flatMap((folder) =>
      readdirSync(folder).filter((file) => file.endsWith(".mjs")).map((file) => join(folder, file))
    );
    const own = files.map((file) => /DRIVER_NAME = "(.+)"/.exec(readFileSync(file, "utf8"))?.[1] ?? file);
    expect(new Set(own.filter((name) => !Object.hasOwn(VERDICTS, name)))).toEqual(new Set(["idb-keyval"]));
    expect(refusal({ ...stockMemory(), name: "idb-keyval" }, true)).toContain(
      "keeps records in a browser or phone",
    );
  });

  test.each(Object.entries(VERDICTS).filter(([name]) => name !== "vercel-kv"))(
    "%s is %j",
    async (name, [verdict, reason]) => {
      const { default: make } = await import(
        join(ROOT, "node_modules/unstorage2/dist/drivers", `${name}.mjs`)
      );
      const driver = make(ANYTHING);
      if (verdict === "adopted") expect(adopt(driver).name).toBe(name);
      else {expect(refusal(driver)).toContain(
          `"${driver.name}" ${reason}. Give a driver of "@latchkey/auth/drivers/`,
        );}
      if (verdict === "single-process") {
        expect(refusal(driver)).toContain(CONSENT);
        expect(adopt(driver, { allowUnsafe: true })).toMatchObject({ name, atomicity: "process" });
      }
      if (verdict === "never") expect(refusal(driver, true)).toBe(refusal(driver));
    },
  );
});

describe("at createAuth", () => {
  const cases: readonly (readonly [what: string, given: unknown, why: string, isHelpless?: true])[] = [
    ["unstorage's fs", fs({ base: "/nowhere" }), 'the driver "fs" may leave half a record', true],
    [
      "a Storage on it",
      createStorage({ driver: fs({ base: "/nowhere" }) }),
      'the driver "fs" may leave half a record',
      true,
    ],
    ["its null", nothing(), 'the driver "null" keeps nothing', true],
    [
      "its overlay",
      overlay({ layers: [stockMemory()] }),
      'the driver "overlay" reads from several stores',
      true,
    ],
    ["its lru-cache", lruCache({}), 'the driver "lru-cache" forgets accounts to make room', true],
    ["its github", github({ repo: "a/b" }), 'the driver "github" cannot write', true],
    ["db0 on MySQL", onMySql(), 'the driver "db0" has no atomic step on MySQL'],
    [
      "planetscale that caches",
      { ...stockMemory(), name: "planetscale", options: { boostCache: true } },
      "may answer with what was overwritten",
      true,
    ],
    [
      "vercel-kv without its client",
      { ...stockMemory(), name: "vercel-kv", getInstance: undefined },
      "has no atomic step",
    ],
    ["a driver of one's own", ownDriver(), 'the driver "mine" has no atomic step'],
    ["one without a name", { ...ownDriver(), name: undefined }, "what was given (object) has no atomic step"],
    [
      "one that cannot write",
      { ...ownDriver(), setItem: undefined },
      'the driver "mine" has no setItem',
      true,
    ],
    ["ours without its entries", { ...memory(), entries: true }, 'the driver "memory" has no entries', true],
    ["a Storage without mounts", { ...createStorage(), getMounts: undefined }, "has no atomic step"],
  ];

  test.each(cases)("%s is storage_unsafe, with the remedy", (_, storage, why, isHelpless) => {
    const message = refusal(storage);
    expect(message).toContain(why);
    expect(message).toContain('"@latchkey/auth/drivers/sqlite"');
    expect(message.includes(CONSENT)).toBe(isHelpless !== true);
    if (isHelpless) expect(refusal(storage, true)).toBe(message);
  });

  test("a Storage that keeps some of our keys elsewhere is refused by the name of those keys", async () => {
    const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".ts")
    );
    const text = sources.map((path) => readFileSync(join(ROOT, "src", path), "utf8")).join("\n");
    const names = new Set(
      [...text.matchAll(/\bcollection<.+>\(\s*\w+,\s*"([a-z-]+)"|\{ name: "([a-z-]+)", ids:/g)].map(
        ([, name, alone]) => String(name ?? alone),
      ),
    );
    expect(names.size).toBeGreaterThan(6);
    for (const name of names) {
      for (const mount of [name, `${name}:abc`]) {
        const storage = createStorage();
        const driver = adopt(storage);
        storage.mount(mount, stockMemory()); // as applications do, later on
        await expect((async () => await driver.getItem("meta"))()).rejects.toMatchObject({
          code: "storage_unsafe",
          message: expect.stringContaining(
            `the Storage keeps ${name} in the mount ${mount}: and not with the rest: give one driver for all`,
          ),
        });
      }
    }
  });

  test("what a Storage mounts beside our keys is no obstacle", async () => {
    for (const mount of ["cache", "user", "usersx", "assets:users", "session"]) {
      const driver = adopt(createStorage().mount(mount, fs({ base: "/nowhere" })));
      expect(await driver.swap("users:a", null, "{}")).toBe(true);
    }
  });
});

test("a database whose reads come from a cache is refused, whatever it is", () => {
  const database = createDatabase(nodeSqlite({ name: ":memory:" }));
  for (const connector of ["cloudflare-hyperdrive-postgresql", "cloudflare-hyperdrive-mysql"]) {
    const cached = { ...database, connector, dialect: "postgresql" };
    expect(() => adopt(db0({ database: cached as never }), { allowUnsafe: true })).toThrow(
      expect.objectContaining({
        code: "storage_unsafe",
        message: expect.stringContaining("may answer with what was overwritten"),
      }),
    );
  }
});

function onMySql(): object {
  return db0({
    database: { ...createDatabase(nodeSqlite({ name: ":memory:" })), dialect: "mysql" } as never,
  });
}

/** A driver as somebody might write it, whose calls take time. */
function ownDriver(map: Map<string, string> = new Map()): StockDriver {
  const moment = () => new Promise((resolve) => setImmediate(resolve));
  return {
    name: "mine",
    async getItem(key) {
      await moment();
      return map.get(key) ?? null;
    },
    async hasItem(key) {
      await moment();
      return map.has(key);
    },
    async setItem(key, value) {
      await moment();
      map.set(key, value);
    },
    async removeItem(key) {
      await moment();
      map.delete(key);
    },
    getKeys: () => [...map.keys()],
  };
}

/** What createAuth says to a store that it refuses. */
function refusal(storage: unknown, allowUnsafe = false): string {
  try {
    withStorage(storage, allowUnsafe);
  } catch (error) {
    expect(error).toMatchObject({ code: "storage_unsafe" satisfies ErrorCode });
    return String(Object(error).message);
  }
  throw new Error("createAuth took it");
}

function withStorage(storage: unknown, allowUnsafe = false, warn: (message: string) => void = () => {}) {
  return createAuth(
    {
      storage: storage as Driver,
      ...(allowUnsafe && { allowUnsafeStorage: "single-process" }),
      secret: "a-secret-of-32-characters-or-more",
      baseUrl: "http://localhost:3000",
      platform: { log: { warn } },
    } satisfies AuthOptions,
  );
}
