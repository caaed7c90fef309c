// Bugs that a crash at the right moment shows, each planted in the library, and whether the look at what is left sees them.
import { expect, test } from "vitest";
import { crashed, type Crashing } from "./crash_points.ts";
import { wrongAfter } from "./healing.ts";
import { lookedAt } from "./looked_at.ts";
import { type Bug, flowWith } from "./planted_flows.ts";
import { caught, inTurn, SEED } from "./showed.ts";
import { isUser } from "./state.ts";
import { wreckAfter } from "./wreck.ts";

const ACCOUNTS = "src/core/accounts.ts";
const CHALLENGES = "src/core/challenges.ts";
const KEY = "src/features/key/methods.ts";
const PASSKEY = "src/features/passkey/signing_in.ts";
const CORE = "src/core/core.ts";
const SIGN_UP = "a mailed code signs in, and makes the account";
const ALL: Crashing = { via: "method", seed: SEED, crashes: Infinity, most: 2 };

const BUGS: Readonly<Record<string, Bug>> = {
  "the claim follows the commit": {
    changes: [
      {
        file: ACCOUNTS,
        from: "const owner = await claims.obtain(value, { uid, op });",
        to: "const owner = await find(value);",
      },
      {
        file: ACCOUNTS,
        from: `return committed ? { is: "created", owner: { uid, account } } : null;`,
        to: `if (committed) await claims.obtain(value, { uid, op });
          return committed ? { is: "created", owner: { uid, account } } : null;`,
      },
    ],
    flow: SIGN_UP,
    saying: /an account lists a value that has no claim/,
  },
  "a removal takes the claims first": {
    changes: [{
      file: ACCOUNTS,
      from: "const account = await change( uid, (now) => now !== null && may(now)",
      to:
        `for (const one of live(await users.get(uid))?.identifiers ?? []) await claims.follow(uid, claims.hashOf(one));
        const account = await change( uid, (now) => now !== null && may(now)`,
    }],
    flow: "a removed account is gone for the very next check, and its address is free",
    saying: /an account lists a value that has no claim/,
  },
  "a code is used up after it has let in": {
    changes: [
      {
        file: CHALLENGES,
        from: `{ next: null, result: { is: "right",`,
        to: `{ next: current, result: { is: "right",`,
      },
      {
        file: CHALLENGES,
        from: "get: async (id) => mailed",
        to:
          "spend: (id) => records.change(id, () => ({ next: null, result: undefined })), get: async (id) => mailed",
      },
      {
        file: CORE,
        from: "add: (recipe) => void",
        to: "spend: ground.challenges.spend, add: (recipe) => void",
      },
      {
        file: "src/features/email_otp/feature.ts",
        from: "return await signIn.finish(proof, {",
        to: `const finish = async (...given) => {
            const grant = await signIn.finish(...given);
            await mailedSteps.spend(challengeId);
            return grant;
          };
          return await finish(proof, {`,
      },
    ],
    flow: SIGN_UP,
    saying: /a code let in [23] times/,
  },
  "a link is used up after it has let in": {
    changes: [
      {
        file: CHALLENGES,
        from: `{ next: null, result: { is: "right",`,
        to: `{ next: current, result: { is: "right",`,
      },
      {
        file: CHALLENGES,
        from: "get: async (id) => mailed",
        to:
          "spend: (id) => records.change(id, () => ({ next: null, result: undefined })), get: async (id) => mailed",
      },
      {
        file: CORE,
        from: "add: (recipe) => void",
        to: "spend: ground.challenges.spend, add: (recipe) => void",
      },
      {
        file: "src/core/mailed_steps.ts",
        from: "if (!isThere(id)) return",
        to: "recipe.last = id; if (!isThere(id)) return",
      },
      {
        file: "src/features/magic_link/methods.ts",
        from: "return await signIn.finish({",
        to: `const finish = async (...given) => {
            const grant = await signIn.finish(...given);
            await mailedSteps.spend(recipe.last);
            return grant;
          };
          return await finish({`,
      },
    ],
    flow: "a link signs up, and signs in again",
    saying: /a link let in [23] times/,
  },
  "a key's signature is used up after it has let in": {
    changes: [
      {
        file: KEY,
        from: `if (!await questions.spend(challengeId, question)) throw new AuthError("challenge_invalid");
      if (!await verifySignature(value.value`,
        to: "if (!await verifySignature(value.value",
      },
      {
        file: KEY,
        from: "return await signIn.finish({ value, owner",
        to: `const finish = async (...given) => {
            const grant = await signIn.finish(...given);
            await questions.spend(challengeId, question);
            return grant;
          };
          return await finish({ value, owner`,
      },
    ],
    flow: "whoever has added a key signs in by signing, bare or as SSH does, with the key in any form",
    saying: /a signature let in [23] times/,
  },
  "a passkey's signature is used up after it has let in": {
    changes: [
      {
        file: PASSKEY,
        from: "if (question === null || !await questions.spend(challengeId, question)) {",
        to: "if (question === null) {",
      },
      {
        file: PASSKEY,
        from: "return await signIn.finish(proof, {",
        to: `const finish = async (...given) => {
            const grant = await signIn.finish(...given);
            const { questions } = await passkeys();
            await questions.spend(challengeId, await questions.get(challengeId, PURPOSE));
            return grant;
          };
          return await finish(proof, {`,
      },
    ],
    flow: "whoever has added a passkey signs in with it, without a name",
    saying: /a signature let in [23] times/,
  },
  "signing keys are made without looking": {
    changes: [{
      file: "src/core/signing_keys.ts",
      from: "(now) => begin(now, first, second)",
      to: "() => begin(null, first, second)",
    }],
    flow: SIGN_UP,
    saying: /is told, by two servers: .*token_invalid/,
  },
  "a change of a user is made by two swaps": {
    changes: [{
      file: "src/core/profile.ts",
      from: 'if (outcome.is === "full")',
      to: `await accounts.change(uid, (now) => ({ next: now && { ...now }, result: undefined }));
        if (outcome.is === "full")`,
    }],
    flow: "a user's name and fields are in every reply; null removes one, what is not named stays",
    saying: /account\.update: 2 swaps/,
  },
  "a draft that no sweep removes": {
    changes: [{
      file: ACCOUNTS,
      from: `if (record.state === "draft") return await drafts.sweep([uid, text], before);`,
      to: `if (record.state === "draft") return false;`,
    }],
    flow: SIGN_UP,
    saying: /a draft: users:/,
  },
  "a session's record that no sweep removes": {
    changes: [{
      file: "src/core/sessions.ts",
      from: "return !account?.sessions.some((listed) => listed.sid === sid);",
      to: "return false;",
    }],
    flow: "endAll ends every session, the caller's too, and counts them",
    saying: /a session record that no account lists/,
  },
};

test.each(inTurn(Object.entries(BUGS), 9))("%s: a crash shows it", async (name, bug) => {
  const { wrong } = await crashed(await flowWith(bug), ALL);
  expect(wrong.join("\n"), `seed ${SEED}`).toMatch(bug.saying);
  caught("crash points", name);
}, 120_000);

test("a draft that nobody clears: whoever comes next waits in vain", async () => {
  const changes = [{
    file: "src/core/claims.ts",
    from: "return isOverdue(seen, platform.now(), store.deadline) && await clear(uid, op, seen);",
    to: "return false;",
  }];
  const { options: { createAuth }, ...flow } = await flowWith({ changes, flow: SIGN_UP });
  const looked = await lookedAt({ ...flow, options: {} }, ALL);
  const draft = looked.history.writes.findIndex(({ key }) => isUser(key)) + 2; // and its claim
  const healing = { ...ALL, later: 0, createAuth };
  expect(await wrongAfter(wreckAfter(looked, draft), healing)).toContain(
    "everybodySignsIn: storage_unavailable",
  );
  caught("crash points", "a draft that nobody clears");
}, 60_000);

test("nothing is shown where nothing is wrong", async () => {
  const { wrong, states } = await crashed(await flowWith({ changes: [], flow: SIGN_UP }), ALL);
  expect([wrong, states > 5]).toEqual([[], true]);
}, 120_000);
