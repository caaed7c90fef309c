// The file-system driver beside others, over time, and on disks that refuse.
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import fs, { type Driver } from "../../drivers/fs.ts";
import { locksIn } from "../../drivers/local_disk/locks.ts";
import { disposeAll, filesIn, folder, open, removeAll } from "./folders.ts";
import { smallDisk } from "./small_disk.ts";

const small = smallDisk("256k");

afterEach(disposeAll);
afterAll(() => {
  small?.unmount();
  removeAll();
});

describe("tidying", () => {
  test("what a dead writer put aside goes after an hour; what is younger stays", async () => {
    const base = folder();
    const driver = open(base);
    const age = (minutes: number, name: string) => {
      const path = join(base, ".tmp", name);
      writeFileSync(path, "half a rec");
      utimesSync(path, new Date(), new Date(Date.now() - minutes * 60_000));
    };
    age(61, "old");
    age(59, "young");
    await Array.fromAsync(driver.entries(""));
    expect(readdirSync(join(base, ".tmp"))).toEqual(["young"]);
  });

  test("all that has expired goes when somebody goes through the store, and nothing else", async () => {
    const base = folder();
    let time = 0;
    const driver = open(base, () => time);
    for (let n = 0; n < 30; n++) await driver.setItem(`users:${n}`, "1", { ttl: n % 3 === 0 ? 20 : 10 });
    time = 10_000;
    expect(await Array.fromAsync(driver.entries("users:"))).toHaveLength(10);
    expect(filesIn(base)).toHaveLength(10);
    time = 20_000;
    expect(await driver.getKeys("")).toEqual([]);
    expect(filesIn(base)).toEqual([]);
  });

  test("locks that somebody removed are made anew, and two drivers meet at them", async () => {
    const base = folder();
    const [one, two] = [open(base), open(base)];
    await one.setItem("counter", "0");
    const add = async (driver: Driver) => {
      for (let done = 0; done < 40;) {
        const text = await driver.getItem("counter");
        if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
      }
    };
    await Promise.all([add(one), add(two)]);
    for (const name of readdirSync(base).filter((name) => name.startsWith(".lock-"))) {
      rmSync(join(base, name));
    }
    await Promise.all([add(two), add(open(base)), add(one)]);
    expect(await one.getItem("counter")).toBe("200");
  });

  test("removes what has expired and nothing else, some of it with every 100th write", async () => {
    const base = folder();
    let time = 0;
    const driver = open(base, () => time);
    for (let n = 0; n < 249; n++) await driver.setItem(`users:${n}`, "1", { ttl: 10 });
    for (let n = 0; n < 50; n++) {
      await driver.setItem(`invites:${n}`, "1", { ttl: n % 2 === 0 ? 10.001 : 1e6 });
    }
    time = 10_000;
    await driver.setItem("kept", "1"); // the 300th
    await driver.dispose(); // waits for it
    const left = filesIn(base).length;
    expect([left < 200, left >= 100]).toEqual([true, true]); // more than were written are gone
    const next = open(base, () => time);
    for (let n = 0; n < 100; n++) await next.setItem("kept", "1");
    await next.dispose();
    expect(filesIn(base).filter((name) => name.startsWith("users"))).toEqual([]);
    expect(filesIn(base)).toHaveLength(51);
  });

  test("goes on where it was, through all folders, round after round", async () => {
    const base = folder();
    let time = 0;
    const driver = open(base, () => time);
    for (const name of ["a", "b", "c"]) {
      await driver.setItem(`${name}:first`, "1", { ttl: 10 });
      for (let n = 0; n < 233; n++) writeFileSync(join(base, name, `${n}.json`), "10000\n1");
    }
    time = 10_000;
    for (let n = 0; n < 497; n++) await driver.setItem("kept", "1");
    await driver.dispose();
    expect(filesIn(base)).toEqual(["kept.json"]);
  });

  test("leaves what was written anew between the look and the lock", async () => {
    const base = folder();
    let time = 0;
    let meanwhile = (): void => {};
    const driver = open(base, () => (meanwhile(), time));
    await driver.setItem("users:a", "old", { ttl: 10 });
    for (let n = 0; n < 98; n++) await driver.removeItem("users:none");
    time = 10_000;
    // The tidier asks for the time when it has read the file.
    meanwhile = () => writeFileSync(join(base, "users/a.json"), "\nnew");
    await driver.removeItem("users:none"); // the 100th
    await driver.dispose();
    expect(filesIn(base)).toEqual(["users/a.json"]);
  });

  test("a file that cannot be read fails no write and stops no tidying", async () => {
    const base = folder();
    let time = 0;
    const driver = open(base, () => time);
    await driver.setItem("users:a", "1", { ttl: 10 });
    await driver.setItem("users:z", "1", { ttl: 10 });
    writeFileSync(join(base, "users/m.json"), "torn");
    time = 10_000;
    for (let n = 0; n < 98; n++) expect(await driver.swap(`invites:${n}`, null, "1")).toBe(true);
    await driver.dispose();
    expect(filesIn(base).filter((name) => name.startsWith("users"))).toEqual(["users/m.json"]);
  });
});

describe("many at once", () => {
  test("of two drivers on one folder, too, one writes", async () => {
    const base = folder();
    const two = [open(base), open(base)];
    const wrote = await Promise.all(
      Array.from({ length: 100 }, (_, n) => two[n % 2]!.swap("users:a", null, `${n}`)),
    );
    expect(wrote.filter(Boolean)).toHaveLength(1);
    expect(two[0]!.getItem("users:a")).toBe(`${wrote.indexOf(true)}`);
  });

  test("two drivers on one folder that add one 100 times each arrive at 200", async () => {
    const base = folder();
    await Promise.all([open(base), open(base)].map(async (driver) => {
      for (let done = 0; done < 100;) {
        const text = await driver.getItem("counter");
        if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
      }
    }));
    expect(open(base).getItem("counter")).toBe("200");
  });

  test("1000 keys are written at once, and few files are open meanwhile", async () => {
    const base = folder();
    const driver = open(base);
    const keys = Array.from({ length: 1000 }, (_, n) => `users:${n + 1000}`);
    const sees = existsSync("/proc/self/fd");
    let most = 0;
    let writing = true;
    const wrote = Promise.all(keys.map((key) => driver.swap(key, null, key))).finally(() => writing = false);
    while (writing) {
      if (sees) most = Math.max(most, openIn(base));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await wrote).toEqual(keys.map(() => true));
    expect([most > 0, most < 100], "some are open where that can be seen, and few").toEqual([sees, true]);
    expect(await Array.fromAsync(driver.entries(""))).toEqual(keys.map((key) => [key, key]));
  });

  test("a reader never sees half a record, or none, while another writes it", async () => {
    const base = folder();
    const [writer, reader] = [open(base), open(base)];
    const text = (n: number) => `{"n":${n},"is":"${"x".repeat((n * 7919) % 60_000)}"}`;
    await writer.setItem("users:a", text(0));
    const seen = new Set<string | null>();
    const names = new Set<string>();
    let writing = true;
    const written = (async () => {
      for (let n = 1; n <= 300; n++) expect(await writer.swap("users:a", text(n - 1), text(n))).toBe(true);
      writing = false;
    })();
    while (writing) {
      seen.add(await reader.getItem("users:a"));
      for (const name of readdirSync(base)) names.add(name);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await written;
    const all = new Set(Array.from({ length: 301 }, (_, n) => text(n)));
    expect([...seen].filter((one) => one === null || !all.has(one))).toEqual([]);
    expect(seen.size).toBeGreaterThan(10);
    expect([...names].filter((name) => !/^users$|^\.tmp$|^\.lock-\d+$/.test(name))).toEqual([]); // no journal of SQLite
  });

  test("who writes without a pause lets others in", async () => {
    const base = folder();
    mkdirSync(base);
    const [busy, other] = [locksIn(base, 5000), locksIn(base, 5000)];
    let [done, before] = [0, 0];
    const step = async () => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      await Promise.resolve(++done);
    };
    const steps = Array.from({ length: 200 }, () => busy.under("same", step));
    await steps[0];
    await other.under("same", async () => void (before = await Promise.resolve(done)));
    expect(before).toBeLessThan(150);
    await Promise.all(steps);
    for (const locks of [busy, other]) locks.close();
  });

  test("dispose waits for what is under way, and what came later is refused", async () => {
    const base = folder();
    const driver = open(base);
    const early = Array.from(
      { length: 50 },
      (_, n) => driver.swap("users:a", n === 0 ? null : `${n - 1}`, `${n}`),
    );
    let settled = 0;
    for (const swap of early) void Promise.resolve(swap).finally(() => settled++);
    const disposed = Promise.all([driver.dispose(), driver.dispose()]);
    await expect(driver.swap("users:b", null, "1")).rejects.toMatchObject({ code: "storage_unavailable" });
    await disposed;
    expect([settled, readdirSync(join(base, ".tmp"))]).toEqual([50, []]);
    const outcome = await Promise.all(early);
    const last = outcome.lastIndexOf(true);
    expect(last).toBeGreaterThan(-1);
    expect(open(base).getItem("users:a")).toBe(`${last}`);
  });
});

describe("a disk that will not", () => {
  test.skipIf(small === null)(
    "full (needs root, to mount a small one): it is said, and the old text stays whole",
    async () => {
      const driver = open(join(small!.path, "auth"));
      const big = "x".repeat(40_000);
      await driver.setItem("users:a", "old");
      const wrote: string[] = [];
      let refused: unknown;
      for (let n = 0; refused === undefined && n < 100; n++) {
        try {
          await driver.setItem(`users:${n}`, big);
          wrote.push(`users:${n}`);
        } catch (error) {
          refused = error;
        }
      }
      expect(wrote.length).toBeGreaterThan(1);
      const full = {
        code: "storage_unavailable",
        message: expect.stringMatching(/ENOSPC/),
        cause: expect.objectContaining({ code: "ENOSPC" }),
      };
      expect(refused).toMatchObject(full);
      await expect(driver.swap("users:a", "old", big)).rejects.toMatchObject(full);
      await expect(driver.swap("users:new", null, big)).rejects.toMatchObject(full);
      expect(await Array.fromAsync(driver.entries(""))).toEqual(
        [...wrote.map((key) => [key, big]), ["users:a", "old"]],
      );
      expect(readdirSync(join(small!.path, "auth/.tmp"))).toEqual([]);
      expect(await driver.swap(wrote[0]!, big, null)).toBe(true); // a session can still be ended
      expect(await driver.swap("users:a", "old", "new")).toBe(true);
      await driver.dispose();
    },
  );

  test("what cannot be a folder is refused when it is opened, and says why", () => {
    const path = folder();
    writeFileSync(path, "");
    for (const base of [path, join(path, "below")]) {
      expect(() => fs({ base })).toThrow(expect.objectContaining({
        code: "storage_unavailable",
        message: expect.stringMatching(new RegExp(`${base} cannot be used as a folder: E(NOTDIR|EXIST)`)),
        cause: expect.any(Error),
      }));
    }
    const issues = [expect.objectContaining({ path: "base" })];
    expect(() => fs({ base: "" })).toThrow(
      expect.objectContaining({ code: "config_invalid", details: { issues } }),
    );
  });

  test("a folder that is gone, or a mount point without its disk, is not an empty store", async () => {
    for (const leave of [false, true]) {
      const base = folder();
      const driver = open(base);
      await driver.setItem("users:a", "1");
      rmSync(base, { recursive: true });
      if (leave) mkdirSync(base);
      const gone = { code: "storage_unavailable" };
      expect(() => driver.getItem("users:a")).toThrow(expect.objectContaining(gone));
      await expect(driver.swap("users:a", null, "2")).rejects.toMatchObject(gone);
      await expect(driver.swap("lookup-key", null, "2")).rejects.toMatchObject(gone);
      await expect(driver.getKeys("")).rejects.toMatchObject(gone);
      await expect(driver.clear("users:")).rejects.toMatchObject(gone);
      expect(existsSync(join(base, "users"))).toBe(false);
    }
  });

  test("a key's folder that somebody removed is made again", async () => {
    const base = folder();
    const driver = open(base);
    await driver.setItem("users:a", "1");
    rmSync(join(base, "users"), { recursive: true });
    expect(driver.getItem("users:a")).toBe(null);
    expect(await driver.swap("users:a", "1", null)).toBe(false);
    expect(await driver.swap("users:a", null, "2")).toBe(true);
  });
});

/** How many files of a folder this process has open: others of its tests have files of their own. */
function openIn(base: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(base);
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}
