// `npm run bench`: the size of each module of the package; session checks beside the bare reads, passkeys beside another library, passwords
// beside the bare engines; and how long a cold process takes to import `mod.js`, as it is published, and to answer, on Node, Deno and
// Bun. Times depend on the machine: compare within one run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { buildModules } from "../tools/package.ts";

const ROOT = join(import.meta.dirname, "..");
const BIN = join(ROOT, "node_modules/.bin");
const RUNTIMES: Readonly<Record<string, readonly string[]>> = { node: [], bun: [], deno: ["run", "-A"] };
const COLD_STARTS = 15;

const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
const modules = await buildModules(folder);
const cold = join(folder, "cold.ts");
writeFileSync(cold, readFileSync(join(ROOT, "bench/cold.ts"), "utf8").replace("../mod.ts", "./mod.js"));

for (const path of modules.keys()) {
  const { code } = transformSync(readFileSync(join(folder, path), "utf8"), { minify: true });
  console.log(`${path.padEnd(24)}${gzipSync(code, { level: 9 }).length} bytes, minified and gzip`);
}
for (const [name, args] of Object.entries(RUNTIMES)) {
  console.log(`\n== ${name}`);
  for (const bench of ["session", "passkey", "password"]) {
    console.log(run(name, [...args, join(ROOT, `bench/${bench}.ts`)]).trimEnd());
  }
  const starts = Array.from({ length: COLD_STARTS }, () => JSON.parse(run(name, [...args, cold])));
  for (const point of ["imported", "answered", "runtimeAlone"]) {
    const times = starts.map((one) => Number(one[point])).toSorted((a, b) => a - b);
    console.log(
      `cold process, ${point}: ${median(times).toFixed(1)} ms (${times[0]?.toFixed(1)} to ${
        times.at(-1)?.toFixed(1)
      })`,
    );
  }
}
rmSync(folder, { recursive: true });

function run(runtime: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(BIN, runtime), args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${runtime} ended with ${status}: ${stderr}`);
  return stdout;
}

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1] ?? 0;
}
