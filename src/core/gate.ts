import { AuthError, type ErrorCode } from "../errors.ts";
import type { AccessToken, ClientInfo, Grant, SessionMode } from "../model.ts";
import type { Settings } from "../options.ts";
import type { AccessTokens } from "./access_tokens.ts";
import type { Account, Identifier, Listed, Owner, Value } from "./account_record.ts";
import type { Accounts } from "./accounts.ts";
import { isByKey } from "./authority.ts";
import type { Noted } from "./challenges.ts";
import type { Devices, Shown as ShownDevice } from "./devices.ts";
import type { Events } from "./events.ts";
import type { Guesses, Paid } from "./guesses.ts";
import type { HookPoints } from "./hooks.ts";
import type { Make, Subject } from "./minting.ts";
import { MOVED, proven } from "./proven.ts";
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
  /** Where the browser goes afterwards. */
  readonly redirect?: string | undefined;
}

/** A value that was proven, and the account as it was when the proof was judged. */
export interface Proof {
  readonly value: Value;
  readonly noted: Noted;
  /** Who has the value, where that was read to judge by. */
  readonly owner?: Owner;
  readonly become?: Become;
}

/** What shows whose account it is by something else than a value of it. */
export interface Shown {
  /** The account as it was when that was judged. */
  readonly owner: Owner;
  readonly become?: Become;
}

/** What the account becomes besides, in the swap that lists the session, or why the proof does not count after all. Pure. */
export type Become = (account: Account, then: Then) => Account | ErrorCode;

/** The moment at which an account becomes something. */
export interface Then {
  /** Whether the account is new, or was taken over: then it has nothing yet but the value. */
  readonly is: "born" | "taken over" | "as it was";
  /** The session that is listed. */
  readonly sid: string;
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
export interface Gate {
  /** A session for whoever has proven a value. An address that nobody has becomes an account.
   * @throws {AuthError} `challenge_invalid` where the proof no longer counts, `sign_in_denied`, `input_invalid` where the session cannot be carried so */
  readonly finish: (proof: Proof, wanted: Wanted) => Promise<Grant>;
  /** A session for whoever has shown that an account is theirs, though none of its values. Nothing becomes proven by it.
   * @throws {AuthError} `challenge_invalid` where something was revoked meanwhile, `sign_in_denied`, `input_invalid` where the session cannot be carried so */
  readonly enter: (shown: Shown, wanted: Wanted) => Promise<Grant>;
  /** A session for whoever makes an account with a value that is not shown to be theirs: it is listed unproven.
   * @throws {AuthError} `identifier_taken`, `sign_in_denied`, `input_invalid` where the session cannot be carried so */
  readonly found: (made: Pick<Proof, "value" | "become">, wanted: Wanted) => Promise<Grant>;
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
}

/** What the gate stands on. */
export interface GateGround {
  readonly events: Events;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly devices: Devices;
  readonly guesses: Guesses;
  readonly accessTokens: AccessTokens;
  readonly hooks: HookPoints;
  /** What was issued with a grant. */
  readonly issued: WeakMap<object, Issued>;
  readonly settings: Settings["session"];
  /** Refuses a way of carrying sessions that is switched off, and an audience that there is not. */
  readonly mode: (wanted: SessionMode | undefined, audience: string | undefined) => SessionMode;
}

/** What became of listing a session, or a proof that no longer counts. */
type Admitted = Opening & { readonly is: "listed" } | { readonly is: "refused"; readonly code: ErrorCode };

/** A session that was listed. */
interface Opening {
  readonly owner: Owner;
  /** The ids of those that ended with that. */
  readonly ended: readonly string[];
  /** Whether that revoked all that there was, or there were too many. */
  readonly isRevoked: boolean;
}

/** The gate. */
export function gate(
  { events, accounts, sessions, devices, guesses, accessTokens, hooks, settings, issued, mode }: GateGround,
): Gate {
  async function grantFor(
    { found, token }: Held,
    created: boolean,
    shown: ShownDevice,
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
      const isRevoked = next.epoch !== account?.epoch;
      return { next, result: { is: "listed", owner: { uid: owner.uid, account: next }, ended, isRevoked } };
    }, owner.account);
  }

  /** The session's record follows its listing; those that ended go. */
  async function opened(opening: Opening, entry: Listed, wanted: Wanted, created: boolean): Promise<Grant> {
    const { owner, ended } = opening;
    const { session, audience, amr, client } = wanted;
    const how = { mode: mode(session, audience), audience, amr, client };
    const [held] = await Promise.all([
      sessions.open(owner.uid, owner.account, entry, how),
      guesses.settle(owner.uid, wanted.paid ?? null, created),
    ]);
    tell(opening, entry.sid, wanted, created);
    await sessions.drop(owner.uid, ended);
    const { userId, sessionId } = wanted.replaces ?? {};
    if (userId !== undefined && sessionId !== undefined && userId !== owner.uid) {
      await sessions.end(userId, { sid: sessionId, acting: undefined }, wanted.client);
    }
    const { redirect } = wanted;
    const grant = await grantFor(held, created, wanted.client?.device);
    if (redirect !== undefined) Object.assign(grant, { redirect }); // the same object: what it brings is known by it
    await hooks.after(created ? "afterSignUp" : "afterSignIn", {
      user: grant.user,
      session: grant.session,
      ...facts(wanted),
    }, wanted.client);
    return grant;
  }

  function tell(
    { owner: { uid: userId }, ended, isRevoked }: Opening,
    sessionId: string,
    { amr, client, replaces }: Wanted,
    isNew: boolean,
  ): void {
    const others = isRevoked ? "ended" : "evicted";
    if (isNew) events.emit("user.created", { userId }, client);
    events.emit("session.created", { userId, sessionId }, client);
    events.emit("signIn.succeeded", { userId, sessionId, amr, isNew }, client);
    for (const sid of ended) {
      const reason = sid === replaces?.sessionId ? "replaced" : others;
      events.emit("session.ended", { userId, sessionId: sid, reason }, client);
    }
  }

  /** Makes an account, and its first session; or says who has the value. */
  async function bear(identifier: Identifier, become: Become, wanted: Wanted): Promise<Grant | Owner> {
    await hooks.before("beforeSignUp", { ...named(identifier), ...facts(wanted) }, wanted.client);
    let entry = sessions.entry();
    const { is, owner } = await accounts.create(identifier, () => {
      entry = sessions.entry(); // its time begins now, however long the claim took
      const born = { createdAt: entry.at, name: null, identifier, sessions: [entry] };
      const account = become(accounts.newborn(born), { is: "born", sid: entry.sid });
      if (typeof account === "string") throw new AuthError(account);
      return account;
    });
    return is === "taken" ? owner : await opened({ owner, ended: [], isRevoked: false }, entry, wanted, true);
  }

  /** One more session of an account, in the swap that `may` judges in. */
  async function admitted(
    owner: Owner,
    wanted: Wanted,
    may: (now: Owner, sid: string) => Account | ErrorCode,
  ): Promise<Grant> {
    await hooks.before("beforeSignIn", { user: userView(owner), ...facts(wanted) }, wanted.client);
    const listed = sessions.entry(); // its time begins now, however long the hooks took
    const entry: Listed = isByKey(wanted.amr) ? { ...listed, byKey: true } : listed;
    const replaced = wanted.replaces?.sessionId ?? null;
    const admission = await list(owner, entry, replaced, (now) => may(now, entry.sid));
    if (admission.is === "refused") throw new AuthError(admission.code);
    return await opened(admission, entry, wanted, false);
  }

  const own: Gate = {
    accessToken: (found) => accessTokens.sign(subjectOf(found)),
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
    async finish({ value, noted, become = unchanged, ...known }, wanted) {
      mode(wanted.session, wanted.audience);
      let owner = known.owner ?? await accounts.find(value); // the claim is read first: no draft where the value has an owner
      if (owner === null) {
        if (noted.uid !== null) throw new AuthError("challenge_invalid"); // whoever was meant has it no longer
        const born = await bear({ ...value, proven: true }, become, wanted);
        if ("session" in born) return born;
        owner = born;
      }
      return await admitted(owner, wanted, (now, sid) => {
        const account = proven(now, value, noted);
        if (typeof account === "string") return account;
        return become(account, { is: account === now.account ? "as it was" : "taken over", sid });
      });
    },
    async enter({ owner, become = unchanged }, wanted) {
      mode(wanted.session, wanted.audience);
      return await admitted(
        owner,
        wanted,
        ({ account }, sid) =>
          account.epoch === owner.account.epoch ? become(account, { is: "as it was", sid }) : MOVED,
      );
    },
    async found({ value, become = unchanged }, wanted) {
      mode(wanted.session, wanted.audience);
      const owner = await accounts.find(value); // as above: no hook is asked about an account that will not be
      const born = owner ?? await bear({ ...value, proven: false }, become, wanted);
      if ("session" in born) return born;
      throw new AuthError("identifier_taken");
    },
    async admit(uid, wanted) {
      mode(wanted.session, wanted.audience);
      const account = await accounts.get(uid);
      if (account === null) throw new AuthError("not_found");
      return await own.enter({ owner: { uid, account } }, wanted);
    },
  };
  return own;
}

/** An account stays what it is. */
const unchanged: Become = (account) => account;

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

/** What hooks get to know of every sign-in: not by what the device is known again, which is its owner's alone. */
function facts({ amr, client }: Wanted): { readonly amr: readonly string[]; readonly client: ClientInfo } {
  const { device: _, links: __, ...others } = client ?? {};
  return { amr, client: others };
}

/** What is known of somebody who has no account yet. */
function named({ type, value }: Value) {
  return { email: type === "email" ? value : null, identifier: { type, value } };
}
