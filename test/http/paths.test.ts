import { expect, test } from "vitest";
import { failure, onSite, read, type Reply, requestOf, type Row, ROWS } from "./site.ts";

const NOT_FOUND = failure("not_found");

test("a path is matched literally: everything beside it is 404", async () => {
  await onSite(async ({ ask }) => {
    expect(await ask("GET /session")).toMatchObject({ status: 200, body: { user: null, session: null } });
    for (const path of BESIDE) {
      const { status, body } = await ask(`GET ${path}`);
      expect([path, status, body]).toEqual([path, 404, NOT_FOUND]);
    }
  });
});

const BESIDE: readonly string[] = [
  ...[
    "",
    "/",
    "//",
    "/session/",
    "//session",
    "/session//",
    "/./session/",
    "/%73ession",
    "/session%2f",
    "/session%20",
  ],
  ...[
    "/Session",
    "/SESSION",
    "/session;a=b",
    "/session%00",
    "/session.json",
    "/session%3f",
    "/session%23a",
    "/sessio",
  ],
  ...[
    "/sessions/",
    "/sessions//",
    "/sessions/a/b",
    "/sessions/a%2fb",
    "/sessions/%61",
    "/sessions/a.b",
    "/sessions/%00",
  ],
  ...["/auth/session", "/../auth//session", "/email%2fstart", "/email/start/", "/sign-out/all/", "/sıgn-out"],
  ...["/__proto__", "/constructor", "/session/constructor", "/:id", "/sessions/:id"],
];

test("nor is it found elsewhere than under basePath, however that is written", async () => {
  await onSite(async ({ auth }) => {
    for (
      const path of [
        "",
        "/",
        "/session",
        "//auth/session",
        "/Auth/session",
        "/auth%2fsession",
        "/xauth/session",
      ]
    ) {
      const reply = await read(await auth.handler(new Request(`http://localhost:3000${path}`)));
      expect([path, reply.status, reply.body]).toEqual([path, 404, NOT_FOUND]);
    }
  });
});

test("basePath is where it is mounted", async () => {
  await onSite(async ({ auth }) => {
    const status = async (path: string) =>
      (await auth.handler(new Request(`http://localhost:3000${path}`))).status;
    expect([await status("/api/v1/auth/session"), await status("/auth/session")]).toEqual([200, 404]);
  }, { basePath: "/api/v1/auth" });
});

test("a server that hands over what it was sent cannot be walked around by dot segments", async () => {
  await onSite(async ({ auth }) => {
    for (const path of RAW) {
      const request = Object.defineProperty(requestOf("GET /session"), "url", {
        value: `http://localhost:3000${path}`,
      });
      const { status, body } = await read(await auth.handler(request));
      expect([path, status, body]).toEqual([path, 404, NOT_FOUND]);
    }
  });
});

const RAW: readonly string[] = [
  "/auth/../auth/session",
  "/auth/./session",
  "/auth/%2e/session",
  "/x/..%2fauth/session",
  "/auth\\session",
  "//auth/session",
  "/auth/session/.",
  "/auth/ses\tsion",
];

test("a query is no part of the path; a fragment, which no browser sends, is, so there is nothing at it", async () => {
  await onSite(async ({ ask }) => {
    for (const path of ["/session?", "/session?a=/x", "/session?a#b", "/session?//"]) {
      expect((await ask(`GET ${path}`)).status, path).toBe(200);
    }
    expect((await ask("GET /session#a")).status).toBe(404);
  });
});

test("a path that does not answer a method says which it answers", async () => {
  await onSite(async ({ ask }) => {
    for (const { path } of ROWS) {
      const allowed = [...new Set(ROWS.filter(leadsFrom(path)).map(({ method }) => method))];
      const named = allowed.flatMap((one) => one === "GET" ? ["GET", "HEAD"] : [one]);
      const others = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"].filter((one) =>
        !allowed.includes(one)
      );
      for (const method of others) {
        const { status, body, headers } = await ask(`${method} ${path}`);
        expect([method, path, status, body]).toEqual([
          method,
          path,
          405,
          failure("method_not_allowed", { allow: named }),
        ]);
        expect(headers.get("allow")).toBe(named.join(", "));
      }
    }
  });
});

/** Routes whose pattern a path fits: `/keys/start` may be an id too, for those who ask otherwise. */
function leadsFrom(path: string): (row: Row) => boolean {
  return ({ call }) =>
    new RegExp(`^\\S+ ${call.split(" ")[1]?.replace(/:\w+/, "[^/]+")}$`).test(`GET ${path}`);
}

test("HEAD answers as GET does, without a body", async () => {
  await onSite(async ({ ask, browser }) => {
    const { cookie } = await browser("ada@example.com");
    const paths = ROWS.filter(({ method }) => method === "GET").map(({ path }) => path);
    for (const one of paths) {
      const path = one === "/magic-link" ? `${one}?token=x` : one;
      const headers = { cookie, "x-request-id": "same" };
      const [get, head] = [await ask(`GET ${path}`, { headers }), await ask(`HEAD ${path}`, { headers })];
      expect([path, get.status]).toEqual([path, 200]);
      const told = ({ headers }: Reply) => JSON.stringify([...headers]).replace(/nonce-[\w-]+/g, "nonce-");
      expect([head.status, head.text, told(head)]).toEqual([200, "", told(get)]);
    }
    expect((await ask("HEAD /sign-out", { headers: { cookie } })).status).toBe(405);
    expect((await ask("GET /session", { headers: { cookie } })).body).toMatchObject({
      user: { email: "ada@example.com" },
    });
  });
});
