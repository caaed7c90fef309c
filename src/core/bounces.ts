import { collection, type Store } from "../store/collection.ts";
import type { Foundation } from "./foundation.ts";
import { WINDOW, type Window } from "./limits.ts";

/** Addresses that sent mail back. */
export interface Bounces {
  /** Whether nothing may be mailed to an address now. */
  readonly has: (address: string) => Promise<boolean>;
  /** Lets nothing be mailed to an address for a day, and resolves to when that ends, in epoch milliseconds. */
  readonly note: (address: string) => Promise<number>;
}

const DAY = 86_400_000; // ms

/** The addresses of a store to which nothing is mailed: each a limit that is used up until it expires by itself, so it is swept away
 * with the others. Nobody who reads the keys learns an address. */
export function bounces(store: Store, foundation: Foundation): Bounces {
  const records = collection<Window>(store, "limits", WINDOW);
  const idOf = (address: string) => foundation.lookup("bounce", address);
  return {
    has: async (address) => await records.get(idOf(address)) !== null,
    note(address) {
      const until = store.platform.now() + DAY;
      return records.change(
        idOf(address),
        () => ({ next: { tat: until * 1000, exp: until }, result: until }),
      );
    },
  };
}
