// The stores that are adopted, as unstorage 1.17 and 2.0 open them.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, type Database } from "db0";
import nodeSqlite from "db0/connectors/node-sqlite";
import pglite from "db0/connectors/pglite";
import { Redis } from "ioredis";
import { createStorage, prefixStorage } from "unstorage";
import db0 from "unstorage/drivers/db0";
import denoKv from "unstorage/drivers/deno-kv";
import memory from "unstorage/drivers/memory";
import redis from "unstorage/drivers/redis";
import upstash from "unstorage/drivers/upstash";
import { createStorage as createStorageNext, prefixStorage as prefixStorageNext } from "unstorage2";
import db0Next from "unstorage2/drivers/db0";
import denoKvNext from "unstorage2/drivers/deno-kv";
import memoryNext from "unstorage2/drivers/memory";
import redisNext from "unstorage2/drivers/redis";
import upstashNext from "unstorage2/drivers/upstash";
import { vi } from "vitest";
import type { MaybePromise } from "../../src/store/driver.ts";
import type { StockDriver } from "../../src/store/unstorage.ts";
import { age } from "./redis_age.ts";
import { hasRedis, type RedisServer, redisServer } from "./redis_server.ts";
import { upstashServer } from "./upstash_server.ts";

/** A store of its own, empty at first. */
export interface StockStore {
  /** A driver of unstorage on it: the same one where another would have another store. */
  readonly driver: () => StockDriver;
  /** Lets its own clock go on, where it has one. */
  readonly turn?: (seconds: number) => MaybePromise<void>;
  readonly close: () => MaybePromise<void>;
}

/** What is known of a kind of store. */
export interface StockKind {
  readonly name: string;
  readonly version: Version;
  readonly open: () => MaybePromise<StockStore>;
  /** Whether what is past its life goes by itself. */
  readonly expires: boolean;
  readonly atomicity: "process" | "shared";
  /** Facts for the laws of a driver. */
  readonly facts: { readonly ordered?: boolean; readonly keys: number; readonly precision?: number };
}

/** A version of unstorage: its drivers, each as it is made here. */
export interface Version {
  readonly name: "1.17" | "2.0";
  /** A Storage on a driver. */
  readonly storage: (driver: object) => object;
  /** The part of a Storage that begins with "tenant:". */
  readonly prefixed: (storage: object) => object;
  readonly memory: () => object;
  readonly redis: (options: { url: string; base?: string }) => object;
  readonly upstash: (options: { url: string; token: string; base?: string }) => object;
  readonly denoKv: (base?: string) => Promise<object>;
  readonly db0: (options: { database: Database; tableName?: string }) => object;
}

/** Both; what they are given was made by themselves, which their types cannot know. */
export const VERSIONS: readonly Version[] = [
  {
    name: "1.17",
    storage: (driver) => createStorage({ driver: driver as ReturnType<typeof memory> }),
    prefixed: (storage) => prefixStorage(storage as ReturnType<typeof createStorage>, "tenant"),
    memory,
    redis,
    upstash,
    denoKv: (base) => inMemory(denoKv, () => import("unstorage/drivers/deno-kv-node"), base),
    db0,
  },
  {
    name: "2.0",
    storage: (driver) => createStorageNext({ driver: driver as ReturnType<typeof memoryNext> }),
    prefixed: (storage) => prefixStorageNext(storage as ReturnType<typeof createStorageNext>, "tenant"),
    memory: memoryNext,
    redis: redisNext,
    upstash: upstashNext,
    denoKv: (base) => inMemory(denoKvNext, () => import("unstorage2/drivers/deno-kv-node"), base),
    db0: db0Next,
  },
];

/** Deno has a KV of its own, Node that of a package. */
async function inMemory(
  deno: (options: KvOptions) => object,
  node: () => Promise<{ readonly default: (options: KvOptions) => object }>,
  base = "",
): Promise<object> {
  const options = { path: ":memory:", base };
  return "Deno" in globalThis ? deno(options) : (await node()).default(options);
}

interface KvOptions {
  readonly path: string;
  readonly base: string;
}

const FOLDERS = existsSync("/dev/shm") ? "/dev/shm" : tmpdir(); // what survives a power cut is not asked here
// What unstorage writes to a Deno KV, Bun writes in another format than the package @deno/kv can read: its v8.serialize is not V8's.
const bun = "Bun" in globalThis;
let tables = 0;
let postgres: Database | undefined;
let server: RedisServer | undefined;

/** Ends what the stores of a file of tests have in common. */
export async function closeShared(): Promise<void> {
  await postgres?.dispose();
  await server?.stop();
  postgres = server = undefined;
}

/** All kinds that this machine and runtime have. */
export const STOCK_KINDS: readonly StockKind[] = VERSIONS.flatMap((version): readonly StockKind[] => [
  {
    name: `memory of ${version.name}`,
    version,
    open: () => alone(version.memory()),
    expires: version.name === "2.0",
    atomicity: "process",
    facts: { keys: 1000 },
  },
  {
    name: `db0 of ${version.name} on a file`,
    version,
    open: () => inFile(version),
    expires: false,
    atomicity: "shared",
    facts: { keys: 250, ordered: true },
  },
  {
    name: `db0 of ${version.name} on SQLite in memory`,
    version,
    open: () => alone(version.db0({ database: createDatabase(nodeSqlite({ name: ":memory:" })) })),
    expires: false,
    atomicity: "process",
    facts: { keys: 250, ordered: true },
  },
  {
    name: `db0 of ${version.name} on PGlite`,
    version,
    open: () => inPostgres(version),
    expires: false,
    atomicity: "process",
    facts: { keys: 250 },
  },
  ...(bun ? [] : [{
    name: `deno-kv of ${version.name}`,
    version,
    open: async () => alone(await version.denoKv()),
    expires: true,
    atomicity: "shared" as const,
    facts: { keys: 250, ordered: true },
  }]),
  ...(!hasRedis ? [] : [{
    name: `redis of ${version.name}`,
    version,
    open: () => inRedis(version),
    expires: true,
    atomicity: "shared" as const,
    facts: { keys: 250, precision: 5 },
  }, {
    name: `upstash of ${version.name}`,
    version,
    open: () => overRest(version),
    expires: true,
    atomicity: "shared" as const,
    facts: { keys: 250, precision: 5 },
  }]),
]);

/** A driver that is the store itself. Its timers are turned where a test has turned them to wood. */
function alone(made: object): StockStore {
  const drivers = kept(() => made);
  const driver = drivers.driver();
  return {
    driver: () => driver,
    turn: (seconds) => void (vi.isFakeTimers() && vi.advanceTimersByTime(seconds * 1000)),
    close: drivers.close,
  };
}

/** One server for all. */
async function redisUrl(): Promise<string> {
  server ??= await redisServer();
  return server.url;
}

async function inRedis(version: Version): Promise<StockStore> {
  const url = await redisUrl();
  const base = `adopted:${crypto.randomUUID()}`;
  return {
    ...kept(() => version.redis({ url, base })),
    turn: (seconds) => age(url, base, seconds),
  };
}

async function overRest(version: Version): Promise<StockStore> {
  const url = await redisUrl();
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
  const rest = await upstashServer(url);
  return {
    driver: kept(() => version.upstash({ url: rest.url, token: rest.token })).driver,
    turn: (seconds) => age(url, "", seconds),
    close: rest.stop,
  };
}

function inFile(version: Version): StockStore {
  const folder = mkdtempSync(join(FOLDERS, "latchkey-"));
  const databases: Database[] = [];
  return {
    driver: kept(() => {
      const database = createDatabase(nodeSqlite({ path: join(folder, "auth.db") }));
      databases.push(database);
      return version.db0({ database });
    }).driver,
    async close() {
      for (const database of databases) await database.dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

function inPostgres(version: Version): StockStore {
  const database = postgres ??= createDatabase(pglite());
  const tableName = `t${++tables}`;
  return { driver: kept(() => version.db0({ database, tableName })).driver, close: () => {} };
}

/** Keeps what it makes, to dispose it. */
function kept(make: () => object): StockStore {
  const all: Disposable[] = [];
  return {
    driver() {
      const made = make() as Disposable; // what unstorage makes
      all.push(made);
      return made;
    },
    async close() {
      for (const driver of all) await driver.dispose?.();
    },
  };
}

type Disposable = StockDriver & { readonly dispose?: () => unknown };
