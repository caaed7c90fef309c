// Checks in which one request is held at each of its operations in turn, while another runs to its end.
import { expect } from "vitest";
import type { Grant } from "../../src/model.ts";
import { everyPoint, interleave, type Operation, type Told, told } from "../suite/gate.ts";
import { type Check, leavingRecords, type Scene, scene } from "./scene.ts";
import { judged } from "./sign_ins.ts";

/** A revocation, run to its end at the desk. */
type Revoke = (scene: Scene, userId: string) => Promise<unknown>;
const endAll: Revoke = ({ desk }, userId) => desk.sessions.endAll({ userId });
const remove: Revoke = ({ desk }, userId) => desk.users.remove({ id: userId });

/** A sign-in to an account, held between judging and listing and after: no session of it lives once everything was revoked. */
const heldSignIn = (revoke: Revoke, session: "cookie" | "bearer"): Check => (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const { auth, gate } = await here.gated();
    const points = await everyPoint(async ({ n, side, name }) => {
      const email = `held-${name}@example.com`;
      const { user } = await here.enter(email);
      const answer = await here.start(email);
      const { held, told } = await interleave({
        gate,
        point: { n, side, since: judged },
        work: () => auth.emailOtp.verify({ ...answer, session }),
        meanwhile: () => revoke(here, user.id),
      });
      const { accounts } = await here.stored();
      const account = accounts.find(({ uid }) => uid === user.id);
      if (!held) {
        expect(told.code, "a sign-in that nobody interrupts").toBe(undefined);
        return false;
      }
      expect(account?.sessions ?? [], `sessions listed after a sign-in held ${name}`).toEqual([]);
      if (revoke === remove) expect(accounts, "accounts after the removal").toEqual([]);
      if ("value" in told) await expectDead(here, auth, told.value);
      else expect(told.code).toBe("challenge_invalid");
      return true;
    });
    expect(points, "operations at which it was held").toBeGreaterThanOrEqual(4);
  });

/** A grant that nobody gets in with, by no way of carrying it. */
async function expectDead({ lives, desk }: Scene, maker: Scene["desk"], grant: Grant): Promise<void> {
  expect(await lives(maker, grant), "whether the revoked session lives").toBe(false);
  if (grant.refreshToken === undefined) return;
  expect(await told(desk.sessions.refresh({ refreshToken: grant.refreshToken }))).toEqual({
    code: "session_ended",
  });
}

export const heldSignIns: Readonly<Record<string, Check>> = {
  "a sign-in × endAll, by cookie": heldSignIn(endAll, "cookie"),
  "a sign-in × endAll, by bearer token": heldSignIn(endAll, "bearer"),
  "a sign-in × removal of the account, by cookie": heldSignIn(remove, "cookie"),
  "a sign-in × removal of the account, by bearer token": heldSignIn(remove, "bearer"),
};

/** The first sign-in with an address falls asleep anywhere; its reservation outlives the deadline, and another sign-in with the
 * address makes the account. When the first wakes there is still one account. */
const heldFirstSignIn =
  (after: (scene: Scene, email: string, slept: Slept) => Promise<void>, revoke?: Revoke): Check =>
  (make, store) =>
    scene(store, { createAuth: make }, async (here) => {
      const left = new Set<string>();
      const points = await everyPoint(async ({ n, side, name }) => {
        const { auth, gate } = await here.gated({ asleep: true });
        const email = `asleep-${name}@example.com`;
        const [first, second] = [await here.start(email), await here.start(email)];
        let other = "";
        const { held, told } = await interleave({
          gate,
          point: { n, side, since: judged },
          work: () => auth.emailOtp.verify(first),
          async meanwhile() {
            await here.turn("6s"); // past the deadline
            other = (await here.desk.emailOtp.verify(second)).user.id;
            await revoke?.(here, other);
          },
        });
        // A sleep longer than the deadline may be answered as what it is. Only then a draft may stay, which leads to nobody.
        const drafts = (await here.stored()).drafts.filter((uid) => !left.has(uid));
        drafts.forEach((uid) => left.add(uid));
        if (told.code !== "storage_unavailable") expect(drafts, "drafts that stay").toEqual([]);
        expect(["challenge_invalid", "storage_unavailable", undefined]).toContain(told.code);
        if (held) await after(here, email, { auth, told, other });
        return held;
      });
      expect(points, "operations at which it slept").toBeGreaterThanOrEqual(7);
    });

/** What became of the first sign-in, and whose account the other one made. */
interface Slept {
  readonly auth: Scene["desk"];
  readonly told: Told<Grant>;
  readonly other: string;
}

export const heldFirstSignIns: Readonly<Record<string, Check>> = {
  "a first sign-in that sleeps × another": heldFirstSignIn(async (here, email, { other }) => {
    expect((await here.expectOneAccount(email)).uid).toBe(other);
  }),
  "a first sign-in that sleeps × another × endAll": heldFirstSignIn(async (here, email, { auth, told }) => {
    const { sessions } = await here.expectOneAccount(email);
    expect(sessions, "sessions listed after everything was revoked").toEqual([]);
    if ("value" in told) await expectDead(here, auth, told.value);
  }, endAll),
  "a first sign-in that sleeps × another × removal": heldFirstSignIn(async (here, email, slept) => {
    const { auth, told, other } = slept;
    const owners = (await here.stored()).accounts.filter((one) => one.identifiers[0]?.value === email);
    expect(owners.map(({ uid }) => uid), "the removed account").not.toContain(other);
    expect(owners.length, "accounts after the removal").toBeLessThanOrEqual(1);
    if ("value" in told) {
      // It began before the address had an owner, and goes on when it has none again.
      expect(await here.lives(auth, told.value)).toBe(told.value.user.id !== other);
    }
    await here.enter(email);
    await here.expectOneAccount(email);
  }, remove),
};

/** The first sign-in with an address dies anywhere. The next one waits for it until the deadline, clears away what it left, and
 * gets in at its first try, although it took longer than a deadline. */
export const deadFirstSignIn: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    // Whoever waits here waits for a second at a time, by a clock that nobody else turns.
    const sleep = (_: number, background = false) => background ? new Promise<void>(() => {}) : here.turn(1);
    const next = here.another({ platform: { sleep } });
    const points = await everyPoint(async ({ n, side, name }) => {
      const { auth, gate } = await here.gated({ asleep: true });
      const email = `dead-${name}@example.com`;
      const [first, second] = [await here.start(email), await here.start(email)];
      const { held } = await interleave({
        gate,
        point: { n, side, since: judged },
        work: () => auth.emailOtp.verify(first),
        async meanwhile() {
          const got = await told(next.emailOtp.verify(second));
          expect(got.code, `what the next got after a death ${name}`).toBe(undefined);
          expect("value" in got && await here.lives(next, got.value), "whether it lives").toBe(true);
          await here.expectOneAccount(email);
        },
      });
      return held;
    });
    expect(points, "operations at which it died").toBeGreaterThanOrEqual(7);
  });

/** A refresh, held at each of its operations while its session ends: no token. The ended session's record may be there still,
 * where whoever ended it died right after: the account has the last word. */
const heldRefresh = (end: "end" | "endAll", leaves: boolean): Check => (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const { auth, gate } = await here.gated();
    const ender = here.another({ storage: leaves ? leavingRecords(here.driver()) : here.driver() });
    const given: string[] = [];
    const points = await everyPoint(async ({ n, side, name }) => {
      const { user, session, refreshToken = "" } = await here.enter(`held-${name}@example.com`, "bearer");
      const { held, told } = await interleave({
        gate,
        point: { n, side },
        work: () => auth.sessions.refresh({ refreshToken }),
        meanwhile: () =>
          end === "end"
            ? ender.sessions.end({ userId: user.id, id: session.id })
            : ender.sessions.endAll({ userId: user.id }),
      });
      if (!held) expect(told.code, "a refresh that nobody interrupts").toBe(undefined);
      else if (told.code !== undefined) expect(told.code).toBe("session_ended");
      else {
        given.push(name);
        expect(await here.lives(auth, told.value), "whether an ended session lives").toBe(false);
      }
      return held;
    });
    expect(points, "operations of a refresh").toBe(3);
    // After the last of them, which reads the account, the refresh came first.
    expect(given, "points at which an ended session got a token").toEqual(["after-3"]);
  });

export const heldRefreshes: Readonly<Record<string, Check>> = {
  "a refresh × end": heldRefresh("end", false),
  "a refresh × endAll": heldRefresh("endAll", false),
  "a refresh × end that leaves the record": heldRefresh("end", true),
  "a refresh × endAll that leaves the record": heldRefresh("endAll", true),
};

/** A removal is held anywhere while the address signs up again: the new account keeps its address. */
export const heldRemoval: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const { auth, gate } = await here.gated();
    const points = await everyPoint(async ({ n, side, name }) => {
      const email = `removed-${name}@example.com`;
      const { user } = await here.enter(email);
      let again: Grant | null = null;
      const { held } = await interleave({
        gate,
        point: { n, side },
        work: () => auth.users.remove({ id: user.id }),
        meanwhile: async () => void (again = await here.enter(email)),
      });
      if (!held) return false;
      const { accounts } = await here.stored();
      expect(accounts.map(({ uid }) => uid), "the removed account").not.toContain(user.id);
      if (again !== null && (again as Grant).user.id !== user.id) {
        const { uid } = await here.expectOneAccount(email);
        expect(uid, "whose address it is").toBe((again as Grant).user.id);
      }
      return true;
    });
    expect(points, "operations at which it was held").toBeGreaterThanOrEqual(4);
  });

/** Sessions whose records outlive them, because whoever ended them died right after: nobody gets in with one. */
export const staleRecords: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const ender = here.another({ storage: leavingRecords(here.driver()) });
    const ways: Readonly<Record<string, (grant: Grant) => Promise<unknown>>> = {
      end: ({ user, session }) => ender.sessions.end({ userId: user.id, id: session.id }),
      endAll: ({ user }) => ender.sessions.endAll({ userId: user.id }),
      signOut: ({ user, session }) => ender.sessions.signOut({ userId: user.id, sessionId: session.id }),
      remove: ({ user }) => ender.users.remove({ id: user.id }),
    };
    for (const [way, end] of Object.entries(ways)) {
      for (const session of ["cookie", "bearer"] as const) {
        const grant = await here.enter(`${way}-${session}@example.com`.toLowerCase(), session);
        expect(await here.lives(here.desk, grant)).toBe(true);
        await end(grant);
        const { sessions } = await here.stored();
        expect([...sessions.keys()], "the record is still there").toContain(
          `${grant.user.id}:${grant.session.id}`,
        );
        expect(await here.lives(here.desk, grant), `whether it lives after ${way}, by ${session}`).toBe(
          false,
        );
        if (session === "bearer") await expectDead(here, here.desk, grant);
      }
    }
  });

/** A start sleeps for a minute between listing its session and writing the record, and somebody strikes the entry off meanwhile.
 * Whoever is told of a session has one that lives. */
export const slowStart: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const points = await everyPoint(async ({ n, side, name }) => {
      const { auth, gate } = await here.gated({ asleep: true });
      const email = `slow-${name}@example.com`;
      const { user } = await here.enter(email);
      const answer = await here.start(email);
      const { held, told } = await interleave({
        gate,
        point: { n, side, since: judged },
        work: () => auth.emailOtp.verify(answer),
        async meanwhile() {
          await here.turn("61s");
          await here.desk.sessions.list({ userId: user.id });
        },
      });
      if ("value" in told) {
        expect(await here.lives(auth, told.value), `whether a start slow ${name} lives`).toBe(true);
      } else expect(told.code).toBe("storage_unavailable");
      return held;
    });
    expect(points, "operations at which it was slow").toBeGreaterThanOrEqual(3);
  });

/** Somebody who lists the sessions looks for a record that is just being written, and falls asleep before learning that it was
 * not there yet. The session goes on. */
export const sleepyPruner: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const sleepy = await here.gated({ asleep: true });
    const start = await here.gated();
    const email = "ada@example.com";
    const { user } = await here.enter(email);
    const answer = await here.start(email);
    await sleepy.auth.ready();
    let grant: Grant | undefined;
    let listing: ReturnType<typeof interleave> | undefined;
    const missed = Promise.withResolvers<void>();
    const woken = Promise.withResolvers<void>();
    const recording = ({ call, key }: Operation) => call === "swap" && key.startsWith("users:");
    const starting = interleave({
      gate: start.gate,
      point: { n: 1, since: recording }, // listed, and no record yet
      work: () => start.auth.emailOtp.verify(answer),
      async meanwhile() {
        listing = interleave({
          gate: sleepy.gate,
          point: { n: 3, side: "after" }, // the account, the first session's record, this one's
          work: () => sleepy.auth.sessions.list({ userId: user.id }),
          async meanwhile() {
            missed.resolve();
            await woken.promise;
          },
        });
        await missed.promise;
      },
    });
    const { told } = await starting;
    if ("value" in told) grant = told.value;
    await here.turn("61s");
    woken.resolve();
    expect(await listing).toMatchObject({ held: true });
    expect(grant === undefined ? "none" : await here.lives(start.auth, grant), "whether the session lives")
      .toBe(true);
  });

/** The removal of an answered challenge is lost on its way, and somebody else answers meanwhile: one of them gets in. */
export const lostRemoval: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const answer = await here.start("ada@example.com");
    const driver = here.driver();
    let other: unknown;
    const unlucky = here.another({
      storage: {
        ...driver,
        async swap(key, expected, next, options) {
          if (next !== null || !key.startsWith("challenges:")) {
            return await driver.swap(key, expected, next, options);
          }
          other = await told(here.desk.emailOtp.verify(answer));
          throw new Error("the connection was closed");
        },
      },
    });
    const mine = await told(unlucky.emailOtp.verify(answer));
    expect(other, "whoever's answer arrived").toMatchObject({
      value: { user: { email: "ada@example.com" } },
    });
    expect(mine, "whoever's answer was lost").toEqual({ code: "storage_unavailable" });
    const [account] = (await here.stored()).accounts;
    expect(account?.sessions).toHaveLength(1);
  });

/** While an address is being signed up there is a draft: nobody finds, revokes, enters or removes it. */
export const draftIsNobody: Check = (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const { auth, gate } = await here.gated();
    let drafts = 0;
    const points = await everyPoint(async ({ n, side, name }) => {
      const email = `begun-${name}@example.com`;
      const answer = await here.start(email);
      const { held, told: grant } = await interleave({
        gate,
        point: { n, side, since: judged },
        work: () => auth.emailOtp.verify(answer),
        async meanwhile() {
          for (const id of (await here.stored()).drafts) {
            drafts++;
            expect(await told(approach(here, id, email)), "what a draft answers").toEqual({ value: NOBODY });
          }
        },
      });
      expect(grant, "the sign-up that goes on").toMatchObject({ value: { user: { email } } });
      await here.expectOneAccount(email);
      return held;
    });
    expect(points).toBeGreaterThanOrEqual(7);
    expect(drafts, "drafts that were seen").toBeGreaterThanOrEqual(3);
  });

const NOBODY = { get: null, find: null, list: [], ended: 0, removed: 0, create: { code: "not_found" } };

async function approach({ desk }: Scene, id: string, email: string): Promise<object> {
  return {
    get: await desk.users.get({ id }),
    find: await desk.users.find({ email }),
    list: (await desk.sessions.list({ userId: id })).items,
    ...await desk.sessions.endAll({ userId: id }),
    create: await told(desk.sessions.create({ userId: id })),
    ...await desk.users.remove({ id }),
  };
}
