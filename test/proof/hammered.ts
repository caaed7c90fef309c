// Four servers in this process that hammer on one store at once, and what hammering leaves behind.
import memory from "../../drivers/memory.ts";
import type { createAuth } from "../../src/auth.ts";
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

/** The names of the four. */
export const NAMES: readonly string[] = ["one", "two", "three", "four"];

/** In milliseconds. */
export const DAY = 86_400_000; // ms

/** Four servers in this process on a store that is far away, until time is over, or what they noted is what was looked for. */
export async function hammeredHere(
  make: typeof createAuth,
  { seed, seconds }: Hammering,
  isFound: (log: readonly Request[]) => boolean = () => false,
): Promise<Hammered> {
  const [log, history]: [Request[], Operation[]] = [[], []];
  const [clock, store] = [machineClock(), memory()];
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
  const began = clock.since();
  let [isOver, looked] = [false, began];
  const isDone = () => {
    const now = clock.since();
    if (now - looked > 250) [looked, isOver] = [now, isOver || isFound(log)];
    return isOver ||= now - began > seconds * 1000;
  };
  await Promise.all(hammers.map((one) => hammering(one, isDone)));
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
