// A store that does what it is told, or does not, and whose answer never comes: nothing happens twice, nothing is told that did not
// happen, and afterwards everybody finds what is theirs.
import { describe, expect, test } from "vitest";
import type { Via } from "../suite/client.ts";
import { RUNTIME } from "../suite/flow.ts";
import { picked } from "./crash_points.ts";
import { allFlows } from "./flows.ts";
import { clean, lossy, type Way, WAYS, type Which } from "./lossy.ts";
import { inTurn, LONG, SEED, showed } from "./showed.ts";

const flows = await allFlows();
const turn = inTurn(flows, RUNTIME === "node" ? 12 : 24); // it is the same library everywhere
const VIAS = ["method", "http"] as const;
const MINUTES = 60_000; // ms
const MOST = 40; // swaps of one flow: a few flows swap thousands of times

describe(`where replies get lost, nothing happens twice (LATCHKEY_SEED=${SEED})`, () => {
  for (const [i, flow] of turn.entries()) {
    const seed = SEED + i;
    for (const via of LONG ? VIAS : [VIAS[seed % VIAS.length]!]) {
      test(`${flow.name}, by ${via}`, async () => {
        const undisturbed = await clean(flow, via);
        let [runs, lost] = [0, 0];
        for (const [way, which] of lossesOf(undisturbed.swaps, via, seed)) {
          const most = LONG ? Infinity : 1;
          const found = await lossy(flow, undisturbed, { via, way, which, seed, most });
          expect(found.wrong).toEqual([]);
          runs++;
          lost += found.lost;
        }
        const unjudged = undisturbed.looked.isTampered ? 1 : 0;
        showed("lost replies", { flows: 1, unjudged, runs, lost });
      }, LONG ? 30 * MINUTES : MINUTES);
    }
  }
});

/** Every swap, of many as many as that, and some by chance, in two ways by method and in the two others by HTTP; or one of these, which
 * follows from the seed. */
function lossesOf(swaps: number, via: Via, seed: number): readonly (readonly [way: Way, which: Which])[] {
  const wholes: readonly Which[] = [1, 3, 10].map((oneIn) => ({ oneIn, seed }));
  if (LONG) {
    const single = picked(swaps, MOST, seed).map((nth) => ({ nth }));
    const ways = WAYS.filter((_, i) => (i + seed + VIAS.indexOf(via)) % 2 === 0);
    return ways.flatMap((way) => [...single, ...wholes].map((which) => [way, which] as const));
  }
  const [nth = 0] = picked(swaps, 1, seed);
  // A driver that nobody knows is asked in every way.
  if (process.env["LATCHKEY_DRIVER"] !== undefined) {
    return WAYS.flatMap((way) => [{ nth }, ...wholes].map((which) => [way, which] as const));
  }
  const first = [WAYS[seed % WAYS.length]!, { nth }] as const;
  const second = [WAYS[(seed + 1) % WAYS.length]!, wholes[seed % wholes.length]!] as const;
  return [seed % 2 === 0 ? first : second];
}
