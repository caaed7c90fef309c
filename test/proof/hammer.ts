// Everything that can be asked of the library, over and over, by chance, about the same few accounts. Every request is noted.
import { sha256Text } from "../../src/base/hash.ts";
import { parseRefreshToken } from "../../src/crypto/token.ts";
import type { Grant, Message } from "../../src/model.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { Driver, MaybePromise } from "../../src/store/driver.ts";
import type { Mailbox } from "../../src/testing/mailbox.ts";
import { headersOf } from "../races/sign_ins.ts";
import type { FullAuth } from "../suite/client.ts";
import { LINKS, PASSWORD } from "../suite/hashing.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import type { Board, Held, Waiting } from "./board.ts";
import type { Clock } from "./recording.ts";
import type { Facts, Request } from "./requests.ts";

/** What a process hammers with. */
export interface Hammer {
  readonly process: string;
  readonly auth: FullAuth;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly board: Board;
  /** Where each request is noted. */
  readonly log: Request[];
  /** A number below `sides`. */
  readonly dice: (sides: number) => number;
}

/** How long a token that was traded in may still be shown, in milliseconds. */
export const LEEWAY = 1000;

/** What the servers of all processes are told, besides where their store is. */
export const OPTIONS:
  & Partial<AuthOptions>
  & Required<Pick<AuthOptions, "emailOtp" | "magicLink" | "passkey" | "password" | "key">> = {
    emailOtp: { resendAfter: "0s" },
    magicLink: true,
    passkey: true,
    password: PASSWORD,
    key: true,
    session: { reuseLeeway: "1s" },
    rateLimit: false, // nobody is held up
    storageDeadline: "30s", // a busy machine is no reason to give up
  };

/** What every server is told here. */
export function common(storage: Driver, send: (message: Message) => MaybePromise<void>): AuthOptions {
  return {
    storage,
    secret: SECRET,
    baseUrl: BASE_URL,
    email: { from: "no-reply@example.com", send, links: LINKS },
    platform: { log: { warn() {} } }, // of what we want to be so
  };
}

const EMAILS = ["ada", "bob", "cyd", "dan"].map((name) => `${name}@example.com`);
const WORKERS = 4;

/** How often each is done. */
const SHARES: Readonly<Record<keyof typeof work, number>> = {
  start: 30,
  resend: 8,
  verify: 40,
  guess: 20,
  check: 60,
  refresh: 40,
  end: 9,
  endAll: 5,
  remove: 1,
  rebirth: 3,
  list: 10,
  update: 8,
  find: 8,
  rotate: 1,
  sweep: 1,
};

/** So many requests are noted however slow the machine is: fewer show nothing. */
const LEAST = 300;

/** Hammers until `isOver`, with some requests at a time. */
export async function hammering(hammer: Hammer, isOver: () => boolean): Promise<void> {
  const deck = Object.entries(SHARES).flatMap(([name, share]) =>
    Array<keyof typeof work>(share).fill(name as keyof typeof work)
  ); // its keys
  const worker = async () => {
    while (!isOver() || hammer.log.length < LEAST) {
      const one = work[pick(hammer, deck)];
      if (await one(hammer) === "nothing to do") await work.start(hammer);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}

type Done = void | "nothing to do";

const work = {
  async start(hammer: Hammer): Promise<Done> {
    hang(hammer, await begin(hammer, pick(hammer, EMAILS)));
  },

  async resend(hammer: Hammer): Promise<Done> {
    const waiting = newest(hammer, hammer.board.waiting);
    if (waiting === null) return "nothing to do";
    const { challenge, email } = waiting;
    const mailed = await mailing(hammer, email, async () => {
      await hammer.auth.challenges.resend({ challengeId: challenge });
      return challenge;
    }, () => ({ did: "resend", email, challenge }));
    hang(hammer, mailed);
  },

  async verify(hammer: Hammer): Promise<Done> {
    const waiting = newest(hammer, hammer.board.waiting);
    return waiting === null ? "nothing to do" : await answer(hammer, waiting, waiting.code);
  },

  async guess(hammer: Hammer): Promise<Done> {
    const waiting = newest(hammer, hammer.board.waiting);
    return waiting === null ? "nothing to do" : await answer(hammer, waiting, "000000");
  },

  async check(hammer: Hammer): Promise<Done> {
    const held = newest(hammer, hammer.board.held);
    if (held === null) return "nothing to do";
    const { user, session, by, headers } = held;
    await note(hammer, async () => {
      const found = await hammer.auth.requireSession(new Headers(headers));
      if (found.user.id !== user || found.session.id !== session) {
        throw new TypeError("somebody else's session");
      }
    }, () => ({ did: "check", user, session, by }));
  },

  async refresh(hammer: Hammer): Promise<Done> {
    const held = newest(hammer, hammer.board.held.filter(({ tokens }) => tokens !== null));
    if (held === null || held.tokens === null) return "nothing to do";
    const { user, session, tokens } = held;
    const shown = tokens[hammer.dice(6) === 0 ? 1 : 0];
    const grant = await note(
      hammer,
      () => hammer.auth.sessions.refresh({ refreshToken: shown }),
      (got) => ({
        did: "refresh",
        ...{ user, session, shown: generationOf(shown) ?? -1 },
        got: got === null ? null : generationOf(got.refreshToken),
        token: got === null ? null : sha256Text(got.refreshToken ?? "").slice(0, 16),
      }),
    );
    if (grant !== null) hammer.board.tell({ held: heldBy(hammer, grant, tokens[1]) });
  },

  async end(hammer: Hammer): Promise<Done> {
    const held = mortal(hammer);
    if (held === null) return "nothing to do";
    const { user, session } = held;
    await note(
      hammer,
      () => hammer.auth.sessions.end({ userId: user, id: session }),
      () => ({ did: "end", user, session }),
    );
  },

  async endAll(hammer: Hammer): Promise<Done> {
    const user = mortal(hammer)?.user;
    if (user === undefined) return "nothing to do";
    await note(hammer, () => hammer.auth.sessions.endAll({ userId: user }), () => ({ did: "endAll", user }));
  },

  async remove(hammer: Hammer): Promise<Done> {
    const user = mortal(hammer)?.user;
    if (user === undefined) return "nothing to do";
    await note(hammer, () => hammer.auth.users.remove({ id: user }), () => ({ did: "remove", user }));
  },

  /** Removes an account, tries an answer that was meant for it, and signs up with its address more than once. */
  async rebirth(hammer: Hammer): Promise<Done> {
    const held = mortal(hammer);
    if (held === null || held.email === null) return "nothing to do";
    const { user, email } = held;
    await note(hammer, () => hammer.auth.users.remove({ id: user }), () => ({ did: "remove", user }));
    const old = hammer.board.waiting.findLast((one) => one.email === email);
    if (old !== undefined) await answer(hammer, old, old.code);
    const begun = [await begin(hammer, email), await begin(hammer, email), await begin(hammer, email)];
    await Promise.all(
      begun.map(async (one) => one === null ? undefined : await answer(hammer, one, one.code)),
    );
  },

  async list(hammer: Hammer): Promise<Done> {
    const user = newest(hammer, hammer.board.held)?.user;
    if (user === undefined) return "nothing to do";
    await note(
      hammer,
      () => hammer.auth.sessions.list({ userId: user }),
      (found) => ({ did: "list", user, sessions: found?.items.map(({ id }) => id) ?? null }),
    );
  },

  async update(hammer: Hammer): Promise<Done> {
    const held = newest(hammer, hammer.board.held);
    if (held === null) return "nothing to do";
    const { user, session } = held;
    const name = `name ${hammer.dice(200)}`;
    await note(
      hammer,
      () => hammer.auth.account.update({ userId: user, sessionId: session, name }),
      () => ({ did: "update", user, session }),
    );
  },

  async find(hammer: Hammer): Promise<Done> {
    const email = pick(hammer, EMAILS);
    await note(
      hammer,
      () => hammer.auth.users.find({ email }),
      (found) => ({ did: "find", email, user: found?.id ?? null }),
    );
  },

  async rotate(hammer: Hammer): Promise<Done> {
    const revoke = hammer.dice(4) === 0;
    await note(hammer, () => hammer.auth.signingKeys.rotate({ revoke }), () => ({ did: "rotate", revoke }));
  },

  async sweep(hammer: Hammer): Promise<Done> {
    await note(hammer, () => hammer.auth.sweep(), () => ({ did: "sweep" }));
  },
};

/** What is noted of a request by its kind. */
type Noted = { readonly [D in keyof Facts]: { readonly did: D } & Facts[D] }[keyof Facts];

/** Notes a request, and resolves to its answer; null where it was refused. `facts` gets that, and the error. */
async function note<T>(
  { process, clock, log }: Hammer,
  request: () => Promise<T>,
  facts: (answer: T | null, error: unknown) => Noted,
): Promise<T | null> {
  const asked = clock.since();
  let [answer, error]: [T | null, unknown] = [null, null];
  try {
    answer = await request();
  } catch (thrown) {
    error = thrown;
  }
  const code = error === null ? null : String(Object(error).code ?? error);
  log.push({ process, asked, answered: clock.until(), code, ...facts(answer, error) });
  return answer;
}

async function begin(hammer: Hammer, email: string): Promise<Waiting | null> {
  return await mailing(hammer, email, async () => {
    const { challengeId } = await hammer.auth.emailOtp.start({ email });
    return challengeId;
  }, (challenge) => ({ did: "start", email, challenge }));
}

function hang({ board }: Hammer, waiting: Waiting | null): void {
  if (waiting !== null) board.tell({ waiting });
}

/** Asks for a mail, and resolves to what it brings; null where there was none. One at a time for an address in a process: so the last mail is the one. */
async function mailing(
  hammer: Hammer,
  email: string,
  request: () => Promise<string>,
  facts: (challenge: string | null) => Noted,
): Promise<Waiting | null> {
  const { mailbox, clock } = hammer;
  const before = lines.get(mailbox)?.get(email);
  const turn = (async () => {
    await before;
    const [mails, mailed] = [mailbox.messages.length, clock.since()];
    const challenge = await note(hammer, request, facts);
    const came = mailbox.messages.slice(mails).some(({ to }) => to.address === email);
    if (challenge === null || !came) return null;
    return { email, challenge, code: mailbox.code(email), mailed };
  })();
  lines.set(mailbox, (lines.get(mailbox) ?? new Map<string, Promise<unknown>>()).set(email, turn));
  return await turn;
}

/** The last request for a mail, by mailbox and address. */
const lines = new WeakMap<Mailbox, Map<string, Promise<unknown>>>();

async function answer(
  hammer: Hammer,
  { email, challenge, code: right, mailed }: Waiting,
  code: string,
): Promise<void> {
  const session = hammer.dice(2) === 0 ? "cookie" : "bearer";
  const grant = await note(
    hammer,
    () => hammer.auth.emailOtp.verify({ challengeId: challenge, code, session }),
    (got, error) => ({
      did: "verify",
      ...{ email, challenge, mailed: code === right ? mailed : null },
      left: Object(error).details?.attemptsLeft ?? null,
      got: got === null ? null : { user: got.user.id, session: got.session.id },
    }),
  );
  if (grant !== null) hammer.board.tell({ held: heldBy(hammer, grant, grant.refreshToken) });
}

function heldBy({ auth }: Hammer, grant: Grant, first: string | undefined): Held {
  const { refreshToken: newest } = grant;
  return {
    ...{ user: grant.user.id, email: grant.user.email, session: grant.session.id },
    by: newest === undefined ? "cookie" : "bearer",
    headers: Object.fromEntries(headersOf(auth, grant)),
    tokens: newest === undefined || first === undefined ? null : [newest, first],
  };
}

function generationOf(token: string | undefined): number | null {
  return parseRefreshToken(token ?? "")?.generation ?? null;
}

/** A session that may end now. Those of one address are mostly left in peace, or no session would grow old. */
function mortal(hammer: Hammer): Held | null {
  const held = newest(hammer, hammer.board.held);
  return held?.email === EMAILS[0] && hammer.dice(16) > 0 ? null : held;
}

/** One of them; half the time one of the three newest, which the others are after as well. */
function newest<T>(hammer: Hammer, all: readonly T[]): T | null {
  return all.length === 0 ? null : pick(hammer, hammer.dice(2) === 0 ? all.slice(-3) : all);
}

function pick<T>({ dice }: Hammer, all: readonly T[]): T {
  return all[dice(all.length)] as T; // there is one
}
