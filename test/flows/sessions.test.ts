import { expect } from "vitest";
import type { SessionMode } from "../../src/model.ts";
import { flow } from "../suite/flow.ts";
import { cookieOf, outcome, shows, signIn, watched } from "../suite/steps.ts";
import { rewritten } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const MODES: readonly SessionMode[] = ["cookie", "bearer"];
const ID = /^[a-z2-7]{26}$/;
const NOBODY = { user: null, session: null };
const COOKIE = "latchkey-3000";

// Carried

flow("a bearer sign-in shows tokens, and sets no cookie", async (world) => {
  const { client, grant } = await signIn(world, ADA, "bearer");
  const at = new Date(world.now()).toISOString();
  expect(grant).toEqual({
    user: {
      id: expect.stringMatching(ID),
      email: ADA,
      emailVerified: true,
      name: null,
      roles: [],
      createdAt: at,
    },
    session: {
      id: expect.stringMatching(ID),
      createdAt: at,
      lastUsedAt: at,
      expiresAt: new Date(world.now() + 30 * 86_400_000).toISOString(),
      amr: ["otp", "email"],
      ip: null,
      userAgent: "a test",
      current: true,
    },
    tokenType: "Bearer",
    accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expiresIn: 900,
    refreshToken: expect.stringMatching(/^lkr_[a-z2-7]{52}0\.[\w-]{43}$/),
    deviceToken: expect.stringMatching(/^lkd_[a-z2-7]{52}\d{10}\.[\w-]{43}$/),
  });
  expect(client.cookies).toEqual([]);
});

flow(
  "a cookie sign-in shows no token, and sets a cookie for as long as the session may live",
  async (world) => {
    const { client, grant } = await signIn(world, ADA, "cookie");
    expect(Object.keys(grant)).toEqual(["user", "session"]);
    expect(client.cookies).toEqual([
      expect.stringMatching(
        /^latchkey-3000=lks_[a-z2-7]{52}[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    expect(JSON.stringify(grant)).not.toContain(cookieOf(client).slice(-43));
  },
);

flow("a way of carrying sessions that is switched off is refused, and costs no guess", async (world) => {
  const { another, at, mailbox } = world;
  for (const [mode, off] of [["cookie", "bearer"], ["bearer", "cookie"]] as const) {
    const ada = at(another({ session: { mode } }));
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    const code = mailbox.code(ADA);
    expect(await outcome(ada.emailOtp.verify({ challengeId, code, session: off }))).toBe("input_invalid");
    const grant = await ada.emailOtp.verify({ challengeId, code });
    expect("refreshToken" in grant).toBe(mode === "bearer");
  }
});

// Time

for (const mode of MODES) {
  const options = { session: { ttl: "20m", idleTtl: "5m" }, jwt: { ttl: "1h" } } as const;

  flow(`a session (${mode}) that nobody uses for idleTtl ends, and use puts that off`, async (world) => {
    const { client } = await signIn(world, ADA, mode);
    const asked = () => outcome(world.server().requireSession(client.headers));
    await world.turn("4m");
    expect(await asked()).toBe("fine");
    await world.turn(299.999);
    expect(await asked()).toBe("fine");
    await world.turn("5m");
    expect(await asked()).toBe("session_ended");
    expect(await world.server().getSession(client.headers)).toEqual(NOBODY);
  }, { options });

  flow(`a session (${mode}) ends after ttl, however much it is used`, async (world) => {
    const { client, grant } = await signIn(world, ADA, mode);
    for (const minutes of ["4m", "4m", "4m", "4m", "3m"] as const) {
      await world.turn(minutes);
      const { session } = await world.server().requireSession(client.headers);
      expect(session.expiresAt).toBe(grant.session.expiresAt);
    }
    await world.turn(59.999);
    expect(await outcome(world.server().requireSession(client.headers))).toBe("fine");
    await world.turn(0.001);
    const ended = mode === "cookie" ? "session_ended" : "token_expired"; // a token ends with its session
    expect(await outcome(world.server().requireSession(client.headers))).toBe(ended);
  }, { options });
}

flow("a session is over as soon as its account's list or its own record says so", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const driver = world.driver();
  const keys = [`users:${grant.user.id}`, `sessions:${grant.user.id}:${grant.session.id}`];
  const soon = world.now() + 1000;
  for (const key of keys) {
    const before = String(await driver.getItem(key));
    await driver.setItem(key, rewritten(before, /"exp":\d+/, `"exp":${soon}`));
    expect(await outcome(world.server().requireSession(client.headers))).toBe("fine");
    await world.turn(1);
    expect(await outcome(world.server().requireSession(client.headers))).toBe("session_ended");
    await world.turn(-1);
    await driver.setItem(key, before);
  }
  expect(await outcome(world.server().requireSession(client.headers))).toBe("fine");
});

const noting = watched();
const swapsOfSessions = () => noting.asked.filter((line) => line.startsWith("swap sessions:")).length;

flow("last use is written when the last note is an hour old, and not before", async (world) => {
  const { client } = await signIn(world, ADA);
  noting.asked.length = 0;
  await world.turn(3599);
  await client.sessions.get();
  expect(swapsOfSessions()).toBe(0);
  await world.turn(1);
  await Promise.all(Array.from({ length: 10 }, () => world.server().getSession(client.headers)));
  await client.sessions.list();
  expect(swapsOfSessions()).toBe(1);
}, { wrap: noting.wrap });

flow("where idleTtl is short, last use is written when the last note is a tenth of it old", async (world) => {
  const { client } = await signIn(world, ADA);
  noting.asked.length = 0;
  await world.turn(29);
  await client.sessions.get();
  expect(swapsOfSessions()).toBe(0);
  await world.turn(1);
  await client.sessions.get();
  await client.sessions.get();
  expect(swapsOfSessions()).toBe(1);
}, { wrap: noting.wrap, options: { session: { idleTtl: "5m" } } });

flow("last use is told to the hour, and never before the session began", async (world) => {
  await world.turn("20m");
  const { client, grant } = await signIn(world, ADA);
  const told = async () => (await client.sessions.get()).session?.lastUsedAt;
  expect(await told()).toBe("2030-01-01T00:20:00.000Z");
  await world.turn("100m");
  await client.sessions.get(); // what a check tells is what stood there before it
  expect(await told()).toBe("2030-01-01T02:00:00.000Z");
  await world.turn("59m");
  await client.sessions.get();
  expect(await told()).toBe("2030-01-01T02:00:00.000Z");
  expect(grant.session.createdAt).toBe("2030-01-01T00:20:00.000Z");
});

// Asking who it is

flow("getSession answers nobody, requireSession says why", async (world) => {
  const { getSession, requireSession } = world.server();
  const { client: cookie } = await signIn(world, ADA);
  const { client: ended } = await signIn(world, ADA);
  const { client: bearer } = await signIn(world, ADA, "bearer");
  const gone = new Headers(ended.headers);
  await ended.sessions.signOut();
  const expired = new Headers(bearer.headers);
  await world.turn("15m");
  const token = cookieOf(cookie);
  const cases = [
    [{}, "unauthenticated"],
    [{ cookie: `${COOKIE}=${token}` }, "fine"],
    [{ cookie: `${COOKIE}=${token}; other=1` }, "fine"],
    [{ cookie: `other=1; ${COOKIE}=${token}` }, "fine"],
    [{ cookie: gone.get("cookie") }, "session_ended"],
    [{ cookie: `${COOKIE}=` }, "token_invalid"],
    [{ cookie: `${COOKIE}=garbage` }, "token_invalid"],
    [{ cookie: `${COOKIE}="${token}"` }, "token_invalid"],
    [{ cookie: `${COOKIE}=${token}x` }, "token_invalid"],
    [{ cookie: `${COOKIE}=${token.slice(0, -43)}${"A".repeat(43)}` }, "token_invalid"],
    [{ cookie: `${COOKIE}=lks_${"a".repeat(52)}${token.slice(-43)}` }, "session_ended"],
    [{ authorization: expired.get("authorization") }, "token_expired"],
    [{ authorization: "Bearer garbage" }, "token_invalid"],
  ] as const;
  for (const [sent, code] of cases) {
    const headers = shows(sent as Record<string, string>);
    expect([sent, await outcome(requireSession(headers))]).toEqual([sent, code]);
    const found = await getSession(new Request("http://localhost:3000/page", { headers }));
    expect([sent, found.user?.email ?? null]).toEqual([sent, code === "fine" ? ADA : null]);
  }
});

flow("only a cookie of exactly the configured name is read", async (world) => {
  const { client } = await signIn(world, ADA);
  for (const name of ["latchkey", "latchkey-300", "latchkey-30000", "Latchkey-3000", "__Host-latchkey"]) {
    const headers = shows({ cookie: `${name}=${cookieOf(client)}` });
    expect(await outcome(world.server().requireSession(headers))).toBe("unauthenticated");
  }
});

flow("with Authorization: Bearer the cookie is not looked at, however bad the token is", async (world) => {
  const { getSession, requireSession } = world.server();
  const { client: ada } = await signIn(world, ADA);
  const { client: bob, grant } = await signIn(world, BOB, "bearer");
  const cookie = String(ada.headers.get("cookie"));
  const bad = ["Bearer garbage", "bearer garbage", "Bearer", "Bearer ", "Bearer a b", "Bearer\tgarbage"];
  const two = `Bearer ${grant.accessToken}, Bearer ${grant.accessToken}`;
  for (const authorization of [...bad, two, `Bearer ${cookieOf(ada)}`]) {
    const headers = shows({ cookie, authorization });
    expect([authorization, await outcome(requireSession(headers))]).toEqual([authorization, "token_invalid"]);
    expect(await getSession(headers)).toEqual(NOBODY);
  }
  const both = shows({ cookie, authorization: String(bob.headers.get("authorization")) });
  expect((await getSession(both)).user?.email).toBe(BOB);
});

flow("other schemes are not ours: the cookie counts", async (world) => {
  const { client } = await signIn(world, ADA);
  const cookie = String(client.headers.get("cookie"));
  for (
    const authorization of ["Basic YTpi", "DPoP abc", "Bearer-x abc", "BearerToken", "Basic x, Bearer y"]
  ) {
    const { user } = await world.server().requireSession(shows({ cookie, authorization }));
    expect(user.email).toBe(ADA);
    expect(await outcome(world.server().requireSession(shows({ authorization })))).toBe("unauthenticated");
  }
});

flow("our cookie sent twice is nobody's, and a sign-in sets a new one", async (world) => {
  const { client } = await signIn(world, ADA);
  const before = cookieOf(client);
  client.headers.set("cookie", `${COOKIE}=${before}; ${COOKIE}=${before}`);
  expect(await world.server().getSession(client.headers)).toEqual(NOBODY);
  expect(await client.sessions.get()).toEqual(NOBODY);
  expect(await outcome(world.server().requireSession(client.headers))).toBe("token_invalid");
  expect(await outcome(client.sessions.list())).toBe("token_invalid");
  await signIn(world, ADA, "cookie", client);
  expect(await outcome(client.sessions.list())).toBe("fine");
  expect(await outcome(world.server().requireSession(shows({ cookie: `${COOKIE}=${before}` })))).toBe("fine");
});

flow("our cookie sent twice does not keep anybody from signing out", async (world) => {
  const { client } = await signIn(world, ADA);
  client.headers.set("cookie", `${client.headers.get("cookie")}; ${COOKIE}=x`);
  expect(await outcome(client.sessions.signOut())).toBe("fine");
  expect(client.headers.has("cookie")).toBe(false);
});

flow("freshWithin asks how long ago the user signed in, however fresh the last use", async (world) => {
  const { client } = await signIn(world, ADA);
  const { requireSession } = world.server();
  await world.turn("10m");
  expect(await outcome(requireSession(client.headers, { freshWithin: "10m" }))).toBe("fine");
  await world.turn(0.001);
  expect(await outcome(requireSession(client.headers, { freshWithin: "10m" }))).toBe("step_up_required");
  expect(await outcome(requireSession(client.headers, { freshWithin: 601 }))).toBe("fine");
  await world.turn("2h");
  expect(await outcome(requireSession(client.headers))).toBe("fine"); // notes the use
  expect(await outcome(requireSession(client.headers, { freshWithin: "1h" }))).toBe("step_up_required");
  expect(await outcome(requireSession(client.headers))).toBe("fine");
});

flow("amr asks for all of the ways in which the user must have signed in", async (world) => {
  const { client } = await signIn(world, ADA);
  const ask = (...amr: string[]) => outcome(world.server().requireSession(client.headers, { amr }));
  expect(await ask()).toBe("fine");
  expect(await ask("otp")).toBe("fine");
  expect(await ask("email", "otp")).toBe("fine");
  expect(await ask("otp", "hwk")).toBe("step_up_required");
  expect(await ask("mfa")).toBe("step_up_required");
});

flow("requirements that are none are refused, so that no slip of the pen opens a door", async (world) => {
  const { client } = await signIn(world, ADA);
  const wrong: readonly object[] = [
    { freshWithin: "soon" },
    { freshWithin: -1 },
    { freshWithin: null },
    { freshwithin: "10m" },
    { amr: "otp" },
    { amr: [1] },
    { roles: ["admin"] },
  ];
  for (const requirements of wrong) {
    const asked = outcome(world.server().requireSession(client.headers, requirements));
    expect([requirements, await asked]).toEqual([requirements, "input_invalid"]);
  }
});

// Listing and ending

flow("the list has the live sessions, oldest first, and marks the one that asks", async (world) => {
  const first = await signIn(world, ADA);
  await world.turn(1);
  const second = await signIn(world, ADA, "bearer");
  await signIn(world, BOB);
  const { session: older } = first.grant;
  const { session: newer } = second.grant;
  const items = async ({ client }: typeof first) => (await client.sessions.list()).items;
  expect(await items(first)).toEqual([older, { ...newer, current: false }]);
  expect(await items(second)).toEqual([{ ...older, current: false }, newer]);
});

flow("a session that is ended is over for the very next check, on every server", async (world) => {
  for (const mode of MODES) {
    const { client: here } = await signIn(world, ADA);
    const { client: there, grant } = await signIn(world, ADA, mode);
    expect(await outcome(world.server(1).requireSession(there.headers))).toBe("fine");
    await here.sessions.end({ id: grant.session.id });
    expect(await outcome(world.server(1).requireSession(there.headers))).toBe("session_ended");
    expect(await outcome(there.sessions.list())).toBe("session_ended");
    expect(await outcome(here.sessions.list())).toBe("fine");
    expect(await outcome(here.sessions.end({ id: grant.session.id }))).toBe("not_found");
    await here.sessions.signOut();
  }
});

flow(
  "a session of A cannot be ended by B, who learns no more than of one that does not exist",
  async (world) => {
    const { client: ada, grant } = await signIn(world, ADA);
    const { client: bob } = await signIn(world, BOB);
    const ended = await Promise.allSettled([
      bob.sessions.end({ id: grant.session.id }),
      bob.sessions.end({ id: "a".repeat(26) }),
    ]);
    const reasons = ended.map((one) => one.status === "rejected" ? one.reason.toJSON() : one);
    expect(reasons[0]).toEqual({ code: "not_found", message: "There is nothing here.", status: 404 });
    expect(reasons[1]).toEqual(reasons[0]);
    expect(await outcome(ada.sessions.list())).toBe("fine");
  },
);

flow("endAll ends every session, the caller's too, and counts them", async (world) => {
  const { client } = await signIn(world, ADA);
  const { client: other } = await signIn(world, ADA, "bearer");
  const { client: bob } = await signIn(world, BOB);
  const before = new Headers(client.headers);
  expect(await client.sessions.endAll()).toEqual({ ended: 2 });
  expect(client.headers.has("cookie")).toBe(false);
  for (const headers of [before, other.headers]) {
    expect(await outcome(world.server(1).requireSession(headers))).toBe("session_ended");
  }
  expect(await outcome(bob.sessions.list())).toBe("fine");
});

flow("endAll except the caller's own keeps that one and its cookie", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const { client: other } = await signIn(world, ADA);
  expect(await client.sessions.endAll({ except: grant.session.id })).toEqual({ ended: 1 });
  expect(client.headers.has("cookie")).toBe(true);
  expect((await client.sessions.list()).items).toEqual([grant.session]);
  expect(await outcome(other.sessions.list())).toBe("session_ended");
});

flow("endAll except another session ends the caller's own, and clears its cookie", async (world) => {
  const { client } = await signIn(world, ADA);
  const { client: other, grant } = await signIn(world, ADA);
  expect(await client.sessions.endAll({ except: grant.session.id })).toEqual({ ended: 1 });
  expect(client.headers.has("cookie")).toBe(false);
  expect((await other.sessions.list()).items).toEqual([grant.session]);
});

flow("endAll except a session of somebody else keeps none", async (world) => {
  const { client } = await signIn(world, ADA);
  const { client: bob, grant } = await signIn(world, BOB);
  expect(await client.sessions.endAll({ except: grant.session.id })).toEqual({ ended: 1 });
  expect(client.headers.has("cookie")).toBe(false);
  expect(await outcome(bob.sessions.list())).toBe("fine");
});

flow("a code mailed before endAll lets nobody in after it", async (world) => {
  const { client: ada } = await signIn(world, ADA);
  const thief = world.person(1);
  const { challengeId } = await thief.emailOtp.start({ email: ADA });
  const code = world.mailbox.code(ADA);
  await ada.sessions.endAll();
  expect(await outcome(thief.emailOtp.verify({ challengeId, code }))).toBe("challenge_invalid");
  expect(await outcome(signIn(world, ADA))).toBe("fine");
});

flow("ending one session voids no code that is on its way", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const other = world.person();
  const { challengeId } = await other.emailOtp.start({ email: ADA });
  await client.sessions.end({ id: grant.session.id });
  const call = other.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect(await outcome(call)).toBe("fine");
});

flow("a session that has ended has no say any more", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const { client: other, grant: theirs } = await signIn(world, ADA);
  const { id: userId } = grant.user;
  const { id: sessionId } = theirs.session;
  await other.sessions.signOut();
  const { sessions, account } = world.server();
  expect(await outcome(sessions.end({ userId, sessionId, id: grant.session.id }))).toBe("session_ended");
  expect(await outcome(sessions.endAll({ userId, sessionId }))).toBe("session_ended");
  expect(await outcome(sessions.token({ userId, sessionId }))).toBe("session_ended");
  expect(await outcome(account.remove({ userId, sessionId }))).toBe("session_ended");
  expect(await sessions.get({ userId, sessionId })).toEqual(NOBODY);
  expect(await outcome(client.sessions.list())).toBe("fine");
});

// Signing out

flow("signing out always succeeds and clears the cookie, whatever came with it", async (world) => {
  const { client } = await signIn(world, ADA);
  const { client: ended } = await signIn(world, ADA);
  const gone = String(ended.headers.get("cookie"));
  await ended.sessions.signOut();
  const cookies = [String(client.headers.get("cookie")), gone, `${COOKIE}=garbage`, `${COOKIE}=`, null];
  for (const cookie of cookies) {
    const somebody = world.person();
    if (cookie !== null) somebody.headers.set("cookie", cookie);
    expect(await somebody.sessions.signOut()).toBe(undefined);
    expect(somebody.cookies).toEqual([`${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`]);
    if (cookie === null) continue;
    expect(await world.server().getSession(shows({ cookie }))).toEqual(NOBODY);
  }
  expect(await outcome(client.sessions.list())).toBe("session_ended");
});

flow("signing out by bearer ends that session, and its refresh token with it", async (world) => {
  const { client, grant } = await signIn(world, ADA, "bearer");
  await client.sessions.signOut();
  expect(await outcome(client.sessions.list())).toBe("session_ended");
  const { refreshToken = "" } = grant;
  expect(await outcome(world.person().sessions.refresh({ refreshToken }))).toBe("session_ended");
});

// Signing in

flow(
  "the session id changes at every sign-in, which ends the session of the cookie it came with",
  async (world) => {
    const { client, grant } = await signIn(world, ADA);
    const before = new Headers(client.headers);
    const { grant: again } = await signIn(world, ADA, "cookie", client);
    expect(again.session.id).not.toBe(grant.session.id);
    expect(await outcome(world.server().requireSession(before))).toBe("session_ended");
    expect((await client.sessions.list()).items).toEqual([again.session]);
  },
);

flow("a sign-in as somebody else ends the session of the cookie it came with", async (world) => {
  const { client } = await signIn(world, ADA);
  const { client: elsewhere } = await signIn(world, ADA);
  const before = new Headers(client.headers);
  await signIn(world, BOB, "cookie", client);
  expect(await outcome(world.server().requireSession(before))).toBe("session_ended");
  expect((await client.account.get()).email).toBe(BOB);
  expect(await outcome(elsewhere.sessions.list())).toBe("fine");
});

flow("a sign-in leaves the sessions of other devices alone", async (world) => {
  const { client } = await signIn(world, ADA);
  await signIn(world, ADA, "bearer");
  expect((await client.sessions.list()).items).toHaveLength(2);
});

flow("the 51st session ends the oldest", async (world) => {
  const { client: oldest, grant } = await signIn(world, ADA);
  const { id: userId } = grant.user;
  const others = [];
  for (let i = 0; i < 49; i++) others.push(await world.server().sessions.create({ userId }));
  expect(await outcome(oldest.sessions.list())).toBe("fine");
  const { client: newest } = await signIn(world, ADA);
  expect(await outcome(oldest.sessions.list())).toBe("session_ended");
  const { items } = await newest.sessions.list();
  expect(items).toHaveLength(50);
  expect(items[0]?.id).toBe(others[0]?.session.id);
  const records = [...(await world.contents()).keys()].filter((key) => key.startsWith("sessions:"));
  expect(records).toHaveLength(50);
});

flow("where one session is allowed, the next sign-in ends it", async (world) => {
  const { client: first } = await signIn(world, ADA);
  const { client: second } = await signIn(world, ADA);
  expect(await outcome(first.sessions.list())).toBe("session_ended");
  expect((await second.sessions.list()).items).toHaveLength(1);
}, { options: { session: { maxPerUser: 1 } } });

flow(
  "a listed session without a record is struck off when it is older than a minute, not before",
  async (world) => {
    const { client, grant } = await signIn(world, ADA);
    const { grant: lost } = await signIn(world, ADA);
    const { id: uid } = grant.user;
    await world.driver().removeItem(`sessions:${uid}:${lost.session.id}`);
    const listed = async () => {
      const { sessions } = JSON.parse(String((await world.contents()).get(`users:${uid}`)));
      return sessions.map(({ sid }: { sid: string }) => sid);
    };
    await world.turn(60);
    expect((await client.sessions.list()).items).toEqual([grant.session]);
    expect(await listed()).toEqual([grant.session.id, lost.session.id]);
    await world.turn(0.001);
    expect((await client.sessions.list()).items).toEqual([grant.session]);
    expect(await listed()).toEqual([grant.session.id]);
  },
);

let late: (() => Promise<void>) | null = null;

flow("a start slower than storageDeadline answers 503, though no single call was", async (world) => {
  const ada = world.person();
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  late = () => world.turn(3);
  const call = ada.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect(await outcome(call.finally(() => late = null))).toBe("storage_unavailable");
  expect(ada.headers.has("cookie")).toBe(false);
}, {
  wrap: (driver) => ({
    ...driver,
    async swap(key, expected, next, options) {
      if (/^(?:users|sessions):/.test(key)) await late?.();
      return driver.swap(key, expected, next, options);
    },
  }),
});

// On the application's own authority

flow("sessions.create begins a session for a user, to be carried as asked", async (world) => {
  const { sessions, cookies, getSession, users } = world.server();
  const user = await users.create({ email: ADA, emailVerified: true });
  const grant = await sessions.create({ userId: user.id, client: { ip: "192.0.2.1", userAgent: "cron" } });
  expect(grant.user).toEqual(user);
  expect(grant.session).toMatchObject({ amr: [], ip: "192.0.2.1", userAgent: "cron", current: true });
  const [cookie = ""] = cookies(grant);
  const headers = shows({ cookie: cookie.split(";")[0] ?? "" });
  expect(await getSession(headers)).toEqual({ user, session: grant.session });
  const bearer = await sessions.create({ userId: user.id, session: "bearer" });
  const authorization = `Bearer ${bearer.accessToken}`;
  expect(await getSession(shows({ authorization }))).toEqual({ user, session: bearer.session });
  expect(await outcome(sessions.create({ userId: "a".repeat(26) }))).toBe("not_found");
});

flow("sessions.verify reads a cookie's or an access token, and asks the store", async (world) => {
  const { sessions } = world.server();
  const { client, grant } = await signIn(world, ADA);
  const { client: other, grant: bearer } = await signIn(world, ADA, "bearer");
  const signedIn = (token = "") => sessions.verify({ token });
  const token = cookieOf(client);
  expect(await signedIn(token)).toEqual({ user: grant.user, session: grant.session });
  expect(await signedIn(bearer.accessToken)).toEqual({ user: bearer.user, session: bearer.session });
  for (const nothing of [bearer.refreshToken, "", "garbage", `${token}x`, `Bearer ${bearer.accessToken}`]) {
    expect([nothing, await signedIn(nothing)]).toEqual([nothing, null]);
  }
  await client.sessions.signOut();
  await other.sessions.signOut();
  expect(await signedIn(token)).toBe(null);
  expect(await signedIn(bearer.accessToken)).toBe(null);
});

flow("a grant made by method keeps its cookie in a private slot, never in its JSON", async (world) => {
  const { emailOtp, cookies, clearCookies } = world.server();
  const { challengeId } = await emailOtp.start({ email: ADA });
  const grant = await emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  const [cookie = "", device = ""] = cookies(grant);
  const [token = ""] = /lks_[\w-]+/.exec(cookie) ?? [];
  const [known = ""] = /lkd_[\w.-]+/.exec(device) ?? [];
  expect(cookies(grant)).toEqual([
    `${COOKIE}=${token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax`,
    `${COOKIE}-device=${known}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax`,
  ]);
  expect(JSON.stringify(grant)).not.toMatch(/lks_|lkd_/);
  expect(JSON.stringify(grant)).not.toContain(token.slice(-43));
  expect(Object.values({ ...grant })).toHaveLength(2);
  expect(clearCookies()).toEqual([`${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`]);
  const bearer = await world.server().sessions.create({ userId: grant.user.id, session: "bearer" });
  expect(cookies(bearer)).toEqual([]);
});

flow("the cookie's name and attributes follow from the address and the options", async (world) => {
  const { id: userId } = await world.server().users.create({ email: ADA });
  const cases = [
    ["https://app.example.com", {}, "__Host-latchkey", "HttpOnly; Secure; SameSite=Lax"],
    ["https://app.example.com", { name: "door" }, "__Host-door", "HttpOnly; Secure; SameSite=Lax"],
    [
      "https://app.example.com",
      { domain: "example.com" },
      "__Secure-latchkey",
      "HttpOnly; Domain=example.com; Secure; SameSite=Lax",
    ],
    ["https://app.example.com:8443", {}, "__Host-latchkey", "HttpOnly; Secure; SameSite=Lax"],
    ["https://a.example", { sameSite: "strict" }, "__Host-latchkey", "HttpOnly; Secure; SameSite=Strict"],
    ["https://a.example", { sameSite: "none" }, "__Host-latchkey", "HttpOnly; Secure; SameSite=None"],
    ["http://localhost:8080", {}, "latchkey-8080", "HttpOnly; SameSite=Lax"],
    ["http://localhost", {}, "latchkey-80", "HttpOnly; SameSite=Lax"],
    ["http://app.localhost:4000", {}, "latchkey-4000", "HttpOnly; SameSite=Lax"],
    ["http://192.168.1.5:3000", {}, "latchkey-3000", "HttpOnly; SameSite=Lax"],
  ] as const;
  for (const [baseUrl, cookie, name, attributes] of cases) {
    const auth = world.another({
      baseUrl,
      cookie,
      allowInsecureOrigin: true,
      session: { ttl: "1h", idleTtl: "1h" },
    });
    const [set = ""] = auth.cookies(await auth.sessions.create({ userId }));
    expect(set.replace(/lks_[\w-]+/, "…")).toBe(`${name}=…; Path=/; Max-Age=3600; ${attributes}`);
    expect(auth.clearCookies()).toEqual([`${name}=; Path=/; Max-Age=0; ${attributes}`]);
    const headers = shows({ cookie: set.split(";")[0] ?? "" });
    expect((await auth.getSession(headers)).user?.id).toBe(userId);
  }
});
