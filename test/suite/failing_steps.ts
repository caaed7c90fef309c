// The steps of the library, each at a server whose store fails.
import { expect } from "vitest";
import { CREDENTIAL_STEPS } from "./failing_credentials.ts";
import {
  after,
  as,
  first,
  healthy,
  type Person,
  type Ready,
  type Step,
  storeOf,
  worked,
  worldOf,
} from "./failing_people.ts";
import { inTurn, LONG } from "../proof/showed.ts";
import type { Operation } from "./faults.ts";
import { refusal } from "./faults.ts";
import { type StoreName, STORES } from "./stores.ts";
import type { World } from "./world.ts";

/** How a call fails: whether it is the one that was chosen, or one after it. */
type Run = (
  chosen: boolean,
  call: () => Promise<unknown>,
  late: (() => Promise<unknown>)[],
  operation: Operation,
) => Promise<unknown>;

const reset = () => Promise.reject(new Error("ECONNRESET"));

/** The ways of failing at an operation: once or for good, before or after its effect; or its effect comes when all is over. */
export const RUNS: readonly Run[] = [
  (chosen, call) => chosen ? reset() : call(),
  (chosen, call) => chosen ? call().then(reset) : call(),
  () => reset(),
  (chosen, call) => chosen ? call().then(reset) : reset(),
  (chosen, call, late, { name }) => {
    if (!chosen) return call();
    if (name === "swap") late.push(call);
    return reset();
  },
];

/** Those that have their turn on a store, with their numbers: a third of them, so that three stores try all; at full length all. */
export function runsOn(store: StoreName): readonly (readonly [number, Run])[] {
  const all = [...RUNS.entries()];
  return LONG ? all : inTurn(all, 3, STORES.indexOf(store));
}

const attempt = "a-random-text-that-was-kept";

async function signsIn({ email }: Ready, here: World): Promise<void> {
  const client = here.at(healthy(here));
  const { challengeId } = await client.emailOtp.start({ email });
  const { user } = await client.emailOtp.verify({ challengeId, code: here.mailbox.code(email) });
  expect(user.email).toBe(email);
  expect((await client.sessions.get()).user).toEqual(user);
}

/** Whose session has ended is nobody, by whatever they hold. */
async function nobody(here: World, { headers, refreshToken }: Person): Promise<void> {
  expect((await healthy(here).getSession(headers)).user).toBe(null);
  if (refreshToken === undefined) return;
  expect((await refusal(here.at(healthy(here)).sessions.refresh({ refreshToken }))).code).toBe(
    "session_ended",
  );
}

export const STEPS: Readonly<Record<string, Step>> = {
  "start": {
    prepare: after([]),
    act: (ready, auth) => worldOf(ready).at(auth).emailOtp.start({ email: ready.email }),
    again: signsIn,
  },
  "resend": {
    async prepare(here, name) {
      const ready = await after([], true)(here, name);
      await here.turn("1m");
      return ready;
    },
    act: ({ challengeId, ...ready }, auth) =>
      worldOf({ challengeId, ...ready }).at(auth).challenges.resend({ challengeId }),
    async again({ challengeId, code }, here) {
      const { user } = await here.at(healthy(here)).emailOtp.verify({ challengeId, code });
      expect(user.emailVerified).toBe(true);
    },
  },
  "sign up": {
    prepare: after([], true),
    act: (ready, auth) =>
      worldOf(ready).at(auth).emailOtp.verify({ challengeId: ready.challengeId, code: ready.code }),
    again: signsIn,
  },
  "sign in": {
    prepare: after(["cookie"], true),
    act: (ready, auth) =>
      first(ready, auth).emailOtp.verify({ challengeId: ready.challengeId, code: ready.code }),
    async again(ready, here) {
      await signsIn(ready, here);
      expect((await healthy(here).users.find({ email: ready.email }))?.id).toBe(ready.people[0]!.id);
    },
  },
  "refresh": {
    prepare: after(["bearer"]),
    act: (ready, auth) =>
      worldOf(ready).at(auth).sessions.refresh({ refreshToken: ready.people[0]!.refreshToken!, attempt }),
    async again({ people: [person] }, here) {
      const client = here.at(healthy(here));
      const refreshToken = person!.refreshToken!;
      const once = await client.sessions.refresh({ refreshToken, attempt });
      const twice = await client.sessions.refresh({ refreshToken, attempt });
      expect([twice.refreshToken, twice.session.id]).toEqual([once.refreshToken, person!.sid]);
      expect((await client.sessions.refresh({ refreshToken: once.refreshToken! })).session.id).toBe(
        person!.sid,
      );
    },
  },
  "check": {
    prepare: after(["cookie"]),
    act: (ready, auth) => first(ready, auth).account.get(),
    async again({ people: [person] }, here) {
      expect((await as(here, healthy(here), person!).account.get()).id).toBe(person!.id);
    },
  },
  "token": {
    prepare: after(["cookie"]),
    act: (ready, auth) => first(ready, auth).sessions.token(),
    async again({ people: [person] }, here) {
      const { accessToken } = await as(here, healthy(here), person!).sessions.token();
      expect((await healthy(here).sessions.verify({ token: accessToken }))?.session.id).toBe(person!.sid);
    },
  },
  "list": {
    prepare: after(["cookie", "bearer"]),
    act: (ready, auth) => first(ready, auth).sessions.list(),
    async again({ people }, here) {
      const { items } = await as(here, healthy(here), people[0]!).sessions.list();
      expect(items.map(({ id }) => id)).toEqual(people.map(({ sid }) => sid));
    },
  },
  "update": {
    prepare: after(["cookie"]),
    act: (ready, auth) => first(ready, auth).account.update({ name: "Ada" }),
    async again({ people: [person] }, here) {
      const { id, name } = await as(here, healthy(here), person!).account.update({ name: "Ada" });
      expect([id, name]).toEqual([person!.id, "Ada"]);
    },
  },
  "end": {
    prepare: after(["cookie", "bearer"]),
    act: (ready, auth) => first(ready, auth).sessions.end({ id: ready.people[1]!.sid }),
    async again({ people: [one, other] }, here) {
      await worked(as(here, healthy(here), one!).sessions.end({ id: other!.sid }), ["not_found"]);
      await nobody(here, other!);
      expect((await healthy(here).getSession(one!.headers)).user?.id).toBe(one!.id);
    },
  },
  "sign out": {
    prepare: after(["cookie"]),
    act: (ready, auth) => first(ready, auth).sessions.signOut(),
    async again({ people: [person] }, here) {
      await as(here, healthy(here), person!).sessions.signOut();
      await nobody(here, person!);
    },
  },
  "endAll": {
    prepare: after(["cookie", "bearer"], true),
    act: (ready, auth) => first(ready, auth).sessions.endAll(),
    async again(ready, here) {
      await worked(as(here, healthy(here), ready.people[0]!).sessions.endAll(), ["session_ended"]);
      for (const person of ready.people) await nobody(here, person);
      const { challengeId, code } = ready; // begun before: it lets nobody in
      const late = await refusal(here.at(healthy(here)).emailOtp.verify({ challengeId, code }));
      expect(late.code).toBe("challenge_invalid");
    },
  },
  ...CREDENTIAL_STEPS,
  "remove": {
    prepare: after(["cookie", "bearer"]),
    act: (ready, auth) => first(ready, auth).account.remove(),
    async again(ready, here) {
      await worked(as(here, healthy(here), ready.people[0]!).account.remove(), ["session_ended"]);
      for (const person of ready.people) await nobody(here, person);
      expect(await healthy(here).users.find({ email: ready.email })).toBe(null);
      await signsIn(ready, here);
      expect((await healthy(here).users.find({ email: ready.email }))?.id).not.toBe(ready.people[0]!.id);
    },
  },
};

/** No address belongs to two accounts, and each account has the claims of what it lists. */
export async function sound(here: World): Promise<void> {
  const contents = new Map(await Array.fromAsync(storeOf(here).entries("")));
  const claims = new Map<string, number>();
  for (const [key, text] of contents) {
    if (key.startsWith("identifiers:")) {
      const { uid } = JSON.parse(text);
      claims.set(uid, (claims.get(uid) ?? 0) + 1);
    }
  }
  const owners = new Map<string, string>();
  for (const [key, text] of contents) {
    if (!key.startsWith("users:")) continue;
    const { state, identifiers } = JSON.parse(text);
    if (state !== "account") continue;
    expect([key, claims.get(key.slice(6))]).toEqual([key, identifiers.length]);
    for (const { value } of identifiers) {
      expect([value, owners.get(value)]).toEqual([value, undefined]);
      owners.set(value, key);
    }
  }
}

/** Who is let in is listed by their account, and has a record; nobody else is. */
export async function listed(here: World, { people }: Ready): Promise<void> {
  for (const { headers, id, sid } of people) {
    const account = JSON.parse(await storeOf(here).getItem(`users:${id}`) ?? "{}");
    const isListed = account.sessions?.some((entry: { sid: string }) => entry.sid === sid) ?? false;
    const lives = isListed && await storeOf(here).hasItem(`sessions:${id}:${sid}`);
    expect([sid, (await healthy(here).getSession(headers)).user?.id]).toEqual([sid, lives ? id : undefined]);
  }
}
