// Deno KV as Deno has it, in a file, in memory and over KV Connect; on Node as the npm package @deno/kv has it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Kv } from "@deno/kv";
import { createStorage } from "unstorage";
import stock from "unstorage/drivers/deno-kv";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isNumber, isShaped } from "../../src/base/shape.ts";
import denoKv, { type DenoKvSettings } from "../../drivers/deno_kv.ts";
import { machine } from "../../src/platform.ts";
import { collection, store } from "../../src/store/collection.ts";
import type { Driver } from "../../src/store/driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";
import { type KvConnectServer, kvConnectServer } from "./kv_connect_server.ts";
import { hasKv, openKv } from "./open_kv.ts";

const deno = "Deno" in globalThis;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

describe.skipIf(!deno)("in memory", () => {
  driverSuite(test, ({ now }) => denoKv({ path: ":memory:", now }), { ordered: true, keys: 1000 });
});
describe.skipIf(!hasKv)("in a file", () => {
  driverSuite(test, ({ now }) => opened(file(), { now }), { ordered: true, keys: 1000 });
});
describe.skipIf(!hasKv)("over KV Connect", () => {
  driverSuite(test, async ({ now }) => (await remote({ now })).driver, { ordered: true, keys: 300 });
});

describe.skipIf(!hasKv)("in a file alone", () => {
  test("a file keeps what was written when it is opened again", async () => {
    const path = file();
    const first = await opened(path);
    await first.swap("users:a", null, "1");
    await first.dispose();
    expect(await (await opened(path)).getItem("users:a")).toBe("1");
  });

  test("thousands of keys are listed and cleared, the longest too, and whatever their letters", async () => {
    const driver = await opened(file());
    const longest = 2047 - "latchkey__users__123__".length; // bytes; each segment takes two more
    const keys = Array.from(
      { length: 1100 },
      (_, n) => `users:${"x".repeat(n < 150 ? longest : 0)}${100 + n % 150}-${n}`,
    );
    const all = [...keys.map((key, n) => n < 150 ? key.replace(/-\d+$/, "") : key), "users:漢\u{10fffe}"];
    await Promise.all(all.map(async (key) => await driver.setItem(key, "1")));
    expect((await driver.getKeys("users:")).toSorted()).toEqual(all.toSorted());
    await driver.clear("users:");
    expect(await driver.getKeys("")).toEqual([]);
  });

  test("what Deno KV cannot keep is refused before it is sent", async () => {
    const driver = await opened(file());
    const most = "x".repeat(65_536 - "1767225600000\n".length);
    expect(await driver.swap("users:a", null, most, { ttl: 60 })).toBe(true);
    expect(await driver.getItem("users:a")).toBe(most);
    const calls = [
      () => driver.swap("users:b", null, `${most}x`, { ttl: 60 }),
      () => driver.setItem("users:b", "漢".repeat(22_000)),
      () => driver.getItem(`users:${"x".repeat(2048 - "latchkey__users____".length)}`),
      () => driver.swap(`users:${"漢".repeat(700)}`, null, "1"),
      () => driver.setItem("users:\ud800", "1"),
    ];
    for (const call of calls) expect(call).toThrow(TypeError);
    expect(calls[1]).toThrow("a text of 66001 bytes cannot be kept: Deno KV takes 65536");
    expect(await driver.getKeys("")).toEqual(["users:a"]);
  });

  test("what something else wrote is storage_corrupt, and not listed", async () => {
    const kv = await handle(file());
    const driver = denoKv({ kv });
    await driver.setItem("users:a", "1");
    const foreign: readonly unknown[] = [Uint8Array.of(0xff), utf8("no time of expiry"), utf8("soon\n1")];
    for (const value of [...foreign, 7, null, { n: 1 }]) {
      await kv.set(["latchkey", "users", "b"], value);
      for (const call of [() => driver.getItem("users:b"), () => driver.swap("users:b", null, "1")]) {
        await expect(call()).rejects.toMatchObject({
          code: "storage_corrupt",
          message: expect.stringContaining("what is stored at users:b is no text"),
        });
      }
      expect(await driver.getKeys("")).toEqual(["users:a"]);
    }
  });

  test("a base is segments before all keys; two bases are two stores, and none is all of it", async () => {
    const kv = await handle(file());
    const [one, two, all] = [denoKv({ kv }), denoKv({ kv, base: "app:auth" }), denoKv({ kv, base: "" })];
    await one.setItem("users:a", "1");
    await two.setItem("users:a", "2");
    await kv.set(["latchkey", "users", 7], utf8("\n3")); // not a key of ours
    await kv.set(["latchkey", "users:b"], utf8("\n4"));
    expect([await one.getKeys(""), await two.getKeys(""), await two.getItem("users:a")]).toEqual([
      ["users:a"],
      ["users:a"],
      "2",
    ]);
    expect(await all.getKeys("")).toEqual(["app:auth:users:a", "latchkey:users:a"]);
    expect(await stored(kv, "app", "auth", "users", "a")).toBe("\n2");
    await one.clear("");
    expect(await all.getKeys("")).toEqual(["app:auth:users:a"]);
    expect((await kv.get(["latchkey", "users", 7])).versionstamp).not.toBe(null);
  });

  test("a store that was given, or promised, is not closed", async () => {
    const kv = await handle(file());
    for (const given of [kv, Promise.resolve(kv)]) {
      const driver = denoKv({ kv: given });
      await driver.setItem("users:a", "1");
      await driver.dispose();
    }
    expect(await stored(kv, "latchkey", "users", "a")).toBe("\n1");
  });

  test("a store that was promised and does not come is storage_unavailable", async () => {
    const driver = denoKv({ kv: Promise.reject(new Error("no such store")) });
    await new Promise((resolve) => setImmediate(resolve)); // nobody had to handle it until now
    for (const call of [() => driver.ready?.(), () => driver.swap("users:a", null, "1")]) {
      await expect(call()).rejects.toMatchObject({
        code: "storage_unavailable",
        message: expect.stringContaining("the given Deno KV: no such store"),
      });
    }
  });

  test("says that a store is shared, and that memory is not", async () => {
    const kv = await handle(file());
    expect(denoKv({ kv }).atomicity).toBe("shared");
    if (!deno) return;
    const atomicity = [file(), undefined, "https://kv.example.com", ":memory:"].map((path) =>
      denoKv(path === undefined ? {} : { path }).atomicity
    );
    expect(atomicity).toEqual(["shared", "shared", "shared", "process"]);
  });

  test("options that cannot be are config_invalid", async () => {
    const kv = await handle(file());
    const issues = (...paths: string[]) =>
      expect.objectContaining({
        code: "config_invalid",
        details: { issues: paths.map((path) => expect.objectContaining({ path })) },
      });
    expect(() => denoKv({ kv, base: "a::b" })).toThrow(issues("base"));
    expect(() => denoKv({ kv, path: "auth.db" } as unknown as { kv: Kv })).toThrow(issues("path"));
    expect(() => denoKv({ kv, base: ":", ...{ path: "" } } as { kv: Kv })).toThrow(
      issues("path", "path", "base"),
    );
    const url = "https://ada:hush@kv.example.com";
    expect(() => denoKv({ path: url })).toThrow(/DENO_KV_ACCESS_TOKEN|is not valid/);
    expect(() => denoKv({ path: url })).not.toThrow("hush");
  });

  test("without Deno's KV, says what is needed", () => {
    const needs =
      "needs Deno, run with --unstable-kv. On Node give an open store of the npm package @deno/kv instead: " +
      'kv: await openKv("./auth.db")';
    if (!deno) {
      const issues = [{ path: "path", message: needs }];
      const failure = expect.objectContaining({ code: "config_invalid", details: { issues } });
      expect(() => denoKv({ path: "./auth.db" })).toThrow(failure);
      expect(() => denoKv()).toThrow(failure);
      return;
    }
    const door = new URL("../../drivers/deno_kv.ts", import.meta.url).href;
    const script = `(await import("${door}")).default()`;
    const { stderr } = spawnSync(process.execPath, ["eval", "--no-check", script], { encoding: "utf8" });
    expect(stderr).toContain(needs);
  });
});

describe.skipIf(!hasKv)("between a swap's read and its write", () => {
  /** A driver on a store that is read and then, before it tells, `meanwhile` happens. */
  async function interrupted(meanwhile: (kv: Kv) => Promise<unknown>, settings: DenoKvSettings = {}) {
    const kv = await handle(file());
    const atomic = vi.fn(() => kv.atomic());
    const driver = denoKv({
      kv: {
        get: async (key, options) => {
          const entry = await kv.get([...key], options);
          await meanwhile(kv);
          return entry;
        },
        list: (selector, options) => kv.list({ start: [...selector.start], end: [...selector.end] }, options),
        atomic,
        close: () => {},
      },
      ...settings,
    });
    return { kv, driver, atomic };
  }

  const A = ["latchkey", "users", "a"];
  const once = (step: (kv: Kv) => Promise<unknown>) => {
    let done = false;
    return async (kv: Kv) => done || (done = true, await step(kv));
  };

  test("another text is not replaced, one that is gone is not removed, and one that came is kept", async () => {
    for (
      const [before, after, expected, next] of [["1", "2", "1", "3"], ["1", null, "1", null], [
        null,
        "2",
        null,
        "3",
      ]]
    ) {
      const { kv, driver } = await interrupted(
        once((kv) => typeof after === "string" ? kv.set(A, utf8(`\n${after}`)) : kv.delete(A)),
      );
      if (typeof before === "string") await kv.set(A, utf8(`\n${before}`));
      expect(await driver.swap("users:a", expected ?? null, next ?? null)).toBe(false);
      expect(await driver.getItem("users:a")).toBe(after);
    }
  });

  test("the same text written anew is still that text, and what has expired may be cleaned up", async () => {
    const { kv, driver } = await interrupted(once((kv) => kv.set(A, utf8("\n1"))));
    await kv.set(A, utf8("\n1"));
    expect(await driver.swap("users:a", "1", "2")).toBe(true);
    const other = await interrupted(once((kv) => kv.delete(A)));
    await other.kv.set(A, utf8("1\nlong ago"));
    expect(await other.driver.swap("users:a", null, "2")).toBe(true);
    expect([await driver.getItem("users:a"), await other.driver.getItem("users:a")]).toEqual(["2", "2"]);
  });

  test.each(["the deadline", "dispose"])("after %s nothing is sent any more", async (end) => {
    const read = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const deadline = end === "dispose" ? 20 : 0.05;
    const { driver, atomic } = await interrupted(() => (read.resolve(), released.promise), { deadline });
    const swap = expect(driver.swap("users:a", null, "1")).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    await read.promise;
    if (end === "dispose") await driver.dispose();
    else await swap;
    released.resolve();
    await swap;
    await new Promise((resolve) => setImmediate(resolve)); // everything that was released has run
    expect(atomic).not.toHaveBeenCalled();
  });
});

describe.skipIf(!deno)("a file that Deno opens", () => {
  test("is for its owner alone, and let go of by dispose", async () => {
    const opening = vi.spyOn(Object(globalThis).Deno, "openKv");
    undo.push(() => opening.mockRestore());
    const path = file();
    const driver = denoKv({ path });
    await driver.ready?.();
    expect([statSync(path).mode & 0o777, statSync(`${path}-wal`).mode & 0o777]).toEqual([0o600, 0o600]);
    await driver.dispose();
    const kv: Kv = await opening.mock.results[0]?.value;
    await expect(kv.get(["latchkey"])).rejects.toThrow();
  });

  test("that cannot be opened is named, and opened when it can be", async () => {
    const folder = join(directory(), "later");
    const driver = denoKv({ path: join(folder, "auth.db") });
    undo.push(driver.dispose);
    await expect(driver.ready?.()).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining(join(folder, "auth.db")),
    });
    mkdirSync(folder);
    expect(await driver.swap("users:a", null, "1")).toBe(true);
  });
});

describe.skipIf(!hasKv)("with unstorage", () => {
  test(
    "what its own driver wrote, as strings, is read and swapped under the same keys",
    async () => {
      for (const base of ["", "app:auth"]) {
        const kv = await handle(file());
        const storage = createStorage({ driver: stock({ base, openKv: () => Promise.resolve(kv) }) });
        await storage.setItem("users:a", { n: 1 });
        const driver = denoKv({ kv, base });
        expect(await Array.fromAsync(driver.entries("users:"))).toEqual([["users:a", '{"n":1}']]);
        expect(await driver.swap("users:a", '{"n":1}', '{"n":2}')).toBe(true);
        expect(await driver.swap("users:a", '{"n":1}', null)).toBe(false);
        await driver.setItem("users:b", "1");
        expect((await storage.getKeys("users")).toSorted()).toEqual(["users:a", "users:b"]);
      }
    },
  );
});

describe.skipIf(!hasKv)("processes on one file", () => {
  test.each([2, 4])(
    "%i that add one 100 times each lose none; of their creates one writes",
    async (count) => {
      const path = file();
      const crowd = await Promise.all(Array.from({ length: count }, () => child(path, 100))); // a new file, opened at once
      const created = await Promise.all(crowd.map(({ ask }) => ask("race")));
      expect(created.map(Number).reduce((sum, n) => sum + n)).toBe(1);
      expect(await (await opened(path)).getItem("counter")).toBe(`${count * 100}`);
    },
  );

  test("a write waits while another process writes, to the deadline and no longer", async () => {
    const path = file();
    const other = await child(path, 0);
    const [patient, hasty] = [await opened(path), await opened(path, { deadline: 0.2 })];
    expect(await patient.getItem("users:a")).toBe(null);
    expect(await other.ask("hold")).toBe("held");
    const reply = patient.swap("users:a", null, "1");
    await expect(hasty.swap("users:b", null, "1")).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining("did not answer, or was locked by others, for 0.2 s"),
    });
    expect(await other.ask("release")).toBe("released");
    expect(await reply).toBe(true);
    expect(await patient.swap("users:c", null, "1")).toBe(true);
  });
});

describe.skipIf(!hasKv)("over KV Connect alone", () => {
  const shape = isShaped({ n: isNumber });
  const add = (current: { n: number } | null) => {
    const n = (current?.n ?? 0) + 1;
    return { next: { n }, result: n };
  };

  test("a key is gone an hour after its time, so that the server's clock may be wrong by that", async () => {
    const { server, driver } = await remote();
    await driver.swap("users:a", null, "1", { ttl: 60 });
    await driver.swap("users:b", null, "1");
    const left = Number(server.expiry("latchkey:users:a")) - Date.now();
    expect(Math.round(left / 10_000) * 10).toBe(3660); // seconds
    expect(server.expiry("latchkey:users:b")).toBe(0);
  });

  test("a busy server is asked again, and the write is done once", async () => {
    const { server, driver } = await remote();
    server.next("busy");
    expect(await driver.swap("users:a", null, "1")).toBe(true);
    expect(server.writes()).toBe(2);
  });

  test("of a lost reply it says false, where Deno sends again, or rejects: it has been done once", async () => {
    const { server, driver } = await remote();
    const said: unknown[] = [];
    for (const [expected, next] of [[null, "1"], ["1", "2"], ["2", null]] as const) {
      server.next("reply lost");
      said.push(await Promise.resolve(driver.swap("users:a", expected, next)).catch(({ code }) => code));
      expect(await driver.getItem("users:a")).toBe(next);
    }
    expect(said).toEqual(Array(3).fill(deno ? false : "storage_unavailable"));
    expect(server.writes()).toBe(deno ? 6 : 3);
  });

  test("a collection finds its own text after a lost reply, and adds once", async () => {
    const { server, driver } = await remote();
    const counters = collection(store(driver, machine, 5000), "users", shape);
    for (const n of [1, 2, 3]) {
      server.next("reply lost");
      expect(await counters.change("a", add)).toBe(n);
    }
    expect(await counters.get("a")).toMatchObject({ n: 3, rev: 3 });
  });

  test("a create that arrives once more after a removal does nothing", async () => {
    const { server, driver } = await remote();
    const kv = await openKv(server.url);
    undo.push(() => kv.close());
    await driver.swap("users:a", null, "1");
    await driver.swap("users:a", "1", null);
    const again = kv.atomic().check({ key: ["latchkey", "users", "a"], versionstamp: null });
    expect(await again.set(["latchkey", "users", "a"], new Uint8Array([10, 49])).commit()).toMatchObject({
      ok: false,
    });
    expect(await driver.getItem("users:a")).toBe(null);
    expect(await driver.swap("users:a", null, "2")).toBe(true);
  });

  test("a collection does not take a lost removal for its own", async () => {
    const { server, driver } = await remote();
    const counters = collection(store(driver, machine, 5000), "users", shape);
    await counters.change("a", add);
    server.next("reply lost");
    const used = counters.change(
      "a",
      (current) => ({ next: null, result: current === null ? "gone" : "mine" }),
    );
    expect(await used.catch(({ code }) => code)).toBe(deno ? "gone" : "storage_unavailable");
    expect(await counters.get("a")).toBe(null);
  });

  test("a server that does not answer is storage_unavailable at the deadline", async () => {
    const { server, driver } = await remote({ deadline: 0.2 });
    await driver.ready?.();
    server.next("no answer");
    await expect(driver.swap("users:a", null, "1")).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await driver.getItem("users:b")).toBe(null); // others are answered
  });

  test("who has no token is not let in", async () => {
    const { driver } = await remote({}, "another-token");
    await expect(driver.ready?.()).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining("who are you?"),
    });
  });
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "latchkey-"));
  undo.push(() => rmSync(made, { recursive: true }));
  return made;
}

function file(): string {
  return join(directory(), "auth.db");
}

async function handle(path: string): Promise<Kv> {
  const kv = await openKv(path);
  undo.push(() => kv.close());
  return kv;
}

/** A driver as the runtime can have one. */
async function opened(path: string, settings: DenoKvSettings = {}): Promise<Driver> {
  const driver = deno ? denoKv({ path, ...settings }) : denoKv({ kv: await handle(path), ...settings });
  undo.push(driver.dispose);
  return driver;
}

async function remote(
  settings: DenoKvSettings = {},
  token?: string,
): Promise<{ readonly server: KvConnectServer; readonly driver: Driver }> {
  const server = await kvConnectServer();
  undo.push(server.stop);
  process.env["DENO_KV_ACCESS_TOKEN"] = token ?? server.token;
  const driver = deno
    ? denoKv({ path: server.url, ...settings })
    : denoKv({ kv: openKv(server.url), ...settings });
  undo.push(driver.dispose);
  return { server, driver };
}

async function child(
  path: string,
  times: number,
): Promise<{ readonly ask: (order: string) => Promise<unknown> }> {
  const script = join(import.meta.dirname, "child_kv.ts");
  const args = deno ? ["run", "-A", "--unstable-kv", script] : [script];
  const started: ChildProcess = spawn(process.execPath, [...args, path, `${times}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  undo.push(() => started.kill("SIGKILL"));
  const { stdin, stdout } = started;
  if (stdin === null || stdout === null) throw new TypeError("both are pipes");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "null") as unknown;
  expect(await next()).toBe("open");
  return {
    ask(order) {
      stdin.write(`${order}\n`);
      return next();
    },
  };
}

async function stored(kv: Kv, ...key: readonly string[]): Promise<string> {
  return new TextDecoder().decode((await kv.get<Uint8Array>(key)).value ?? undefined);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
