// Built-in operations replaced by the application's own functions.
import { expect, test } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { ClientInfo } from "../../src/model.ts";
import { outcome } from "../suite/steps.ts";
import { world } from "../suite/world.ts";
import { onSite } from "./site.ts";

const ADA = "ada@example.com";

test("an override answers method and route alike, with what was checked, and may call the original", async () => {
  const inputs: object[] = [];
  await onSite(async ({ auth, ask, world }) => {
    await auth.emailOtp.start({ email: " Ada@Example.com ", client: { ip: "192.0.2.1" } });
    const reply = await ask("POST /email/start", { body: { email: "Ada@EXAMPLE.com" } });
    expect(reply.status).toBe(200);
    expect(inputs).toMatchObject([
      { email: ADA, client: { ip: "192.0.2.1" } },
      { email: ADA, client: { userAgent: null } },
    ]);
    expect(world.mailbox.messages.map(({ to }) => to.address)).toEqual([
      "help@example.com",
      "help@example.com",
    ]);
  }, {
    overrides: {
      emailOtp: {
        start(input, original) {
          inputs.push(input);
          return original({ ...input, email: "Help@Example.com" });
        },
      },
    },
  });
});

test("what does not pass the checks reaches no override, and no original through one", async () => {
  let calls = 0;
  await onSite(async ({ auth, ask }) => {
    expect(await outcome(auth.emailOtp.start({ email: "nobody" }))).toBe("input_invalid");
    const wrong = { email: ADA, userId: "a".repeat(26) };
    expect((await ask("POST /email/start", { body: wrong })).status).toBe(400);
    const foreign = { headers: { origin: "https://evil.example" }, body: {} };
    expect((await ask("POST /email/verify", foreign)).status).toBe(403);
    expect(calls).toBe(0);
    expect(await outcome(auth.emailOtp.start({ email: ADA }))).toBe("input_invalid");
    expect(await outcome(auth.account.get({ userId: "a".repeat(26) }))).toBe("input_invalid");
    expect(calls).toBe(2);
  }, {
    overrides: {
      emailOtp: {
        start: (input, original) => (calls++, original({ ...input, email: "no address" })),
        verify: (input, original) => (calls++, original(input)),
      },
      account: { get: (input, original) => (calls++, original({ ...input, userId: "nobody" })) },
    },
  });
});

test("a sign-in through an override sets its cookie; a copy of the grant is a mistake that is told", async () => {
  for (const copies of [false, true]) {
    await onSite(async ({ ask, world }) => {
      const start = await ask("POST /email/start", { body: { email: ADA } });
      const { challengeId } = start.body as { challengeId: string };
      const reply = await ask("POST /email/verify", { body: { challengeId, code: world.mailbox.code(ADA) } });
      expect(reply.status).toBe(copies ? 500 : 201);
      expect(reply.headers.getSetCookie()).toHaveLength(copies ? 0 : 2);
    }, {
      overrides: {
        emailOtp: {
          async verify(input, original) {
            const grant = await original(input);
            return copies ? { ...grant } : grant;
          },
        },
      },
    });
  }
});

test("what an override throws is told as an AuthError is, and else by a reference alone", async () => {
  await onSite(async ({ auth, ask }) => {
    expect(await outcome(auth.users.find({ email: ADA }))).toBe("limit_reached");
    const denied = await ask("POST /email/start", { body: { email: ADA } });
    expect([denied.status, denied.body]).toMatchObject([500, { code: "internal" }]);
    expect(denied.text).not.toContain("secret plan");
  }, {
    overrides: {
      users: { find: () => Promise.reject(new AuthError("limit_reached")) },
      emailOtp: { start: () => Promise.reject(new Error("the secret plan")) },
    },
  });
});

test("an override that answers a grant where no session starts is a mistake, and sets no cookie", async () => {
  const owner: { sign?: () => Promise<object> } = {};
  await onSite(async ({ auth, ask, world }) => {
    const { id } = await auth.users.create({ email: ADA });
    owner.sign = () => auth.sessions.create({ userId: id });
    for (const origin of [undefined, "http://localhost:3000", "https://evil.example"]) {
      const reply = await ask("POST /email/start", {
        headers: { ...(origin && { origin }) },
        body: { email: ADA },
      });
      expect([reply.status, reply.headers.getSetCookie()]).toEqual([
        origin?.includes("evil") ? 403 : 500,
        [],
      ]);
      expect(reply.text).not.toContain("session");
    }
    expect(world.log).toContain("A request failed by a mistake in the code.");
  }, { overrides: { emailOtp: { start: () => owner.sign?.() as never } } });
});

test("an override may answer what the original did, also where that refreshes a cookie or a token", async () => {
  await onSite(async ({ ask, world, browser }) => {
    const headers = await browser(ADA);
    const { body } = await ask("GET /session", { headers });
    const except = (body as { session: { id: string } }).session.id;
    const kept = await ask("POST /sign-out/all", { headers, body: { except } });
    expect([kept.status, kept.headers.getSetCookie().map((cookie) => cookie.split("=")[0])])
      .toEqual([200, ["latchkey-3000-device"]]);
    const start = await ask("POST /email/start", { body: { email: ADA } });
    const { challengeId } = start.body as { challengeId: string };
    const answer = { challengeId, code: world.mailbox.code(ADA), session: "bearer" };
    const { refreshToken } = (await ask("POST /email/verify", { body: answer })).body as {
      refreshToken: string;
    };
    expect((await ask("POST /session/refresh", { body: { refreshToken } })).status).toBe(200);
  }, {
    overrides: {
      sessions: {
        endAll: (input, original) => original(input),
        refresh: (input, original) => original(input),
      },
    },
  });
});

test("a session that was found for one application's request lets nobody into another one", async () => {
  const other = world("memory", "http");
  const elsewhere = other.server();
  await onSite(async ({ ask, browser }) => {
    const headers = await browser(ADA);
    const { status, body } = await ask("GET /me", { headers });
    expect([status, body]).toMatchObject([401, { code: "session_ended" }]);
  }, { overrides: { account: { get: (input) => elsewhere.account.get(input) } } });
  await elsewhere.close();
});

test("an override may hand on a client that looks like the one it got", async () => {
  const likes: ((client: ClientInfo) => ClientInfo)[] = [
    (client) => ({ ...client }),
    (client) => Object.create(client),
    (client) => new Proxy(client, {}),
  ];
  for (const like of likes) {
    await onSite(async ({ ask, browser }) => {
      expect((await ask("GET /me", { headers: await browser(ADA) })).body).toMatchObject({ email: ADA });
    }, {
      overrides: {
        account: {
          get: ({ client = {}, ...input }, original) => original({ ...input, client: like(client) }),
        },
      },
    });
  }
});
