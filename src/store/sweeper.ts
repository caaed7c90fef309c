import type { Collection, Expiring } from "./collection.ts";
import type { MaybePromise } from "./driver.ts";

/** An id of a collection, and the text that was found there. */
export type Entry = readonly [id: string, text: string];

/** Records of one kind, as a sweep goes through them. */
export interface Sweeper {
  /** The name of the collection. */
  readonly name: string;
  /** Whether a record may go that has not expired: nothing leads to it any more. `before`: what began earlier is not under way.
   * @throws {AuthError} `storage_corrupt` for what is no record; what the store throws */
  readonly sweep: (entry: Entry, before: number) => Promise<boolean>;
}

/** Removes what expired before a moment, and what `mayGo` says nothing leads to. A record is removed only if it is still exactly
 * what was looked at, so nobody who writes it at the same time loses anything. */
export function sweeper<T extends Expiring & object>(
  name: string,
  records: Collection<T>,
  mayGo: (id: string, record: T, before: number) => MaybePromise<boolean>,
): Sweeper {
  return {
    name,
    async sweep([id, text], before) {
      const record = records.parse(id, text);
      const expired = record.exp !== undefined && record.exp <= before;
      return (expired || await mayGo(id, record, before)) && await records.discard(id, record);
    },
  };
}
