// What others have tried against signing in by key pairs, over the wire, and that it is refused in the same way each time.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { KeyStep } from "../../src/features/key/contract.ts";
import { ADA, addsKey, bare, BOB, type KeyPair, raised, sshSigned } from "../suite/key_holder.ts";
import { failure, onSite, type Reply, type Site } from "./site.ts";

/** Ada and Bob have a key each; of this one nobody knows. */
const STRANGER: KeyPair = {
  x: "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
  d: "xaqN9D-fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc",
};

interface Table extends Site {
  readonly start: (pair: KeyPair) => Promise<KeyStep>;
  readonly finish: (step: KeyStep, signature: string) => Promise<Reply>;
}

/** Runs with a site at which Ada and Bob have added their keys. */
async function table<T>(run: (here: Table) => Promise<T>): Promise<T> {
  const came: T[] = [];
  await onSite(async (site) => {
    await addsKey(await site.world.signedIn("ada@example.com"), ADA);
    await addsKey(await site.world.signedIn("bob@example.com"), BOB);
    const start = async ({ x }: KeyPair) =>
      (await site.ask("POST /key/sign-in/start", { body: { publicKey: x } })).body as KeyStep; // as it says
    const finish = async ({ challengeId }: KeyStep, signature: string) =>
      await site.ask("POST /key/sign-in/finish", { body: { challengeId, signature } });
    came.push(await run({ ...site, start, finish }));
  }, { rateLimit: false });
  return came[0]!; // it ran
}

type Code = "challenge_invalid" | "signature_invalid" | "credentials_invalid";

/** By the name of the recipe: what it is answered, and how it is done. */
const RECIPES: Readonly<Record<string, readonly [code: Code, attempt: (here: Table) => Promise<Reply>]>> = {
  "login-challenge-replay": ["challenge_invalid", async ({ start, finish }) => {
    const step = await start(ADA);
    const signature = await bare(ADA, step.message);
    expect((await finish(step, signature)).status, "the first is good").toBe(200);
    return await finish(step, signature);
  }],
  "login-challenge-cross-key": ["signature_invalid", async ({ start, finish }) => {
    const step = await start(ADA);
    return await finish(step, await bare(BOB, step.message));
  }],
  "login-challenge-cross-key, as SSH signs": ["signature_invalid", async ({ start, finish }) => {
    const step = await start(ADA);
    return await finish(step, await sshSigned(BOB, step.message));
  }],
  "login-challenge-cross-key, of the other's own step": ["signature_invalid", async ({ start, finish }) => {
    const [step, own] = [await start(ADA), await start(BOB)];
    return await finish(step, await bare(BOB, own.message));
  }],
  "login-challenge-cross-purpose": ["signature_invalid", async ({ start, finish, ask, browser }) => {
    const step = await start(ADA);
    const headers = await browser("ada@example.com");
    const adding = await ask("POST /keys/start", { headers, body: { publicKey: ADA.x } });
    const { challengeId, message, expiresAt } = adding.body as KeyStep; // as it says
    const same = message.replace(challengeId, step.challengeId).replace(expiresAt, step.expiresAt);
    return await finish(step, await bare(ADA, same));
  }],
  "login-signature-without-context": ["signature_invalid", async ({ start, finish }) => {
    const step = await start(ADA);
    return await finish(step, await bare(ADA, step.challengeId));
  }],
  "login-expired": ["challenge_invalid", async ({ world, start, finish }) => {
    const step = await start(ADA);
    await world.turn("2m");
    return await finish(step, await bare(ADA, step.message));
  }],
  "login-malleated-signature": ["signature_invalid", async ({ start, finish }) => {
    const step = await start(ADA);
    return await finish(step, raised(await bare(ADA, step.message)));
  }],
  "login-unknown-key": ["credentials_invalid", async ({ start, finish }) => {
    const step = await start(STRANGER);
    return await finish(step, await bare(STRANGER, step.message));
  }],
};

test.each(Object.entries(RECIPES))("%s is refused: nobody is signed in", async (_, [code, attempt]) => {
  const { status, body, headers } = await table(attempt);
  expect([status, body, headers.getSetCookie()]).toEqual([401, failure(code), []]);
});

test("who has no key here is answered what a wrong signature is answered, byte for byte", async () => {
  const said = async (pair: KeyPair) =>
    await table(async ({ start, finish, ask }) => {
      const begun = await ask("POST /key/sign-in/start", { body: { publicKey: pair.x } });
      const step = await start(pair);
      const wrong = await finish(step, await bare(BOB, step.message));
      const again = await finish(step, await bare(pair, step.message));
      return [begun, wrong, again].map((reply) => plain(reply, pair));
    });
  const [known, unknown] = [await said(ADA), await said(STRANGER)];
  expect(unknown).toEqual(known);
  expect(known.map(({ status }) => status)).toEqual([200, 401, 401]);
});

/** All of a reply but what is named anew each time, and the key that was asked about. */
function plain({ status, headers, text }: Reply, { x }: KeyPair) {
  const told = [...headers].filter(([name]) => name !== "x-request-id");
  const { challengeId = x }: { readonly challengeId?: string } = JSON.parse(text);
  return { status, told, text: text.replaceAll(challengeId, "ID").replace(/SHA256:[\w+/]{43}/, "KEY") };
}

const file = join(process.env["LATCHKEY_VECTORS"] ?? "", "ed25519.json");
const present = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);
const recipes: readonly { readonly id: string; readonly verdict: string }[] = present
  ? JSON.parse(readFileSync(file, "utf8")).protocolRecipes
  : [];

test.skipIf(!present)(
  `all ${recipes.length} recipes of others are tried here` +
    (present ? "" : " (LATCHKEY_VECTORS names no folder with ed25519.json: 1 test is skipped)"),
  () => {
    const tried = Object.keys(RECIPES).map((name) => name.replace(/,.*/, ""));
    expect(new Set(tried)).toEqual(new Set(recipes.map(({ id }) => id)));
    expect(recipes.every(({ verdict }) => verdict === "invalid")).toBe(true);
  },
);
