import { maybe, name, object, openObject, optional } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import { AuthError } from "../../errors.ts";
import { type Account, calls, type OwnAccount, type UpdateAccount } from "./contract.ts";

const nothing = object<Record<never, never>>({});

const routes: Routes<Account> = {
  get: {
    summary: "Get one's own account",
    access: "session",
    input: nothing,
    status: 200,
    errors: ["not_found"],
  },
  update: {
    summary: "Change one's own name and fields",
    access: "session",
    // The fields are judged by `users.fields`; who calls is never one of them.
    input: openObject<Wire<UpdateAccount>>({ name: optional(maybe(name())) }, [
      "userId",
      "sessionId",
      "client",
    ]),
    idempotent: true,
    limit: "proof",
    status: 200,
    errors: [],
  },
  remove: {
    summary: "Remove one's own account",
    access: "session",
    session: "ends",
    input: nothing,
    status: 204,
    errors: ["step_up_required"],
  },
};

function create({ platform, settings, accounts, profiles, sessions, remove, views }: Core): Account {
  /** Signed in long ago, whoever sits at the device now may be somebody else. */
  async function demandFresh(caller: OwnAccount, sessionId: string): Promise<void> {
    const found = sessions.kept(caller) ?? await sessions.load(caller.userId, sessionId);
    if (found === null) throw new AuthError("session_ended");
    const age = platform.now() - found.record.createdAt;
    if (age > settings.session.freshFor * 1000) throw new AuthError("step_up_required");
  }

  return {
    async get(caller) {
      const { userId, sessionId } = caller;
      const found = sessions.kept(caller) ??
        (sessionId === undefined ? null : await sessions.load(userId, sessionId));
      if (found === null && sessionId !== undefined) throw new AuthError("session_ended");
      const account = found?.account ?? await accounts.get(userId);
      if (account === null) throw new AuthError("not_found");
      return views.user({ uid: userId, account });
    },
    async update({ userId, sessionId, client, ...given }) {
      const seen = sessions.kept({ userId, sessionId, client })?.account;
      const authority = { acting: sessionId, seen, client };
      const updated = await (await profiles()).update(userId, given, authority);
      if (updated.is !== "updated") {
        throw new AuthError(sessionId === undefined ? "not_found" : "session_ended");
      }
      return views.user({ uid: userId, account: updated.account });
    },
    async remove(caller) {
      const { userId, sessionId } = caller;
      if (sessionId !== undefined) await demandFresh(caller, sessionId);
      const removed = await remove(userId, sessionId, caller.client);
      if (removed === null) throw new AuthError(sessionId === undefined ? "not_found" : "session_ended");
    },
  };
}

/** What users do with their own account. */
export const account: Feature<Account, Core, undefined, undefined> = {
  calls,
  routes,
  settings: () => undefined,
  create,
};
