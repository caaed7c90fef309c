// The stores that everything runs on: where each is, how another process finds it, and how its time is turned.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import denoKv from "../../drivers/deno_kv.ts";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import redis from "../../drivers/redis.ts";
import sqlite from "../../drivers/sqlite.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { KvLike } from "../../drivers/deno_kv.ts";
import { hasKv, openKv } from "./open_kv.ts";
import { make, type Maker } from "./own_driver.ts";
import { age } from "./redis_age.ts";

export type StoreName = "memory" | "fs" | "sqlite" | "redis" | "deno-kv" | "own" | typeof CLUSTER;

/** A Redis Cluster, whose nodes (urls, with spaces between) the environment names when it is first used. It is in no list: whoever
 * runs on it starts it. */
export const CLUSTER = "redis-cluster";

/** What makes the driver that is tried in place of all of ours; undefined, usually. */
const OWN: Maker | undefined = await make(process.env["LATCHKEY_DRIVER"]);

/** The Redis that all flows share, which the suite's set-up has started; undefined where there is no redis-server. */
const REDIS = process.env["LATCHKEY_TEST_REDIS"];

/** The stores of this machine. */
export const STORES: readonly StoreName[] = OWN !== undefined ? ["own"] : [
  "memory",
  "fs",
  "sqlite",
  ...(REDIS === undefined ? [] : ["redis"] as const),
  ...(hasKv ? ["deno-kv"] as const : []),
];

/** The stores that several processes can share. Local files of Deno KV are tried by its own tests. */
export const SHARED: readonly StoreName[] = STORES.filter((store) =>
  store === "own" ? OWN?.isShared === true : store !== "memory" && store !== "deno-kv"
);

/** An empty store for what is the same whatever keeps it: in memory, or in the driver that is tried. Nothing of it is left when it is
 * disposed of. */
export function emptyStore(now: () => number): Driver {
  if (OWN === undefined) return { ...memory({ now }), dispose: () => {} }; // it goes with whoever still uses it
  const driver = OWN.driver({ now, at: newName() });
  return {
    ...driver,
    async dispose() {
      await driver.clear("");
      await driver.dispose();
    },
  };
}

function newName(): string {
  return `test-${crypto.randomUUID()}`;
}

/** Where a store is: what another process has to be told. */
export interface Place {
  readonly store: StoreName;
  readonly at: string;
}

/** A store of its own, empty at first. */
export interface Premises {
  readonly place: Place;
  /** Another driver on it. */
  readonly driver: () => Driver;
  /** Lets time pass where a store has a clock of its own. */
  readonly turn: (seconds: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** In memory where the machine has such a folder: what survives a power cut is not asked of it. */
const FOLDERS = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** How much later a Redis forgets for each turn of the clock, in seconds: its own goes on while a test's stands still, and must not
 * be ahead. */
const LATE = 5;

/** The folder or the file that a store on a disk is in. */
export function pathOf({ store, at }: Place): string {
  return join(at, store === "fs" ? "store" : "auth.db");
}

/** A driver on a store that others share. */
export function driverAt({ store, at }: Place, now: () => number): Driver {
  switch (store) {
    case "fs":
      return fs({ base: pathOf({ store, at }), now });
    case "sqlite":
      return sqlite({ path: pathOf({ store, at }), now, synchronous: "normal" });
    case "redis":
      return redis({ url: String(REDIS), base: at });
    case CLUSTER:
      return redis({ cluster: clusterUrls(), base: at });
    case "own":
      if (OWN !== undefined) return OWN.driver({ now, at });
      throw new TypeError("LATCHKEY_DRIVER names no driver");
    default:
      throw new TypeError(`${store} is this process's own`);
  }
}

/** Makes a store; one on a disk in a folder of its own, inside of another. */
export function premises(store: StoreName, now: () => number, folder: string = FOLDERS): Premises {
  if (store === "memory") return own(memory({ now }));
  if (store === "deno-kv") return ownKv(now);
  if (store === "own" && OWN?.isShared === false) return own(emptyStore(now));
  const isFolder = store === "fs" || store === "sqlite";
  const at = isFolder ? mkdtempSync(join(folder, "latchkey-")) : newName();
  const place = { store, at };
  const drivers: Driver[] = [];
  let since = performance.now();
  return {
    place,
    driver() {
      const opened = driverAt(place, now);
      drivers.push(opened);
      return opened;
    },
    async turn(seconds) {
      const passed = (performance.now() - since) / 1000;
      since = performance.now();
      const life = seconds - passed - LATE;
      if (life <= 0) return;
      if (store === "redis") await age(String(REDIS), at, life);
      if (store === CLUSTER) await age(clusterUrls(), at, life);
    },
    async close() {
      if (!isFolder) await cleared(driverAt(place, now));
      for (const driver of drivers) await driver.dispose();
      if (isFolder) rmSync(at, { recursive: true });
    },
  };
}

async function cleared(driver: Driver): Promise<void> {
  await driver.clear("");
  await driver.dispose();
}

function clusterUrls(): readonly string[] {
  return String(process.env["LATCHKEY_TEST_CLUSTER"]).split(" ");
}

/** One driver, which all share. */
export function own(driver: Driver): Premises {
  return {
    place: { store: "memory", at: "" },
    driver: () => driver,
    turn: async () => {},
    close: async () => await driver.dispose(),
  };
}

/** One database in memory, and as many drivers on it as are wanted. */
function ownKv(now: () => number): Premises {
  const { Deno }: { readonly Deno?: { readonly openKv: (path: string) => Promise<KvLike> } } =
    globalThis as object;
  const kv: Promise<KvLike> = Deno === undefined ? openKv(":memory:") : Deno.openKv(":memory:");
  return {
    place: { store: "deno-kv", at: "" },
    driver: () => denoKv({ kv, now }),
    turn: async () => {},
    close: async () => (await kv).close(),
  };
}
