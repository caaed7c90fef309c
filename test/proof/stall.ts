// Whether something goes on: a flow that waits for what will never come would be waited for without end.
import type { Flow } from "../suite/flow.ts";
import type { World } from "../suite/world.ts";
import { type Looked, lookedAt, type Looking } from "./looked_at.ts";

interface Watch {
  /** To be called at each sign of life. */
  readonly beat: () => void;
  /** Rejects after a while without any. */
  readonly stalled: Promise<never>;
  readonly stop: () => void;
}

const LOOK = 1000; // ms
const LOOKS = 4; // before time passes; as many again without a sign of life
const WHILE = 6; // seconds: longer than a deadline
const LOOKS_IN_ALL = 25;

/** What ends a flow that goes on asking the store for ever. */
const ENDLESS = "it never ends";

/** Watches. `wait` lets time pass: whoever waits by the clock for somebody who will not come goes on. */
function watch(wait: () => unknown): Watch {
  let beats = 0;
  let [seen, still, looks] = [0, 0, 0];
  const { promise: stalled, reject } = Promise.withResolvers<never>();
  stalled.catch(() => {}); // nobody may be waiting any more
  const timer = setInterval(() => {
    still = beats === seen ? still + 1 : 0;
    seen = beats;
    if (looks >= LOOKS) wait();
    if (still >= 2 * LOOKS) reject(new Error("it waits for what never comes"));
    if (++looks >= LOOKS_IN_ALL) reject(new Error(ENDLESS));
  }, LOOK);
  return { beat: () => void beats++, stalled, stop: () => clearInterval(timer) };
}

/** A flow as `lookedAt` runs it; one that no longer asks the store for anything, or asks it for ever, has failed. */
export async function attended(flow: Flow, looking: Looking): Promise<Looked> {
  let here: World | undefined;
  const { beat, stalled, stop } = watch(() => here?.turn(WHILE));
  const run = (world: World) => flow.run(here = world);
  const seen: NonNullable<Looking["pretend"]> = (truth) => {
    const driver = looking.pretend?.(truth) ?? truth;
    return {
      ...driver,
      getItem: (key) => (beat(), driver.getItem(key)),
      swap: (...given) => (beat(), driver.swap(...given)),
    };
  };
  try {
    return await lookedAt({ ...flow, run }, { ...looking, pretend: seen }, stalled);
  } finally {
    stop();
  }
}

/** Whether a flow goes on for ever: what its script waits for in vain is its own affair, but no call may try again without end. */
export function isEndless({ failure }: Looked): boolean {
  return failure instanceof Error && failure.message === ENDLESS;
}
