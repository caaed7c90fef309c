// The driver on a Redis that dies, hangs, fills up, starts again, changes its role, or whose reply is lost.
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import redis, { type RedisOptions } from "../../drivers/redis.ts";
import type { Driver } from "../../src/store/driver.ts";
import { until } from "./redis_cluster.ts";
import { type Proxy, proxy } from "./redis_proxy.ts";
import { freePort, hasRedis, type RedisServer, redisServer } from "./redis_server.ts";

const DEADLINE = 0.5;
const UNAVAILABLE = { code: "storage_unavailable", name: "AuthError" };

/** What a test makes, and what is gone with it. */
interface Scene {
  readonly started: (...flags: string[]) => Promise<RedisServer>;
  readonly startedAt: (port: number) => Promise<RedisServer>;
  /** A driver with the deadline, unless it says another. */
  readonly opened: (options: RedisOptions) => Driver;
  /** A connection of the test's own. */
  readonly asked: (server: RedisServer) => Redis;
  /** A line to a server. */
  readonly lined: (server: RedisServer) => Promise<Proxy>;
}

function on(run: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const endings: (() => unknown)[] = [];
    const start = async (flags: readonly string[], port?: number) => {
      const server = await redisServer(flags, port);
      endings.push(server.stop);
      return server;
    };
    try {
      await run({
        started: (...flags) => start(flags),
        startedAt: (port) => start([], port),
        opened(options) {
          const driver = redis({ deadline: DEADLINE, ...options });
          endings.push(driver.dispose);
          return driver;
        },
        asked({ url }) {
          const client = new Redis(url);
          client.on("error", () => {}); // the server is killed
          endings.push(() => client.disconnect());
          return client;
        },
        async lined(server) {
          const line = await proxy(server.port);
          endings.push(line.close);
          return line;
        },
      });
    } finally {
      for (const end of endings.reverse()) await end();
    }
  };
}

// At once: most of them wait for a deadline.
describe.skipIf(!hasRedis).concurrent("redis", () => {
  test(
    "that is killed is unavailable within the deadline, and works again by itself",
    on(async ({ started, opened }) => {
      const server = await started();
      const driver = opened({ url: server.url });
      await driver.swap("users:a", null, "1");
      await server.stop();
      await inTime(driver.swap("users:a", "1", "2"));
      await inTime(driver.getItem("users:a"));
      await server.start();
      expect(await driver.swap("users:a", null, "3")).toBe(true); // it came back empty, and without the script
      expect(await driver.getItem("users:a")).toBe("3");
    }),
  );

  test(
    "that is not there yet is unavailable, and works when it is",
    on(async ({ startedAt, opened }) => {
      const port = await freePort();
      const driver = opened({ url: `redis://127.0.0.1:${port}` });
      await inTime(driver.swap("users:a", null, "1"));
      await startedAt(port);
      expect(await driver.swap("users:a", null, "1")).toBe(true);
    }),
  );

  test(
    "that starts while it is waited for is waited for",
    on(async ({ startedAt, opened }) => {
      const port = await freePort();
      const driver = opened({ url: `redis://127.0.0.1:${port}`, deadline: 20 });
      const reply = driver.swap("users:a", null, "1");
      await startedAt(port);
      expect(await reply).toBe(true);
    }),
  );

  test(
    "that hangs is unavailable within the deadline, and works again by itself",
    on(async ({ started, opened }) => {
      const server = await started();
      const driver = opened({ url: server.url });
      await driver.swap("users:a", null, "0");
      server.signal("SIGSTOP");
      await Promise.all([
        inTime(driver.swap("users:a", "0", "1")),
        inTime(driver.getItem("users:a")),
        inTime(driver.hasItem("users:a")),
      ]);
      // By a new connection, which is taken and not answered; the second of them joins the first.
      for (const key of ["users:b", "users:c"]) await inTime(driver.setItem(key, "1"));
      server.signal("SIGCONT");
      const text = await driver.getItem("users:a");
      expect(["0", "1"]).toContain(text); // the swap may have been done after all, once
      expect(await driver.swap("users:a", text, "2")).toBe(true);
      expect(await driver.getKeys("")).toEqual(["users:a"]); // what was rejected before it was sent is not sent later
    }),
  );

  test(
    "whose connection has gone silent gets another one",
    on(async ({ started, opened, lined }) => {
      const server = await started();
      const line = await lined(server);
      const driver = opened({ url: line.url });
      await driver.swap("users:a", null, "1");
      line.silence();
      await inTime(driver.getItem("users:a"));
      expect(await driver.getItem("users:a")).toBe("1");

      const another = opened({ url: line.url });
      const before = line.connections();
      server.signal("SIGSTOP");
      const reply = inTime(another.getItem("users:a"));
      await until(() => line.connections() > before);
      line.silence(); // before it was ready
      server.signal("SIGCONT");
      await reply;
      expect(await another.getItem("users:a")).toBe("1");
    }),
  );

  test(
    "that hangs and is disposed of lets go all the same",
    on(async ({ started, opened }) => {
      const server = await started();
      const driver = opened({ url: server.url });
      await driver.ready?.();
      server.signal("SIGSTOP");
      const reply = inTime(driver.getItem("users:a"));
      await driver.dispose();
      await reply;
    }),
  );

  test(
    "that is full refuses what is new, and still reads and removes",
    on(async ({ started, opened }) => {
      const server = await started("--maxmemory", "3mb");
      const driver = opened({ url: server.url });
      const text = "x".repeat(50_000);
      const kept: string[] = [];
      let refusal: unknown;
      while (refusal === undefined && kept.length < 100) {
        const key = `users:${kept.length}`;
        if (await Promise.resolve(driver.swap(key, null, text)).catch((error) => refusal = error) === true) {
          kept.push(key);
        }
      }
      const full = { ...UNAVAILABLE, message: expect.stringMatching(/OOM.*it is full: raise maxmemory/) };
      expect(refusal).toMatchObject(full);
      await expect(driver.setItem("users:new", text)).rejects.toMatchObject(full);
      expect(await driver.getItem("users:new")).toBe(null);
      expect(await driver.getItem("users:0")).toBe(text);
      for (const key of kept) expect(await driver.swap(key, text, null)).toBe(true);
      expect(await driver.swap("users:new", null, text)).toBe(true);
    }),
  );

  test(
    "that becomes a replica is not read, until it is a master again",
    on(async ({ started, opened, asked }) => {
      const server = await started();
      const raw = asked(server);
      const driver = opened({ url: server.url });
      await driver.swap("users:a", null, "1");
      await raw.replicaof("127.0.0.1", await freePort());
      await expect(driver.swap("users:a", "1", "2")).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: expect.stringMatching(/READONLY.*name the master/),
      });
      await inTime(driver.getItem("users:a"));
      await raw.replicaof("NO", "ONE");
      expect(await driver.swap("users:a", "1", "2")).toBe(true);
    }),
  );

  test.each(["url", "client"])(
    "whose reply is lost does what it was asked to once, by a %s",
    (place) =>
      on(async ({ started, opened, asked, lined }) => {
        const server = await started();
        const line = await lined(server);
        // A client of ioredis that resends, as all do that are made without options.
        const client = new Redis(line.url, { lazyConnect: true });
        const driver = opened(place === "url" ? { url: line.url } : { client });
        const raw = asked(server);
        await driver.swap("users:a", null, "0"); // the script is known by now
        const cases: readonly (readonly [command: string, run: () => unknown])[] = [
          ["evalsha", () => driver.swap("users:a", "0", "1")],
          ["evalsha", () => driver.swap("users:a", "1", null)],
          ["set", () => driver.setItem("users:a", "2")],
          ["del", () => driver.removeItem("users:a")],
          ["get", () => driver.getItem("users:a")],
        ];
        for (const [command, run] of cases) {
          await raw.config("RESETSTAT");
          line.loseReply();
          await expect(run()).rejects.toMatchObject({ ...UNAVAILABLE, cause: expect.any(Error) });
          expect(await driver.hasItem("users:b")).toBe(false); // by the next connection
          expect(await raw.info("commandstats")).toMatch(new RegExp(`cmdstat_${command}:calls=1,`));
        }
        expect(await raw.exists("latchkey:users:a")).toBe(0); // all of them were done
      })(),
  );

  test(
    "that dies with 100 swaps in flight leaves none of them hanging",
    on(async ({ started, opened }) => {
      const server = await started();
      const driver = opened({ url: server.url, deadline: 20 });
      await driver.ready?.();
      server.signal("SIGSTOP");
      const replies = Array.from({ length: 100 }, (_, n) => driver.swap(`users:${n}`, null, "1"));
      const outcomes = Promise.allSettled(replies);
      await server.stop();
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: "rejected", reason: UNAVAILABLE });
      }
    }),
  );

  test(
    "whose replies are lost while 400 swaps go through it counts none of them twice",
    on(async ({ started, opened, lined }) => {
      const server = await started();
      const line = await lined(server);
      const driver = opened({ url: line.url, deadline: 20 });
      await driver.swap("counter", null, "0");
      let [answered, lost] = [0, 0];
      const increments = async () => {
        for (let n = 1; n <= 100; n++) {
          const text = await Promise.resolve(driver.getItem("counter")).catch(() => null);
          if (n % 10 === 0) line.loseReply();
          try {
            if (text !== null && await driver.swap("counter", text, `${Number(text) + 1}`)) answered++;
          } catch {
            lost++; // it may have been done
          }
        }
      };
      await Promise.all([increments(), increments(), increments(), increments()]);
      expect([answered > 0, lost > 0]).toEqual([true, true]);
      const count = Number(await driver.getItem("counter"));
      expect(count).toBeGreaterThanOrEqual(answered);
      expect(count).toBeLessThanOrEqual(answered + lost);
    }),
  );

  test(
    "whose write too few replicas have says so, and it is no proof that it is there",
    on(async ({ started, opened }) => {
      const master = await started();
      const one = () => opened({ url: master.url, replicas: 1, deadline: 1 });
      const undurable = {
        ...UNAVAILABLE,
        undurable: true,
        message: expect.stringContaining("0 of 1 replicas"),
      };
      const [first, second, third] = [one(), one(), one()];
      const writes = [
        first.swap("users:a", null, "1"),
        second.setItem("users:b", "1"),
        third.setItem("users:c", "1"),
      ];
      await Promise.all(writes.map((write) => expect(write).rejects.toMatchObject(undurable)));
      await expect(third.removeItem("users:c")).rejects.toMatchObject(undurable);
      expect(await first.getKeys("")).toHaveLength(2); // it was done
      expect(await first.swap("users:a", "0", "2")).toBe(false); // nothing was written: nobody needs to have it
    }),
  );

  test(
    "that waits for a replica reads meanwhile; with the replica, writes are answered",
    on(async ({ started, opened, asked }) => {
      const master = await started("--repl-diskless-sync-delay", "0");
      const replica = await started("--replicaof", "127.0.0.1", `${master.port}`);
      const raw = asked(master);
      await until(async () => (await raw.info("replication")).includes("state=online"));
      const driver = opened({ url: master.url, replicas: 1, deadline: 2 });
      expect(await driver.swap("users:a", null, "1")).toBe(true);
      expect(await asked(replica).exists("latchkey:users:a")).toBe(1);
      replica.signal("SIGSTOP");
      const write = Promise.resolve(driver.swap("users:a", "1", "2")).catch((error: unknown) => error);
      await until(async () => await driver.getItem("users:a") === "2");
      const first = await Promise.race([write, Promise.resolve(driver.getItem("users:a"))]);
      expect(first).toBe("2");
      expect(await write).toMatchObject({ ...UNAVAILABLE, undurable: true });
      replica.signal("SIGCONT");
      await until(async () =>
        await Promise.resolve(driver.swap("users:a", "2", "3")).catch(() => false) === true
      );
    }),
  );

  test(
    "whose reply is lost while replicas are wanted proves nothing by its text",
    on(async ({ started, opened, lined }) => {
      const server = await started();
      const line = await lined(server);
      const driver = opened({ url: line.url, replicas: 1 });
      await driver.getItem("users:a");
      await driver.ready?.();
      line.loseReply();
      await expect(driver.swap("users:a", null, "1")).rejects.toMatchObject({
        ...UNAVAILABLE,
        undurable: true,
      });
    }),
  );
});

/** That it rejects as unavailable, about within the deadline. */
async function inTime(reply: unknown): Promise<void> {
  const start = performance.now();
  await expect(reply).rejects.toMatchObject(UNAVAILABLE);
  expect(performance.now() - start).toBeLessThan(3 * DEADLINE * 1000);
}
