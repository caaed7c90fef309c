// How long the instruments run, and what they say of it.
import { appendFileSync } from "node:fs";
import { RUNTIME } from "../suite/runtime.ts";

/** What shows something of every flow, in the order in which it is told of. */
export const INSTRUMENTS = [
  "crash points",
  "kills",
  "interleavings",
  "lost replies",
  "processes",
  "cluster",
  "disk",
  "secrets",
] as const;

/** One of them. */
export type Instrument = typeof INSTRUMENTS[number];

/** Which part of the full length this process runs: `3/10`. */
const [PART = 1, PARTS = 1] = process.env["LATCHKEY_LONG"]?.split("/").map(Number) ?? [];

/** Whether the instruments run at their full length (`npm run test:long`), and not at what fits into every test run. */
export const LONG: boolean = process.env["LATCHKEY_LONG"] !== undefined;

/** What chance follows from: another one in each run, and in every message that tells of a failure. `LATCHKEY_SEED` replays it. */
export const SEED: number = Number(process.env["LATCHKEY_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

/** What of a list has its turn: at full length all of this process's part, and otherwise one in `of`, in each run others. So that a run
 * tries other things here and there, on store after store say, each begins `from` a place of its own. */
export function inTurn<T>(all: readonly T[], of: number, from = 0): readonly T[] {
  return all.filter((_, i) => LONG ? i % PARTS === PART - 1 : (i + SEED + from) % of === 0);
}

/** Tells what an instrument went through: how many of what. Counts of the same name are added up over all tests of a run. */
export function showed(instrument: Instrument, counts: Readonly<Record<string, number>>): void {
  tell({ instrument, counts, seed: SEED });
}

/** Tells that an instrument has caught a planted bug. */
export function caught(instrument: Instrument, bug: string): void {
  tell({ instrument, bug });
}

function tell(what: object): void {
  const path = process.env["LATCHKEY_SHOWED"];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify({ runtime: RUNTIME, ...what })}\n`);
}
