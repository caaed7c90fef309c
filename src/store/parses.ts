import { frozen } from "../base/frozen.ts";
import { recent } from "../base/recent.ts";
import { sumIn } from "./record_text.ts";

/** Records that were parsed lately, by their exact texts, which are read from the store each time: so nothing of them is ever out of
 * date. */
export interface Parses<T> {
  readonly get: (text: string) => T | undefined;
  /** Keeps a record if its text was offered before, not long ago. From then on nobody can change it: whoever reads the same text gets
   * the same record. */
  readonly offer: (text: string, record: T) => void;
}

const KEPT = 2 ** 22; // characters of text; twice as many at most
const SEEN = 2 ** 13; // sums

/** Keeps what is read again and again. Of a million people most are read once in a long while: to keep those would cost more than to
 * parse them, so of what is offered for the first time only the sum is noted. */
export function parses<T>(): Parses<T> {
  const seen = new Uint32Array(SEEN); // where two sums have the same place, the later one counts
  const { get, keep } = recent<T>(KEPT);
  return {
    get,
    offer(text, record) {
      const sum = parseInt(sumIn(text), 16);
      if (seen[sum % SEEN] === sum) keep(text, frozen(record), text.length);
      else seen[sum % SEEN] = sum;
    },
  };
}
