// Further processes for the tests of the Redis driver.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Order } from "./child_redis.ts";

/** Another process that does one thing, and what it says until it ends by itself. */
export function child(order: Order): Promise<readonly string[]> {
  return spoken(join(import.meta.dirname, "child_redis.ts"), JSON.stringify(order));
}

/** What a script says, by the line, until it ends. */
export async function spoken(script: string, ...args: readonly string[]): Promise<readonly string[]> {
  // Bun would fetch a package that is missing.
  const flags = "Deno" in globalThis ? ["run", "-A"] : "Bun" in globalThis ? ["--no-install"] : [];
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const started = spawn(process.execPath, [...flags, script, ...args], { stdio: [...stdio] });
  let said = "";
  started.stdout?.on("data", (data) => said += data);
  await once(started, "close");
  return said.trimEnd().split("\n");
}
