// A store by its url: each kind opens its own driver, and what is no store is refused in words that help and tell nothing.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import open, { FORMS } from "../../drivers/open.ts";
import { hasRedis, redisServer } from "./redis_server.ts";

const directory = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string) => join(directory, name);

const OPENED: readonly (readonly [url: string, name: string, atomicity: string])[] = [
  [`sqlite:${path("auth.db")}`, "sqlite", "shared"],
  ["sqlite::memory:", "sqlite", "process"],
  [`fs:${path("store")}`, "fs", "shared"],
  ["memory:", "memory", "process"],
  ...("Deno" in globalThis
    ? [["deno-kv::memory:", "deno-kv", "process"], [`deno-kv:${path("kv.db")}`, "deno-kv", "shared"]] as const
    : []),
];

test.each(OPENED)("%s opens %s, which is atomic in a way that is %s", async (url, name, atomicity) => {
  const driver = await open(url);
  expect([driver.name, driver.atomicity]).toEqual([name, atomicity]);
  expect(await driver.swap("users:a", null, "1")).toBe(true);
  expect(await driver.getItem("users:a")).toBe("1");
  await driver.dispose();
});

test("what is kept is where the url says, and there when it is opened again", async () => {
  for (const url of [`sqlite:${path("again.db")}`, `fs:${path("again")}`]) {
    const first = await open(url);
    await first.swap("users:a", null, "1");
    await first.dispose();
    const second = await open(url);
    expect(await second.getItem("users:a")).toBe("1");
    await second.dispose();
  }
  expect([existsSync(path("again.db")), existsSync(path("again"))]).toEqual([true, true]);
});

test.skipIf(!hasRedis)("redis: opens it with the password and the database of the url", async () => {
  const server = await redisServer(["--requirepass", "p@ss"]);
  try {
    const driver = await open(`redis://:p%40ss@127.0.0.1:${server.port}/3`);
    expect([driver.name, await driver.swap("users:a", null, "1")]).toEqual(["redis", true]);
    await driver.dispose();
    const other = await open(`redis://:p%40ss@127.0.0.1:${server.port}/4`);
    expect(await other.getItem("users:a")).toBe(null);
    await other.dispose();
  } finally {
    await server.stop();
  }
});

const LIST =
  "sqlite:PATH, fs:FOLDER, redis://HOST:PORT, rediss://HOST:PORT, memory: or deno-kv:[PATH or URL]";
const WHICH = 'must say what it is: "sqlite:PATH" for one file, "fs:FOLDER" for a folder of files';

const REFUSED: readonly (readonly [url: unknown, message: string])[] = [
  ["", `must be ${LIST}`],
  [undefined, `must be ${LIST}`],
  [new URL("redis://localhost"), `must be ${LIST}`],
  ["postgres://ada:hush@db/auth", `must be ${LIST}: there is no "postgres:"`],
  ["constructor:x", `must be ${LIST}: there is no "constructor:"`],
  ["SQLITE:auth.db", `must be ${LIST}: there is no "SQLITE:"`],
  ["file:auth.db", WHICH],
  ["file:///var/lib/auth", WHICH],
  ["auth.db", WHICH],
  ["./auth.db", WHICH],
  ["/var/lib/auth:hush", WHICH],
  ["sqlite:", 'must name a file after "sqlite:"'],
  ["sqlite:a\0b", 'must name a file after "sqlite:"'],
  ["sqlite://auth.db", 'must name a file after "sqlite:", without //'],
  [
    "sqlite:auth.db?synchronous=normal",
    "must be sqlite:PATH, without options: those are for the driver itself",
  ],
  ["fs:", 'must name a folder after "fs:"'],
  ["fs:///var/lib/auth", 'must name a folder after "fs:", without //'],
  ["memory:x", 'must be "memory:" with nothing after it'],
  ["redis:", "must be like redis://HOST:PORT"],
  ["redis:hush@localhost", "must be like redis://HOST:PORT"],
  ["redis://", "must be like redis://HOST:PORT"],
  ["redis://ada:hush@host:port", "must be like redis://HOST:PORT"],
  ["rediss://:hush@", "must be like rediss://HOST:PORT"],
  [
    "redis://:hush@localhost?base=tenant",
    "must be redis://HOST:PORT, without options: those are for the driver itself",
  ],
  ["deno-kv://hush@x", 'must name a file or a URL after "deno-kv:", without //'],
];

test.each(REFUSED)("%s is refused: it %s", async (url, message) => {
  const failure = await open(url as string).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "config_invalid", details: { issues: [{ path: "url", message }] } });
  expect(String(failure)).not.toContain("hush");
});

test("the list of what can be opened is in the words of the messages", () => expect(FORMS).toBe(LIST));

test.skipIf("Deno" in globalThis)(
  "what a driver cannot do here is told of the url, not of an option nobody gave",
  async () => {
    const message = expect.stringContaining("needs Deno, run with --unstable-kv");
    await expect(open("deno-kv:")).rejects.toMatchObject({
      code: "config_invalid",
      details: { issues: [{ path: "url", message }] },
    });
  },
);

test("what a driver cannot open it says itself", async () => {
  await expect(open(`sqlite:${path("missing/auth.db")}`)).rejects.toMatchObject({
    code: "storage_unavailable",
    message: expect.stringContaining("cannot be opened as a database"),
  });
});
