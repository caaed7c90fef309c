import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createStorage, type Driver as UnstorageDriver } from "unstorage";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { networkDisk } from "../../drivers/local_disk/network_disk.ts";
import prefix from "../../drivers/prefix.ts";
import sqlite from "../../drivers/sqlite.ts";
import type { Driver } from "../../src/store/driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";
import { unhurried } from "../../src/testing/unhurried.ts";
import { premises, STORES } from "./stores.ts";

const directory = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const file = () => join(directory, `${++files}.db`);

describe("memory", () => driverSuite(test, ({ now }) => memory({ now })));
describe("sqlite", () =>
  driverSuite(test, ({ now }) => sqlite({ path: file(), now }), { ordered: true, keys: 2000 }));
describe("sqlite without a file", () => {
  driverSuite(test, ({ now }) => sqlite({ path: ":memory:", now }), { ordered: true });
});
describe("unhurried", () => driverSuite(test, ({ now }) => unhurried(memory({ now })), { keys: 300 }));

describe("memory alone", () => {
  const DAY = 86_400_000;
  const room = { maxBytes: 2000 }; // for four small entries, at 400 bytes each besides their texts
  const full = expect.objectContaining({
    code: "storage_unavailable",
    message: expect.stringMatching(/maxBytes: 2000/),
  });

  function filled(ttl?: number): Driver {
    const driver = memory(room);
    for (const key of ["users:a", "users:b", "users:c", "users:d"]) {
      driver.setItem(key, "1", ttl === undefined ? {} : { ttl });
    }
    return driver;
  }

  afterEach(() => void vi.useRealTimers());

  test("answers at once, without a promise", () => {
    const driver = memory();
    expect([driver.swap("users:a", null, "1"), driver.getItem("users:a"), driver.hasItem("users:b")]).toEqual(
      [true, "1", false],
    );
  });

  test("when it is full, refuses what is new, and updates and removes what is there", () => {
    const driver = filled();
    expect(() => driver.swap("users:e", null, "1")).toThrow(full);
    expect(() => driver.setItem("users:e", "1")).toThrow(full);
    expect(driver.swap("users:a", "1", "2".repeat(5000))).toBe(true);
    expect(() => driver.swap("users:e", null, "1")).toThrow(full);
    expect(driver.swap("users:a", "2".repeat(5000), null)).toBe(true);
    expect(driver.swap("users:e", null, "1")).toBe(true);
    expect(driver.getKeys("")).toEqual(["users:b", "users:c", "users:d", "users:e"]);
  });

  test("gives back the room of what has expired, by one timer for all keys", () => {
    vi.useFakeTimers();
    const driver = filled(90);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(() => driver.swap("users:e", null, "1")).toThrow(full);
    vi.advanceTimersByTime(120_000);
    expect(driver.swap("users:e", null, "1")).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("cleans up by the last life of a key, not by an earlier one", () => {
    vi.useFakeTimers();
    const driver = filled(60);
    driver.swap("users:a", "1", "2");
    driver.swap("users:b", "1", "2", { ttl: 40 * 86_400 });
    vi.advanceTimersByTime(39 * DAY);
    expect(driver.getKeys("")).toEqual(["users:a", "users:b"]);
    vi.advanceTimersByTime(2 * DAY);
    expect(driver.getKeys("")).toEqual(["users:a"]);
  });

  test("has no timer left after dispose", () => {
    vi.useFakeTimers();
    const driver = filled(60);
    driver.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("refuses a size that is none", () => {
    for (const maxBytes of [0, -1, Number.NaN]) {
      expect(() => memory({ maxBytes })).toThrow(expect.objectContaining({ code: "config_invalid" }));
    }
  });
});

describe("sqlite alone", () => {
  test("a file keeps what was written when it is opened again", async () => {
    const path = file();
    const first = sqlite({ path });
    await first.swap("users:a", null, "1");
    await first.dispose();
    expect(await sqlite({ path, synchronous: "normal" }).getItem("users:a")).toBe("1");
  });

  test("two tables of one file are two stores", async () => {
    const path = file();
    const [one, two] = [sqlite({ path }), sqlite({ path, table: "Other_2" })];
    await one.setItem("users:a", "1");
    expect(await two.getItem("users:a")).toBe(null);
  });

  test("a file is written ahead: reading and writing do not wait for each other", () => {
    const path = file();
    sqlite({ path });
    const mode = new DatabaseSync(path).prepare("PRAGMA journal_mode").get();
    expect(mode).toEqual(expect.objectContaining({ journal_mode: "wal" }));
  });

  test("says that a file is shared, and that none is not", () => {
    expect(sqlite({ path: file() }).atomicity).toBe("shared");
    expect(sqlite({ path: ":memory:" }).atomicity).toBe("process");
  });

  test("removes more expired rows with every 100th write than were written, so that the file does not grow", async () => {
    const path = file();
    let time = 0;
    const driver = sqlite({ path, now: () => time });
    const rows = new DatabaseSync(path).prepare("SELECT count(*) AS n FROM latchkey");
    for (let n = 0; n < 299; n++) await driver.setItem(`users:${n}`, "1", { ttl: 10 });
    time = 10_000;
    await driver.setItem("users:kept", "1"); // the 300th
    expect(rows.get()).toEqual(expect.objectContaining({ n: 100 }));
    for (let n = 0; n < 100; n++) await driver.setItem("users:kept", "1");
    expect(rows.get()).toEqual(expect.objectContaining({ n: 1 }));
  });

  test("removes all expired rows when somebody goes through the whole store", async () => {
    const path = file();
    let time = 0;
    const driver = sqlite({ path, now: () => time, synchronous: "normal" });
    const rows = new DatabaseSync(path).prepare("SELECT count(*) AS n FROM latchkey");
    for (let n = 0; n < 450; n++) await driver.setItem(`users:${n}`, "1", { ttl: 10 });
    time = 10_000;
    expect(await Array.fromAsync(driver.entries(""))).toEqual([]);
    expect(rows.get()).toEqual(expect.objectContaining({ n: 0 }));
  });

  test("makes the file for its owner alone", () => {
    const path = file();
    sqlite({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("refuses names that are none", () => {
    const invalid = (details: unknown) => expect.objectContaining({ code: "config_invalid", details });
    const wrong = { path: "", table: 'x"; DROP TABLE y; --', synchronous: "Full" as "full" };
    const issues = ["path", "synchronous", "table"].map((path) => expect.objectContaining({ path }));
    expect(() => sqlite(wrong)).toThrow(invalid({ issues }));
    expect(() => sqlite({ path: file(), table: "sqlite_master" })).toThrow(invalid(expect.anything()));
  });

  test("knows network disks by their number, signed or not", () => {
    const disks = [0x6969, 0x517b, 0xff534d42, 0xff534d42 | 0, 0xfe534d42, 0x01021997, 0x65735546].map(
      networkDisk,
    );
    expect(disks).toEqual(["NFS", "SMB", "SMB", "SMB", "SMB", "9p", "FUSE"]);
    const local = [0xef53, 0x01021994, 0x9123683e, 0x58465342, 0x794c7630, 0x1a, 0].map(networkDisk); // ext4 … APFS, Windows
    expect(local).toEqual(local.map(() => null));
  });
});

describe("unhurried alone", () => {
  test("a later call may overtake an earlier one, and its reply comes later than its effect", async () => {
    const inner = memory();
    const waits = [255, 0, 0, 255]; // of 256ths: the first call's way there, the second's, the second's way back, the first's
    const driver = unhurried(inner, { random: () => Uint8Array.of(waits.shift() ?? 0), most: 30 });
    const first = driver.setItem("users:a", "1");
    expect(inner.getItem("users:a")).toBe(null);
    await driver.setItem("users:a", "2");
    expect(inner.getItem("users:a")).toBe("2");
    await first;
    expect(inner.getItem("users:a")).toBe("1");
    expect(waits).toEqual([]);
  });
});

describe("under unstorage", () => {
  const stores: Readonly<Record<string, (driver: Driver) => UnstorageDriver>> = { // typed so: ours are drivers of unstorage
    ...Object.fromEntries(STORES.map((store) => [store, (driver: Driver) => driver])),
    "a part of memory": (driver) => prefix(driver, "tenant-1"),
  };

  test.each(Object.entries(stores))("%s does all that a Storage asks", async (name, over) => {
    const here = premises(STORES.find((store) => store === name) ?? "memory", Date.now);
    const storage = createStorage({ driver: over(here.driver()) });
    await storage.setItem("users:a", { name: "Ada" }, { ttl: 60 });
    await storage.setItem("invites", [1]);
    expect(await storage.getItem("users:a")).toEqual({ name: "Ada" });
    expect([await storage.hasItem("users:a"), await storage.hasItem("users:b")]).toEqual([true, false]);
    expect((await storage.getKeys()).toSorted()).toEqual(["invites", "users:a"]);
    expect(await storage.getKeys("users")).toEqual(["users:a"]);
    await storage.removeItem("invites");
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
    await storage.dispose();
    await expect(storage.getItem("users:a")).rejects.toMatchObject({ code: "storage_unavailable" });
    await here.close();
  });
});

describe("the suite", () => {
  type Mutant = (now: () => number) => Driver;
  const mutants: Readonly<Record<string, readonly [mutant: string, Mutant]>> = {
    "a create writes where nothing is, and nowhere else": ["creates overwrite", (now) => {
      const d = memory({ now });
      return {
        ...d,
        swap: (k, e, n, o) => e === null && n !== null ? (d.setItem(k, n, o), true) : d.swap(k, e, n, o),
      };
    }],
    "an update writes only over the text that was read": ["updates do not compare", (now) => {
      const d = memory({ now });
      return {
        ...d,
        swap: (k, e, n, o) => e !== null && n !== null ? (d.setItem(k, n, o), true) : d.swap(k, e, n, o),
      };
    }],
    "a removal removes only the text that was read": ["removals do not compare", (now) => {
      const d = memory({ now });
      return {
        ...d,
        swap: (k, e, n, o) => n === null && d.hasItem(k) ? (d.removeItem(k), true) : d.swap(k, e, n, o),
      };
    }],
    "swapping nothing for nothing says whether nothing is there": [
      "nothing for nothing is always true",
      (now) => {
        const d = memory({ now });
        return { ...d, swap: (k, e, n, o) => e === n || d.swap(k, e, n, o) };
      },
    ],
    "one key's swap leaves the others alone": [
      "keys are cut",
      (now) => rekeyed(now, (key) => key.slice(0, 6)),
    ],
    "of 100 creates at once one writes": ["reads, then writes", twoSteps],
    "of 100 updates at once one writes": ["reads, then writes", twoSteps],
    "of 100 removals at once one removes": ["reads, then writes", twoSteps],
    "of an update and a removal at once one takes effect": ["reads, then writes", twoSteps],
    "of 100 creates at once over what has expired one writes": ["reads, then writes", twoSteps],
    "what is past its ttl is absent, from that very moment": [
      "expires a millisecond late",
      (now) => relived(now, (ttl) => ttl && ttl + 0.001),
    ],
    "what has expired does not stand in the way of a create": ["swaps ignore expiry", expiryOnReads],
    "what has expired cannot be updated or removed by its old text": ["swaps ignore expiry", expiryOnReads],
    "a life is stated with each write: one without a ttl keeps for ever": [
      "keeps the old ttl",
      (now) => relived(now, (ttl, before) => ttl ?? before),
    ],
    "a life is stated with each write: the last one counts": [
      "keeps the first ttl",
      (now) => relived(now, (ttl, before) => ttl === undefined ? ttl : before ?? ttl),
    ],
    "a ttl may have a fraction of a second, and be longer than 24.8 days": [
      "counts whole seconds",
      (now) => relived(now, (ttl) => ttl && Math.ceil(ttl)),
    ],
    "setItem, getItem, hasItem and removeItem do what unstorage wants": [
      "setItem does not overwrite",
      (now) => {
        const d = memory({ now });
        return { ...d, setItem: (k, v, o) => d.hasItem(k) ? undefined : d.setItem(k, v, o) };
      },
    ],
    "keys of all letters and lengths are kept apart": [
      "keys are cut",
      (now) => rekeyed(now, (key) => key.slice(0, 199)),
    ],
    "a text comes back as it was, and a swap knows it again": [
      "texts are trimmed",
      (now) => rewritten(now, (text) => text.trim()),
    ],
    "texts that look alike are not equal": ["texts are normalised", (now) => {
      const d = memory({ now });
      return { ...d, swap: (k, e, n, o) => d.swap(k, e?.normalize("NFC") ?? null, n, o) };
    }],
    "a text that cannot be kept as it is, is refused": [
      "half characters are replaced",
      (now) => rewritten(now, (text) => text.toWellFormed()),
    ],
    "after dispose nothing answers, and a second dispose is nothing": [
      "dispose does nothing",
      (now) => ({ ...memory({ now }), dispose: () => {} }),
    ],
    "getKeys, entries and clear keep to their prefix": ["clears a segment's namesakes", (now) => {
      const d = memory({ now });
      return { ...d, clear: (base) => d.clear(base.replace(/:$/, "")) };
    }],
    "entries streams thousands of keys, each once, with its text": ["repeats a key in a thousand", (now) => {
      const d = memory({ now });
      return {
        ...d,
        async *entries(prefix) {
          let count = 0;
          for await (const entry of d.entries(prefix)) {
            yield entry;
            if (++count % 1000 === 0) yield entry;
          }
        },
      };
    }],
    "entries misses nothing that stays while others come and go": ["pages by offset", (now) => {
      const d = memory({ now });
      return {
        ...d,
        async *entries(prefix) {
          for (let offset = 0;; offset++) {
            const [key] = (await d.getKeys(prefix)).toSorted().slice(offset);
            if (key === undefined) return;
            yield [key, await d.getItem(key) ?? ""];
          }
        },
      };
    }],
  };
  const laws = new Map<string, () => Promise<void>>();
  driverSuite((name, run) => laws.set(name, run), ({ now }) => memory({ now }));

  test("knows a broken driver for each of its laws", () => {
    expect(Object.keys(mutants).toSorted()).toEqual([...laws.keys()].toSorted());
  });

  for (const [law, [what, mutant]] of Object.entries(mutants)) {
    test(`fails a driver that ${what}: ${law}`, async () => {
      let attempt: Promise<void> | undefined;
      driverSuite(
        (name, run) => {
          if (name === law) attempt = run();
        },
        ({ now }) => mutant(now),
        { keys: 3000 },
      );
      await expect(attempt).rejects.toThrow("expected");
    });
  }

  function rekeyed(now: () => number, fold: (key: string) => string): Driver {
    const d = memory({ now });
    return { ...d, swap: (k, e, n, o) => d.swap(fold(k), e, n, o), getItem: (k) => d.getItem(fold(k)) };
  }

  function rewritten(now: () => number, change: (text: string) => string): Driver {
    const d = memory({ now });
    return { ...d, swap: (k, e, n, o) => d.swap(k, e, n === null ? n : change(n), o) };
  }

  function relived(now: () => number, live: (ttl?: number, before?: number) => number | undefined): Driver {
    const d = memory({ now });
    const lives = new Map<string, number | undefined>();
    const lived = (key: string, ttl: number | undefined) => {
      const life = live(ttl, lives.get(key));
      lives.set(key, life);
      return life === undefined ? {} : { ttl: life };
    };
    return {
      ...d,
      swap: (k, e, n, o) => d.swap(k, e, n, lived(k, o?.ttl)),
      setItem: (k, v, o) => d.setItem(k, v, lived(k, o?.ttl)),
    };
  }

  function twoSteps(now: () => number): Driver {
    const d = memory({ now });
    return {
      ...d,
      async swap(key, expected, next, options) {
        if (await d.getItem(key) !== expected) return false;
        if (next === null) await d.removeItem(key);
        else await d.setItem(key, next, options);
        return true;
      },
    };
  }

  /** Knows expiry when it is asked, and forgets it when it swaps. */
  function expiryOnReads(now: () => number): Driver {
    const kept = memory({ now: () => 0 });
    const d = memory({ now });
    return {
      ...d,
      swap(key, expected, next, options) {
        const wrote = kept.swap(key, expected, next, options);
        if (wrote === true && next !== null) d.setItem(key, next, options);
        return wrote;
      },
    };
  }
});
