// Time for a Redis, which expires by its own clock: that one is not turned on, but every life is shortened.
import { once } from "node:events";
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

// The same for one key, wherever it is: keys of a cluster may be on their way from node to node.
const AGE_ONE = `
local left = redis.call("PTTL", KEYS[1])
if left >= 0 then redis.call("PEXPIRE", KEYS[1], left - ARGV[1]) end`;

/** Lets seconds pass for all keys below `base` (`""`: for all keys). Several urls are some nodes of a cluster. */
export async function age(
  at: string | readonly string[] | Redis | Cluster,
  base: string,
  seconds: number,
): Promise<void> {
  const given = at instanceof Redis || at instanceof Cluster;
  const client = given ? at : typeof at === "string" ? new Redis(at) : new Cluster([...at]);
  const [below, ms] = [base === "" ? "*" : `${base}:*`, Math.round(seconds * 1000)];
  if (client instanceof Redis) await client.eval(AGE, 0, below, ms);
  else await ageAll(client, below, ms);
  if (!given) client.disconnect();
}

async function ageAll(cluster: Cluster, below: string, ms: number): Promise<void> {
  if (cluster.status !== "ready") await once(cluster, "ready"); // it does not know its nodes before
  const found = await Promise.all(cluster.nodes("master").map((node) => node.keys(below)));
  await Promise.all([...new Set(found.flat())].map((key) => cluster.eval(AGE_ONE, 1, key, ms)));
}
