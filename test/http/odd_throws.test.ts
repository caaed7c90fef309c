// Whatever the application's own code throws, nobody who is served notices more than that it failed, and no process ends of it.
import { expect, test } from "vitest";
import { definePlugin, object } from "../../src/doors/plugin.ts";
import { createVerifier } from "../../src/doors/verify.ts";
import { AuthError, type ErrorDetails } from "../../src/errors.ts";
import type { AuthOptions } from "../../src/options.ts";
import { outcome } from "../suite/steps.ts";
import { ODD_THROWS } from "../suite/odd_throws.ts";
import { BASE_URL } from "../suite/world.ts";
import { onSite, requestOf, type Site } from "./site.ts";

const ADA = "ada@example.com";
const nothing = object<Record<never, never>>({});
const row = {
  summary: "Says something.",
  access: "anyone",
  input: nothing,
  status: 200,
  errors: [],
} as const;
const STEP = { amr: ["otp"], length: 6, ttl: 600, attempts: 5, resendAfter: 60 };

function sending(send: () => never): NonNullable<AuthOptions["email"]> {
  return { from: "no-reply@example.com", send };
}

/** The first error that the log tells of. */
async function failure({ world }: Site): Promise<unknown> {
  for (let i = 0; i < 50; i++) {
    const line = world.lines.find(({ event }) => event === "error");
    if (line !== undefined) return [line["code"], line.message];
    await world.turn(0);
  }
  return "nothing was logged";
}

for (const [name, odd] of Object.entries(ODD_THROWS)) {
  test(`a mailer that throws ${name} is mail_failed, in the reply or behind it`, async () => {
    await onSite(async ({ ask }) => {
      expect(await ask("POST /email/start", { body: { email: ADA } }))
        .toMatchObject({ status: 503, body: { code: "mail_failed" } });
    }, { email: sending(odd) });
    await onSite(async (site) => {
      await site.auth.users.create({ email: ADA });
      expect((await site.ask("POST /email/start", { body: { email: ADA } })).status).toBe(200);
      expect(await failure(site)).toEqual(["mail_failed", "A mail could not be sent."]);
    }, { email: sending(odd), emailOtp: { signUp: false } });
  });

  test(`hooks that throw ${name} deny before, and change nothing after`, async () => {
    for (const [point, status] of [["beforeSignUp", 403], ["afterSignUp", 201]] as const) {
      await onSite(async (site) => {
        const { body } = await site.ask("POST /email/start", { body: { email: ADA } });
        const answer = { ...body as { challengeId: string }, code: site.world.mailbox.code(ADA) };
        const { challengeId, code } = answer;
        expect((await site.ask("POST /email/verify", { body: { challengeId, code } })).status).toBe(status);
        expect(await failure(site)).toEqual(["internal", `The hook ${point} failed.`]);
      }, { hooks: { [point]: odd } });
    }
  });

  test(`a function of the options, a route and a store that throw ${name} are told by a code`, async () => {
    const own = definePlugin({
      name: "odd",
      calls: { run: "GET /odd" },
      routes: {
        run: row,
      },
      create: (): { run(input: object): Promise<object> } => ({ run: () => Promise.resolve().then(odd) }),
    });
    await onSite(async ({ ask }) => {
      expect((await ask("GET /odd")).body).toMatchObject({ code: "internal" });
      const headers = { origin: "https://other.example.com" };
      expect((await ask("GET /session", { headers })).body).toMatchObject({ code: "internal" });
    }, { plugins: [own()], trustedOrigins: odd });
  });

  test(`keys that cannot be had because of ${name} are keys_unavailable`, async () => {
    const jwks = () => Promise.resolve().then(odd);
    const platform = { log: { warn: () => {} } };
    const { verify } = createVerifier({ issuer: BASE_URL, audience: "x", jwks, platform });
    const token = `${btoa('{"alg":"EdDSA","kid":"a","typ":"at+jwt"}').replace(/=+$/, "")}.e30.AAAA`;
    expect(await outcome(verify(token))).toBe("keys_unavailable");
  });
}

test("an AuthError whose details cannot be told is internal, and the log says why", async () => {
  const DETAILS: Readonly<Record<string, object>> = {
    "a text for a list": { allow: "GET" },
    "a list that is none": { allow: { join: 1 } },
    "a number without JSON": { wanted: 1n },
    "two lines for a header": { retryAfter: "1\r\nSet-Cookie: a=b" },
  };
  for (const [name, details] of Object.entries(DETAILS)) {
    await onSite(async (site) => {
      const headers = { origin: "https://other.example.com" };
      const reply = await site.ask("GET /session", { headers });
      expect([name, reply.status, reply.body]).toMatchObject([name, 500, { code: "internal" }]);
      expect(reply.headers.get("x-request-id")).toMatch(/^[a-z2-7]{16}$/);
      expect(reply.headers.getSetCookie()).toEqual([]);
      expect(await failure(site)).toEqual(["internal", "A request failed by a mistake in the code."]);
    }, {
      trustedOrigins: () => {
        throw new AuthError("method_not_allowed", details as ErrorDetails);
      },
    });
  }
});

test("a handler without chance answers internal", async () => {
  await onSite(async ({ world }) => {
    let isOut = false;
    const random = (length: number) => {
      if (isOut) throw new Error("no chance");
      return world.random(length);
    };
    const auth = world.another({ platform: { now: world.now, random } });
    await auth.ready();
    isOut = true;
    const response = await auth.handler(requestOf("GET /session"));
    expect([response.status, await response.json()]).toMatchObject([500, { code: "internal" }]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});

test("what a mailer says of a mail that it could not send is told without what the mail says", async () => {
  for (const signUp of [true, false]) {
    for (const isText of [true, false]) {
      let code = "";
      const send = (message: { readonly data: Readonly<Record<string, string>> }) => {
        code = message.data["code"] ?? "";
        const words = `rejected: ${JSON.stringify(message)}`;
        throw isText ? words : new Error("550", { cause: new Error(words) });
      };
      await onSite(async (site) => {
        await site.auth.users.create({ email: ADA });
        await site.ask("POST /email/start", { body: { email: ADA } });
        expect(await failure(site)).toMatchObject(["mail_failed", expect.any(String)]);
        expect(code).toMatch(/^\d{6}$/);
        site.world.saw([code]);
        expect(JSON.stringify(site.world.lines)).toContain("rejected: {");
        expect(await site.world.leaks()).toEqual([]);
      }, { email: { from: "no-reply@example.com", send }, emailOtp: { signUp } });
    }
  }
});

test("the same holds for what a plug-in delivers", async () => {
  for (const everybody of [true, false]) {
    for (const isText of [true, false]) {
      let sent = "";
      const deliver = ({ code }: { readonly code: string }) => {
        sent = code;
        const words = `rejected: code ${code}.`;
        throw isText ? words : new Error(words);
      };
      const pigeon = definePlugin({
        name: "pigeon",
        calls: { run: "POST /pigeon" },
        routes: { run: row },
        create({ steps }): { run(input: object): Promise<object> } {
          const step = steps({ ...STEP, deliver, everybody });
          return { run: () => step.start({ to: { email: ADA } }) };
        },
      });
      await onSite(async (site) => {
        await site.auth.users.create({ email: ADA });
        await site.ask("POST /pigeon", { body: {} });
        expect(await failure(site)).toMatchObject(["mail_failed", expect.any(String)]);
        expect(sent).toMatch(/^\d{6}$/);
        site.world.saw([sent]);
        expect(JSON.stringify(site.world.lines)).toContain("rejected: code");
        expect(await site.world.leaks()).toEqual([]);
      }, { plugins: [pigeon()] });
    }
  }
});
