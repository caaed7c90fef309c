// Whether all orders that matter are tried, and each can be repeated.
import { expect, test, vi } from "vitest";
import { bug } from "../suite/bugs.ts";
import { planted } from "../suite/planted.ts";
import { needsOf, type Rehearsed, rehearsed } from "./interleaving.ts";
import { byChance, everyOrder, matters } from "./orders.ts";
import { replayed, stage } from "./scheduler.ts";
import { tried, triedIn } from "./tried.ts";
import memory from "../../drivers/memory.ts";

/** What there was in all orders: what was told, and what stood there in the end. */
async function outcomes(company: Rehearsed, names: readonly string[], isDependent: typeof matters) {
  const ends = new Set<string>();
  const { orders, isAll } = await everyOrder(
    async (choose) => {
      const { told, end } = await company.play(names, choose);
      ends.add(JSON.stringify([told.map((one) => one?.code ?? "done"), end]));
    },
    3000,
    isDependent,
  );
  await company.close();
  return { ends, orders, isAll };
}

for (
  const names of [
    ["a refresh", "a refresh"],
    ["a refresh", "a change by the application"],
    ["a change by the application", "a change by the application"],
    ["a wrong answer", "a wrong answer"],
  ]
) {
  test(`${names.join(" ‖ ")}: what orders that do not matter lead to, others lead to as well`, async () => {
    const company = await rehearsed(needsOf(names));
    const all = await outcomes(company, names, () => true);
    const some = await outcomes(company, names, matters);
    await company.close();
    expect([all.isAll, some.isAll]).toEqual([true, true]);
    expect(some.orders).toBeLessThanOrEqual(all.orders);
    expect([...all.ends].filter((end) => !some.ends.has(end)).length, "ends that nobody came to").toBe(0);
  });
}

test("two who only look matter to each other in no order, two who write in each", async () => {
  const board = stage();
  const truth = memory({ now: () => 0 });
  const [one, two] = [board.driver(0, truth), board.driver(1, truth)];
  const tries = async (acts: readonly (() => Promise<unknown>)[]) => {
    const parts = acts.map((act, i) => ({ name: `${acts.length} ${i} ${act}`, act }));
    let plays = 0;
    const first = await everyOrder(
      async (choose) => void await board.play(parts, choose, async () => {}),
      100,
    );
    const { orders } = await everyOrder(async (choose) => {
      plays++;
      await board.play(parts, choose, async () => {});
    }, 100);
    expect(first.isAll).toBe(true);
    return orders;
  };
  const looks = (driver: typeof one) => async () => [await driver.getItem("a"), await driver.getItem("b")];
  const writes = (driver: typeof one) => async () => await driver.swap("a", null, "text");
  expect(await tries([looks(one), looks(two)])).toBe(1);
  expect(await tries([writes(one), writes(two)])).toBe(2);
  expect(await tries([looks(one), writes(two)])).toBe(2); // before or after "a" is read
});

test("an order leads to the same end each time", async () => {
  const names = ["a sign-up", "a sign-up by another answer"];
  const marks = new Set<string>();
  const company = await rehearsed(needsOf(names));
  for (let seed = 0; seed < 10; seed++) {
    const first = await company.play(names, byChance(seed, { lost: 10, late: 10, crash: 15 }));
    const again = await company.play(names, replayed(first.order));
    expect([again.order, again.told, again.end]).toEqual([first.order, first.told, first.end]);
    for (const mark of first.order.replaceAll(/[\d. ]/g, "")) marks.add(mark);
  }
  await company.close();
  expect([...marks].toSorted(), "what became of steps").toEqual(["!", "?", "_", "x", "~"]);
});

test("what a failure says plays it again, and nothing else", async () => {
  const names = ["an answer", "an answer"];
  const make = await planted(bug("a guess is told before it is counted"));
  const failure = (acts: readonly string[]) =>
    tried(acts, { make, orders: 100 }).catch(({ message }) => message);
  const said = await failure(names);
  const [, acts = "", order = ""] = /LATCHKEY_ACTS="(.*)" LATCHKEY_ORDER="(.*)"/.exec(said) ?? [];
  vi.stubEnv("LATCHKEY_ACTS", acts);
  vi.stubEnv("LATCHKEY_ORDER", order);
  const [again, others] = [await failure(names), await failure(["a check", "a check"])];
  vi.unstubAllEnvs();
  expect([again, others]).toEqual([said, { schedules: 0, steps: 0, exhaustive: 0 }]);
}, 60_000);

test("in half of the orders by chance a process crashes", async () => {
  const names = ["a refresh", "an end"];
  const company = await rehearsed(needsOf(names));
  const isCrash: boolean[] = [];
  const play: Rehearsed["play"] = async (...given) => {
    const played = await company.play(...given);
    isCrash.push(played.order.includes("x"));
    return played;
  };
  await triedIn({ ...company, play }, names, { chances: 20, crash: true, seed: 1 });
  await company.close();
  expect(isCrash.filter((_, i) => i % 2 === 0)).not.toContain(true);
  expect(isCrash.filter((one) => one).length).toBeGreaterThanOrEqual(8);
});

test("acts that are short are tried in all orders", async () => {
  const names = ["a refresh", "a refresh"]; // of three operations
  expect(await tried(names, { whole: 3 })).toMatchObject({ exhaustive: 1 });
  expect(await tried(names, { whole: 2 })).toMatchObject({ exhaustive: 0, schedules: 0 });
});

test("an update is lost between a look and a write that does not compare", async () => {
  const board = stage();
  const ends = new Set<string>();
  const adds = (i: number, truth: ReturnType<typeof memory>) => async () => {
    const driver = board.driver(i, truth);
    const count = Number(await driver.getItem("count"));
    const before = await truth.getItem("count");
    await driver.swap("count", before, String(count + 1)); // whatever stands there
  };
  await everyOrder(async (choose) => {
    const truth = memory({ now: () => 0 });
    await board.play([0, 1].map((i) => ({ name: "adds", act: adds(i, truth) })), choose, async () => {});
    ends.add(String(await truth.getItem("count")));
  }, 100);
  expect([...ends].toSorted()).toEqual(["1", "2"]);
});
