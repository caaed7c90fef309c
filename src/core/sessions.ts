import { after } from "../base/after.ts";
import { equal } from "../base/encoding.ts";
import { sha256Text } from "../base/hash.ts";
import { keptOf } from "../base/said.ts";
import { formatSessionToken, newId, newSecret, parseSessionToken } from "../crypto/token.ts";
import type { MaybeCaller } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo, SessionMode } from "../model.ts";
import { collection } from "../store/collection.ts";
import type { MaybePromise } from "../store/driver.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";
import type { Events } from "./events.ts";
import { type Account, isListed, type Listed } from "./account_record.ts";
import { type RefreshGround, refreshTokens } from "./refresh_tokens.ts";
import { Served } from "./served.ts";
import { type Found, isDue, SESSION_SHAPE, type SessionRecord, type Use, used } from "./session_record.ts";

/** What a request showed to say who it is. `doubled`: our cookie twice. */
export type Credential =
  | { readonly kind: "cookie" | "bearer"; readonly token: string }
  | { readonly kind: "none" }
  | { readonly kind: "doubled" };

/** Who a credential says it is, or why it says nobody. */
export type Identified =
  | { readonly is: "found"; readonly found: Found }
  | { readonly is: "unauthenticated" | "token_invalid" | "token_expired" | "session_ended" };

/** How a session begins. */
export interface Opening {
  readonly mode: SessionMode;
  /** For whom its access tokens are to be. */
  readonly audience: string | undefined;
  readonly amr: readonly string[];
  readonly client: ClientInfo | undefined;
}

/** A session with the token that only its owner gets. */
export interface Held {
  readonly found: Found;
  readonly token: string;
}

/** Which sessions end: one, or all but one. `acting` is the session on whose authority. */
export type Ending =
  | { readonly sid: string; readonly acting: string | undefined }
  | { readonly except: string | undefined; readonly acting: string | undefined };

/** The sessions of a store. A session lives if and only if its account lists it and neither has expired. */
export interface Sessions {
  /** What an account is to list for a new session. */
  readonly entry: () => Listed;
  /** Writes the record of a session that `account` already lists.
   * @throws {AuthError} `storage_unavailable` where that took so long that it may have been taken for one that never came */
  readonly open: (uid: string, account: Account, entry: Listed, opening: Opening) => Promise<Held>;
  /** Who a credential says it is; at once where the driver answers at once. Both records are read together. Notes the use, when the last
   * note is old. `audiences`: for one of whom the session must be. Without them a token must be for us; a cookie is always shown to us
   * alone. */
  readonly identify: (credential: Credential, audiences?: readonly string[]) => MaybePromise<Identified>;
  /** Keeps what was just found for as long as the request's `client` lives, so that a method which only reads asks the store
   * no second time. */
  readonly keep: (client: ClientInfo, found: Found) => void;
  /** What was kept for the caller. */
  readonly kept: (caller: MaybeCaller) => Found | null;
  /** A live session by its ids, or null. */
  readonly load: (uid: string, sid: string) => MaybePromise<Found | null>;
  /** The live sessions of an account, oldest first. Those whose record never came are struck off the list. */
  readonly list: (uid: string) => Promise<readonly Found[]>;
  /** Trades a refresh token for the current one. `prepare` runs before, unless the token was used before: if it fails, nothing has
   * happened. It gets to know of the session's account only where claims are asked for.
   * @throws {AuthError} `token_invalid`, `session_ended`, `refresh_reused` (and the session has ended) */
  readonly refresh: <T>(
    token: string,
    attempt: string | undefined,
    prepare: (record: SessionRecord, found: Found | null) => Promise<T>,
    client?: ClientInfo,
  ) => Promise<{ readonly held: Held; readonly prepared: T | undefined }>;
  /** Ends sessions; all but one is also `epoch + 1`. Resolves to the ids of those that ended.
   * @throws {AuthError} `session_ended` where the acting session no longer lives */
  readonly end: (uid: string, ending: Ending, client?: ClientInfo) => Promise<readonly string[]>;
  /** Removes the records of sessions that are no longer listed. Resolves to how many went. */
  readonly drop: (uid: string, sids: readonly string[]) => Promise<number>;
  readonly sweepers: readonly Sweeper[];
}

/** What sessions stand on. */
export interface Ground extends RefreshGround {
  readonly events: Events;
}

const IDS = /^[a-z2-7]{26}:[a-z2-7]{26}$/; // of an account and of its session
const PRUNE_AFTER = 60_000; // ms: a start takes at most twice the longest deadline of 30 s

/** The sessions of a store. */
export function sessions(ground: Ground): Sessions {
  const { store, events, accounts, settings } = ground;
  const { platform } = store;
  const records = collection<SessionRecord>(store, "sessions", SESSION_SHAPE);
  const idle = settings.idleTtl * 1000;
  const tokens = refreshTokens(ground, records);
  const [usual] = ground.accessTokens.audiences;

  function load(uid: string, sid: string): MaybePromise<Found | null> {
    const at = platform.now();
    const account = accounts.get(uid);
    const record = records.get(`${uid}:${sid}`); // asked for at once: neither waits for the other
    const found = (account: Account | null, record: SessionRecord | null): Found | null =>
      account !== null && record !== null && isListed(account, sid, platform.now())
        ? { uid, sid, account, record, at }
        : null;
    return account instanceof Promise || record instanceof Promise
      ? Promise.all([account, record]).then((both) => found(...both))
      : found(account, record);
  }

  /** A note that could not be written makes the session expire a little earlier; it is no reason to turn its owner away. */
  async function note({ uid, sid, record }: Found, use: Use): Promise<void> {
    try {
      await records.change(`${uid}:${sid}`, (current) => ({
        next: current !== null && isDue(current, use) ? used(current, use) : current,
        result: undefined,
      }), record);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
    }
  }

  function byCookie(token: string, audiences?: readonly string[]): MaybePromise<Identified> {
    const parsed = settings.mode === "bearer" ? null : parseSessionToken(token);
    if (parsed === null) return { is: "token_invalid" };
    return after(load(parsed.uid, parsed.sid), (found): Identified => {
      if (found === null) return { is: "session_ended" };
      const { hash, audience = usual } = found.record;
      if (hash === null || !equal(hash, sha256Text(parsed.secret))) return { is: "token_invalid" };
      if (audiences?.some((one) => one === audience) === false) return { is: "token_invalid" };
      return { is: "found", found };
    });
  }

  async function byBearer(token: string, audiences?: readonly string[]): Promise<Identified> {
    const verified = await ground.accessTokens.verify(token, audiences);
    if (verified.is === "expired") return { is: "token_expired" };
    if (verified.is === "invalid") return { is: "token_invalid" };
    const found = await load(verified.claims.sub, verified.claims.sid);
    return found === null ? { is: "session_ended" } : { is: "found", found };
  }

  async function drop(uid: string, sids: readonly string[]): Promise<number> {
    const gone = await Promise.allSettled(
      sids.map((sid) => records.change(`${uid}:${sid}`, (now) => ({ next: null, result: now !== null }))),
    ); // one that stays is nothing: no account lists it
    return gone.filter((one) => one.status === "fulfilled" && one.value).length;
  }

  /** Whether a record's account does not list it: it never will again. The account is read after the record was. */
  async function isLeft(id: string): Promise<boolean> {
    const [uid = "", sid] = id.split(":");
    const account = await accounts.get(uid);
    return !account?.sessions.some((listed) => listed.sid === sid);
  }

  /** Whether any of them was listed. */
  async function unlist(uid: string, sids: readonly string[]): Promise<boolean> {
    const listed = await accounts.change(uid, (account) => {
      const kept = account?.sessions.filter(({ sid }) => !sids.includes(sid));
      const same = account === null || kept === undefined || kept.length === account.sessions.length;
      return { next: same ? account : { ...account, sessions: kept }, result: !same };
    });
    await drop(uid, sids);
    return listed;
  }

  return {
    load,
    drop,
    sweepers: [sweeper({ name: "sessions", ids: IDS }, records, isLeft)],
    keep: (client, found) => Served.keep(client, records, found),
    kept({ client, userId, sessionId }) {
      const found = Served.kept(client, records) as Found | undefined; // we keep nothing else
      return found?.uid === userId && found?.sid === sessionId ? found ?? null : null;
    },
    entry() {
      const at = platform.now();
      return { sid: newId(platform.random), at, exp: at + settings.ttl * 1000 };
    },
    async open(uid, account, { sid, at, exp }, { mode, audience, amr, client }) {
      const secret = mode === "cookie" ? newSecret(platform.random) : null;
      const record: SessionRecord = {
        createdAt: at,
        endsAt: exp,
        lastUsedAt: at,
        amr,
        ip: keptOf(client?.ip, 64),
        userAgent: keptOf(client?.userAgent, 256),
        ...(audience !== usual && { audience }),
        hash: secret === null ? null : sha256Text(secret),
        family: secret === null ? tokens.family() : null,
        exp: Math.min(exp, at + idle),
      };
      await records.change(`${uid}:${sid}`, (now) => ({ next: now ?? record, result: undefined }), null);
      if (platform.now() - at > store.deadline) {
        throw new AuthError("storage_unavailable", {
          remedy: "starting a session took longer than storageDeadline",
        });
      }
      const found = { uid, sid, account, record, at };
      return {
        found,
        token: secret === null ? tokens.current(found) : formatSessionToken({ uid, sid, secret }),
      };
    },
    identify(credential, audiences) {
      if (credential.kind === "none") return { is: "unauthenticated" };
      if (credential.kind === "doubled") return { is: "token_invalid" };
      const { token } = credential;
      return after(
        credential.kind === "cookie" ? byCookie(token, audiences) : byBearer(token, audiences),
        (identified) => {
          if (identified.is !== "found") return identified;
          const { found } = identified;
          const use = { now: platform.now(), idle };
          return isDue(found.record, use) ? note(found, use).then(() => identified) : identified;
        },
      );
    },
    async list(uid) {
      const now = platform.now();
      const account = await accounts.get(uid);
      if (account === null) return [];
      const live = account.sessions.filter(({ exp }) => exp > now);
      const read = await Promise.all(live.map(async ({ sid, at }) => {
        const old = now - at > PRUNE_AFTER; // looked at before the record is, or one that comes in between would be lost
        return { sid, old, record: await records.get(`${uid}:${sid}`) };
      }));
      const lost = read.filter(({ old, record }) => old && record === null).map(({ sid }) => sid);
      if (lost.length > 0) await unlist(uid, lost);
      return read.flatMap(({ sid, record }) =>
        record === null ? [] : [{ uid, sid, account, record, at: now }]
      );
    },
    async refresh(token, attempt, prepare, client) {
      const { uid, sid, rotated, prepared } = await tokens.rotate(token, attempt, prepare);
      const ids = { userId: uid, sessionId: sid };
      if (rotated.is === "gone") throw new AuthError("session_ended");
      if (rotated.is === "reused") {
        if (!await unlist(uid, [sid])) throw new AuthError("session_ended");
        events.emit("session.reuse", ids, client);
        throw new AuthError("refresh_reused");
      }
      const at = platform.now();
      // The account is read after the swap: one that ended the session meanwhile has the last word.
      const account = await accounts.get(uid);
      if (account === null || !isListed(account, sid, platform.now())) {
        throw new AuthError("session_ended");
      }
      const found = { uid, sid, account, record: rotated.record, at };
      events.emit("session.refreshed", ids, client);
      return { held: { found, token: tokens.current(found) }, prepared };
    },
    async end(uid, ending, client) {
      const now = platform.now();
      const ended = await accounts.change<readonly string[] | null>(uid, (account) => {
        if (account === null) return { next: null, result: ending.acting === undefined ? [] : null };
        if (ending.acting !== undefined && !isListed(account, ending.acting, now)) {
          return { next: account, result: null };
        }
        const one = "sid" in ending;
        const kept = account.sessions.filter(({ sid }) => one ? sid !== ending.sid : sid === ending.except);
        const gone = account.sessions.filter((entry) => entry.exp > now && !kept.includes(entry)).map((
          { sid },
        ) => sid);
        if (one && gone.length === 0) return { next: account, result: gone };
        return { next: { ...account, sessions: kept, epoch: account.epoch + (one ? 0 : 1) }, result: gone };
      });
      if (ended === null) throw new AuthError("session_ended");
      if ("except" in ending) events.emit("sessions.ended", { userId: uid, ended: ended.length }, client);
      else if (ended.length > 0) {
        events.emit("session.ended", { userId: uid, sessionId: ending.sid, reason: "ended" }, client);
      }
      await drop(uid, ended);
      return ended;
    },
  };
}
