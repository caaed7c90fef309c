// Another process on the same file. It obeys lines of JSON on its standard input and answers each with one line.
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import memory from "../../drivers/memory.ts";
import sqlite from "../../drivers/sqlite.ts";
import { AuthError } from "../../src/errors.ts";

export type Order =
  | { readonly do: "open" | "increment" | "write" | "hold"; readonly path: string }
  | { readonly do: "release" | "remember" }
  | { readonly do: "become"; readonly uid: number };

let held: DatabaseSync | undefined;

const work: { readonly [K in Order["do"]]: (order: Extract<Order, { do: K }>) => unknown } = {
  async open({ path }) {
    const driver = sqlite({ path });
    const key = `users:${process.pid}`;
    const outcome = [await driver.swap(key, null, "1"), await driver.getItem(key)];
    await driver.dispose();
    return outcome;
  },

  /** 250 times: read, add one, swap, and again when somebody was faster. */
  async increment({ path }) {
    const driver = sqlite({ path });
    for (let done = 0; done < 250;) {
      const text = await driver.getItem("counter");
      if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
    }
    await driver.dispose();
    return "done";
  },

  /** Writes until it is killed, and tells each write that was answered. */
  async write({ path }) {
    const driver = sqlite({ path });
    for (let n = 0;; n++) {
      const text = `{"n":${n},"is":"${"x".repeat(n % 5000)}"}`;
      if (await driver.swap(`users:${process.pid}-${n}`, null, text)) answer(n);
      if (n > 0) await driver.swap(`users:${process.pid}-${n - 1}`, null, "taken");
      await new Promise((resolve) => setImmediate(resolve));
    }
  },

  hold({ path }) {
    held = new DatabaseSync(path);
    held.exec("BEGIN IMMEDIATE");
    return "held";
  },

  release() {
    held?.exec("COMMIT");
    held?.close();
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

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order; // our own test wrote it
  try {
    answer(await (work[order.do] as (order: Order) => unknown)(order));
  } catch (error) {
    const code = error instanceof AuthError ? error.code : null;
    answer({ code, message: error instanceof Error ? error.message : String(error) });
  }
}
