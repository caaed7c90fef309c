// What survives a power cut is what was on the disk when it was answered. No test can cut the power: these look whether the disk is
// waited for.
import { mkdtempSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import sqlite from "../../drivers/sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

test("SQLite is told to wait for the disk at every write, unless it was asked not to", () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
  const told = () =>
    prepare.mock.calls.splice(0).map(([sql]) => sql).filter((sql) => /synchronous/.test(sql));
  sqlite({ path: join(folder, "a.db") });
  expect(told()).toEqual(["PRAGMA synchronous = FULL"]);
  sqlite({ path: join(folder, "b.db"), synchronous: "normal" });
  expect(told()).toEqual(["PRAGMA synchronous = NORMAL"]);
});

test("a file and then its folder are on the disk before a write is answered", async () => {
  const driver = fs({ base: join(folder, "files") });
  await driver.swap("users:a", null, "1"); // the first of its kind makes a folder
  const handle = await open(join(folder, "a.db"));
  const prototype: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const sync = vi.spyOn(prototype, "sync");
  const syncs = async (write: () => unknown) => {
    sync.mockClear();
    await write();
    return sync.mock.calls.length;
  };
  expect(await syncs(() => driver.swap("users:b", null, "1"))).toBe(2);
  expect(await syncs(() => driver.swap("users:b", "1", "2"))).toBe(2);
  expect(await syncs(() => driver.swap("users:b", "2", null))).toBe(1);
  expect(await syncs(() => driver.swap("users:b", "2", null))).toBe(0);
  await driver.dispose();
});
