import { machine } from "../platform.ts";
import type { Driver, MaybePromise } from "../store/driver.ts";

/** How slow a store is. */
export interface Unhurried {
  /** Bytes that the waits are made of. Default: chance. */
  readonly random?: (length: number) => Uint8Array;
  /** The longest wait on either way, in milliseconds; the shortest is 1. Default 3. */
  readonly most?: number;
}

/** The same store, further away: every call takes 1 to 3 ms to arrive, and its reply as long to return. What races on a network
 * races on it, in a test as well.
 * @example Usage
 * ```ts ignore
 * const driver = unhurried(memory());
 * ``` */
export function unhurried(driver: Driver, options: Unhurried = {}): Driver {
  const { random = machine.random, most = 3 } = options;

  function moment(): Promise<void> {
    const [byte = 0] = random(1);
    return machine.sleep(1 + (byte / 256) * (most - 1));
  }

  async function far<T>(call: () => MaybePromise<T>): Promise<T> {
    await moment();
    try {
      return await call();
    } finally {
      await moment(); // the reply travels too: by the time it is read, the store may have moved on
    }
  }

  return {
    name: `unhurried ${driver.name ?? "driver"}`,
    get atomicity() {
      return driver.atomicity;
    },
    getItem: (key) => far(() => driver.getItem(key)),
    hasItem: (key) => far(() => driver.hasItem(key)),
    swap: (key, expected, next, write) => far(() => driver.swap(key, expected, next, write)),
    setItem: (key, value, write) => far(() => driver.setItem(key, value, write)),
    removeItem: (key) => far(() => driver.removeItem(key)),
    getKeys: (base) => far(() => driver.getKeys(base)),
    clear: (base) => far(() => driver.clear(base)),
    async *entries(prefix) {
      for await (const entry of driver.entries(prefix)) {
        await moment();
        yield entry;
      }
    },
    ready: () => driver.ready?.(),
    dispose: () => driver.dispose(),
  };
}
