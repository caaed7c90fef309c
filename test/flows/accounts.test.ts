import { expect } from "vitest";
import { AuthError, type ErrorCode } from "../../src/errors.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { FullAuth } from "../suite/client.ts";
import { flow } from "../suite/flow.ts";
import { outcome, shows, signIn, watched } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const NOBODY = "a".repeat(26);

/** An account as it is stored. */
async function stored(
  { contents }: World,
  uid: string,
): Promise<{ epoch: number; sessions: readonly object[] }> {
  return JSON.parse(String((await contents()).get(`users:${uid}`)));
}

/** The keys of a store whose key or text holds a text. */
async function holding({ contents }: World, text: string): Promise<readonly string[]> {
  return [...await contents()].filter((entry) => entry.join("\n").includes(text)).map(([key]) => key);
}

// Made and found

flow("an account is made by its address, and found by it however it is written", async (world) => {
  const { users } = world.server();
  const user = await users.create({ email: " Ada@BÜCHER.example ", name: "Ada", emailVerified: true });
  expect(user).toEqual({
    id: expect.stringMatching(/^[a-z2-7]{26}$/),
    email: "ada@xn--bcher-kva.example",
    emailVerified: true,
    name: "Ada",
    roles: [],
    createdAt: new Date(world.now()).toISOString(),
  });
  expect(await users.get({ id: user.id })).toEqual(user);
  for (const email of ["ada@bücher.example", "ADA@xn--BCHER-kva.EXAMPLE", "ada@bu\u0308cher.example"]) {
    expect(await world.server(1).users.find({ email })).toEqual(user);
    expect(await outcome(users.create({ email }))).toBe("identifier_taken");
  }
  expect(await users.create({ email: BOB })).toMatchObject({ email: BOB, emailVerified: false, name: null });
});

flow("whom nobody knows is null, and removes nothing", async (world) => {
  const { users } = world.server();
  await users.create({ email: ADA });
  const before = await world.contents();
  expect(await users.find({ email: BOB })).toBe(null);
  for (const id of [NOBODY, "", "garbage", "../x"]) {
    expect(await users.get({ id })).toBe(null);
    expect(await users.remove({ id })).toEqual({ removed: 0 });
  }
  expect(await world.contents()).toEqual(before);
});

flow("of accounts made at once for one address, one is made", async (world) => {
  const made = await Promise.all(
    Array.from({ length: 8 }, (_, i) => outcome(world.server(i % 2).users.create({ email: ADA }))),
  );
  expect(made.toSorted()).toEqual(["fine", ...Array.from({ length: 7 }, () => "identifier_taken")]);
  expect([...(await world.contents()).keys()].filter((key) => key.startsWith("users:"))).toHaveLength(1);
}, { unhurried: true });

flow("a name is one line of at most 64 bytes", async (world) => {
  const { users } = world.server();
  for (const name of ["", "a".repeat(65), "é".repeat(33), "a\nb", "a\0b", "\ud800"]) {
    expect([name, await outcome(users.create({ email: ADA, name }))]).toEqual([name, "input_invalid"]);
  }
  expect(await users.create({ email: ADA, name: "é".repeat(32) })).toMatchObject({ name: "é".repeat(32) });
  expect(await users.create({ email: BOB, name: "b".repeat(64) })).toMatchObject({ name: "b".repeat(64) });
});

// One's own

flow("everybody gets their own account, and nobody without a session any", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  await signIn(world, BOB);
  expect(await client.account.get()).toEqual(grant.user);
  expect(await outcome(world.person().account.get())).toBe("unauthenticated");
  expect(await outcome(world.person().account.remove())).toBe("unauthenticated");
  expect(await outcome(world.server().account.get({ userId: NOBODY }))).toBe("not_found");
  expect(await outcome(world.server().account.remove({ userId: NOBODY }))).toBe("not_found");
});

flow(
  "an account can be removed for freshFor after signing in, then only after signing in again",
  async (world) => {
    const { client } = await signIn(world, ADA);
    const { client: bob } = await signIn(world, BOB);
    await world.turn("10m");
    expect(await outcome(bob.account.remove())).toBe("fine");
    await world.turn(0.001);
    const before = await world.contents();
    expect(await outcome(client.account.remove())).toBe("step_up_required");
    expect(await world.contents()).toEqual(before);
    await signIn(world, ADA, "cookie", client);
    expect(await outcome(client.account.remove())).toBe("fine");
    expect(client.headers.has("cookie")).toBe(false);
  },
);

flow("the application's own code removes an account without a session, however old", async (world) => {
  const { grant } = await signIn(world, ADA);
  await world.turn("1d");
  const { account, users } = world.server();
  expect(await outcome(account.remove({ userId: grant.user.id }))).toBe("fine");
  expect(await users.get({ id: grant.user.id })).toBe(null);
});

// Removed

flow("removing an account leaves no key that holds it, but a challenge that opens nothing", async (world) => {
  const { grant } = await signIn(world, ADA);
  const { id } = grant.user;
  const { client: other, grant: bearer } = await signIn(world, ADA, "bearer");
  await other.sessions.refresh({ refreshToken: bearer.refreshToken ?? "" });
  const { client: bob } = await signIn(world, BOB);
  const late = world.person(1);
  const { challengeId } = await late.emailOtp.start({ email: ADA });
  expect(await world.server().users.remove({ id })).toEqual({ removed: 4 }); // account, claim, two sessions
  expect(await holding(world, id)).toEqual([`challenges:${challengeId}`]);
  const call = late.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect(await outcome(call)).toBe("challenge_invalid");
  expect(await holding(world, id)).toEqual([]);
  expect((await bob.account.get()).email).toBe(BOB);
});

flow(
  "what follows the removal of an account may fail: it is told all the same, and the address is free",
  async (world) => {
    const { grant } = await signIn(world, ADA);
    const told: string[] = [];
    const driver = world.driver();
    const swap: Driver["swap"] = (key, expected, next, options) =>
      next === null && !key.startsWith("users:")
        ? Promise.reject(new Error("ECONNRESET"))
        : driver.swap(key, expected, next, options);
    const failing = world.another({ storage: { ...driver, swap } });
    failing.on("user.removed", ({ userId }) => void told.push(userId));
    expect(await failing.users.remove({ id: grant.user.id })).toEqual({ removed: 1 });
    expect(told).toEqual([grant.user.id]);
    expect((await signIn(world, ADA)).grant.user.id).not.toBe(grant.user.id);
    await world.turn("2h");
    await world.server().sweep();
    expect(await holding(world, grant.user.id)).toEqual([]);
  },
);

flow("a removed account is gone for the very next check, and its address is free", async (world) => {
  for (const mode of ["cookie", "bearer"] as const) {
    const { client, grant } = await signIn(world, ADA, mode);
    expect(await outcome(world.server(1).requireSession(client.headers))).toBe("fine");
    await client.account.remove();
    const headers = mode === "bearer"
      ? client.headers
      : shows({ cookie: client.cookies[0]?.split(";")[0] ?? "" });
    expect(await outcome(world.server(1).requireSession(headers))).toBe("session_ended");
    expect(await outcome(world.server(1).users.remove({ id: grant.user.id }))).toBe("fine");
    expect(await world.server(1).users.find({ email: ADA })).toBe(null);
    const { grant: again } = await signIn(world, ADA);
    expect(again.user.id).not.toBe(grant.user.id);
    await world.server().users.remove({ id: again.user.id });
  }
});

// Whose it is

flow(
  "an account with an address that nobody proved passes to whoever proves it, without its sessions",
  async (world) => {
    const { users, sessions, getSession, cookies } = world.server();
    const made = await users.create({ email: ADA, name: "Mallory" });
    const cookie = cookies(await sessions.create({ userId: made.id }))[0]?.split(";")[0] ?? "";
    const bearer = await sessions.create({ userId: made.id, session: "bearer" });
    const makers = [shows({ cookie }), shows({ authorization: `Bearer ${bearer.accessToken}` })];
    for (const headers of makers) expect((await getSession(headers)).user).toEqual(made);
    const pending = await world.person().emailOtp.start({ email: ADA });
    const pendingCode = world.mailbox.code(ADA);

    const { client, grant } = await signIn(world, ADA);
    expect(grant.user).toEqual({ ...made, name: null, emailVerified: true });
    expect((await client.sessions.list()).items).toEqual([grant.session]);
    for (const headers of makers) {
      expect(await outcome(world.server(1).requireSession(headers))).toBe(
        "session_ended",
      );
    }
    const { refreshToken = "" } = bearer;
    expect(await outcome(sessions.refresh({ refreshToken }))).toBe("session_ended");
    expect(await stored(world, made.id)).toMatchObject({ epoch: 1, sessions: [{ sid: grant.session.id }] });
    expect(await holding(world, bearer.session.id)).toEqual([]);
    // What was proven before it passed over counts no longer.
    const { challengeId } = pending;
    const late = world.person().emailOtp.verify({ challengeId, code: pendingCode });
    expect(await outcome(late)).toBe("challenge_invalid");
  },
);

flow("it passes over once: the next sign-in leaves the owner's sessions alone", async (world) => {
  const made = await world.server().users.create({ email: ADA });
  const { client } = await signIn(world, ADA);
  await signIn(world, ADA);
  expect((await client.sessions.list()).items).toHaveLength(2);
  expect((await stored(world, made.id)).epoch).toBe(1);
});

flow("an account whose address is known to be theirs keeps its sessions", async (world) => {
  const { users, sessions, requireSession } = world.server();
  const made = await users.create({ email: ADA, emailVerified: true });
  const { accessToken } = await sessions.create({ userId: made.id, session: "bearer" });
  await signIn(world, ADA);
  expect(await outcome(requireSession(shows({ authorization: `Bearer ${accessToken}` })))).toBe("fine");
  expect((await stored(world, made.id)).epoch).toBe(0);
});

flow("whoever made an unproven account cannot keep its owner out by revoking", async (world) => {
  const { users, sessions } = world.server();
  const { id: userId } = await users.create({ email: ADA });
  const owner = world.person();
  const { challengeId } = await owner.emailOtp.start({ email: ADA });
  await sessions.endAll({ userId });
  const { user } = await owner.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect(user).toMatchObject({ id: userId, emailVerified: true });
});

flow(
  "an unproven account that is made while the owner's code is on its way passes over all the same",
  async (world) => {
    const owner = world.person();
    const { challengeId } = await owner.emailOtp.start({ email: ADA });
    const { users, sessions } = world.server();
    const { id: userId } = await users.create({ email: ADA });
    const { accessToken } = await sessions.create({ userId, session: "bearer" });
    const { user } = await owner.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
    expect(user).toMatchObject({ id: userId, emailVerified: true });
    const headers = shows({ authorization: `Bearer ${accessToken}` });
    expect(await outcome(world.server().requireSession(headers))).toBe("session_ended");
  },
);

// Garbage

/** Method → an input that it takes; each member is to be spoiled in turn. Values stand for "some id". */
const INPUTS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["emailOtp.start", { email: ADA }],
  ["emailOtp.verify", {
    challengeId: NOBODY,
    code: "123456",
    session: "cookie",
    userId: NOBODY,
    sessionId: NOBODY,
  }],
  ["challenges.resend", { challengeId: NOBODY }],
  ["sessions.get", { userId: NOBODY, sessionId: NOBODY }],
  ["sessions.refresh", { refreshToken: "x", attempt: "x".repeat(16) }],
  ["sessions.token", { userId: NOBODY, sessionId: NOBODY }],
  ["sessions.signOut", { userId: NOBODY, sessionId: NOBODY }],
  ["sessions.endAll", { userId: NOBODY, sessionId: NOBODY, except: NOBODY }],
  ["sessions.list", { userId: NOBODY, sessionId: NOBODY }],
  ["sessions.end", { userId: NOBODY, sessionId: NOBODY, id: NOBODY }],
  ["sessions.create", { userId: NOBODY, session: "cookie" }],
  ["sessions.verify", { token: "x" }],
  ["account.get", { userId: NOBODY, sessionId: NOBODY }],
  ["account.remove", { userId: NOBODY, sessionId: NOBODY }],
  ["users.create", { email: BOB, emailVerified: true, name: "Bob" }],
  ["account.update", { userId: NOBODY, sessionId: NOBODY, name: "Ada" }],
  ["users.update", { id: NOBODY, name: "Ada" }],
  ["users.get", { id: NOBODY }],
  ["users.find", { email: BOB }],
  ["users.remove", { id: NOBODY }],
];

function methodOf(auth: FullAuth, name: string): (input: unknown) => Promise<unknown> {
  const [feature = "", method = ""] = name.split(".");
  return (auth as unknown as Record<string, Record<string, () => Promise<unknown>>>)[feature]![method]!;
}

/** What a call comes to where anything but an `AuthError` is told too, instead of thrown. */
async function bluntly(call: () => Promise<unknown>): Promise<ErrorCode | "fine" | string> {
  try {
    await call();
    return "fine";
  } catch (error) {
    return error instanceof AuthError ? error.code : String(error);
  }
}

const NO_TEXTS = [null, 5, NaN, 10n, [], [NOBODY], {}, { length: 26 }, new Date(0), () => 1, Symbol("s")];
const NO_IDS = ["", "x", `${NOBODY}a`, "A".repeat(26), "../x", "a:b", "\0", "\ud800", "x".repeat(100_000)];

flow("whatever a method is given, it answers input_invalid and never falls over", async (world) => {
  const auth = world.server();
  await auth.users.create({ email: ADA });
  const before = await world.contents();
  const wrong: unknown[] = [];
  for (const [name, right] of INPUTS) {
    const method = methodOf(auth, name);
    const spoiled = [
      ...Object.keys(right).flatMap((member) => {
        const removes = name.endsWith(".update") && member === "name"; // by null
        const values = NO_TEXTS.filter((value) => value !== null || !removes);
        return values.map((value) => ({ ...right, [member]: value }));
      }),
      ...["userId", "sessionId", "challengeId", "id", "except"].filter((member) =>
        member in right && !(member === "id" && name.startsWith("users."))
      ).flatMap((member) => NO_IDS.map((value) => ({ ...right, [member]: value }))),
      ...["unknown", "constructor", "toString", "__proto__"].map((member) =>
        Object.defineProperty({ ...right }, member, { value: 1, enumerable: true })
      ),
      ...[null, 5, "x", { ip: 5 }, { userAgent: {} }, { other: 1 }, { ip: ["::1"] }].map((
        client,
      ) => ({
        ...right,
        client,
      })),
      "text",
      [1],
    ];
    for (const input of spoiled) {
      const code = await bluntly(() => method(input));
      if (code !== "input_invalid") wrong.push([name, input, code]);
    }
  }
  expect(wrong).toEqual([]);
  expect(await world.contents()).toEqual(before);
});

flow("a method that needs something says so, whatever it is given for nothing", async (world) => {
  const auth = world.server();
  await auth.ready();
  for (const [name] of INPUTS) {
    const expected = /^sessions\.(?:get|signOut)$/.test(name) ? "fine" : "input_invalid";
    for (const nothing of [undefined, null, {}, 0, false, ""]) {
      expect([name, await bluntly(() => methodOf(auth, name)(nothing))]).toEqual([name, expected]);
    }
  }
});

flow("every member that is wrong is named, with what would be right", async (world) => {
  const call = world.server().users.create({ email: "ada", name: "", other: 1 } as never);
  expect(await call.catch((error) => error.toJSON())).toEqual({
    code: "input_invalid",
    message: "The input is not valid.",
    status: 400,
    details: {
      issues: [
        { path: "email", message: 'must be an e-mail address like "ada@example.com"' },
        { path: "name", message: "must be 1 to 64 characters long" },
        { path: "other", message: "is not a known member" },
      ],
    },
  });
});

const store = watched();

flow("an id that is none never reaches the store", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const { users, sessions, account } = world.server();
  const { id: userId } = grant.user;
  for (
    const id of [
      "../x",
      "a:b",
      `users:${userId}`,
      `${userId}:`,
      ` ${userId}`,
      userId.toUpperCase(),
      "__proto__",
    ]
  ) {
    store.asked.length = 0;
    await users.get({ id });
    await users.remove({ id });
    for (
      const call of [
        sessions.end({ userId, id }),
        sessions.get({ userId: id, sessionId: id }),
        sessions.list({ userId: id }),
        sessions.create({ userId: id }),
        account.get({ userId: id }),
        world.person().challenges.resend({ challengeId: id }),
        world.person().emailOtp.verify({ challengeId: id, code: "123456" }),
      ]
    ) expect([id, await outcome(call)]).toEqual([id, "input_invalid"]);
    expect(await sessions.verify({ token: `lks_${id}${id}` })).toBe(null);
    expect(store.asked).toEqual([]);
    expect(await outcome(client.sessions.end({ id }))).toMatch(/^(?:input_invalid|not_found)$/);
    expect(store.asked.filter((line) => !line.endsWith(userId) && !line.includes(`${userId}:`))).toEqual([]);
  }
  expect(await outcome(client.account.get())).toBe("fine");
}, { wrap: store.wrap });
