// A Redis Cluster of six nodes under the whole library: its slots move, its masters die.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import redis from "../../drivers/redis.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Via } from "../suite/client.ts";
import { type Flow, RUNTIME } from "../suite/flow.ts";
import { plantedRedis } from "../suite/planted.ts";
import { type RedisCluster, redisCluster } from "../suite/redis_cluster.ts";
import { hasRedis, type RedisServer } from "../suite/redis_server.ts";
import { CLUSTER } from "../suite/stores.ts";
import { world } from "../suite/world.ts";
import { type Failover, failover } from "./failover.ts";
import { allFlows } from "./flows.ts";
import { unrest } from "./moving_slots.ts";
import { DEADLINE, type Ledger } from "./people.ts";
import { caught, LONG, SEED, showed } from "./showed.ts";

const OVERALL = 600_000; // milliseconds
/** How often each kind of failover is seen. */
const TIMES = LONG ? 5 : 1;
/** A part of all flows, so that it fits. */
const PARTS = 32;
/** No request takes longer, in milliseconds: a few operations one after the other, each within its deadline. */
const PATIENCE = 5000 * DEADLINE;

describe.skipIf(!hasRedis)("a redis cluster", () => {
  let cluster: RedisCluster;
  /** The two nodes of each part: a master and its replica. They change places. */
  let pairs: readonly (readonly RedisServer[])[];
  let runs = 0;

  beforeAll(async () => {
    cluster = await redisCluster();
    pairs = await Promise.all(cluster.nodes.map(async (node) => [node, await cluster.replicate(node)]));
    process.env["LATCHKEY_TEST_CLUSTER"] = cluster.urls.join(" ");
  });
  afterAll(() => cluster.stop());

  test("flows run while slots move, and none sees anything of it", async () => {
    await forget(cluster);
    const { wrap, counts, strays } = unrest(cluster);
    const flows = chosen(await allFlows());
    for (const { via, flow } of flows) await through(flow, via, wrap);
    expect(strays).toEqual([]);
    expect(await errors(cluster, "CROSSSLOT"), "scripts that name two keys").toBe(0);
    const redirections = await errors(cluster, "MOVED") + await errors(cluster, "ASK");
    expect(redirections, "operations that came to the wrong node").toBeGreaterThan(0);
    showed("cluster", { flows: flows.length, redirections, ...counts() });
  }, OVERALL);

  test("a driver that names two keys, or knows one node alone, is seen by every flow", async () => {
    await forget(cluster);
    const two = await plantedRedis([{
      file: "drivers/redis.ts",
      from: "[1, prefix + key, ...args]",
      to: '[2, prefix + key, prefix + "index", ...args]',
    }]);
    const bad: readonly (readonly [bug: string, driver: () => Driver, reply: RegExp])[] = [
      ["a script that names two keys", () => two({ cluster: cluster.urls, base: "two" }), /CROSSSLOT/],
      [
        "a driver that knows one node of a cluster",
        () => redis({ url: cluster.urls[0]!, base: "one" }),
        /MOVED/,
      ],
    ];
    for (const [bug, driver, reply] of bad) {
      const { wrap, strays } = unrest(cluster);
      await expect(through(SIGN_IN, "method", () => wrap(driver()))).rejects.toThrow("signs in");
      expect(strays.join()).toMatch(reply);
      caught("cluster", bug);
    }
    expect(await errors(cluster, "CROSSSLOT")).toBeGreaterThan(0);
  });

  /** The master of each part dies in turn. */
  async function dying(replicas: number, more: Partial<Failover>): Promise<Ledger> {
    const pair = pairs[(runs++ + SEED) % pairs.length]!;
    const roles = await Promise.all(pair.map(async (node) => String(await cluster.ask(node, "role"))));
    const [master, replica] = roles[0]!.startsWith("master") ? pair : pair.toReversed();
    const options = { cluster: cluster.urls, base: `run-${runs}`, deadline: DEADLINE, replicas };
    const driver = () => redis(options);
    const nodes = { master: master!, replica: replica! };
    const ledger = await failover({ cluster, ...nodes, driver, cutOff: false, ...more });
    expect(ledger.wrong).toEqual([]);
    expect(ledger.unavailable, "requests that were refused meanwhile").toBeGreaterThan(0);
    expect(ledger.slowest).toBeLessThan(PATIENCE);
    return ledger;
  }

  test.runIf(RUNTIME === "node" || LONG)(
    "a master that dies with what its replica never got takes with it what was answered",
    async () => {
      for (let time = 0; time < TIMES; time++) {
        const meanwhile = (key: string) => hasty(cluster, key);
        const ledger = await dying(0, { cutOff: true, meanwhile });
        expect(ledger.lost.length).toBeGreaterThan(0);
        tell(ledger, "without WAIT, of a replica that was cut off");
      }
    },
    OVERALL,
  );

  test("where a replica is waited for, it takes nothing with it that was answered", async () => {
    for (let time = 0; time < TIMES; time++) {
      tell(await dying(1, { cutOff: true }), "with WAIT");
    }
  }, OVERALL);

  test.runIf(LONG)(
    "nor where Redis refuses by itself what no replica would get",
    async () => {
      const setting = (count: string) =>
        Promise.all(
          pairs.flat().map((node) => cluster.ask(node, "config", "set", "min-replicas-to-write", count)),
        );
      for (let time = 0; time < TIMES; time++) {
        await setting("1");
        tell(await dying(1, { cutOff: true }), "with WAIT and min-replicas-to-write");
      }
      await setting("0");
    },
    OVERALL,
  );

  test.runIf(LONG).each([0, 1])(
    "a master dies under load, and %i replicas are waited for",
    async (replicas) => {
      for (let time = 0; time < 2 * TIMES; time++) {
        tell(await dying(replicas, {}), replicas > 0 ? "with WAIT" : "without WAIT");
      }
    },
    OVERALL,
  );
});

/** While no replica gets anything, a driver that waits for one refuses a write to a key, and one that answers before does not. Resolves
 * to what is seen of it when a replica has taken over. */
async function hasty({ urls }: RedisCluster, key: string): Promise<() => Promise<void>> {
  const early = await plantedRedis([{
    file: "drivers/redis.ts",
    from: "if (reply === 0 || Number(count) >= replicas) return reply;",
    to: "return reply;",
  }]);
  const options = { cluster: urls, base: "", deadline: 3 * DEADLINE, replicas: 1 };
  const [waits, answers] = [redis(options), early(options)];
  const written = [waits.swap(`{${key}}:a`, null, "1"), answers.swap(`{${key}}:b`, null, "1")];
  const [sound, planted] = await Promise.allSettled(written);
  expect(sound).toMatchObject({ status: "rejected", reason: { undurable: true } });
  expect(planted).toEqual({ status: "fulfilled", value: true });
  expect(await waits.getItem(`{${key}}:a`), "what was refused, and is seen until a replica takes over").toBe(
    "1",
  );
  return async () => {
    expect(await waits.getKeys(`{${key}}`), "what was answered too early, or refused").toEqual([]);
    caught("cluster", "a driver that answers before a replica has the write");
    await Promise.all([waits.dispose(), answers.dispose()]);
  };
}

/** Tells what a failover came to; where a replica was waited for, nothing that was answered may be lost. */
function tell({ requests, unavailable, lost, undone }: Ledger, how: string): void {
  if (how.startsWith("with WAIT")) expect(lost).toEqual([]);
  const losses = { [`losses ${how}`]: lost.length, [`retries undone ${how}`]: undone.length };
  showed("cluster", { failovers: 1, requests, refusals: unavailable, ...losses });
}

const SIGN_IN: Flow = {
  name: "somebody signs in",
  run: async (here) => void await here.signedIn("ada@example.com"),
  options: {},
};

/** Runs a flow on the cluster. */
async function through(
  { name, run, options }: Flow,
  via: Via,
  wrap: (driver: Driver) => Driver,
): Promise<void> {
  const wrapped = (driver: Driver) => options.wrap?.(wrap(driver)) ?? wrap(driver);
  const here = world(CLUSTER, via, { ...options, wrap: wrapped });
  try {
    await run(here);
  } catch (cause) {
    throw new Error(`${name}, by ${via}, seed ${SEED}`, { cause });
  } finally {
    await here.close();
  }
}

/** Those that have their turn, each with its way in: in a long run all, both ways. */
function chosen(flows: readonly Flow[]): readonly { readonly flow: Flow; readonly via: Via }[] {
  if (LONG) return flows.flatMap((flow) => (["method", "http"] as const).map((via) => ({ flow, via })));
  const odd = Math.floor(SEED / PARTS);
  return flows.filter((_, i) => (i + SEED) % PARTS === 0).map((flow, i) => ({
    flow,
    via: (i + odd) % 2 === 0 ? "method" : "http",
  }));
}

/** Lets all masters forget which errors they answered with. */
async function forget({ nodes, ask }: RedisCluster): Promise<void> {
  for (const node of nodes) await ask(node, "config", "resetstat");
}

/** How often the masters have answered with an error. */
async function errors({ nodes, ask }: RedisCluster, error: string): Promise<number> {
  const stats = await Promise.all(nodes.map((node) => ask(node, "info", "errorstats")));
  const counts = stats.map((text) =>
    new RegExp(`errorstat_${error}:count=(\\d+)`).exec(String(text))?.[1] ?? 0
  );
  return counts.reduce<number>((sum, count) => sum + Number(count), 0);
}
