import { appendFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { STORES } from "./stores.ts";
import { type World, world, type WorldOptions } from "./world.ts";

const VIAS = ["method", "http"] as const;
/** Where this runs. What takes long and is the same everywhere is tried at its full length on Node. */
export const RUNTIME: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

/** A flow of the library: it runs on every store, by method and by HTTP, in whatever runtime this is. */
export function flow(name: string, run: (world: World) => Promise<void>, options: WorldOptions = {}): void {
  describe(name, () => {
    for (const store of STORES) {
      for (const via of VIAS) {
        test(`${store}, by ${via}`, async () => {
          const here = world(store, via, options);
          try {
            await run(here);
            expect(await here.leaks()).toEqual([]);
            tell({ runtime: RUNTIME, store, via, flow: name });
          } finally {
            await here.close();
          }
        });
      }
    }
  });
}

/** A row of the matrix that the runner prints. */
function tell(row: object): void {
  const path = process.env["LATCHKEY_MATRIX"];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(row)}\n`);
}
