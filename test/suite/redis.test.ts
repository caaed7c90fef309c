// The driver on one Redis.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Cluster, Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import redis, { type RedisOptions } from "../../drivers/redis.ts";
import type { Driver } from "../../src/store/driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";
import { age } from "./redis_age.ts";
import { child, spoken } from "./redis_processes.ts";
import { freePort, hasRedis, type RedisServer, redisServer } from "./redis_server.ts";

describe("where a redis is", () => {
  const client = () => new Redis({ lazyConnect: true });
  const wrong: readonly (readonly [what: string, options: object, paths: readonly string[]])[] = [
    ["nowhere", {}, ["url"]],
    ["two places", { url: "redis://localhost", client: client() }, ["url"]],
    ["no url", { url: "localhost:6379" }, ["url"]],
    ["another server", { url: "https://localhost" }, ["url"]],
    ["no host", { url: "redis:///0" }, ["url"]],
    ["a database by name", { url: "redis://localhost/main" }, ["url"]],
    ["a password with a bare #", { url: "redis://:p#ss@localhost" }, ["url"]],
    ["a password with a bare %", { url: "redis://:100%@localhost" }, ["url"]],
    ["an option of the client's", { url: "redis://localhost?enableOfflineQueue=true" }, ["url"]],
    ["no nodes", { cluster: [] }, ["cluster"]],
    ["a node that is none", { cluster: ["redis://a", "b"] }, ["cluster.1"]],
    ["nodes with two passwords", { cluster: ["redis://:a@a", "redis://:b@b"] }, ["cluster.1"]],
    ["a cluster's second database", { cluster: ["redis://a/1"] }, ["cluster.0"]],
    ["another client", { client: { get: () => null } }, ["client"]],
    ["a base with a wildcard", { url: "redis://localhost", base: "a*" }, ["base"]],
    ["all at once", { base: ":", replicas: 0.5, deadline: 0 }, ["url", "base", "replicas", "deadline"]],
  ];

  test.each(wrong)("%s is refused", (_, options, paths) => {
    const issues = paths.map((path) => expect.objectContaining({ path }));
    const invalid = expect.objectContaining({ code: "config_invalid", details: { issues } });
    expect(() => redis(options)).toThrow(invalid);
  });

  test("no issue repeats a url: there may be a password in it", () => {
    for (
      const url of ["redis://:hush#1@localhost", "hush", "hush://a", "redis://a?hush=1", "redis://a/hush"]
    ) {
      try {
        redis({ url });
        expect.unreachable();
      } catch (error) {
        expect(inspect(error)).not.toContain("hush");
      }
    }
  });

  test("a cluster client that reads from replicas is refused: they are behind", () => {
    for (const scaleReads of ["slave", "all", () => []] as const) {
      const cluster = new Cluster(["redis://127.0.0.1:1"], { scaleReads, lazyConnect: true });
      expect(() => redis({ client: cluster })).toThrow(expect.objectContaining({ code: "storage_unsafe" }));
    }
  });

  test("what was not used has nothing to dispose of", async () => {
    const driver = redis({ url: "redis://127.0.0.1:1" });
    await driver.dispose();
    await expect(driver.getItem("users:a")).rejects.toMatchObject({ code: "storage_unavailable" });
  });
});

describe.skipIf(!hasRedis)("redis", () => {
  let server: RedisServer;
  let raw: Redis;
  const drivers: Driver[] = [];
  let count = 0;
  const base = () => `test-${count}`;
  /** A driver on what nobody else uses. */
  const fresh = (place: RedisOptions = { url: server.url }) => {
    const driver = redis({ base: `test-${++count}`, ...place });
    drivers.push(driver);
    return driver;
  };

  beforeAll(async () => {
    server = await redisServer();
    raw = new Redis(server.url);
  });
  afterEach(() => Promise.all(drivers.splice(0).map((driver) => driver.dispose())));
  afterAll(async () => {
    raw.disconnect();
    await server.stop();
  });

  driverSuite(test, () => fresh(), { turn: (seconds) => age(server.url, base(), seconds), precision: 5 });

  test("keys stand below the base, latchkey unless another is given, or none", async () => {
    const { url } = server;
    const bases: readonly (readonly [place: RedisOptions, key: string])[] = [
      [{ url, base: "a:b-c" }, "a:b-c:users:a"],
      [{ url, base: "" }, "users:a"],
      [{ url }, "latchkey:users:a"],
    ];
    for (const [place, key] of bases) {
      const driver = redis(place);
      await driver.swap("users:a", null, key);
      expect(await raw.get(key)).toBe(key);
      expect(await driver.getKeys("users:")).toEqual(["users:a"]);
      await driver.clear("");
      expect(await raw.exists(key)).toBe(0);
      await driver.dispose();
    }
  });

  test("a wildcard in a prefix is a letter", async () => {
    const driver = fresh();
    const keys = ["a*", "a?", "a[bc]", "a\\", "ab", "a"];
    for (const key of keys) await driver.setItem(key, "1");
    for (const key of keys.slice(0, 5)) expect(await driver.getKeys(key)).toEqual([key]);
  });

  test("two reads of one tick travel together", async () => {
    const driver = fresh();
    await driver.getItem("users:a"); // connected
    const reads = async () => Number(/total_reads_processed:(\d+)/.exec(await raw.info("stats"))?.[1]);
    const before = await reads();
    await Promise.all([driver.getItem("users:a"), driver.getItem("sessions:a:b")]);
    expect(await reads() - before).toBe(2); // one of them is that of the second INFO
  });

  test("what is not ours is no text and no entry", async () => {
    const driver = fresh();
    await driver.setItem("users:a", "1");
    await raw.rpush(`${base()}:users:list`, "1");
    expect(await Array.fromAsync(driver.entries("users:"))).toEqual([["users:a", "1"]]);
    const corrupt = { code: "storage_corrupt", message: expect.stringContaining("WRONGTYPE") };
    await expect(driver.getItem("users:list")).rejects.toMatchObject(corrupt);
    await expect(driver.swap("users:list", null, "1")).rejects.toMatchObject(corrupt);
  });

  test("a script that the server has forgotten is sent again", async () => {
    const driver = fresh();
    await driver.swap("users:a", null, "1");
    await raw.script("FLUSH");
    expect(await driver.swap("users:a", "1", "2")).toBe(true);
  });

  test("a given client lends its settings, and its prefix, and is left alone", async () => {
    const client = new Redis(server.url, {
      keyPrefix: "app:",
      db: 3,
      lazyConnect: true,
      stringNumbers: true,
      enableAutoPipelining: true,
    });
    const driver = fresh({ client });
    await driver.swap("users:a", null, "1");
    expect(await driver.hasItem("users:a")).toBe(true);
    expect(client.status).toBe("wait");
    const third = raw.duplicate({ db: 3 });
    expect(await third.get(`app:${base()}:users:a`)).toBe("1");
    expect(await driver.getKeys("")).toEqual(["users:a"]);
    await driver.dispose();
    await client.connect();
    expect(await client.ping()).toBe("PONG");
    for (const open of [client, third]) open.disconnect();
  });

  test("the database of the url is used, and one that is not there is refused", async () => {
    const driver = fresh({ url: `${server.url}/5` });
    await driver.setItem("users:a", "five");
    expect(await raw.exists(`${base()}:users:a`)).toBe(0);
    await expect(fresh({ url: `${server.url}/99` }).getItem("users:a")).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringContaining("DB index is out of range"),
    });
  });

  test("four processes that add one 250 times each arrive at 1000", async () => {
    const driver = redis({ url: server.url });
    await driver.swap("counter", null, "0");
    const four = Array.from({ length: 4 }, () => child({ do: "increment", url: server.url }));
    expect(await Promise.all(four)).toEqual(Array(4).fill(["done"]));
    expect(await driver.getItem("counter")).toBe("1000");
    await driver.dispose();
  });

  test("a process that has disposed of its driver ends by itself", async () => {
    expect(await child({ do: "read", place: { url: server.url } })).toEqual(["null"]);
  });

  test("a process whose Redis was never there ends by itself too", async () => {
    const place = { url: `redis://127.0.0.1:${await freePort()}` };
    expect(await child({ do: "read", place, deadline: 0.5 })).toEqual(["storage_unavailable"]);
  });
});

describe.skipIf(!hasRedis)("a redis of its own", () => {
  const servers: RedisServer[] = [];
  const drivers: Driver[] = [];
  const folders: string[] = [];

  async function started(...flags: string[]): Promise<RedisServer> {
    const server = await redisServer(flags);
    servers.push(server);
    return server;
  }

  function opened(options: RedisOptions): Driver {
    const driver = redis(options);
    drivers.push(driver);
    return driver;
  }

  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), "latchkey-"));
    folders.push(made);
    return made;
  }

  afterEach(async () => {
    await Promise.all(drivers.splice(0).map((driver) => driver.dispose()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    for (const made of folders.splice(0)) rmSync(made, { recursive: true });
  });

  test("one that may throw keys away is refused, until it may not", async () => {
    const server = await started("--maxmemory-policy", "allkeys-lru");
    const driver = opened({ url: server.url });
    const unsafe = {
      code: "storage_unsafe",
      message: expect.stringContaining("allkeys-lru): CONFIG SET maxmemory-policy noeviction"),
    };
    await expect(driver.ready?.()).rejects.toMatchObject(unsafe);
    await expect(driver.swap("users:a", null, "1")).rejects.toMatchObject(unsafe);
    const raw = new Redis(server.url);
    await raw.config("SET", "maxmemory-policy", "noeviction");
    raw.disconnect();
    expect(await driver.swap("users:a", null, "1")).toBe(true);
    await driver.ready?.();
  });

  test("one that does not tell how it throws keys away is taken at its word", async () => {
    const server = await started("--maxmemory-policy", "allkeys-lru");
    const raw = new Redis(server.url);
    await raw.acl("SETUSER", "auth", "on", ">hush", "~*", "+@all", "-info");
    raw.disconnect();
    const driver = opened({ url: `redis://auth:hush@127.0.0.1:${server.port}` });
    expect(await driver.swap("users:a", null, "1")).toBe(true);
  });

  const secret = "hu#sh/100%@";
  const refusals: readonly (readonly [what: string, flags: string[], sign: string, why: RegExp])[] = [
    [
      "a wrong password",
      ["--requirepass", "right"],
      `:${encodeURIComponent(secret)}@`,
      /WRONGPASS.*look at the user/,
    ],
    ["a wrong user", ["--requirepass", "right"], `ada:${encodeURIComponent(secret)}@`, /WRONGPASS/],
    ["no password", ["--requirepass", "right"], "", /NOAUTH.*look at the user and the password/],
    [
      "a password where AUTH has another name",
      ["--requirepass", "right", "--rename-command", "AUTH", "OTHER"],
      `:${encodeURIComponent(secret)}@`,
      /unknown command 'auth'/,
    ],
  ];
  test.each(refusals)("%s is told at once, in words without it", async (_, flags, sign, why) => {
    const { port } = await started(...flags);
    const driver = opened({ url: `redis://${sign}127.0.0.1:${port}`, deadline: 3600 });
    const error = await Promise.resolve(driver.swap("users:a", null, "1")).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "storage_unavailable", message: expect.stringMatching(why) });
    expect(error).toMatchObject({ message: expect.stringContaining(`redis://127.0.0.1:${port}: `) });
    expect(inspect(error, { depth: 9 })).not.toMatch(/hu#sh|hu%23sh/);
  });

  test("a right password opens, whatever it is made of", async () => {
    const { port } = await started("--requirepass", secret);
    const driver = opened({ url: `redis://:${encodeURIComponent(secret)}@127.0.0.1:${port}` });
    expect(await driver.swap("users:a", null, "1")).toBe(true);
  });

  test("a node of a cluster that is taken for a server says what it is", async () => {
    const made = folder();
    const server = await started(
      "--cluster-enabled",
      "yes",
      "--dir",
      made,
      "--cluster-port",
      `${await freePort()}`,
    );
    const raw = new Redis(server.url);
    await raw.cluster("ADDSLOTSRANGE", 0, 0);
    const driver = opened({ url: server.url });
    const message = expect.stringMatching(/CLUSTERDOWN|MOVED/);
    await expect(driver.getItem("users:a")).rejects.toMatchObject({ code: "storage_unavailable", message });
    raw.disconnect();
  });

  test("over TLS, a certificate that nobody trusts is refused, and one that is trusted is good", async () => {
    const made = folder();
    const [key, cert] = [join(made, "key.pem"), join(made, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const type = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
    spawnSync("openssl", ["req", "-x509", ...type, ...subject, "-keyout", key, "-out", cert]);
    const port = await freePort();
    const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert];
    const server = await redisServer([
      "--port",
      "0",
      "--tls-port",
      `${port}`,
      ...files,
      "--tls-auth-clients",
      "no",
    ]);
    servers.push(server);
    const url = `rediss://127.0.0.1:${port}`;
    await expect(opened({ url, deadline: 0.5 }).getItem("users:a")).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringMatching(new RegExp(`${url}: .*(self-signed|certificate)`)),
    });
    const client = new Redis(url, { lazyConnect: true, tls: { ca: readFileSync(cert) } });
    expect(await opened({ client }).swap("users:a", null, "1")).toBe(true);
  });

  test("without ioredis it says what to install", async () => {
    const made = folder();
    for (const part of ["drivers", "src"]) {
      cpSync(join(import.meta.dirname, "../..", part), join(made, part), { recursive: true });
    }
    const script = join(made, "script.ts");
    writeFileSync(join(made, "package.json"), '{"type":"module"}');
    writeFileSync(
      script,
      `import redis from "./drivers/redis.ts";
      await redis({ url: "redis://127.0.0.1:1" }).getItem("users:a").catch((e) => console.log(e.code, e.message));`,
    );
    const [line = ""] = await spoken(script);
    expect(line).toMatch(/^config_invalid .*npm install ioredis/);
  });
});
