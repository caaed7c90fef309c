// A clock that is set back an hour, or ahead and back, in the middle of every flow: outcomes may differ, but nothing falls over, nothing
// hangs, and the rules hold.
import { describe, expect, test } from "vitest";
import { chance } from "../../src/testing/chance.ts";
import { RUNTIME } from "../suite/flow.ts";
import { type Change, planted } from "../suite/planted.ts";
import { allFlows } from "./flows.ts";
import { caught, inTurn, LONG, SEED, showed } from "./showed.ts";
import { HOUR, type Jumps, turned } from "./turned.ts";

const VIAS = ["method", "http"] as const;
const JUMPS = ["back", "ahead and back"] as const;
const SHARE = LONG ? 1 : RUNTIME === "node" ? 16 : 40; // of so many flows one: each run takes others
const POINTS = LONG ? 4 : 1; // operations of each flow at which the clock jumps

const all = await allFlows();
const flows = all.filter((_, i) => (i + SEED) % SHARE === 0);

test(`${flows.length} flows while the clock jumps`, async () => {
  let runs = 0;
  for (const flow of flows) {
    const random = chance(SEED + flow.name.length);
    for (const via of LONG ? VIAS : [VIAS[random(1)[0]! % 2]!]) {
      const plain = await turned(flow, via, new Map());
      for (let n = 0; n < POINTS * (LONG ? JUMPS.length : 1); n++) {
        const jumps = jumpsIn(plain.operations, random);
        const { crashes, broken } = await turned(flow, via, jumps);
        const about = `${flow.name}, by ${via}, ${JSON.stringify([...jumps])}, LATCHKEY_SEED=${SEED}`;
        expect(crashes.filter((one) => !plain.crashes.includes(one)), about).toEqual([]);
        expect(broken.filter((one) => !plain.broken.includes(one)), about).toEqual([]);
        runs++;
      }
    }
  }
  showed("disk", { "flows while the clock jumps": runs });
}, LONG ? 1_800_000 : 180_000);

describe.skipIf(RUNTIME !== "node")("what is seen", () => {
  const bugs: Readonly<Record<string, readonly [change: Change, flow: RegExp, saying: RegExp]>> = {
    "a mistake that only a clock set back brings out": [
      {
        file: "src/core/session_record.ts",
        from: "const { family } = current;",
        to:
          "const { family } = current; if (presented.now < current.createdAt) throw new RangeError('negative');",
      },
      /^a refresh token gets the next one/,
      /RangeError: negative/,
    ],
    "a wait that goes by the clock, and lasts for as long as it was set back": [
      {
        file: "src/core/sessions.ts",
        from: "if (platform.now() - at > store.deadline) {",
        to:
          "while (platform.now() < at) await platform.sleep(50); if (platform.now() - at > store.deadline) {",
      },
      /^a refresh token gets the next one/,
      /never ends/,
    ],
  };
  test.each(inTurn(Object.entries(bugs), 2))("%s", async (bug, [change, name, saying]) => {
    const createAuth = await planted([change]);
    const flow = all.find((one) => name.test(one.name));
    if (flow === undefined) throw new Error(`no flow is called ${name}`);
    const { operations } = await turned(flow, "method", new Map());
    const bad = { ...flow, options: { ...flow.options, createAuth } };
    const points = Array.from({ length: operations }, (_, n) => new Map([[n, -HOUR]]));
    const runs = await Promise.all(points.map((jumps) => turned(bad, "method", jumps, 2000)));
    expect(runs.flatMap(({ crashes }) => crashes).join("\n")).toMatch(saying);
    caught("disk", bug);
  });
});

function jumpsIn(operations: number, random: (length: number) => Uint8Array): Jumps {
  const [kind = 0, first = 0, second = 0] = random(3);
  const at = Math.floor((first / 256) * operations);
  if (JUMPS[kind % 2] === "back") return new Map([[at, -HOUR]]);
  return new Map([[at, HOUR], [at + 1 + Math.floor((second / 256) * (operations - at)), 0]]);
}
