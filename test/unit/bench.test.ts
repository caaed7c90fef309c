// What the bench makes of its numbers. The numbers themselves are no matter for tests.
import { expect, test } from "vitest";
import { charts } from "../../bench/charts.ts";
import { play } from "../../bench/contest.ts";
import { type Outcome, type Place, raceOutcome, readingOutcome } from "../../bench/outcomes.ts";
import { quartiles, spread } from "../../bench/quartiles.ts";
import { merged, warnings } from "../../bench/results.ts";
import type { Race, Runtime } from "../../bench/row.ts";
import { figure, table } from "../../bench/table.ts";
import { boundsOn, verdict } from "../../bench/verdicts.ts";

const place: Place = { row: "session", runtime: "node", at: "2030-01-01T00:00:00.000Z" };
const nobody = { work: () => Promise.resolve() };
const race: Race = {
  is: "race",
  title: "session check",
  chart: "session",
  contestants: [{ name: "ours", ...nobody }, { name: "theirs & co", ...nobody }],
  targets: [{ against: "theirs & co", atLeast: { node: 4, deno: 2, bun: 3 } }],
};

function outcome(pace: readonly number[] = [10, 10, 10]): Outcome {
  const rates = [{ name: "ours", perSecond: [1000, 1200, 900] }, {
    name: "theirs & co",
    perSecond: [200, 200, 300],
  }];
  return raceOutcome(place, race, { rates, pace });
}

test("quartiles are of numbers in any order, and of few as well", () => {
  expect(quartiles([5, 1, 4, 2, 3])).toEqual([2, 3, 4]);
  expect(quartiles([4, 1])).toEqual([1.75, 2.5, 3.25]);
  expect(quartiles([7])).toEqual([7, 7, 7]);
  expect(spread([9, 10, 12])).toBe(0.3);
});

test.each([
  [{ atLeast: 2 }, "yes"],
  [{ atLeast: 2.5 }, "?"],
  [{ atLeast: 4 }, "?"],
  [{ atLeast: 4.1 }, "NO"],
  [{ atMost: 4 }, "yes"],
  [{ atMost: 3 }, "?"],
  [{ atMost: 1.9 }, "NO"],
  [{ atLeast: 1, atMost: 3 }, "?"],
  [{ atLeast: 1, atMost: 1.5 }, "NO"],
  [{}, "-"],
])("of quartiles 2 to 4 and a median of 3, %o says %s", (bounds, said) => {
  expect(verdict([2, 3, 4], bounds)).toBe(said);
});

test("a bound holds on all runtimes, or each has its own", () => {
  expect(boundsOn("bun", { atLeast: { node: 1, deno: 2, bun: 3 }, atMost: 9 })).toEqual({
    atLeast: 3,
    atMost: 9,
  });
  expect(boundsOn("bun", {})).toEqual({});
});

test("a ratio is taken round by round, and judged by the bound of its runtime", () => {
  expect(outcome([10, 10, 14])).toEqual({
    is: "race",
    ...place,
    title: "session check",
    chart: "session",
    contestants: [
      { name: "ours", perSecond: [950, 1000, 1100] },
      { name: "theirs & co", perSecond: [200, 200, 250] },
    ],
    comparisons: [
      { ours: "ours", against: "theirs & co", ratio: [4, 5, 5.5], bounds: { atLeast: 4 }, verdict: "yes" },
    ],
    noise: 0.2,
  });
});

test("a target of somebody who does not take part is a mistake", () => {
  const rates = [{ name: "ours", perSecond: [1] }];
  expect(() => raceOutcome(place, race, { rates, pace: [1] })).toThrow("theirs & co");
});

test("everybody works in turn, every other round backwards, and what is used once is made before", async () => {
  const done: string[] = [];
  const contestant = (name: string) => ({
    name,
    prepare: () => Promise.resolve(void done.push(`for ${name}`)),
    work: () => Promise.resolve(void done.push(name)),
  });
  const contestants = [contestant("a"), contestant("b"), contestant("c")];
  const { rates, pace } = await play({ contestants }, { rounds: 2, turn: 0, warmUp: 0 });
  expect(done.filter((one) => one.length === 1).slice(-6)).toEqual(["a", "b", "c", "c", "b", "a"]);
  expect(done.slice(-2)).toEqual(["for a", "a"]);
  expect(rates.map(({ name, perSecond }) => [name, perSecond.length])).toEqual([["a", 2], ["b", 2], [
    "c",
    2,
  ]]);
  expect(pace).toHaveLength(2);
});

test("a wrong answer ends the race", async () => {
  const contestants = [{ name: "a", work: () => Promise.reject(new Error("wrong")) }];
  await expect(play({ contestants }, { rounds: 1, turn: 1, warmUp: 0 })).rejects.toThrow("wrong");
});

test("the table has a line for each figure that is asked for", () => {
  const size = { is: "reading", title: "gzip", unit: "KB", values: [43.21], atMost: 45 } as const;
  expect(table([outcome([10, 10, 14]), readingOutcome(place, size)])).toBe([
    "work           runtime  ours     against      theirs  ratio (quartiles)  target",
    "session check  node     1,000/s  theirs & co  200/s   5.00 (4.00–5.50)   ≥ 4     yes (noisy)",
    "gzip           node     43.2 KB                                          ≤ 45    yes",
  ].join("\n"));
});

test("a figure has as many digits as say something", () => {
  expect([12345.6, 99.94, 1.234, 0.056].map(figure)).toEqual(["12,346", "99.9", "1.23", "0.06"]);
});

test("a chart has a bar for everybody on each runtime, and no text of theirs is markup", () => {
  const drawn = charts([outcome(), { ...outcome(), runtime: "bun" }]);
  const svg = drawn.get("session") ?? "";
  expect([...drawn.keys()]).toEqual(["session"]);
  expect([...svg.matchAll(/<rect class="(\w+)" .*width="(\d+)"/g)].map(([, ...said]) => said)).toEqual([
    ["ours", "460"],
    ["theirs", "92"],
    ["ours", "460"],
    ["theirs", "92"],
  ]);
  expect(svg).toContain(">Bun</text>");
  expect(svg).toContain(">theirs &amp; co</text>");
});

test("what is measured again takes the place of what was there", () => {
  const at = (row: string, runtime: Runtime, title: string): Outcome => ({
    ...outcome(),
    row,
    runtime,
    title,
  });
  const earlier = [at("session", "bun", "old"), at("code", "node", "old"), at("session", "node", "old")];
  const all = merged(earlier, [at("session", "bun", "new"), at("session", "deno", "new")]);
  expect(all.map(({ row, runtime, title }) => `${row} ${runtime} ${title}`)).toEqual([
    "code node old",
    "session node old",
    "session deno new",
    "session bun new",
  ]);
});

test("a machine that others use, and one that is not steady, are told of", () => {
  expect(warnings(0.1, [outcome()])).toEqual([]);
  expect(warnings(2, [outcome([10, 10, 14]), outcome()])).toEqual([
    expect.stringContaining("2.00 processes"),
    expect.stringContaining("In 1 of 2 measurements"),
  ]);
});
