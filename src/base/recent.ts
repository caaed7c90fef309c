/** What was worked out lately, by what it was worked out of. */
export interface Recent<V> {
  /** What is known of it, if anything is. What is asked for again and again stays. */
  readonly get: (name: string) => V | undefined;
  /** Keeps it, and answers it. `size` is what it counts for. */
  readonly keep: (name: string, value: V, size: number) => V;
}

/** Keeps what was asked for last: as much as `limit` has room for, by size, and as much again that was asked for just before. Two
 * generations: when the young one is full, it is the old one, and what was old is forgotten. */
export function recent<V>(limit: number): Recent<V> {
  let young = new Map<string, Kept<V>>();
  let old = new Map<string, Kept<V>>();
  let total = 0;

  function keep(name: string, kept: Kept<V>): V {
    total += kept.size - (young.get(name)?.size ?? 0);
    young.set(name, kept);
    if (total > limit) [old, young, total] = [young, new Map(), 0];
    return kept.value;
  }

  return {
    get(name) {
      const kept = young.get(name);
      if (kept !== undefined) return kept.value;
      const before = old.get(name);
      return before === undefined ? undefined : keep(name, before);
    },
    keep: (name, value, size) => keep(name, { value, size }),
  };
}

interface Kept<V> {
  readonly value: V;
  readonly size: number;
}
