import type { Caller, Calls, MaybeCaller } from "../../contract.ts";
import type { AccessToken, Grant, Session, SessionMode, SignedIn, SignedOut, User } from "../../model.ts";

/** Sessions of users. `userId` and `sessionId` say who calls; the session acted on is `id`. `U`: users with the application's own
 * fields. */
export interface Sessions<U extends User = User> {
  /** Who a session belongs to; nobody, where it has ended or no ids are given.
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.sessions.get({ userId, sessionId });
   * ``` */
  get(input: MaybeCaller): Promise<SignedIn<U> | SignedOut>;
  /** Trades a refresh token for the next one, and an access token. However many ask at once, and whoever asks again within
   * `session.reuseLeeway`, gets the same token; one used before that ends the session.
   * @throws {AuthError} `token_invalid`, `session_ended`, `refresh_reused`
   * @see {@link https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2 | RFC 9700 section 4.14.2}
   * @example Usage
   * ```ts ignore
   * const { accessToken, refreshToken } = await auth.sessions.refresh({ refreshToken: last });
   * ``` */
  refresh(input: Refresh): Promise<Grant<U>>;
  /** An access token for a session, to show to another service.
   * @throws {AuthError} `session_ended`
   * @example Usage
   * ```ts ignore
   * const { accessToken } = await auth.sessions.token({ userId, sessionId });
   * ``` */
  token(input: Caller | Omit<Caller, "client">): Promise<AccessToken>;
  /** Ends the calling session. Without ids there is nothing to end, and nothing fails.
   * @example Usage
   * ```ts ignore
   * await auth.sessions.signOut({ userId, sessionId });
   * ``` */
  signOut(input: MaybeCaller): Promise<void>;
  /** Ends all sessions of a user, the caller's own included unless it is `except`. What was begun before (a code that is on its
   * way, a check of a password) lets nobody in afterwards.
   * @throws {AuthError} `session_ended` where the calling session no longer lives, `forbidden` where a key pair made it
   * @example Usage
   * ```ts ignore
   * const { ended } = await auth.sessions.endAll({ userId, except: sessionId });
   * ``` */
  endAll(input: EndAll): Promise<Ended>;
  /** The live sessions of a user, oldest first; the calling one is marked.
   * @example Usage
   * ```ts ignore
   * const { items } = await auth.sessions.list({ userId });
   * ``` */
  list(input: OfUser): Promise<SessionList>;
  /** Ends one session of a user.
   * @throws {AuthError} `not_found`, `session_ended` where the calling session no longer lives, `forbidden` where a key pair made it and
   * it is to end another
   * @example Usage
   * ```ts ignore
   * await auth.sessions.end({ userId, id: items[0].id });
   * ``` */
  end(input: EndOne): Promise<void>;
  /** Begins a session for a user on the application's own authority: after a sign-in of its own, say.
   * @throws {AuthError} `not_found`, `input_invalid`
   * @example Usage
   * ```ts ignore
   * const grant = await auth.sessions.create({ userId });
   * const headers = auth.cookies(grant).map((value) => ["Set-Cookie", value]);
   * ``` */
  create(input: CreateSession): Promise<Grant<U>>;
  /** Who a token belongs to, given as text: what the session cookie holds, or an access token. Asks the store, so an ended session
   * is null at once.
   * @example Usage
   * ```ts ignore
   * const signedIn = await auth.sessions.verify({ token });
   * ``` */
  verify(input: { readonly token: string }): Promise<SignedIn<U> | null>;
}

/** Whose sessions; who calls and from where need not be known. */
export interface OfUser extends Pick<Caller, "userId"> {
  /** The calling session, where a user calls: it must still live. */
  readonly sessionId?: MaybeCaller["sessionId"];
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Sessions.refresh} takes. */
export interface Refresh {
  /** The last one that was answered. */
  readonly refreshToken: string;
  /** A random text of 16 to 128 characters that the client stored before it asked. Asking again with it gets the same answer,
   * however late, until that answer has been used. */
  readonly attempt?: string | undefined;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Sessions.endAll} takes. */
export interface EndAll extends OfUser {
  /** The id of a session that goes on. */
  readonly except?: string | undefined;
}

/** How many sessions ended. */
export interface Ended {
  /** The number. */
  readonly ended: number;
}

/** What {@link Sessions.end} takes. */
export interface EndOne extends OfUser {
  /** The session to end. */
  readonly id: string;
}

/** A list of sessions. */
export interface SessionList {
  /** The sessions. */
  readonly items: readonly Session[];
}

/** What {@link Sessions.create} takes. */
export interface CreateSession {
  /** Whose session. */
  readonly userId: string;
  /** How it is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** The methods without a route. */
export type LocalSessions = "create" | "verify";

/** Where each method is reached. */
export const calls: Calls<Omit<Sessions, LocalSessions>> = {
  get: "GET /session",
  refresh: "POST /session/refresh",
  token: "POST /session/token",
  signOut: "POST /sign-out",
  endAll: "POST /sign-out/all",
  list: "GET /sessions",
  end: "DELETE /sessions/:id",
};
