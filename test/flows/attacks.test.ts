import { expect } from "vitest";
import { createAuth } from "../../mod.ts";
import { canonicalEmail } from "../../src/base/email.ts";
import { cookieValues } from "../../src/protocol/cookie.ts";
import { flow, test } from "../suite/flow.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";

const ADA = "ada@example.com";

flow(
  "what an application does to a user or session that it got changes nobody else's",
  async ({ signedIn, server }) => {
    const { headers } = await signedIn(ADA);
    const { user, session } = await server().requireSession(headers);
    (user.roles as string[]).push("admin");
    (session.amr as string[]).push("hwk");
    const again = await server().requireSession(headers);
    expect([again.user.roles, again.session.amr]).toEqual([[], ["otp", "email"]]);
  },
);

test("a cookie whose name only looks like ours is not ours: a browser sees no prefix in it", () => {
  for (const space of ["\u00a0", "\u0085", "\u2000", "\ufeff", "\v", "\f"]) {
    expect(cookieValues(`${space}__Host-latchkey=x`, "__Host-latchkey")).toEqual([]);
  }
  expect(cookieValues("a=b; \t__Host-latchkey = x ", "__Host-latchkey")).toEqual(["x"]);
});

flow("a session counts for a change only from an origin that is ours", async ({ signedIn, server }) => {
  const { headers } = await signedIn(ADA);
  const auth = server();
  const asked = (method: string, more: Record<string, string>) => {
    const sent = new Headers(headers);
    sent.delete("origin");
    for (const [name, value] of Object.entries(more)) sent.set(name, value);
    return new Request("http://localhost:3000/orders", { method, headers: sent });
  };
  for (
    const foreign of [{ origin: "https://evil.example" }, { origin: "null" }, {
      "sec-fetch-site": "cross-site",
    }]
  ) {
    expect((await auth.getSession(asked("POST", foreign))).user).toBeNull();
    await expect(auth.requireSession(asked("DELETE", foreign))).rejects.toMatchObject({
      code: "origin_forbidden",
      status: 403,
    });
    expect((await auth.getSession(asked("GET", foreign))).user).not.toBeNull();
  }
  expect((await auth.requireSession(asked("POST", { origin: BASE_URL }))).user.email).toBe(ADA);
  expect((await auth.requireSession(asked("POST", {}))).user.email).toBe(ADA);
});

flow("a bearer token needs no origin: no browser adds it by itself", async ({ signedIn, server }) => {
  const { headers } = await signedIn(ADA, "bearer");
  const request = new Request("http://localhost:3000/orders", {
    method: "POST",
    headers: { authorization: headers.get("authorization") ?? "", origin: "https://app.example" },
  });
  expect((await server().requireSession(request)).user.email).toBe(ADA);
});

flow(
  "sign-out takes the cookie from the browser even where the store does not answer, and says so",
  async (world) => {
    if (world.via === "method") return;
    const { headers } = await world.signedIn(ADA);
    const down = { ...world.driver(), getItem: () => Promise.reject(new Error("the store is down")) };
    const auth = world.another({ storage: down });
    const request = new Request(`${BASE_URL}/auth/sign-out`, { method: "POST", headers });
    const reply = await auth.handler(request);
    expect([reply.status, reply.headers.getSetCookie()]).toEqual([503, [
      expect.stringContaining("Max-Age=0"),
    ]]);
    headers.set("origin", "https://evil.example");
    const forged = await auth.handler(new Request(`${BASE_URL}/auth/sign-out`, { method: "POST", headers }));
    expect([forged.status, forged.headers.getSetCookie()]).toEqual([403, []]);
  },
);

flow("a record that cannot be read keeps nobody from signing in and out", async (world) => {
  const ada = await world.signedIn(ADA);
  const { user, session } = await ada.sessions.get();
  await world.driver().setItem(`sessions:${user?.id}:${session?.id}`, '{"v":2,"rev":1}');
  await expect(ada.account.get()).rejects.toMatchObject({ code: "storage_corrupt" });
  if (world.via === "method") return;
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  await ada.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect((await ada.account.get()).email).toBe(ADA);
  await world.driver().setItem(`sessions:${user?.id}:${(await ada.sessions.get()).session?.id}`, "half");
  await ada.sessions.signOut();
  expect(ada.headers.has("cookie")).toBe(false);
});

flow(
  "the id of a step is told to its starter alone, not to the mail service",
  async ({ person, mailbox }) => {
    const { challengeId } = await person().emailOtp.start({ email: ADA });
    expect(JSON.stringify(mailbox.messages)).not.toContain(challengeId);
    await person().emailOtp.start({ email: ADA });
    expect(new Set(mailbox.messages.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  },
);

flow("one id without the other ends nothing, and says so", async ({ server, signedIn }) => {
  const { headers } = await signedIn(ADA);
  const { user, session } = await server().requireSession(headers);
  await expect(server().sessions.signOut({ userId: user.id })).rejects.toMatchObject({
    code: "input_invalid",
  });
  await expect(server().sessions.get({ sessionId: session.id })).rejects.toMatchObject({
    code: "input_invalid",
  });
});

flow("with bearer sessions alone a cookie's token lets nobody in", async ({ signedIn, another }) => {
  const { headers } = await signedIn(ADA);
  const token = (headers.get("cookie") ?? "").replace(/^[^=]*=/, "");
  expect(await another({}).sessions.verify({ token })).not.toBeNull();
  expect(await another({ session: { mode: "bearer" } }).sessions.verify({ token })).toBeNull();
});

flow("a session that the application begins while all are ended does not outlive them", async (world) => {
  const { id } = await world.server().users.create({ email: ADA, emailVerified: true });
  const inner = world.driver();
  let ended = false;
  const slow = world.another({
    storage: {
      ...inner,
      async swap(key, ...rest) {
        if (key.startsWith("users:") && !ended) {
          ended = true;
          await world.server().sessions.endAll({ userId: id });
        }
        return await inner.swap(key, ...rest);
      },
    },
  });
  await expect(slow.sessions.create({ userId: id })).rejects.toMatchObject({ code: "challenge_invalid" });
  expect((await world.server().sessions.list({ userId: id })).items).toEqual([]);
});

test("the canonical form of an address is its own canonical form", () => {
  for (
    const typed of [
      "H\u0331@example.com",
      "T\u0308@example.com",
      "W\u030a@example.com",
      "J\u030c@example.com",
    ]
  ) {
    expect(canonicalEmail(typed)).toBeNull();
  }
});

flow("a copy of a grant has lost its cookie, and is refused", async ({ server }) => {
  const { id } = await server().users.create({ email: ADA });
  const grant = await server().sessions.create({ userId: id });
  expect(server().cookies(grant)).toHaveLength(2);
  expect(() => server().cookies({ ...grant })).toThrow(expect.objectContaining({ code: "input_invalid" }));
});

flow(
  "a method called for a session that has ended says so, though it only reads",
  async ({ server, signedIn }) => {
    const { headers } = await signedIn(ADA);
    const { user, session } = await server().requireSession(headers);
    const caller = { userId: user.id, sessionId: session.id };
    await server().sessions.signOut(caller);
    await expect(server().account.get(caller)).rejects.toMatchObject({ code: "session_ended" });
    await expect(server().sessions.list(caller)).rejects.toMatchObject({ code: "session_ended" });
  },
);

flow("what a client says of itself is cut and cleaned, and refuses nobody", async ({ server }) => {
  const { id } = await server().users.create({ email: ADA });
  for (
    const [userAgent, told] of [["", null], [null, null], ["a\tb\u0085", "a b "], [
      "x".repeat(5000),
      "x".repeat(256),
    ]] as const
  ) {
    const { session } = await server().sessions.create({ userId: id, client: { userAgent, ip: null } });
    expect([session.userAgent, session.ip]).toEqual([told, null]);
  }
});

test("a trustedOrigins that answers later trusts nobody, and ends no process", async () => {
  const auth = createAuth({
    secret: SECRET,
    baseUrl: BASE_URL,
    trustedOrigins: (() => Promise.reject(new Error("later"))) as never,
    platform: { log: { warn: () => {} } },
  });
  const headers = { origin: "https://app.example" };
  const reply = await auth.handler(new Request(`${BASE_URL}/auth/sign-out`, { method: "POST", headers }));
  expect(reply.status).toBe(403);
  await auth.close();
});

flow("while secrets change, a server that runs on seals again under the new one", async (world) => {
  const [old, fresh] = [SECRET, "the-second-secret-of-these-tests-0123456789"];
  const running = world.another({ secret: [fresh, old] });
  await running.ready();
  await world.another({ secret: [old, fresh] }).ready(); // one of the first deployment starts again, late
  await world.turn("61s");
  await running.users.find({ email: ADA });
  await world.another({ secret: fresh }).ready();
});

flow("the origin null is nobody's, whatever a function says of it", async ({ another, signedIn }) => {
  const { headers } = await signedIn(ADA);
  headers.set("origin", "null");
  const auth = another({ trustedOrigins: () => true });
  const reply = await auth.handler(new Request(`${BASE_URL}/auth/sign-out`, { method: "POST", headers }));
  expect(reply.status).toBe(403);
});

flow(
  "an old refresh token of a session that has ended already is told just that",
  async ({ server, driver }) => {
    const { id } = await server().users.create({ email: ADA });
    const { refreshToken = "", session } = await server().sessions.create({ userId: id, session: "bearer" });
    for (let last = refreshToken, n = 0; n < 10; n++) {
      last = (await server().sessions.refresh({ refreshToken: last })).refreshToken ?? "";
    }
    const record = await driver().getItem(`sessions:${id}:${session.id}`);
    await server().sessions.endAll({ userId: id });
    await driver().setItem(`sessions:${id}:${session.id}`, record ?? ""); // its removal failed, say
    await expect(server().sessions.refresh({ refreshToken })).rejects.toMatchObject({
      code: "session_ended",
    });
  },
);

flow("how far the store's decisions reach can be asked", ({ server, store }) => {
  expect(server().storage.atomicity).toBe(store === "memory" ? "process" : "shared");
  return Promise.resolve();
});
