// `npm run bench`: measures every row on every runtime, each in a process of its own; prints a table of ratios beside the targets, writes
// `bench/results.json` and draws the charts. `-- --only=session,code --runtime=node,bun` measures a part, `-- --short` only sees that all
// of it runs and writes nothing, `-- --draw` prints and draws what was measured last.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { drawCharts } from "./draw.ts";
import { machine } from "./machine.ts";
import type { Outcome } from "./outcomes.ts";
import { merged, readResults, warnings, writeResults } from "./results.ts";
import type { Row, Runtime } from "./row.ts";
import { measured, RUNTIMES, version } from "./runtimes.ts";
import { table } from "./table.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    runtime: { type: "string" },
    short: { type: "boolean", default: false },
    draw: { type: "boolean", default: false },
  },
});

const before = machine();
const failures: string[] = [];
const latest = flags.draw ? [] : await measureAll();
const earlier = readResults();
const outcomes = merged(earlier?.outcomes ?? [], latest);

console.log(table(flags.draw ? outcomes : latest));
for (const warning of [...failures, ...warnings(before.load, latest)]) {
  console.log(`\n! ${warning}`);
}
if (failures.length > 0) process.exitCode = 1;
if (!flags.short) {
  const versions = Object.fromEntries(
    RUNTIMES.map((runtime) => [runtime, version(runtime)]),
  );
  if (!flags.draw) writeResults({ machine: before, versions, outcomes });
  drawCharts(outcomes);
}

async function measureAll(): Promise<readonly Outcome[]> {
  const all: Outcome[] = [];
  for (const name of chosen(rowNames(), flags.only)) {
    const { row }: { row: Row } = await import(
      new URL(`rows/${name}.ts`, import.meta.url).href
    );
    for (const runtime of chosen(row.runtimes ?? RUNTIMES, flags.runtime)) {
      all.push(...await measure(name, runtime));
    }
  }
  return all;
}

async function measure(
  name: string,
  runtime: Runtime,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  console.error(`${name} on ${runtime} ...`);
  try {
    for await (
      const one of measured(name, runtime, flags.short ? ["--short"] : [])
    ) outcomes.push(one);
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  }
  return outcomes;
}

function rowNames(): readonly string[] {
  const files = readdirSync(join(import.meta.dirname, "rows")).filter((name) => name.endsWith(".ts"));
  return files.map((name) => name.slice(0, -".ts".length)).toSorted();
}

/** Those of them that a flag lists; all where it is not given. */
function chosen<Name extends string>(
  all: readonly Name[],
  flag: string | undefined,
): readonly Name[] {
  return flag === undefined ? all : all.filter((name) => flag.split(",").includes(name));
}
