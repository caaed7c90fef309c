// What a flow makes of a store whose answers get lost.
import { AsyncLocalStorage } from "node:async_hooks";
import { chance } from "../../src/testing/chance.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Via } from "../suite/client.ts";
import type { Flow } from "../suite/flow.ts";
import { wrongAfter } from "./healing.ts";
import { type Looked, lookedAt } from "./looked_at.ts";
import { attended, isEndless } from "./stall.ts";
import { wreckAfter } from "./wreck.ts";

/** What becomes of a swap whose reply is lost: it takes no effect; it took effect; it takes effect when all is over. `twice`: nothing is
 * lost, but a client sends it again by itself, and tells what was answered then. */
export const WAYS = ["before", "after", "later", "twice"] as const;
export type Way = typeof WAYS[number];

/** What is lost: the swap of a number, each one, or one in so many by chance. */
export type Which = { readonly nth: number } | { readonly oneIn: number; readonly seed: number };

/** How a flow is tried. */
export interface Losing {
  readonly via: Via;
  readonly way: Way;
  readonly which: Which;
  /** How many people sign in afterwards, at most. */
  readonly most: number;
  readonly seed: number;
  /** What servers are given in place of the store, besides. */
  readonly driver?: (truth: Driver) => Driver;
}

/** What came of it. */
export interface Lost {
  readonly wrong: readonly string[];
  readonly lost: number;
}

/** What a flow does on a store that loses nothing. */
export interface Clean {
  readonly looked: Looked;
  readonly swaps: number;
}

/** Runs a flow undisturbed. */
export async function clean(flow: Flow, via: Via): Promise<Clean> {
  let swaps = 0;
  const looked = await lookedAt(flow, {
    via,
    pretend: (truth) => ({ ...truth, swap: (...given) => (swaps++, truth.swap(...given)) }),
  });
  return { looked, swaps };
}

/** Runs a flow on a store that loses replies, and tells what is wrong then and afterwards. */
export async function lossy(flow: Flow, { looked: before }: Clean, losing: Losing): Promise<Lost> {
  const { via, seed, most, driver = (truth) => truth } = losing;
  const network = networkOf(losing);
  async function run(here: Parameters<Flow["run"]>[0]): Promise<void> {
    try {
      await flow.run(here);
    } finally {
      for (const call of network.late) await call();
    }
  }
  const looked = await attended({ ...flow, run }, {
    via,
    pretend: (truth) => network.losing(driver(truth)),
  });
  const { lost } = network;
  const endless = isEndless(looked) ? ["it never ends"] : [];
  const wrong = [...endless, ...looked.broken, ...oddIn(looked, before, lost), ...mailsIn(looked)];
  if (!looked.isTampered) {
    const wreck = wreckAfter(looked, looked.history.writes.length);
    const later = seed % 2 * LATER;
    wrong.push(...await wrongAfter(wreck, { via, later, seed, most, createAuth: flow.options.createAuth }));
  }
  const how = `${losing.way}, ${JSON.stringify(losing.which)}, by ${via}`;
  return { wrong: [...new Set(wrong)].map((one) => `${how}: ${one}`), lost };
}

const LATER = 61; // seconds: past every deadline

function networkOf({ way, which }: Losing) {
  const late: (() => Promise<unknown>)[] = [];
  const random = "seed" in which ? chance(which.seed) : null;
  let count = 0;
  const network = { late, lost: 0, losing };

  function isLost(): boolean {
    const n = count++;
    if ("nth" in which) return n === which.nth;
    return ((random?.(1)[0] ?? 0) / 256) * which.oneIn < 1;
  }

  function losing(truth: Driver): Driver {
    return {
      ...truth,
      async swap(...given) {
        if (!isLost()) return await truth.swap(...given);
        network.lost++;
        if (way === "later") {
          const within = AsyncLocalStorage.snapshot(); // it is still the call's own
          late.push(async () => await within(() => truth.swap(...given)));
        }
        if (way === "after" || way === "twice") await truth.swap(...given);
        if (way === "twice") return await truth.swap(...given);
        throw new Error("ECONNRESET");
      },
    };
  }
  return network;
}

/** Failures that a lost reply is no reason for. */
function oddIn(looked: Looked, before: Looked, lost: number): readonly string[] {
  const known = new Set(before.history.calls.map(({ code }) => code));
  const odd = new Set(["internal", "storage_corrupt", ...(lost === 0 ? ["storage_unavailable"] : [])]);
  return looked.history.calls
    .filter(({ code }) => code !== undefined && odd.has(code) && !known.has(code))
    .map(({ name, code }) => `${name} failed with ${code}`);
}

/** What sends a mail: it is asked for, or tells an owner what was done. */
const MAILING =
  /(start|startReset|resend|finishRegistration|key\.add|key\.remove|password\.(signUp|signIn|change|verifyChange|finishReset))$/;

/** Each mail was asked for. */
function mailsIn({ history: { calls }, mails }: Looked): readonly string[] {
  const asked = calls.filter(({ name }) => MAILING.test(name)).length;
  return mails.length > asked ? [`${mails.length} mails, and ${asked} were asked for`] : [];
}
