// A process dies at any operation of any flow: whoever comes next finds all that was told, and nothing that is half made.
//
// What is left of a process that died is the store alone, and reads leave that as it is. So the states in which it may die are those
// between two of its writes: one run of a flow that writes down each of them gives them all, whether the last operation took effect
// or not. From each such state fresh servers go on.
import { describe, expect, test } from "vitest";
import { RUNTIME } from "../suite/flow.ts";
import { crashed, isAlike, isRace, isRecorded, picked, stopped } from "./crash_points.ts";
import { allFlows } from "./flows.ts";
import { lookedAt } from "./looked_at.ts";
import { inTurn, LONG, SEED, showed } from "./showed.ts";

const flows = await allFlows();
const turn = inTurn(flows, RUNTIME === "node" ? 12 : 24); // it is the same library everywhere
const VIAS = ["method", "http"] as const;
const MINUTES = 60_000; // ms
const MOST = 40; // crashes of one flow: a few flows write thousands of times
const LARGEST = 200; // writes of a flow that is really stopped: what is left is held against the state after each

describe(`from what a crash leaves everybody goes on (LATCHKEY_SEED=${SEED})`, () => {
  for (const [i, flow] of turn.entries()) {
    const seed = SEED + i;
    const via = VIAS[seed % VIAS.length]!;
    test(`${flow.name}, by ${via}`, async () => {
      const crashes = LONG ? MOST : 1;
      const { wrong, ...counts } = await crashed(flow, { via, seed, crashes, most: LONG ? Infinity : 2 });
      expect(wrong).toEqual([]);
      showed("crash points", { flows: 1, ...counts });
    }, LONG ? 30 * MINUTES : MINUTES);
  }
});

test(`a process that really stops leaves a state that was written down (LATCHKEY_SEED=${SEED})`, async () => {
  const all = LONG ? turn : flows;
  const simple = all.filter(({ options: { wrap, createAuth, unhurried } }) =>
    wrap === undefined && createAuth === undefined && unhurried !== true
  );
  let [compared, unlike, endless] = [0, 0, 0];
  for (const i of picked(simple.length, LONG ? Infinity : 10, SEED)) {
    const flow = simple[i]!;
    const one = await lookedAt(flow, { via: "method" });
    if (one.history.writes.length > LARGEST) {
      endless++;
      continue;
    }
    const other = await lookedAt(flow, { via: "method" });
    if (one.isTampered || isRace(one) || !isAlike(one, other)) { // what races in it may come out otherwise
      unlike++;
      continue;
    }
    for (const n of picked(3 * one.history.writes.length, LONG ? 10 : 2, SEED + i)) {
      for (const took of [false, true]) {
        const died = await stopped(flow, "method", n, took);
        // Of two writes at once now the one comes first, now the other.
        const isKnown = isRecorded(died, one) || isRecorded(died, other);
        expect([flow.name, n, took, isKnown]).toEqual([flow.name, n, took, true]);
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(5);
  const left = {
    "flows that are never twice the same": unlike,
    "flows that write too often to be stopped": endless,
  };
  showed("crash points", { stops: compared, ...left });
}, 10 * MINUTES);
