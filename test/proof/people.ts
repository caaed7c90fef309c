// People who sign in, look, refresh and leave while nodes of their store die, and whether what they were told stays so.
import { createAuth } from "../../src/auth.ts";
import type { Driver } from "../../src/store/driver.ts";
import { type Mailbox, mailbox } from "../../src/testing/mailbox.ts";
import { type Client, client, type FullAuth, type Via } from "../suite/client.ts";
import { type Told, told } from "../suite/gate.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import { LINKS, PASSWORD } from "../suite/hashing.ts";

/** What people were told, all of them together. */
export interface Ledger {
  requests: number;
  /** Requests that were refused as `storage_unavailable`. */
  unavailable: number;
  /** How long the slowest request took, in milliseconds. */
  slowest: number;
  /** What must never be, whatever becomes of a store: an error that does not belong there, somebody let in by a wrong code. */
  readonly wrong: string[];
  /** What was answered, and is not so any more. */
  readonly lost: string[];
  /** The same of a refresh that was refused, and answered when it was asked for again and found to be done. */
  readonly undone: string[];
}

/** A session as its owner knows it. */
export interface Session {
  readonly email: string;
  readonly uid: string;
  readonly headers: Headers;
  refreshToken: string | undefined;
  /** Whether its end was answered. */
  ended: boolean;
  /** Whether its end was refused: it may have ended all the same. */
  unsure: boolean;
  /** Whether a refresh of it was refused before it was answered. */
  retried: boolean;
}

/** A code that was answered. */
export interface Used {
  readonly challengeId: string;
  readonly code: string;
}

/** Somebody who does one thing after the other, each at the next server. */
interface Lane {
  readonly via: Via;
  readonly number: number;
  readonly ask: <T>(request: (auth: FullAuth) => Promise<T>) => Promise<Told<T>>;
  /** Notes what must not be. */
  readonly note: (list: "wrong" | "lost" | "undone", what: string) => void;
  readonly box: Mailbox;
  readonly sessions: Session[];
  readonly used: Used[];
  /** Whose account it is, by address: null where that is not sure. */
  readonly owners: Map<string, string | null>;
  email: string;
  rounds: number;
}

/** People at work. */
export interface Load {
  readonly ledger: Ledger;
  readonly servers: readonly FullAuth[];
  readonly lanes: readonly Pick<Lane, "rounds" | "sessions" | "used" | "owners">[];
  /** Resolves when everybody has finished what they are at. */
  readonly stop: () => Promise<void>;
}

/** In seconds. */
export const DEADLINE = 1;
const UNAVAILABLE = "storage_unavailable";
const LIVING = 3; // sessions that somebody keeps
const STAY = 7; // rounds until an account is removed

/** A server of the library on a store, by the machine's clock, with a deadline in seconds. A crowd is not held up. */
export function serving(storage: Driver, { send }: Mailbox, deadline: number = DEADLINE): FullAuth {
  return createAuth({
    storage,
    secret: SECRET,
    baseUrl: BASE_URL,
    storageDeadline: `${deadline}s`,
    email: { from: "no-reply@example.com", send, links: LINKS },
    emailOtp: true,
    magicLink: true,
    password: PASSWORD,
    passkey: true,
    key: true,
    rateLimit: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

/** Lets `people` begin, half of them by HTTP, at servers that they take in turn. */
export function begin(servers: readonly FullAuth[], box: Mailbox, people: number): Load {
  const ledger: Ledger = { requests: 0, unavailable: 0, slowest: 0, wrong: [], lost: [], undone: [] };
  let over = false;
  const lanes = Array.from({ length: people }, (_, number) => laneOf(number, servers, { ledger, box }));
  const running = lanes.map(async (lane) => {
    while (!over) await round(lane);
  });
  return {
    ledger,
    servers,
    lanes,
    async stop() {
      over = true;
      await Promise.all(running);
    },
  };
}

function laneOf(
  number: number,
  servers: readonly FullAuth[],
  { ledger, box }: { readonly ledger: Ledger; readonly box: Mailbox },
): Lane {
  let turn = number;
  return {
    number,
    via: number % 2 === 0 ? "method" : "http",
    box,
    sessions: [],
    used: [],
    owners: new Map(),
    email: `person-${number}-0@example.com`,
    rounds: 0,
    note: (list, what) => void ledger[list].push(what),
    async ask(request) {
      const start = performance.now();
      const answer = await told(request(servers[turn++ % servers.length]!));
      ledger.requests++;
      ledger.slowest = Math.max(ledger.slowest, performance.now() - start);
      if (answer.code === UNAVAILABLE) ledger.unavailable++;
      return answer;
    },
  };
}

/** Signs in, looks, refreshes, and ends the oldest session; sometimes removes the account. A round counts when all was answered. */
async function round(lane: Lane): Promise<void> {
  const session = await signIn(lane);
  if (session === undefined) return;
  await check(lane, session);
  if (!await refresh(lane, session)) return;
  const living = lane.sessions.filter(({ ended, unsure, email }) =>
    !ended && !unsure && email === lane.email
  );
  const [oldest = session] = living;
  await check(lane, oldest);
  if (!await refresh(lane, oldest)) return;
  if (living.length > LIVING && !await signOut(lane, oldest)) return;
  lane.rounds++;
  if (lane.rounds % STAY === 0) await remove(lane, session);
}

async function signIn(lane: Lane): Promise<Session | undefined> {
  const { email, via } = lane;
  const started = await lane.ask((auth) => client(auth, via).emailOtp.start({ email }));
  if (!("value" in started)) return tell(lane, started, "a sign-in is not begun", []);
  const [{ challengeId }, code] = [started.value, lane.box.code(email)];
  if (lane.rounds % 3 === 0) await guess(lane, { challengeId, code });
  const mode = lane.rounds % 2 === 0 ? "cookie" : "bearer";
  let somebody: Client | undefined;
  const signed = await lane.ask((auth) => {
    somebody = client(auth, via);
    return somebody.emailOtp.verify({ challengeId, code, session: mode });
  });
  if (!("value" in signed) || somebody === undefined) {
    if (signed.code !== UNAVAILABLE) {
      tell(lane, signed, "a code that was mailed is unknown", ["challenge_invalid"]);
    }
    return undefined;
  }
  const { user: { id: uid }, refreshToken } = signed.value;
  const known = lane.owners.get(email);
  if (known !== undefined && known !== null && known !== uid) lane.note("lost", "an account is another one");
  lane.owners.set(email, uid);
  lane.used.push({ challengeId, code });
  const { headers } = somebody;
  const session: Session = {
    email,
    uid,
    headers,
    refreshToken,
    ended: false,
    unsure: false,
    retried: false,
  };
  lane.sessions.push(session);
  await expectUsed(lane, { challengeId, code });
  return session;
}

/** A wrong code lets nobody in. */
async function guess(lane: Lane, { challengeId, code }: Used): Promise<void> {
  const other = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  const guessed = await lane.ask((auth) =>
    client(auth, lane.via).emailOtp.verify({ challengeId, code: other })
  );
  if (!("code" in guessed)) lane.note("wrong", "a wrong code let somebody in");
  else if (guessed.code !== "code_invalid") {
    tell(lane, guessed, "a code that was mailed is unknown", ["challenge_invalid"]);
  }
}

async function expectUsed(lane: Lane, { challengeId, code }: Used): Promise<void> {
  const again = await lane.ask((auth) => client(auth, lane.via).emailOtp.verify({ challengeId, code }));
  if ("value" in again) lane.note("lost", "a code worked twice");
  else if (again.code !== "challenge_invalid") tell(lane, again, "", []);
}

/** Whoever is signed in is let in, and whoever is not is nobody. */
async function check(lane: Lane, session: Session): Promise<void> {
  const found = await lane.ask((auth) => auth.getSession(session.headers));
  if (!("value" in found)) return tell(lane, found, "", []);
  const { user } = found.value;
  if (user !== null && user.id !== session.uid) lane.note("wrong", "somebody is taken for somebody else");
  const isIn = user !== null;
  if (session.unsure || isIn !== session.ended) return;
  lane.note("lost", isIn ? "a session that was ended lives" : "a session that was told of is none");
  session.unsure = true; // told of once
}

/** Whether it was answered in the end: a refusal is followed by the same request, a few times. */
async function refresh(lane: Lane, session: Session): Promise<boolean> {
  const { refreshToken } = session;
  if (refreshToken === undefined || session.unsure) return true;
  const attempt = crypto.randomUUID();
  for (let tries = 0; tries < 5; tries++) {
    const answer = await lane.ask((auth) =>
      client(auth, lane.via).sessions.refresh({ refreshToken, attempt })
    );
    if ("value" in answer) {
      session.refreshToken = answer.value.refreshToken;
      return true;
    }
    if (answer.code !== UNAVAILABLE) {
      const refusals = ["session_ended", "token_invalid", "refresh_reused"];
      tell(lane, answer, "a refresh token that was told of is none", refusals, session.retried);
      session.unsure = true; // it has ended now
      return false;
    }
    session.retried = true;
  }
  return false;
}

async function signOut(lane: Lane, session: Session): Promise<boolean> {
  const answer = await lane.ask((auth) => as(auth, lane.via, session).sessions.signOut());
  if ("value" in answer) session.ended = true;
  else {
    tell(lane, answer, "a session that was told of is none", ["session_ended"]);
    session.unsure = true;
    return false;
  }
  await check(lane, session);
  return true;
}

/** Removes the account, and comes back with the same address; with another one where it is not sure. */
async function remove(lane: Lane, session: Session): Promise<void> {
  const { email, owners } = lane;
  const answer = await lane.ask((auth) => as(auth, lane.via, session).account.remove());
  const isRemoved = "value" in answer;
  if (!isRemoved) {
    tell(lane, answer, "a session that was told of is none", ["session_ended"]);
    lane.email = `person-${lane.number}-${lane.rounds}@example.com`;
    owners.set(email, null);
  } else owners.delete(email);
  for (const one of lane.sessions.filter((one) => one.email === email && !one.ended)) {
    if (isRemoved) one.ended = true;
    else one.unsure = true;
  }
  if (isRemoved) await check(lane, session);
}

function as(auth: FullAuth, via: Via, { headers }: Session): Client {
  const somebody = client(auth, via);
  somebody.wears(headers);
  return somebody;
}

/** Notes a refusal: as `loss` where only a loss explains it, as wrong where nothing does. */
function tell(
  lane: Lane,
  { code }: { readonly code?: string },
  loss: string,
  explained: readonly string[],
  retried = false,
): undefined {
  if (code === undefined || code === UNAVAILABLE) return;
  if (explained.includes(code)) lane.note(retried ? "undone" : "lost", loss);
  else lane.note("wrong", `${loss}: ${code}`);
}

/** Looks at all that was answered once more, when all is over, at servers in turn. */
export async function audit({ lanes, servers, ledger }: Load, fresh: FullAuth): Promise<void> {
  const all = [fresh, ...servers];
  await Promise.all(lanes.map(async ({ sessions, used, owners }, number) => {
    const lane = { ...laneOf(number, all, { ledger, box: mailbox() }), owners };
    for (const session of sessions) await check(lane, session);
    for (const session of sessions.filter(({ ended }) => !ended)) await refresh(lane, session);
    for (const [email, uid] of owners) {
      const found = await lane.ask((auth) => auth.users.find({ email }));
      if (!("value" in found)) lane.note("wrong", `nobody can say whose ${email} is: ${found.code}`);
      else if (uid !== null && found.value?.id !== uid) lane.note("lost", "an address has lost its account");
    }
    for (const one of used) await expectUsed(lane, one);
  }));
}
