// Starts the Redis that all flows share, before the first test, and stops it after the last. Each store in it has a base of its own.
import { hasRedis, redisServer } from "./redis_server.ts";

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (!hasRedis) return undefined;
  const server = await redisServer();
  process.env["LATCHKEY_TEST_REDIS"] = server.url;
  return server.stop;
}
