import { mkdirSync, writeFileSync } from "node:fs";
import { charts } from "./charts.ts";
import type { Outcome } from "./outcomes.ts";

const FOLDER = new URL("../docs/charts/", import.meta.url);

/** Writes a file for each chart, into `docs/charts`. */
export function drawCharts(outcomes: readonly Outcome[]): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, svg] of charts(outcomes)) {
    writeFileSync(new URL(`${name}.svg`, FOLDER), svg);
  }
}
