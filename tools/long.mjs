// npm run test:long: the instruments of test/proof at their full length, on each runtime in turn. `-- --runtime=node
// test/proof/kills.test.ts` chooses. What they went through is kept in test/proof/shown.json, from which docs/guarantees.md is printed;
// with LATCHKEY_DRIVER it is only told.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bin, chosen, countsRow, env, isForVitest, lastLine, root, run, sum, table } from "./suite.mjs";

const HOURS = 3; // that one runtime may take
const KEPT = join(root, "test/proof/shown.json");

const args = process.argv.slice(2);
const parts = args.filter(isForVitest);
const folder = mkdtempSync(join(tmpdir(), "latchkey-long-"));
try {
  const runs = chosen(args).map(long);
  console.log(`\n${table("tests", ["passed", "failed", "skipped"], runs.map(countsRow))}\n`);
  for (const { runtime, told } of runs) for (const line of told) console.log(sentence(runtime, line));
  if (process.env.LATCHKEY_DRIVER === undefined) keep(runs.filter(({ failed }) => failed === 0));
  const total = sum(runs);
  console.log(lastLine(total));
  if (total.failed > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function long(runtime) {
  const path = join(folder, `${runtime}.told`);
  const more = { LATCHKEY_LONG: "1", LATCHKEY_SHOWED: path };
  const start = performance.now();
  const counts = run(runtime, parts.length > 0 ? parts : ["test/proof"], folder, more, HOURS * 3_600_000);
  const seconds = Math.round((performance.now() - start) / 1000);
  return { runtime, ...counts, seconds, told: added(existsSync(path) ? readFileSync(path, "utf8") : "") };
}

/** What each instrument told, added up. */
function added(text) {
  const instruments = new Map();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const { instrument, counts = {}, seed, bug } = JSON.parse(line);
    const sums = instruments.get(instrument) ?? { instrument, counts: {}, seeds: new Set(), bugs: new Set() };
    instruments.set(instrument, sums);
    for (const [name, count] of Object.entries(counts)) sums.counts[name] = (sums.counts[name] ?? 0) + count;
    if (seed !== undefined) sums.seeds.add(seed);
    if (bug !== undefined) sums.bugs.add(bug);
  }
  return [...instruments.values()].map(({ seeds, bugs, ...sums }) => ({
    ...sums,
    seeds: [...seeds],
    bugs: [...bugs],
  }));
}

function sentence(runtime, { instrument, counts, seeds, bugs }) {
  const numbers = Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ");
  const planted = bugs.length > 0 ? `; ${bugs.length} planted bugs caught` : "";
  return `${instrument} on ${runtime}: ${numbers}${planted}; seeds ${seeds.join(", ")}`;
}

/** What a run told takes the place of what an earlier one did, instrument by instrument. */
function keep(runs) {
  const kept = existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, "utf8")) : {};
  for (const { runtime, told } of runs) {
    for (const { instrument, counts, seeds, bugs } of told) {
      const of = kept[instrument] ??= { runs: {}, bugs: [] };
      const date = new Date().toISOString().slice(0, 10);
      if (seeds.length > 0) of.runs[runtime] = { date, version: versionOf(runtime), counts, seeds };
      of.bugs = [...new Set([...of.bugs, ...bugs])].toSorted();
    }
  }
  writeFileSync(KEPT, `${JSON.stringify(kept, null, 2)}\n`);
  spawnSync(join(bin, "deno"), ["fmt", "-q", KEPT], { cwd: root, env });
}

function versionOf(runtime) {
  const { stdout } = spawnSync(join(bin, runtime), ["--version"], { env, encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "";
}
