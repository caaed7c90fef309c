/** The lower quartile, the median and the upper quartile. */
export type Quartiles = readonly [lower: number, median: number, upper: number];

/** Quartiles of numbers in any order; between two of them, in proportion. */
export function quartiles(all: readonly number[]): Quartiles {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (part: number) => {
    const place = (sorted.length - 1) * part;
    const [below = NaN, above = below] = sorted.slice(
      Math.floor(place),
      Math.floor(place) + 2,
    );
    return below + (above - below) * (place % 1);
  };
  return [at(0.25), at(0.5), at(0.75)];
}

/** How far the quartiles lie apart, as a part of the median. */
export function spread([lower, median, upper]: Quartiles): number {
  return (upper - lower) / median;
}
