import { frozen } from "../base/frozen.ts";
import { recent } from "../base/recent.ts";
import { sumIn } from "./record_text.ts";

/** The record of a text: what was parsed lately where the text is exactly the same, else what `parse` makes of it. The text is read from the
 * store each time, so nothing of the record is ever out of date. */
export type Parses<T> = (text: string, parse: () => T) => T;

const KEPT = 2 ** 22; // characters of text; twice as many at most
const SEEN = 2 ** 14; // sums

interface Kept<T> {
  readonly text: string;
  readonly record: T;
}

/** Keeps what is read again and again. Of a million people most are read once in a long while: to keep those, and to look for them, would
 * cost more than to parse them, so of what comes for the first time only the sum is noted. What is kept nobody can change: whoever
 * reads the same text gets the same record. */
export function parses<T>(): Parses<T> {
  const seen = new Uint32Array(SEEN); // where two sums have the same place, the later one counts
  const { get, keep } = recent<Kept<T>, number>(KEPT); // by the sum: to look for a text, all of it would have to be hashed first
  return (text, parse) => {
    const sum = sumIn(text);
    if (seen[sum % SEEN] !== sum) {
      seen[sum % SEEN] = sum;
      return parse();
    }
    const kept = get(sum);
    return kept?.text === text
      ? kept.record
      : keep(sum, { text, record: frozen(parse()) }, text.length).record;
  };
}
