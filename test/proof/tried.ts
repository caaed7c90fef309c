// Plays of acts that are at something at once, until one goes wrong.
import { type Judged, needsOf, type Playing, type Rehearsed, rehearsed } from "./interleaving.ts";
import { byChance, everyOrder, type Risks } from "./orders.ts";
import { replayed } from "./scheduler.ts";
import { SEED } from "./showed.ts";

/** How long and how acts are tried. */
export interface Trial extends Playing, Risks {
  /** How many orders of theirs at most, one after the other. */
  readonly orders?: number;
  /** How many by chance. */
  readonly chances?: number;
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
  const { orders = 0, chances = 0, seed = SEED, order = process.env["LATCHKEY_ORDER"] } = trial;
  const acts = names.join(" ‖ ");
  let steps = 0;
  const look = (played: Judged) => {
    steps += played.steps;
    if (played.wrong.length === 0) return;
    const replay = `LATCHKEY_SEED=${SEED} LATCHKEY_ACTS="${acts}" LATCHKEY_ORDER="${played.order}"`;
    throw new Error(`${acts}: ${played.wrong.join("; ")} (${replay})`);
  };
  if (order !== undefined) {
    if (acts !== (process.env["LATCHKEY_ACTS"] ?? acts)) return { schedules: 0, steps, exhaustive: 0 };
    look(await company.play(names, replayed(order)));
    return { schedules: 1, steps, exhaustive: 0 };
  }
  const all = orders === 0
    ? { orders: 0, isAll: false }
    : await everyOrder(async (choose) => look(await company.play(names, choose)), orders);
  for (let i = 0; i < chances; i++) look(await company.play(names, byChance(seed + i, trial)));
  return { schedules: all.orders + chances, steps, exhaustive: all.isAll ? 1 : 0 };
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
