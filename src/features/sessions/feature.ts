import { id, matching, object, oneOf, optional, parse, text } from "../../base/schema.ts";
import type { Feature, MaybeCaller, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { Found } from "../../core/session_record.ts";
import type { Ending } from "../../core/sessions.ts";
import { AuthError } from "../../errors.ts";
import type { ClientInfo, SignedIn } from "../../model.ts";
import {
  calls,
  type CreateSession,
  type EndAll,
  type EndOne,
  type LocalSessions,
  type Refresh,
  type Sessions,
} from "./contract.ts";

const nothing = object<Record<never, never>>({});

const routes: Routes<Omit<Sessions, LocalSessions>> = {
  get: {
    summary: "Say who is signed in",
    access: "optional",
    anywhere: true,
    input: nothing,
    status: 200,
    errors: [],
  },
  refresh: {
    summary: "Trade a refresh token for the next one",
    access: "anyone",
    input: object<Wire<Refresh>>({
      refreshToken: text({ min: 1, max: 256 }),
      attempt: optional(text({ min: 16, max: 128 })),
    }),
    limit: "refresh",
    status: 200,
    errors: ["token_invalid", "session_ended", "refresh_reused"],
  },
  token: {
    summary: "Get an access token for the session",
    access: "session",
    anywhere: true,
    input: nothing,
    status: 200,
    errors: [],
  },
  signOut: {
    summary: "End the session",
    access: "optional",
    audiences: "all", // whoever holds a token may throw it away
    session: "ends",
    input: nothing,
    status: 204,
    errors: [],
  },
  endAll: {
    summary: "End all sessions of the user",
    access: "session",
    session: "ends",
    keeps: "except",
    input: object<Wire<EndAll>>({ except: optional(id()) }),
    status: 200,
    errors: ["forbidden"],
  },
  list: {
    summary: "List the sessions of the user",
    access: "session",
    anywhere: true,
    input: nothing,
    status: 200,
    errors: [],
  },
  end: {
    summary: "End one session of the user",
    access: "session",
    input: object<Wire<EndOne>>({ id: id() }),
    status: 204,
    errors: ["not_found", "forbidden"],
  },
};

const creating = object<Omit<CreateSession, "client">>({
  userId: id(),
  session: optional(oneOf("cookie", "bearer")),
  audience: optional(text({ min: 1, max: 256 })),
});

const verifying = object<{ readonly token: string }>({ token: matching(/^/, "a text") }); // one that is no token is nobody's

function create({ authority, events, sessions, signIn, hooks, views }: Core): Sessions {
  const told = (found: Found): SignedIn => ({
    user: views.user(found),
    session: views.session(found, found.sid),
  });

  async function current(caller: MaybeCaller): Promise<Found | null> {
    const { userId, sessionId } = caller;
    if (userId === undefined || sessionId === undefined) return null;
    return sessions.kept(caller) ?? await sessions.load(userId, sessionId);
  }

  /** Ends sessions, and tells of those that ended. */
  async function end(userId: string, ending: Ending, client: ClientInfo | undefined): Promise<number> {
    const sessionIds = await sessions.end(userId, ending, client);
    if (sessionIds.length > 0) {
      await hooks.after("afterSignOut", { userId, sessionIds, client: client ?? {} }, client);
    }
    return sessionIds.length;
  }

  return {
    async get(caller) {
      const found = await current(caller);
      return found === null ? { user: null, session: null } : told(found);
    },
    async refresh({ refreshToken, attempt, client }) {
      try {
        return await signIn.refresh(refreshToken, attempt, client);
      } catch (error) {
        if (error instanceof AuthError) events.emit("refresh.failed", { code: error.code }, client);
        throw error;
      }
    },
    async token(caller) {
      const found = await current(caller);
      if (found === null) throw new AuthError("session_ended");
      return await signIn.accessToken(found);
    },
    async signOut({ userId, sessionId, client }) {
      if (userId !== undefined && sessionId !== undefined) {
        await end(userId, { sid: sessionId, acting: undefined }, client);
      }
    },
    async endAll({ userId, sessionId, except, client }) {
      const found = await authority.person({ userId, sessionId, client });
      const answer = { ended: await end(userId, { except, acting: sessionId }, client) };
      const isKept = found !== null && except === sessionId && found.record.family === null;
      if (isKept) await signIn.reissue(answer, found, client);
      return answer;
    },
    async list({ userId, sessionId }) {
      const all = await sessions.list(userId);
      const calls = sessionId === undefined || all.some(({ sid }) => sid === sessionId);
      if (!calls) throw new AuthError("session_ended");
      return { items: all.map((found) => views.session(found, sessionId)) };
    },
    async end({ userId, sessionId, id, client }) {
      if (id !== sessionId) await authority.person({ userId, sessionId, client });
      const ended = await end(userId, { sid: id, acting: sessionId }, client);
      if (ended === 0) throw new AuthError("not_found");
    },
    async create({ client, ...input }) {
      const { userId, session, audience } = parse(creating, input);
      return await signIn.admit(userId, { session, audience, amr: [], client });
    },
    async verify(input) {
      const { token } = parse(verifying, input);
      const kind = token.startsWith("lks_") ? "cookie" : "bearer";
      const identified = await sessions.identify({ kind, token });
      return identified.is === "found" ? told(identified.found) : null;
    },
  };
}

/** Sessions of users. */
export const sessions: Feature<Sessions, Core, undefined, undefined, LocalSessions> = {
  calls,
  routes,
  settings: () => undefined,
  create,
};
