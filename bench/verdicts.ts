import type { Quartiles } from "./quartiles.ts";
import type { Bound, Runtime } from "./row.ts";

/** What a figure must come to. */
export interface Bounds {
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

/** Bounds as a row says them: one for all runtimes, or one for each. */
export interface Asked {
  readonly atLeast?: Bound;
  readonly atMost?: Bound;
}

/** Whether a figure is what it must be. `?`: the bound lies between the quartiles, so this run cannot say. `-`: nothing is asked. */
export type Verdict = "yes" | "NO" | "?" | "-";

/** The bounds on one runtime. */
export function boundsOn(runtime: Runtime, { atLeast, atMost }: Asked): Bounds {
  const on = (bound: Bound) => typeof bound === "number" ? bound : bound[runtime];
  return {
    ...(atLeast === undefined ? {} : { atLeast: on(atLeast) }),
    ...(atMost === undefined ? {} : { atMost: on(atMost) }),
  };
}

/** Judges what was measured; of two bounds the worse verdict counts. */
export function verdict(
  [lower, , upper]: Quartiles,
  { atLeast, atMost }: Bounds,
): Verdict {
  const each: readonly Verdict[] = [
    atLeast === undefined ? "-" : lower >= atLeast ? "yes" : upper < atLeast ? "NO" : "?",
    atMost === undefined ? "-" : upper <= atMost ? "yes" : lower > atMost ? "NO" : "?",
  ];
  const worstFirst = ["NO", "?", "yes"] as const;
  return worstFirst.find((one) => each.includes(one)) ?? "-";
}
