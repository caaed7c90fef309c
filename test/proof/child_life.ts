// Another process that lives on the library until it is killed. In each lane people sign up, in and out, refresh, and remove their
// accounts, one thing after the other. What is about to be asked is said before, and what was answered at once.
import { writeSync } from "node:fs";
import { createAuth } from "../../src/auth.ts";
import { newId } from "../../src/crypto/token.ts";
import type { Grant } from "../../src/model.ts";
import { chance } from "../../src/testing/chance.ts";
import { mailbox } from "../../src/testing/mailbox.ts";
import type { Got } from "../races/child.ts";
import { headersOf } from "../races/sign_ins.ts";
import { told } from "../suite/gate.ts";
import { type Change, planted } from "../suite/planted.ts";
import { openAt, type StoreOnDisk } from "../suite/stores_on_disk.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import { LINKS, PASSWORD } from "../suite/hashing.ts";
import { type DriverName, DRIVERS } from "./bad_drivers.ts";

/** What a process is to live on. */
export interface Life {
  readonly store: StoreOnDisk;
  readonly path: string;
  readonly seed: number;
  /** Part of the addresses that nobody else uses. */
  readonly name: string;
  /** An address that other processes use too. */
  readonly shared: string;
  readonly changes: readonly Change[];
  readonly driver: DriverName;
  /** Dies by itself right after an answer of this kind, to somebody who has the address alone; null: it waits to be killed. */
  readonly diesAfter: Deed["does"] | null;
  /** Whether it ends by itself when it has said its keys. */
  readonly ends: boolean;
}

/** What can be asked for. */
export type Deed =
  | { readonly does: "verify"; readonly challengeId: string; readonly code: string }
  | { readonly does: "refresh"; readonly session: string; readonly attempt: string }
  | { readonly does: "end"; readonly session: string }
  | { readonly does: "endAll" | "remove" | "update"; readonly user: string };

/** What the process says. */
export type Word =
  /** First: which keys it signs by. */
  | { readonly keys: readonly string[] }
  /** It is about to ask. */
  | { readonly of: string; readonly asks: Deed }
  /** It was answered. */
  | { readonly of: string; readonly told: Deed; readonly got: Got | null }
  | { readonly of: string; readonly refused: string };

const LANES = 3; // in the last of them, the shared address
const ATTEMPT = 16; // characters at least

const life = JSON.parse(process.argv[2] ?? "") as Life; // our own test wrote it
const make = life.changes.length === 0 ? createAuth : await planted(life.changes);
const box = mailbox();
const random = chance(life.seed);
const server = make({
  storage: DRIVERS[life.driver](openAt(life.store, life.path)),
  secret: SECRET,
  baseUrl: BASE_URL,
  email: { from: "no-reply@example.com", send: box.send, links: LINKS },
  emailOtp: true,
  magicLink: true,
  password: PASSWORD,
  passkey: true,
  key: true,
  rateLimit: false, // a crowd is not held up
  platform: { log: { warn: () => {} } }, // of that
});

const { keys } = await server.signingKeys.jwks();
say({ keys: keys.map(({ kid }) => String(kid)) });
if (life.ends) await server.close();
else await Promise.all(Array.from({ length: LANES }, (_, lane) => live(lane)));

async function live(lane: number): Promise<void> {
  for (let n = 0;; n++) {
    const email = lane === LANES - 1 ? life.shared : `p-${life.name}-${lane}-${n}@example.com`;
    const held = new Map<string, Got>();
    for (let deeds = 4 + byte() % 12; deeds > 0; deeds--) await act(email, held);
  }
}

/** One deed of whoever has the address. */
async function act(email: string, held: Map<string, Got>): Promise<void> {
  const lot = byte();
  const one = [...held.values()].at(lot % Math.max(held.size, 1));
  if (one === undefined || lot < 70) return await enter(email, held);
  const { session, user: userId, refreshToken } = one;
  if (lot < 130 && refreshToken !== undefined) {
    const attempt = newId(random).slice(0, ATTEMPT);
    const deed = { does: "refresh", session, attempt } as const;
    return await ask(email, held, deed, () => server.sessions.refresh({ refreshToken, attempt }));
  }
  if (lot < 180) {
    const deed = { does: "end", session } as const;
    await ask(email, held, deed, () => server.sessions.end({ userId, id: session }));
    return void held.delete(session);
  }
  if (lot < 215) {
    await ask(email, held, { does: "endAll", user: userId }, () => server.sessions.endAll({ userId }));
  } else if (lot < 240) {
    await ask(email, held, { does: "remove", user: userId }, () => server.account.remove({ userId }));
  } else {return await ask(email, held, { does: "update", user: userId }, () =>
      server.account.update({ userId, name: "Ada" }));}
  held.clear();
}

async function enter(email: string, held: Map<string, Got>): Promise<void> {
  const begun = await told(server.emailOtp.start({ email }));
  if (begun.code !== undefined) return say({ of: email, refused: begun.code });
  const { challengeId } = begun.value;
  const code = box.code(email);
  const session = byte() % 2 === 0 ? "cookie" : "bearer";
  const deed = { does: "verify", challengeId, code } as const;
  await ask(email, held, deed, () => server.emailOtp.verify({ challengeId, code, session }));
}

/** Says it, asks, and says what came of it. */
async function ask(
  email: string,
  held: Map<string, Got>,
  deed: Deed,
  call: () => Promise<unknown>,
): Promise<void> {
  say({ of: email, asks: deed });
  const outcome = await told(call());
  if (outcome.code !== undefined) {
    if ("session" in deed) held.delete(deed.session); // nobody knows how it is with that one
    return say({ of: email, refused: outcome.code });
  }
  const isGrant = deed.does === "verify" || deed.does === "refresh";
  const got = isGrant ? gotBy(outcome.value as Grant) : null; // what these two answer
  if (got !== null) held.set(got.session, got);
  say({ of: email, told: deed, got });
  if (deed.does === life.diesAfter && email !== life.shared) process.kill(process.pid, "SIGKILL");
}

function gotBy(grant: Grant): Got {
  return {
    user: grant.user.id,
    session: grant.session.id,
    refreshToken: grant.refreshToken,
    headers: Object.fromEntries(headersOf(server, grant)),
  };
}

function byte(): number {
  return random(1)[0] ?? 0;
}

/** At once: what was answered must have been told when the next instant kills us. */
function say(word: Word): void {
  writeSync(1, `${JSON.stringify(word)}\n`);
}
