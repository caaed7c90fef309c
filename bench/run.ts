// `npm run bench`: session checks beside the bare reads, the first answer of a cold process, and the size of what is loaded,
// on Node, Deno and Bun. Times depend on the machine: compare within one run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const BIN = join(ROOT, "node_modules/.bin");
const RUNTIMES: Readonly<Record<string, readonly string[]>> = { node: [], bun: [], deno: ["run", "-A"] };
const COLD_STARTS = 15;

const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
const bundle = join(folder, "mod.js");
buildSync({
  entryPoints: [join(ROOT, "mod.ts")],
  outfile: bundle,
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  external: ["nodemailer"], // loaded when the first mail goes out over SMTP
});
const cold = join(folder, "cold.ts");
writeFileSync(cold, readFileSync(join(ROOT, "bench/cold.ts"), "utf8").replace("../mod.ts", "./mod.js"));

console.log(
  `mod.ts with all that it needs: ${gzipSync(readFileSync(bundle), { level: 9 }).length} bytes gzip\n`,
);
for (const [name, args] of Object.entries(RUNTIMES)) {
  console.log(`== ${name}`);
  console.log(run(name, [...args, join(ROOT, "bench/session.ts")]).trimEnd());
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
