// A flow whose servers see their clock jump in the middle.
import { createAuth } from "../../src/auth.ts";
import type { Platform } from "../../src/platform.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Via } from "../suite/client.ts";
import type { Flow } from "../suite/flow.ts";
import type { Line, World } from "../suite/world.ts";
import { type Looked, lookedAt } from "./looked_at.ts";

/** How far the clock is off from an operation on, counted from 0: by operation, in milliseconds. The latest that has come holds. */
export type Jumps = ReadonlyMap<number, number>;

/** What became of a flow. */
export interface Turned extends Pick<Looked, "broken"> {
  /** How many operations it asked of the store. */
  readonly operations: number;
  /** What of it is no answer of ours: mistakes in the code, and what never ended. */
  readonly crashes: readonly string[];
}

export const HOUR = 3_600_000;

const PATIENCE = 10_000; // ms
const KEYS_GO = "signing keys are made once"; // by a clock that is ahead, what they signed has expired

/** Runs a flow by a clock that jumps, for `ms` milliseconds at most. */
export async function turned(flow: Flow, via: Via, jumps: Jumps, ms: number = PATIENCE): Promise<Turned> {
  let operations = 0;
  let off = 0;
  let here: World | undefined;
  const make = flow.options.createAuth ?? createAuth;
  const jumping: Flow = {
    name: flow.name,
    options: {
      ...flow.options,
      createAuth(given) {
        const turned: typeof given = { ...given, platform: shifted(given.platform, () => off) };
        return make(turned);
      },
    },
    run(world: World) {
      here = world;
      return flow.run(world);
    },
  };
  const counted = (driver: Driver): Driver => {
    const count = () => {
      off = jumps.get(operations++) ?? off;
    };
    return {
      ...driver,
      getItem: (key) => (count(), driver.getItem(key)),
      swap: (...args) => (count(), driver.swap(...args)),
    };
  };
  const watch = patience(() => here, ms);
  try {
    const looked = await lookedAt(jumping, { via, pretend: counted }, watch.over);
    const waiting = looked.history.calls.filter(({ ended }) => watch.isOver() && ended === null);
    const crashes = [
      ...waiting.map(({ name }) => `${name} never ends`),
      ...crash(looked.failure),
      ...(here?.lines ?? []).flatMap(internal),
    ];
    const isAhead = [...jumps.values()].some((off) => off > 0);
    const broken = looked.broken.filter((one) => !(isAhead && one.startsWith(KEYS_GO)));
    return { operations, crashes, broken };
  } finally {
    watch.stop();
  }
}

/** Waits for longer than any flow takes. A flow may wait for what does not come where time jumps, but no call of ours: those that wait
 * for a deadline by the clock see it pass. */
function patience(here: () => World | undefined, ms: number) {
  const over = Promise.withResolvers<void>();
  let isOver = false;
  const timer = setTimeout(async () => {
    for (let n = 0; n < 10; n++) await here()?.turn("10s");
    isOver = true;
    over.resolve();
  }, ms);
  return { over: over.promise, isOver: () => isOver, stop: () => clearTimeout(timer) };
}

function shifted(given: Partial<Platform> | undefined, off: () => number): Partial<Platform> {
  const { now = () => Date.now(), ...others } = given ?? {};
  return { ...others, now: () => now() + off() };
}

/** A mistake in the code: what is thrown by it, and is no answer. What the flow itself finds other than it expects is none. */
function crash(failure: unknown): readonly string[] {
  if (!(failure instanceof Error)) return [];
  const first = failure.stack?.split("\n").find((line) => /^\s*at /.test(line)) ?? "";
  const isOurs = /\/(?:src|drivers)\//.test(first) && !/\/src\/testing\//.test(first);
  return isOurs && failure.name !== "AuthError"
    ? [`${failure.name}: ${failure.message} ${first.trim()}`]
    : [];
}

function internal({ code, cause }: Line): readonly string[] {
  return code === "internal" ? [`internal: ${cause}`] : [];
}
