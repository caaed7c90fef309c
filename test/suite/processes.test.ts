import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import sqlite from "../../drivers/sqlite.ts";
import type { Order } from "./child_writer.ts";

const NOBODY = 65534; // a user whom permissions bind, as they do not bind root

interface Child {
  readonly process: ChildProcess;
  readonly ask: (order: Order) => Promise<unknown>;
  /** The next line that it says; undefined when it has ended. */
  readonly next: () => Promise<unknown>;
}

const children: Child[] = [];
const directories: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.process.kill("SIGKILL");
  for (const made of directories.splice(0)) rmSync(made, { recursive: true });
});

test("four processes open one new file at once", async () => {
  const four = crowd();
  await Promise.all(four.map(({ ask }) => ask({ do: "open", path: file() }))); // they have started: now they begin together
  for (let round = 0; round < 25; round++) {
    const path = file();
    const opened = await Promise.all(four.map(({ ask }) => ask({ do: "open", path })));
    expect(opened).toEqual(four.map(() => [true, "1"]));
    expect(await sqlite({ path }).getKeys("users:")).toHaveLength(4);
  }
});

test("four processes that add one 250 times each arrive at 1000", async () => {
  const path = file();
  const driver = sqlite({ path });
  await driver.swap("counter", null, "0");
  expect(await Promise.all(crowd().map(({ ask }) => ask({ do: "increment", path })))).toEqual(
    Array(4).fill("done"),
  );
  expect(await driver.getItem("counter")).toBe("1000");
});

test("a writer that is killed leaves a whole file, with all that it was answered", async () => {
  const path = file();
  for (let round = 0; round < 8; round++) {
    const writer = child();
    let last = await writer.ask({ do: "write", path });
    while (Number(last) < 20 + 37 * round) last = await writer.next();
    writer.process.kill("SIGKILL");
    for (let line = await writer.next(); line !== undefined; line = await writer.next()) last = line;

    expect(new DatabaseSync(path).prepare("PRAGMA integrity_check").get()).toEqual(
      expect.objectContaining({ integrity_check: "ok" }),
    );
    const driver = sqlite({ path });
    for (let n = 0; n <= Number(last); n++) {
      expect(await driver.getItem(`users:${writer.process.pid}-${n}`)).toMatch(
        /^taken$|^\{"n":\d+,"is":"x*"\}$/,
      );
    }
    expect(await driver.swap(`users:after-${round}`, null, "1")).toBe(true); // and nothing stayed locked
    await driver.dispose();
  }
});

test("a write waits while another process writes; reads do not, and the process goes on", async () => {
  const path = file();
  const driver = sqlite({ path });
  await driver.setItem("users:a", "1");
  const other = child();
  expect(await other.ask({ do: "hold", path })).toBe("held");
  const replies = [
    driver.swap("users:a", "1", "2"),
    driver.swap("users:a", "1", "3"),
    driver.setItem("users:b", "1"),
  ];
  expect(replies.every((reply) => reply instanceof Promise)).toBe(true);
  expect(driver.getItem("users:a")).toBe("1");
  expect(await other.ask({ do: "release" })).toBe("released");
  const [first, second] = await Promise.all(replies);
  expect(first).toBe(!second);
  expect(await driver.getItem("users:a")).toBe(first ? "2" : "3");
  expect(driver.swap("users:c", null, "1")).toBe(true); // at once again
});

test("a write goes by the time when it is done, not when it began to wait", async () => {
  const path = file();
  let time = 0;
  const driver = sqlite({ path, now: () => time });
  for (const key of ["users:a", "users:b"]) await driver.setItem(key, "1", { ttl: 2 });
  const other = child();
  await other.ask({ do: "hold", path });
  const replies = [driver.swap("users:a", "1", "2"), driver.swap("users:b", "1", null)];
  time = 2000;
  await other.ask({ do: "release" });
  expect(await Promise.all(replies)).toEqual([false, false]);
});

test("a write that waits past the deadline is storage_unavailable and has not happened", async () => {
  const path = file();
  const driver = sqlite({ path, deadline: 0.2 });
  const other = child();
  await other.ask({ do: "hold", path });
  await expect(driver.swap("users:a", null, "1")).rejects.toMatchObject({
    code: "storage_unavailable",
    message: expect.stringContaining(`${path}: another process has been writing for 0.2 s`),
  });
  await other.ask({ do: "release" });
  expect(await driver.getItem("users:a")).toBe(null);
});

test("a write that waits when the driver is disposed is refused and has not happened", async () => {
  const path = file();
  const driver = sqlite({ path });
  const other = child();
  await other.ask({ do: "hold", path });
  const reply = driver.swap("users:a", null, "1");
  await driver.dispose();
  await expect(reply).rejects.toMatchObject({
    code: "storage_unavailable",
    message: expect.stringContaining("closed"),
  });
  await other.ask({ do: "release" });
  expect(await sqlite({ path }).getItem("users:a")).toBe(null);
});

test("what cannot be opened is storage_unavailable, and says what and why", () => {
  const garbage = file();
  writeFileSync(garbage, "no database at all ".repeat(500));
  const other = file();
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

test("what may not be written is refused when it is opened", async () => {
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
    const answer = await reader.ask({ do: "open", path });
    expect(answer).toMatchObject({ code: "storage_unavailable", message: expect.stringMatching(why) });
    expect(answer).toMatchObject({
      message: expect.stringContaining(`${path} cannot be opened as a database: `),
    });
  }
});

test("a path is a path, even where SQLite would read a URI in it", async () => {
  const cwd = directory();
  const path = "file:auth.db?mode=memory";
  expect(await child(cwd).ask({ do: "open", path })).toEqual([true, "1"]);
  expect(existsSync(join(cwd, path))).toBe(true);
});

test("a memory driver with expiring keys does not keep its process alive", async () => {
  const other = child();
  expect(await other.ask({ do: "remember" })).toBe("remembered");
  const ended = once(other.process, "exit");
  other.process.stdin?.end();
  expect(await ended).toEqual([0, null]);
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "latchkey-"));
  chmodSync(made, 0o755);
  directories.push(made);
  return made;
}

function file(): string {
  return join(directory(), "auth.db");
}

function crowd(): readonly Child[] {
  return [child(), child(), child(), child()];
}

function child(cwd?: string): Child {
  const script = join(import.meta.dirname, "child_writer.ts");
  const args = "Deno" in globalThis ? ["run", "-A", script] : [script];
  const started = spawn(process.execPath, args, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value) as unknown;
  };
  const ask = (order: Order) => {
    started.stdin.write(`${JSON.stringify(order)}\n`);
    return next();
  };
  const made = { process: started, ask, next };
  children.push(made);
  return made;
}
