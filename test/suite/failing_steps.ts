import { expect } from "vitest";
import type { Driver } from "../../src/store/driver.ts";
import type { Client, FullAuth } from "./client.ts";
import type { Operation } from "./faults.ts";
import { refusal } from "./faults.ts";
import type { World } from "./world.ts";

/** Somebody who has signed in, as plain facts. */
export interface Person {
  readonly headers: Headers;
  readonly id: string;
  readonly sid: string;
  readonly refreshToken: string | undefined;
}

/** What a step needs to have happened. */
export interface Ready {
  readonly email: string;
  readonly people: readonly Person[];
  readonly challengeId: string;
  readonly code: string;
}

/** One step of a flow: what goes before it, the step itself at any server, and that it works in the end. */
export interface Step {
  readonly prepare: (here: World, name: string) => Promise<Ready>;
  readonly act: (ready: Ready, auth: FullAuth) => Promise<unknown>;
  /** On a healthy server of its own, whatever became of the first try. */
  readonly again: (ready: Ready, here: World) => Promise<void>;
}

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

const drivers = new WeakMap<World, Driver>();

/** One driver for all servers of a world: hundreds are made here. */
export function storeOf(here: World): Driver {
  const driver = drivers.get(here) ?? here.driver();
  drivers.set(here, driver);
  return driver;
}

let last: { readonly auth: FullAuth; readonly here: World } | undefined;

/** The one healthy server of a world that repeats what failed elsewhere. */
function healthy(here: World): FullAuth {
  if (last?.here !== here) last = { here, auth: here.another({ storage: storeOf(here) }) };
  return last.auth;
}

function as(here: World, auth: FullAuth, { headers }: Person): Client {
  const client = here.at(auth);
  headers.forEach((value, name) => client.headers.set(name, value));
  return client;
}

async function signIn(here: World, email: string, session: "cookie" | "bearer" = "cookie"): Promise<Person> {
  const client = here.person();
  const { challengeId } = await client.emailOtp.start({ email });
  const grant = await client.emailOtp.verify({ challengeId, code: here.mailbox.code(email), session });
  return {
    headers: client.headers,
    id: grant.user.id,
    sid: grant.session.id,
    refreshToken: grant.refreshToken,
  };
}

/** `people` sign in, and where `starts` somebody asks for a code. */
function after(people: readonly ("cookie" | "bearer")[], starts = false): Step["prepare"] {
  return async (here, name) => {
    const email = `${name.replace(/[^a-z0-9]/gi, "-")}@example.com`.toLowerCase();
    worlds.set(email, here);
    const signed: Person[] = [];
    for (const session of people) signed.push(await signIn(here, email, session));
    const { challengeId } = starts ? await here.person().emailOtp.start({ email }) : { challengeId: "" };
    return { email, people: signed, challengeId, code: starts ? here.mailbox.code(email) : "" };
  };
}

const worlds = new Map<string, World>();
const worldOf = ({ email }: Ready): World => worlds.get(email)!;
const first = (ready: Ready, auth: FullAuth): Client => as(worldOf(ready), auth, ready.people[0]!);
const attempt = "a-random-text-that-was-kept";

async function signsIn({ email }: Ready, here: World): Promise<void> {
  const client = here.at(healthy(here));
  const { challengeId } = await client.emailOtp.start({ email });
  const { user } = await client.emailOtp.verify({ challengeId, code: here.mailbox.code(email) });
  expect(user.email).toBe(email);
  expect((await client.sessions.get()).user).toEqual(user);
}

/** It worked now, or it had worked before and its answer was lost. */
async function worked(call: Promise<unknown>, before: readonly string[]): Promise<void> {
  const outcome = await call.then(() => "done", (error) => error.code);
  expect(["done", ...before]).toContain(outcome);
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
