// The file of results: what was measured last, by row and runtime.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { array, type GenericSchema, number, object, parse, record, string } from "valibot";
import { BUSY, type Machine, NOISY } from "./machine.ts";
import { type Outcome, outcomeSchema } from "./outcomes.ts";
import { RUNTIMES } from "./runtimes.ts";

/** What is kept of a run, and of earlier runs where a run measures a part. */
export interface Results {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly outcomes: readonly Outcome[];
}

/** Where results are kept. */
export const RESULTS: URL = new URL("results.json", import.meta.url);

const resultsSchema: GenericSchema<unknown, Results> = object({
  machine: object({
    system: string(),
    processor: string(),
    cores: number(),
    gigabytes: number(),
    load: number(),
  }),
  versions: record(string(), string()),
  outcomes: array(outcomeSchema),
});

/** The results of last time; null where there are none. */
export function readResults(): Results | null {
  return existsSync(RESULTS) ? parse(resultsSchema, JSON.parse(readFileSync(RESULTS, "utf8"))) : null;
}

/** Writes results, with as many digits as say something. */
export function writeResults(results: Results): void {
  const short = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value;
  writeFileSync(RESULTS, `${JSON.stringify(results, short, 2)}\n`);
}

/** New outcomes in place of the earlier ones of the same rows on the same runtimes; in the order of rows, and of runtimes within. */
export function merged(
  earlier: readonly Outcome[],
  latest: readonly Outcome[],
): readonly Outcome[] {
  const place = ({ row, runtime }: Outcome) => `${row} ${RUNTIMES.indexOf(runtime)}`;
  const measured = new Set(latest.map(place));
  const all = [
    ...earlier.filter((one) => !measured.has(place(one))),
    ...latest,
  ];
  return all.toSorted((a, b) => place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0);
}

/** Sentences that say why a run says little; none where the machine was quiet. */
export function warnings(
  load: number,
  outcomes: readonly Outcome[],
): readonly string[] {
  const noisy = outcomes.filter((one) => one.is === "race" && one.noise > NOISY);
  return [
    ...(load > BUSY
      ? [
        `Others used this machine when the run began: ${
          load.toFixed(2)
        } processes wanted to run, in the minute before.`,
      ]
      : []),
    ...(noisy.length > 0
      ? [
        `In ${noisy.length} of ${outcomes.length} measurements a fixed piece of work varied by more than ${
          NOISY * 100
        } %: they say little.`,
      ]
      : []),
  ];
}
