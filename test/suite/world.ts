import { createAuth } from "../../src/auth.ts";
import { type Duration, seconds } from "../../src/base/duration.ts";
import type { Accounts } from "../../src/core/accounts.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { EmailOptions } from "../../src/options/email.ts";
import type { Platform } from "../../src/platform.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Mailbox } from "../../src/testing/mailbox.ts";
import { signedIn } from "../../src/testing/signed_in.ts";
import type { Clock } from "../../src/testing/clock.ts";
import { testbed } from "../../src/testing/testbed.ts";
import { unhurried } from "../../src/testing/unhurried.ts";
import { accountsOn, type Parts } from "../proof/accounts.ts";
import { type Client, client, type FullAuth, type Via } from "./client.ts";
import { inTurn, showed } from "../proof/showed.ts";
import type { Written } from "./leaks.ts";
import { BEARER_LINKS, LINKS, PASSWORD } from "./hashing.ts";
import { RUNTIME } from "./runtime.ts";
import { CLUSTER, type Premises, premises, type StoreName, STORES } from "./stores.ts";
import { witness } from "./witness.ts";

export const SECRET = "the-first-secret-of-these-tests-0123456789";
export const BASE_URL = "http://localhost:3000";

/** One store, one clock, one mailbox, and as many servers and people as a flow needs. */
export interface World {
  readonly store: StoreName;
  readonly via: Via;
  /** Server number `i` on the one store; each is a process of its own as far as the library can tell. */
  readonly server: (i?: number) => FullAuth;
  /** A further server with other options, on the same store. */
  readonly another: (options: Partial<AuthOptions>) => FullAuth;
  /** The accounts of the store as a further server has them, on its driver or on one of its own. */
  readonly accounts: (driver?: Driver, platform?: Partial<Platform>) => Promise<Accounts>;
  /** Somebody new at server number `i`. */
  readonly person: (i?: number) => Client;
  /** Somebody new at a given server. */
  readonly at: (auth: FullAuth) => Client;
  /** Somebody new who has signed in. */
  readonly signedIn: (email: string, session?: "cookie" | "bearer", i?: number) => Promise<Client>;
  readonly mailbox: Mailbox;
  /** What was warned of and reported. */
  readonly log: readonly string[];
  /** All lines of the log. */
  readonly lines: readonly Line[];
  readonly now: () => number;
  readonly turn: (by: Duration) => Promise<void>;
  /** Resolves when the clock has been turned so far. */
  readonly sleep: Platform["sleep"];
  readonly random: (length: number) => Uint8Array;
  /** A driver on the same store. */
  readonly driver: () => Driver;
  /** What stands in the store: key → text. */
  readonly contents: () => Promise<Map<string, string>>;
  /** Notes further secrets that may stand nowhere. */
  readonly saw: (secrets: readonly string[]) => void;
  /** Notes what a client sends by other means than those of this world: what it made up or typed is echoed by nobody. */
  readonly sent: (input: unknown) => void;
  /** Secrets that stand where they do not belong: in whatever was written to the store, logged or answered here, and in
   * further texts. */
  readonly leaks: (further?: readonly Written[]) => Promise<readonly string[]>;
  /** Fails where nobody has looked and there are such secrets. */
  readonly close: () => Promise<void>;
}

/** A line of the log. */
export interface Line {
  readonly event: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

export interface WorldOptions {
  readonly options?: Partial<AuthOptions>;
  /** Every call of the store takes a moment: races need it. */
  readonly unhurried?: boolean;
  /** A last word on the driver that servers get. */
  readonly wrap?: (driver: Driver) => Driver;
  /** What makes the servers: another than our own where a bug was planted in it, or one that is looked at. */
  readonly createAuth?: typeof createAuth;
  /** What makes the accounts, likewise. */
  readonly parts?: Parts | undefined;
  /** Where the store is, by the clock that it is to go by; a new one, unless it is said. */
  readonly premises?: (now: () => number) => Premises;
  /** What the clock shows at first, in epoch milliseconds, and what ids, codes and tokens follow from. */
  readonly start?: number;
  readonly seed?: number;
  /** The clock, where it is not this world's alone. */
  readonly clock?: Clock;
}

export function world(store: StoreName, via: Via, given: WorldOptions = {}): World {
  const { clock, mailbox: box, options: testing } = testbed({
    ...(given.start !== undefined && { start: given.start }),
    ...(given.seed !== undefined && { seed: given.seed }),
  });
  const { now, sleep, turn } = given.clock ?? clock;
  const bed = { ...testing, platform: { ...testing.platform, now, sleep } };
  const log: string[] = [];
  const lines: Line[] = [];
  const seen = witness();
  const note = (line: object) => {
    const told = line as Line; // as every line is
    lines.push(told);
    if (told.message !== undefined) log.push(told.message);
  };
  const { driver, ...place } = given.premises?.(now) ?? premises(store, now);
  const storage = (): Driver => {
    const paced = given.unhurried ? unhurried(driver()) : driver();
    return given.wrap?.(paced) ?? paced;
  };
  const another = (options: Partial<AuthOptions>): FullAuth => {
    const usual: EmailOptions = { ...bed.email, from: "Latchkey <no-reply@example.com>" };
    const { email: mail, session } = { email: usual, ...given.options, ...options };
    const pages = session?.mode === "bearer" ? BEARER_LINKS : LINKS; // passwords and links need them
    const email = mail && { ...mail, links: { ...pages, ...mail.links } };
    return seen.server(
      given.createAuth ?? createAuth,
      {
        ...bed,
        storage: storage(),
        secret: SECRET,
        baseUrl: BASE_URL,
        emailOtp: true,
        magicLink: true,
        passkey: true,
        password: PASSWORD,
        key: true,
        logger: { debug: note, info: note, warn: note, error: note },
        ...given.options,
        ...options,
        email,
        platform: {
          ...bed.platform,
          log: { warn: (message: string) => void log.push(message) },
          ...options.platform,
        },
      } as AuthOptions & {
        readonly emailOtp: true;
        readonly magicLink: true;
        readonly passkey: true;
        readonly password: typeof PASSWORD;
        readonly key: true;
      },
    );
  };
  const servers: FullAuth[] = [];
  const server = (i = 0) => servers[i] ??= another({});
  const at = (auth: FullAuth): Client => client(auth, via, seen.sent);
  const person = (i = 0) => at(server(i));
  const contents = async () => {
    const all = await Array.fromAsync(driver().entries(""));
    return new Map(all.toSorted(([a], [b]) => a < b ? -1 : 1));
  };
  let looked = false;
  const leaks = async (further: readonly Written[] = []) => {
    looked = true;
    if (!LOOKS.includes(store)) return [];
    const { leaks, ...counts } = await seen.testimony(further);
    showed("secrets", { flows: 1, ...counts });
    return leaks;
  };
  return {
    store,
    via,
    server,
    another,
    accounts: (place = storage(), platform = {}) =>
      accountsOn(place, { ...bed.platform, ...platform }, { secret: SECRET, parts: given.parts }),
    person,
    at,
    async signedIn(email, session = "cookie", i = 0) {
      const somebody = person(i);
      const client = { userAgent: somebody.headers.get("user-agent") };
      somebody.wears(await signedIn(server(i), email, { mailbox: box, session, client }));
      return somebody;
    },
    mailbox: box,
    log,
    lines,
    now,
    async turn(by) {
      await place.turn(typeof by === "number" ? by : Number(seconds(by)));
      await turn(by);
    },
    sleep: bed.platform.sleep,
    random: bed.platform.random,
    driver,
    contents,
    saw: seen.saw,
    sent: seen.sent,
    leaks,
    async close() {
      try {
        if (!looked && SOUGHT.includes(store) && !isInstrument(given)) refuse(await leaks());
      } finally {
        await place.close();
      }
    },
  };
}

/** Where secrets can be sought: what is written is the same whatever keeps it, and whatever runs it. One runtime looks everywhere. */
const LOOKS: readonly StoreName[] = RUNTIME === "node" ? [...STORES, CLUSTER] : ["memory", "own"];

/** Where they are sought in each world: where time is short in memory, and on some of the other stores in turn. */
export const SOUGHT: readonly StoreName[] = LOOKS.filter((store, i) =>
  i === 0 || inTurn<StoreName>(LOOKS, 3).includes(store)
);

/** Whether something else is sought here, in world after world: in a library with a bug, or on a driver that fails. */
function isInstrument({ wrap, createAuth, parts, premises }: WorldOptions): boolean {
  return [wrap, createAuth, parts, premises].some((one) => one !== undefined);
}

function refuse(leaks: readonly string[]): void {
  if (leaks.length > 0) throw new Error(leaks.join("\n"));
}

/** Runs a test that no store and no way of calling matters to in a world of its own. */
export async function within(run: (here: World) => Promise<void>): Promise<void> {
  const here = world("memory", "method");
  try {
    await run(here);
  } finally {
    await here.close();
  }
}
