// One store seen under a base: a store of its own for each tenant.
import { createStorage } from "unstorage";
import unstorageMemory from "unstorage/drivers/memory";
import { describe, expect, test } from "vitest";
import { createAuth } from "../../mod.ts";
import memory from "../../drivers/memory.ts";
import prefix from "../../drivers/prefix.ts";
import sqlite from "../../drivers/sqlite.ts";
import type { Driver } from "../../src/store/driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";

describe("a view of memory", () => driverSuite(test, ({ now }) => prefix(memory({ now }), "tenant-1")));
describe("a view of a view of sqlite, with others beside it", () => {
  driverSuite(test, async ({ now }) => {
    const below = sqlite({ path: ":memory:", now });
    for (const key of ["users:abc", "a:users:abc", "a:b-c:users:abc", "a:b2:users:abc", "z:users:zz"]) {
      await below.setItem(key, "another tenant's");
    }
    return prefix(prefix(below, "a"), "b");
  }, { ordered: true, keys: 1000 });
});

/** Everything that a tenant can see. */
async function seen(view: Driver): Promise<object> {
  const entries = await Array.fromAsync(view.entries(""));
  expect((await view.getKeys("")).toSorted()).toEqual(entries.map(([key]) => key).toSorted());
  return Object.fromEntries(entries);
}

test("tenants of one store do not see, change, list or clear what is another's", async () => {
  const below = memory();
  const names = ["a", "a-b", "ab", "b"];
  const views = names.map((name) => prefix(below, name));
  for (const [index, view] of views.entries()) {
    expect(await view.swap("users:x", null, names[index] ?? "")).toBe(true);
    await view.setItem("users:y", "1", { ttl: 60 });
  }
  const [first, ...others] = views;
  expect(await first?.swap("users:x", "a-b", null)).toBe(false);
  await first?.removeItem("users:y");
  expect(await first?.hasItem("users:y")).toBe(false);
  await first?.clear("");
  expect(await Promise.all(views.map(seen))).toEqual([
    {},
    ...others.map((_, index) => ({ "users:x": names[index + 1], "users:y": "1" })),
  ]);
});

test("a view sees what is further down, and nothing outside of itself", async () => {
  const below = memory();
  const [a, ab] = [prefix(below, "a"), prefix(below, "a:b")];
  await ab.setItem("users:x", "1");
  await a.setItem("users:x", "2");
  await below.setItem("users:x", "3");
  expect(await seen(a)).toEqual({ "b:users:x": "1", "users:x": "2" });
  expect(await seen(ab)).toEqual({ "users:x": "1" });
  expect(await seen(prefix(a, "b"))).toEqual({ "users:x": "1" });
  await a.clear("users:");
  expect(await seen(ab)).toEqual({ "users:x": "1" });
  expect(await below.getKeys("")).toEqual(["a:b:users:x", "users:x"]);
});

test("a view says what the driver below says of itself, and answers at once where that does", () => {
  const shared = prefix(sqlite({ path: ":memory:" }), "a");
  expect([shared.name, shared.atomicity, "ready" in shared]).toEqual(["a of sqlite", "process", false]);
  expect([shared.swap("users:x", null, "1"), shared.getItem("users:x")]).toEqual([true, "1"]);
  const asked: string[] = [];
  const ready = () => {
    asked.push("ready");
    throw new TypeError("not fit");
  };
  expect(() => prefix({ ...memory(), atomicity: "shared", ready }, "a").ready?.()).toThrow("not fit");
  expect([prefix({ ...memory(), atomicity: "shared" }, "a").atomicity, asked]).toEqual(["shared", ["ready"]]);
});

test("dispose ends the view, in the middle of a list too, and leaves the driver to the other tenants", async () => {
  const below = memory();
  const [a, b] = [prefix(below, "a"), prefix(below, "b")];
  for (const key of ["users:x", "users:y"]) await a.setItem(key, "1");
  await b.setItem("users:x", "1");
  const list = a.entries("")[Symbol.asyncIterator]();
  await list.next();
  await a.dispose();
  await expect(list.next()).rejects.toMatchObject({
    code: "storage_unavailable",
    message: expect.stringContaining("the view a has been disposed"),
  });
  expect([await b.getItem("users:x"), await below.getItem("a:users:x")]).toEqual(["1", "1"]);
});

test.each(["", ":", "a:", ":a", "a::b", "A", "a_b", "a/b", "a b", "ä", "a\n", null, undefined, 7])(
  "%j is no base",
  (base) => {
    expect(() => prefix(memory(), base as string)).toThrow(expect.objectContaining({
      code: "config_invalid",
      details: {
        issues: [{ path: "base", message: expect.stringContaining("must be letters a to z, digits and -") }],
      },
    }));
  },
);

test("what cannot be adopted is refused, by name", () => {
  expect(() => prefix({ name: "my-own", getItem: () => null }, "a")).toThrow(
    expect.objectContaining({ code: "storage_unsafe", message: expect.stringContaining('"my-own"') }),
  );
});

test("two tenants sign up the same address in one store, each with an account of its own", async () => {
  const below = memory();
  const codes: string[] = [];
  const tenants = ["one", "two"].map((base) =>
    createAuth({
      storage: prefix(below, base),
      secret: "a-secret-of-32-characters-or-more",
      baseUrl: `https://${base}.example.com`,
      email: {
        from: "no-reply@example.com",
        send: ({ data }) => void codes.push(String(Object(data)["code"])),
      },
      emailOtp: true,
    })
  );
  const users: string[] = [];
  for (const auth of tenants) {
    const { challengeId } = await auth.emailOtp.start({ email: "ada@example.com" });
    const { user } = await auth.emailOtp.verify({ challengeId, code: codes.at(-1) ?? "" });
    users.push(user.id);
  }
  expect(new Set(users).size).toBe(2);
  expect((await below.getKeys("")).filter((key) => !/^(one|two):/.test(key))).toEqual([]);
});

test("tenants share a store of unstorage, each behind its own base, and it stays open when one leaves", async () => {
  const stock = unstorageMemory();
  const [one, two] = [prefix(stock, "tenant-1"), prefix(createStorage({ driver: stock }), "tenant-2")];
  await one.ready?.();
  expect(await one.swap("users:a", null, "1")).toBe(true);
  expect(await two.getItem("users:a")).toBe(null);
  expect(await two.swap("users:a", null, "2")).toBe(true);
  expect(await one.getKeys("")).toEqual(["users:a"]);
  expect(stock.getItem("tenant-1:users:a", {})).toBe("1");
  expect(one.atomicity).toBe("process");
  await one.dispose();
  expect(() => one.getItem("users:a")).toThrow("disposed");
  expect(await two.getItem("users:a")).toBe("2");
});

test("a mount at a tenant's base, or below it, is refused: its keys would lie in two stores", async () => {
  for (const mount of ["tenant-1", "tenant-1:users", "tenant-1:users:more"]) {
    const storage = createStorage().mount(mount, unstorageMemory());
    await expect(prefix(storage, "tenant-1").ready?.()).rejects.toMatchObject({
      code: "storage_unsafe",
      message: expect.stringContaining(`in the mount ${mount}: and not with the rest`),
    });
    await prefix(storage, "tenant-2").ready?.();
  }
});

test("a driver of unstorage that many tenants share is adopted once, and let go by the last", async () => {
  let instances = 0;
  const stock = unstorageMemory();
  const counting = { ...stock, getInstance: () => (instances++, stock.getInstance?.()) };
  const tenants = Array.from({ length: 20 }, (_, n) => prefix(counting, `tenant-${n}`));
  await Promise.all(tenants.map((tenant) => tenant.ready?.()));
  expect(instances).toBe(1);
  for (const tenant of tenants.slice(1)) await tenant.dispose();
  expect(await tenants[0]?.swap("users:a", null, "1")).toBe(true);
  await tenants[0]?.dispose();
  const again = prefix(counting, "tenant-0");
  await again.ready?.();
  expect([instances, await again.getItem("users:a")]).toEqual([2, "1"]);
});
