import { expect, test } from "vitest";
import { seconds } from "../../src/base/duration.ts";

test.each([
  ["30s", 30],
  ["15m", 900],
  ["12h", 43_200],
  ["30d", 2_592_000],
  ["0s", 0],
  ["007m", 420],
  [0, 0],
  [90, 90],
  ["999999999d", 999_999_999 * 86_400],
])("%j is %i seconds", (duration, length) => {
  expect(seconds(duration)).toBe(length);
});

const NONE: readonly unknown[] = [
  ...[
    "",
    "15",
    "m",
    "15 m",
    " 15m",
    "15m ",
    "-1m",
    "+1m",
    "1.5h",
    "1e3s",
    "15M",
    "15min",
    "1w",
    "1h30m",
    "1000000000s",
  ],
  ...["０s", "٣m", "15m\n"],
  ...[-1, 0.5, NaN, Infinity, 2 ** 53, -0.1, null, undefined, true, [], ["15m"], {}, 10n, () => 1],
];

test("anything else is none", () => {
  expect(NONE.filter((nothing) => seconds(nothing) !== null)).toEqual([]);
});
