// Children: other processes on the same store, and folders for them to meet in.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Order } from "./child_writer.ts";
import type { StoreOnDisk } from "./stores_on_disk.ts";

export interface Spawned {
  readonly process: ChildProcess;
  /** The next line that it says; undefined when it has ended. */
  readonly next: () => Promise<unknown>;
}

export interface Child extends Spawned {
  readonly ask: (order: Order) => Promise<unknown>;
}

const children: Spawned[] = [];
const directories: string[] = [];

/** Ends all children, then removes all folders. */
export async function cleanUp(): Promise<void> {
  await Promise.all(children.splice(0).map(kill));
  for (const made of directories.splice(0)) rmSync(made, { recursive: true });
}

/** Resolves when nothing of it runs any more. */
export async function kill({ process }: Spawned): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const ended = once(process, "exit");
  process.kill("SIGKILL");
  await ended;
}

/** A new folder that anybody may look into. */
export function directory(parent: string = tmpdir()): string {
  const made = mkdtempSync(join(parent, "latchkey-"));
  chmodSync(made, 0o755);
  directories.push(made);
  return made;
}

/** A path for a new store: in memory where there is such a disk. What a killed process wrote is in the cache of the operating
 * system, and stays there; only a power cut would show whether it had reached a real one. */
export function placeFor(store: StoreOnDisk): string {
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  return join(directory(parent), store === "fs" ? "auth" : "auth.db");
}

export function crowd(): readonly Child[] {
  return [child(), child(), child(), child()];
}

export function child(cwd?: string): Child {
  const started = spawned(join(import.meta.dirname, "child_writer.ts"), [], cwd);
  const ask = (order: Order) => {
    started.process.stdin?.write(`${JSON.stringify(order)}\n`);
    return started.next();
  };
  return { ...started, ask };
}

/** A process that runs a script and says lines of JSON. */
export function spawned(script: string, given: readonly string[], cwd?: string): Spawned {
  const args = "Deno" in globalThis ? ["run", "-A", script, ...given] : [script, ...given];
  const started = spawn(process.execPath, args, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value) as unknown;
  };
  const made = { process: started, next };
  children.push(made);
  return made;
}
