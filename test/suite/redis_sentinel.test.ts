// The driver on a master and a replica that a Sentinel watches: what a failover costs.
import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import redis from "../../drivers/redis.ts";
import type { Driver } from "../../src/store/driver.ts";
import { until } from "./redis_cluster.ts";
import { freePort, hasRedis, redisServer, sentinelServer } from "./redis_server.ts";

const DEADLINE = 0.5;

describe.skipIf(!hasRedis)("redis behind a sentinel", () => {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  /** A connection of the test's own. */
  function asked(url: string): Redis {
    const client = new Redis(url);
    client.on("error", () => {}); // the master is killed
    endings.push(() => client.disconnect());
    return client;
  }

  async function started(...flags: string[]) {
    const server = await redisServer(["--repl-diskless-sync-delay", "0", ...flags]);
    endings.push(server.stop);
    return { ...server, raw: asked(server.url) };
  }

  /** Resolves when the Sentinel knows both. */
  async function watched() {
    const master = await started();
    const replica = await started("--replicaof", "127.0.0.1", `${master.port}`);
    await until(async () => (await master.raw.info("replication")).includes("state=online"));
    const sentinel = await sentinelServer(master);
    endings.push(sentinel.stop);
    const watcher = asked(sentinel.url);
    await until(async () =>
      String(await watcher.call("sentinel", "replicas", "main")).includes("slave-repl-offset")
    );
    /** The client that a user would have, with a Sentinel that is down before the one that is up. */
    const sentinels = [{ host: "127.0.0.1", port: await freePort() }, {
      host: "127.0.0.1",
      port: sentinel.port,
    }];
    const client = new Redis({ sentinels, name: "main", lazyConnect: true });
    return { master, replica, client };
  }

  test("a failover loses nothing that was answered when a replica had it, and then all goes on by itself", async () => {
    const { master, replica, client } = await watched();
    const driver = redis({ client, deadline: DEADLINE, replicas: 1 });
    const plain = redis({ client, deadline: DEADLINE });
    endings.push(driver.dispose, plain.dispose);
    await Promise.all([plain.ready?.(), until(() => writes(driver))]);
    const [answered, lost]: [string[], string[]] = [[], []];
    const write = async (key: string, text: string) => {
      try {
        if (await driver.swap(key, null, text)) answered.push(key);
      } catch {
        lost.push(key);
      }
    };
    await Promise.all(Array.from({ length: 200 }, (_, n) => write(`users:${n}`, "1")));
    expect(answered).toHaveLength(200);
    replica.signal("SIGSTOP"); // it falls behind, by more than is under way in sockets
    await write("users:late", "x".repeat(2 ** 24));
    expect(await plain.hasItem("users:late")).toBe(true);
    await master.stop();
    replica.signal("SIGCONT");
    const start = performance.now();
    await expect(plain.getItem("users:0")).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining("redis master main"),
    });
    expect(performance.now() - start).toBeLessThan(3 * DEADLINE * 1000);

    await until(() => writes(plain));
    expect(await replica.raw.get("latchkey:after")).toBe("1"); // it is the master now
    const found = await Promise.all(answered.map(async (key) => await plain.getItem(key)));
    expect(found).toEqual(answered.map(() => "1"));
    expect(lost).toEqual(["users:late"]);
    expect(await plain.hasItem("users:late")).toBe(false);

    await expect(driver.swap("users:lonely", null, "1")).rejects.toMatchObject({ undurable: true });
    await started("--replicaof", "127.0.0.1", `${replica.port}`);
    await until(() => writes(driver));
  });
});

async function writes(driver: Driver): Promise<boolean> {
  return await Promise.resolve(driver.setItem("after", "1")).then(() => true, () => false);
}
