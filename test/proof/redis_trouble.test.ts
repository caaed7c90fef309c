// A Redis in trouble under real servers of the library: who is let in meanwhile, what is refused, and that all goes on by itself.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import redis from "../../drivers/redis.ts";
import type { Driver } from "../../src/store/driver.ts";
import { type Mailbox, mailbox } from "../../src/testing/mailbox.ts";
import { type Client, client, type FullAuth, type Via } from "../suite/client.ts";
import { told } from "../suite/gate.ts";
import { plantedRedis } from "../suite/planted.ts";
import { until } from "../suite/redis_cluster.ts";
import { type Proxy, proxy } from "../suite/redis_proxy.ts";
import { freePort, hasRedis, type RedisServer, redisServer } from "../suite/redis_server.ts";
import { audit, begin, type Ledger, serving } from "./people.ts";
import { caught, inTurn, showed } from "./showed.ts";

const DEADLINE = 2; // seconds
const PATIENCE = 10_000; // milliseconds that a request takes at most, with a deadline for each of its operations

/** A Redis and a server on it, through a line that can be slow. */
interface Scene {
  readonly server: RedisServer;
  readonly line: Proxy;
  /** A connection of the test's own. */
  readonly raw: Redis;
  readonly auth: FullAuth;
  readonly box: Mailbox;
  readonly via: Via;
}

/** People before the trouble: three who are in, one who has left, and one with a code. */
interface People {
  readonly ada: Client;
  readonly fay: Client;
  readonly refreshToken: string;
  readonly gone: Client;
  readonly challengeId: string;
  readonly code: string;
}

/** Who or what is refused. */
type Outcomes = Readonly<Record<"check" | "gone" | "start" | "refresh" | "sign in" | "end", string>>;

/** All that is asked of a store that does not answer. */
const REFUSED: Outcomes = {
  check: "storage_unavailable",
  gone: "storage_unavailable",
  start: "storage_unavailable",
  refresh: "storage_unavailable",
  "sign in": "storage_unavailable",
  end: "storage_unavailable",
};
const FINE: Outcomes = {
  check: "in",
  gone: "out",
  start: "done",
  refresh: "done",
  "sign in": "done",
  end: "done",
};

async function prepared({ auth, box, via }: Scene): Promise<People> {
  const signIn = async (name: string, session: "cookie" | "bearer") => {
    const somebody = client(auth, via);
    const { challengeId } = await somebody.emailOtp.start({ email: `${name}@example.com` });
    const grant = await somebody.emailOtp.verify({
      challengeId,
      code: box.code(`${name}@example.com`),
      session,
    });
    return [somebody, grant] as const;
  };
  const [ada] = await signIn("ada", "cookie");
  const [, { refreshToken = "" }] = await signIn("bob", "bearer");
  const [fay] = await signIn("fay", "cookie");
  const [gone] = await signIn("eve", "cookie");
  const left = client(auth, via);
  left.wears(gone.headers);
  await gone.sessions.signOut();
  const { challengeId } = await client(auth, via).emailOtp.start({ email: "carl@example.com" });
  return { ada, fay, refreshToken, gone: left, challengeId, code: box.code("carl@example.com") };
}

/** One of each at once; none takes longer than it may. */
async function tried({ auth, via }: Scene, people: People): Promise<Outcomes> {
  const { ada, fay, gone, refreshToken, challengeId, code } = people;
  const outcome = async (request: Promise<unknown>) => {
    const start = performance.now();
    const answer = await told(request);
    expect(performance.now() - start).toBeLessThan(PATIENCE);
    return answer.code ?? "done";
  };
  const isIn = async ({ headers }: Client) => {
    const answer = await told(auth.getSession(headers));
    return answer.code ?? (answer.value.user === null ? "out" : "in");
  };
  const attempt = "one-and-the-same-attempt";
  const outcomes = await Promise.all([
    isIn(ada),
    isIn(gone),
    outcome(client(auth, via).emailOtp.start({ email: "dora@example.com" })),
    outcome(client(auth, via).sessions.refresh({ refreshToken, attempt })),
    outcome(client(auth, via).emailOtp.verify({ challengeId, code })),
    outcome(fay.sessions.signOut()),
  ]);
  const [check, out, start, refresh, signIn, end] = outcomes;
  return { check, gone: out, start, refresh, "sign in": signIn, end };
}

/** Plays a scene at a Redis of its own, and clears up. */
async function on(via: Via, flags: readonly string[], play: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await redisServer(flags);
  const line = await proxy(server.port);
  const raw = new Redis(server.url);
  raw.on("error", () => {}); // the server is killed
  const box = mailbox();
  const auth = serving(redis({ url: line.url, deadline: DEADLINE }), box, DEADLINE);
  try {
    await auth.ready();
    await play({ server, line, raw, auth, box, via });
  } finally {
    await auth.close();
    raw.disconnect();
    await line.close();
    await server.stop();
  }
}

const TURN = inTurn(["method", "http"] as const, 2);

describe.skipIf(!hasRedis).concurrent.each(TURN)("redis, by %s", (via) => {
  test("that is killed and starts with what it had goes on with it", async () => {
    const dir = mkdtempSync(join(tmpdir(), "latchkey-"));
    const flags = ["--appendonly", "yes", "--appendfsync", "always", "--dir", dir];
    await on(via, flags, async (scene) => {
      const people = await prepared(scene);
      await scene.server.stop();
      expect(await tried(scene, people)).toEqual(REFUSED);
      await scene.server.start();
      expect(await tried(scene, people)).toEqual(FINE);
    });
    rmSync(dir, { recursive: true });
  });

  test("that is killed and starts with nothing knows nobody, and says so", async () => {
    await on(via, [], async (scene) => {
      const people = await prepared(scene);
      await scene.server.stop();
      expect(await tried(scene, people)).toEqual(REFUSED);
      await scene.server.start();
      const { check, gone, refresh, "sign in": signIn } = await tried(scene, people);
      expect([check, gone, refresh, signIn]).toEqual(["out", "out", "session_ended", "challenge_invalid"]);
      expect(await told(scene.auth.health())).toEqual({ code: "storage_corrupt" });
    });
  });

  test("that is full lets those in who were in, and writes nothing", async () => {
    await on(via, [], async (scene) => {
      const people = await prepared(scene);
      await scene.raw.config("SET", "maxmemory", "1");
      expect(await tried(scene, people)).toEqual({ ...REFUSED, check: "in", gone: "out" });
      await scene.raw.config("SET", "maxmemory", "0");
      // The code was taken, which needs no room: another one is asked for.
      expect(await tried(scene, people)).toEqual({ ...FINE, "sign in": "challenge_invalid" });
      expect(await tried(scene, await prepared(scene))).toEqual(FINE);
    });
  });

  test("that has become a replica is not read and not written", async () => {
    await on(via, [], async (scene) => {
      const people = await prepared(scene);
      await scene.raw.replicaof("127.0.0.1", await freePort());
      await scene.raw.client("KILL", "TYPE", "normal"); // as a Sentinel does
      expect(await tried(scene, people)).toEqual(REFUSED);
      await scene.raw.replicaof("NO", "ONE");
      expect(await tried(scene, people)).toEqual(FINE);
    });
  });

  test("that is slow keeps everybody waiting; one that is too slow has done nothing twice", async () => {
    await on(via, [], async (scene) => {
      const people = await prepared(scene);
      scene.line.delay(1000 * DEADLINE * 2);
      expect(await tried(scene, people)).toEqual(REFUSED);
      scene.line.delay(1000 * DEADLINE / 80);
      await until(() => scene.auth.health().then(() => true, () => false));
      const { "sign in": signIn, ...others } = await tried(scene, people);
      expect(signIn).toMatch(/^(done|challenge_invalid)$/); // it may have been used up
      const { "sign in": _, ...fine } = FINE;
      expect(others).toEqual(fine);
      expect(await tried(scene, await prepared(scene))).toEqual(FINE);
    });
  });
});

describe.skipIf(!hasRedis)("redis", () => {
  test("whose replies are lost again and again is asked for nothing twice, and all that was told stays so", async () => {
    const { ledger, asked, done } = await interrupted(redis);
    expect([ledger.wrong, ledger.lost, ledger.undone]).toEqual([[], [], []]);
    expect(ledger.unavailable).toBeGreaterThan(0);
    expect(done).toBeLessThanOrEqual(asked);
    showed("cluster", { requests: ledger.requests, refusals: ledger.unavailable, swaps: asked });
  });

  test("by a client that sends again what may have been done is asked more often, and people are turned away", async () => {
    const changes = [
      ["autoResendUnfulfilledCommands: false", "autoResendUnfulfilledCommands: true"],
      ["    retryStrategy: null", "    retryStrategy: () => 1"],
    ] as const;
    const resending = await plantedRedis(
      changes.map(([from, to]) => ({ file: "drivers/redis_client.ts", from, to })),
    );
    const { asked, done } = await interrupted(resending);
    expect(done).toBeGreaterThan(asked);
    caught("cluster", "a client that sends again what may have been done");
  });
});

/** People at work while every twentieth request or so loses a reply, which cuts the connection: how often drivers were asked to swap,
 * and how often Redis was. */
async function interrupted(
  make: typeof redis,
): Promise<{ readonly ledger: Ledger; readonly asked: number; readonly done: number }> {
  const server = await redisServer();
  const line = await proxy(server.port);
  const raw = new Redis(server.url);
  const box = mailbox();
  let asked = 0;
  const servers = [1, 2].map(() => {
    const driver = make({ url: line.url, deadline: DEADLINE });
    const swap: Driver["swap"] = (...all) => (asked++, driver.swap(...all));
    return serving({ ...driver, swap }, box, DEADLINE);
  });
  const load = begin(servers, box, 24);
  for (let next = 100; next <= 600; next += 20) {
    await until(() => load.ledger.requests >= next);
    line.loseReply();
  }
  await load.stop();
  await audit(load, servers[0]!);
  const stats = await raw.info("commandstats");
  for (const auth of servers) await auth.close();
  raw.disconnect();
  await line.close();
  await server.stop();
  const counts = stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+),.*failed_calls=(\d+)/g);
  const done = [...counts].reduce((sum, [, calls, failed]) => sum + Number(calls) - Number(failed), 0);
  return { ledger: load.ledger, asked, done };
}
