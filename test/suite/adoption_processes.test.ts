// Several processes on one SQLite file, each with unstorage's db0.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createDatabase } from "db0";
import nodeSqlite from "db0/connectors/node-sqlite";
import db0 from "unstorage/drivers/db0";
import { afterAll, expect, test } from "vitest";
import { adopt } from "../../src/store/adopt.ts";
import type { Order } from "./child_adopter.ts";

const ROUNDS = 12;
const RACE = { creates: 25, additions: 60 } as const;
const directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "latchkey-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

test("two processes open one new file at once, time and again", async () => {
  const both = await pair();
  for (let round = 0; round < ROUNDS; round++) {
    const opened = await all(both, "open", `new-${round}.db`);
    expect(opened.map((one) => Object(one)[0])).toEqual([true, true]);
    expect(opened.filter((one) => Object(one)[1])).toHaveLength(1);
  }
});

test("of what two processes race for, each gets what the other does not, and nothing is lost", async () => {
  const path = join(directory, "race.db");
  const database = createDatabase(nodeSqlite({ path }));
  const driver = adopt(db0({ database }));
  await driver.swap("counter", null, "0");
  const created = await all(await pair(), "race", "race.db");
  expect(created.reduce((sum: number, count) => sum + Number(count), 0)).toBe(RACE.creates);
  expect(await driver.getItem("counter")).toBe(`${2 * RACE.additions}`);
  expect(driver.atomicity).toBe("shared");
  await database.dispose();
});

type Ask = (order: Order) => Promise<unknown>;

/** Two that have started: what they are asked then, they begin together. */
async function pair(): Promise<readonly Ask[]> {
  const both = [child(), child()];
  await all(both, "open", `${crypto.randomUUID()}.db`);
  return both;
}

function all(asked: readonly Ask[], what: Order["do"], name: string): Promise<readonly unknown[]> {
  return Promise.all(asked.map((ask) => ask({ do: what, path: join(directory, name), ...RACE })));
}

function child(): Ask {
  const script = join(import.meta.dirname, "child_adopter.ts");
  const args = "Deno" in globalThis ? ["run", "-A", script] : [script];
  const started = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] }); // unstorage says that db0 is new to it
  children.push(started);
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  return async (order) => {
    started.stdin.write(`${JSON.stringify(order)}\n`);
    const { value } = await lines.next();
    return JSON.parse(String(value)) as unknown;
  };
}
