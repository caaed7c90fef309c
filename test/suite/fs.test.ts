import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { isNumber, isShaped, isText, orAbsent } from "../../src/base/shape.ts";
import fs from "../../drivers/fs.ts";
import { machine } from "../../src/platform.ts";
import { type Collection, collection, store } from "../../src/store/collection.ts";
import type { Driver } from "../../src/store/driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";
import { disposeAll, filesIn, folder, open, removeAll } from "./folders.ts";

afterEach(disposeAll);
afterAll(removeAll);

describe("fs", () =>
  driverSuite(test, ({ now }) => fs({ base: folder(), now }), { ordered: true, keys: 1000 }));

describe("a file", () => {
  const NAMES: readonly (readonly [key: string, name: string])[] = [
    ["users:abc", "users/abc.json"],
    ["sessions:u:s", "sessions/u_s.json"],
    ["lookup-key", "lookup-key.json"],
    ["a", "a.json"],
    ["a:b", "a/b.json"],
    ["A:B", "%41/%42.json"],
    ["a:b:c", "a/b_c.json"],
    ["a:b_c", "a/b%5fc.json"],
    ["a:b%5fc", "a/b%255fc.json"],
    ["", "%.json"],
    [":", "%/%.json"],
    ["a:", "a/%.json"],
    [":a", "%/a.json"],
    ["a::b", "a/%_b.json"],
    ["a:%", "a/%25.json"],
    ["..", "%2e%2e.json"],
    ["..:..:x", "%2e%2e/%2e%2e_x.json"],
    ["../x", "%2e%2e%2fx.json"],
    [".tmp:x", "%2etmp/x.json"],
    [".lock-0", "%2elock-0.json"],
    ["a:x.json", "a/x%2ejson.json"],
    ["a:\0", "a/%00.json"],
    ["a:\u00e9", "a/%c3%a9.json"],
    ["a:e\u0301", "a/e%cc%81.json"],
    ["👩‍👧", "%f0%9f%91%a9%e2%80%8d%f0%9f%91%a7.json"],
  ];

  test("has a name that leads back to its key, and no two keys share one on any disk", async () => {
    const base = folder();
    const driver = open(base);
    for (const [key] of NAMES) expect(await driver.swap(key, null, `of ${key}`), key).toBe(true);
    expect(filesIn(base)).toEqual(NAMES.map(([, name]) => name).toSorted());
    expect(new Set(filesIn(base).map((name) => name.toLowerCase().normalize("NFD"))).size).toBe(NAMES.length);
    expect(await Array.fromAsync(driver.entries(""))).toEqual(
      NAMES.map(([key]) => [key, `of ${key}`]).toSorted(([a = ""], [b = ""]) => a < b ? -1 : 1),
    );
    for (const [key] of NAMES) expect(driver.getItem(key), key).toBe(`of ${key}`);
    for (const [key] of NAMES) expect(await driver.swap(key, `of ${key}`, null), key).toBe(true);
    expect(filesIn(base)).toEqual([]);
  });

  test("a name that no disk takes is refused, wherever the key comes from", async () => {
    const base = folder();
    const driver = open(base);
    const fits = [
      `${"x".repeat(250)}`,
      `${"x".repeat(255)}:x`,
      `x:${"x".repeat(250)}`,
      `x:${"é".repeat(41)}`,
    ];
    const long = [
      `${"x".repeat(251)}`,
      `${"x".repeat(256)}:x`,
      `x:${"x".repeat(251)}`,
      `x:${"é".repeat(42)}`,
    ];
    for (const key of fits) expect(await driver.swap(key, null, "1")).toBe(true);
    const refused = {
      code: "storage_unavailable",
      message: expect.stringMatching(/at most 255 bytes.* has 25[67]/),
    };
    for (const key of long) {
      await expect(driver.swap(key, null, "1")).rejects.toMatchObject(refused);
      await expect(driver.removeItem(key)).rejects.toMatchObject(refused);
      expect(() => driver.getItem(key)).toThrow(expect.objectContaining(refused));
    }
    expect(await driver.getKeys("")).toEqual(fits.toSorted());
  });

  test("half a character is refused, in a key and in a text", async () => {
    const driver = open(folder());
    expect(() => driver.getItem("a\ud800")).toThrow(TypeError);
    await expect(driver.swap("a\ud800", null, "1")).rejects.toThrow(TypeError);
    await expect(driver.setItem("a", "\udc00")).rejects.toThrow(TypeError);
    expect(await driver.getKeys("")).toEqual([]);
  });

  test("says on its first line when it expires", async () => {
    const base = folder();
    const driver = open(base, () => 1000.5);
    await driver.setItem("a:ever", '{"a":\n1}');
    await driver.setItem("a:some", "{}", { ttl: 60 });
    await driver.setItem("a:past", "{}", { ttl: -2 });
    await driver.setItem("a:aeons", "{}", { ttl: 1e300 });
    const kept = ["ever", "some", "past", "aeons"].map((name) =>
      readFileSync(join(base, `a/${name}.json`), "utf8")
    );
    expect(kept).toEqual(['\n{"a":\n1}', "61001\n{}", "-999\n{}", "\n{}"]);
    expect(await driver.getKeys("")).toEqual(["a:aeons", "a:ever", "a:some"]);
  });

  test("is for its owner alone, like the folders; the locks stay empty", async () => {
    const base = join(folder(), "several", "levels", "deep");
    const driver = open(base);
    for (let n = 0; n < 100; n++) await driver.setItem(`users:${n}`, "1");
    expect(readdirSync(base).toSorted()).toEqual(
      [".tmp", "users", ...Array.from({ length: 16 }, (_, n) => `.lock-${n}`)].toSorted(),
    );
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    for (const path of [base, join(base, "../.."), join(base, ".tmp"), join(base, "users")]) {
      expect(mode(path), path).toBe("700");
    }
    for (const name of readdirSync(base).filter((one) => one.startsWith(".lock"))) {
      expect([mode(join(base, name)), statSync(join(base, name)).size], name).toEqual(["600", 0]);
    }
    expect(mode(join(base, "users/0.json"))).toBe("600");
    expect(readdirSync(join(base, ".tmp"))).toEqual([]);
  });
});

describe("what others put there", () => {
  const FOREIGN: Readonly<Record<string, string | Uint8Array>> = {
    "empty": "",
    "half an expiry": "1799",
    "a sign in place of an expiry": '-\n{"v":1,"rev":1,"w":"w"}',
    "an expiry without its line": "1799999999999",
    "no expiry": '{"v":1,"rev":1,"w":"w"}',
    "no expiry, and lines": '{\n"v":1,"rev":1,"w":"w"}',
    "a time in words": 'tomorrow\n{"v":1,"rev":1,"w":"w"}',
    "a line of Windows": '\r\n{"v":1,"rev":1,"w":"w"}',
    "a mark of byte order": '\ufeff\n{"v":1,"rev":1,"w":"w"}',
    "what a disk that lost power may leave": new Uint8Array(100),
    "no UTF-8": Uint8Array.from([10, 34, 0xc3, 34]),
  };

  test.each(Object.entries(FOREIGN))("is no record: %s", async (_, bytes) => {
    const base = folder();
    const driver = open(base);
    await driver.setItem("users:a", "1");
    await driver.setItem("users:z", "1");
    const path = join(base, "users/a.json");
    writeFileSync(path, bytes);
    const corrupt = { code: "storage_corrupt", message: expect.stringContaining(path) };
    expect(() => driver.getItem("users:a")).toThrow(expect.objectContaining(corrupt));
    expect(() => driver.hasItem("users:a")).toThrow(expect.objectContaining(corrupt));
    await expect(driver.swap("users:a", "1", "2")).rejects.toMatchObject(corrupt);
    await expect(driver.swap("users:a", null, "2")).rejects.toMatchObject(corrupt);
    expect(readFileSync(path)).toEqual(Buffer.from(bytes));
    await expect(records(driver).get("a")).rejects.toMatchObject(corrupt);
    // Listed, lest one such file end every sweep; with nothing that could pass for a record.
    expect(await Array.fromAsync(driver.entries(""))).toEqual([["users:a", ""], ["users:z", "1"]]);
    await driver.setItem("users:a", "3");
    expect(driver.getItem("users:a")).toBe("3");
  });

  test("a file that was torn, wherever, never passes for a record", async () => {
    const base = folder();
    const driver = open(base);
    await records(driver).change(
      "a",
      () => ({ next: { name: "Ada", exp: Date.now() + 60_000 }, result: null }),
    );
    const path = join(base, "users/a.json");
    const whole = readFileSync(path);
    expect(whole.length).toBeGreaterThan(80);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(records(driver).get("a"), `${length} bytes`).rejects.toMatchObject({
        code: "storage_corrupt",
      });
    }
    writeFileSync(path, whole);
    expect(await records(driver).get("a")).toMatchObject({ name: "Ada" });
  });

  test("a file that no key of ours is called is left alone", async () => {
    const base = folder();
    const driver = open(base, () => 5000);
    const names = [
      "README",
      "x.txt",
      "A.json",
      "a_b.json",
      "a%.json",
      "a%2.json",
      "a%4A.json",
      "lost+found",
    ];
    const expired = "1000\n{}";
    mkdirSync(join(base, "users"));
    mkdirSync(join(base, "Users"));
    for (const name of names) writeFileSync(join(base, name), expired);
    const inside = [
      ".json",
      "a",
      "a.json~",
      "A.json",
      "a b.json",
      "a%2fb.json.json",
      `${"A".repeat(200)}.json`,
    ];
    for (const name of inside) writeFileSync(join(base, "users", name), expired);
    writeFileSync(join(base, "Users", "a.json"), "\n{}");
    writeFileSync(join(base, "notes"), "a file with the name of a folder");
    for (let n = 0; n < 200; n++) await driver.setItem("users:kept", "1");
    await driver.clear("");
    await driver.dispose();
    expect(filesIn(base)).toEqual(
      [...names, ...inside.map((name) => `users/${name}`), "Users/a.json", "notes"].toSorted(),
    );
  });

  test("where a folder or a file should be and is not one, the error says so", async () => {
    const base = folder();
    const driver = open(base);
    writeFileSync(join(base, "users"), "");
    mkdirSync(join(base, "invites.json"));
    const failed = (code: string) => ({
      code: "storage_unavailable",
      message: expect.stringMatching(new RegExp(`${base}.*${code}`)),
      cause: expect.objectContaining({ code }),
    });
    expect(() => driver.getItem("users:a")).toThrow(expect.objectContaining(failed("ENOTDIR")));
    await expect(driver.swap("users:a", null, "1")).rejects.toMatchObject(failed("ENOTDIR"));
    expect(() => driver.getItem("invites")).toThrow(expect.objectContaining(failed("EISDIR")));
    await expect(driver.swap("invites", null, "1")).rejects.toMatchObject(failed("EISDIR"));
    await expect(driver.setItem("invites", "1")).rejects.toMatchObject(failed("EISDIR"));
    expect(readdirSync(join(base, ".tmp"))).toEqual([]);
  });
});

test("is shared, and reads at once", async () => {
  const driver = open(folder());
  const reply = driver.swap("users:a", null, "1");
  expect([driver.atomicity, driver.getItem("users:a"), driver.hasItem("users:a")]).toEqual([
    "shared",
    null,
    false,
  ]);
  expect(driver.swap("users:b", null, null)).toBe(true);
  expect(await reply).toBe(true);
});

function records(driver: Driver): Collection<{ readonly name: string; readonly exp?: number | undefined }> {
  const shape = isShaped<{ readonly name: string; readonly exp?: number | undefined }>({
    name: isText,
    exp: orAbsent(isNumber),
  });
  return collection(store(driver, machine, 5000), "users", shape);
}
