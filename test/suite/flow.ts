import { appendFileSync } from "node:fs";
import * as vitest from "vitest";
import { LONG, SEED } from "../proof/showed.ts";
import type { Via } from "./client.ts";
import { type StoreName, STORES } from "./stores.ts";
import { RUNTIME } from "./runtime.ts";
import { SOUGHT, type World, world, type WorldOptions } from "./world.ts";

export { RUNTIME };

const VIAS = ["method", "http"] as const;

/** A flow of the library, as it was registered. */
export interface Flow {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  readonly options: WorldOptions;
}

/** Where flows go while somebody collects them. */
let collected: Flow[] | null = null;

/** In memory on Node every flow runs both ways. Elsewhere it runs one way on each store, in each run another: a route has no code of its
 * own, and what of HTTP a runtime brings is asked in `test/http`. */
function waysOn(store: StoreName, place: number): readonly Via[] {
  if (LONG || (RUNTIME === "node" && store === "memory")) return VIAS;
  return VIAS.filter((_, i) => (place + STORES.indexOf(store) + SEED) % VIAS.length === i);
}

/** The stores that a flow runs on: all of them on Node, and at full length. Of those that Deno and Bun both have each takes one half, in
 * each run another one: what of a store a runtime changes, its driver's own tests ask on both. */
function storesAt(place: number): readonly StoreName[] {
  if (LONG || RUNTIME === "node") return STORES;
  const turn = place + SEED + (RUNTIME === "bun" ? 1 : 0);
  return STORES.filter((store, i) => i === 0 || store === "deno-kv" || (i + turn) % 2 === 0);
}

let registered = 0;

/** A flow of the library: it runs on stores, by method or by HTTP, in whatever runtime this is, and through every instrument of
 * `test/proof`. */
export function flow(name: string, run: (world: World) => Promise<void>, options: WorldOptions = {}): void {
  if (collected !== null) return void collected.push({ name, run, options });
  const place = registered++;
  vitest.describe(name, () => {
    for (const store of storesAt(place)) {
      for (const via of waysOn(store, place)) {
        vitest.test(`${store}, by ${via}`, async () => {
          const here = world(store, via, options);
          try {
            await run(here);
            if (SOUGHT.includes(store)) vitest.expect(await here.leaks()).toEqual([]);
            tell({ runtime: RUNTIME, store, via, flow: name });
          } finally {
            await here.close();
          }
        });
      }
    }
  });
}

/** What `load` registers: nothing of it runs. Files of flows take `test` and `describe` from here, so that whoever collects their flows
 * does not run the rest of them. */
export async function collecting(load: () => Promise<unknown>): Promise<readonly Flow[]> {
  const flows: Flow[] = [];
  collected = flows;
  try {
    await load();
  } finally {
    collected = null;
  }
  return flows;
}

/** The runner's own, in files that register flows. */
export const test: typeof vitest.test = whenNotCollecting(vitest.test);
/** The same. */
export const describe: typeof vitest.describe = whenNotCollecting(vitest.describe);

function whenNotCollecting<F extends typeof vitest.test | typeof vitest.describe>(real: F): F {
  const nothing = () => nothing;
  return new Proxy(real, {
    apply: (target, self, args) => collected === null ? Reflect.apply(target as never, self, args) : nothing,
    get: (target, name) => collected === null ? Reflect.get(target, name) : nothing,
  });
}

/** A row of the matrix that the runner prints. */
function tell(row: object): void {
  const path = process.env["LATCHKEY_MATRIX"];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(row)}\n`);
}
