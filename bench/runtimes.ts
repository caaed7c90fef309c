// The runtimes that are measured, as `package-lock.json` has them.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parse } from "valibot";
import { type Outcome, outcomeSchema } from "./outcomes.ts";
import type { Runtime } from "./row.ts";

const BIN = join(import.meta.dirname, "../node_modules/.bin");
const WORKER = join(import.meta.dirname, "worker.ts");

/** How each runtime is started. All may be asked to free memory, for whatever reads how much is taken. */
const ARGUMENTS: Readonly<Record<Runtime, readonly string[]>> = {
  node: ["--expose-gc"],
  deno: ["run", "-A", "--unstable-kv", "--v8-flags=--expose-gc"],
  bun: [],
};

/** All runtimes, in the order of the table. */
export const RUNTIMES: readonly Runtime[] = ["node", "deno", "bun"];

/** The version of a runtime. */
export function version(runtime: Runtime): string {
  const { stdout } = spawnSync(join(BIN, runtime), ["--version"], {
    encoding: "utf8",
  });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "unknown";
}

/** Measures a row on a runtime, in a process of its own. What the process prints besides outcomes goes to standard error.
 * @throws {Error} Where the process fails: somebody's answer was wrong. */
export async function* measured(
  row: string,
  runtime: Runtime,
  flags: readonly string[],
): AsyncGenerator<Outcome> {
  const child = spawn(join(BIN, runtime), [
    ...ARGUMENTS[runtime],
    WORKER,
    row,
    ...flags,
  ], {
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('{"is":"')) {
      yield parse(outcomeSchema, JSON.parse(line));
    } else console.error(line);
  }
  const status = await ended;
  if (status !== 0) {
    throw new Error(`${row} on ${runtime} ended with ${status}`);
  }
}
