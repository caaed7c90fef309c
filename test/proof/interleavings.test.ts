// Whatever two, three or four do at once, in whichever order their steps come.
import { test } from "vitest";
import { chance } from "../../src/testing/chance.ts";
import { RUNTIME } from "../suite/runtime.ts";
import { ACTS, TIMES } from "./acts.ts";
import { CREDENTIAL_ACTS } from "./credential_acts.ts";
import { PASSWORD_ACTS } from "./password_acts.ts";
import { inTurn, LONG, SEED, showed } from "./showed.ts";
import { type Counts, type Trial, tried, triedAll } from "./tried.ts";
import { VALUE_ACTS } from "./value_acts.ts";

/** Pairs that have at most 150 orders. */
const FEW: readonly (readonly string[])[] = [
  ["a refresh", "a refresh"],
  ["a refresh with an attempt", "a refresh with an attempt"],
  ["a refresh", "an end"],
  ["a refresh", "endAll"],
  ["an answer", "an answer"],
  ["a sign-up", "a sign-up"],
  ["an answer", "a resend"],
  ["a link's answer", "a link's answer"],
  ["a link's answer", "another link for a step"],
  ["a sign-up", "endAll of whoever is Eve"],
  ["a sign-up", "a removal of whoever is Eve"],
  ["a rotation", "a rotation"],
  ["a rotation that revokes", "a rotation that revokes"],
  ["a proof of what is unproven", "endAll by the account's maker"],
  ["an add", "an add by another of Ada's sessions"],
  ["a removal of a value", "an add of what is listed"],
  ["a removal of a value", "a sign-out"],
];

/** Pairs that have more, and between whom time may pass at any moment. */
const MANY: readonly (readonly string[])[] = [
  ["a sign-up", "a sign-up by another answer"],
  ["an answer", "endAll by the application"],
  ["a link's answer", "endAll by the application"],
  ["a sign-up by a link", "a sign-up"],
  ["a sign-up", "an account by the application"],
  ["an answer", "a removal by the application"],
  ["a sign-up after one that crashed", "a sign-up by another answer"],
  ["an answer", "a list", "61s"],
  ["a session by the application", "a list", "61s"],
  ["an account with an unproven address", "a sign-up"],
  ["an add", "a sign-out"],
  ["an add of two", "an add of the same two by another"],
  ["an add that was proven long ago", "endAll by the application"],
  ["an add", "a removal by the application"],
  ["an add", "a sign-up"],
  ["a removal of a value", "an add by another of what is listed"],
  ["a passkey's answer", "endAll by the application"],
  ["a passkey's answer", "a copy's answer"],
  ["a passkey's answer", "a passkey's removal"],
  ["a new passkey", "a removal of a value"],
  ["a new passkey", "the begin of a passkey"],
  ["a passkey by a key's session", "a passkey, begun and added"],
  ["the answer of its maker's passkey", "a proof of what is unproven"],
  ["the answer of its maker's key", "a proof of what is unproven"],
  ["a key's answer", "a key's answer"],
  ["a key's answer", "endAll by the application"],
  ["a key's answer", "a key's removal"],
  ["a password's answer", "a reset"],
  ["a password's answer", "a password's change"],
  ["a password's answer", "endAll by the application"],
  ["a code after a password", "a password's change"],
  ["a code after a password", "a reset"],
  ["a reset", "a reset"],
  ["a reset", "a reset by another link"],
  ["a reset", "a password's change"],
  ["a reset", "endAll by the application"],
  ["a reset", "a removal by the application"],
  ["a reset", "a look at a link"],
  ["a password's change", "a password's change by another of Ada's sessions"],
  ["a password's change", "an end of the first"],
  ["a password's change", "a sign-out"],
  ["a password's change", "an answer"],
  ["the code of a password's change", "a reset"],
  ["the code of a password's change", "a sign-out"],
  ["a reset of what is unproven", "the answer of its maker's password"],
  ["a reset of what is unproven", "a proof of what is unproven"],
  ["a reset of what is unproven", "a password's change by the account's maker"],
  ["a reset of what is unproven", "endAll by the account's maker"],
  ["a proof of what is unproven", "the answer of its maker's password"],
  ["a sign-up with a password", "a sign-up with another password"],
  ["a sign-up with a password", "an account with an unproven address"],
];

/** How much each runtime goes through where there is little time: what one shows, another shows again. */
const SHARE = RUNTIME === "node" ? 1 / 10 : 1 / 20;

/** How many orders by chance each of the named pairs is played in. */
const CHANCES = LONG ? 100 : RUNTIME === "node" ? 6 : 4;

/** The pairs that go through all of their orders. */
const WHOLE = LONG || RUNTIME === "node" ? inTurn(FEW, 3) : [];

/** For how long every act is tried with every other in a long run, in milliseconds; and groups of them as long. */
const TIME = 240_000;

const NAMES = Object.keys({ ...ACTS, ...CREDENTIAL_ACTS, ...PASSWORD_ACTS, ...VALUE_ACTS });

for (const acts of inTurn([...FEW, ...MANY], RUNTIME === "node" ? 3 : 6)) {
  test(acts.join(" ‖ "), async () => {
    const counts = await tried(acts, {
      ...(WHOLE.includes(acts) ? { whole: Infinity } : { orders: LONG ? 500 : Math.ceil(30 * SHARE) }),
      chances: CHANCES,
      lost: 5,
      crash: true,
      crashes: LONG ? 3 : 0,
    });
    tell(1, counts);
  }, 600_000);
}

/** Every pair; where there is little time, some of them by chance. */
const pairs = NAMES.flatMap((one, i) => NAMES.slice(i).map((two) => [one, two]))
  .filter((_, i) => LONG || (i + SEED) % (24 / SHARE) === 0);

test("a sweep ‖ everything", async () => {
  const groups = inTurn(NAMES, RUNTIME === "node" ? 3 : 6).map((name) => [name, "a sweep"]);
  const counts = await triedAll(
    groups,
    () => ({ orders: LONG ? 200 : 0, chances: LONG ? 30 : Math.ceil(4 * SHARE), lost: 5, crash: true }),
  );
  tell(groups.length, counts);
}, 600_000);

test("every act ‖ every act", async () => {
  const random = chance(SEED);
  const keyed = pairs.map((pair) => ({ pair, key: random(4).join() }));
  const line = keyed.toSorted((a, b) => a.key < b.key ? -1 : 1).map(({ pair }) => pair);
  await inTime(line, (i) => ({
    ...(LONG && { orders: 25, whole: 6 }),
    chances: LONG ? 8 : 2,
    seed: SEED + i,
    lost: 5,
    crash: true,
  }));
}, 3_600_000);

test("three or four acts at once, and time", async () => {
  const random = chance(SEED);
  const any = (list: readonly string[]) => list[(random(2)[0] ?? 0) * 256 % list.length] as string;
  const groups = Array.from({ length: LONG ? 1000 : 40 * SHARE }, (_, i) => [
    ...Array.from({ length: 2 + i % 3 }, () => any(NAMES)),
    ...(i % 3 === 2 ? [] : [any(Object.keys(TIMES))]),
  ]);
  await inTime(groups, (i) => ({ chances: LONG ? 6 : 2, seed: SEED + i, lost: 3, late: 10, crash: true }));
}, 3_600_000);

/** Goes through all of them; in a long run through as many as a time has room for, one set after the other. */
async function inTime(groups: readonly (readonly string[])[], trialOf: (i: number) => Trial): Promise<void> {
  const until = performance.now() + TIME;
  const size = LONG ? 50 : groups.length;
  for (let from = 0; from < groups.length && performance.now() < until; from += size) {
    const set = groups.slice(from, from + size);
    tell(set.length, await triedAll(set, (i) => trialOf(from + i)));
  }
}

function tell(pairs: number, counts: Counts): void {
  showed("interleavings", { pairs, ...counts });
}
