// Races: many at once, and one held while another runs. Each check is also run on bugs, in planted.test.ts.
import { describe, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { inTurn } from "../proof/showed.ts";
import { RUNTIME } from "../suite/flow.ts";
import { STORES } from "../suite/stores.ts";
import * as crowds from "./crowds.ts";
import * as holds from "./holds.ts";
import type { Check } from "./scene.ts";

const CHECKS: Readonly<Record<string, Check>> = {
  "of 100 right answers at once, one gets in": crowds.rightAnswers,
  "of 200 wrong guesses at once, five are judged, and then the code is dead": crowds.wrongGuesses,
  "100 refreshes of one token at once get one successor": crowds.refreshes,
  "100 first sign-ins with one address at once make one account": crowds.firstSignIns,
  "sign-ins and removals of one address at once leave one account or none": crowds.comingAndGoing,
  "20 more sessions at once, where there are 50, end the 20 oldest": crowds.oneTooMany,
  "100 checks at once note last use once for each server": crowds.touches,
  "100 writers of one account at four servers all get through": crowds.manyWriters,
};

const HELD: Readonly<Record<string, Check>> = {
  ...holds.heldSignIns,
  ...holds.heldFirstSignIns,
  "a first sign-in that dies × the next, which waits for it": holds.deadFirstSignIn,
  ...holds.heldRefreshes,
  "a removal × a sign-up by the same address": holds.heldRemoval,
  "a check × an end that leaves the record": holds.staleRecords,
  "a slow start × a prune": holds.slowStart,
  "a start × a prune that falls asleep": holds.sleepyPruner,
  "an answer whose reply is lost × another answer": holds.lostRemoval,
  "a sign-up × whoever meets its draft": holds.draftIsNobody,
};

for (const [place, store] of STORES.entries()) {
  describe(`at once, on ${store}`, () => {
    const turn = inTurn(Object.entries(CHECKS), 4, place); // four stores try them all
    for (const [name, check] of turn) test(name, () => check(createAuth, store));
  });
  describe(`held at every point, on ${store}`, () => {
    // A sixth in each run, elsewhere than on Node a ninth, on each store another: the library is the same, and so is the driver.
    const turn = inTurn(Object.entries(HELD), RUNTIME === "node" ? 6 : 9, place);
    for (const [name, check] of turn) test(name, () => check(createAuth, store));
  });
}
