import {
  email,
  flag,
  matching,
  maybe,
  name,
  object,
  openObject,
  optional,
  parse,
} from "../../base/schema.ts";
import type { Account } from "../../core/account_record.ts";
import type { Births } from "../../core/births.ts";
import type { Core } from "../../core/core.ts";
import { AuthError } from "../../errors.ts";
import type { NewUser, UpdateUser, Users } from "./contract.ts";

const creating = {
  email: email(),
  emailVerified: optional(flag()),
  name: optional(name()),
  passwordHash: optional(matching(/^/, "a text")),
};
const updating = { id: matching(/^/, "a text"), name: optional(maybe(name())) };
const finding = object<{ readonly email: string }>({ email: email() });
// Any text may be asked for: one that is no id is nobody's.
const byId = object<{ readonly id: string }>({ id: matching(/^/, "a text") });

type Grow = (account: Account) => Account;

/** The methods. */
export function methods(core: Core): Users {
  const { events, platform, settings, accounts, births, profiles, remove, views } = core;
  const shape = settings.users.fields === null ? object : openObject; // fields of the application's own are judged by its schema
  return {
    async create(input) {
      const { email, emailVerified, name = null, passwordHash, ...given } = parse(
        shape<NewUser>(creating),
        input,
      );
      const fields = await (await profiles()).born({ name, ...given });
      const grow = await grown(births, { passwordHash });
      const value = { type: "email", value: email } as const;
      const identifier = { ...value, proven: emailVerified === true };
      const created = await accounts.create(
        value,
        () => grow(accounts.newborn({ createdAt: platform.now(), name, fields, identifier, sessions: [] })),
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
    async update(input) {
      const { id, ...given } = parse(shape<UpdateUser>(updating), input);
      const updated = await (await profiles()).update(id, given, {});
      if (updated.is !== "updated") throw new AuthError("not_found");
      return views.user({ uid: id, account: updated.account });
    },
    remove: async (input) => ({ removed: await remove(parse(byId, input).id) ?? 0 }),
  };
}

/** What becomes of a new account by the members that features take. */
async function grown(births: Births, given: Readonly<Record<string, unknown>>): Promise<Grow> {
  const all: Grow[] = [];
  for (const [path, value] of Object.entries(given).filter(([, value]) => value !== undefined)) {
    const birth = births.get(path);
    if (birth === undefined) {
      const message = "must be left out where the option `password` is off";
      throw new AuthError("input_invalid", { issues: [{ path, message }] });
    }
    all.push(await birth(value));
  }
  return (account) => all.reduce((grown, grow) => grow(grown), account);
}
