// A disk that is not this machine's, as statfs(2) would tell: whoever keeps files says no before the first of them is made.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import denoKv from "../../drivers/deno_kv.ts";
import fs from "../../drivers/fs.ts";
import sqlite from "../../drivers/sqlite.ts";

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  return { ...real, statfsSync: () => ({ ...real.statfsSync("/"), type: 0x6969 }) };
});

const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(folder, { recursive: true }));

const refused = {
  code: "storage_unsafe",
  message: expect.stringMatching(
    / is on a network disk \(NFS\), where locks do not hold: use one of this machine$/,
  ),
};

test("an SQLite file on it is refused", () => {
  expect(() => sqlite({ path: join(folder, "auth.db") })).toThrow(expect.objectContaining(refused));
  expect(sqlite({ path: ":memory:" }).atomicity).toBe("process");
});

test("a folder on it is refused, however much of its path is missing", () => {
  for (const base of [folder, join(folder, "a"), join(folder, "a/b/c")]) {
    expect(() => fs({ base })).toThrow(expect.objectContaining(refused));
  }
});

test.skipIf(!("Deno" in globalThis))("a file of Deno KV on it is refused", async () => {
  const driver = denoKv({ path: join(folder, "kv.db") });
  await expect(driver.getItem("users:a")).rejects.toMatchObject(refused);
});

test("nothing was made", () => {
  expect([existsSync(folder), readdirSync(folder)]).toEqual([true, []]);
});
