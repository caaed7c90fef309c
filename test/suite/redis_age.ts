// Time for a Redis, which expires by its own clock: that one is not turned on, but every life is shortened.
import { Cluster, Redis } from "ioredis";

// A life that is over by then is ended by Redis itself: PEXPIRE with nothing left removes. SCAN may repeat a key.
const AGE = `
local cursor, seen = "0", {}
repeat
  local page = redis.call("SCAN", cursor, "MATCH", ARGV[1], "COUNT", 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local left = redis.call("PTTL", key)
    if left >= 0 and not seen[key] then redis.call("PEXPIRE", key, left - ARGV[2]) end
    seen[key] = true
  end
until cursor == "0"`;

/** Lets seconds pass for all keys below `base` (`""`: for all keys), on every master of a cluster. */
export async function age(at: string | Redis | Cluster, base: string, seconds: number): Promise<void> {
  const client = typeof at === "string" ? new Redis(at) : at;
  const nodes = client instanceof Cluster ? client.nodes("master") : [client];
  const below = base === "" ? "*" : `${base}:*`;
  await Promise.all(nodes.map((node) => node.eval(AGE, 0, below, Math.round(seconds * 1000))));
  if (typeof at === "string") client.disconnect();
}
