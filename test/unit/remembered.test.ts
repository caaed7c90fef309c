import { expect, test } from "vitest";
import { type Account, newborn } from "../../src/core/account_record.ts";
import { type Remembered, rememberedDevices } from "../../src/core/remembered.ts";
import { slotOf } from "../../src/core/slots.ts";

const identifier = { type: "email", value: "ada@example.com", proven: true };
const ADA = newborn({ createdAt: 0, name: null, sessions: [], identifier });
const devices = rememberedDevices((name, schema) =>
  slotOf<Account, Remembered>(name, schema, () => Promise.reject(new Error("nothing is stored here")))
);

const device = (id: string, lastUsedAt: number, exp = 1000) => ({
  id,
  name: null,
  createdAt: 0,
  lastUsedAt,
  exp,
});
const after = (...all: readonly ReturnType<typeof device>[]) => all.reduce(devices.with, ADA);
const ids = (account: Account, now = 100) => devices.of(account, now).map(({ id }) => id);
const ten = Array.from({ length: 10 }, (_, i) => device(`${i}`, i));

test("of ten devices the one that was used least lately makes room for another", () => {
  const full = after(...ten, device("0", 10)); // the first was used again
  expect(ids(full)).toEqual(["0", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
  expect(ids(devices.with(full, device("10", 11)))).toEqual([
    "10",
    "0",
    "9",
    "8",
    "7",
    "6",
    "5",
    "4",
    "3",
    "2",
  ]);
});

test("those that expired make room before any other", () => {
  const full = after(...ten.slice(0, 9), device("9", 9, 20));
  expect(ids(full, 19)).toHaveLength(10);
  expect(ids(full, 20)).toEqual(["8", "7", "6", "5", "4", "3", "2", "1", "0"]);
  expect(ids(devices.with(full, device("10", 20)), 20)).toEqual(["10", ...ids(full, 20)]);
});

test("a device that is remembered again is the same one", () => {
  expect(devices.of(after(device("a", 1), device("b", 2), device("a", 3, 2000)), 100)).toEqual([
    { ...device("a", 3, 2000), epoch: 0 },
    { ...device("b", 2), epoch: 0 },
  ]);
});

test("whatever revokes sessions forgets devices, and a device that is removed is none", () => {
  const account = after(device("a", 1), device("b", 2));
  expect(ids({ ...account, epoch: 1 })).toEqual([]);
  expect(ids(devices.with({ ...account, epoch: 1 }, device("c", 3)))).toEqual(["c"]);
  expect(ids(devices.without(account, "b"))).toEqual(["a"]);
  expect(devices.without(devices.without(account, "a"), "b").slots).toEqual({});
});
