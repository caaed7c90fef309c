// Each bug here is one thing less in how values are reserved, claimed, listed and removed. The check that passes on our code must catch
// it.
import { describe, expect, test } from "vitest";
import { type Change, plantedWithParts } from "../suite/planted.ts";
import { crossedAdds, valueChecks } from "./values.ts";
import type { ValueCheck } from "./value_stage.ts";

interface Bug {
  readonly changes: readonly Change[];
  /** What catches it, and what that says. */
  readonly caught: readonly (readonly [check: ValueCheck | undefined, saying: RegExp])[];
}

const ACCOUNTS = "src/core/accounts.ts";
const CLAIMS = "src/core/claims.ts";
const VALUES = "src/core/values.ts";

const TWO = /two accounts list one value/;
const NONE = /an account lists a value that has no claim/;
const ELSEWHERE = /an account lists a value whose claim leads elsewhere/;

const BUGS: Readonly<Record<string, Bug>> = {
  "the claim first, the account after, no draft": {
    changes: [
      {
        file: ACCOUNTS,
        from: "await users.change(uid, (now) => ({ next: now ?? draft, result: undefined }), null);",
        to: "",
      },
      {
        file: ACCOUNTS,
        from:
          "const stands = reserves(now, op); return { next: stands ? account : now, result: stands }; }, draft);",
        to: "return { next: now ?? account, result: true }; });",
      },
    ],
    caught: [[valueChecks["a sign-up × a sign-up by the same value"], TWO]],
  },
  "values are added without being reserved": {
    changes: [
      {
        file: VALUES,
        from: "return { next: { ...account, reserving }, result: missing };",
        to: "return { next: reserving.op === '' ? null : account, result: missing };",
      },
      { file: VALUES, from: "if (!reserves(account, op)) return { next: account, result: null };", to: "" },
    ],
    caught: [[valueChecks["an add × a sign-up by the value"], TWO]],
  },
  "the commit does not look at the reservation": {
    changes: [
      { file: VALUES, from: "if (!reserves(account, op)) return { next: account, result: null };", to: "" },
    ],
    caught: [[valueChecks["an add × another account's add of that and more"], TWO]],
  },
  "a reservation that is old is never cleared": {
    changes: [{
      file: CLAIMS,
      from: "return platform.now() - since > store.deadline && await clear(uid, op, seen);",
      to: "return platform.now() < since && await clear(uid, op, seen);",
    }],
    caught: [[valueChecks["an add × another account's add of that and more"], /what the next got/]],
  },
  "a reservation is void by the clock, and not cleared by a swap": {
    changes: [{
      file: CLAIMS,
      from: "return platform.now() - since > store.deadline && await clear(uid, op, seen);",
      to: "return platform.now() - since > store.deadline;",
    }],
    caught: [[valueChecks["an add × another account's add of that and more"], TWO]],
  },
  "the name of a reservation is not used once": {
    changes: [{ file: VALUES, from: "const op = newId(platform.random);", to: "const op = uid;" }],
    caught: [[valueChecks["an add × another's of the value, and a second one that dies"], TWO]],
  },
  "a claim of one's own that was left behind is used again": {
    changes: [{
      file: CLAIMS,
      from: "if (claim === null) {",
      to: "if (claim?.uid === uid) return null; if (claim === null) {",
    }],
    caught: [[valueChecks["an add after one that was left behind × a sign-up by the value"], TWO]],
  },
  "the account is not read anew after its claim": {
    changes: [
      {
        file: CLAIMS,
        from: "const mine: Claim = { uid, type: value.type, op };",
        to: "const mine: Claim = { uid, type: value.type, op }; const kept = new Map();",
      },
      {
        file: CLAIMS,
        from: "const record = await users.get(claim.uid); // anew after every read of the claim",
        to: `const record = kept.get(claim.uid) ?? await users.get(claim.uid);
          kept.set(claim.uid, record);`,
      },
    ],
    caught: [[crossedAdds, ELSEWHERE]],
  },
  "what is listed is reserved again, and its proof is not compared": {
    changes: [
      {
        file: VALUES,
        from: "const missing = wanted.filter(([, value]) => !lists(account, value));",
        to: "const missing = wanted;",
      },
      {
        file: VALUES,
        from: `if (noted.uid !== uid || !unmoved(noted, { uid, account })) return "challenge_invalid";`,
        to: "",
      },
    ],
    caught: [[valueChecks["an add of what is listed × its removal and a sign-up by it"], TWO]],
  },
  "an add does not compare its proof": {
    changes: [{
      file: VALUES,
      from: `if (noted.uid !== uid || !unmoved(noted, { uid, account })) return "challenge_invalid";`,
      to: "",
    }],
    caught: [[valueChecks["an add × a revocation"], /whether it is listed/]],
  },
  "an add that commits after the session that asked for it was ended": {
    changes: [{
      file: VALUES,
      from: "return await decideFor<Added | null>(adding,",
      to: "return await decideFor<Added | null>({ ...adding, acting: undefined },",
    }],
    caught: [[valueChecks["an add × the end of its session"], /whether it is listed/]],
  },
  "a removal does not look at the acting session": {
    changes: [{
      file: VALUES,
      from: "const removed = await decideFor<Account>(acting,",
      to: "const removed = await decideFor<Account>({ ...acting, acting: undefined },",
    }],
    caught: [[valueChecks["a removal × the end of its session"], /whether it is listed/]],
  },
  "a removal reads the claim after the value was struck off": {
    changes: [
      { file: VALUES, from: "const claim = await claims.get(hash);", to: "" },
      {
        file: VALUES,
        from: "if (claim?.uid === uid) await claims.discard(hash, claim);",
        to:
          "const claim = await claims.get(hash); if (claim?.uid === uid) await claims.discard(hash, claim);",
      },
    ],
    caught: [[valueChecks["a removal × an add of the value again"], NONE]],
  },
  "a removal reads the claim after, and does not compare whose it is": {
    changes: [
      { file: VALUES, from: "const claim = await claims.get(hash);", to: "" },
      {
        file: VALUES,
        from: "if (claim?.uid === uid) await claims.discard(hash, claim);",
        to: "const claim = await claims.get(hash); if (claim !== null) await claims.discard(hash, claim);",
      },
    ],
    caught: [[valueChecks["a removal × a sign-up by the value"], NONE]],
  },
  "a removal does not compare the text of the claim": {
    changes: [{
      file: VALUES,
      from: "await claims.discard(hash, claim);",
      to: "await claims.follow(uid, hash);",
    }],
    caught: [[valueChecks["a removal × an add of the value again"], NONE]],
  },
  "an account's claims are removed before it": {
    changes: [{
      file: ACCOUNTS,
      from: "if (!ID.test(uid)) return null;",
      to: `for (const one of live(await users.get(uid))?.identifiers ?? []) {
          await claims.follow(uid, claims.hashOf(one));
        }`,
    }],
    caught: [[valueChecks["the removal of an account × a sign-up by its value"], /what contradicts while/]],
  },
  "a sweep takes the claim of a draft for void": {
    changes: [{
      file: CLAIMS,
      from: "return !has && !reserves(record, op);",
      to: "return !has && (live(record) === null || !reserves(record, op));",
    }],
    caught: [[valueChecks["a sign-up × a sweep"], NONE]],
  },
  "a sweep takes the claim of an account that is reserving for void": {
    changes: [{
      file: CLAIMS,
      from: "return !has && !reserves(record, op);",
      to: "return !has && (live(record) !== null || !reserves(record, op));",
    }],
    caught: [[valueChecks["an add × a sweep"], NONE]],
  },
};

describe("a planted bug is caught", () => {
  for (const [name, { changes, caught }] of Object.entries(BUGS)) {
    test(name, async () => {
      const copy = await plantedWithParts(changes);
      for (const [check, saying] of caught) {
        // An assertion, and this one: a bug that breaks everything would prove nothing.
        await expect(check?.(copy, "memory")).rejects.toMatchObject({
          name: "AssertionError",
          message: expect.stringMatching(saying),
        });
      }
    });
  }
});

test("the copy without a bug passes", async () => {
  await valueChecks["an add × a sign-up by the value"]?.(await plantedWithParts([]), "memory");
});
