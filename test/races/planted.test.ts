// Each bug here is one that a store without transactions invites. The check that passes on our code must catch it.
import { describe, expect, test } from "vitest";
import { type Change, planted, replaced } from "../suite/planted.ts";
import * as crowds from "./crowds.ts";
import * as holds from "./holds.ts";
import { heldInProcesses, type ProcessCheck } from "./process_holds.ts";
import type { Check } from "./scene.ts";

interface Bug {
  readonly changes: readonly Change[];
  /** What catches it, and what that says. */
  readonly caught: readonly (readonly [check: Check | undefined, saying: RegExp])[];
  /** The same with four processes. */
  readonly inProcesses?: readonly (readonly [check: ProcessCheck | undefined, saying: RegExp])[];
}

const ACCOUNTS = "src/core/accounts.ts";
const ACCOUNT_RECORD = "src/core/account_record.ts";
const CLAIMS = "src/core/claims.ts";
const CHALLENGES = "src/core/challenges.ts";
const COLLECTION = "src/store/collection.ts";
const SESSIONS = "src/core/sessions.ts";
const SIGN_IN = "src/core/sign_in.ts";

const { heldSignIns, heldFirstSignIns, heldRefreshes } = holds;

const BUGS: Readonly<Record<string, Bug>> = {
  "a proof judged before a revocation: the listing swap does not compare the epoch": {
    changes: [{
      file: SIGN_IN,
      from: "if (!(unproven && noted.uid === uid) && !unmoved(noted, owner)) return null;",
      to: "",
    }],
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
    changes: [
      { file: SIGN_IN, from: "type Owner, unmoved,", to: "type Owner, noteOf, unmoved," },
      { file: SIGN_IN, from: "proven(now, value, noted)", to: "proven(now, value, noteOf(owner))" },
    ],
    caught: [[heldSignIns["a sign-in × endAll, by cookie"], /sessions listed/]],
  },
  "a proof of an address that nobody had notes nothing": {
    changes: [{
      file: ACCOUNT_RECORD,
      from: "noted.uid === null ? account.epoch === 0",
      to: "noted.uid === null ? true",
    }],
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
    changes: [{
      file: CLAIMS,
      from: "!await cleared(claim, record)",
      to: "platform.now() - Number(record.reserving?.at) <= store.deadline",
    }],
    caught: [[heldFirstSignIns["a first sign-in that sleeps × another"], /accounts that list/]],
  },
  "the commit does not look at the reservation": {
    changes: [{
      file: ACCOUNTS,
      from: "const stands = reserves(now, op); return { next: stands ? account : now, result: stands };",
      to: "return { next: now === null || reserves(now, op) ? account : now, result: true };",
    }],
    caught: [[heldFirstSignIns["a first sign-in that sleeps × another"], /accounts that list/]],
  },
  "a draft is taken for an account": {
    changes: [{
      file: ACCOUNT_RECORD,
      from: `record?.state === "account" ? record : null`,
      to:
        `record && { createdAt: 0, name: null, roles: [], identifiers: [], epoch: 0, sessions: [], ...record }`,
    }],
    caught: [[holds.draftIsNobody, /what a draft answers/]],
  },
  "a removal does not compare the uid of the claim": {
    changes: [{ file: CLAIMS, from: "const ours = now?.uid === uid;", to: "const ours = now !== null;" }],
    caught: [[holds.heldRemoval, /claims that lead/]],
  },
  "the swap writes without comparing": {
    changes: [{
      file: COLLECTION,
      from: "return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));",
      to:
        `await (next === null ? store.driver.removeItem(key) : store.driver.setItem(key, next)); return true;`,
    }],
    caught: [
      [crowds.rightAnswers, /what 100 right answers got/],
      [crowds.wrongGuesses, /what 200 wrong guesses got/],
      [crowds.manyWriters, /revocations that count/],
    ],
  },
  "the swap compares, then writes": {
    changes: [{
      file: COLLECTION,
      from: "return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));",
      to: `if (await store.driver.getItem(key) !== expected) return false;
        await (next === null ? store.driver.removeItem(key) : store.driver.setItem(key, next)); return true;`,
    }],
    caught: [[crowds.manyWriters, /revocations that count/]],
  },
  "a lost removal is taken for ours": {
    changes: [{
      file: COLLECTION,
      from: "if (next !== null && !isUndurable(cause) && await read(key) === next)",
      to: "if (await read(key) === next)",
    }],
    caught: [[holds.lostRemoval, /whoever's answer was lost/]],
  },
  "a guess is told before it is counted": {
    changes: [{
      file: CHALLENGES,
      from: "return records.change(id, (current) => attempt(current, { ...answer, now }), seen);",
      to: `return records.get(id).then(async (seen) => {
        const { result } = attempt(seen, { ...answer, now });
        await records.change(id, (current) => attempt(current, { ...answer, now }));
        return result;
      });`,
    }],
    caught: [
      [crowds.freeGuesses, /what 200 wrong guesses got/],
      [crowds.freeAnswers, /what 100 right answers got/],
    ],
  },
  "a refresh reads the account before its swap": {
    changes: [
      {
        file: SESSIONS,
        from: "const { uid, sid, rotated, prepared } = await tokens.rotate(token, attempt, prepare);",
        to: `const before = await accounts.get(parseRefreshToken(token)?.uid ?? "");
          const { uid, sid, rotated, prepared } = await tokens.rotate(token, attempt, prepare);`,
      },
      {
        file: SESSIONS,
        from:
          "const account = await accounts.get(uid); if (account === null || !isListed(account, sid, platform.now())) {",
        to: "const account = before; if (account === null || !isListed(account, sid, platform.now())) {",
      },
    ],
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
    changes: [{
      file: SESSIONS,
      from: "return account !== null && record !== null && isListed(account, sid, platform.now())",
      to: "return account !== null && record !== null",
    }],
    caught: [[holds.staleRecords, /whether it lives after end, by cookie/]],
  },
  "a prune looks at an entry's age after its record": {
    changes: [{
      file: SESSIONS,
      from:
        `const old = now - at > PRUNE_AFTER; // looked at before the record is, or one that comes in between would be lost
        return { sid, old, record: await records.get(\`\${uid}:\${sid}\`) };`,
      to: `const record = await records.get(\`\${uid}:\${sid}\`);
        return { sid, old: platform.now() - at > PRUNE_AFTER, record };`,
    }],
    caught: [[holds.sleepyPruner, /whether the session lives/]],
  },
  "a start's time runs while it waits for somebody else's": {
    changes: [{
      file: SIGN_IN,
      from: "entry = sessions.entry(); // its time begins now, however long the claim took",
      to: "// its time began",
    }],
    caught: [[holds.deadFirstSignIn, /what the next got after a death/]],
  },
  "a start slower than the deadline is a success": {
    changes: [{ file: SESSIONS, from: "if (platform.now() - at > store.deadline) {", to: "if (at < 0) {" }],
    caught: [[holds.slowStart, /whether a start slow \S+ lives/]],
  },
};

describe("a planted bug is caught", () => {
  for (const [name, { changes, caught, inProcesses = [] }] of Object.entries(BUGS)) {
    test(name, async () => {
      const make = await planted(changes);
      for (const [check, saying] of caught) await expectCaught(check?.(make, "memory"), saying);
      for (const [check, saying] of inProcesses) await expectCaught(check?.("sqlite", changes), saying);
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
