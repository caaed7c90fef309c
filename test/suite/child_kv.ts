// Another process on the same Deno KV. It opens the file, says "open", and obeys lines: "race", "hold", "release".
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import denoKv from "../../drivers/deno_kv.ts";
import { openKv } from "./open_kv.ts";

const [path = "", times = ""] = process.argv.slice(2);
const driver = "Deno" in globalThis ? denoKv({ path }) : denoKv({ kv: openKv(path) });
let held: DatabaseSync | undefined;

const work: Readonly<Record<string, () => unknown>> = {
  /** Creates what only one can create, and adds one many times, beginning again when somebody was faster. */
  async race() {
    const creates = Array.from({ length: 25 }, (_, n) => driver.swap("once", null, `${process.pid}-${n}`));
    const created = (await Promise.all(creates)).filter(Boolean).length;
    for (let done = 0; done < Number(times);) {
      const text = await driver.getItem("counter");
      if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
    }
    await driver.dispose();
    return created;
  },

  hold() {
    held = new DatabaseSync(path);
    held.exec("BEGIN IMMEDIATE");
    return "held";
  },

  release() {
    held?.exec("COMMIT");
    held?.close();
    return "released";
  },
};

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

await driver.ready?.();
answer("open");
for await (const line of createInterface({ input: process.stdin })) answer(await work[line]?.());
