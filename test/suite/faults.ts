import { AuthError, type ErrorBody } from "../../src/errors.ts";
import type { Driver, MaybePromise } from "../../src/store/driver.ts";

/** One call of a store, before it has any effect. */
export interface Operation {
  readonly name: "getItem" | "swap";
  readonly key: string;
  /** What a swap is to leave behind: null for a removal, and for a read. */
  readonly next: string | null;
  /** 0 for the first call, one more for each that follows. */
  readonly n: number;
}

/** What happens in place of a call; `run` is what would have happened. */
export type Fault = (operation: Operation, run: () => Promise<unknown>) => MaybePromise<unknown>;

/** A driver of whose reads and swaps a test has the last word. `fault` may be changed while it is used. */
export interface Faulty {
  readonly driver: Driver;
  fault: Fault | null;
  /** All calls so far, without the random part of their keys: "swap challenges". */
  readonly seen: string[];
}

export function faulty(driver: Driver): Faulty {
  const around = (
    name: Operation["name"],
    key: string,
    next: string | null,
    call: () => MaybePromise<unknown>,
  ) => {
    const [prefix = ""] = key.split(":");
    const n = made.seen.push(`${name} ${prefix}`) - 1;
    const run = async () => await call();
    return made.fault === null ? call() : made.fault({ name, key, next, n }, run);
  };
  const made: Faulty = {
    fault: null,
    seen: [],
    driver: {
      ...driver,
      getItem: (key) =>
        around("getItem", key, null, () => driver.getItem(key)) as MaybePromise<string | null>,
      swap: (key, expected, next, options) =>
        around("swap", key, next, () => driver.swap(key, expected, next, options)) as MaybePromise<boolean>,
    },
  };
  return made;
}

/** How a call fails, as whoever called is told. @throws {Error} where it does not fail, or not by our own error */
export async function refusal(call: Promise<unknown>): Promise<ErrorBody> {
  try {
    await call;
  } catch (error) {
    if (error instanceof AuthError) return error.toJSON();
    throw error;
  }
  throw new Error("it was expected to be refused");
}
