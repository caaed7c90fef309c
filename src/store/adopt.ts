import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import type { Driver, MaybePromise } from "./driver.ts";
import type { Found, StockDriver, StockStorage } from "./unstorage.ts";
import { judge } from "./verdicts.ts";

/** What {@link adopt} may be told. */
export interface AdoptOptions {
  /** Whether a store without an atomic step may be used, by one process alone. */
  readonly allowUnsafe?: boolean;
  /** What will stand before all keys: `tenant:`. */
  readonly above?: string;
  /** Whose time, chance and log are used. Without it nothing is logged, and the rest is the machine's own. */
  readonly platform?: Platform;
}

const OURS = ["getItem", "swap", "entries", "dispose"] as const;
const STOCK = ["getItem", "hasItem", "setItem", "removeItem", "getKeys"] as const;
const STORAGE = ["getMount", "getMounts", "setItem", "removeItem"] as const;
const DRIVERS = ["deno-kv", "fs", "memory", "open", "prefix", "redis", "sqlite"]
  .map((name) => `"@latchkey/auth/drivers/${name}"`).join(", ");

/** A driver on what was given as `storage`: itself where it has the one atomic step that every decision stands on, for reading and
 * then writing lets two requests use up one code; else a Storage or Driver of unstorage that can be given that step. What only the
 * store can tell is asked before the first operation. Of unstorage's, nothing that was given is disposed.
 * @throws {AuthError} `storage_unsafe` */
export function adopt(given: unknown, options: AdoptOptions = {}): Driver {
  if (lacks(given, OURS) === undefined) return given as Driver; // the members that are called were just looked at
  const found = { ...find(given, options.allowUnsafe === true), above: options.above ?? "" };
  const warn = (what: string) => options.platform?.log.warn(`storage: ${named(found.driver)} ${what}`);
  if (found.step === "single-process") warn("is safe for one process alone");
  if (keepsForEver(found)) warn("expires nothing: call auth.sweep() from a timer, hourly or daily");
  return onceOpen(found, options.platform);
}

/** The driver that has the keys, and its way to an atomic step. */
function find(given: unknown, allowUnsafe: boolean): Omit<Found, "above"> {
  const isStorage = lacks(given, STORAGE) === undefined;
  const driver: unknown = isStorage ? (given as StockStorage).getMount("").driver : given; // what is mounted nowhere else
  // Each member that is used is looked at below, before anything is returned.
  const found = { given: given as StockDriver | StockStorage, driver: driver as StockDriver };
  if (isStorage && lacks(driver, OURS) === undefined) return { ...found, step: "own" };
  const [verdict, reason] = judge(driver);
  const missing = lacks(driver, typeof Object(driver).swap === "function" ? OURS : STOCK);
  if (verdict === "never" && missing !== "getItem") throw unsafe(driver, reason); // a function has a name too
  if (missing !== undefined) throw unsafe(driver, `has no ${missing}`);
  if (verdict === "adopted") return { ...found, step: "adopted" };
  if (allowUnsafe) return { ...found, step: "single-process" };
  throw unsafe(driver, reason, ', or, for one process alone, allowUnsafeStorage: "single-process"');
}

/** Whether what is past its life stays until it is swept: a driver that is told no life of what it writes cannot expire it. */
function keepsForEver({ driver, step }: Found): boolean {
  return step === "single-process" || (step === "adopted" && driver.setItem.length < 3);
}

/** What is known before the store was asked. A database may be a file or not: that it is shared has to be seen. */
function atomicityOf({ driver, step }: Found): Driver["atomicity"] {
  if (step === "own") return (driver as unknown as Driver).atomicity; // it has the members of one of ours
  return step === "adopted" && driver.name !== "memory" && driver.name !== "db0" ? "shared" : "process";
}

/** What is not needed to refuse a store is loaded with the first call. From then on calls go straight to the driver. */
function onceOpen(found: Found, platform: Platform | undefined): Driver {
  let driver: Driver | null = null;
  let opening: Promise<Driver> | null = null;
  let closed = false;

  async function open(): Promise<Driver> {
    const { stock } = await import("./stock.ts");
    return driver = await stock(found, platform);
  }

  function refuseClosed(): void {
    if (closed) throw new AuthError("storage_unavailable", { remedy: "the storage has been closed" });
  }

  function once<A extends readonly unknown[], T>(
    method: (driver: Driver) => (...input: A) => MaybePromise<T>,
  ): (...input: A) => MaybePromise<T> {
    const call = (driver: Driver, input: A) => {
      refuseClosed();
      return method(driver)(...input);
    };
    return (...input) => {
      if (driver !== null) return call(driver, input);
      refuseClosed();
      opening ??= open().finally(() => opening = null); // what failed is tried again by the next call
      return opening.then((driver) => call(driver, input));
    };
  }

  const entries = once((driver) => (prefix: string) => driver.entries(prefix));
  return {
    name: String(found.driver.name),
    get atomicity() {
      return driver?.atomicity ?? atomicityOf(found);
    },
    getItem: once((driver) => driver.getItem),
    hasItem: once((driver) => driver.hasItem),
    swap: once((driver) => driver.swap),
    setItem: once((driver) => driver.setItem),
    removeItem: once((driver) => driver.removeItem),
    getKeys: once((driver) => driver.getKeys),
    clear: once((driver) => driver.clear),
    async *entries(prefix) {
      yield* await entries(prefix);
    },
    ready: once(() => () => {}),
    async dispose() {
      closed = true;
      const opened = driver ?? await opening?.catch(() => null);
      if (found.step !== "own") await opened?.dispose();
    },
  };
}

/** The first of some members that is no function. */
function lacks(given: unknown, members: readonly string[]): string | undefined {
  return members.find((member) => typeof Object(given)[member] !== "function");
}

function unsafe(given: unknown, reason: string, more = ""): AuthError {
  const remedy = `storage: ${named(given)} ${reason}. Give a driver of ${DRIVERS}${more}`;
  return new AuthError("storage_unsafe", { remedy });
}

/** What it is, as far as it says so itself. */
function named(given: unknown): string {
  const { name } = Object(given);
  return typeof name === "string" && typeof given === "object"
    ? `the driver ${JSON.stringify(name.slice(0, 40))}`
    : `what was given (${typeof given})`;
}
