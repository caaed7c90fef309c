// Another process on the same store. It obeys lines of JSON on its standard input and answers each with one line.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import memory from "../../drivers/memory.ts";
import { AuthError } from "../../src/errors.ts";
import type { Driver } from "../../src/store/driver.ts";
import { after, keyOf, LANES, locksOf, openAt, type StoreOnDisk } from "./stores_on_disk.ts";

export type Order =
  | {
    readonly do: "open" | "read" | "increment" | "write" | "hold";
    readonly store: StoreOnDisk;
    readonly path: string;
  }
  | { readonly do: "release" | "remember" }
  | { readonly do: "become"; readonly uid: number };

let held: readonly DatabaseSync[] = [];

const work: { readonly [K in Order["do"]]: (order: Extract<Order, { do: K }>) => unknown } = {
  async open({ store, path }) {
    const driver = openAt(store, path);
    const key = `users:${process.pid}`;
    const outcome = [await driver.swap(key, null, "1"), await driver.getItem(key)];
    await driver.dispose();
    return outcome;
  },

  async read({ store, path }) {
    return await openAt(store, path).getItem("users:a");
  },

  /** 250 times: read, add one, swap, and again when somebody was faster. */
  async increment({ store, path }) {
    const driver = openAt(store, path);
    for (let done = 0; done < 250;) {
      const text = await driver.getItem("counter");
      if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
    }
    await driver.dispose();
    return "done";
  },

  /** Writes until it is killed, and tells each step that was answered. */
  async write({ store, path }) {
    const driver = openAt(store, path);
    await Promise.all(Array.from({ length: LANES }, (_, lane) => writeLane(driver, lane)));
  },

  hold({ store, path }) {
    held = locksOf(store, path).map((lock) => new DatabaseSync(lock));
    for (const lock of held) lock.exec("BEGIN IMMEDIATE");
    return "held";
  },

  release() {
    for (const lock of held) {
      lock.exec("ROLLBACK");
      lock.close();
    }
    return "released";
  },

  async remember() {
    await memory().setItem("users:a", "1", { ttl: 3600 });
    return "remembered";
  },

  become({ uid }) {
    process.setuid?.(uid);
    return process.getuid?.();
  },
};

async function writeLane(driver: Driver, lane: number): Promise<void> {
  const key = keyOf(process.pid, lane);
  for (let step = 0;; step++) {
    const wrote = await driver.swap(key, after(step - 1), after(step));
    answer(wrote ? [lane, step] : `step ${step} of ${key} was refused`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** At once: what was answered must have been told when the next instant kills us. */
function answer(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order; // our own test wrote it
  try {
    answer(await (work[order.do] as (order: Order) => unknown)(order));
  } catch (error) {
    const code = error instanceof AuthError ? error.code : null;
    const message = error instanceof Error ? error.message : String(error);
    answer({
      code,
      message,
      ...(error instanceof Error && "undurable" in error && { undurable: error.undurable }),
    });
  }
}
