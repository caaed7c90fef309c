// Before the first test: starts the Redis that all flows share, where each store has a base of its own, and makes a folder for what Node
// compiles. After the last: stops the one and removes the other.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasRedis, redisServer } from "./redis_server.ts";

export async function setup(): Promise<() => Promise<void>> {
  const compiled = mkdtempSync(join(tmpdir(), "latchkey-compiled-"));
  process.env["NODE_COMPILE_CACHE"] = compiled; // what one process compiled, the next need not: a third of its time
  const server = hasRedis ? await redisServer() : undefined;
  if (server !== undefined) process.env["LATCHKEY_TEST_REDIS"] = server.url;
  return async () => {
    await server?.stop();
    rmSync(compiled, { recursive: true, force: true });
  };
}
