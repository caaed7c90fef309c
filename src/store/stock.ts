import type { KvLike } from "../../drivers/deno_kv.ts";
import type { RedisClient } from "../../drivers/redis.ts";
import { deadline } from "../base/deadline.ts";
import { saidBy } from "../base/hidden.ts";
import { AuthError } from "../errors.ts";
import { machine, type Platform } from "../platform.ts";
import { canary, refuseMounts } from "./same_keys.ts";
import type { Driver } from "./driver.ts";
import { swapInMap } from "./swap_in_map.ts";
import { swapInScript } from "./swap_in_script.ts";
import { type Database, swapInSql } from "./swap_in_sql.ts";
import { swapInTurn } from "./swap_in_turn.ts";
import type { Found, StockDriver } from "./unstorage.ts";
import { whileBusy } from "./while_busy.ts";

const LONGEST = 10_000; // ms that looking whether a store is fit may take; then it is looked at anew

/** Makes a driver of what was found in unstorage's, and looks whether the store is fit.
 * @throws {AuthError} `storage_unsafe`, `storage_unavailable` */
export async function stock(found: Found, platform: Platform = machine): Promise<Driver> {
  const within = deadline(platform, LONGEST, () => new Error(`no answer within ${LONGEST} ms`));
  let made: Driver | undefined;
  let isOver = false;

  async function look(): Promise<Driver> {
    refuseMounts(found);
    const driver = made = await driverOn(found, platform);
    if (isOver) await letGo();
    await driver.ready?.();
    await whileBusy(platform, () => canary(found, driver, platform));
    return driver;
  }

  async function letGo(): Promise<void> {
    if (found.step !== "own") await made?.dispose();
  }

  try {
    return await within(look());
  } catch (cause) {
    isOver = true;
    letGo().catch(() => {}); // the next attempt makes another; one that hangs is not waited for
    throw told(cause);
  }
}

function told(cause: unknown): AuthError {
  const isOurs = cause instanceof AuthError;
  if (isOurs && cause.code !== "config_invalid") return cause;
  const remedy = `storage: ${saidBy(cause)}`;
  // What a driver of ours would not be told, whoever gave this one cannot have known.
  return new AuthError(isOurs ? "storage_unsafe" : "storage_unavailable", { remedy }, { cause });
}

function driverOn({ driver, step }: Found, platform: Platform): Driver | Promise<Driver> {
  if (step === "own") return driver as unknown as Driver; // it was seen to have the members of one
  return step === "adopted" ? byInstance(driver, platform) : swapInTurn(driver);
}

/** Works with what unstorage itself works with: so both have the same keys. */
async function byInstance(driver: StockDriver, platform: Platform): Promise<Driver> {
  const { name, options } = driver;
  const instance = await driver.getInstance?.();
  if (name === "memory") return swapInMap(driver, checked(driver, instance, "get", "has", "keys"));
  if (name === "upstash" || name === "vercel-kv") {
    return swapInScript(checked(driver, instance, "eval", "scan"));
  }
  if (name === "redis") {
    const client = checked<RedisClient>(driver, instance, "duplicate");
    const { default: redis } = await import("../../drivers/redis.ts");
    return redis({ client, base: baseOf(Object(options).base) });
  }
  if (name === "db0") {
    const database = checked<Database>(driver, instance, "prepare", "getInstance");
    const { refuseNetworkDisk } = await import("../../drivers/local_disk/network_disk.ts");
    return await swapInSql({ driver, database, platform, refuseNetworkDisk });
  }
  const kv = checked<KvLike>(driver, instance, "get", "list", "atomic");
  const { default: denoKv } = await import("../../drivers/deno_kv.ts");
  return denoKv({ kv, base: "", now: platform.now });
}

/** What stands before unstorage's keys in Redis. */
function baseOf(base: unknown): string {
  const keys = String(base ?? "").replace(/:$/, "").replace(/[/\\]/g, ":");
  return keys.replace(/^:|:$/g, "");
}

/** An instance of which a few members were looked at: those that tell it from everything else of its name.
 * @throws {AuthError} `storage_unsafe` */
function checked<T>({ name }: StockDriver, instance: unknown, ...members: readonly string[]): T {
  const missing = members.find((member) => typeof Object(instance)[member] !== "function");
  if (missing === undefined) return instance as T;
  const remedy =
    `storage: the instance of the driver "${name}" is not that of unstorage's: it has no ${missing}`;
  throw new AuthError("storage_unsafe", { remedy });
}
