// The name and the application's own fields of users.
import * as v from "valibot";
import { expect } from "vitest";
import type { AuthError } from "../../src/errors.ts";
import type { FieldsSchema } from "../../src/options/users.ts";
import type { FullAuth } from "../suite/client.ts";
import { flow, test } from "../suite/flow.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { world } from "../suite/world.ts";
import { textOf } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";

const fields = v.strictObject({
  plan: v.optional(v.picklist(["free", "pro"])),
  bio: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(10_000))),
  tags: v.optional(v.array(v.string())),
});
const options = { users: { fields } };

/** What an update is given, fields and all; the clients of these tests do not know the fields' types. */
const change = (members: object) => members as Record<never, never>;

const wrong = (call: Promise<unknown>) =>
  call.then(() => "fine", (error: AuthError) => error.details?.issues);

flow(
  "a user's name and fields are in every reply; null removes one, what is not named stays",
  async (world) => {
    const { client: ada, grant } = await signIn(world, ADA);
    expect(Object.keys(grant.user).toSorted()).toEqual(
      ["createdAt", "email", "emailVerified", "id", "name", "roles"],
    );
    const full = { ...grant.user, name: "Ada", plan: "pro", bio: "counts" };
    expect(await ada.account.update(change({ name: "Ada", plan: "pro", bio: " counts " }))).toEqual(full);
    const auth = world.server(1);
    expect(await ada.account.get()).toEqual(full);
    expect((await ada.sessions.get()).user).toEqual(full);
    expect((await auth.getSession(ada.headers)).user).toEqual(full);
    expect(await auth.users.find({ email: ADA })).toEqual(full);
    expect((await signIn(world, ADA)).grant.user).toEqual(full);
    expect(await ada.account.update({})).toEqual(full);
    expect(await ada.account.update(change({ bio: null }))).toEqual({
      ...grant.user,
      name: "Ada",
      plan: "pro",
    });
    expect(await auth.users.update(change({ id: grant.user.id, name: null, plan: null }) as never)).toEqual(
      grant.user,
    );
  },
  { options },
);

flow(
  "who proves an address finds no name and fields that others wrote, and keeps the roles",
  async (world) => {
    const { users, sessions } = world.server();
    const { id } = await users.create(change({ email: BOB, name: "Mallory", plan: "free" }) as never);
    const { session } = await sessions.create({ userId: id });
    const held = { userId: id, sessionId: session.id };
    await world.server().account.update(change({ ...held, bio: "send money to mallory" }) as never);
    const key = `users:${id}`;
    const record = JSON.parse(String(await world.driver().getItem(key)));
    await world.driver().setItem(key, textOf({ ...record, roles: ["editor"] }));
    const { user } = (await signIn(world, BOB)).grant;
    expect(user).toEqual({
      id,
      email: BOB,
      emailVerified: true,
      name: null,
      roles: ["editor"],
      createdAt: user.createdAt,
    });
    const kept = await users.create(
      change({ email: ADA, name: "Ada", plan: "pro", emailVerified: true }) as never,
    );
    expect((await signIn(world, ADA)).grant.user).toEqual(kept);
  },
  { options },
);

flow("an account made by the application's own code may begin with fields", async (world) => {
  const { users } = world.server();
  const made = await users.create(change({ email: BOB, name: "Bob", plan: "free" }) as never);
  expect(made).toMatchObject({ name: "Bob", plan: "free" });
  expect(await world.server(1).users.get({ id: made.id })).toEqual(made);
  const issues = wrong(users.create(change({ email: ADA, plan: "gold" }) as never));
  expect(await issues).toMatchObject([{ path: "plan" }]);
  expect(await users.find({ email: ADA })).toBe(null);
}, { options });

flow("of 20 changes at once, at two servers, none is lost", async (world) => {
  const { id } = await world.server().users.create({ email: ADA });
  const update = (i: number) => world.server(i % 2).users.update(change({ id, [`f${i}`]: i }) as never);
  const all = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(all.map(update));
  const expected = Object.fromEntries(all.map((i) => [`f${i}`, i]));
  expect(await world.server().users.get({ id })).toMatchObject(expected);
}, { options: { users: { fields: slow(v.record(v.string(), v.number())) } }, unhurried: true });

flow("a schema that judges the whole judges what is kept, however it comes about", async (world) => {
  const { users } = world.server();
  const { id } = await users.create({ email: ADA });
  await world.server(1).ready(); // or one would be done before the other has begun
  const update = (i: number, members: object) => outcome(world.server(i).users.update({ id, ...members }));
  const both = await Promise.all([update(0, { a: 1 }), update(1, { b: 1 })]);
  expect(both.toSorted()).toEqual(["fine", "input_invalid"]);
}, { options: { users: { fields: slow(onlyOne()) } }, unhurried: true });

test("a schema that never answers is internal after five seconds, nothing is written, and the log says why", async () => {
  const asked = Promise.withResolvers<void>();
  const hanging: FieldsSchema = {
    "~standard": {
      validate() {
        asked.resolve();
        return new Promise(() => {});
      },
    },
  };
  const here = world("memory", "http", { options: { users: { fields: hanging } } });
  const { client: ada } = await signIn(here, ADA);
  const before = await here.contents();
  const call = outcome(ada.account.update(change({ name: "Ada", plan: "pro" })));
  await asked.promise;
  await here.turn("4s");
  expect(await Promise.race([call, "still waiting"])).toBe("still waiting");
  await here.turn("1s");
  expect(await call).toBe("internal");
  expect(await here.contents()).toEqual(before);
  const [line] = here.lines.filter(({ event }) => event === "error");
  expect([line?.["code"], line?.["cause"]]).toMatchObject(
    ["internal", { message: "users.fields: the schema gave no answer within 5000 ms" }],
  );
  await here.close();
});

flow("whoever signed out changes nothing any more, not even by a request under way", async (world) => {
  const judging = Promise.withResolvers<void>();
  const judged = Promise.withResolvers<void>();
  const waiting: FieldsSchema = {
    "~standard": {
      async validate(value) {
        judging.resolve();
        await judged.promise;
        return { value: Object(value) };
      },
    },
  };
  const { client: ada, grant } = await signIn(
    world,
    ADA,
    "cookie",
    world.at(world.another({ users: { fields: waiting } })),
  );
  const changing = outcome(ada.account.update(change({ plan: "pro" })));
  await judging.promise;
  await world.server().sessions.endAll({ userId: grant.user.id });
  judged.resolve();
  expect(await changing).toBe("session_ended");
  expect(await world.server().users.get({ id: grant.user.id })).toEqual(grant.user);
  expect(await outcome(ada.account.update({ name: "Ada" }))).toBe("session_ended");
});

flow("what users.fields does not accept is named, and nothing is written", async (world) => {
  const { client: ada } = await signIn(world, ADA);
  await ada.account.update(change({ plan: "free" }));
  const before = await world.contents();
  const issuesOf = (members: object) => wrong(ada.account.update(change(members)));
  const unknown = (path: string) => [{ path, message: "is not a known member" }];
  expect(await issuesOf({ plan: "gold", tags: ["a", 1] })).toMatchObject([{ path: "plan" }, {
    path: "tags.1",
  }]);
  for (
    const name of [
      ...["id", "email", "emailVerified", "roles", "createdAt", "toString", "userId", "sessionId"],
      ...["password", "passwordHash", "session", "audience"],
    ]
  ) {
    if (world.via === "method" && /Id$/.test(name)) continue; // by method they say who calls
    expect(await issuesOf({ [name]: "x" })).toEqual(unknown(name));
  }
  for (const bio of ["\0", "\ud800"]) expect(await issuesOf({ bio })).toMatchObject([{ path: "bio" }]);
  expect(await outcome(ada.account.update({ name: "é".repeat(33) }))).toBe("input_invalid");
  expect(await outcome(ada.account.update(change({ bio: "x".repeat(8100) })))).toBe("fine");
  expect(await outcome(ada.account.update(change({ bio: "x".repeat(8200) })))).toBe("limit_reached");
  await ada.account.update(change({ bio: null }));
  expect([...await world.contents()].map(([key]) => key)).toEqual([...before].map(([key]) => key));
}, { options });

flow("a change is told with the names of what changed, once, and without what it says", async (world) => {
  const auth = world.server();
  const { client: ada, grant } = await signIn(world, ADA, "cookie", world.at(auth));
  const told: object[] = [];
  auth.on("user.updated", ({ at: _at, durationMs: _ms, requestId: _id, ...event }) => void told.push(event));
  await ada.account.update(change({ name: "Ada", plan: "pro" }));
  await ada.account.update(change({ name: "Ada", plan: "pro" }));
  await auth.users.update(change({ id: grant.user.id, plan: null }) as never);
  const userId = grant.user.id;
  expect(told).toEqual([
    { event: "user.updated", userId, changed: ["name", "plan"] },
    { event: "user.updated", userId, changed: ["plan"] },
  ]);
}, { options });

flow("without users.fields nothing but the name can be said", async (world) => {
  const { client: ada, grant } = await signIn(world, ADA);
  expect(await wrong(ada.account.update(change({ plan: "pro" })))).toEqual([
    { path: "plan", message: "is not a known member" },
  ]);
  expect(await ada.account.update({ name: "Ada" })).toEqual({ ...grant.user, name: "Ada" });
  expect(await outcome(world.server().users.update({ id: "a".repeat(26), name: "x" }))).toBe("not_found");
});

flow("a schema that answers what cannot be kept is refused, and one that drops a member", async (world) => {
  const answers: unknown[] = [{ id: "x" }, { constructor: "x" }, { plan: new Date(0) }, { plan: 1n }, {
    other: 1,
  }, "x"];
  for (const value of answers) {
    const schema = { "~standard": { validate: () => ({ value }) } } as FieldsSchema;
    const auth: FullAuth = world.another({ users: { fields: schema } });
    const { id } = await auth.users.find({ email: ADA }) ?? await auth.users.create({ email: ADA });
    const call = outcome(auth.users.update(change({ id, plan: "pro" }) as never));
    expect([value, await call]).toEqual([value, "input_invalid"]);
  }
});

/** A schema that takes its time. */
function slow(schema: FieldsSchema): FieldsSchema {
  return {
    "~standard": {
      async validate(value) {
        await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
        return await schema["~standard"].validate(value);
      },
    },
  };
}

/** At most one field. */
function onlyOne(): FieldsSchema {
  return v.pipe(v.record(v.string(), v.number()), v.check((all) => Object.keys(all).length <= 1, "one"));
}
