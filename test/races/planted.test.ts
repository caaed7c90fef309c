// Each bug here is one that a store without transactions invites. The check that passes on our code must catch it.
import { describe, expect, test } from "vitest";
import { bug } from "../suite/bugs.ts";
import { planted, replaced } from "../suite/planted.ts";
import * as credentials from "./credentials.ts";
import * as crowds from "./crowds.ts";
import { heldCredentials } from "./held_credentials.ts";
import * as holds from "./holds.ts";
import { heldInProcesses, type ProcessCheck } from "./process_holds.ts";
import type { Check } from "./scene.ts";
import { caught, inTurn } from "../proof/showed.ts";

interface Catch {
  /** What catches it, and what that says. */
  readonly caught: readonly (readonly [check: Check | undefined, saying: RegExp])[];
  /** The same with four processes. */
  readonly inProcesses?: readonly (readonly [check: ProcessCheck | undefined, saying: RegExp])[];
}

const { heldSignIns, heldFirstSignIns, heldRefreshes } = holds;

/** Something that did not belong to an account when the other was done. */
const COMES = /what belongs to the account, held/;

const CAUGHT: Readonly<Record<string, Catch>> = {
  "a proof judged before a revocation: the listing swap does not compare the epoch": {
    caught: [
      [heldSignIns["a sign-in × endAll, by cookie"], /sessions listed/],
      [heldSignIns["a sign-in × endAll, by bearer token"], /sessions listed/],
    ],
    inProcesses: [
      [heldInProcesses["a sign-in × endAll, by cookie"], /whom a sign-in held \S+ lets in/],
      [heldInProcesses["a sign-in × endAll, by bearer token"], /whom a sign-in held \S+ lets in/],
    ],
  },
  "a proof judged before a revocation: the epoch is read after judging": {
    caught: [[heldSignIns["a sign-in × endAll, by cookie"], /sessions listed/]],
  },
  "a proof of an address that nobody had notes nothing": {
    caught: [[heldFirstSignIns["a first sign-in that sleeps × another × endAll"], /sessions listed/]],
    inProcesses: [
      [heldInProcesses["a first sign-in × another × endAll, by cookie"], /whom a sign-in held \S+ lets in/],
      [
        heldInProcesses["a first sign-in × another × endAll, by bearer token"],
        /whom a sign-in held \S+ lets in/,
      ],
    ],
  },
  "a reservation is void by the clock, and not cleared by a swap": {
    caught: [[heldFirstSignIns["a first sign-in that sleeps × another"], /accounts that list/]],
  },
  "the commit does not look at the reservation": {
    caught: [[heldFirstSignIns["a first sign-in that sleeps × another"], /accounts that list/]],
  },
  "a draft is taken for an account": {
    caught: [[holds.draftIsNobody, /what a draft answers/]],
  },
  "a removal does not compare the uid of the claim": {
    caught: [[holds.heldRemoval, /claims that lead/]],
  },
  "the swap writes without comparing": {
    caught: [
      [crowds.rightAnswers, /what 100 right answers got/],
      [crowds.wrongGuesses, /what 200 wrong guesses got/],
      [crowds.manyWriters, /revocations that count/],
    ],
  },
  "the swap compares, then writes": {
    caught: [[crowds.manyWriters, /revocations that count/]],
  },
  "a lost removal is taken for ours": {
    caught: [[holds.lostRemoval, /whoever's answer was lost/]],
  },
  "a guess is told before it is counted": {
    caught: [
      [crowds.freeGuesses, /what 200 wrong guesses got/],
      [crowds.freeAnswers, /what 100 right answers got/],
    ],
  },
  "a refresh reads the account before its swap": {
    caught: [
      [
        heldRefreshes["a refresh × end that leaves the record"],
        /points at which an ended session got a token/,
      ],
      [
        heldRefreshes["a refresh × endAll that leaves the record"],
        /points at which an ended session got a token/,
      ],
    ],
  },
  "a check reads the record alone": {
    caught: [[holds.staleRecords, /whether it lives after end, by cookie/]],
  },
  "a prune looks at an entry's age after its record": {
    caught: [[holds.sleepyPruner, /whether the session lives/]],
  },
  "a start's time runs while it waits for somebody else's": {
    caught: [[holds.deadFirstSignIn, /what the next got after a death/]],
  },
  "a start slower than the deadline is a success": {
    caught: [[holds.slowStart, /whether a start slow \S+ lives/]],
  },
  "a credential is removed without a revocation, and whoever signs in by it does not look whether it is listed":
    {
      caught: [
        [heldCredentials["a sign-in by key × removal of the key"], COMES],
        [heldCredentials["a sign-in by passkey × removal of the passkey"], COMES],
      ],
    },
  "a passkey is stored although its registration was replaced, and by a session of a key although it is not the first":
    {
      caught: [[credentials.firstPasskeys, /what 20 sessions by a key got/]],
    },
  "whose passkey it is, is looked up when its answer was used up": {
    caught: [[heldCredentials["a sign-in by passkey × endAll"], COMES]],
  },
  "whose key it is, is looked up when its answer was used up": {
    caught: [[heldCredentials["a sign-in by key × endAll"], COMES]],
  },
  "the counter of a passkey is compared before the swap alone": {
    caught: [[heldCredentials["a sign-in by passkey × another with the same count"], COMES]],
  },
  "a passkey is stored although its registration was replaced": {
    caught: [[heldCredentials["a registration of a passkey × the begin of another"], COMES]],
  },
};

describe("a planted bug is caught", () => {
  for (const [name, { caught: checks, inProcesses = [] }] of inTurn(Object.entries(CAUGHT), 12)) {
    test(name, async () => {
      const changes = bug(name);
      const make = await planted(changes);
      for (const [check, saying] of checks) await expectCaught(check?.(make, "memory"), saying);
      for (const [check, saying] of inProcesses) await expectCaught(check?.("sqlite", changes), saying);
      caught("interleavings", name);
    });
  }
});

/** An assertion, and this one: a bug that breaks everything would prove nothing. */
async function expectCaught(checked: Promise<void> | undefined, saying: RegExp): Promise<void> {
  await expect(checked).rejects.toMatchObject({
    name: "AssertionError",
    message: expect.stringMatching(saying),
  });
}

test("the copy without a bug passes", async () => {
  await holds.heldRemoval(await planted([]), "memory");
});

test("a place is found however it is formatted, and must be there once", () => {
  const text = "a(\n  b,\n  c,\n);\nd();\nd();\n";
  const change = (from: string) => replaced(text, { file: "a.ts", from, to: "e();" });
  expect(change("a(b, c);")).toBe("e();\nd();\nd();\n");
  expect(() => change("a(c);")).toThrow("a.ts does not say: a(c);");
  expect(() => change("d();")).toThrow("a.ts says more than once: d();");
});
