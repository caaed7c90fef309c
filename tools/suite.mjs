// The one test suite, run on each runtime in turn: what `npm test`, `npm run ok` and `npm run test:long` share.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's root. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** The folder of the programs that npm installed. */
export const bin = join(root, "node_modules", ".bin");

/** The environment of everything that is run: Node as the lock file pins it, before the machine's own. */
export const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };

const vitest = join("node_modules", "vitest", "vitest.mjs");

/** How vitest is started on each runtime. */
const RUNTIMES = {
  node: ["node", vitest],
  deno: ["deno", "run", "-A", "--unstable-kv", "npm:vitest"],
  bun: ["bun", "--bun", vitest],
};

/** The longest that one run may take, in milliseconds: a suite that hangs is a suite that failed. */
const DEADLINE = 9 * 60_000;

const STORES = ["memory", "fs", "sqlite", "redis", "deno-kv"];
const WAYS = ["method", "http"];

/** The stores on which a flow runs on Deno or on Bun, in turn. */
const SHARED_OUT = ["fs", "sqlite", "redis"];

/** The rows of the matrix. */
const CELLS = STORES.flatMap((store) => WAYS.map((via) => ({ store, via, row: `${store}/${via}` })));

/** Why nothing ran on a store: whether that holds here, and what is said of it. Any other empty cell is a failure. */
const ABSENCES = [
  {
    store: "deno-kv",
    holds: (runtime) => runtime === "bun",
    reason: "Bun crashes on the native module of @deno/kv, the package that brings Deno KV to Node",
  },
  {
    store: "redis",
    holds: () => spawnSync("redis-server", ["--version"]).status !== 0,
    reason: "there is no redis-server on this machine",
  },
];

/** Runs the suite, shows it, and adds up. `--runtime=node,bun` chooses; other arguments go to vitest. */
export function runSuite(args) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-test-"));
  try {
    const parts = args.filter(isForVitest);
    const LATCHKEY_SEED = env.LATCHKEY_SEED ?? String(Math.floor(Math.random() * 2 ** 32)); // one for all: it says whose turn it is
    const runs = chosen(args).map((runtime) => ({
      runtime,
      ...run(runtime, parts, folder, { LATCHKEY_SEED }),
    }));
    console.log(`\n${table("tests", ["passed", "failed", "skipped"], runs.map(countsRow))}\n`);
    console.log(`${flowsTable(runs)}\n`);
    const { explained, unexplained } = gaps(runs);
    for (const line of [...explained, ...unexplained]) console.log(line);
    const missing = parts.length > 0 ? [] : unexplained; // a part of the suite may well have no flow in it
    return sum([...runs, { passed: 0, failed: missing.length, skipped: 0 }]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Adds counts up. */
export function sum(counts) {
  const total = (key) => counts.reduce((all, one) => all + one[key], 0);
  return { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
}

/** The line that ends every run of ours. */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Whether an argument is one of vitest's. */
export function isForVitest(arg) {
  return !arg.startsWith("--runtime=");
}

/** The runtimes that the arguments name: all of them, where they name none. */
export function chosen(args) {
  const choice = args.find((arg) => !isForVitest(arg))?.slice("--runtime=".length).split(",");
  for (const name of choice ?? []) {
    if (name in RUNTIMES) continue;
    console.error(`--runtime takes ${Object.keys(RUNTIMES).join(", ")}, separated by commas: not "${name}"`);
    process.exit(1);
  }
  return choice ?? Object.keys(RUNTIMES);
}

/** One run: what was counted, and the flows that say they ran. `more`: variables that the tests find in their environment. */
export function run(runtime, args, folder, more = {}, deadline = DEADLINE) {
  console.log(`\n== vitest on ${runtime}`);
  const report = join(folder, `${runtime}.json`);
  const matrix = join(folder, `${runtime}.flows`);
  const [command, ...first] = RUNTIMES[runtime];
  const { status, signal, error } = spawnSync(
    join(bin, command),
    [...first, "run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    {
      cwd: root,
      env: { ...env, ...more, LATCHKEY_MATRIX: matrix },
      stdio: ["ignore", "inherit", "inherit"],
      timeout: deadline,
      killSignal: "SIGKILL",
    },
  );
  const counts = counted(readJson(report), status);
  if (error ?? signal) console.log(`vitest on ${runtime} died: ${error?.message ?? signal}`);
  return { ...counts, flows: readFlows(matrix) };
}

/** A runner that died, failed outside a test, or ran none has failed at least once. */
function counted(report, status) {
  const passed = report?.numPassedTests ?? 0;
  const files = report?.testResults?.filter(failedOutsideTests).length ?? 0;
  const failed = (report?.numFailedTests ?? 0) + files;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const wrong = status !== 0 || passed + failed === 0;
  return { passed, failed: wrong ? Math.max(1, failed) : failed, skipped };
}

/** A file that could not be loaded, or whose hooks failed: it counts as one. */
function failedOutsideTests(file) {
  return file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed");
}

function readJson(path) {
  const text = readText(path);
  return text === undefined ? undefined : JSON.parse(text);
}

/** The lines `{ runtime, store, via, flow }` that flows append to the file named by LATCHKEY_MATRIX. */
function readFlows(path) {
  const lines = readText(path)?.split("\n") ?? [];
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // a run that died has written nothing, and is counted as failed
  }
}

/** A row of what was counted. */
export function countsRow({ runtime, passed, failed, skipped }) {
  return [runtime, passed, failed, skipped];
}

/** How many flows ran on each store and way in, per runtime. */
function flowsTable(runs) {
  const rows = CELLS.map(({ row }) => [row, ...runs.map((one) => flowsOf([one], row))]);
  return table("flows", runs.map(({ runtime }) => runtime), rows);
}

/** What must be full: each way in memory on Node, else each store, which a flow runs on one way or the other. */
function mustBe({ runtime }) {
  const isBoth = ({ store }) => runtime === "node" && store === "memory";
  const isOwn = (store) => runtime === "node" || !SHARED_OUT.includes(store);
  return [...CELLS.filter(isBoth), ...STORES.filter(isOwn).map((store) => ({ store, row: store }))];
}

/** The cells in which fewer flows ran than in the fullest one, with the reason where there is one. What Deno and Bun share out is full
 * where both ran all of it together. */
function gaps(runs) {
  const own = runs.flatMap((one) =>
    mustBe(one).map((cell) => ({ ...cell, runtime: one.runtime, ran: flowsOf([one], cell.row) }))
  );
  const sharing = runs.filter(({ runtime }) => runtime !== "node");
  const runtime = sharing.map((one) => one.runtime).join(" and ");
  const shared = SHARED_OUT.map((store) => ({ store, row: store, runtime, ran: flowsOf(sharing, store) }));
  const all = [...own, ...(sharing.length > 1 ? shared : [])];
  const most = Math.max(...all.map(({ ran }) => ran));
  const short = all.filter(({ ran }) => ran < most);
  const absence = ({ store, runtime, ran }) =>
    ran > 0 ? undefined : ABSENCES.find((one) => one.store === store && one.holds(runtime));
  const said = ({ row, runtime, ran }) =>
    `${row} on ${runtime}: ${ran === 0 ? "no flow" : `${ran} flows of ${most}`}`;
  return {
    explained: short.filter(absence).map((cell) => `${said(cell)}, for ${absence(cell).reason}`),
    unexplained: short.filter((cell) => !absence(cell)).map((cell) => `${said(cell)}: that must not be`),
  };
}

/** Only what says it ran on its runtime counts: a run that quietly fell back to another one shows as nothing. */
function flowsOf(runs, row) {
  const ran = runs.flatMap(({ runtime, flows }) => flows.filter((one) => one.runtime === runtime));
  return new Set(ran.filter((one) => `${one.store}/${one.via}`.startsWith(row)).map(({ flow }) => flow)).size;
}

/** Columns of numbers under their names. */
export function table(title, columns, rows) {
  const lines = [[title, ...columns], ...rows].map(([first, ...cells]) =>
    `${String(first).padEnd(16)}${cells.map((cell) => String(cell).padStart(9)).join("")}`
  );
  return lines.join("\n");
}
