// Some acts at once, each at a process of its own, in an order that is chosen; and whether all went well.
import { createAuth } from "../../src/auth.ts";
import type { Accounts } from "../../src/core/accounts.ts";
import type { Platform } from "../../src/platform.ts";
import type { Driver } from "../../src/store/driver.ts";
import { chance } from "../../src/testing/chance.ts";
import type { FullAuth } from "../suite/client.ts";
import { emptyStore, own } from "../suite/stores.ts";
import { SECRET, type World, world } from "../suite/world.ts";
import type { Parts } from "./accounts.ts";
import { type Act, ACTS, EVE, type Need, prepared, TIMES } from "./acts.ts";
import { CREDENTIAL_ACTS } from "./credential_acts.ts";
import { wrongAfter } from "./healing.ts";
import { type Witness, witness } from "./history.ts";
import { contradictions, type Operation } from "./linearizable.ts";
import { type Left, storeWith } from "./looked_at.ts";
import { PASSWORD_ACTS } from "./password_acts.ts";
import { counter, recording } from "./recording.ts";
import { broken } from "./rules.ts";
import { type Choose, type Played, type Stage, stage as stageOf } from "./scheduler.ts";
import { type ClaimKey, claimKeys, type Contents } from "./state.ts";
import { VALUE_ACTS } from "./value_acts.ts";
import { addressesIn, type Wreck } from "./wreck.ts";

/** How acts are played. */
export interface Playing {
  readonly make?: typeof createAuth;
  /** What accounts are made with, likewise: our own, or a copy with a bug in it. */
  readonly parts?: Parts | undefined;
  /** What becomes of the store, and of what a process asks of it: a driver that is not as it should be. */
  readonly store?: (truth: Driver) => Driver;
  readonly way?: (driver: Driver) => Driver;
  /** Whether processes are asleep while time passes: nothing is too late for them. */
  readonly asleep?: boolean;
}

/** A play and what was wrong with it; empty, if nothing was. */
export interface Judged extends Played {
  readonly wrong: readonly string[];
  /** What stands in the store in the end. */
  readonly end: string;
}

/** A beginning from which acts can be played as often as is wanted. */
export interface Rehearsed {
  readonly play: (names: readonly string[], choose: Choose) => Promise<Judged>;
  readonly close: () => Promise<void>;
}

/** What nobody is told who does nothing wrong: they may be told that another was faster. That the store does not answer they are told
 * where a reply was lost or late, a process crashed or time passed. */
const NEVER: ReadonlySet<string> = new Set(["internal", "storage_corrupt"]);
const DISTURBED = /[!?~_x]/;

/** What some were told that they may not be. */
function mistold(names: readonly string[], { told, order }: Played, hasPassed: boolean): readonly string[] {
  const isDisturbed = hasPassed || DISTURBED.test(order);
  return told.flatMap((one, i) => {
    const code = one?.code;
    if (code === undefined) return [];
    const isOdd = NEVER.has(code) || !/^[a-z_]+$/.test(code) ||
      (code === "storage_unavailable" && !isDisturbed);
    return isOdd ? [`${names[i]} is told ${code}`] : [];
  });
}

/** Where acts are played. */
interface Scene {
  readonly here: World;
  readonly eye: Witness;
  /** Puts the store and the clock back to where they were. */
  readonly put: (left: Left) => Promise<void>;
}

/** A process. */
interface Server {
  readonly auth: FullAuth;
  /** Where it is, as far as an act can tell: accounts are its own. */
  readonly here: World;
}

/** The processes' servers. */
interface Servers {
  readonly stage: Stage;
  /** What they asked the store in this play. */
  readonly operations: readonly Operation[];
  readonly begin: (count: number) => Promise<readonly Server[]>;
  readonly end: (played: Played) => void;
}

/** Whatever acts of these names need to have happened. */
export function needsOf(names: readonly string[]): readonly Need[] {
  return names.flatMap((name) => actOf(name).needs);
}

const ALL: Readonly<Record<string, Act | undefined>> = {
  ...ACTS,
  ...CREDENTIAL_ACTS,
  ...PASSWORD_ACTS,
  ...VALUE_ACTS,
  ...TIMES,
};

function actOf(name: string): Act {
  const act = ALL[name];
  if (act === undefined) throw new TypeError(`there is no act "${name}"`);
  return act;
}

/** Makes ready what acts need. */
export async function rehearsed(needs: readonly Need[], playing: Playing = {}): Promise<Rehearsed> {
  const { make = createAuth } = playing;
  const scene = sceneOf({ ...playing, make });
  const { here, eye } = scene;
  const parts = await prepared(here, needs);
  const left = leftAfter(eye, here.now());
  const start = textsOf(left);
  const claimKey = await claimKeys(start, [SECRET]);
  if (claimKey === null) throw new TypeError("nobody has used this store");
  const servers = serversOn(scene, playing);
  const healing = healingOf(make, claimKey);
  return {
    async play(names, choose) {
      await scene.put(left);
      const ready = await servers.begin(names.length);
      const played = await servers.stage.play(
        names.map((name, i) => {
          const { auth, here } = ready[i] as Server; // as many as names
          return { name, act: () => actOf(name).act(auth, parts, here) };
        }),
        choose,
        (seconds) => here.turn(seconds),
      );
      servers.end(played);
      const told = mistold(names, played, here.now() !== left.now);
      const odd = contradictions([...put(left), ...servers.operations])
        .map(({ key }) => `the answers at ${key} fit no order`);
      const after = leftAfter(eye, here.now(), left);
      const end = JSON.stringify([after.now, [...after.entries].toSorted(([a], [b]) => a < b ? -1 : 1)]);
      return {
        ...played,
        end,
        wrong: [...told, ...odd, ...broken(eye.history, claimKey, start), ...await healing(end, after)],
      };
    },
    close: here.close,
  };
}

/** Heals each state once. */
function healingOf(
  make: typeof createAuth,
  claimKey: ClaimKey,
): (state: string, left: Left) => Promise<readonly string[]> {
  const healed = new Map<string, Promise<readonly string[]>>();
  const how = { via: "method", later: 0, seed: 999, most: Infinity, createAuth: make } as const; // of no process's seed
  return (state, left) => {
    const found = healed.get(state) ?? wrongAfter(wreckOf(left, claimKey), how);
    healed.set(state, found);
    return found;
  };
}

/** What is left, as healers find it: whatever was told or mailed was judged by the rules. */
function wreckOf(left: Left, claimKey: ClaimKey): Wreck {
  const texts = textsOf(left);
  const addresses = [...new Set([EVE, ...addressesIn([...texts])])];
  const none = { secrets: [], common: {}, sessions: [], codes: [], signatures: [] };
  return { ...left, ...none, texts, claimKey, addresses };
}

function sceneOf({ make, parts, store = itself }: Playing & { readonly make: typeof createAuth }): Scene {
  const shelf: { now: () => number; on: Driver | null; eye: Witness | null } = {
    now: Date.now,
    on: null,
    eye: null,
  };
  const here = world("memory", "method", {
    options: { rateLimit: false },
    premises(now) {
      Object.assign(shelf, { now, on: emptyStore(now), eye: witness(now) });
      return own(shelf.eye!.watched(forwarding(() => shelf.on!)));
    },
    createAuth: (...args) => shelf.eye!.watching(make)(...args),
    parts,
  });
  return {
    here,
    eye: shelf.eye!,
    async put(left) {
      await shelf.on!.dispose();
      const passed = here.now() - left.now;
      if (passed !== 0) await here.turn(-passed / 1000);
      shelf.on = store(storeWith(left, shelf.now));
      shelf.eye!.forget();
    },
  };
}

/** One server for each process. They are kept from play to play, but for those that remember what is no longer so. */
function serversOn({ here, eye }: Scene, { asleep = true, way = itself }: Playing): Servers {
  const stage = stageOf();
  const operations: Operation[] = [];
  const clock = counter();
  const chances: ReturnType<typeof chance>[] = [];
  const servers: (Server | undefined)[] = [];
  let begun = 0;

  async function server(i: number): Promise<Server> {
    const driver = way(stage.driver(i, here.driver()));
    const storage = recording(driver, { process: String(i), clock, history: operations });
    const platform: Partial<Platform> = {
      random: (length) => (chances[i] as ReturnType<typeof chance>)(length), // set before any play
      sleep: stage.sleep(i, asleep ? () => new Promise(() => {}) : here.sleep),
    };
    const auth = here.another({ storage, platform });
    await auth.signingKeys.jwks();
    const accounts: Accounts = eye.watchingValues(await here.accounts(storage, platform));
    return { auth, here: { ...here, accounts: () => Promise.resolve(accounts) } };
  }

  return {
    stage,
    operations,
    async begin(count) {
      for (let i = 0; i < count; i++) {
        chances[i] = chance(1000 + i);
        servers[i] ??= await server(i);
        chances[i] = chance(1000 + i);
      }
      begun = here.now();
      operations.length = 0;
      eye.forget();
      return servers as readonly Server[]; // all are made by now
    },
    end({ told }) {
      const isOther = begun !== here.now() ||
        eye.history.writes.some(({ key }) => /^(signing-keys|limits|replies)/.test(key));
      for (const i of told.keys()) if (isOther || told[i] === undefined) servers[i] = undefined;
    },
  };
}

const itself = (driver: Driver) => driver;

/** A driver that is whichever there is at the moment. */
function forwarding(driver: () => Driver): Driver {
  return {
    name: "forwarding",
    atomicity: "process",
    getItem: (key) => driver().getItem(key),
    swap: (...call) => driver().swap(...call),
    entries: (prefix) => driver().entries(prefix),
    hasItem: (key) => driver().hasItem(key),
    setItem: (...call) => driver().setItem(...call),
    removeItem: (key) => driver().removeItem(key),
    getKeys: (base) => driver().getKeys(base),
    clear: (base) => driver().clear(base),
    dispose: () => driver().dispose(),
  };
}

/** What stands in a store after all that was witnessed. */
function leftAfter({ history }: Witness, now: number, before?: Left): Left {
  const entries = new Map(before?.entries);
  for (const { key, after, exp } of history.writes) {
    if (after === null) entries.delete(key);
    else entries.set(key, { text: after, exp });
  }
  return { entries: new Map([...entries].filter(([, { exp }]) => exp > now)), now };
}

/** What stood in a store at first, as writes: some of it may expire. */
function put({ entries }: Left): readonly Operation[] {
  return [...entries].map(([key, { text, exp }]) => ({
    process: "before",
    name: "swap",
    key,
    expected: null,
    next: text,
    asked: 0,
    answered: 0,
    expires: exp === Infinity ? null : 0,
    reply: true,
  }));
}

function textsOf({ entries }: Left): Contents {
  return new Map([...entries].map(([key, { text }]) => [key, text]));
}
