// Plays of acts that are at something at once, until one goes wrong.
import { type Judged, needsOf, type Playing, type Rehearsed, rehearsed } from "./interleaving.ts";
import { byChance, crashing, everyOrder, type Risks } from "./orders.ts";
import { type Choose, replayed } from "./scheduler.ts";
import { SEED } from "./showed.ts";

/** How long and how acts are tried. */
export interface Trial extends Playing, Omit<Risks, "crash"> {
  /** How many orders of theirs at most, one after the other. */
  readonly orders?: number;
  /** Whose orders must all be tried: acts that take so many operations at most, each when it is alone. */
  readonly whole?: number;
  /** How many by chance. */
  readonly chances?: number;
  /** Whether in every other one of these a process crashes. */
  readonly crash?: boolean;
  /** In how many orders by chance each process crashes at each step. */
  readonly crashes?: number;
  readonly seed?: number;
  /** One of them alone, as a failure has named it. */
  readonly order?: string | undefined;
}

/** What was gone through. */
export interface Counts {
  readonly schedules: number;
  readonly steps: number;
  /** How many pairs were tried in all orders that matter. */
  readonly exhaustive: number;
}

/** Goes through orders of some acts.
 * @throws {Error} for the first that goes wrong: what, and in which order */
export async function tried(names: readonly string[], trial: Trial = {}): Promise<Counts> {
  const company = await rehearsed(needsOf(names), trial);
  try {
    return await triedIn(company, names, trial);
  } finally {
    await company.close();
  }
}

/** The same, where what they need was made ready. */
export async function triedIn(company: Rehearsed, names: readonly string[], trial: Trial): Promise<Counts> {
  const { orders = 0, whole = 0, order = process.env["LATCHKEY_ORDER"] } = trial;
  const acts = names.join(" ‖ ");
  let [steps, plays] = [0, 0];
  const play: Play = async (choose) => {
    const played = await company.play(names, choose);
    steps += played.steps;
    plays++;
    if (played.wrong.length === 0) return played;
    const replay = `LATCHKEY_SEED=${SEED} LATCHKEY_ACTS="${acts}" LATCHKEY_ORDER="${played.order}"`;
    throw new Error(`${acts}: ${played.wrong.join("; ")} (${replay})`);
  };
  if (order !== undefined) {
    if (acts === (process.env["LATCHKEY_ACTS"] ?? acts)) await play(replayed(order));
    return { schedules: plays, steps, exhaustive: 0 };
  }
  const isWhole = whole > 0 && await areShort(company, names, whole);
  const most = isWhole ? MOST_ORDERS : orders;
  const tried = { orders: 0, isAll: false };
  if (most > 0) Object.assign(tried, await everyOrder(async (choose) => void await play(choose), most));
  if (isWhole && !tried.isAll) throw new Error(`${acts}: ${MOST_ORDERS} plays are not all orders`);
  plays = 0;
  await byChances(play, trial);
  await crashingEverywhere(play, names.length, trial);
  return { schedules: tried.orders + plays, steps, exhaustive: tried.isAll ? 1 : 0 };
}

type Play = (choose: Choose) => Promise<Judged>;

/** More often than any two are played whose orders must all be tried. */
const MOST_ORDERS = 20_000;

async function areShort(company: Rehearsed, names: readonly string[], most: number): Promise<boolean> {
  for (const name of names) {
    const { steps } = await company.play([name], replayed(""));
    if (steps > most) return false;
  }
  return true;
}

/** Where a process crashes, it does so before the play before it, in which none did, was over. */
async function byChances(play: Play, trial: Trial): Promise<void> {
  const { chances = 0, seed = SEED, lost = 0, late = 0, crash = false } = trial;
  let length = 0;
  for (let i = 0; i < chances; i++) {
    const isCrash = crash && i % 2 === 1;
    const { steps } = await play(byChance(seed + i, { lost, late, ...(isCrash && { crash: length }) }));
    if (!isCrash) length = steps;
  }
}

async function crashingEverywhere(
  play: Play,
  processes: number,
  { crashes = 0, seed = SEED }: Trial,
): Promise<void> {
  for (let i = 0; i < crashes; i++) {
    const { steps } = await play(byChance(seed + i));
    for (let at = 0; at < steps; at++) {
      for (let process = 0; process < processes; process++) {
        await play(crashing(byChance(seed + i), at, process));
      }
    }
  }
}

/** Goes through orders of many groups of acts. What they need is made ready once for those that need the same. */
export async function triedAll(
  groups: readonly (readonly string[])[],
  trialOf: (group: number) => Trial,
): Promise<Counts> {
  const needs = (names: readonly string[]) => [...new Set(needsOf(names))].toSorted();
  const numbered = groups.map((names, i) => ({ names, trial: trialOf(i) }));
  const total = { schedules: 0, steps: 0, exhaustive: 0 };
  for (const alike of Map.groupBy(numbered, ({ names }) => needs(names).join()).values()) {
    const company = await rehearsed(needs(alike[0]?.names ?? []));
    for (const { names, trial } of alike) {
      const counts = await triedIn(company, names, trial);
      total.schedules += counts.schedules;
      total.steps += counts.steps;
      total.exhaustive += counts.exhaustive;
    }
    await company.close();
  }
  return total;
}
