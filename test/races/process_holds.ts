// Checks in which a sign-in in one process is held at each of its operations in turn, while a second process ends all sessions of
// its account and is done. A third and a fourth are then asked who it is.
import { expect } from "vitest";
import type { SessionMode } from "../../src/model.ts";
import { everyPoint, type Numbered } from "../suite/gate.ts";
import type { Change } from "../suite/planted.ts";
import type { StoreName } from "../suite/stores.ts";
import type { Answer, Call, Got, Interleaved } from "./child.ts";
import { type Four, four, type Process } from "./four.ts";

/** What passes on our code and fails on a bug in it, which all four processes have. */
export type ProcessCheck = (store: StoreName, changes?: readonly Change[]) => Promise<void>;

/** Who signs in how, and where it is held. */
interface Trial {
  readonly email: string;
  readonly session: SessionMode;
  readonly point: Omit<Numbered, "name">;
}

/** A kind of sign-in: how it is held, and how many operations follow its judging, at least. */
interface Kind {
  readonly hold: (here: Four, trial: Trial) => Promise<Interleaved>;
  readonly least: number;
}

const PAST_DEADLINE = 6_000; // ms

/** A sign-in to an account that has no session yet. */
const returning: Kind = {
  least: 4,
  async hold({ desk, start, processes: [holder, ender] }, { email, session, point }) {
    const { id } = await desk.users.create({ email, emailVerified: true });
    const answer = { ...await start(email), session };
    return await holder.hold({ answer, point, meanwhile: () => endAll(ender, id) });
  },
};

/** A first sign-in with an address. Meanwhile another one finds the account that it has made, or makes one; then all sessions of
 * that one end. */
const first: Kind = {
  least: 7,
  async hold(here, { email, session, point }) {
    const { start, processes: [holder, ender] } = here;
    const [answer, another] = [{ ...await start(email), session }, { ...await start(email), session }];
    return await holder.hold({
      answer,
      point,
      async meanwhile() {
        const other = await signIn(ender, another);
        await endAll(ender, other.user);
        expect(await seen(here, other), "whom the other sign-in lets in").toEqual(nobody(other));
      },
    });
  },
};

/** Held at any point, it gets `challenge_invalid` or what lets nobody in. Held at none, it lets its owner in. */
const neverSurvives = ({ hold, least }: Kind, session: SessionMode): ProcessCheck => (store, changes) =>
  four(store, async (here) => {
    await here.processes[1].turn(PAST_DEADLINE); // whoever finds a reservation there need not wait for it
    const living: Record<string, number> = {};
    const points = await everyPoint(async ({ n, side, name }) => {
      const email = `held-${name}@example.com`;
      const { held, told } = await hold(here, { email, session, point: { n, side } });
      living[email] = held ? 0 : 1;
      if (told.code === undefined) {
        const expected = held ? nobody(told.value) : owner(told.value);
        expect(await seen(here, told.value), `whom a sign-in held ${name} lets in`).toEqual(expected);
      } else expect({ held, code: told.code }).toEqual({ held: true, code: "challenge_invalid" });
      return held;
    });
    expect(points, "operations at which it was held").toBeGreaterThanOrEqual(least);
    expect(await here.audit(), "how many sessions live").toEqual(living);
  }, changes);

export const heldInProcesses: Readonly<Record<string, ProcessCheck>> = {
  "a sign-in × endAll, by cookie": neverSurvives(returning, "cookie"),
  "a sign-in × endAll, by bearer token": neverSurvives(returning, "bearer"),
  "a first sign-in × another × endAll, by cookie": neverSurvives(first, "cookie"),
  "a first sign-in × another × endAll, by bearer token": neverSurvives(first, "bearer"),
};

async function signIn(process: Process, answer: Answer): Promise<Got> {
  const told = await process.call({ method: "verify", input: answer });
  if (told.code !== undefined) throw new Error(`a sign-in that nobody holds got ${told.code}`);
  return told.value;
}

async function endAll(process: Process, userId: string): Promise<void> {
  const told = await process.call({ method: "endAll", input: { userId } });
  expect(told, "a revocation").toEqual({ value: { ended: expect.any(Number) } });
}

/** What the third process and the fourth say, asked at once with what a sign-in got. Without a refresh token both are asked who
 * it is. */
async function seen({ processes }: Four, { headers, refreshToken }: Got): Promise<readonly unknown[]> {
  const [, , third, fourth] = processes;
  const who: Call<"getSession"> = { method: "getSession", input: headers };
  const [shown, other] = await Promise.all([
    third.call(who),
    refreshToken === undefined
      ? fourth.call(who)
      : fourth.call({ method: "refresh", input: { refreshToken } }),
  ]);
  return [shown, other];
}

function nobody({ refreshToken }: Got): readonly unknown[] {
  return [{ value: null }, refreshToken === undefined ? { value: null } : { code: "session_ended" }];
}

function owner({ user, session, refreshToken }: Got): readonly unknown[] {
  const refreshed = { value: expect.objectContaining({ user, session }) };
  return [{ value: user }, refreshToken === undefined ? { value: user } : refreshed];
}
