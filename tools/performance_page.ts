// What docs/performance.md prints: what requests hash and sign, as counted now, and the last run of the bench. The rest of the page is written by hand.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Comparison, Outcome, RaceOutcome, ReadingOutcome } from "../bench/outcomes.ts";
import type { Quartiles } from "../bench/quartiles.ts";
import { readResults, type Results, warnings } from "../bench/results.ts";
import type { Runtime } from "../bench/row.ts";
import { figure, target } from "../bench/table.ts";
import type { Bounds, Verdict } from "../bench/verdicts.ts";
import { filled, table } from "./markdown.ts";

/** The page with its slots filled. */
export function performancePage(): string {
  const results = readResults();
  if (results === null) throw new Error("there are no results: run `npm run bench`");
  const texts = { work: work(), machine: machineOf(results), results: resultsOf(results.outcomes) };
  return filled("docs/performance.md", texts);
}

/** What each request hashes and signs. */
function work(): string {
  const script = fileURLToPath(new URL("work.ts", import.meta.url));
  const rows: readonly (readonly unknown[])[] = JSON.parse(
    execFileSync(process.execPath, [script], { encoding: "utf8" }),
  );
  return table(
    ["Request", "SHA-256", "HMAC", "Signatures made", "Signatures verified"],
    rows.map((row) => row.map(String)),
  );
}

/** A figure on one runtime. */
interface Cell {
  readonly work: string;
  readonly runtime: Runtime;
  readonly value: Quartiles;
  readonly unit: string;
  readonly bounds: Bounds;
  readonly verdict: Verdict;
}

const COLUMNS: readonly Runtime[] = ["node", "deno", "bun"];
const SIGNS: Readonly<Record<Verdict, string>> = { "yes": " ✓", "NO": " ✗", "?": " ?", "-": "" };

function machineOf({ machine, versions, outcomes }: Results): string {
  const { system, processor, cores, gigabytes, load } = machine;
  const days = [...new Set(outcomes.map(({ at }) => at.slice(0, 10)))].toSorted();
  const names = COLUMNS.map((name) => `${name[0]?.toUpperCase()}${name.slice(1)} ${versions[name]}`);
  const said = [
    `Measured on ${days.join(", ")}: ${cores} cores (${processor}), ${gigabytes} GB, ${system}; ${
      names.join(", ")
    }.`,
    ...warnings(load, outcomes),
  ];
  return said.join(" ");
}

function resultsOf(outcomes: readonly Outcome[]): string {
  const cells = outcomes.filter(({ row }) => row !== "operations").flatMap(cellsOf);
  const works = Map.groupBy(cells, ({ work }) => work);
  const rows = [...works].map(([work, all]) => {
    const bounds = all[0]?.bounds ?? {};
    const same = all.every((one) => target(one.bounds) === target(bounds));
    const asked = same ? target(bounds) : all.map((one) => target(one.bounds)).join(" / ");
    return [work, asked, ...COLUMNS.map((runtime) => shown(all.find((one) => one.runtime === runtime)))];
  });
  return table(["", "wanted", "Node", "Deno", "Bun"], rows);
}

function cellsOf(outcome: Outcome): readonly Cell[] {
  return outcome.is === "race" ? outcome.comparisons.map((one) => compared(outcome, one)) : [readOf(outcome)];
}

function compared(race: RaceOutcome, { ours, against, ratio, bounds, verdict }: Comparison): Cell {
  const by = ours === race.contestants[0]?.name ? "" : `, ${ours}`;
  return {
    work: `${race.title}${by} ÷ ${against}`,
    runtime: race.runtime,
    value: ratio,
    unit: "",
    bounds,
    verdict,
  };
}

function readOf({ title, runtime, value, unit, bounds, verdict }: ReadingOutcome): Cell {
  return { work: title, runtime, value, unit: ` ${unit}`, bounds, verdict };
}

function shown(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const { value: [lower, median, upper], unit, verdict } = cell;
  const between = lower === upper ? "" : ` (${figure(lower)}–${figure(upper)})`;
  return `${figure(median)}${unit}${between}${SIGNS[verdict]}`;
}
