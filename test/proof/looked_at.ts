// A flow, run once under the eyes of a witness.
import { createAuth } from "../../src/auth.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Via } from "../suite/client.ts";
import type { Flow } from "../suite/flow.ts";
import { emptyStore, own } from "../suite/stores.ts";
import { SECRET, type World, world, type WorldOptions } from "../suite/world.ts";
import { type History, witness } from "./history.ts";
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
export interface Looked {
  readonly history: History;
  /** What stands in the store in the end. */
  readonly contents: Contents;
  readonly claimKey: ClaimKey | null;
  readonly now: number;
  /** What ended it; undefined: it came to its end. */
  readonly failure: unknown;
  /** Whether somebody else than the library wrote into the store, or several stores stand in it: then the rules say nothing. */
  readonly isTampered: boolean;
  /** The rules that it broke. */
  readonly broken: readonly string[];
}

/** Runs a flow on a store of its own and tells all that happened. `until`: when it resolves, nobody waits for the flow's end any more. */
export async function lookedAt(flow: Flow, looking: Looking, until?: Promise<unknown>): Promise<Looked> {
  const { pretend, left, via } = looking;
  const { options } = flow;
  let now = () => left?.now ?? 0;
  const truth = emptyStore(() => now());
  for (const [key, { text, exp }] of left?.entries ?? []) {
    await truth.setItem(key, text, exp === Infinity ? {} : { ttl: (exp - now()) / 1000 });
  }
  const eye = witness(() => now());
  const here: World = world("memory", via, {
    ...options,
    ...looking.options,
    ...(left !== undefined && { start: left.now }),
    premises(clock) {
      now = clock;
      return own({ ...eye.watched(truth), dispose: () => {} });
    },
    wrap: (driver) => {
      const wrapped = options.wrap?.(driver) ?? driver;
      return pretend?.(wrapped) ?? wrapped;
    },
    createAuth: (...args) => eye.watching(options.createAuth ?? createAuth)(...args),
  });
  const running = flow.run(here).then(() => undefined, (failure) => failure ?? "nothing");
  const failure =
    await (until === undefined ? running : Promise.race([running, until.then(() => undefined)]));
  const contents = new Map(await Array.fromAsync(truth.entries("")));
  await truth.dispose();
  const { history } = eye;
  const claimKey = await claimKeys(contents, secretsOf(options)).catch(() => null);
  const stores = [...contents.keys()].filter((key) => key.endsWith("lookup-key"));
  const isTampered = stores.length > 1 || history.writes.some(({ call }) => call === null);
  return {
    history,
    contents,
    claimKey,
    now: here.now(),
    failure,
    isTampered,
    broken: isTampered ? [] : broken(history, claimKey, textsOf(left)),
  };
}

function secretsOf({ options }: WorldOptions): readonly string[] {
  return [options?.secret ?? [], SECRET].flat();
}

function textsOf(left: Left | undefined): Contents {
  return new Map([...left?.entries ?? []].map(([key, { text }]) => [key, text]));
}
