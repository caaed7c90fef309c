import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import fs from "../../drivers/fs.ts";
import sqlite from "../../drivers/sqlite.ts";
import type { Driver } from "../../src/store/driver.ts";
import { child, cleanUp, crowd, directory, kill, placeFor } from "./children.ts";
import { openAt, STORES } from "./stores_on_disk.ts";

const NOBODY = 65534; // a user whom permissions bind, as they do not bind root

afterEach(cleanUp);

describe.each(STORES)("%s", (store) => {
  test("four processes open one new store at once", async () => {
    const four = crowd();
    await Promise.all(four.map(({ ask }) => ask({ do: "open", store, path: placeFor(store) }))); // they have started: now they begin together
    for (let round = 0; round < 15; round++) {
      const path = placeFor(store);
      const opened = await Promise.all(four.map(({ ask }) => ask({ do: "open", store, path })));
      expect(opened).toEqual(four.map(() => [true, "1"]));
      expect(await openAt(store, path).getKeys("users:")).toHaveLength(4);
    }
  });

  test("four processes that add one 250 times each arrive at 1000", async () => {
    const path = placeFor(store);
    const driver = openAt(store, path);
    await driver.swap("counter", null, "0");
    const four = crowd();
    expect(await Promise.all(four.map(({ ask }) => ask({ do: "increment", store, path })))).toEqual(
      Array(4).fill("done"),
    );
    expect(await driver.getItem("counter")).toBe("1000");
  });

  test("a write waits while another process writes; reads do not, and the process goes on", async () => {
    const path = placeFor(store);
    const driver = openAt(store, path);
    await driver.setItem("users:a", "1");
    const other = child();
    expect(await other.ask({ do: "hold", store, path })).toBe("held");
    let settled = 0;
    const replies = [
      driver.swap("users:a", "1", "2"),
      driver.swap("users:a", "1", "3"),
      driver.setItem("users:b", "1"),
    ];
    expect(replies.every((reply) => reply instanceof Promise)).toBe(true);
    for (const reply of replies) void Promise.resolve(reply).then(() => settled++, () => settled++);
    expect(driver.getItem("users:a")).toBe("1");
    await writeElsewhere();
    expect([settled, driver.getItem("users:a")]).toEqual([0, "1"]);
    expect(await other.ask({ do: "release" })).toBe("released");
    const [first, second] = await Promise.all(replies);
    expect(first).toBe(!second);
    expect(await driver.getItem("users:a")).toBe(first ? "2" : "3");
    const next = driver.swap("users:c", null, "1");
    expect(next instanceof Promise).toBe(store === "fs"); // SQLite answers at once again
    expect(await next).toBe(true);
  });

  test("a write goes by the time when it is done, not when it began to wait", async () => {
    const path = placeFor(store);
    let time = 0;
    const driver = openAt(store, path, { now: () => time });
    for (const key of ["users:a", "users:b"]) await driver.setItem(key, "1", { ttl: 2 });
    const other = child();
    await other.ask({ do: "hold", store, path });
    const replies = [driver.swap("users:a", "1", "2"), driver.swap("users:b", "1", null)];
    await writeElsewhere();
    time = 2000;
    await other.ask({ do: "release" });
    expect(await Promise.all(replies)).toEqual([false, false]);
  });

  test("a lock is free when its holder is killed", async () => {
    const path = placeFor(store);
    const driver = openAt(store, path);
    const other = child();
    await other.ask({ do: "hold", store, path });
    const replies = ["users:a", "users:b"].map((key) => driver.swap(key, null, "1"));
    await writeElsewhere();
    await kill(other);
    expect(await Promise.all(replies)).toEqual([true, true]);
  });

  test("a write that waits past the deadline is storage_unavailable and has not happened", async () => {
    const path = placeFor(store);
    const driver = openAt(store, path, { deadline: 0.2 });
    const other = child();
    await other.ask({ do: "hold", store, path });
    const begun = performance.now();
    const replies = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => driver.swap("users:a", null, `${n}`)),
    );
    for (const reply of replies) {
      expect(reply).toMatchObject({
        status: "rejected",
        reason: {
          code: "storage_unavailable",
          message: expect.stringContaining(`${path}: another process has been writing for 0.2 s`),
        },
      });
    }
    expect(performance.now() - begun).toBeLessThan(3000); // those in one line do not each wait anew
    await other.ask({ do: "release" });
    expect(await driver.getItem("users:a")).toBe(null);
    expect(leftBehind(path)).toEqual([]);
    expect(await driver.swap("users:a", null, "1")).toBe(true);
  });

  test("a write that waits when the driver is disposed is refused and has not happened", async () => {
    const path = placeFor(store);
    const driver = openAt(store, path);
    const other = child();
    await other.ask({ do: "hold", store, path });
    const replies = Promise.allSettled([1, 2].map((n) => driver.swap("users:a", null, `${n}`)));
    await writeElsewhere();
    await driver.dispose();
    for (const reply of await replies) {
      expect(reply).toMatchObject({
        status: "rejected",
        reason: { code: "storage_unavailable", message: expect.stringContaining("closed") },
      });
    }
    await other.ask({ do: "release" });
    expect(await openAt(store, path).getItem("users:a")).toBe(null);
    expect(leftBehind(path)).toEqual([]);
  });
});

test("a listing of fs waits for who is writing: some disks pass over a name that is taken meanwhile", async () => {
  const path = placeFor("fs");
  const driver = fs({ base: path });
  await driver.setItem("users:a", "1");
  const other = child();
  await other.ask({ do: "hold", store: "fs", path });
  let settled = false;
  const keys = Promise.resolve(driver.getKeys("")).finally(() => settled = true);
  await writeElsewhere();
  expect(settled).toBe(false);
  await other.ask({ do: "release" });
  expect(await keys).toEqual(["users:a"]);
});

describe("what may not be written or read", () => {
  test("is refused by SQLite when it is opened", async () => {
    const reader = child();
    if (process.getuid?.() === 0) expect(await reader.ask({ do: "become", uid: NOBODY })).toBe(NOBODY);
    const [locked, open] = [directory(), directory()];
    for (const made of [locked, open]) await sqlite({ path: join(made, "auth.db") }).dispose();
    chmodSync(join(open, "auth.db"), 0o444);
    chmodSync(open, 0o777);
    chmodSync(locked, 0o555);
    const cases: readonly (readonly [path: string, why: RegExp])[] = [
      [join(locked, "new.db"), /unable to open database file/],
      [join(locked, "auth.db"), /unable to open database file|readonly/],
      [join(open, "auth.db"), /readonly/],
    ];
    for (const [path, why] of cases) {
      const answer = await reader.ask({ do: "open", store: "sqlite", path });
      expect(answer).toMatchObject({ code: "storage_unavailable", message: expect.stringMatching(why) });
      expect(answer).toMatchObject({
        message: expect.stringContaining(`${path} cannot be opened as a database: `),
      });
    }
  });

  test("is refused by fs: a folder when it is opened, a record when it is asked for", async () => {
    const stranger = child();
    if (process.getuid?.() === 0) expect(await stranger.ask({ do: "become", uid: NOBODY })).toBe(NOBODY);
    const parent = directory();
    const bases = ["locked", "listed", "reading", "writing", "syncing"].map((name) => join(parent, name));
    const [locked = "", listed = "", reading = "", writing = "", syncing = ""] = bases;
    for (const base of bases) {
      const driver = fs({ base });
      await driver.setItem("users:a", "1");
      await driver.dispose();
      for (const name of readdirSync(base)) chmodSync(join(base, name), 0o777);
      chmodSync(base, 0o777);
    }
    chmodSync(locked, 0o000);
    chmodSync(join(listed, ".lock-0"), 0o444);
    chmodSync(join(writing, "users"), 0o555);
    chmodSync(join(syncing, "users"), 0o733); // to put a file there, but not to wait until it is on the disk
    const cases: readonly (readonly [ask: "open" | "read", base: string, why: RegExp])[] = [
      ["open", join(parent, "new"), /new cannot be used as a folder: EACCES/],
      ["open", locked, /cannot be used as a folder: EACCES/],
      ["open", listed, /\.lock-0: .*readonly/],
      ["read", reading, /users.a\.json: EACCES/],
      ["open", writing, /writing: EACCES/],
    ];
    for (const [ask, path, why] of cases) {
      const answer = await stranger.ask({ do: ask, store: "fs", path });
      expect(answer).toMatchObject({ code: "storage_unavailable", message: expect.stringMatching(why) });
    }
    const answer = await stranger.ask({ do: "open", store: "fs", path: syncing });
    expect(answer).toEqual({
      code: "storage_unavailable",
      message: expect.stringMatching(/syncing: EACCES/),
      undurable: true,
    });
    expect(readFileSync(join(syncing, `users/${stranger.process.pid}.json`), "utf8")).toBe("\n1");
    expect([...leftBehind(writing), ...leftBehind(syncing)]).toEqual([]);
    expect(readFileSync(join(writing, "users/a.json"), "utf8")).toBe("\n1");
  });
});

describe("sqlite alone", () => {
  test("what cannot be opened is storage_unavailable, and says what and why", () => {
    const garbage = placeFor("sqlite");
    writeFileSync(garbage, "no database at all ".repeat(500));
    const other = placeFor("sqlite");
    new DatabaseSync(other).exec("CREATE TABLE latchkey (something TEXT)");
    const cases: readonly (readonly [path: string, why: RegExp])[] = [
      [join(directory(), "missing", "auth.db"), /no such file or directory|ENOENT/],
      [directory(), /it is a directory/],
      [garbage, /file is not a database/],
      [other, /no such column/],
    ];
    for (const [path, why] of cases) {
      const message = expect.stringMatching(why);
      const failure = expect.objectContaining({
        code: "storage_unavailable",
        message,
        cause: expect.any(Error),
      });
      expect(() => sqlite({ path })).toThrow(failure);
      expect(() => sqlite({ path })).toThrow(`${path} cannot be opened as a database: `);
    }
  });

  test("a path is a path, even where SQLite would read a URI in it", async () => {
    const cwd = directory();
    const path = "file:auth.db?mode=memory";
    expect(await child(cwd).ask({ do: "open", store: "sqlite", path })).toEqual([true, "1"]);
    expect(existsSync(join(cwd, path))).toBe(true);
  });
});

test("fs: a lock that is no SQLite file is storage_unavailable, and says which", () => {
  const base = placeFor("fs");
  mkdirSync(base);
  writeFileSync(join(base, ".lock-0"), "no database at all ".repeat(500));
  expect(() => fs({ base })).toThrow(expect.objectContaining({
    code: "storage_unavailable",
    message: expect.stringMatching(/\.lock-0: file is not a database/),
  }));
});

test("a memory driver with expiring keys does not keep its process alive", async () => {
  const other = child();
  expect(await other.ask({ do: "remember" })).toBe("remembered");
  const ended = once(other.process, "exit");
  other.process.stdin?.end();
  expect(await ended).toEqual([0, null]);
});

/** Time goes by, as long as some writes take. */
async function writeElsewhere(): Promise<void> {
  const driver: Driver = fs({ base: placeFor("fs") });
  for (let n = 0; n < 30; n++) await driver.setItem("users:a", `${n}`);
  await driver.dispose();
}

/** What was written aside in a folder. */
function leftBehind(path: string): readonly string[] {
  return existsSync(join(path, ".tmp")) ? readdirSync(join(path, ".tmp")) : [];
}
