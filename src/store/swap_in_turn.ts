import { AuthError } from "../errors.ts";
import type { Driver } from "./driver.ts";
import { type Line, line } from "./line.ts";
import { refuseUnkept } from "./unkept.ts";
import type { StockDriver } from "./unstorage.ts";

const TRIES = 3;

/** Of each driver, whoever uses it in this process: a line per key. */
const lines = new WeakMap<StockDriver, Line>();

/** A driver without an atomic step: in this process, whoever writes a key of it stands in line. Other processes do not, nor does a
 * write whose reply was lost and that arrives late. */
export function swapInTurn(driver: StockDriver): Driver {
  const inTurn = lines.get(driver) ?? line();
  lines.set(driver, inTurn);

  async function get(key: string): Promise<string | null> {
    for (let tries = 0; tries < TRIES; tries++) {
      const text = await driver.getItem(key, {}) ?? null;
      if (text !== null) return text as string; // whoever reads a record looks whether it is a text
      if (!await driver.hasItem(key, {})) return null;
      // It has come in between; or this is azure-storage-blob, which answers a failed read as if nothing were there: an account
      // would be made over another.
    }
    throw new AuthError("storage_unavailable", { remedy: `storage: ${key} is there and cannot be read` });
  }

  async function set(key: string, text: string, ttl: number | undefined): Promise<void> {
    refuseUnkept(key, text);
    await driver.setItem(key, text, ttl === undefined ? {} : { ttl: Math.max(1, Math.ceil(ttl)) });
  }

  async function remove(key: string, text: string | null): Promise<void> {
    if (text !== null) await driver.removeItem(key, {}); // azure-cosmos fails to remove what is not there
  }

  /** All of them, for a base is not the same to every driver; and s3 has slashes in its answers. */
  async function keys(base = ""): Promise<string[]> {
    const all = (await driver.getKeys("", {})).filter((key) => typeof key === "string");
    return all.map((key) => key.replaceAll("/", ":")).filter((key) => key.startsWith(base));
  }

  const removeItem = (key: string) => inTurn(key, async () => remove(key, await get(key)));

  return {
    name: String(driver.name),
    atomicity: "process",
    getItem: get,
    hasItem: async (key) => await get(key) !== null,
    swap: (key, expected, next, options) =>
      inTurn(key, async () => {
        const text = await get(key);
        if (text !== expected) return false;
        await (next === null ? remove(key, text) : set(key, next, options?.ttl));
        return true;
      }),
    setItem: (key, value, options) => inTurn(key, () => set(key, value, options?.ttl)),
    removeItem,
    getKeys: keys,
    async clear(base) {
      for (const key of await keys(base)) await removeItem(key);
    },
    async *entries(prefix) {
      for (const key of await keys(prefix)) {
        const text = await get(key);
        if (text !== null) yield [key, text];
      }
    },
    dispose() {},
  };
}
