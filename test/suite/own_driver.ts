// A driver that is not ours, in place of ours: whoever writes one runs the same tests on it.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Driver } from "../../src/store/driver.ts";

/** What a module of the driver's author exports by default: a driver that goes by `now` (epoch milliseconds) on the store of a name. Two
 * that are made with one name are two drivers on one store, in several processes too, if it is one that they can share. */
export type OwnDriver = (options: { readonly now: () => number; readonly at: string }) => Driver;

/** What makes such drivers. */
export interface Maker {
  readonly driver: OwnDriver;
  /** Whether it says that processes can share it. */
  readonly isShared: boolean;
}

/** The maker in a module; undefined where none is named.
 * @throws {TypeError} where the module exports none */
export async function make(path: string | undefined): Promise<Maker | undefined> {
  if (path === undefined) return undefined;
  const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href);
  if (typeof module.default !== "function") {
    throw new TypeError(`${path} must export by default a function ({ now, at }) => Driver`);
  }
  const driver = module.default as OwnDriver; // just looked at
  const first = driver({ now: Date.now, at: `test-${crypto.randomUUID()}` });
  const isShared = first.atomicity === "shared";
  await first.dispose();
  return { driver, isShared };
}
