import { maybe, name, object, openObject, optional } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import { AuthError } from "../../errors.ts";
import { type Account, calls, type UpdateAccount } from "./contract.ts";

const nothing = object<Record<never, never>>({});

const routes: Routes<Account> = {
  get: {
    summary: "Get one's own account",
    access: "session",
    anywhere: true,
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
    errors: ["step_up_required", "forbidden"],
  },
};

function create({ accounts, authority, profiles, sessions, remove, views }: Core): Account {
  return {
    async get(caller) {
      const { userId } = caller;
      const found = await authority.session(caller);
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
      await authority.person(caller);
      await authority.fresh(caller);
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
