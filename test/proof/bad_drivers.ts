// Drivers that are as they should be, and some that are not.
import type { Driver } from "../../src/store/driver.ts";
import { unhurried } from "../../src/testing/unhurried.ts";

export type DriverName = keyof typeof DRIVERS;

const FAR = { most: 12 }; // ms

/** What a driver becomes. All that are not as they should be are slow too, so that chance meets what they do wrong. */
export const DRIVERS = {
  /** As it is. */
  sound: (driver: Driver): Driver => driver,
  /** Answers a swap before it is written: whether it may be written is looked at first. */
  early: (driver: Driver): Driver => {
    const slow = unhurried(driver, FAR);
    const awaited = new Map<string, Promise<unknown>>();
    return {
      ...slow,
      async getItem(key) {
        await awaited.get(key);
        return await slow.getItem(key);
      },
      async swap(key, expected, next, options) {
        await awaited.get(key);
        if (await driver.getItem(key) !== expected) return false;
        awaited.set(key, Promise.resolve(slow.swap(key, expected, next, options)));
        return true;
      },
    };
  },
} as const;

/** A driver that reads an expired key as absent, and refuses to create it. */
export function conflicting(truth: Driver): Driver {
  const taken = new Set<string>();
  return {
    ...truth,
    async swap(key, expected, next, options) {
      if (expected === null && taken.has(key)) return false;
      const done = await truth.swap(key, expected, next, options);
      if (done && next !== null) taken.add(key);
      if (done && next === null) taken.delete(key);
      return done;
    },
  };
}

/** A driver that sends a swap again when its reply is lost. */
export function resending(truth: Driver): Driver {
  const swap: Driver["swap"] = async (...call) => {
    try {
      return await truth.swap(...call);
    } catch {
      return await truth.swap(...call);
    }
  };
  return { ...truth, swap };
}
