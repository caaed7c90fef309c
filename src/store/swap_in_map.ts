import { AuthError } from "../errors.ts";
import type { Driver } from "./driver.ts";
import type { StockDriver } from "./unstorage.ts";

/** unstorage's `memory`, which keeps everything in a Map. */
export function swapInMap(driver: StockDriver, map: ReadonlyMap<string, unknown>): Driver {
  // Whoever reads a record looks whether it is a text.
  const get = (key: string) => (map.get(key) ?? null) as string | null;
  const keys = (base = "") => [...map.keys()].filter((key) => key.startsWith(base) && get(key) !== null);

  /** By the driver, which in 2.0 has timers for its keys: one of an earlier text must not take away a later one. */
  function set(key: string, text: string, options: { readonly ttl?: number } = {}): void {
    driver.setItem(key, text, options);
    if (map.get(key) !== text) throw late();
  }

  function remove(key: string): void {
    driver.removeItem(key, {});
    if (map.has(key)) throw late();
  }

  return {
    name: "memory",
    atomicity: "process",
    getItem: get,
    hasItem: (key) => get(key) !== null,
    // Atomic because nothing in it waits.
    swap(key, expected, next, options) {
      if (get(key) !== expected) return false;
      if (next === null) remove(key);
      else set(key, next, options);
      return true;
    },
    setItem: set,
    removeItem: remove,
    getKeys: keys,
    clear: (base) => keys(base).forEach(remove),
    async *entries(prefix) {
      for (const key of keys(prefix)) {
        const text = get(key);
        if (text !== null) yield [key, text];
      }
    },
    dispose() {},
  };
}

function late(): AuthError {
  return new AuthError("storage_unsafe", { remedy: 'storage: the driver "memory" does not write at once' });
}
