// Whatever two, three or four do at once, in whichever order their steps come.
import { test } from "vitest";
import { chance } from "../../src/testing/chance.ts";
import { ACTS, TIMES } from "./acts.ts";
import { LONG, SEED, showed } from "./showed.ts";
import { type Counts, tried, triedAll } from "./tried.ts";
import { VALUE_ACTS } from "./value_acts.ts";

/** Pairs with a name of their own, and between whom time may pass at any moment. */
const NAMED: readonly (readonly string[])[] = [
  ["a refresh", "a refresh"],
  ["a refresh with an attempt", "a refresh with an attempt"],
  ["a refresh", "an end"],
  ["a refresh", "endAll"],
  ["an answer", "an answer"],
  ["a sign-up", "a sign-up"],
  ["a sign-up", "a sign-up by another answer"],
  ["an answer", "a resend"],
  ["an answer", "endAll by the application"],
  ["a sign-up", "endAll of whoever is Eve"],
  ["a sign-up", "an account by the application"],
  ["a sign-up", "a removal of whoever is Eve"],
  ["an answer", "a removal by the application"],
  ["a sign-up after one that crashed", "a sign-up by another answer"],
  ["an answer", "a list", "61s"],
  ["a session by the application", "a list", "61s"],
  ["a rotation", "a rotation"],
  ["a rotation that revokes", "a rotation that revokes"],
  ["an account with an unproven address", "a sign-up"],
  ["a proof of what is unproven", "endAll by the account's maker"],
  ["an add", "a sign-out"],
  ["an add", "an add by another of Ada's sessions"],
  ["an add of two", "an add of the same two by another"],
  ["an add that was proven long ago", "endAll by the application"],
  ["an add", "a removal by the application"],
  ["an add", "a sign-up"],
  ["a removal of a value", "an add of what is listed"],
  ["a removal of a value", "an add by another of what is listed"],
  ["a removal of a value", "a sign-out"],
];

const NAMES = Object.keys({ ...ACTS, ...VALUE_ACTS });

for (const acts of NAMED) {
  test(acts.join(" ‖ "), async () => {
    const counts = await tried(acts, {
      orders: LONG ? 50_000 : 60,
      chances: LONG ? 2000 : 10,
      lost: 5,
      crash: LONG,
    });
    tell(1, counts);
  }, 600_000);
}

/** Every pair; where there is little time, a third of them by chance. */
const pairs = NAMES.flatMap((one, i) => NAMES.slice(i).map((two) => [one, two]))
  .filter((_, i) => LONG || (i + SEED) % 3 === 0);

test("a sweep ‖ everything", async () => {
  const groups = NAMES.map((name) => [name, "a sweep"]);
  tell(groups.length, await triedAll(groups, () => ({ orders: LONG ? 2000 : 0, chances: LONG ? 200 : 3 })));
}, 600_000);

test("every act ‖ every act", async () => {
  const counts = await triedAll(pairs, (i) => ({
    orders: LONG ? 500 : 0,
    chances: LONG ? 100 : 1,
    seed: SEED + i,
    lost: 5,
    crash: i % 2 === 0,
  }));
  tell(pairs.length, counts);
}, 3_600_000);

test("three or four acts at once, and time", async () => {
  const random = chance(SEED);
  const any = (list: readonly string[]) => list[(random(2)[0] ?? 0) * 256 % list.length] as string;
  const groups = Array.from({ length: LONG ? 5000 : 60 }, (_, i) => [
    ...Array.from({ length: 2 + i % 3 }, () => any(NAMES)),
    ...(i % 3 === 2 ? [] : [any(Object.keys(TIMES))]),
  ]);
  const counts = await triedAll(
    groups,
    (i) => ({ chances: LONG ? 20 : 2, seed: SEED + i, lost: 3, late: 10, crash: i % 2 === 0 }),
  );
  tell(groups.length, counts);
}, 3_600_000);

function tell(pairs: number, counts: Counts): void {
  showed("interleavings", { pairs, ...counts });
}
