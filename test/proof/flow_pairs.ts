// Two flows at once, each a process of its own, on one store and by one clock.
import { createAuth } from "../../src/auth.ts";
import { clock as clockOf } from "../../src/testing/clock.ts";
import type { Flow } from "../suite/flow.ts";
import { emptyStore, own } from "../suite/stores.ts";
import { SECRET, world } from "../suite/world.ts";
import { witness } from "./history.ts";
import { byChance } from "./orders.ts";
import { broken } from "./rules.ts";
import { stage as stageOf } from "./scheduler.ts";
import { claimKeys } from "./state.ts";

/** What two flows did to each other. */
export interface Met {
  /** The codes that calls failed with. */
  readonly codes: readonly string[];
  readonly wrong: readonly string[];
  readonly steps: number;
  readonly order: string;
}

/** Runs some flows at once. They may keep each other from what they expect: what is asked is whether the rules hold all the same. */
export async function met(flows: readonly Flow[], seed: number): Promise<Met> {
  const clock = clockOf();
  const eye = witness(clock.now);
  const truth = emptyStore(clock.now);
  const stage = stageOf({ patience: 500 });
  const worlds = flows.map(({ options }, i) =>
    world("memory", "method", {
      ...options,
      clock,
      seed: seed + i,
      premises: () => own({ ...eye.watched(truth), dispose: () => {} }),
      wrap(driver) {
        const place = stage.driver(i, driver);
        return options.wrap?.(place) ?? place;
      },
      createAuth: (given) =>
        eye.watching(options.createAuth ?? createAuth)({
          ...given,
          platform: { ...given.platform, sleep: stage.sleep(i, given.platform?.sleep ?? clock.sleep) },
        }),
    })
  );
  const parts = flows.map(({ name, run }, i) => ({ name, act: () => run(worlds[i]!) }));
  const { steps, order } = await stage.play(parts, byChance(seed), clock.turn);
  const contents = new Map(await Array.fromAsync(truth.entries("")));
  const secrets = flows.flatMap(({ options }) => [options.options?.secret ?? []].flat());
  const claimKey = await claimKeys(contents, [...secrets, SECRET]).catch(() => null);
  const stores = eye.history.writes.filter(({ key, after }) => key.endsWith("lookup-key") && after !== null);
  const isTampered = new Set(stores.map(({ key }) => key)).size > 1 ||
    eye.history.writes.some(({ call }) => call === null);
  await truth.dispose();
  return {
    codes: eye.history.calls.flatMap(({ code }) => code ?? []),
    wrong: isTampered ? [] : broken(eye.history, claimKey),
    steps,
    order,
  };
}
