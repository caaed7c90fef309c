// What people notice of a Redis that fails: 503 within the deadline, and nothing more once it is back. By the machine's clock.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import redis from "../../drivers/redis.ts";
import { createAuth } from "../../src/auth.ts";
import { mailbox } from "../../src/testing/mailbox.ts";
import { proxy } from "./redis_proxy.ts";
import { hasRedis, type RedisServer, redisServer } from "./redis_server.ts";

const BASE = "http://localhost:3000/auth";
const DEADLINE = 1000; // ms
const LATE = 3 * DEADLINE; // ms: a request may take several steps, and the machine is busy
const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) {
    server = await redisServer(["--appendonly", "yes", "--appendfsync", "always", "--dir", folder]);
  }
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** A server of the library with somebody who is signed in. */
async function service(url: string = server.url) {
  const box = mailbox();
  const silent = { warn: () => {} };
  const auth = createAuth({
    storage: redis({ url, base: `test-${crypto.randomUUID()}`, deadline: DEADLINE / 1000 }),
    storageDeadline: "1s",
    secret: "a-secret-of-32-characters-or-more",
    baseUrl: "http://localhost:3000",
    email: { from: "no-reply@example.com", send: box.send },
    emailOtp: true,
    platform: { log: silent },
  });
  const email = "ada@example.com";
  const send = (method: string, path: string, body?: object, cookie = "") =>
    auth.handler(
      new Request(BASE + path, {
        method,
        headers: { "content-type": "application/json", origin: "http://localhost:3000", cookie },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
  const { challengeId } = await (await send("POST", "/email/start", { email })).json();
  const grant = await send("POST", "/email/verify", { challengeId, code: box.code(email) });
  const [cookie = ""] = (grant.headers.get("set-cookie") ?? "").split(";");
  /** Status and code of a request, and whether it took longer than it may. */
  async function ask(method: string, path: string, body?: object): Promise<object> {
    const begun = performance.now();
    const reply = await send(method, path, body, cookie);
    const late = performance.now() - begun > LATE;
    const { code = null } = reply.status === 204 ? {} : await reply.json();
    return { status: reply.status, code, late };
  }
  return { auth, ask, start: () => ask("POST", "/email/start", { email: "bob@example.com" }) };
}

const FINE = { status: 200, code: null, late: false };
const DOWN = { status: 503, code: "storage_unavailable", late: false };

describe.skipIf(!hasRedis)("a server on a Redis", () => {
  test("that is killed and comes back with what it had: 503, and then everybody is still signed in", async () => {
    const { auth, ask, start } = await service();
    expect([await ask("GET", "/me"), await start()]).toEqual([FINE, FINE]);
    await server.stop();
    expect([await ask("GET", "/me"), await start(), await ask("GET", "/health")]).toEqual([DOWN, DOWN, DOWN]);
    await server.start();
    expect([await ask("GET", "/me"), await start(), await ask("GET", "/health")]).toEqual([FINE, FINE, FINE]);
    await auth.close();
  });

  test("that does not answer: 503 at the deadline, and then it goes on", async () => {
    const { auth, ask, start } = await service();
    server.signal("SIGSTOP");
    expect([await ask("GET", "/me"), await start()]).toEqual([DOWN, DOWN]);
    expect(await Promise.all(Array.from({ length: 50 }, () => ask("GET", "/me")))).toEqual(
      Array(50).fill(DOWN),
    );
    server.signal("SIGCONT");
    expect([await ask("GET", "/me"), await start()]).toEqual([FINE, FINE]);
    await auth.close();
  });

  test("that is slow: what it answers in time counts, what it does not is 503, and then it goes on", async () => {
    const line = await proxy(server.port);
    const { auth, ask, start } = await service(line.url);
    line.delay(DEADLINE / 4);
    expect([await ask("GET", "/me"), await ask("GET", "/health")]).toEqual([FINE, FINE]);
    line.delay(DEADLINE * 1.5);
    expect([await ask("GET", "/me"), await ask("GET", "/health")]).toEqual([DOWN, DOWN]);
    line.delay(0);
    expect([await ask("GET", "/me"), await start()]).toEqual([FINE, FINE]);
    await auth.close();
    await line.close();
  });

  test("that is full: nothing is written, who is signed in stays so, and room is all it takes", async () => {
    const { auth, ask, start } = await service();
    const admin = new Redis(server.url);
    await admin.config("SET", "maxmemory", "1");
    expect([await ask("GET", "/me"), await start()]).toEqual([FINE, DOWN]);
    await admin.config("SET", "maxmemory", "0");
    expect([await start(), await ask("POST", "/sign-out", {})]).toEqual([FINE, { ...FINE, status: 204 }]);
    expect(await ask("GET", "/me")).toMatchObject({ status: 401 });
    admin.disconnect();
    await auth.close();
  });
});
