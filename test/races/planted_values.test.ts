// Each bug here is one thing less in how values are reserved, claimed, listed and removed. The check that passes on our code must catch
// it.
import { describe, expect, test } from "vitest";
import { bug } from "../suite/bugs.ts";
import { plantedWithParts } from "../suite/planted.ts";
import { crossedAdds, valueChecks } from "./values.ts";
import type { ValueCheck } from "./value_stage.ts";
import { caught, inTurn } from "../proof/showed.ts";

interface Catch {
  /** What catches it, and what that says. */
  readonly caught: readonly (readonly [check: ValueCheck | undefined, saying: RegExp])[];
}

const TWO = /two accounts list one value/;
const NONE = /an account lists a value that has no claim/;
const ELSEWHERE = /an account lists a value whose claim leads elsewhere/;

const CAUGHT: Readonly<Record<string, Catch>> = {
  "the claim first, the account after, no draft": {
    caught: [[valueChecks["a sign-up × a sign-up by the same value"], TWO]],
  },
  "values are added without being reserved": {
    caught: [[valueChecks["an add × a sign-up by the value"], TWO]],
  },
  "the commit of further values does not look at the reservation": {
    caught: [[valueChecks["an add × another account's add of that and more"], TWO]],
  },
  "a reservation that is old is never cleared": {
    caught: [[valueChecks["an add × another account's add of that and more"], /what the next got/]],
  },
  "a reservation is void by the clock, and not cleared by a swap": {
    caught: [[valueChecks["an add × another account's add of that and more"], TWO]],
  },
  "the name of a reservation is not used once": {
    caught: [[valueChecks["an add × another's of the value, and a second one that dies"], TWO]],
  },
  "a claim of one's own that was left behind is used again": {
    caught: [[valueChecks["an add after one that was left behind × a sign-up by the value"], TWO]],
  },
  "the account is not read anew after its claim": {
    caught: [[crossedAdds, ELSEWHERE]],
  },
  "what is listed is reserved again, and its proof is not compared": {
    caught: [[valueChecks["an add of what is listed × its removal and a sign-up by it"], TWO]],
  },
  "an add does not compare its proof": {
    caught: [[valueChecks["an add × a revocation"], /whether it is listed/]],
  },
  "an add that commits after the session that asked for it was ended": {
    caught: [[valueChecks["an add × the end of its session"], /whether it is listed/]],
  },
  "a removal does not look at the acting session": {
    caught: [[valueChecks["a removal × the end of its session"], /whether it is listed/]],
  },
  "a removal reads the claim after the value was struck off": {
    caught: [[valueChecks["a removal × an add of the value again"], NONE]],
  },
  "a removal reads the claim after, and does not compare whose it is": {
    caught: [[valueChecks["a removal × a sign-up by the value"], NONE]],
  },
  "a removal does not compare the text of the claim": {
    caught: [[valueChecks["a removal × an add of the value again"], NONE]],
  },
  "an account's claims are removed before it": {
    caught: [[valueChecks["the removal of an account × a sign-up by its value"], /what contradicts while/]],
  },
  "a sweep takes the claim of a draft for void": {
    caught: [[valueChecks["a sign-up × a sweep"], NONE]],
  },
  "a sweep takes the claim of an account that is reserving for void": {
    caught: [[valueChecks["an add × a sweep"], NONE]],
  },
};

describe("a planted bug is caught", () => {
  for (const [name, { caught: checks }] of inTurn(Object.entries(CAUGHT), 8)) {
    test(name, async () => {
      const copy = await plantedWithParts(bug(name));
      for (const [check, saying] of checks) {
        // An assertion, and this one: a bug that breaks everything would prove nothing.
        await expect(check?.(copy, "memory")).rejects.toMatchObject({
          name: "AssertionError",
          message: expect.stringMatching(saying),
        });
      }
      caught("interleavings", name);
    });
  }
});

test("the copy without a bug passes", async () => {
  await valueChecks["an add × a sign-up by the value"]?.(await plantedWithParts([]), "memory");
});
