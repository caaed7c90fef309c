import { AuthError, type ErrorCode } from "../errors.ts";
import type { AccessToken, ClientInfo, Grant, SessionMode } from "../model.ts";
import type { Settings } from "../options.ts";
import type { AccessTokens } from "./access_tokens.ts";
import { type Account, type Listed, lists, type Owner, unmoved, type Value } from "./account_record.ts";
import type { Accounts } from "./accounts.ts";
import { isByKey } from "./authority.ts";
import type { Events } from "./events.ts";
import type { Noted } from "./challenges.ts";
import type { Devices, Shown } from "./devices.ts";
import type { Guesses, Paid } from "./guesses.ts";
import type { HookPoints } from "./hooks.ts";
import type { Make, Subject } from "./minting.ts";
import type { Found } from "./session_record.ts";
import type { Held, Sessions } from "./sessions.ts";
import { sessionView, userView } from "./views.ts";

/** How whoever signs in is to be remembered. */
export interface Wanted {
  /** How the session is to be carried; by default a cookie, where cookies are on. */
  readonly session: SessionMode | undefined;
  /** For whom its access tokens are to be. */
  readonly audience?: string | undefined;
  readonly amr: readonly string[];
  readonly client: ClientInfo | undefined;
  /** The session that the request came with: it ends. */
  readonly replaces?: { readonly userId: string | undefined; readonly sessionId: string | undefined };
  /** The guess that it took, if one was paid for. */
  readonly paid?: Paid | null;
}

/** A value that was proven, and the account as it was when the proof was judged. */
export interface Proof {
  readonly value: Value;
  readonly noted: Noted;
  /** Who has the value, where that was read to judge by. */
  readonly owner?: Owner;
  /** What the account becomes besides, in the swap that lists the session, or why the proof does not count after all. Pure. */
  readonly become?: (account: Account) => Account | ErrorCode;
}

/** What of a grant is not in it: it never gets into its JSON. */
export interface Issued {
  /** What the session cookie holds; null for a bearer session. */
  readonly cookie: string | null;
  /** What the device cookie is to hold; null for a bearer session. */
  readonly device: string | null;
  /** Whether the grant made the account. */
  readonly created: boolean;
}

/** The one gate: nothing else lists a session, so no way of signing in can pass it by. */
export interface SignIn {
  /** A session for whoever has proven a value. An address that nobody has becomes an account.
   * @throws {AuthError} `challenge_invalid` where the proof no longer counts, `sign_in_denied`, `input_invalid` where the session cannot be carried so */
  readonly finish: (proof: Proof, wanted: Wanted) => Promise<Grant>;
  /** A session on the application's own authority. @throws {AuthError} `not_found`, `sign_in_denied`, `challenge_invalid` where all sessions were
   * ended meanwhile */
  readonly admit: (uid: string, wanted: Wanted) => Promise<Grant>;
  /** An access token for a session that lives. */
  readonly accessToken: (found: Found) => Promise<AccessToken>;
  /** A new grant for whoever has a refresh token. @throws {AuthError} `token_invalid`, `session_ended`, `refresh_reused` */
  readonly refresh: (
    token: string,
    attempt: string | undefined,
    client: ClientInfo | undefined,
  ) => Promise<Grant>;
  /** Keeps the device of a session known that all others were ended but: what it showed before is void. `answer` is what its browser
   * is told. */
  readonly reissue: (answer: object, found: Found, client: ClientInfo | undefined) => Promise<void>;
  /** What of a grant is not in it; null for one that this process did not make. */
  readonly issued: (grant: object) => Issued | null;
  /** Refuses a way of carrying sessions that is switched off, and an audience that there is not. Asked before anything is spent. */
  readonly mode: (wanted: SessionMode | undefined, audience: string | undefined) => SessionMode;
}

/** What the gate stands on. */
export interface Gate {
  readonly events: Events;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly devices: Devices;
  readonly guesses: Guesses;
  readonly accessTokens: AccessTokens;
  readonly hooks: HookPoints;
  readonly settings: Settings["session"];
}

/** What became of listing a session: the ids of those that ended with it, or a proof that no longer counts. */
type Admitted =
  | { readonly is: "listed"; readonly owner: Owner; readonly ended: readonly string[] }
  | { readonly is: "refused"; readonly code: ErrorCode };

/** The gate. */
export function signIn(
  { events, accounts, sessions, devices, guesses, accessTokens, hooks, settings }: Gate,
): SignIn {
  const issued = new WeakMap<object, Issued>();

  function mode(wanted: SessionMode | undefined, audience: string | undefined): SessionMode {
    if (audience !== undefined && !accessTokens.audiences.includes(audience)) {
      const message = "must be one of the audiences that this server knows";
      throw new AuthError("input_invalid", { issues: [{ path: "audience", message }] });
    }
    if (wanted === undefined) return settings.usual;
    if (settings.mode === "both" || settings.mode === wanted) return wanted;
    const message = `must be "${settings.mode}" here`;
    throw new AuthError("input_invalid", { issues: [{ path: "session", message }] });
  }

  async function grantFor(
    { found, token }: Held,
    created: boolean,
    shown: Shown,
    make: Make = accessTokens.sign,
  ): Promise<Grant> {
    const told = { user: userView(found), session: sessionView(found, found.sid) };
    const deviceToken = devices.issue(found, found.sid, shown);
    if (found.record.family === null) {
      issued.set(told, { cookie: token, device: devices.joined(deviceToken, shown), created });
      return told;
    }
    const grant: Grant = { ...told, ...await make(subjectOf(found)), refreshToken: token, deviceToken };
    issued.set(grant, { cookie: null, device: null, created });
    return grant;
  }

  /** Lists a session in the swap that `may` judges in. */
  async function list(owner: Owner, entry: Listed, replaced: string | null, may: May): Promise<Admitted> {
    const { at: now } = entry;
    const room = settings.maxPerUser - 1;
    return await accounts.change<Admitted>(owner.uid, (account) => {
      const admitted = account === null ? MOVED : may({ uid: owner.uid, account });
      if (typeof admitted === "string") return { next: account, result: { is: "refused", code: admitted } };
      const live = admitted.sessions.filter(({ sid, exp }) => exp > now && sid !== replaced);
      const kept = withRoom(live, room, entry);
      if (kept === null) return { next: account, result: { is: "refused", code: "limit_reached" } };
      const next: Account = { ...admitted, sessions: [...kept, entry] };
      const ended = (account?.sessions ?? []).filter((one) => !kept.includes(one)).map(({ sid }) => sid);
      return { next, result: { is: "listed", owner: { uid: owner.uid, account: next }, ended } };
    }, owner.account);
  }

  /** The session's record follows its listing; those that ended go. */
  async function opened(
    owner: Owner,
    entry: Listed,
    wanted: Wanted,
    ended: readonly string[],
    created: boolean,
  ): Promise<Grant> {
    const { session, audience, amr, client } = wanted;
    const opening = { mode: mode(session, audience), audience, amr, client };
    const [held] = await Promise.all([
      sessions.open(owner.uid, owner.account, entry, opening),
      guesses.settle(owner.uid, wanted.paid ?? null, created),
    ]);
    tell(owner, entry.sid, wanted, ended, created);
    await sessions.drop(owner.uid, ended);
    const { userId, sessionId } = wanted.replaces ?? {};
    if (userId !== undefined && sessionId !== undefined && userId !== owner.uid) {
      await sessions.end(userId, { sid: sessionId, acting: undefined }, wanted.client);
    }
    const grant = await grantFor(held, created, wanted.client?.device);
    await hooks.after(created ? "afterSignUp" : "afterSignIn", {
      user: grant.user,
      session: grant.session,
      ...facts(wanted),
    }, wanted.client);
    return grant;
  }

  function tell(
    { uid: userId }: Owner,
    sessionId: string,
    { amr, client, replaces }: Wanted,
    ended: readonly string[],
    isNew: boolean,
  ): void {
    if (isNew) events.emit("user.created", { userId }, client);
    events.emit("session.created", { userId, sessionId }, client);
    events.emit("signIn.succeeded", { userId, sessionId, amr, isNew }, client);
    for (const sid of ended) {
      const reason = sid === replaces?.sessionId ? "replaced" : "evicted";
      events.emit("session.ended", { userId, sessionId: sid, reason }, client);
    }
  }

  return {
    mode,
    accessToken: (found) => accessTokens.sign(subjectOf(found)),
    issued: (grant) => issued.get(grant) ?? null,
    async reissue(answer, { uid, sid }, client) {
      const account = await accounts.get(uid); // as it is now: whoever ended this session meanwhile has the last word
      if (!account?.sessions.some((listed) => listed.sid === sid)) return;
      const token = devices.issue({ uid, account }, sid, null);
      issued.set(answer, { cookie: null, device: devices.joined(token, client?.device), created: false });
    },
    async refresh(token, attempt, client) {
      const { held, prepared } = await sessions.refresh(
        token,
        attempt,
        ({ audience }, found) => accessTokens.prepare(audience, found && subjectOf(found)),
        client,
      );
      return await grantFor(held, false, client?.device, prepared);
    },
    async finish({ value, noted, become, ...known }, wanted) {
      mode(wanted.session, wanted.audience);
      let owner = known.owner ?? await accounts.find(value); // the claim is read first: no draft where the value has an owner
      if (owner === null) {
        if (noted.uid !== null) throw new AuthError("challenge_invalid"); // whoever was meant has it no longer
        await hooks.before("beforeSignUp", { ...named(value), ...facts(wanted) }, wanted.client);
        let entry = sessions.entry();
        const created = await accounts.create(value, () => {
          entry = sessions.entry(); // its time begins now, however long the claim took
          const identifier = { ...value, proven: true };
          return accounts.newborn({ createdAt: entry.at, name: null, identifier, sessions: [entry] });
        });
        if (created.is === "created") return await opened(created.owner, entry, wanted, [], true);
        owner = created.owner;
      }
      await hooks.before("beforeSignIn", { user: userView(owner), ...facts(wanted) }, wanted.client);
      const listed = sessions.entry(); // its time begins now, however long the hooks took
      const entry: Listed = isByKey(wanted.amr) ? { ...listed, byKey: true } : listed;
      const replaced = wanted.replaces?.sessionId ?? null;
      const admitted = await list(owner, entry, replaced, (now) => {
        const account = proven(now, value, noted);
        return typeof account === "string" || become === undefined ? account : become(account);
      });
      if (admitted.is === "refused") throw new AuthError(admitted.code);
      return await opened(admitted.owner, entry, wanted, admitted.ended, false);
    },
    async admit(uid, wanted) {
      mode(wanted.session, wanted.audience);
      const account = await accounts.get(uid);
      if (account === null) throw new AuthError("not_found");
      await hooks.before(
        "beforeSignIn",
        { user: userView({ uid, account }), ...facts(wanted) },
        wanted.client,
      );
      const entry = sessions.entry();
      const admitted = await list(
        { uid, account },
        entry,
        null,
        (now) => now.account.epoch === account.epoch ? now.account : MOVED,
      );
      if (admitted.is === "refused") throw new AuthError(admitted.code);
      return await opened(admitted.owner, entry, wanted, admitted.ended, false);
    },
  };
}

/** Whom the access token of a session speaks of. */
function subjectOf(found: Found): Subject {
  const { uid, sid, at, account: { roles }, record: { amr, audience, createdAt: authenticatedAt, endsAt } } =
    found;
  const told = () => [userView(found), sessionView(found, sid)] as const;
  return { uid, sid, amr, roles, authenticatedAt, endsAt, audience, at, told };
}

/** The sessions that go on where one more begins: the oldest end, those of keys first; one of a key ends none of a person's. Null where
 * there is no room. */
function withRoom(live: readonly Listed[], room: number, { byKey }: Listed): readonly Listed[] | null {
  const keys = live.filter((one) => one.byKey);
  const order = byKey ? keys : [...keys, ...live.filter((one) => !one.byKey)];
  const tooMany = Math.max(live.length - room, 0);
  const ended = order.slice(0, tooMany);
  return ended.length < tooMany ? null : live.filter((one) => !ended.includes(one));
}

/** Judges an account inside the swap: what it becomes, or why the proof does not count. */
type May = (owner: Owner) => Account | ErrorCode;

const MOVED = "challenge_invalid"; // the account is gone, or something of it was revoked meanwhile

/** Whoever proves an address that an account lists unproven takes the account over: in that one swap all else that the account
 * lists, says of itself or keeps goes, and all its sessions; its roles, which only the application gives, stay. No epoch is compared then, or its maker could keep the owner out by revoking in turn. */
function proven(owner: Owner, value: Value, noted: Noted): Account | ErrorCode {
  const { uid, account } = owner;
  // Whoever strikes a value off takes a step of the epoch, so this finds nothing that the epoch does not tell: it is here so that nobody
  // gets in by a value that the account has not, whatever others forget.
  if (!lists(account, value)) return MOVED;
  const unproven = account.identifiers.some((one) =>
    one.type === value.type && one.value === value.value && !one.proven
  );
  if (!(unproven && noted.uid === uid) && !unmoved(noted, owner)) return MOVED;
  if (!unproven) return account;
  const { slots: _, fields: __, reserving: ___, ...bare } = account;
  return {
    ...bare,
    name: null,
    identifiers: [{ ...value, proven: true }],
    sessions: [],
    epoch: account.epoch + 1,
  };
}

/** What hooks get to know of every sign-in: of the device not the token, which is its owner's alone. */
function facts({ amr, client }: Wanted): { readonly amr: readonly string[]; readonly client: ClientInfo } {
  const { device: _, ...others } = client ?? {};
  return { amr, client: others };
}

/** What is known of somebody who has no account yet. */
function named(identifier: Value) {
  return { email: identifier.type === "email" ? identifier.value : null, identifier };
}
