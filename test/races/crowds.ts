// Checks in which many do the same at once, at two servers or more, on a store whose calls take time.
import { expect } from "vitest";
import { told } from "../suite/gate.ts";
import { type Check, crowd, REAL_TIME, scene, tally, values } from "./scene.ts";
import { headersOf } from "./sign_ins.ts";

const ADA = "ada@example.com";

/** Servers of a crowd at one challenge: within each, guesses at it take turns, so what is wrong shows between them. */
const MANY = 16;

/** A hundred right answers of one code: one session. */
const rightAnswersWith = (rateLimit: boolean): Check => (make, store) =>
  scene(
    store,
    { createAuth: make, unhurried: true, options: { rateLimit } },
    async ({ server, start, stored }) => {
      const answer = await start(ADA);
      const servers = Array.from({ length: MANY }, (_, i) => server(i));
      const outcomes = await crowd(servers, 100, (auth) => auth.emailOtp.verify(answer));
      expect(tally(outcomes), "what 100 right answers got").toEqual({ ok: 1, challenge_invalid: 99 });
      const { accounts, sessions } = await stored();
      expect(accounts.map((account) => account.sessions.length), "sessions listed").toEqual([1]);
      expect(sessions.size).toBe(1);
    },
  );

/** Two hundred wrong guesses against a cap of five: five are judged, and then the right code is dead. */
const wrongGuessesWith = (rateLimit: boolean): Check => (make, store) =>
  scene(
    store,
    { createAuth: make, unhurried: true, options: { rateLimit } },
    async ({ server, start }) => {
      const { challengeId, code } = await start(ADA);
      const guess = (i: number) => String((Number(code) + 1 + i) % 1_000_000).padStart(6, "0");
      const servers = Array.from({ length: MANY }, (_, i) => server(i));
      const outcomes = await crowd(
        servers,
        200,
        (auth, i) => auth.emailOtp.verify({ challengeId, code: guess(i) }),
      );
      expect(tally(outcomes), "what 200 wrong guesses got").toEqual({
        code_invalid: 5,
        challenge_invalid: 195,
      });
      expect(await told(server(0).emailOtp.verify({ challengeId, code }))).toEqual({
        code: "challenge_invalid",
      });
    },
  );

export const rightAnswers: Check = rightAnswersWith(true);
export const wrongGuesses: Check = wrongGuessesWith(true);

/** The same without limits: paying for guesses sets them apart in time, and nothing but the challenge is to hold here. */
export const freeAnswers: Check = rightAnswersWith(false);
export const freeGuesses: Check = wrongGuessesWith(false);

/** A hundred refreshes of one token: one successor, one rotation. */
export const refreshes: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async ({ server, enter, stored, lives, desk }) => {
    const { refreshToken = "" } = await enter(ADA, "bearer");
    const outcomes = await crowd(
      [server(0), server(1)],
      100,
      (auth) => auth.sessions.refresh({ refreshToken }),
    );
    expect(tally(outcomes), "what 100 refreshes got").toEqual({ ok: 100 });
    const successors = new Set(values(outcomes).map((grant) => grant.refreshToken));
    expect(successors.size, "successors").toBe(1);
    expect(successors).not.toContain(refreshToken);
    const [record] = (await stored()).sessions.values();
    expect(record?.family, "one rotation").toMatchObject({ generation: 1, rotations: [{ from: 0 }] });
    const [successor = ""] = successors;
    expect(await lives(desk, await desk.sessions.refresh({ refreshToken: successor }))).toBe(true);
  });

/** A hundred first sign-ins with one address, each by a code of its own, at three servers: one account. */
export const firstSignIns: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const answers = await here.starts(ADA, 100);
    const servers = [here.server(0), here.server(1), here.server(2)];
    const outcomes = await crowd(servers, 100, (auth, i) => auth.emailOtp.verify(answers[i]!));
    expect(tally(outcomes), "what 100 first sign-ins got").toEqual({ ok: 100 });
    expect(new Set(values(outcomes).map(({ user }) => user.id)).size, "accounts told of").toBe(1);
    const { accounts, drafts, claims } = await here.stored();
    expect({ accounts: accounts.length, drafts, claims: claims.length }, "what is left in the store")
      .toEqual({ accounts: 1, drafts: [], claims: 1 });
    expect(accounts[0]?.sessions.length, "sessions listed").toBe(50);
    await here.expectOneAccount(ADA);
  });

/** Sign-ins and removals of one address, all at once, again and again: never two accounts, never a claim that leads astray. */
export const comingAndGoing: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const servers = [here.server(0), here.server(1)];
    for (let round = 0; round < 8; round++) {
      const { user } = await here.enter(ADA);
      const known = await here.starts(ADA, 4);
      await here.desk.users.remove({ id: user.id });
      const unknown = await here.starts(ADA, 6);
      const outcomes = await crowd(servers, 14, async (auth, i) => {
        if (i < 4) return (await auth.emailOtp.verify(known[i]!)).user;
        if (i < 10) return (await auth.emailOtp.verify(unknown[i - 4]!)).user;
        const found = await auth.users.find({ email: ADA });
        return found === null ? null : (await auth.users.remove({ id: found.id }), null);
      });
      const codes = Object.keys(tally(outcomes));
      expect(codes.filter((code) => code !== "ok" && code !== "challenge_invalid")).toEqual([]);
      expect(outcomes.slice(0, 4).map(({ code }) => code), "proofs of a removed account").toEqual(
        Array(4).fill("challenge_invalid"),
      );
      const { accounts, drafts } = await here.stored();
      expect(accounts.length, "accounts").toBeLessThanOrEqual(1);
      expect(drafts).toEqual([]);
      await here.enter(ADA);
      await here.desk.users.remove({ id: (await here.expectOneAccount(ADA)).uid });
      expect((await here.stored()).claims, "claims without an account").toEqual([]);
    }
  });

/** Twenty more sessions at once where an account already has fifty: the twenty oldest end. */
export const oneTooMany: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const first = await here.enter(ADA);
    const userId = first.user.id;
    const old = [first];
    while (old.length < 50) old.push(await here.desk.sessions.create({ userId }));
    const answers = await here.starts(ADA, 20);
    const servers = [here.server(0), here.server(1)];
    const outcomes = await crowd(servers, 20, (auth, i) => auth.emailOtp.verify(answers[i]!));
    expect(tally(outcomes)).toEqual({ ok: 20 });
    const [account] = (await here.stored()).accounts;
    const begun = values(outcomes).map(({ session }) => session.id);
    expect(account?.sessions.map(({ sid }) => sid).toSorted(), "sessions listed").toEqual(
      [...old.slice(20).map(({ session }) => session.id), ...begun].toSorted(),
    );
    const alive = await Promise.all(
      outcomes.map(async (one, i) => "value" in one && await here.lives(servers[i % 2]!, one.value)),
    );
    expect(alive).toEqual(Array(20).fill(true));
    const dead = await Promise.all(old.slice(0, 20).map((grant) => here.lives(here.desk, grant)));
    expect(dead).toEqual(Array(20).fill(false));
  });

/** A hundred checks at once when last use is due: each server notes it once at most. */
export const touches: Check = async (make, store) => {
  const notes: Record<string, number> = {};
  let servers = 0;
  await scene(store, {
    createAuth: make,
    unhurried: true,
    wrap(driver) {
      const name = `server ${servers++}`;
      return {
        ...driver,
        swap(key, ...rest) {
          if (key.startsWith("sessions:")) notes[name] = (notes[name] ?? 0) + 1;
          return driver.swap(key, ...rest);
        },
      };
    },
  }, async (here) => {
    const grant = await here.enter(ADA);
    await here.turn("2h");
    const headers = headersOf(here.desk, grant);
    const outcomes = await crowd([here.server(0), here.server(1)], 100, (auth) => auth.getSession(headers));
    const found = values(outcomes).filter(({ user }) => user !== null);
    expect(found.length).toBe(100);
    const counts = Object.values(notes);
    expect(counts.length, "servers that noted the use").toBeGreaterThan(0);
    expect(Math.max(...counts), "notes of one server").toBe(1);
    await crowd([here.server(0), here.server(1)], 10, (auth) => auth.getSession(headers));
    expect(Object.values(notes), "notes when nothing is due").toEqual(counts);
  });
};

/** A hundred writers of one account at four servers, by the clock on the wall: all of them get through, and each counts. */
export const manyWriters: Check = (make, store) =>
  scene(store, { createAuth: make, unhurried: true }, async (here) => {
    const { user } = await here.enter(ADA);
    const servers = [0, 1, 2, 3].map(() => here.another({ platform: REAL_TIME }));
    const outcomes = await crowd(servers, 100, (auth) => auth.sessions.endAll({ userId: user.id }));
    expect(tally(outcomes), "what 100 writers got").toEqual({ ok: 100 });
    expect((await here.stored()).accounts[0]?.epoch, "revocations that count").toBe(100);
  });
