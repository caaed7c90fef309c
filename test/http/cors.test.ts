import { expect, test } from "vitest";
import type { CorsOptions } from "../../src/options/cors.ts";
import { BASE_URL } from "../suite/world.ts";
import { onSite, type Reply } from "./site.ts";

const APP = "https://app.example.com";
const NATIVE = "capacitor://localhost";
const STRANGER = "https://stranger.example.net";
const EXPOSED = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed";
const ASKED =
  "Authorization, Content-Type, Idempotency-Key, X-Idempotency-Key, Latchkey-Device, X-Request-Id";

/** What a reply says of who may read it. */
function told({ status, headers }: Reply): object {
  const named = [...headers].filter(([name]) => name.startsWith("access-control-"));
  return {
    status,
    vary: headers.get("vary"),
    ...Object.fromEntries(named.map(([name, value]) => [name.slice("access-control-".length), value])),
  };
}

function readable(status: number, origin: string, vary = "Cookie, Authorization, Origin") {
  const credentials = origin === "*" ? {} : { "allow-credentials": "true" };
  return { status, vary, "allow-origin": origin, "expose-headers": EXPOSED, ...credentials };
}

function preflight(origin: string, method = "POST") {
  const headers = { origin, "access-control-request-method": method };
  return { headers: { ...headers, "access-control-request-headers": "content-type" } };
}

const ALLOWED = {
  status: 204,
  vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  "allow-headers": ASKED,
  "max-age": "600",
};

test("trusted origins may ask and read, with cookies; their preflights are answered for each path", async () => {
  await onSite(async ({ ask }) => {
    for (const origin of [BASE_URL, APP, NATIVE]) {
      const opened = { "allow-origin": origin, "allow-credentials": "true", "expose-headers": EXPOSED };
      expect(told(await ask("OPTIONS /email/start", preflight(origin))))
        .toEqual({ ...ALLOWED, ...opened, "allow-methods": "POST" });
      expect(told(await ask("OPTIONS /me", preflight(origin, "DELETE"))))
        .toMatchObject({ status: 204, "allow-methods": expect.stringMatching(/GET, HEAD.*DELETE/) });
      expect(told(await ask("GET /session", { headers: { origin } }))).toEqual(readable(200, origin));
      expect(told(await ask("GET /me", { headers: { origin } }))).toEqual(readable(401, origin));
      expect(told(await ask("GET /nothing", { headers: { origin } }))).toEqual(readable(404, origin));
    }
  }, { trustedOrigins: [APP, NATIVE] });
});

test("nobody else may: no preflight, no reply to read, and a null origin is nobody", async () => {
  await onSite(async ({ ask }) => {
    for (const origin of [STRANGER, "null", `${APP}.evil.example`, `${APP}:8443`, APP.toUpperCase()]) {
      expect(told(await ask("OPTIONS /email/start", preflight(origin))))
        .toEqual({ status: 403, vary: "Cookie, Authorization, Origin" });
      expect(told(await ask("GET /session", { headers: { origin } })))
        .toEqual({ status: 200, vary: "Cookie, Authorization, Origin" });
    }
  }, { trustedOrigins: [APP] });
});

test("a preflight tells nothing of paths that are not there, and OPTIONS alone is no preflight", async () => {
  await onSite(async ({ ask }) => {
    expect((await ask("OPTIONS /nothing", preflight(APP))).status).toBe(404);
    expect((await ask("OPTIONS /email/start", { headers: { origin: APP } })).status).toBe(405);
    expect((await ask("OPTIONS /email/start")).status).toBe(405);
  }, { trustedOrigins: [APP] });
});

test("a preflight costs no operation of the store, and is no use of the session", async () => {
  await onSite(async ({ ask, world, browser }) => {
    const { cookie } = await browser("ada@example.com");
    const before = await world.contents();
    await ask("OPTIONS /sign-out", { headers: { ...preflight(APP).headers, cookie } });
    expect(await world.contents()).toEqual(before);
  }, { trustedOrigins: [APP] });
});

test("what anybody may keep, anybody may read", async () => {
  await onSite(async ({ ask }) => {
    for (const origin of [STRANGER, APP]) {
      const { vary, ...reply } = told(await ask("GET /jwks", { headers: { origin } })) as { vary: unknown };
      expect([vary, reply]).toEqual([null, { status: 200, "allow-origin": "*", "expose-headers": EXPOSED }]);
    }
  }, { trustedOrigins: [APP] });
});

test("cors.origin says who may ask instead; without trust they sign in to tokens, and never to a cookie", async () => {
  for (const origin of ["*", APP, [APP]] as readonly CorsOptions["origin"][]) {
    await onSite(async ({ ask, world }) => {
      const shown = origin === "*" ? "*" : APP;
      const headers = { origin: APP };
      const start = await ask("POST /email/start", { headers, body: { email: "ada@example.com" } });
      expect(told(start)).toMatchObject({ status: 200, "allow-origin": shown });
      const { challengeId } = start.body as { challengeId: string };
      const answer = { challengeId, code: world.mailbox.code("ada@example.com") };
      for (const session of [undefined, "cookie"]) {
        const refused = await ask("POST /email/verify", { headers, body: { ...answer, session } });
        expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
      }
      const verify = await ask("POST /email/verify", { headers, body: { ...answer, session: "bearer" } });
      expect([verify.status, verify.headers.getSetCookie()]).toEqual([201, []]);
      const { accessToken } = verify.body as { accessToken: string };
      const bearer = { ...headers, authorization: `Bearer ${accessToken}` };
      expect((await ask("GET /me", { headers: bearer })).status).toBe(200);
      const out = await ask("POST /sign-out", { headers: bearer });
      expect([out.status, out.headers.getSetCookie()]).toEqual([204, []]);
      expect((await ask("GET /me", { headers: bearer })).status).toBe(401);
    }, { cors: { origin } });
  }
});

test("who may only ask cannot act by a cookie that the browser sends along", async () => {
  await onSite(async ({ ask, browser }) => {
    const { cookie } = await browser("ada@example.com");
    const reply = await ask("POST /sign-out/all", { headers: { origin: STRANGER, cookie }, body: {} });
    expect(reply.status).toBe(403);
    const read = await ask("GET /me", { headers: { origin: STRANGER, cookie } });
    expect(read.headers.get("access-control-allow-credentials")).toBe(null); // the browser keeps it from the page
  }, { cors: { origin: "*" } });
});

test("an origin outside cors.origin may not ask, and our own always may", async () => {
  await onSite(async ({ ask }) => {
    expect((await ask("OPTIONS /email/start", preflight(STRANGER))).status).toBe(403);
    expect(told(await ask("OPTIONS /email/start", preflight(BASE_URL))))
      .toMatchObject({ status: 204, "max-age": "60" });
  }, { cors: { origin: APP, maxAge: "1m" } });
});

test("of the origins in cors.origin those that are trusted ask with cookies, and the others without", async () => {
  const PARTNER = "https://partner.example";
  const credentials = (reply: Reply) => [
    reply.headers.get("access-control-allow-origin"),
    reply.headers.get("access-control-allow-credentials"),
  ];
  for (const trustedOrigins of [[APP], (origin: string) => origin === APP]) {
    await onSite(async ({ ask, browser }) => {
      const { cookie } = await browser("ada@example.com");
      for (const [origin, told] of [[PARTNER, null], [APP, "true"], [BASE_URL, "true"]] as const) {
        expect(credentials(await ask("OPTIONS /me", preflight(origin, "PATCH")))).toEqual([origin, told]);
        expect(credentials(await ask("GET /me", { headers: { origin, cookie } }))).toEqual([origin, told]);
        expect(credentials(await ask("GET /nothing", { headers: { origin, cookie } }))).toEqual([
          origin,
          told,
        ]);
      }
      expect(credentials(await ask("GET /me", { headers: { origin: STRANGER, cookie } }))).toEqual([
        null,
        null,
      ]);
    }, { trustedOrigins, cors: { origin: [PARTNER, APP] } });
  }
});
