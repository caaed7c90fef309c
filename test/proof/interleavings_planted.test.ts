// Whether schedules show bugs: each row plants one, and has two or three at something that it breaks. What finds it is what our own code
// passes.
import { expect, test } from "vitest";
import { bug } from "../suite/bugs.ts";
import { planted } from "../suite/planted.ts";
import { type Trial, tried } from "./tried.ts";

type Row = readonly [bug: string, acts: readonly string[], saying: RegExp, trial?: Trial];

const REVOKED = /a session is listed only if nothing was revoked/;
const CLAIMED = /listed by one account at most|listed but in three steps/;
const DEAD = /a sign-in that was answered lives/;

const ROWS: readonly Row[] = [
  ["a proof judged before a revocation: the listing swap does not compare the epoch", [
    "an answer",
    "endAll by the application",
  ], REVOKED],
  ["a proof judged before a revocation: the epoch is read after judging", [
    "an answer",
    "endAll by the application",
  ], REVOKED],
  ["a proof of an address that nobody had notes nothing", [
    "a sign-up",
    "a sign-up by another answer",
    "endAll of whoever is Eve",
  ], REVOKED],
  ["a reservation is void by the clock, and not cleared by a swap", [
    "a sign-up",
    "a sign-up by another answer",
    "6s",
  ], CLAIMED],
  ["a reservation that is old is never cleared", ["a sign-up after one that crashed"], /./],
  [
    "the commit does not look at the reservation",
    ["a sign-up", "a sign-up by another answer", "6s"],
    CLAIMED,
  ],
  ["the claim first, the account after, no draft", ["a sign-up", "a sign-up by another answer"], CLAIMED],
  ["a removal does not compare the uid of the claim", [
    "a removal by the application",
    "another account with Ada's address",
  ], /./],
  [
    "an account's claims are removed before it",
    ["a removal by the application", "a check"],
    /no claim|listed by one account/,
  ],
  ["a sweep takes the claim of a draft for void", ["a sign-up", "a sweep"], CLAIMED],
  ["the swap compares, then writes", ["an answer", "endAll by the application"], /./],
  ["the swap writes without comparing", ["an answer", "an answer"], /./],
  ["a lost removal is taken for ours", ["an answer", "an answer"], /answered once/, { lost: 30 }],
  ["a guess is told before it is counted", ["an answer", "an answer"], /answered once/],
  ["a refresh reads the account before its swap", ["a refresh", "an end"], /gives no token/],
  ["a check reads the record alone", ["a check", "a sign-out"], /is not let in by it/],
  ["a start slower than the deadline is a success", ["a session by the application", "a list", "61s"], DEAD, {
    late: 20,
    orders: 0,
  }],
];

for (const [name, acts, saying, trial] of ROWS) {
  test(name, async () => {
    const make = await planted(bug(name));
    const found = tried(acts, { make, orders: 400, chances: 2000, seed: 1, ...trial });
    await expect(found).rejects.toThrow(saying);
  }, 120_000);
}
