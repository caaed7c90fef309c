import { AuthError } from "../src/errors.ts";
import { adopt } from "../src/store/adopt.ts";
import type { Driver } from "../src/store/driver.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";

const BASE = /^[a-z0-9-]+(:[a-z0-9-]+)*$/;

/** A part of a store as a store of its own, for tenants: the key `users:a` of the view `tenant-1` is `tenant-1:users:a` in the driver
 * below. A view sees, lists and clears nothing outside of its base. It does see what is further down: `a:b:users:x` is
 * `b:users:x` to the view `a`, so of tenants that share a store no base is the beginning of another, segment by segment.
 *
 * `dispose` ends the view, and leaves the driver below to whoever made it: other tenants are using it.
 * @param driver a driver of ours, or whatever `createAuth` adopts as one
 * @param base letters a to z, digits and `-`, in segments joined by `:`
 * @throws {AuthError} `config_invalid`, `storage_unsafe`; later what the driver below throws, and `storage_unavailable` after `dispose`
 * @example Usage
 * ```ts
 * import memory from "@latchkey/auth/drivers/memory";
 * import prefix from "@latchkey/auth/drivers/prefix";
 *
 * const shared = memory();
 * const [one, two] = [prefix(shared, "tenant-1"), prefix(shared, "tenant-2")];
 * await one.swap("greeting", null, "hello");
 * console.log(await two.getItem("greeting"), await shared.getKeys("")); // null ["tenant-1:greeting"]
 * ``` */
export default function prefix(driver: Driver | object, base: string): Driver {
  if (typeof base !== "string" || !BASE.test(base)) {
    const message = `must be letters a to z, digits and -, in segments joined by ":": it is ${
      JSON.stringify(base)
    }`;
    throw new AuthError("config_invalid", { issues: [{ path: "base", message }] });
  }
  const above = `${base}:`;
  const shared = sharedBy(driver, above);
  const { driver: adopted } = shared;
  const { name = "a driver", ready } = adopted;
  let closed = false;

  /** The driver below, for as long as the view is open. */
  function below(): Driver {
    if (closed) throw new AuthError("storage_unavailable", { remedy: `the view ${base} has been disposed` });
    return adopted;
  }

  return {
    name: `${base} of ${name}`,
    get atomicity() {
      return adopted.atomicity; // of some stores known only when they were asked
    },
    getItem: (key) => below().getItem(above + key),
    hasItem: (key) => below().hasItem(above + key),
    swap: (key, expected, next, options) => below().swap(above + key, expected, next, options),
    setItem: (key, value, options) => below().setItem(above + key, value, options),
    removeItem: (key) => below().removeItem(above + key),
    async getKeys(start = "") {
      const keys = await below().getKeys(above + start);
      return keys.map((key) => key.slice(above.length));
    },
    clear: (start = "") => below().clear(above + start),
    async *entries(start) {
      for await (const [key, text] of below().entries(above + start)) {
        yield [key.slice(above.length), text];
        below();
      }
    },
    ...(ready !== undefined && { ready: () => below().ready?.() }),
    async dispose() {
      if (closed) return;
      closed = true;
      if (--shared.views > 0 || adopted === driver) return; // it was given open, or others still need it
      ADOPTED.delete(driver);
      await adopted.dispose();
    },
  };
}

/** What was given, as a driver, and by how many views. */
interface Shared {
  readonly driver: Driver;
  views: number;
}

const ADOPTED = new WeakMap<object, Shared>();

/** However many tenants share a driver of unstorage, it is adopted once: one connection serves them all. Of a Storage it has to be
 * seen for each where its keys lie. */
function sharedBy(given: object, above: string): Shared {
  if ("getMount" in given) return { driver: adopt(given, { above }), views: 1 };
  const shared = ADOPTED.get(given) ?? { driver: adopt(given, { above }), views: 0 };
  ADOPTED.set(given, shared);
  shared.views++;
  return shared;
}
