// Whether processes that hammer on the same few accounts ever see what no order of their requests explains.
import { afterAll, describe, expect, test } from "vitest";
import { SHARED } from "../suite/stores.ts";
import { crew } from "./hammer_crew.ts";
import { offences } from "./judge.ts";
import { contradictions } from "./linearizable.ts";
import { sumsOf } from "./requests.ts";
import { LONG, SEED, showed } from "./showed.ts";

const SECONDS = LONG ? 60 : 3;

/** Four with the library as it is. */
const sound = crew();
afterAll(() => sound.dismiss());

describe("four processes that hammer on the same few accounts", () => {
  for (const store of SHARED) {
    test(`on ${store}: nothing is told that no order of their requests explains`, async () => {
      const { log, history, wrong } = await sound.hammered(store, { seed: SEED, seconds: SECONDS });
      const sums = { seconds: SECONDS, operations: history.length, ...sumsOf(log) };
      expect(offences(log), `LATCHKEY_SEED=${SEED}`).toEqual([]);
      expect(contradictions(history), `LATCHKEY_SEED=${SEED}`).toEqual([]);
      expect(wrong).toEqual([]);
      showed("processes", sums);
    }, (SECONDS + 120) * 1000);
  }
});
