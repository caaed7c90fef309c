import { expect, test } from "vitest";
import type { AuthOptions } from "../../src/options.ts";
import { failure, onSite, ROWS } from "./site.ts";

const TRUSTED = "https://admin.example.com";
const APP = "capacitor://localhost";
const trustedOrigins = [TRUSTED, APP];
const SESSION_COOKIE = "latchkey-3000=anything";

/** Headers that say where a request comes from → whether it may act on a cookie. */
const FROM: readonly (readonly [headers: Readonly<Record<string, string>>, may: boolean])[] = [
  [{ origin: "http://localhost:3000" }, true],
  [{ origin: TRUSTED }, true],
  [{ origin: APP }, true],
  [{ origin: "http://localhost:3000", "sec-fetch-site": "same-origin" }, true],
  [{}, true],
  [{ "sec-fetch-mode": "cors" }, true],
  [{ "sec-fetch-site": "same-origin" }, false],
  [{ "sec-fetch-site": "none" }, false],
  [{ "sec-fetch-site": "cross-site" }, false],
  ...[
    "https://evil.test",
    "null",
    "",
    "http://localhost",
    "http://localhost:3001",
    "http://localhost:30000",
    "https://localhost:3000",
    "http://sub.localhost:3000",
    "http://localhost.evil.test:3000",
    "http://127.0.0.1:3000",
    "http://LOCALHOST:3000",
    "http://localhost:3000/",
    "http://localhost:3000/auth",
    "http://evil.test#http://localhost:3000",
    "http://user@localhost:3000",
    "http://localhost:3000, https://evil.test",
    "http://localhost:3000 http://localhost:3000",
    "localhost:3000",
    "http://admin.example.com",
    "https://admin.example.com:443",
    "https://admin.example.com:8443",
    "https://x.admin.example.com",
    "https://example.com",
    "capacitor://localhost:1",
    "capacitor://evil",
    "file://",
  ].map((origin) => [{ origin }, false] as const),
];

for (const { name, call, route, method, path } of ROWS) {
  const acts = method !== "GET";
  test(`${name}: an origin that is not ours acts on no cookie, sets none, and is not counted`, async () => {
    await onSite(async ({ ask }) => {
      for (const cookie of [SESSION_COOKIE, "other=1", undefined]) {
        for (const [from, may] of FROM) {
          const { body } = await ask(`${method} ${path}`, {
            headers: { ...from, ...(cookie && { cookie }) },
          });
          const forbidden = acts && !may &&
            (cookie === SESSION_COOKIE || route.session !== undefined || route.limit !== undefined);
          const told = JSON.stringify({ call, from, cookie });
          if (forbidden) expect(body, told).toEqual(failure("origin_forbidden"));
          else expect(Object(body).code, told).not.toBe("origin_forbidden");
        }
      }
    }, { trustedOrigins });
  });
}

test("what is forbidden has no effect: the code is still good, the session still lives", async () => {
  await onSite(async ({ ask, world, browser }) => {
    const own = await browser("ada@example.com");
    const start = await ask("POST /email/start", { body: { email: "eve@example.com" } });
    const { challengeId } = start.body as { challengeId: string };
    const body = { challengeId, code: world.mailbox.code("eve@example.com") };
    const before = await world.contents();
    const headers = { cookie: own.cookie, origin: "https://evil.test" };
    for (
      const [call, asked] of [
        ["POST /email/verify", { headers: { origin: "https://evil.test" }, body }],
        ["POST /email/verify", {
          headers: { origin: "https://evil.test" },
          body: { ...body, session: "bearer" },
        }],
        ["POST /sign-out", { headers }],
        ["POST /sign-out/all", { headers, body: {} }],
        ["POST /session/token", { headers }],
        ["POST /email/start", { headers, body: { email: "ada@example.com" } }],
        ["DELETE /me", { headers }],
      ] as const
    ) {
      const reply = await ask(call, asked);
      expect([call, reply.body, reply.headers.getSetCookie()]).toEqual([
        call,
        failure("origin_forbidden"),
        [],
      ]);
    }
    expect(await world.contents()).toEqual(before);
    expect((await ask("POST /email/verify", { headers: { origin: own.origin }, body })).status).toBe(201);
  });
});

test("what comes before the body is read is asked first", async () => {
  await onSite(async ({ ask }) => {
    const headers = { origin: "https://evil.test", "content-type": "text/plain" };
    expect((await ask("POST /email/verify", { headers, body: "{" })).body).toEqual(
      failure("origin_forbidden"),
    );
  });
});

test("a function may judge origins; whatever it does but say true is no", async () => {
  const asked: unknown[] = [];
  const judges: readonly (readonly [judge: NonNullable<AuthOptions["trustedOrigins"]>, status: number])[] = [
    [(origin, request) => asked.push([origin, request.url]) > 0, 204],
    [(origin) => origin === "https://other.test", 403],
    [() => "yes" as never, 403],
    [() => Promise.resolve(true) as never, 403],
    [() => undefined as never, 403],
    [
      () => {
        throw new Error("no idea");
      },
      500,
    ],
  ];
  for (const [trustedOrigins, status] of judges) {
    await onSite(async ({ ask }) => {
      const sign = (origin: string) => ask("POST /sign-out", { headers: { origin } });
      expect((await sign("https://app.test")).status).toBe(status);
      expect((await sign("http://localhost:3000")).status).toBe(204); // ours, whatever it says
    }, { trustedOrigins });
  }
  const question = ["https://app.test", "http://localhost:3000/auth/sign-out"];
  expect(asked).toEqual([question, question]); // whether it may act, and whether its page may read the reply
});

test("on HTTPS the one origin is baseUrl's, and the cookie that counts has its prefix", async () => {
  const ways: readonly (readonly [origin: string, cookie: string, code: string | undefined])[] = [
    ["https://app.example.com", "__Host-latchkey=x", "unauthenticated"],
    ["http://app.example.com", "__Host-latchkey=x", "origin_forbidden"],
    ["https://example.com", "__Host-latchkey=x", "origin_forbidden"],
    ["https://www.app.example.com", "__Host-latchkey=x", "origin_forbidden"],
    ["https://evil.test", "latchkey=x", "unauthenticated"],
  ];
  await onSite(async ({ ask }) => {
    for (const [origin, cookie, code] of ways) {
      const { body } = await ask("POST /session/token", { headers: { origin, cookie } });
      const seen = Object(body).code === "token_invalid" ? "unauthenticated" : Object(body).code;
      expect([origin, cookie, seen]).toEqual([origin, cookie, code]);
    }
  }, { baseUrl: "https://app.example.com" });
});

test("the origin null is nobody's, and no function is asked about it", async () => {
  const asked: string[] = [];
  await onSite(async ({ ask, browser }) => {
    const { cookie } = await browser("ada@example.com");
    const headers = { cookie, origin: "null" };
    const read = await ask("GET /me", { headers });
    expect([read.status, read.headers.get("access-control-allow-origin")]).toEqual([200, null]);
    expect((await ask("PATCH /me", { headers, body: { name: "Eve" } })).body).toEqual(
      failure("origin_forbidden"),
    );
    const preflight = { origin: "null", "access-control-request-method": "PATCH" };
    expect((await ask("OPTIONS /me", { headers: preflight })).status).toBe(403);
    expect(asked).toEqual([]);
  }, { trustedOrigins: (origin) => asked.push(origin) > 0 });
});
