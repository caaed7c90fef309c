// What may be told while several are at something, and what is a failure of the library or of its store.
import { expect, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { Driver } from "../../src/store/driver.ts";
import { needsOf, rehearsed } from "./interleaving.ts";
import { replayed } from "./scheduler.ts";

const NAMES = ["a check", "a check"];
const FAULTS: Readonly<Record<string, Driver["getItem"]>> = {
  storage_corrupt: () => "{",
  storage_unavailable: () => Promise.reject(new Error("ECONNREFUSED")),
};

/** What is told wrongly where no session's record can be read, in an order. */
async function toldWrongly(fault: keyof typeof FAULTS, order: string): Promise<readonly string[]> {
  let isFaulty = false;
  const company = await rehearsed(needsOf(NAMES), {
    make: (options) => {
      const driver = options.storage as Driver; // of a world
      const getItem: Driver["getItem"] = (key) =>
        (isFaulty && key.startsWith("sessions:") ? FAULTS[fault] ?? driver.getItem : driver.getItem)(key);
      const faulty: typeof options = { ...options, storage: { ...driver, getItem } };
      return createAuth(faulty);
    },
  });
  isFaulty = true;
  const { wrong } = await company.play(NAMES, replayed(order));
  await company.close();
  return wrong.filter((one) => one.includes(" is told "));
}

test("that a store is corrupt is told nobody, whatever happens", async () => {
  expect(await toldWrongly("storage_corrupt", "")).toHaveLength(2);
  expect(await toldWrongly("storage_corrupt", "x1")).toHaveLength(1);
});

test("that a store does not answer is told where something was lost or somebody crashed", async () => {
  expect(await toldWrongly("storage_unavailable", "")).toHaveLength(2);
  expect(await toldWrongly("storage_unavailable", "x1")).toEqual([]);
});
