// Whether those who hammer on the same few accounts ever see what no order of their requests explains.
import { afterAll, describe, expect, test } from "vitest";
import { machine } from "../../src/platform.ts";
import { premises, SHARED, STORES } from "../suite/stores.ts";
import { type Crew, crew } from "./hammer_crew.ts";
import { type Hammered, hammeredHere } from "./hammered.ts";
import { offences } from "./judge.ts";
import { contradictions } from "./linearizable.ts";
import { KINDS, sumsOf } from "./requests.ts";
import { LONG, SEED, showed } from "./showed.ts";

const SECONDS = LONG ? 60 : 2;
const PATIENCE = (SECONDS + 120) * 1000; // ms

let four: Crew | undefined;
afterAll(() => four?.dismiss());

describe("nothing is told that no order of the requests explains", () => {
  for (const store of STORES) {
    if (SHARED.includes(store)) {
      test(`by four processes on ${store}`, async () => {
        four ??= crew();
        judge(await four.hammered(store, { seed: SEED, seconds: SECONDS }), SECONDS);
      }, PATIENCE);
    } else {
      test(`by four servers of one process on ${store}`, async () => {
        const { driver, close } = premises(store, machine.now);
        const seconds = SECONDS / 2; // they do in it what four processes do in twice as long
        judge(await hammeredHere({ store: driver() }, { seed: SEED, seconds }), seconds);
        await close();
      }, PATIENCE);
    }
  }
});

/** What must have been asked, or there was nothing to judge. */
const ASKED = Object.entries(KINDS).flatMap(([kind, times]) => LONG || times === "often" ? [kind] : []);

function judge({ log, history, wrong }: Hammered, seconds: number): void {
  const asked = new Set<string>(log.map(({ did }) => did));
  expect(ASKED.filter((kind) => !asked.has(kind)), `LATCHKEY_SEED=${SEED}`).toEqual([]);
  expect(history.length).toBeGreaterThan(0);
  expect(offences(log), `LATCHKEY_SEED=${SEED}`).toEqual([]);
  expect(contradictions(history), `LATCHKEY_SEED=${SEED}`).toEqual([]);
  expect(wrong, `LATCHKEY_SEED=${SEED}`).toEqual([]);
  showed("processes", { seconds, operations: history.length, ...sumsOf(log) });
}
