// What the checks of values share: two accounts, and one request that is held at each of its operations while others run.
import { expect } from "vitest";
import { type Account, type Identifier, newborn } from "../../src/core/account_record.ts";
import type { Accounts, Created } from "../../src/core/accounts.ts";
import type { Added, Unlisted } from "../../src/core/values.ts";
import type { Platform } from "../../src/platform.ts";
import { addTo } from "../proof/accounts.ts";
import { claimKeys, leftIn, wrongWith } from "../proof/state.ts";
import { everyPoint, gate, interleave, type Told } from "../suite/gate.ts";
import type { StoreName } from "../suite/stores.ts";
import { SECRET, type World, world, type WorldOptions } from "../suite/world.ts";

/** What the library is made with: a copy of it with a bug, or our own. */
export type Copy = Pick<WorldOptions, "createAuth" | "parts">;

/** What passes on our code and fails on a bug in it. */
export type ValueCheck = (copy: Copy, store: StoreName) => Promise<void>;

/** Two accounts that are about to meet. */
export interface Stage {
  readonly here: World;
  /** A server that is never held. It waits for others by turning the clock. */
  readonly desk: Accounts;
  /** An account of one value and two sessions, which acts by its first. */
  readonly ada: Actor;
  readonly bob: Actor;
  /** The values that they meet at. */
  readonly v: Identifier;
  readonly w: Identifier;
  readonly x: Identifier;
}

/** An account, as it was when its proofs were judged. */
export interface Actor {
  readonly uid: string;
  readonly sessions: readonly [string, string];
  readonly own: Identifier;
}

/** What races. */
export interface Race {
  /** What goes before. */
  readonly before?: (stage: Stage) => Promise<unknown>;
  /** The request that is held, at a server of its own. */
  readonly work: (stage: Stage, at: Accounts) => Promise<unknown>;
  /** Runs to its end while the request is held. */
  readonly meanwhile: (stage: Stage) => Promise<unknown>;
  /** What must be true when the request, too, has ended. */
  readonly after?: (stage: Stage, told: Told<unknown>, held: boolean) => Promise<void>;
  /** How many operations the request takes at least. */
  readonly operations: number;
}

/** A check of a race: whoever is held anywhere, and in every state that is looked at, nothing contradicts anything. */
export function race({ before, work, meanwhile, after, operations }: Race): ValueCheck {
  return (copy, store) =>
    within(copy, store, async (here, desk) => {
      const points = await everyPoint(async ({ n, side, name }) => {
        const stage = await staged(here, desk, name);
        await before?.(stage);
        const held = gate(here.driver());
        const at = await here.accounts(held.driver, waiting(here));
        const outcome = await interleave({
          gate: held,
          point: { n, side },
          work: () => work(stage, at),
          async meanwhile() {
            await meanwhile(stage);
            await expectSound(here, `while it was held ${name}`);
          },
        });
        await expectSound(here, `after it was held ${name}`);
        await after?.(stage, outcome.told, outcome.held);
        return outcome.held;
      });
      expect(points, "operations at which it was held").toBeGreaterThanOrEqual(operations);
    });
}

/** A world for a check, that a sweep leaves nothing of which leads nowhere. */
export async function within(
  copy: Copy,
  store: StoreName,
  play: (here: World, desk: Accounts) => Promise<void>,
): Promise<void> {
  const here = world(store, "method", copy);
  try {
    await play(here, await here.accounts(here.driver(), waiting(here)));
    await here.turn("61m");
    await here.server().sweep();
    await here.server().sweep(); // a claim may have been looked at before the reservation that it belongs to ended
    await expectSound(here, "after a sweep");
    const contents = await here.contents();
    const keys = await claimKeys(contents, [SECRET]);
    expect(keys === null ? "no lookup key" : leftIn(contents, keys, Infinity), "what a sweep leaves").toEqual(
      [],
    );
  } finally {
    await here.close();
  }
}

/** Whoever waits, waits for a second at a time, by a clock that nobody else turns; and nobody's deadline wakes them. */
export function waiting(here: World): Partial<Platform> {
  return { sleep: (_, background = false) => background ? new Promise<void>(() => {}) : here.turn(1) };
}

/** Two accounts with values of their own. */
export async function staged(here: World, desk: Accounts, name: string): Promise<Stage> {
  const value = (of: string): Identifier => ({
    type: "email",
    value: `${of}-${name}@example.com`,
    proven: true,
  });
  const actor = async (of: string): Promise<Actor> => {
    const sessions = [id(`${of}one`), id(`${of}two`)] as const;
    const created = await signUp(here, desk, value(of), sessions);
    return { uid: created.owner.uid, sessions, own: value(of) };
  };
  const [ada, bob] = [await actor("ada"), await actor("bob")];
  return { here, desk, ada, bob, v: value("v"), w: value("w"), x: value("x") };
}

const id = (name: string) => name.padEnd(26, "a");

/** A new account with a value. */
export async function signUp(
  here: World,
  at: Accounts,
  identifier: Identifier,
  sids: readonly string[] = [],
): Promise<Created> {
  const sessions = sids.map((sid) => ({ sid, at: here.now(), exp: here.now() + 30 * 86_400_000 }));
  return await at.create(
    identifier,
    () => newborn({ createdAt: here.now(), name: null, identifier, sessions }),
  );
}

/** Adds values to an account, whose proof was judged just now unless it is said when. */
export async function add(
  at: Accounts,
  { uid, sessions: [acting] }: Actor,
  values: readonly Identifier[],
  noted?: { readonly epoch: number },
): Promise<Added> {
  return await addTo(at, { uid, acting }, { values, epoch: noted?.epoch });
}

/** Removes a value from an account. */
export async function strike(at: Accounts, actor: Actor, value: Identifier): Promise<Unlisted> {
  const { uid, sessions: [acting] } = actor;
  return await (await at.values()).remove({ uid, value, acting });
}

/** Whether an account lists a value. */
export async function has({ desk }: Stage, { uid }: Actor, { value }: Identifier): Promise<boolean> {
  return (await desk.get(uid))?.identifiers.some((one) => one.value === value) === true;
}

/** Changes an account besides. */
export async function amend(at: Accounts, uid: string, how: (account: Account) => Account): Promise<void> {
  await at.change(uid, (account) => ({ next: account && how(account), result: undefined }));
}

/** Expects that no two accounts have one value, and that each has the claims of what it lists. */
export async function expectSound(here: World, when: string): Promise<void> {
  const contents = await here.contents();
  const wrong = wrongWith(contents, await claimKeys(contents, [SECRET]));
  expect(wrong, `what contradicts ${when}: ${wrong.join()}`).toEqual([]);
}
