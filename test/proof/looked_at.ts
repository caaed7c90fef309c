// A flow, run once under the eyes of a witness.
import { createAuth } from "../../src/auth.ts";
import type { Message } from "../../src/model.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Via } from "../suite/client.ts";
import type { Flow } from "../suite/flow.ts";
import { emptyStore, own } from "../suite/stores.ts";
import { SECRET, type World, world, type WorldOptions } from "../suite/world.ts";
import { type Belongings, collector } from "./belongings.ts";
import { type History, type Witness, witness } from "./history.ts";
import { broken } from "./rules.ts";
import { type ClaimKey, claimKeys, type Contents } from "./state.ts";

/** How a flow is run. */
export interface Looking {
  readonly via: Via;
  /** What a server is given in place of the store. */
  readonly pretend?: (truth: Driver) => Driver;
  /** What stands in the store at first, and when that is. */
  readonly left?: Left;
  readonly options?: Partial<WorldOptions>;
}

/** What somebody left in a store: text and expiry (epoch milliseconds; Infinity: never) by key, and the time. */
export interface Left {
  readonly entries: ReadonlyMap<string, { readonly text: string; readonly exp: number }>;
  readonly now: number;
}

/** What became of a flow. */
export interface Looked extends Belongings {
  readonly history: History;
  /** What stands in the store in the end. */
  readonly contents: Contents;
  readonly claimKey: ClaimKey | null;
  readonly mails: readonly Message[];
  readonly now: number;
  /** What ended it; undefined: it came to its end. */
  readonly failure: unknown;
  /** Whether somebody else than the library wrote into the store, or several stores stand in it: then the rules say nothing. */
  readonly isTampered: boolean;
  /** The rules that it broke. */
  readonly broken: readonly string[];
}

/** Runs a flow on a store of its own and tells all that happened. `until`: when it settles, nobody waits for the flow's end any
 * more; what it rejects with is what ended it. */
export async function lookedAt(flow: Flow, looking: Looking, until?: Promise<unknown>): Promise<Looked> {
  const { pretend, left, via } = looking;
  const { options } = flow;
  let eye: Witness | undefined;
  let truth: Driver | undefined;
  const { noting, ...belongings } = collector();
  const here: World = world("memory", via, {
    ...options,
    ...looking.options,
    ...(left !== undefined && { start: left.now }),
    premises(now) {
      eye = witness(now);
      truth = storeWith(left, now);
      const seen = eye.watched(truth);
      return own({ ...seen, dispose: () => {} });
    },
    wrap: (driver) => {
      const wrapped = options.wrap?.(driver) ?? driver;
      return pretend?.(wrapped) ?? wrapped;
    },
    createAuth: (...args) => eye!.watching(noting(options.createAuth ?? createAuth))(...args),
  });
  const seen: World = {
    ...here,
    accounts: async (...given) => eye!.watchingValues(await here.accounts(...given)),
  };
  const running = flow.run(seen).then(() => undefined, (failure) => failure ?? "nothing");
  const failure =
    await (until === undefined
      ? running
      : Promise.race([running, until.then(() => undefined, (error) => error)]));
  const contents = new Map(await Array.fromAsync(truth!.entries("")));
  void running.then(() => truth!.dispose()); // a flow that nobody waits for goes on with its store
  const { history } = eye!;
  const stores = [...contents.keys()].filter((key) => key.endsWith("lookup-key"));
  const isTampered = stores.some((key) => key !== "lookup-key") ||
    history.writes.some(({ call }) => call === null);
  const opened = claimKeys(contents, [...belongings.secrets, SECRET], history.writes);
  const claimKey = await (isTampered ? opened.catch(() => null) : opened); // what somebody else put there may be anything
  return {
    ...belongings,
    history,
    contents,
    claimKey,
    mails: here.mailbox.messages,
    now: here.now(),
    failure,
    isTampered,
    broken: isTampered ? [] : broken(history, claimKey, textsOf(left)),
  };
}

/** A store with what somebody left. */
export function storeWith(left: Left | undefined, now: () => number): Driver {
  const driver = emptyStore(now);
  const writes = [...left?.entries ?? []].filter(([, { exp }]) => exp > now()).map(([key, { text, exp }]) =>
    driver.setItem(key, text, exp === Infinity ? {} : { ttl: (exp - now()) / 1000 })
  );
  return writes.some((one) => one instanceof Promise) ? filledBy(Promise.all(writes), driver) : driver;
}

/** A driver that is asked when its store is filled. */
function filledBy(writes: Promise<unknown>, driver: Driver): Driver {
  const then =
    <Given extends readonly unknown[], T>(call: (...given: Given) => T | Promise<T>) =>
    async (...given: Given): Promise<T> => {
      await writes;
      return await call(...given);
    };
  return {
    ...driver,
    getItem: then(driver.getItem),
    swap: then(driver.swap),
    async *entries(prefix) {
      await writes;
      yield* driver.entries(prefix);
    },
    hasItem: then(driver.hasItem),
    setItem: then(driver.setItem),
    removeItem: then(driver.removeItem),
    getKeys: then(driver.getKeys),
    clear: then(driver.clear),
    dispose: then(driver.dispose),
  };
}

function textsOf(left: Left | undefined): Contents {
  return new Map([...left?.entries ?? []].map(([key, { text }]) => [key, text]));
}
