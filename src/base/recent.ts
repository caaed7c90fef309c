/** What was worked out lately, by what it was worked out of. */
export interface Recent<V, K = string> {
  /** What is known of it, if anything is. What is asked for again and again stays. */
  readonly get: (name: K) => V | undefined;
  /** Keeps it, and answers it. `size` is what it counts for. */
  readonly keep: (name: K, value: V, size: number) => V;
}

/** Keeps what was asked for last: as much as `limit` has room for, by size, and as much again that was asked for just before. Two
 * generations: when the young one is full, it is the old one, and what was old is forgotten. */
export function recent<V, K = string>(limit: number): Recent<V, K> {
  let young = new Map<K, Kept<V>>();
  let old = new Map<K, Kept<V>>();
  let total = 0;

  function keep(name: K, kept: Kept<V>): V {
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
