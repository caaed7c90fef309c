// Two flows at once, each a process of its own, on one store and by one clock.
import { createAuth } from "../../src/auth.ts";
import { clock as clockOf } from "../../src/testing/clock.ts";
import type { Flow } from "../suite/flow.ts";
import { emptyStore, own } from "../suite/stores.ts";
import { world } from "../suite/world.ts";
import { collector } from "./belongings.ts";
import { type Call, witness } from "./history.ts";
import { contradictions, type Operation } from "./linearizable.ts";
import { lookedAt } from "./looked_at.ts";
import { byChance } from "./orders.ts";
import { counter, recording } from "./recording.ts";
import { broken } from "./rules.ts";
import { stage as stageOf } from "./scheduler.ts";
import { claimKeys } from "./state.ts";

/** What two flows did to each other. */
export interface Met {
  /** How many scripts never came to their end: what they wait for was taken by the other. */
  readonly left: number;
  readonly wrong: readonly string[];
  readonly steps: number;
  readonly order: string;
}

/** Runs some flows at once. They may keep each other from what they expect: what is asked is whether the rules hold all the same. */
export async function met(flows: readonly Flow[], seed: number): Promise<Met> {
  const clock = clockOf();
  const eye = witness(clock.now);
  const { noting, secrets } = collector();
  const truth = emptyStore(clock.now);
  const stage = stageOf({ patience: 500 });
  const operations: Operation[] = [];
  const clerk = { clock: counter(), history: operations };
  const worlds = flows.map(({ options }, i) =>
    world("memory", "method", {
      ...options,
      clock,
      seed: seed + i,
      // Written down at the store itself, where those come too to whom a script gives a driver of its own.
      premises: () => {
        const seen = recording(eye.watched(truth), { ...clerk, process: String(i) });
        return own({ ...seen, dispose: () => {} });
      },
      wrap(driver) {
        const place = stage.driver(i, driver);
        return options.wrap?.(place) ?? place;
      },
      createAuth(given) {
        const sleep = stage.sleep(i, given.platform?.sleep ?? clock.sleep);
        const paced: typeof given = { ...given, platform: { ...given.platform, sleep } };
        return eye.watching(noting(options.createAuth ?? createAuth))(paced);
      },
    })
  );
  const parts = flows.map(({ name, run }, i) => ({ name, act: () => run(worlds[i]!) }));
  const { told, steps, order } = await stage.play(parts, byChance(seed), clock.turn);
  const contents = new Map(await Array.fromAsync(truth.entries("")));
  const claimKey = await claimKeys(contents, secrets, eye.history.writes).catch(() => null);
  const stores = eye.history.writes.filter(({ key, after }) => key.endsWith("lookup-key") && after !== null);
  const isTampered = new Set(stores.map(({ key }) => key)).size > 1 ||
    eye.history.writes.some(({ call }) => call === null);
  await truth.dispose();
  return {
    left: told.filter((one) => one === undefined).length,
    wrong: [
      ...await oddIn(flows, eye.history.calls),
      ...(isTampered ? [] : broken(eye.history, claimKey)),
      ...(isTampered
        ? []
        : contradictions(operations).map(({ key }) => `the answers at ${key} fit no order`)),
    ],
    steps,
    order,
  };
}

/** Failures of which no flow alone knows. */
async function oddIn(flows: readonly Flow[], calls: readonly Call[]): Promise<readonly string[]> {
  const odd = calls.filter(({ code, cause = "" }) =>
    code !== undefined && !KNOWN.test(code) && !LATE.test(cause)
  );
  if (odd.length === 0) return [];
  const alone = await Promise.all(flows.map((flow) => lookedAt(flow, { via: "method" })));
  const known = new Set(alone.flatMap(({ history }) => history.calls.map(({ code }) => code)));
  return odd.filter(({ code }) => !known.has(code)).map(({ name, code }) => `${name} failed with ${code}`);
}

/** One flow turns the clock while an application's own code is judging in the other: then that took too long. */
const LATE = /^users\.fields: .* no answer within/;

/** What a caller is told; anything else is the name of what was thrown. */
const KNOWN = /^(?!internal$|storage_corrupt$)[a-z_]+$/;
