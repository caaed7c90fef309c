// The headline races, from four real processes at once on one store, by the machine's clock.
import { describe, expect, test } from "vitest";
import { inTurn } from "../proof/showed.ts";
import { told } from "../suite/gate.ts";
import { SHARED, type StoreName } from "../suite/stores.ts";
import type { Call } from "./child.ts";
import { four } from "./four.ts";
import { heldInProcesses } from "./process_holds.ts";
import { tally, values } from "./scene.ts";

const ADA = "ada@example.com";

const CHECKS: Readonly<Record<string, (store: StoreName) => Promise<void>>> = {
  "of 100 right answers from four processes, one gets in": (store) =>
    four(store, async ({ desk, start, everywhere, audit }) => {
      const input = { ...await start(ADA), session: "bearer" } as const;
      const outcomes = await everywhere(Array(100).fill({ method: "verify", input }));
      expect(tally(outcomes)).toEqual({ ok: 1, challenge_invalid: 99 });
      const [got] = values(outcomes);
      const { items } = await desk.sessions.list({ userId: got?.user ?? "" });
      expect(items.map(({ id }) => id)).toEqual([got?.session]);
      expect(await audit()).toEqual({ [ADA]: 1 });
    }),

  "of 200 wrong guesses from four processes, five are judged, and then the code is dead": (store) =>
    four(store, async ({ desk, start, everywhere, audit }) => {
      const { challengeId, code } = await start(ADA);
      const guesses = Array.from({ length: 200 }, (_, i) => String((Number(code) + 1 + i) % 1_000_000));
      const outcomes = await everywhere(guesses.map((guess) => ({
        method: "verify",
        input: { challengeId, code: guess.padStart(6, "0"), session: "bearer" },
      })));
      expect(tally(outcomes)).toEqual({ code_invalid: 5, challenge_invalid: 195 });
      expect(await told(desk.emailOtp.verify({ challengeId, code }))).toEqual({ code: "challenge_invalid" });
      expect(await audit()).toEqual({});
    }),

  "100 refreshes of one token from four processes get one successor": (store) =>
    four(store, async ({ desk, start, everywhere, audit }) => {
      const { user, refreshToken = "" } = await desk.emailOtp.verify({
        ...await start(ADA),
        session: "bearer",
      });
      const outcomes = await everywhere(Array(100).fill({ method: "refresh", input: { refreshToken } }));
      expect(tally(outcomes)).toEqual({ ok: 100 });
      const [successor = "", ...others] = new Set(values(outcomes).map((got) => got.refreshToken));
      expect(others).toEqual([]);
      expect(successor).not.toBe(refreshToken);
      const next = await desk.sessions.refresh({ refreshToken: successor });
      expect(next.user.id).toBe(user.id);
      expect(await audit()).toEqual({ [ADA]: 1 });
    }),

  "48 rotations of the signing keys from four processes are one, and as many revocations one more": (store) =>
    four(store, async ({ processes }) => {
      for (const process of processes) await process.turn(300_000); // the key that stands by is known by then
      for (const revoke of [false, true]) {
        const order = { method: "rotate", input: { revoke } } as const;
        const shares = await Promise.all(
          processes.map((process) => process.calls<"rotate">(Array(12).fill(order))),
        );
        expect(tally(shares.flat())).toEqual({ ok: 48 });
        const rotations = shares.map(values);
        expect(rotations.filter((own) => own.some(({ rotated }) => rotated))).toHaveLength(1);
        expect(new Set(rotations.flat().map(({ kid }) => kid)).size).toBe(1);
      }
    }),

  "100 first sign-ins with one address from four processes make one account": (store) =>
    four(store, async ({ desk, start, everywhere, audit }) => {
      const answers: Call<"verify">[] = [];
      while (answers.length < 100) {
        answers.push({ method: "verify", input: { ...await start(ADA), session: "bearer" } });
      }
      const outcomes = await everywhere(answers);
      expect(tally(outcomes)).toEqual({ ok: 100 });
      const [user = "", ...others] = new Set(values(outcomes).map((got) => got.user));
      expect(others).toEqual([]);
      expect((await desk.users.find({ email: ADA }))?.id).toBe(user);
      expect(await audit()).toEqual({ [ADA]: 50 });
    }),

  // Held in one process at every point while another ends all sessions, nobody gets in.
  ...heldInProcesses,
};

for (const [place, store] of SHARED.entries()) {
  describe(`on ${store}`, () => {
    // All of them on SQLite; half of them in each run on the others, on the next store the other half.
    const all = Object.entries(CHECKS);
    const turn = store === "sqlite" ? all : inTurn(all, 2, place);
    for (const [name, check] of turn) test(name, () => check(store));
  });
}
