// npm run ok: the definition of done. Every check is tried; `-- --no-tests` leaves the suite out, other arguments go to it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bin, env, lastLine, root, runSuite, sum } from "./suite.mjs";

const doors = Object.values(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports);

const CHECKS = [
  ["deno", "fmt", "--check"],
  ["deno", "lint"],
  ["tsc", "-p", "."],
  ["deno", "check", ...doors],
  ["deno", "doc", "--lint", ...doors],
  ["deno", "test", "--doc", "--no-check", "-A", "mod.ts", "src", "drivers"],
  ["deno", "publish", "--dry-run", "--allow-dirty"],
  ["node", "tools/docs.ts", "--check"],
];

const args = process.argv.slice(2);
const results = CHECKS.map(check);
if (!args.includes("--no-tests")) results.push(runSuite(args));
const total = sum(results);
console.log(lastLine(total));
if (total.failed > 0) process.exitCode = 1;

/** Runs one check: a line with its time, and its output if it failed. */
function check([command, ...rest]) {
  const start = performance.now();
  const { status, error, stdout, stderr } = spawnSync(join(bin, command), rest, {
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const passed = status === 0;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${passed ? "ok    " : "FAILED"} ${command} ${rest.join(" ")} (${seconds} s)`);
  if (!passed) console.log(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.replace(/^/gm, "       "));
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}
