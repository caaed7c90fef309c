/** What was worked out lately, by what it was worked out of. */
export interface Recent<V> {
  /** What is known of it, if anything is. */
  readonly get: (name: string) => V | undefined;
  /** Keeps it, or keeps it for longer. `size` is what it counts for, the same each time. */
  readonly keep: (name: string, value: V, size: number) => void;
}

/** Keeps what sizes of `limit` and one more are room for, and what was kept just before that: twice as much at most. Two generations:
 * when the young one is full, it is the old one, and what was old is forgotten. */
export function recent<V>(limit: number): Recent<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  let size = 0;
  return {
    get: (name) => young.get(name) ?? old.get(name),
    keep(name, value, more) {
      if (young.has(name)) return;
      young.set(name, value);
      size += more;
      if (size <= limit) return;
      [old, young, size] = [young, new Map(), 0];
    },
  };
}
