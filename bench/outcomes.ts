// What a worker says of what it measured, as one line of JSON; and how it is read again.
import {
  array,
  type GenericSchema,
  literal,
  number,
  object,
  optional,
  picklist,
  string,
  tuple,
  variant,
} from "valibot";
import type { Played } from "./contest.ts";
import { type Quartiles, quartiles, spread } from "./quartiles.ts";
import type { Race, Reading, Runtime } from "./row.ts";
import { type Bounds, boundsOn, type Verdict, verdict } from "./verdicts.ts";

/** Where and when something was measured. */
interface Measured {
  readonly row: string;
  readonly title: string;
  readonly runtime: Runtime;
  /** When, by ISO 8601. */
  readonly at: string;
}

/** One contestant beside another, round by round. */
export interface Comparison {
  readonly ours: string;
  readonly against: string;
  readonly ratio: Quartiles;
  readonly bounds: Bounds;
  readonly verdict: Verdict;
}

/** What came of a race. */
export interface RaceOutcome extends Measured {
  readonly is: "race";
  readonly contestants: readonly {
    readonly name: string;
    readonly perSecond: Quartiles;
  }[];
  readonly comparisons: readonly Comparison[];
  /** How much the time of a fixed piece of work varied meanwhile, as a part of its median. */
  readonly noise: number;
  readonly chart?: string | undefined;
}

/** What was read. */
export interface ReadingOutcome extends Measured {
  readonly is: "reading";
  readonly unit: string;
  readonly value: Quartiles;
  readonly bounds: Bounds;
  readonly verdict: Verdict;
}

/** What one row gave on one runtime. */
export type Outcome = RaceOutcome | ReadingOutcome;

/** Where something is measured, as far as the row cannot know it. */
export type Place = Omit<Measured, "title">;

/** What came of a race.
 * @throws {Error} Where a target speaks of a contestant that there is not. */
export function raceOutcome(
  place: Place,
  race: Race,
  { rates, pace }: Played,
): RaceOutcome {
  const perSecond = (name: string) => {
    const rate = rates.find((one) => one.name === name);
    if (rate === undefined) {
      throw new Error(`nobody in "${race.title}" is called ${name}`);
    }
    return rate.perSecond;
  };
  const comparisons = race.targets.map(
    ({ ours = rates[0]?.name ?? "", against, ...asked }) => {
      const theirs = perSecond(against);
      const ratio = quartiles(
        perSecond(ours).map((one, round) => one / (theirs[round] ?? NaN)),
      );
      const bounds = boundsOn(place.runtime, asked);
      return { ours, against, ratio, bounds, verdict: verdict(ratio, bounds) };
    },
  );
  const contestants = rates.map((rate) => ({
    name: rate.name,
    perSecond: quartiles(rate.perSecond),
  }));
  const { title, chart } = race;
  return {
    is: "race",
    ...place,
    title,
    contestants,
    comparisons,
    noise: spread(quartiles(pace)),
    chart,
  };
}

/** What was read, judged. */
export function readingOutcome(
  place: Place,
  { title, unit, values, ...asked }: Reading,
): ReadingOutcome {
  const value = quartiles(values);
  const bounds = boundsOn(place.runtime, asked);
  return {
    is: "reading",
    ...place,
    title,
    unit,
    value,
    bounds,
    verdict: verdict(value, bounds),
  };
}

const quartilesSchema: GenericSchema<unknown, Quartiles> = tuple([
  number(),
  number(),
  number(),
]);
const judged = {
  bounds: object({ atLeast: optional(number()), atMost: optional(number()) }),
  verdict: picklist(["yes", "NO", "?", "-"]),
};
const measured = {
  row: string(),
  title: string(),
  runtime: picklist(["node", "deno", "bun"]),
  at: string(),
};

/** What a worker prints, and what the file of results is made of. */
export const outcomeSchema: GenericSchema<unknown, Outcome> = variant("is", [
  object({
    is: literal("race"),
    ...measured,
    contestants: array(object({ name: string(), perSecond: quartilesSchema })),
    comparisons: array(
      object({
        ours: string(),
        against: string(),
        ratio: quartilesSchema,
        ...judged,
      }),
    ),
    noise: number(),
    chart: optional(string()),
  }),
  object({
    is: literal("reading"),
    ...measured,
    unit: string(),
    value: quartilesSchema,
    ...judged,
  }),
]);
