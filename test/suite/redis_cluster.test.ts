// The driver on a Redis Cluster: three real masters, two with a replica.
import { Cluster } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import redis, { type RedisOptions } from "../../drivers/redis.ts";
import { moveStore } from "../../examples/move_store.ts";
import type { Driver } from "../../src/store/driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";
import { age } from "./redis_age.ts";
import { type RedisCluster, redisCluster, until } from "./redis_cluster.ts";
import { child } from "./redis_processes.ts";
import { type Proxy, proxy } from "./redis_proxy.ts";
import { hasRedis, type RedisServer, redisServer } from "./redis_server.ts";

const DEADLINE = 0.5;

describe.skipIf(!hasRedis)("a redis cluster", () => {
  let cluster: RedisCluster;
  /** Of the first node. */
  let replica: RedisServer | undefined;
  let client: Cluster;
  let count = 0;
  const drivers: Driver[] = [];

  function opened(options: RedisOptions): Driver {
    const driver = redis(options);
    drivers.push(driver);
    return driver;
  }

  /** A node that does not have a key's slot. */
  async function other(key: string): Promise<RedisServer> {
    const node = await cluster.nodeOf(key);
    return cluster.nodes.find((one) => one !== node)!;
  }

  beforeAll(async () => {
    cluster = await redisCluster();
    [replica] = await Promise.all([0, 2].map((index) => cluster.replicate(cluster.nodes[index]!))); // 1 is to die
    client = new Cluster([...cluster.urls]);
  });
  afterEach(() => Promise.all(drivers.splice(0).map((driver) => driver.dispose())));
  afterAll(async () => {
    client.disconnect();
    await cluster.stop();
  });

  driverSuite(test, () => redis({ cluster: cluster.urls, base: `test-${++count}` }), {
    turn: (seconds) => age(client, `test-${count}`, seconds),
    precision: 5,
    keys: 2000,
  });

  test("a single Redis is copied into it whole", async () => {
    const old = await redisServer();
    const [from, to] = [opened({ url: old.url }), opened({ cluster: cluster.urls, base: "moved" })];
    const texts = Array.from({ length: 40 }, (_, n) => [`users:${n}`, `{"n":${n}}`] as const);
    for (const [key, text] of texts) await from.swap(key, null, text);
    expect(await moveStore(from, to)).toBe(40);
    expect((await Array.fromAsync(to.entries(""))).toSorted()).toEqual(texts.toSorted());
    await old.stop();
  });

  test("keys are spread over all nodes, and listed from all of them", async () => {
    const driver = opened({ cluster: [cluster.urls[0]!], base: "spread" });
    const keys = Array.from({ length: 60 }, (_, n) => `users:${n}`);
    await Promise.all(keys.map((key) => driver.swap(key, null, "1")));
    const counts = await Promise.all(cluster.nodes.map(async (node) => {
      return (await cluster.ask(node, "keys", "spread:*") as string[]).length;
    }));
    expect(counts.map((n) => n > 5)).toEqual([true, true, true]);
    expect(counts.reduce((sum, n) => sum + n)).toBe(60);
    expect((await driver.getKeys("users:")).toSorted()).toEqual(keys.toSorted());
  });

  test.each(["has yet to be asked", "was asked already"])(
    "a key that moves to a node that %s while keys are listed comes once",
    async (which) => {
      const driver = opened({ cluster: cluster.urls, base: "" });
      const base = `{listed-${which.length}`;
      const tags: string[] = []; // one for each node
      for (const node of cluster.nodes) {
        let tag = base;
        while (await cluster.nodeOf(`${tag}}`) !== node) tag += "-";
        tags.push(`${tag}}`);
      }
      const keys = tags.flatMap((tag) => [`${tag}:a`, `${tag}:b`]);
      for (const key of keys) await driver.setItem(key, "1");
      const found: string[] = [];
      for await (const [key] of driver.entries(base)) {
        found.push(key);
        if (found.length > 1) continue;
        const here = await cluster.nodeOf(key);
        const last = keys.findLast((one) => !one.startsWith(key.slice(0, -1))) ?? "";
        const [moved, to] = which === "was asked already" ? [last, here] : [key, await other(key)];
        for (const step of await cluster.moving(moved, to)) await step();
      }
      expect(found.toSorted()).toEqual(keys.toSorted());
    },
  );

  test("a given cluster lends its nodes and its prefix, and is left alone", async () => {
    const lent = new Cluster([...cluster.urls], { lazyConnect: true, redisOptions: { keyPrefix: "app:" } });
    const driver = opened({ client: lent, base: "lent" });
    await driver.swap("users:a", null, "1");
    expect(lent.status).toBe("wait");
    expect(await client.get("app:lent:users:a")).toBe("1");
    expect(await driver.getKeys("")).toEqual(["users:a"]);
  });

  test("a node that may throw keys away is enough to be refused", async () => {
    await cluster.ask(cluster.nodes[1]!, "config", "set", "maxmemory-policy", "volatile-ttl");
    const driver = opened({ cluster: cluster.urls });
    await expect(driver.getItem("users:a")).rejects.toMatchObject({ code: "storage_unsafe" });
    await cluster.ask(cluster.nodes[1]!, "config", "set", "maxmemory-policy", "noeviction");
    expect(await driver.getItem("users:a")).toBe(null);
  });

  test("while a slot moves from node to node, every swap is done, and once", async () => {
    const to = await other("{moving}");
    const drivers = [1, 2].map(() => opened({ cluster: cluster.urls, base: "", deadline: 20 }));
    await drivers[0]!.swap("{moving}", null, "0");
    let done = 0;
    const increment = async (driver: Driver, until: number) => {
      while (done < until) {
        const text = await driver.getItem("{moving}");
        if (!await driver.swap("{moving}", text, `${Number(text) + 1}`)) continue;
        expect(await driver.swap(`{moving}:new-${++done}`, null, "1")).toBe(true);
      }
    };
    for (const [index, step] of (await cluster.moving("{moving}", to)).entries()) {
      await Promise.all([...drivers.map((driver) => increment(driver, 100 * (index + 1))), step()]);
    }
    await Promise.all(drivers.map((driver) => increment(driver, 400)));
    expect(await drivers[0]!.getItem("{moving}")).toBe(`${done}`);
    expect(await drivers[1]!.getKeys("{moving}:new-")).toHaveLength(done);
    expect(await cluster.nodeOf("{moving}")).toBe(to);
  });

  test("while a replica takes over from its master, and gives back, every swap is done, and once", async () => {
    const [master] = cluster.nodes;
    const driver = opened({ cluster: cluster.urls, base: "", deadline: 20 });
    let key = "{over}";
    while (await cluster.nodeOf(key) !== master) key += "-";
    await driver.swap(key, null, "0");
    let [done, over] = [0, false];
    const increment = async () => {
      while (!over) {
        const text = await driver.getItem(key);
        if (await driver.swap(key, text, `${Number(text) + 1}`)) done++;
      }
    };
    const running = Promise.all([increment(), increment()]);
    try {
      for (const [node, from] of [[replica!, master!], [master!, replica!]] as const) {
        const before = done;
        const follows = new RegExp(`:${node.port}@\\S+ slave`); // it must be known to whom it takes over from
        await until(async () => follows.test(String(await cluster.ask(from, "cluster", "nodes"))));
        await cluster.ask(node, "cluster", "failover");
        await until(async () => String(await cluster.ask(node, "role")).startsWith("master"));
        await until(() => done > before + 20);
      }
    } finally {
      over = true;
      await running;
    }
    expect(await driver.getItem(key)).toBe(`${done}`);
  });

  test("a write to a slot that moves is answered when the replicas of its new node have it", async () => {
    const [from, , to] = cluster.nodes;
    const key = async (of: string, n = 0): Promise<string> =>
      await cluster.nodeOf(`{${of}-${n}}`) === from ? `{${of}-${n}}` : await key(of, n + 1);
    const [there, halfway] = [await key("there"), await key("halfway")];
    const driver = opened({ cluster: cluster.urls, base: "", replicas: 1 });
    await driver.ready?.();
    for (const step of await cluster.moving(there, to!)) await step();
    expect(await driver.swap(there, null, "1")).toBe(true); // MOVED
    const [first, , third] = await cluster.moving(halfway, to!);
    await first!();
    const write = driver.swap(halfway, null, "1"); // ASK, until it is MOVED
    await until(async () => /errorstat_ASK/.test(String(await cluster.ask(from!, "info", "errorstats"))));
    await third!();
    expect(await write).toBe(true);
    expect([await client.get(there), await client.get(halfway)]).toEqual(["1", "1"]);
  });

  describe("through lines that fail", () => {
    let lines: readonly Proxy[];
    let driver: Driver;

    beforeEach(async () => {
      lines = await Promise.all(cluster.nodes.map(({ port }) => proxy(port)));
      const natMap = Object.fromEntries(cluster.nodes.map(({ port }, index) => {
        return [`127.0.0.1:${port}`, { host: "127.0.0.1", port: lines[index]!.port }];
      }));
      // A client that resends after a failover, as all do that are made without options.
      const lent = new Cluster(lines.map(({ url }) => url), { natMap, lazyConnect: true });
      driver = opened({ client: lent, base: "", deadline: DEADLINE });
    });
    afterEach(async () => {
      await driver.dispose();
      await Promise.all(lines.map((line) => line.close()));
    });

    const lineOf = async (key: string) => lines[cluster.nodes.indexOf(await cluster.nodeOf(key))]!;

    test("a write whose reply is lost is done once", async () => {
      await driver.swap("{lost}", null, "0");
      await Promise.all(cluster.nodes.map((one) => cluster.ask(one, "config", "resetstat")));
      (await lineOf("{lost}")).loseReply();
      await expect(driver.swap("{lost}", "0", "1")).rejects.toMatchObject({ code: "storage_unavailable" });
      expect(await driver.getItem("{lost}")).toBe("1"); // by the next connection
      const stats = await Promise.all(cluster.nodes.map((one) => cluster.ask(one, "info", "commandstats")));
      expect(stats.join().match(/cmdstat_eval(sha)?:calls=\d+/g)).toEqual(["cmdstat_evalsha:calls=1"]);
    });

    test("a node whose connection has gone silent gets another one", async () => {
      await driver.swap("{silent}", null, "1");
      (await lineOf("{silent}")).silence();
      await expect(driver.getItem("{silent}")).rejects.toMatchObject({ code: "storage_unavailable" });
      await until(() => answers(driver, "{silent}"));
      expect(await driver.getItem("{silent}")).toBe("1");
    });
  });

  test("a process that has disposed of its driver ends by itself", async () => {
    expect(await child({ do: "read", place: { cluster: cluster.urls } })).toEqual(["null"]);
  });

  test.each(["hangs", "dies"])("a master that %s takes its own keys with it, and no others", async (what) => {
    const driver = opened({ cluster: cluster.urls, base: "", deadline: DEADLINE });
    const node = cluster.nodes[1]!;
    const [mine, others]: [string[], string[]] = [[], []];
    for (let n = 0; n < 30; n++) {
      const key = `{${what}-${n}}`;
      await driver.swap(key, null, "1");
      (await cluster.nodeOf(key) === node ? mine : others).push(key);
    }
    if (what === "dies") await node.stop();
    else node.signal("SIGSTOP");
    for (const time of ["at first", "and again"]) {
      const start = performance.now();
      const gone = await Promise.allSettled(mine.map((key) => driver.swap(key, "1", null)));
      expect(gone.map(({ status }) => status), time).toEqual(mine.map(() => "rejected"));
      expect(performance.now() - start).toBeLessThan(3 * DEADLINE * 1000);
      expect(await Promise.all(others.map((key) => driver.getItem(key))), time).toEqual(
        others.map(() => "1"),
      );
    }
    expect([mine.length > 2, others.length > 2]).toEqual([true, true]);
    if (what === "dies") { // and then all of them, so that there are only replicas
      const another = opened({ cluster: cluster.urls, base: "", deadline: DEADLINE });
      await Promise.all(others.map((key) => another.getItem(key)));
      await Promise.all(cluster.nodes.map((one) => one.stop()));
      for (const time of ["at first", "and again", "and again, now that it knows"]) {
        const gone = await Promise.allSettled(others.map((key) => another.getItem(key)));
        expect(gone.map(({ status }) => status), time).toEqual(others.map(() => "rejected"));
      }
      await Promise.all(cluster.nodes.map((one) => one.start()));
    } else node.signal("SIGCONT");
    for (const key of [...mine, ...others]) await until(() => answers(driver, key));
    for (const one of cluster.nodes) await until(() => isWhole(cluster, one)); // for whoever asks another node
  });
});

async function isWhole({ ask }: RedisCluster, node: RedisServer): Promise<boolean> {
  const told = await ask(node, "cluster", "info").catch(() => "");
  return String(told).includes("cluster_state:ok");
}

async function answers(driver: Driver, key: string): Promise<boolean> {
  return await Promise.resolve(driver.hasItem(key)).then(() => true, () => false);
}
