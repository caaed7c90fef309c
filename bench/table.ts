import type { Comparison, Outcome, RaceOutcome } from "./outcomes.ts";
import { NOISY } from "./machine.ts";
import type { Quartiles } from "./quartiles.ts";
import type { Bounds } from "./verdicts.ts";

const HEAD = [
  "work",
  "runtime",
  "ours",
  "against",
  "theirs",
  "ratio (quartiles)",
  "target",
  "",
];

/** Outcomes as a table for a terminal: each figure beside what it must come to. */
export function table(outcomes: readonly Outcome[]): string {
  const lines = [HEAD, ...outcomes.flatMap(linesOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
      .trimEnd()
  )
    .join("\n");
}

/** A number with as many digits as say something: 12,345; 12.3; 0.12. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** What is asked, in signs: `≥ 100`. */
export function target({ atLeast, atMost }: Bounds): string {
  const asked = [
    atLeast === undefined ? "" : `≥ ${atLeast}`,
    atMost === undefined ? "" : `≤ ${atMost}`,
  ];
  return asked.filter((one) => one !== "").join(", ");
}

function linesOf(outcome: Outcome): readonly (readonly string[])[] {
  if (outcome.is === "race") {
    return outcome.comparisons.map((one) => comparisonLine(outcome, one));
  }
  const { title, runtime, unit, value, bounds, verdict } = outcome;
  return [[
    title,
    runtime,
    `${figure(value[1])} ${unit}`,
    "",
    "",
    between(value),
    target(bounds),
    verdict,
  ]];
}

function comparisonLine(
  race: RaceOutcome,
  { ours, against, ratio, bounds, verdict }: Comparison,
): readonly string[] {
  const rate = (name: string) => {
    const found = race.contestants.find((one) => one.name === name);
    return `${figure(found?.perSecond[1] ?? NaN)}/s`;
  };
  const said = race.noise > NOISY ? `${verdict} (noisy)` : verdict;
  const ratios = `${figure(ratio[1])} ${between(ratio)}`;
  const work = ours === race.contestants[0]?.name ? race.title : `${race.title}: ${ours}`;
  return [
    work,
    race.runtime,
    rate(ours),
    against,
    rate(against),
    ratios,
    target(bounds),
    said,
  ];
}

function between([lower, , upper]: Quartiles): string {
  return lower === upper ? "" : `(${figure(lower)}–${figure(upper)})`;
}
