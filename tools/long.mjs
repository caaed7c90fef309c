// npm run test:long: the instruments at their full length, on each runtime in turn. `-- --runtime=node test/proof/kills` chooses. What an
// instrument went through, when all of it ran and nothing failed, is kept in test/proof/shown.json, from which docs/guarantees.md is
// printed; with LATCHKEY_DRIVER it is only told.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bin, chosen, countsRow, env, isForVitest, lastLine, root, run, sum, table } from "./suite.mjs";

const HOURS = 3; // that one process may take
const KEPT = join(root, "test/proof/shown.json");

/** Where each instrument is: the beginnings of the paths of its tests. */
const PLACES = {
  "crash points": ["test/proof/crashes"],
  "kills": ["test/proof/kills", "test/suite/kills"],
  "interleavings": ["test/proof/interleavings", "test/proof/flow_pairs", "test/races/"],
  "lost replies": ["test/proof/lost_replies"],
  "processes": ["test/proof/processes"],
  "cluster": ["test/proof/cluster", "test/proof/redis_trouble"],
  "disk": ["test/proof/disk", "test/proof/clocks", "test/proof/flips"],
  "secrets": ["test/proof/secrets", "test/flows/"],
};

/** What takes so long that it runs in parts, each a process of its own: one for all would run out of memory. */
const PARTED = ["crash points", "lost replies"].flatMap((instrument) => PLACES[instrument]);
const PARTS = 10;

const args = process.argv.slice(2);
const given = args.filter(isForVitest);
const parts = given.length > 0 ? given : ["test/proof/", ...new Set(Object.values(PLACES).flat())];
const seed = process.env.LATCHKEY_SEED ?? String(Math.floor(Math.random() * 2 ** 32)); // one for all processes
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
  const start = performance.now();
  const counts = sum(
    portions().map(([part, ...asked]) => {
      const more = { LATCHKEY_LONG: part, LATCHKEY_SEED: seed, LATCHKEY_SHOWED: path };
      return run(runtime, asked, folder, more, HOURS * 3_600_000);
    }),
  );
  const seconds = Math.round((performance.now() - start) / 1000);
  return { runtime, ...counts, seconds, told: added(existsSync(path) ? readFileSync(path, "utf8") : "") };
}

/** What one process after the other is asked: its part of the whole, and the arguments of vitest. */
function portions() {
  if (parts.includes("-t")) return [["1/1", ...parts]];
  const isParted = (path) => PARTED.some((place) => path.includes(place));
  const others = parts.filter((path) => !isParted(path));
  const long = [
    ...parts.filter(isParted),
    ...PARTED.filter((place) => others.some((path) => place.includes(path))),
  ];
  const excluded = PARTED.flatMap((place) => ["--exclude", `${place}*`]);
  const whole = others.length > 0 ? [["1/1", ...others, ...excluded]] : [];
  const each = long.length > 0 ? Array.from({ length: PARTS }, (_, i) => [`${i + 1}/${PARTS}`, ...long]) : [];
  return [...whole, ...each];
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

/** Whether all tests of an instrument were asked for, in vitest's way: by a part of their paths. */
function isWhole(instrument) {
  const isAsked = (place) => parts.some((part) => place.includes(part));
  return !parts.includes("-t") && PLACES[instrument].every(isAsked);
}

/** What a run told takes the place of what an earlier one did, instrument by instrument. Bugs are planted on Node alone. */
function keep(runs) {
  const kept = existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, "utf8")) : {};
  for (const { runtime, told } of runs) {
    for (const { instrument, counts, seeds, bugs } of told.filter((one) => isWhole(one.instrument))) {
      const of = kept[instrument] ??= { runs: {}, bugs: [] };
      const date = new Date().toISOString().slice(0, 10);
      if (seeds.length > 0) of.runs[runtime] = { date, version: versionOf(runtime), counts, seeds };
      if (runtime === "node") of.bugs = bugs.toSorted();
    }
  }
  writeFileSync(KEPT, `${JSON.stringify(kept, null, 2)}\n`);
  spawnSync(join(bin, "deno"), ["fmt", "-q", KEPT], { cwd: root, env });
}

function versionOf(runtime) {
  const { stdout } = spawnSync(join(bin, runtime), ["--version"], { env, encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "";
}
