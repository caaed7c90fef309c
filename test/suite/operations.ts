// What each route asks of the store: measured, by running it.
import { machine } from "../../src/platform.ts";
import type { Driver, MaybePromise } from "../../src/store/driver.ts";
import type { Client } from "./client.ts";
import { BY_KEY, BY_PASSKEY } from "./operations_by_credential.ts";
import { BY_PASSWORD } from "./operations_by_password.ts";
import type { StoreName } from "./stores.ts";
import { type World, world } from "./world.ts";

/** Operations that were under way together, as `get users`. */
export type Round = readonly string[];

/** One way that a route may be asked. */
export interface Case {
  /** `feature.method` */
  readonly route: string;
  /** What is special about it; empty where there is nothing. */
  readonly when: string;
  /** Sets the scene; what it resolves to is measured. */
  readonly prepare: (world: World) => Promise<() => Promise<unknown>>;
}

/** A case, and what it asked of the store, one round of trips after the other. */
export interface Measured extends Pick<Case, "route" | "when"> {
  readonly rounds: readonly Round[];
  /** Functions of the driver that were called besides `getItem` and `swap`. */
  readonly others: readonly string[];
}

const ADA = "ada@example.com";

function tokenIn({ mailbox }: World): string {
  return new URL(mailbox.link(ADA)).searchParams.get("token") ?? "";
}

/** Every route, in the order of the page. */
export const CASES: readonly Case[] = [
  {
    route: "emailOtp.start",
    when: "",
    prepare: (world) => Promise.resolve(() => world.person().emailOtp.start({ email: ADA })),
  },
  {
    route: "emailOtp.start",
    when: "the address has an account",
    async prepare({ signedIn, person }) {
      await signedIn(ADA);
      return () => person().emailOtp.start({ email: ADA });
    },
  },
  {
    route: "emailOtp.verify",
    when: "a new address",
    async prepare(world) {
      const { ada, answer } = await asked(world);
      return () => ada.emailOtp.verify(answer);
    },
  },
  {
    route: "emailOtp.verify",
    when: "an address with an account",
    async prepare(world) {
      await world.signedIn(ADA);
      const { ada, answer } = await asked(world);
      return () => ada.emailOtp.verify(answer);
    },
  },
  {
    route: "emailOtp.verify",
    when: "the browser is signed in already",
    async prepare(world) {
      const { ada, answer } = await asked(world, await world.signedIn(ADA));
      return () => ada.emailOtp.verify(answer);
    },
  },
  {
    route: "emailOtp.verify",
    when: "a wrong code",
    async prepare(world) {
      const { ada, answer } = await asked(world);
      const code = answer.code === "000000" ? "000001" : "000000";
      return () => ada.emailOtp.verify({ ...answer, code }).catch(() => {});
    },
  },
  {
    route: "challenges.resend",
    when: "",
    async prepare(world) {
      const { ada, answer: { challengeId } } = await asked(world);
      await world.turn("1m");
      return () => ada.challenges.resend({ challengeId });
    },
  },
  {
    route: "magicLink.start",
    when: "",
    prepare: (world) => Promise.resolve(() => world.person().magicLink.start({ email: ADA })),
  },
  {
    route: "magicLink.verify",
    when: "a new address",
    async prepare(world) {
      const ada = world.person();
      await ada.magicLink.start({ email: ADA });
      const token = tokenIn(world);
      return () => ada.magicLink.verify({ token });
    },
  },
  {
    route: "magicLink.verify",
    when: "in another browser",
    async prepare(world) {
      await world.person().magicLink.start({ email: ADA });
      const token = tokenIn(world);
      return () => world.person().magicLink.verify({ token }).catch(() => {});
    },
  },
  {
    route: "magicLink.page",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().magicLink.page({ token: "x" })),
  },
  ...BY_PASSKEY,
  ...BY_KEY,
  ...BY_PASSWORD,
  { route: "sessions.get", when: "", prepare: signedIn((ada) => ada.sessions.get()) },
  {
    route: "sessions.get",
    when: "last use is due to be noted",
    async prepare({ signedIn, turn }) {
      const ada = await signedIn(ADA);
      await turn("2h");
      return () => ada.sessions.get();
    },
  },
  {
    route: "sessions.get",
    when: "nobody is signed in",
    prepare: ({ person }) => Promise.resolve(() => person().sessions.get()),
  },
  {
    route: "sessions.refresh",
    when: "",
    async prepare(world) {
      const { ada, refreshToken } = await bearer(world);
      return () => ada.sessions.refresh({ refreshToken });
    },
  },
  {
    route: "sessions.refresh",
    when: "again, within `session.reuseLeeway`",
    async prepare(world) {
      const { ada, refreshToken } = await bearer(world);
      await ada.sessions.refresh({ refreshToken });
      return () => ada.sessions.refresh({ refreshToken });
    },
  },
  {
    route: "sessions.refresh",
    when: "a token used before: the session ends",
    async prepare(world) {
      const { ada, refreshToken } = await bearer(world);
      await ada.sessions.refresh({ refreshToken });
      await world.turn("31s");
      return () => ada.sessions.refresh({ refreshToken }).catch(() => {});
    },
  },
  { route: "sessions.token", when: "", prepare: signedIn((ada) => ada.sessions.token()) },
  { route: "sessions.list", when: "three sessions", prepare: signedIn((ada) => ada.sessions.list(), 3) },
  {
    route: "sessions.end",
    when: "",
    async prepare(world) {
      const ada = await third(world);
      const { items } = await ada.sessions.list();
      return () => ada.sessions.end({ id: items[0]?.id ?? "" });
    },
  },
  { route: "sessions.endAll", when: "three sessions", prepare: signedIn((ada) => ada.sessions.endAll(), 3) },
  { route: "sessions.signOut", when: "", prepare: signedIn((ada) => ada.sessions.signOut()) },
  {
    route: "sessions.signOut",
    when: "nobody is signed in",
    prepare: ({ person }) => Promise.resolve(() => person().sessions.signOut()),
  },
  { route: "account.get", when: "", prepare: signedIn((ada) => ada.account.get()) },
  { route: "account.update", when: "", prepare: signedIn((ada) => ada.account.update({ name: "Ada" })) },
  {
    route: "account.update",
    when: "with an `Idempotency-Key`",
    prepare: signedIn((ada) => keyed(ada).account.update({ name: "Ada" })),
  },
  {
    route: "account.update",
    when: "the same key again",
    async prepare({ signedIn }) {
      const ada = keyed(await signedIn(ADA));
      await ada.account.update({ name: "Ada" });
      return () => ada.account.update({ name: "Ada" });
    },
  },
  { route: "account.remove", when: "three sessions", prepare: signedIn((ada) => ada.account.remove(), 3) },
  {
    route: "wellKnown.jwks",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().wellKnown.jwks()),
  },
  {
    route: "wellKnown.health",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().wellKnown.health()),
  },
  {
    route: "wellKnown.openapi",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().wellKnown.openapi()),
  },
];

/** Runs one case over HTTP, on a server that has been in use. */
export async function measure({ route, when, prepare }: Case, store: StoreName): Promise<Measured> {
  const recorder = recording();
  const here = world(store, "http", { wrap: recorder.wrap, options: { clientIp: () => "192.0.2.1" } });
  try {
    await here.signedIn("somebody@example.com", "bearer"); // the store is known and the signing keys are read
    const run = await prepare(here);
    return { route, when, rounds: await recorder.record(run), others: [...recorder.others] };
  } finally {
    await here.close();
  }
}

interface Recorder {
  readonly wrap: (driver: Driver) => Driver;
  readonly record: (work: () => Promise<unknown>) => Promise<readonly Round[]>;
  readonly others: ReadonlySet<string>;
}

/** Records operations in rounds: each waits until nobody begins another, then all that wait are done together. */
export function recording(): Recorder {
  const others = new Set<string>();
  let rounds: string[][] | null = null;
  let waiting: { readonly name: string; readonly go: () => void }[] = [];

  async function gather(): Promise<void> {
    for (let before = 0; waiting.length > before;) {
      before = waiting.length;
      await machine.sleep(3); // what signs or hashes in between takes a moment
    }
    const together = waiting;
    waiting = [];
    rounds?.push(together.map(({ name }) => name));
    together.forEach(({ go }) => go());
  }

  async function inRound<T>(name: string, call: () => MaybePromise<T>): Promise<T> {
    if (rounds === null) return await call();
    await new Promise<void>((go) => {
      waiting.push({ name, go });
      if (waiting.length === 1) void gather();
    });
    return await call();
  }

  function noted<F extends (...given: never[]) => unknown>(name: string, call: F): F {
    return ((...given) => {
      others.add(name);
      return call(...given);
    }) as F; // the same function, seen
  }

  return {
    others,
    wrap: (driver) => ({
      ...driver,
      getItem: (key) => inRound(`get ${kindOf(key)}`, () => driver.getItem(key)),
      swap: (key, expected, next, options) =>
        inRound(`swap ${kindOf(key)}`, () => driver.swap(key, expected, next, options)),
      hasItem: noted("hasItem", driver.hasItem),
      setItem: noted("setItem", driver.setItem),
      removeItem: noted("removeItem", driver.removeItem),
      getKeys: noted("getKeys", driver.getKeys),
      clear: noted("clear", driver.clear),
      entries: noted("entries", driver.entries),
    }),
    async record(work) {
      const recorded: string[][] = [];
      rounds = recorded;
      try {
        await work();
      } finally {
        rounds = null;
      }
      return recorded;
    },
  };
}

/** `sessions:{uid}:{sid}` → `sessions` */
function kindOf(key: string): string {
  return key.split(":")[0] ?? key;
}

/** Ada, signed in `times` times; the last one is who asks. */
function signedIn(ask: (ada: Client) => Promise<unknown>, times = 1): Case["prepare"] {
  return async ({ signedIn }) => {
    for (let i = 1; i < times; i++) await signedIn(ADA);
    const ada = await signedIn(ADA);
    return () => ask(ada);
  };
}

/** Somebody whose requests show a key. */
function keyed(client: Client): Client {
  client.headers.set("idempotency-key", "made-up-by-the-client");
  return client;
}

async function third(world: World): Promise<Client> {
  for (let i = 0; i < 2; i++) await world.signedIn(ADA);
  return await world.signedIn(ADA);
}

/** Somebody who has been mailed a code. */
async function asked(world: World, ada: Client = world.person()): Promise<{
  readonly ada: Client;
  readonly answer: { readonly challengeId: string; readonly code: string };
}> {
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  return { ada, answer: { challengeId, code: world.mailbox.code(ADA) } };
}

/** Ada with tokens. */
async function bearer(world: World): Promise<{ readonly ada: Client; readonly refreshToken: string }> {
  const { ada, answer } = await asked(world);
  const { refreshToken = "" } = await ada.emailOtp.verify({ ...answer, session: "bearer" });
  return { ada, refreshToken };
}
