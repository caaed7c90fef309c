import type { Collection, Expiring } from "./collection.ts";
import type { MaybePromise } from "./driver.ts";

/** An id of a collection, and the text that was found there. */
export type Entry = readonly [id: string, text: string];

/** The only id of a collection that has one record. */
export const ALONE: RegExp = /^$/;

/** Records of one kind, as a sweep goes through them. */
export interface Sweeper {
  /** The name of the collection. */
  readonly name: string;
  /** What its ids look like: all else is not ours, another tenant's perhaps. */
  readonly ids: RegExp;
  /** Removes a record that has expired or that nothing leads to any more, and resolves to whether it did. `before`: what began
   * earlier, in epoch milliseconds, is not under way.
   * @throws {AuthError} `storage_corrupt` for what is no record; what the store throws */
  readonly sweep: (entry: Entry, before: number) => Promise<boolean>;
}

/** Removes what expired before a moment, and what `mayGo` says nothing leads to: nothing, where it is left out. A record is removed
 * only if it is still exactly what was looked at, so nobody who writes it at the same time loses anything. */
export function sweeper<T extends Expiring & object>(
  { name, ids }: Pick<Sweeper, "name" | "ids">,
  records: Collection<T>,
  mayGo?: (id: string, record: T, before: number) => MaybePromise<boolean>,
): Sweeper {
  return {
    name,
    ids,
    async sweep([id, text], before) {
      const record = records.parse(id, text);
      const expired = record.exp !== undefined && record.exp <= before;
      return (expired || await mayGo?.(id, record, before) === true) && await records.discard(id, record);
    },
  };
}
