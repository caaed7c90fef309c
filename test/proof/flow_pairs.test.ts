// Every flow beside every other: both scripts at once, on one store and by one clock.
import { expect, test } from "vitest";
import { chance } from "../../src/testing/chance.ts";
import type { Flow } from "../suite/flow.ts";
import { RUNTIME } from "../suite/runtime.ts";
import { met } from "./flow_pairs.ts";
import { allFlows } from "./flows.ts";
import { LONG, SEED, showed } from "./showed.ts";

const TIME = 400_000; // ms of the machine
const PAIRS = 80; // in a short run

/** Each flow with another one of all that there are, in an order that follows from the seed; then each with the one after that. */
function* pairsOf(flows: readonly Flow[]): Generator<readonly [Flow, Flow]> {
  const random = chance(SEED);
  const keyed = flows.map((flow) => ({ flow, key: random(4).join() }));
  const line = keyed.toSorted((a, b) => a.key < b.key ? -1 : 1).map(({ flow }) => flow);
  for (let apart = 1; apart <= line.length / 2; apart++) {
    for (const [i, flow] of line.entries()) yield [flow, line[(i + apart) % line.length] as Flow];
  }
}

/** A script that fails leaves calls behind that nobody awaits any more: how those end is no failure of the test. */
async function unawaited<T>(run: () => Promise<T>): Promise<T> {
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", () => {});
  try {
    return await run();
  } finally {
    await new Promise((resolve) => setImmediate(resolve));
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
}

test.runIf(LONG || RUNTIME === "node")(
  "two flows at once break no rule, whatever they do to each other's expectations",
  async () => {
    const until = performance.now() + TIME;
    const counts = { flowPairs: 0, steps: 0, left: 0 };
    for (const pair of pairsOf(await allFlows())) {
      const names = pair.map(({ name }) => name).join(" ‖ ");
      const { wrong, steps, left, order } = await unawaited(() => met(pair, SEED));
      if (wrong.length > 0) {
        throw new Error(
          `${names}: ${wrong.join("; ")} (LATCHKEY_SEED=${SEED}, ${order})`,
        );
      }
      counts.flowPairs++;
      counts.steps += steps;
      counts.left += left;
      if (LONG ? performance.now() > until : counts.flowPairs === PAIRS) break;
    }
    expect(counts.flowPairs).toBeGreaterThanOrEqual(PAIRS);
    const { flowPairs, steps, left } = counts;
    showed("interleavings", { "pairs of flows": flowPairs, steps, "left where they stood": left });
  },
  TIME + 60_000,
);
