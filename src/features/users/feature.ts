import { email, flag, matching, name, object, optional, parse } from "../../base/schema.ts";
import type { Feature } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import { AuthError } from "../../errors.ts";
import type { CreateUser, Users } from "./contract.ts";

const creating = object<CreateUser>({
  email: email(),
  emailVerified: optional(flag()),
  name: optional(name()),
});
const finding = object<{ readonly email: string }>({ email: email() });
// Any text may be asked for: one that is no id is nobody's.
const byId = object<{ readonly id: string }>({ id: matching(/^/, "a text") });

function create({ events, platform, accounts, remove, views }: Core): Users {
  return {
    async create(input) {
      const { email, emailVerified, name } = parse(creating, input);
      const value = { type: "email", value: email } as const;
      const identifier = { ...value, proven: emailVerified === true };
      const created = await accounts.create(
        value,
        () => accounts.newborn({ createdAt: platform.now(), name: name ?? null, identifier, sessions: [] }),
      );
      if (created.is === "taken") throw new AuthError("identifier_taken");
      events.emit("user.created", { userId: created.owner.uid });
      return views.user(created.owner);
    },
    async get(input) {
      const { id } = parse(byId, input);
      const account = await accounts.get(id);
      return account === null ? null : views.user({ uid: id, account });
    },
    async find(input) {
      const owner = await accounts.find({ type: "email", value: parse(finding, input).email });
      return owner === null ? null : views.user(owner);
    },
    remove: async (input) => ({ removed: await remove(parse(byId, input).id) ?? 0 }),
  };
}

/** Accounts, for the application's own server code. */
export const users: Feature<Users, Core, undefined, undefined, keyof Users> = {
  calls: {},
  routes: {},
  settings: () => undefined,
  create,
};
