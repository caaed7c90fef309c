// What the checks of races share: servers for a crowd, servers that can be stopped, and what the store must say afterwards.
import { expect } from "vitest";
import type { createAuth } from "../../src/auth.ts";
import type { Grant } from "../../src/model.ts";
import { machine, type Platform } from "../../src/platform.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { FullAuth } from "../suite/client.ts";
import { type Gate, gate, type Told, told } from "../suite/gate.ts";
import type { StoreName } from "../suite/stores.ts";
import { type World, world, type WorldOptions } from "../suite/world.ts";
import { headersOf } from "./sign_ins.ts";

/** What passes on our code and fails on a bug in it. */
export type Check = (make: typeof createAuth, store: StoreName) => Promise<void>;

/** A sign-in that waits for its code. */
export interface Pending {
  readonly challengeId: string;
  readonly code: string;
}

/** A world with more to ask it. */
export interface Scene extends World {
  /** A server that takes no time: for what is not part of the race. */
  readonly desk: FullAuth;
  /** Starts a sign-in at the desk. */
  readonly start: (email: string) => Promise<Pending>;
  /** Starts as many, one after the other. */
  readonly starts: (email: string, count: number) => Promise<readonly Pending[]>;
  /** A finished sign-in at the desk. */
  readonly enter: (email: string, session?: "cookie" | "bearer") => Promise<Grant>;
  /** A server with a gate in front of its store, and with the keys that it needs. `asleep`: it may be put to sleep. */
  readonly gated: (options?: { readonly asleep: boolean }) => Promise<Gated>;
  /** Whether whoever made a grant's session would let its owner in, asked at the desk. */
  readonly lives: (maker: FullAuth, grant: Grant) => Promise<boolean>;
  /** Users, claims and sessions as they are stored. */
  readonly stored: () => Promise<Stored>;
  /** Expects one account with the address, which has the one claim, and into which the address signs in. */
  readonly expectOneAccount: (email: string) => Promise<StoredAccount>;
}

/** As much of a stored account as is looked at here. */
export interface StoredAccount {
  readonly uid: string;
  readonly epoch: number;
  readonly sessions: readonly { readonly sid: string }[];
  readonly identifiers: readonly { readonly value: string }[];
}

/** A server that can be stopped. */
export interface Gated {
  readonly auth: FullAuth;
  readonly gate: Gate;
}

/** What stands in the store. */
export interface Stored {
  readonly accounts: readonly StoredAccount[];
  readonly drafts: readonly string[];
  readonly claims: readonly { readonly uid: string }[];
  /** Session records by `uid:sid`. */
  readonly sessions: ReadonlyMap<string, { readonly family: { readonly generation: number } | null }>;
}

/** A process that the machine has put to sleep: when it wakes, its deadlines have not run out yet. */
const ASLEEP: Partial<Platform> = {
  sleep: (ms) => ms < 100 ? machine.sleep(ms) : new Promise(() => {}),
};

/** The clock of the machine, where the time that a crowd takes is part of the question. */
export const REAL_TIME: Partial<Platform> = { now: machine.now, sleep: machine.sleep };

/** Runs a check's scene and clears up after it. A crowd is not held up by limits, unless a check wants them. */
export async function scene(
  store: StoreName,
  options: WorldOptions,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const here = world(store, "method", { ...options, options: { rateLimit: false, ...options.options } });
  try {
    await play(sceneOf(here));
  } finally {
    await here.close();
  }
}

function sceneOf(here: World): Scene {
  const { mailbox } = here;
  const desk = here.another({ storage: here.driver() });

  async function start(email: string): Promise<Pending> {
    const { challengeId } = await desk.emailOtp.start({ email });
    return { challengeId, code: mailbox.code(email) };
  }

  async function starts(email: string, count: number): Promise<readonly Pending[]> {
    const started: Pending[] = [];
    while (started.length < count) started.push(await start(email)); // the mailbox tells the newest code
    return started;
  }

  async function enter(email: string, session: "cookie" | "bearer" = "cookie"): Promise<Grant> {
    return await desk.emailOtp.verify({ ...await start(email), session });
  }

  async function stored(): Promise<Stored> {
    return storedIn(await here.contents());
  }

  return {
    ...here,
    desk,
    start,
    starts,
    enter,
    stored,
    async gated({ asleep } = { asleep: false }) {
      const made = gate(here.driver());
      const auth = here.another({ storage: made.driver, ...(asleep && { platform: ASLEEP }) });
      await auth.signingKeys.jwks();
      return { gate: made, auth };
    },
    async lives(maker, grant) {
      return (await desk.getSession(headersOf(maker, grant))).user !== null;
    },
    async expectOneAccount(email) {
      const before = await stored();
      const owners = before.accounts.filter((one) => one.identifiers.some(({ value }) => value === email));
      expect(owners.length, `accounts that list ${email}`).toBe(1);
      const [owner] = owners as [StoredAccount];
      const own = before.claims.filter(({ uid }) => uid === owner.uid);
      expect(own.length, `claims that lead to the account of ${email}`).toBe(1);
      expect((await enter(email)).user.id, `who signs in by ${email}`).toBe(owner.uid);
      return owner;
    },
  };
}

/** What the keys and texts of a store say. */
export function storedIn(contents: Iterable<readonly [key: string, text: string]>): Stored {
  const records = [...contents].map(([key, text]) => [key, JSON.parse(text)] as const);
  const under = (prefix: string) => records.filter(([key]) => key.startsWith(prefix));
  const users = under("users:").map(([key, user]) => ({ ...user, uid: key.slice("users:".length) }));
  return {
    accounts: users.filter(({ state }) => state === "account"),
    drafts: users.filter(({ state }) => state === "draft").map(({ uid }) => uid),
    claims: under("identifiers:").map(([, claim]) => claim),
    sessions: new Map(under("sessions:").map(([key, record]) => [key.slice("sessions:".length), record])),
  };
}

/** A driver that fails whenever a session's record is to be removed: whoever ends a session dies right after ending it. */
export function leavingRecords(driver: Driver): Driver {
  return {
    ...driver,
    swap: (key, expected, next, options) =>
      next === null && key.startsWith("sessions:")
        ? Promise.reject(new Error("the process died"))
        : driver.swap(key, expected, next, options),
  };
}

/** `count` requests at once, spread over some servers. */
export async function crowd<T>(
  servers: readonly FullAuth[],
  count: number,
  request: (auth: FullAuth, i: number) => Promise<T>,
): Promise<readonly Told<T>[]> {
  for (const server of servers) await server.ready();
  return await Promise.all(
    Array.from({ length: count }, (_, i) => told(request(servers[i % servers.length] as FullAuth, i))),
  );
}

/** How often each code was told; a success counts as `ok`. */
export function tally(outcomes: readonly Told<unknown>[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code = "ok" } of outcomes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** The results of those that succeeded. */
export function values<T>(outcomes: readonly Told<T>[]): readonly T[] {
  return outcomes.flatMap((outcome) => "value" in outcome ? [outcome.value] : []);
}
