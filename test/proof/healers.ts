// Whoever comes to a store later, when all who were at something are gone: they get in, and a sweep leaves nothing behind.
import memory from "../../drivers/memory.ts";
import type { createAuth } from "../../src/auth.ts";
import type { Platform } from "../../src/platform.ts";
import type { Driver } from "../../src/store/driver.ts";
import { client, type FullAuth } from "../suite/client.ts";
import { own } from "../suite/stores.ts";
import { type World, world } from "../suite/world.ts";
import type { Left } from "./looked_at.ts";
import { accountOf, type ClaimKey, type Contents, isUser, leftIn, wrongWith } from "./state.ts";

/** A memory with what somebody left in a store. */
export function restored({ entries }: Left, now: () => number): Driver {
  const driver = memory({ now });
  for (const [key, { text, exp }] of entries) {
    driver.setItem(key, text, exp === Infinity ? {} : { ttl: (exp - now()) / 1000 });
  }
  return driver;
}

/** Who heals a store, and by which names values are claimed in it. */
export interface Healing {
  readonly make: typeof createAuth;
  readonly claimKey: ClaimKey;
  /** Addresses that must let somebody in, besides those that accounts list. */
  readonly values: readonly string[];
}

/** What of a store does not heal; empty, if everything does. */
export async function unhealed(left: Left, healing: Healing): Promise<readonly string[]> {
  return [...await signingIn(left, healing), ...await sweeping(left, healing)];
}

async function heal<T>(
  left: Left,
  { make }: Healing,
  run: (here: World, auth: FullAuth) => Promise<T>,
): Promise<T> {
  const here = world("memory", "method", {
    start: left.now,
    seed: 999, // others than those of whoever was here before
    options: { rateLimit: false },
    createAuth: make,
    premises: (now) => own(restored(left, now)),
  });
  try {
    // Whoever waits, waits for a second at a time: until those who are gone are known to be.
    const sleep: Platform["sleep"] = (_, background) => background ? new Promise(() => {}) : here.turn(1);
    return await run(here, here.another({ platform: { sleep } }));
  } finally {
    await here.close();
  }
}

/** Each address lets its owner in, and whatever the owner does then works. */
function signingIn(left: Left, healing: Healing): Promise<readonly string[]> {
  return heal(left, healing, async (here, auth) => {
    const before = owners(await here.contents());
    const wrong: string[] = [];
    for (const value of new Set([...healing.values, ...before.keys()])) {
      try {
        const uid = await comesBack(here, auth, value);
        const owner = before.get(value) ?? uid;
        if (owner !== uid) wrong.push(`${value} signs in to ${uid}, and belonged to ${owner}`);
      } catch (error) {
        wrong.push(`${value} does not get in: ${error}`);
      }
    }
    return [...wrong, ...wrongWith(await here.contents(), healing.claimKey)];
  });
}

async function comesBack(here: World, auth: FullAuth, email: string): Promise<string> {
  const first = await entered(here, auth, email);
  await auth.sessions.endAll({ userId: first.user.id });
  const { user, session, refreshToken, accessToken } = await entered(here, auth, email);
  const found = await auth.getSession(new Headers({ authorization: `Bearer ${accessToken}` }));
  const refreshed = await auth.sessions.refresh({ refreshToken: String(refreshToken) });
  const ids = [first.user.id, found.user?.id, refreshed.user.id];
  if (ids.some((id) => id !== user.id) || refreshed.session.id !== session.id) {
    throw new Error("one who has signed in is not known");
  }
  const ended = await auth.sessions.refresh({ refreshToken: String(first.refreshToken) }).catch(() => null);
  if (ended !== null) throw new Error("an ended session was refreshed");
  return user.id;
}

async function entered(here: World, auth: FullAuth, email: string) {
  const somebody = client(auth, "method");
  const { challengeId } = await somebody.emailOtp.start({ email });
  return await somebody.emailOtp.verify({ challengeId, code: here.mailbox.code(email), session: "bearer" });
}

/** Two hours later, a sweep and a look at each account's sessions leave nothing that leads nowhere, and harm no account. */
function sweeping(left: Left, healing: Healing): Promise<readonly string[]> {
  return heal(left, healing, async (here, auth) => {
    const before = owners(await here.contents());
    await here.turn("2h");
    for (const uid of accountsIn(await here.contents())) await looksAtSessions(auth, uid);
    await auth.sweep();
    await auth.sweep(); // what led to something that went with the first
    const contents = await here.contents();
    const harmed = [...before].filter(([value, uid]) => owners(contents).get(value) !== uid);
    return [
      ...leftIn(contents, healing.claimKey, here.now()).map((one) => `a sweep leaves ${one}`),
      ...harmed.map(([value]) => `a sweep takes ${value} from its account`),
    ];
  });
}

async function looksAtSessions(auth: FullAuth, userId: string): Promise<void> {
  await auth.sessions.list({ userId });
}

function accountsIn(contents: Contents): readonly string[] {
  return [...contents].filter(([key, text]) => isUser(key) && accountOf(text) !== null).map(([key]) =>
    key.slice("users:".length)
  );
}

/** Whose each address is. */
function owners(contents: Contents): ReadonlyMap<string, string> {
  return new Map(
    accountsIn(contents).flatMap((uid) =>
      (accountOf(contents.get(`users:${uid}`))?.identifiers ?? [])
        .filter(({ type }) => type === "email")
        .map(({ value }) => [value, uid] as const)
    ),
  );
}
