// Four servers in this process that hammer on one store at once, and what hammering leaves behind.
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import type { Driver } from "../../src/store/driver.ts";
import { chance } from "../../src/testing/chance.ts";
import { mailbox } from "../../src/testing/mailbox.ts";
import { unhurried } from "../../src/testing/unhurried.ts";
import { SECRET } from "../suite/world.ts";
import { type Board, board } from "./board.ts";
import type { Taken } from "./hammer_child.ts";
import { common, type Hammer, hammering, OPTIONS } from "./hammer.ts";
import type { Operation } from "./linearizable.ts";
import { machineClock, recording } from "./recording.ts";
import type { Request } from "./requests.ts";
import { claimKeys, leftIn, wrongWith } from "./state.ts";

/** What was noted, and what is wrong with what they left: at the end, and after a sweep a day later. */
export interface Hammered extends Taken {
  readonly wrong: readonly string[];
}

/** Who hammers for how long. */
export interface Hammering {
  readonly seed: number;
  readonly seconds: number;
}

/** What the servers are made by, and the store that they stand on. */
export interface Hammers {
  readonly make: typeof createAuth;
  readonly store: Driver;
}

/** The names of the four. */
export const NAMES: readonly string[] = ["one", "two", "three", "four"];

/** In milliseconds. */
export const DAY = 86_400_000;
const ROUND = 500; // ms

/** Four servers in this process on an empty store, which is far away, until time is over, or what they noted is what was looked for. */
export async function hammeredHere(
  { make = createAuth, store = memory() }: Partial<Hammers>,
  { seed, seconds }: Hammering,
  isFound: (log: readonly Request[]) => boolean = () => false,
): Promise<Hammered> {
  const [log, history]: [Request[], Operation[]] = [[], []];
  const clock = machineClock();
  const boards: Board[] = [];
  const hammers = NAMES.map((process, i): Hammer => {
    const [box, random] = [mailbox(), chance(seed + i)];
    const mine = board((post) => boards.forEach((other) => other !== mine && other.take(post)));
    boards.push(mine);
    const storage = recording(unhurried(store), { process, clock, history });
    const auth = make({ ...OPTIONS, ...common(storage, box.send) });
    return {
      process,
      auth,
      mailbox: box,
      clock,
      board: mine,
      log,
      dice: (sides) => Number(random(1)[0]) % sides,
    };
  });
  const [began, whole] = [clock.since(), seconds * 1000];
  for (let until = ROUND; until - ROUND < whole; until += ROUND) {
    const isOver = () => clock.since() - began > Math.min(until, whole);
    await Promise.all(hammers.map((one) => hammering(one, isOver)));
    if (isFound(log)) break; // nothing is on its way, so whatever explains it is in the log
  }
  const later = memory({ now: () => Date.now() + DAY });
  for await (const [key, text] of store.entries("")) await later.setItem(key, text);
  return { log, history, wrong: await wrongAt(later, make) };
}

/** What is wrong with a store, now that everybody is done, and a day later, when it was swept. */
export async function wrongAt(driver: Driver, make: typeof createAuth): Promise<readonly string[]> {
  const { platform, ...others } = common(driver, () => {});
  const auth = make({ ...OPTIONS, ...others, platform: { ...platform, now: () => Date.now() + DAY } });
  try {
    const before = new Map(await Array.fromAsync(driver.entries("")));
    const keys = await claimKeys(before, [SECRET]);
    if (keys === null) return ["a lookup key that nobody can open"];
    await auth.sweep();
    const after = new Map(await Array.fromAsync(driver.entries("")));
    return [...wrongWith(before, keys), ...leftIn(after, keys, Date.now() + DAY)];
  } finally {
    await auth.close();
    await driver.dispose();
  }
}
