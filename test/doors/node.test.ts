// The Node adapter over real sockets: what arrives is what was sent, or nothing does.
import { expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { toNodeListener, toRequest } from "../../src/doors/node.ts";
import { raw } from "../server/command.ts";
import { listening } from "./listening.ts";

const LITERAL = [
  "/auth/session",
  "/auth/session?x=/../y",
  '/auth/session?q="a b"\\',
  "/auth/a%20b",
  "//x",
  "/caf%C3%A9",
  "/",
];

test("a path and its query arrive as they were sent", async () => {
  const port = await listening(toNodeListener(({ url }) => Response.json(url)));
  for (const target of LITERAL) {
    const { body } = await raw(port, [`GET ${target.replace(" ", "%20")} HTTP/1.1`, "Host: a.test:81"]);
    const path = target.split("?", 1)[0];
    expect([target, body.includes(`"http://a.test:81${path}`)]).toEqual([target, true]);
  }
});

const WALKS = [
  "/auth/../auth/session",
  "/auth/./session",
  "/auth/x/%2e%2e/session",
  "/auth/%2E/session",
  "/auth\\session",
  "\\auth\\session",
  "/auth/session#x",
  "/auth/session{",
  "http://localhost/auth/session",
  "http://evil.example/auth/session",
];

test("a path that a URL parser would change reaches no handler", async () => {
  const reached: string[] = [];
  const port = await listening(toNodeListener(({ url }) => Response.json(reached.push(url))));
  for (const target of WALKS) {
    const { status } = await raw(port, [`GET ${target} HTTP/1.1`, "Host: localhost"]);
    expect([target, status === 404 || status === 400]).toEqual([target, true]); // some are no HTTP for the runtime's parser
  }
  expect(reached).toEqual([]);
});

test("of all spellings of a route one is answered", async () => {
  const auth = createAuth({
    storage: memory(),
    secret: "kq3vX8mZr1Lw0pTn5bYc7dHs9fJg2aEu",
    baseUrl: "http://localhost",
  });
  const port = await listening(toNodeListener(auth.handler));
  const others = [
    "/auth//session",
    "//auth/session",
    "/auth/%73ession",
    "/AUTH/session",
    "/auth/session/",
    "/auth;/session",
  ];
  const statuses = await Promise.all(
    ["/auth/session", "/auth/session?a=b", ...others, ...WALKS].map(async (target) => {
      const { status, body } = await raw(port, [`GET ${target} HTTP/1.1`, "Host: localhost"]);
      return status === 400 && body === "" ? 404 : status; // not for us to answer: the runtime's parser refused it
    }),
  );
  expect(statuses).toEqual([200, 200, ...others.map(() => 404), ...WALKS.map(() => 404)]);
  await auth.close();
});

test("the host is what the client calls it where that is plain, else localhost", async () => {
  const port = await listening(toNodeListener(({ url }) => Response.json(new URL(url).host)));
  const hosts = {
    "a.test": "a.test",
    "A.test:8080": "a.test:8080",
    "[::1]:80": "[::1]",
    "a.test:99999": "localhost",
  };
  const odd = {
    "a@b": "localhost",
    "a/b": "localhost",
    "a b": "localhost",
    "1.2.3.999": "localhost",
    "": "localhost",
  };
  for (const [host, expected] of Object.entries({ ...hosts, ...odd })) {
    const { status, body } = await raw(port, ["GET / HTTP/1.1", `Host: ${host}`]);
    if (status === 200) {
      expect([host, body]).toEqual([host, expect.stringContaining(JSON.stringify(expected))]);
    } else expect([host, Object.keys(odd).includes(host)]).toEqual([host, true]); // refused by the runtime's parser
  }
});

test("headers sent twice arrive with both values, cookies as one header; both cookies of a reply are sent", async () => {
  const port = await listening(toNodeListener(({ headers }) => {
    const reply = Response.json([headers.get("cookie"), headers.get("x-many"), headers.get("authorization")]);
    reply.headers.append("Set-Cookie", "a=1; Path=/");
    reply.headers.append("Set-Cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
    return reply;
  }));
  const twice = [
    "Cookie: a=1",
    "Cookie: b=2",
    "X-Many: 1",
    "X-Many: 2",
    "Authorization: Bearer x",
    "Authorization: Bearer y",
  ];
  const { head, body } = await raw(port, ["GET / HTTP/1.1", "Host: localhost", ...twice]);
  expect(body).toContain('["a=1; b=2","1, 2","Bearer x, Bearer y"]');
  expect(head.match(/^set-cookie: .*$/gim)).toEqual([
    expect.stringMatching(/^set-cookie: a=1; Path=\/$/i),
    expect.stringMatching(/^set-cookie: b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT$/i),
  ]);
});

test("HEAD gets the headers and no body", async () => {
  const port = await listening(toNodeListener(() => new Response("hello", { headers: { "X-A": "1" } })));
  const { status, head, body } = await raw(port, ["HEAD / HTTP/1.1", "Host: localhost"]);
  expect([status, /^x-a: 1$/im.test(head), body]).toEqual([200, true, ""]);
});

test("a status without a body has none", async () => {
  const port = await listening(toNodeListener(() => new Response(null, { status: 204 })));
  const { status, body } = await raw(port, ["DELETE / HTTP/1.1", "Host: localhost"]);
  expect([status, body]).toEqual([204, ""]);
});

test("under a mount point of Express the whole path counts", async () => {
  const listener = toNodeListener(({ url }) => Response.json(new URL(url).pathname));
  const port = await listening((incoming, outgoing) => {
    Object.assign(incoming, { originalUrl: incoming.url });
    incoming.url = incoming.url?.replace("/auth", "") ?? "/";
    listener(incoming, outgoing);
  });
  expect((await raw(port, ["GET /auth/session HTTP/1.1", "Host: localhost"])).body).toContain(
    '"/auth/session"',
  );
  expect((await raw(port, ["GET /auth/../x HTTP/1.1", "Host: localhost"])).status).toBe(404);
});

test("what a handler throws goes to the framework; without one it is a 500 that tells nothing", async () => {
  const listener = toNodeListener(() => Promise.reject(new Error("a secret")));
  const alone = await raw(await listening(listener), ["GET / HTTP/1.1", "Host: localhost"]);
  expect([alone.status, alone.body.includes("internal"), alone.body.includes("secret")]).toEqual([
    500,
    true,
    false,
  ]);
  const port = await listening((incoming, outgoing) =>
    listener(incoming, outgoing, (error) => {
      outgoing.statusCode = 418;
      outgoing.end(String(error));
    })
  );
  expect(await raw(port, ["GET / HTTP/1.1", "Host: localhost"])).toMatchObject({
    status: 418,
    body: expect.stringContaining("Error: a secret"),
  });
});

test("a method that Fetch forbids is not there", async () => {
  const port = await listening(toNodeListener(() => new Response("reached")));
  const { body } = await raw(port, ["TRACE / HTTP/1.1", "Host: localhost"]);
  expect(body).not.toContain("reached");
});

test("toRequest takes whatever was sent: no target ends a process", async () => {
  const urls: string[] = [];
  const port = await listening((incoming, outgoing) => {
    const request = toRequest(incoming);
    urls.push(`${request.method} ${new URL(request.url).pathname}`);
    outgoing.end();
  });
  const targets = [
    "GET /items/{1}",
    "GET /a/../b",
    "GET /x\\y",
    "GET http://evil.example/c",
    "TRACE /d",
  ];
  for (const target of targets) await raw(port, [`${target} HTTP/1.1`, "Host: localhost"]);
  expect(urls).toEqual(["GET /items/%7B1%7D", "GET /b", "GET /x/y", "GET /", "GET /d"]);
});

test("toRequest lets an application ask who a request of node:http is", async () => {
  const auth = createAuth({
    storage: memory(),
    secret: "kq3vX8mZr1Lw0pTn5bYc7dHs9fJg2aEu",
    baseUrl: "http://localhost",
  });
  const { id } = await auth.users.create({ email: "ada@example.com" });
  const grant = await auth.sessions.create({ userId: id });
  const [cookie = ""] = auth.cookies(grant).map((value) => value.split(";", 1)[0]);
  const port = await listening(async (incoming, outgoing) => {
    const { user } = await auth.getSession(toRequest(incoming));
    outgoing.end(String(user?.email));
  });
  const who = (lines: readonly string[]) =>
    raw(port, ["GET /shop?page=2 HTTP/1.1", "Host: localhost", ...lines]);
  expect((await who([`Cookie: theme=dark`, `Cookie: ${cookie}`])).body).toContain("ada@example.com");
  expect((await who([])).body).toContain("undefined");
  await auth.close();
});
