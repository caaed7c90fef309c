// Checks in which many sign in by one answer, or want one credential, at once.
import { expect } from "vitest";
import type { FinishKeySignIn } from "../../src/features/key/contract.ts";
import type { FinishRegistration } from "../../src/features/passkey/contract.ts";
import type { Grant } from "../../src/model.ts";
import type { Authenticator } from "../../src/testing/authenticator.ts";
import { ADA as PAIR, answering } from "../suite/key_holder.ts";
import { device, PAGE } from "../suite/passkey_holder.ts";
import { type Check, crowd, type Scene, scene, tally } from "./scene.ts";

const ADA = "ada@example.com";
const MANY = 20;

/** What answers a registration at the desk. */
export async function registering(
  { desk }: Scene,
  held: Authenticator,
  userId: string,
): Promise<Pick<FinishRegistration, "challengeId" | "credential">> {
  const { challengeId, options } = await desk.passkey.startRegistration({ userId });
  return { challengeId, credential: await held.create(options, PAGE) };
}

/** What answers the adding of a key at the desk. */
export async function adding(
  { desk }: Scene,
  pair: typeof PAIR,
  userId: string,
): Promise<Pick<FinishKeySignIn, "challengeId" | "signature">> {
  return await answering(pair, await desk.key.startAdd({ userId, publicKey: pair.x }));
}

/** A session by a key, of somebody who has just added it. */
async function entered(here: Scene, email: string, pair: typeof PAIR): Promise<Grant> {
  const { user: { id: userId } } = await here.enter(email);
  await here.desk.key.add({ userId, ...await adding(here, pair, userId) });
  return await byKey(here, pair);
}

async function byKey({ desk }: Scene, pair: typeof PAIR): Promise<Grant> {
  return await desk.key.finishSignIn(
    await answering(pair, await desk.key.startSignIn({ publicKey: pair.x })),
  );
}

/** As many accounts. */
async function people(here: Scene): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < MANY) {
    ids.push((await here.desk.users.create({ email: `n${ids.length}@example.com` })).id);
  }
  return ids;
}

const servers = ({ server }: Scene) => [server(0), server(1), server(2), server(3)];

/** A hundred finishes of one sign-in by passkey: one session. */
export const passkeySignIns: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const { user: { id: userId } } = await here.enter(ADA);
    const held = device(here);
    await here.desk.passkey.finishRegistration({ userId, ...await registering(here, held, userId) });
    const { challengeId, options } = await here.desk.passkey.startSignIn({});
    const credential = await held.get(options, PAGE);
    const outcomes = await crowd(
      servers(here),
      100,
      (auth) => auth.passkey.finishSignIn({ challengeId, credential }),
    );
    expect(tally(outcomes), "what 100 finishes got").toEqual({ ok: 1, challenge_invalid: 99 });
    expect((await here.stored()).sessions.size, "with the one of the code").toBe(2);
  });

/** A hundred finishes of one sign-in by key: one session. */
export const keySignIns: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    await entered(here, ADA, PAIR);
    const answer = await answering(PAIR, await here.desk.key.startSignIn({ publicKey: PAIR.x }));
    const outcomes = await crowd(servers(here), 100, (auth) => auth.key.finishSignIn(answer));
    expect(tally(outcomes), "what 100 finishes got").toEqual({ ok: 1, challenge_invalid: 99 });
    expect((await here.stored()).sessions.size, "with those of before").toBe(3);
  });

/** Twenty accounts that register one credential at once: one has it, and there is one claim of it. */
export const registrations: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const ids = await people(here);
    const finishes: FinishRegistration[] = [];
    for (const userId of ids) {
      // The same chance: the same credential each time.
      let n = 0;
      const random = (length: number) => new Uint8Array(length).fill(++n);
      finishes.push({ userId, ...await registering(here, device({ random }), userId) });
    }
    expect(new Set(finishes.map(({ credential }) => credential.id)).size).toBe(1);
    const outcomes = await crowd(
      servers(here),
      MANY,
      (auth, i) => auth.passkey.finishRegistration(finishes[i]!),
    );
    expect(tally(outcomes), "what 20 registrations got").toEqual({ ok: 1, credential_taken: 19 });
    await expectOneMore(here);
  });

/** Twenty accounts that add one key at once: one has it. */
export const adds: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const ids = await people(here);
    const answers = await Promise.all(
      ids.map(async (userId) => ({ userId, ...await adding(here, PAIR, userId) })),
    );
    const outcomes = await crowd(servers(here), MANY, (auth, i) => auth.key.add(answers[i]!));
    expect(tally(outcomes), "what 20 adds got").toEqual({ ok: 1, credential_taken: 19 });
    await expectOneMore(here);
  });

/** One account of all has one value more than its address; whoever did not get it has left nothing. */
async function expectOneMore({ stored }: Scene): Promise<void> {
  const { accounts, claims } = await stored();
  expect(accounts.flatMap(({ identifiers }) => identifiers)).toHaveLength(MANY + 1);
  expect(claims).toHaveLength(MANY + 1);
  expect(accounts.filter((one) => "reserving" in one && one.reserving !== undefined)).toEqual([]);
}

/** Twenty sessions by a key that each begin and finish a registration, all at once: the account's first passkey, and no second one. */
export const firstPasskeys: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const first = await entered(here, ADA, PAIR);
    const userId = first.user.id;
    const sessions = [first.session.id];
    while (sessions.length < MANY) sessions.push((await byKey(here, PAIR)).session.id);
    const outcomes = await crowd(servers(here), MANY, async (auth, i) => {
      const sessionId = sessions[i]!;
      const { challengeId, options } = await auth.passkey.startRegistration({ userId, sessionId });
      const credential = await device(here).create(options, PAGE);
      return await auth.passkey.finishRegistration({ userId, sessionId, challengeId, credential });
    });
    const { ok, challenge_invalid: late = 0, forbidden = 0, ...others } = tally(outcomes);
    expect([ok, late + forbidden, others], "what 20 sessions by a key got").toEqual([1, MANY - 1, {}]);
    expect((await here.desk.passkey.list({ userId })).items).toHaveLength(1);
  });
