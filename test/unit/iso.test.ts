import { expect, test } from "vitest";
import { iso } from "../../src/base/iso.ts";

const DAY = 86_400_000;
const YEAR_10000 = 253_402_300_800_000;

test("a time is told as by Date, at both ends of a day and of what Date knows", () => {
  const days = [0, DAY, 20_000 * DAY, -DAY, -800_000 * DAY, YEAR_10000, -8.64e15, 8.64e15 - DAY];
  const times = days.flatMap((day) => [day, day + 1, day + 45_296_789, day + 45_296_789.5, day + DAY - 1]);
  expect(times.map(iso)).toEqual(times.map((at) => new Date(at).toISOString()));
});

test("what is no time is refused", () => {
  for (const odd of [NaN, Infinity, 1e20]) expect(() => iso(odd)).toThrow(RangeError);
});
