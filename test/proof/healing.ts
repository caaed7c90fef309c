// Fresh servers on what somebody left in a store: what everybody must find there, whoever left it and however.
import type { createAuth } from "../../src/auth.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { Client, FullAuth, Via } from "../suite/client.ts";
import { own } from "../suite/stores.ts";
import { SECRET, type World, world } from "../suite/world.ts";
import { type Left, storeWith } from "./looked_at.ts";
import { accountOf, type Contents, isUser, leftIn, recordOf, wrongWith } from "./state.ts";
import type { Told, Wreck } from "./wreck.ts";

/** How it is healed. */
export interface Healing {
  readonly via: Via;
  /** How long after the crash, in seconds. */
  readonly later: number;
  readonly seed: number;
  /** How many people sign in, at most. */
  readonly most: number;
  readonly createAuth?: typeof createAuth | undefined;
}

/** A world that a crash left, and servers in it that know nothing. */
interface Ward extends World {
  readonly wreck: Wreck;
  readonly fresh: (options?: Partial<AuthOptions>) => FullAuth;
  readonly most: number;
  readonly wrong: string[];
}

const MOMENT = 100; // ms: who waits that long for another lets time pass
const WAIT = 0.25; // seconds that pass then

/** What is wrong with what was left: empty, if everybody finds what is theirs and nothing stays behind. */
export async function wrongAfter(wreck: Wreck, healing: Healing): Promise<readonly string[]> {
  const wrong: string[] = [...wrongWith(wreck.texts, wreck.claimKey)];
  for (
    const healers of [[
      sessionsAreWhatTheyWere,
      codesWorkOnce,
      signaturesWorkOnce,
      everybodySignsIn,
      nothingStays,
    ], [
      nothingStays,
    ]]
  ) {
    const ward = wardOf(wreck, healing, wrong);
    for (const healer of healers) {
      await healer(ward).catch((error) =>
        wrong.push(`${healer.name}: ${Object(error).code ?? Object(error).stack}`)
      );
    }
    await ward.close();
  }
  return [...new Set(wrong)];
}

function wardOf(wreck: Wreck, { via, later, seed, most, createAuth }: Healing, wrong: string[]): Ward {
  const here = world("memory", via, {
    start: wreck.now + later * 1000,
    seed,
    premises: (now) => own(storeWith(wreck, now)),
    ...(createAuth && { createAuth }),
  });
  // Whoever waits for somebody who will never come waits in vain, but not for long.
  const sleep = (ms: number) => ms < MOMENT ? here.turn(WAIT) : new Promise<void>(() => {});
  const platform = { sleep };
  const secret = wreck.secrets.length > 0 ? wreck.secrets : SECRET;
  const fresh: Ward["fresh"] = (options = {}) =>
    here.another({
      rateLimit: false,
      ...wreck.common,
      ...options,
      secret,
      platform,
    });
  return { ...here, wreck, fresh, most, wrong };
}

/** Sessions that were told of and not ended are in; ended ones are out. */
async function sessionsAreWhatTheyWere(ward: Ward): Promise<void> {
  for (const told of ward.wreck.sessions) {
    if (told.ended === null) continue;
    const found = await shown(ward, told);
    for (const [how, code] of Object.entries(found)) {
      // An access token may have run out before its session, or its key may have been revoked.
      const isDead = code === "session_ended" || (how !== "access token" && code !== "in");
      if (told.ended ? code === "in" || BROKEN.has(code) : isDead) {
        ward.wrong.push(`a session that had ${told.ended ? "" : "not "}ended, by its ${how}: ${code}`);
      }
    }
  }
}

const BROKEN: ReadonlySet<string> = new Set(["internal", "storage_corrupt", "storage_unavailable"]);

/** What becomes of whoever shows what they hold of a session. */
async function shown(
  ward: Ward,
  { uid, sid, cookie, accessToken, refreshToken }: Told,
): Promise<Readonly<Record<string, string>>> {
  const plain = ward.fresh();
  const found: Record<string, string> = {};
  found["entry"] = await plain.sessions.list({ userId: uid }).then(
    ({ items }) => items.some(({ id }) => id === sid) ? "in" : "not listed",
    ({ code }) => String(code),
  );
  if (cookie !== undefined) {
    const { storage: _, platform: __, hooks: ___, ...options } = cookie.options;
    const headers = new Headers({ cookie: cookie.pair });
    found["cookie"] = await outcome(ward.fresh(options).requireSession(headers));
  }
  if (accessToken !== undefined) {
    const headers = new Headers({ authorization: `Bearer ${accessToken}` });
    found["access token"] = await outcome(plain.requireSession(headers));
  }
  if (refreshToken !== undefined) {
    found["refresh token"] = await outcome(ward.at(plain).sessions.refresh({ refreshToken }));
  }
  return found;
}

async function outcome(call: Promise<unknown>): Promise<string> {
  return await call.then(() => "in", (error) => String(error.code ?? error));
}

/** A code or a link that was mailed lets in once at most, however many try it at once; not at all if it had let somebody in. */
async function codesWorkOnce(ward: Ward): Promise<void> {
  for (const { challengeId, says, spent } of ward.wreck.codes) {
    const what = "code" in says ? "a code" : "a link";
    const tries = [ward.fresh(), ward.fresh()].map((auth) => {
      const { emailOtp, magicLink } = ward.at(auth);
      return outcome(
        "code" in says
          ? emailOtp.verify({ challengeId, ...says })
          : magicLink.verify({ challengeId, ...says }),
      );
    });
    const outcomes = await Promise.all(tries);
    const times = outcomes.filter((one) => one === "in").length + (spent ? 1 : 0);
    if (times > 1) ward.wrong.push(`${what} let in ${times} times`);
    const odd = outcomes.filter((one) => !REFUSED.has(one));
    if (odd.length > 0) ward.wrong.push(`${what} was answered with ${odd}`);
  }
}

// Which of two steps of one moment a link is of is not to be seen: followed with the id of the other it is elsewhere.
const REFUSED: ReadonlySet<string> = new Set(["in", "challenge_invalid", "code_invalid", "browser_mismatch"]);

/** So does a signature that was sent. */
async function signaturesWorkOnce(ward: Ward): Promise<void> {
  for (const { by, answer, spent } of chosen(ward.wreck.signatures, ward.most, ward.random)) {
    const tries = [ward.fresh(), ward.fresh()].map((auth) => outcome(ward.at(auth)[by].finishSignIn(answer)));
    const outcomes = await Promise.all(tries);
    const times = outcomes.filter((one) => one === "in").length + (spent ? 1 : 0);
    if (times > 1) ward.wrong.push(`a signature let in ${times} times`);
    const odd = outcomes.filter((one) => BROKEN.has(one));
    if (odd.length > 0) ward.wrong.push(`a signature was answered with ${odd}`);
  }
}

/** Whoever was mailed, or stands in an account, signs in at two fresh servers at once: they are one account, the one that had the
 * address before, and both know each other's sessions. Then all are ended. */
async function everybodySignsIn(ward: Ward): Promise<void> {
  const { wreck, wrong } = ward;
  const people = chosen(wreck.addresses, ward.most, ward.random);
  for (const email of people) {
    const [one, two] = [ward.fresh(), ward.fresh()];
    const before = await one.users.find({ email });
    const tries = [await ask(ward, one, email), await ask(ward, two, email)];
    const outcomes = await Promise.all(tries.map((enter) =>
      enter().catch((error) => {
        // Whoever proves the address of an account that nobody had proved ends all that was begun before.
        if (before?.emailVerified !== false || error.code !== "challenge_invalid") throw error;
        return null;
      })
    ));
    const clients = outcomes.flatMap((one) => one ?? []);
    if (clients.length === 0) wrong.push("of two who proved one address none was let in");
    const ids = new Set(clients.map(({ id }) => id));
    if (ids.size !== 1) wrong.push(`who signed in at two servers at once has ${ids.size} accounts`);
    if (before !== null && !ids.has(before.id)) wrong.push("who had an account has another one");
    const known = () =>
      Promise.all(
        clients.flatMap(({ headers }) => [one, two].map((auth) => outcome(auth.requireSession(headers)))),
      );
    const now = await known();
    const refreshed = await Promise.all(clients.map(({ refreshToken }) => refresh(ward, refreshToken)));
    const told = [...now, ...refreshed];
    if (told.some((code) => code !== "in")) {
      wrong.push(`who has just signed in is told, by two servers: ${told}`);
    }
    for (const userId of ids) await one.sessions.endAll({ userId });
    const left = [
      ...await known(),
      ...await Promise.all(clients.map((held) => refresh(ward, held.refreshToken))),
    ];
    if (left.some((code) => code !== "session_ended")) wrong.push(`all sessions were ended, and are ${left}`);
  }
  wrong.push(...wrongWith(await ward.contents(), wreck.claimKey));
}

interface Entered {
  readonly id: string;
  readonly headers: Headers;
  readonly refreshToken: string;
}

async function refresh(ward: Ward, refreshToken: string): Promise<string> {
  return await outcome(ward.at(ward.fresh()).sessions.refresh({ refreshToken }));
}

/** Asks for a code, which is the first half of a sign-in. Whoever was mailed too often, or could not be, waits a day. */
async function ask(ward: Ward, auth: FullAuth, email: string): Promise<() => Promise<Entered>> {
  const client: Client = ward.at(auth);
  const mailed = () => ward.mailbox.messages.filter(({ to }) => to.address === email).length;
  const before = mailed();
  let { challengeId } = await client.emailOtp.start({ email });
  if (mailed() === before) {
    await ward.turn("25h");
    ({ challengeId } = await client.emailOtp.start({ email }));
  }
  const code = ward.mailbox.code(email);
  return async () => {
    const { user, refreshToken } = await client.emailOtp.verify({ challengeId, code, session: "bearer" });
    return { id: user.id, headers: client.headers, refreshToken: String(refreshToken) };
  };
}

function chosen<T>(all: readonly T[], most: number, random: World["random"]): readonly T[] {
  if (all.length <= most) return all;
  const [byte = 0] = random(1);
  const first = byte % all.length;
  return [...all.slice(first), ...all.slice(0, first)].slice(0, most);
}

/** Two hours later a sweep, and a look at each account's sessions, leave nothing that leads nowhere; and no account is harmed. */
async function nothingStays(ward: Ward): Promise<void> {
  const auth = ward.fresh();
  const before = await ward.contents();
  await ward.turn("2h");
  const known = await ward.contents();
  await auth.sweep();
  for (const key of before.keys()) {
    if (isUser(key)) await auth.sessions.list({ userId: key.slice("users:".length) });
  }
  await auth.sweep();
  const after = await ward.contents();
  if (ward.wreck.claimKey !== null) ward.wrong.push(...leftIn(after, ward.wreck.claimKey, ward.now()));
  ward.wrong.push(...harmed(known, after, ward.now()));
}

/** What was left, a day later and swept. */
export async function sweptLater(wreck: Wreck, via: Via): Promise<Left> {
  const ward = await wardOf(wreck, { via, later: DAY, seed: 1, most: 0 }, []);
  await ward.fresh().sweep();
  const texts = await ward.contents();
  const entries = [...wreck.entries].flatMap(([key, { exp }]) => {
    const text = texts.get(key);
    return text === undefined ? [] : [[key, { text, exp }] as const];
  });
  const now = ward.now();
  await ward.close();
  return { entries: new Map(entries), now };
}

const DAY = 25 * 3600; // seconds: whatever waits for an answer has run out

/** What a sweep took from whom it belongs to. */
function harmed(before: Contents, after: Contents, now: number): readonly string[] {
  return [...before].flatMap(([key, text]) => {
    const account = isUser(key) ? accountOf(text) : null;
    if (account === null) return [];
    const kept = accountOf(after.get(key));
    const lost = account.sessions.filter(({ sid, exp }) =>
      exp > now && isUnexpired(before.get(recordOf(key, sid)), now) &&
      kept?.sessions.some((one) => one.sid === sid) !== true
    );
    const same = kept !== null &&
      JSON.stringify({ ...account, ...VARYING }) === JSON.stringify({ ...kept, ...VARYING });
    return [
      ...(same ? [] : [`a sweep changed account ${key}`]),
      ...lost.map(({ sid }) => `a sweep ended session ${sid}`),
    ];
  });
}

/** Whether a record is there and was used lately enough: a store may keep those that were not. */
function isUnexpired(record: string | undefined, now: number): boolean {
  return record !== undefined && (JSON.parse(record) as { readonly exp: number }).exp > now;
}

/** What changes when sessions that never came are struck off, and when a reservation that nobody waits for ends. */
const VARYING = { sessions: [], reserving: undefined, rev: 0, w: "", sum: "" };
