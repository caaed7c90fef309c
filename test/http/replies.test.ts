import { inspect } from "node:util";
import { expect, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { faulty } from "../suite/faults.ts";
import { BASE_URL } from "../suite/world.ts";
import { failure, onSite, type Reply, requestOf, ROWS } from "./site.ts";

const EXPOSED = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed";
/** What lets our own pages read a reply. */
const READERS = {
  "access-control-allow-origin": BASE_URL,
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": EXPOSED,
};
const PRIVATE = { "cache-control": "no-store", vary: "Cookie, Authorization, Origin" };
const PUBLIC = {
  "cache-control": "public, max-age=300",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": EXPOSED,
};

test("every reply but what is public is no-store, varies by cookie, and is JSON where it says something", async () => {
  await onSite(async ({ ask, browser }) => {
    const seen = new Set<number>();
    const calls = [...ROWS.map(({ method, path }) => `${method} ${path}`), "GET /nothing", "PUT /session"];
    for (const headers of [{}, { authorization: "Bearer x" }, await browser("ada@example.com")]) {
      for (const call of calls) {
        const reply = await ask(call, { headers });
        seen.add(reply.status);
        const { "x-request-id": id, "set-cookie": _, ...others } = Object.fromEntries(reply.headers);
        expect(id).toMatch(/^[a-z2-7]{16}$/);
        const type = reply.status === 204 ? {} : { "content-type": "application/json" };
        const extra = reply.status === 405
          ? { allow: "GET, HEAD" }
          : reply.status === 401 && "authorization" in headers
          ? { "www-authenticate": 'Bearer error="invalid_token"' }
          : {};
        const isPublic = call === "GET /jwks" || call === "GET /openapi.json";
        const readers = "cookie" in headers && !isPublic ? READERS : {};
        const keys = isPublic ? PUBLIC : PRIVATE;
        expect([call, others]).toEqual([call, { ...keys, ...readers, ...type, ...extra }]);
      }
    }
    expect([...seen].toSorted()).toEqual([200, 204, 400, 401, 404, 405]);
  });
});

test("the key set is public for five minutes, and sets nothing", async () => {
  await onSite(async ({ ask }) => {
    const { status, headers, body } = await ask("GET /jwks", { headers: { cookie: "latchkey-3000=x" } });
    expect([status, headers.get("cache-control"), headers.get("vary"), headers.getSetCookie()])
      .toEqual([200, "public, max-age=300", null, []]);
    expect(body).toEqual({
      keys: Array(2).fill({
        kty: "OKP",
        crv: "Ed25519",
        x: expect.any(String),
        kid: expect.any(String),
        alg: "EdDSA",
        use: "sig",
      }),
    });
  });
});

test("a request id is echoed when it is plain and short, else it is ours", async () => {
  await onSite(async ({ ask }) => {
    for (const id of ["a", "req-1", "0af7651916cd43dd8448eb211c80319c", "A.b_c-9", "x".repeat(64)]) {
      for (const call of ["GET /session", "GET /nothing", "POST /email/start"]) {
        expect((await ask(call, { headers: { "x-request-id": id } })).headers.get("x-request-id")).toBe(id);
      }
    }
    for (const id of ["", "x".repeat(65), "a b", "a,b", "<script>", "a;b", "é", "a/b", "a\tb"]) {
      const told = (await ask("GET /session", { headers: { "x-request-id": id } })).headers.get(
        "x-request-id",
      );
      expect([id, told]).toEqual([id, expect.stringMatching(/^[a-z2-7]{16}$/)]);
    }
  });
});

test("a 401 to a bearer says so; one to anybody else does not", async () => {
  await onSite(async ({ ask }) => {
    const ways: readonly (readonly [authorization: string | undefined, code: string, told: boolean])[] = [
      [undefined, "unauthenticated", false],
      ["Bearer x", "token_invalid", true],
      ["bearer x", "token_invalid", true],
      ["BEARER   x", "token_invalid", true],
      ["Bearer a b", "token_invalid", true],
      ["Bearer", "token_invalid", true],
      ["Basic YTpi", "unauthenticated", false],
      ["Bearerx y", "unauthenticated", false],
      ["Bearer-x y", "unauthenticated", false],
    ];
    for (const [authorization, code, told] of ways) {
      const { body, headers } = await ask("GET /me", {
        headers: { ...(authorization !== undefined && { authorization }) },
      });
      expect([authorization, Object(body).code, headers.get("www-authenticate")])
        .toEqual([authorization, code, told ? 'Bearer error="invalid_token"' : null]);
    }
  });
});

test("with a bearer, however bad, the cookie is not looked at", async () => {
  await onSite(async ({ ask, browser }) => {
    const own = await browser("ada@example.com");
    for (
      const authorization of ["Bearer", "Bearer ", "bearer x", "Bearer a b", "Bearer  a", "Bearer \u00e9"]
    ) {
      expect((await ask("GET /session", { headers: { ...own, authorization } })).body).toEqual({
        user: null,
        session: null,
      });
      expect((await ask("GET /me", { headers: { ...own, authorization } })).body).toEqual(
        failure("token_invalid"),
      );
    }
    expect((await ask("GET /me", { headers: { ...own, authorization: "Basic x" } })).status).toBe(200);
  });
});

test("a new account is 201, a known one 200; a cookie for browsers, tokens for programs", async () => {
  await onSite(async ({ ask, world }) => {
    const grants: Reply[] = [];
    for (const session of [undefined, "cookie", "bearer"]) {
      const { body } = await ask("POST /email/start", { body: { email: "ada@example.com" } });
      const code = world.mailbox.code("ada@example.com");
      grants.push(
        await ask("POST /email/verify", {
          body: { ...Object(body), expiresAt: undefined, resendAt: undefined, code, session },
        }),
      );
    }
    expect(grants.map(({ status }) => status)).toEqual([201, 200, 200]);
    expect(grants.map(({ body }) => Object.keys(Object(body)))).toEqual([
      ["user", "session"],
      ["user", "session"],
      ["user", "session", "tokenType", "accessToken", "expiresIn", "refreshToken", "deviceToken"],
    ]);
    const cookie = /^latchkey-3000=lks_[\w-]{95}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/;
    const device =
      /^latchkey-3000-device=lkd_[a-z2-7]{52}\d{10}\.[\w-]{43}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/;
    const both = [expect.stringMatching(cookie), expect.stringMatching(device)];
    expect(grants.map(({ headers }) => headers.getSetCookie())).toEqual([both, both, []]);
    for (const { text, headers } of grants) {
      const [, token = "no cookie"] = /=([^;]+)/.exec(headers.get("set-cookie") ?? "") ?? [];
      expect(text).not.toContain(token);
    }
  });
});

test("our own mistake is told by a reference and nothing else; what it was goes to the log", async () => {
  const lines: object[] = [];
  const logger = { info() {}, warn() {}, error: (line: object) => void lines.push(line) };
  await onSite(async ({ ask, world }) => {
    const cause = new Error("SELECT value FROM users:abc WHERE secret = 'hunter2'");
    const broken = world.another({
      logger,
      trustedOrigins: () => {
        throw cause;
      },
    });
    const response = await broken.handler(
      requestOf("POST /sign-out", { headers: { origin: "https://app.test" } }),
    );
    const body = await response.json();
    const { reference } = body.details;
    expect(body).toEqual(failure("internal", { reference: expect.stringMatching(/^[a-z2-7]{16}$/) }));
    expect(lines).toEqual([{
      service: "latchkey",
      event: "error",
      at: new Date(world.now()).toISOString(),
      requestId: response.headers.get("x-request-id"),
      durationMs: 0,
      code: "internal",
      message: "A request failed by a mistake in the code.",
      reference,
      cause: { name: "Error", message: cause.message, stack: cause.stack },
    }]);
    expect((await ask("GET /health")).status).toBe(200);
  });
});

test("what a store says goes to the log, and never into a reply", async () => {
  const lines: string[] = [];
  const note = (line: object) => void lines.push(inspect(line, { depth: 5 }));
  const logger = { info() {}, warn() {}, error: note };
  const words = "SQLITE_ERROR: near users:abc in /var/lib/auth.db";
  await onSite(async ({ world, browser }) => {
    const own = await browser("ada@example.com");
    const store = faulty(world.driver());
    const auth = world.another({ storage: store.driver, logger });
    const faults = [
      () => Promise.reject(new Error(words)),
      () => {
        throw new TypeError(words);
      },
      () => Promise.reject(words),
      () => '{"half":',
      () => new Error(words),
      () => '{"v":99,"rev":1}',
    ];
    for (const fault of faults) {
      store.fault = fault;
      for (const { method, path } of ROWS) {
        const headers = path.startsWith("/session/refresh") ? {} : own;
        const response = await auth.handler(requestOf(`${method} ${path}`, { headers }));
        if (response.status === 204) continue; // a session that cannot be read keeps nobody from signing out
        const { code, ...told } = Object(await response.json());
        if (response.status === 400) continue; // what is wrong with the input is said without asking the store
        expect([code, told]).toEqual([expect.stringMatching(/^storage_(unavailable|corrupt)$/), {
          message: ERRORS[code as "storage_corrupt"][1],
          status: ERRORS[code as "storage_corrupt"][0],
        }]);
        const leaves = path === "/sign-out"; // whoever asks for that is signed out on their device at least
        expect(response.headers.getSetCookie()).toEqual(leaves ? [expect.stringContaining("Max-Age=0")] : []);
      }
    }
    expect(lines.join("\n")).toContain(words);
  });
});

test("an odd User-Agent is no reason to refuse", async () => {
  await onSite(async ({ ask, auth }) => {
    for (const agent of ["a\tb", "\u0085", "é", "x".repeat(5000), ""]) {
      const { body, status } = await ask("POST /email/start", {
        headers: { "user-agent": agent },
        body: { email: "ada@example.com" },
      });
      expect([agent.slice(0, 9), status, Object(body).code]).toEqual([agent.slice(0, 9), 200, undefined]);
    }
    const user = await auth.users.create({ email: "eve@example.com" });
    const grant = await auth.sessions.create({ userId: user.id, client: { userAgent: "a program" } });
    expect(grant.session.userAgent).toBe("a program");
  });
});
