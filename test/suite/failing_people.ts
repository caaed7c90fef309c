// Who takes steps at a server whose store fails, and the healthy server that they come to afterwards.
import { expect } from "vitest";
import type { Driver } from "../../src/store/driver.ts";
import type { Client, FullAuth } from "./client.ts";
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

const drivers = new WeakMap<World, Driver>();

/** One driver for all servers of a world: hundreds are made here. */
export function storeOf(here: World): Driver {
  const driver = drivers.get(here) ?? here.driver();
  drivers.set(here, driver);
  return driver;
}

let last: { readonly auth: FullAuth; readonly here: World } | undefined;

/** The one healthy server of a world that repeats what failed elsewhere. */
export function healthy(here: World): FullAuth {
  if (last?.here !== here) last = { here, auth: here.another({ storage: storeOf(here) }) };
  return last.auth;
}

/** Somebody who has signed in, at a server. */
export function as(here: World, auth: FullAuth, { headers }: Person): Client {
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
export function after(people: readonly ("cookie" | "bearer")[], starts = false): Step["prepare"] {
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

/** Where it was prepared. */
export function worldOf({ email }: Ready): World {
  return worlds.get(email)!; // as `after` noted it
}

/** The first of those who have signed in, at a server. */
export function first(ready: Ready, auth: FullAuth): Client {
  return as(worldOf(ready), auth, ready.people[0]!);
}

/** It worked now, or it had worked before and its answer was lost. */
export async function worked(call: Promise<unknown>, before: readonly string[]): Promise<void> {
  const outcome = await call.then(() => "done", (error) => error.code);
  expect(["done", ...before]).toContain(outcome);
}
