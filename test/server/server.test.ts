// The stand-alone server from within: what it answers, and to whom it shows mail.
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { AuthError, createAuth } from "../../mod.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/doors/server.ts";
import { mailbox } from "../../src/server/mailbox.ts";
import { site } from "../../src/server/site.ts";
import { post, raw, SECRET } from "./command.ts";

const servers: RunningServer[] = [];
const printed: string[] = [];

afterEach(async () => {
  printed.splice(0);
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
});

test("it starts by call, says where it is, and stops as often as it is told to", async () => {
  const { server, port } = await started();
  expect(server.url).toBe(`http://localhost:${port}`);
  expect(await (await fetch(`${server.url}/auth/health`)).json()).toEqual({ status: "ok" });
  await Promise.all([server.close(), server.close()]);
  await expect(fetch(`${server.url}/auth/health`)).rejects.toThrow();
  expect(printed).toEqual([expect.stringMatching(/^Latchkey is ready: open http:\/\/localhost:\d+\n/)]);
});

test("it listens where it is told to", async () => {
  expect((await started({ host: "127.0.0.1" })).server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("a start that fails leaves nothing behind: the same port and store can be used at once", async () => {
  const { server, port } = await started();
  await expect(started({ port })).rejects.toMatchObject({
    code: "config_invalid",
    details: { issues: [{ path: "port", message: `must be free: ${port} on 127.0.0.1 is taken` }] },
  });
  await server.close();
  await expect(started({ port, secret: "short" })).rejects.toBeInstanceOf(AuthError);
  await started({ port });
});

test("an option that is none is named", async () => {
  await expect(startServer({ prot: 1 } as ServerOptions)).rejects.toMatchObject({
    details: { issues: [{ path: "prot", message: expect.stringContaining("is not an option") }] },
  });
});

test("mail is shown to a request from this machine, in the terminal and at /dev/mailbox, the last first", async () => {
  const { server } = await started();
  for (let n = 1; n <= 21; n++) {
    expect((await post(server.url, "/auth/email/start", { email: `user${n}@example.com` })).status).toBe(200);
  }
  expect((await fetch(`${server.url}/dev/mailbox`)).status).toBe(404);
  const { items } = await (await fetch(`${server.url}${mailboxPath()}`)).json();
  expect(items).toHaveLength(20);
  const [{ subject, text }] = items;
  expect(items[0]).toEqual({ to: { address: "user21@example.com" }, subject, text });
  expect(printed.at(-1)).toContain(`To: user21@example.com\nSubject: ${subject}\n\n${text.trimEnd()}\n`);
  expect(items.at(-1).to).toEqual({ address: "user2@example.com" });
});

/** The path that the terminal was told. */
function mailboxPath(): string {
  return /\/dev\/mailbox\?key=[\w-]{22}/.exec(printed[0] ?? "")?.[0] ?? "";
}

const FOREIGN: Readonly<Record<string, (port: number) => readonly string[]>> = {
  "another name in Host": (port) => [`Host: evil.example:${port}`],
  "another port in Host": (port) => [`Host: localhost:${port + 1}`],
  "the address in place of the name": (port) => [`Host: 127.0.0.1:${port}`],
  "Forwarded": (port) => [`Host: localhost:${port}`, "Forwarded: for=1.2.3.4"],
  "Via": (port) => [`Host: localhost:${port}`, "Via: 1.1 proxy"],
  "X-Forwarded-For": (port) => [`Host: localhost:${port}`, "X-Forwarded-For: 127.0.0.1"],
  "X-Real-IP": (port) => [`Host: localhost:${port}`, "X-Real-IP: 1.2.3.4"],
  "x-forwarded-host": (port) => [`Host: localhost:${port}`, "x-forwarded-host: localhost"],
};

for (const [name, headersFor] of Object.entries(FOREIGN)) {
  test(`${name}: no mail is shown, and the terminal says why`, async () => {
    const { port } = await started();
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const headers = headersFor(port);
    const body = '{"email":"eve@example.com"}';
    const lines = ["Content-Type: application/json", `Content-Length: ${body.length}`];
    const start = await raw(port, ["POST /auth/email/start HTTP/1.1", ...headers, ...lines], body);
    expect(start).toMatchObject({ status: 503, body: expect.stringContaining('"mail_failed"') });
    expect(told.mock.calls).toEqual([[
      "The message could not be sent. Try again later. " +
      `(mail is shown here only to who asks http://localhost:${port} from this machine itself)`,
    ]]);
    const path = mailboxPath();
    expect(await raw(port, [`GET ${path} HTTP/1.1`, ...headers])).toMatchObject({ status: 404 });
    expect(await raw(port, [`GET ${path} HTTP/1.1`, `Host: localhost:${port}`])).toMatchObject({
      status: 200,
    });
    expect(printed).toHaveLength(1); // that it is ready
  });
}

test("a code is not sent again to a foreign request either", async () => {
  let now = 0;
  const box = mailbox("localhost:3000", () => {}, "key");
  const auth = createAuth({
    secret: SECRET,
    baseUrl: "http://localhost:3000",
    email: { from: "no-reply@example.com", send: box.send },
    emailOtp: true,
    storage: memory({ now: () => now }),
    platform: { now: () => now, log: { warn() {} } },
  });
  const answer = site(auth.handler, box);
  const ask = async (path: string, body: object, headers: Record<string, string>) =>
    await answer(
      new Request(`http://localhost:3000${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
      { remoteAddress: "127.0.0.1" },
    );
  const local = { Host: "localhost:3000" };
  const { challengeId } = await (await ask("/auth/email/start", { email: "ada@example.com" }, local)).json();
  now += 61_000;
  const resent = await ask("/auth/challenges/resend", { challengeId }, { ...local, Via: "1.1 proxy" });
  expect([resent.status, (await resent.json()).code]).toEqual([503, "mail_failed"]);
  now += 61_000;
  expect((await ask("/auth/challenges/resend", { challengeId }, local)).status).toBe(200);
  await auth.close();
});

test.each([
  ["a base URL that is not on this machine", { baseUrl: "https://auth.example.com" }],
  ["a base URL of another name for it", { baseUrl: "http://app.localhost:3000" }],
  ["HTTPS", { baseUrl: "https://localhost" }],
  ["listening to everybody", { host: "0.0.0.0" }],
  ["listening to everybody by IPv6", { host: "::" }],
])("%s needs a mail server", async (_, options) => {
  await expect(started(options)).rejects.toMatchObject({
    code: "config_invalid",
    details: { issues: [{ path: "email", message: expect.stringContaining("--smtp") }] },
  });
});

test("the page is HTML under a policy with a nonce of its own for every reply", async () => {
  const { server } = await started();
  const nonces = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const reply = await fetch(server.url);
    const policy = reply.headers.get("Content-Security-Policy") ?? "";
    const [, nonce = ""] = /script-src 'nonce-([\w-]{22})'/.exec(policy) ?? [];
    nonces.add(nonce);
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "img-src data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    const html = await reply.text();
    expect(html.match(/<(?:script|style)\b[^>]*>/g)).toEqual([
      `<style nonce="${nonce}">`,
      `<script nonce="${nonce}">`,
    ]);
    // Nothing from elsewhere, nothing that the policy would stop, nothing that makes markup of data.
    expect(html).not.toMatch(
      /https?:|\bsrc=|\son\w+=|\sstyle=|innerHTML|insertAdjacent|document\.write|\beval\b/,
    );
  }
  expect(nonces.size).toBe(3);
});

test("HEAD tells of the page without sending it; any other method, and any other path, is not there", async () => {
  const { server, port } = await started();
  const head = await fetch(server.url, { method: "HEAD" });
  expect([head.status, head.headers.get("Content-Type"), await head.text()]).toEqual([
    200,
    "text/html; charset=utf-8",
    "",
  ]);
  const asked = [
    "POST /",
    "GET /index.html",
    "GET //",
    "GET /dev",
    "GET /dev/mailbox/",
    "POST /dev/mailbox",
    "GET /auth",
  ];
  for (const line of asked) {
    const reply = await raw(port, [`${line} HTTP/1.1`, `Host: localhost:${port}`]);
    expect([line, reply.status, reply.body]).toEqual([line, 404, expect.stringContaining('"not_found"')]);
  }
});

test("a body that comes in drops, or never, keeps nobody waiting", async () => {
  const { server, port } = await started();
  const head =
    `POST /auth/email/start HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n`;
  const drips = Array.from({ length: 25 }, () => connect(port, "127.0.0.1"));
  for (const drip of drips) {
    drip.on("error", () => {}); // it is cut off at the end
    await new Promise<void>((resolve) =>
      drip.write(`${head}Content-Length: 40\r\n\r\n{"em`, () => resolve())
    );
  }
  const { challengeId } = await (await post(server.url, "/auth/email/start", { email: "ada@example.com" }))
    .json();
  expect(challengeId).toMatch(/^[a-z2-7]{26}$/);
  for (const drip of drips) drip.destroy();
  expect(await (await fetch(`${server.url}/auth/health`)).json()).toEqual({ status: "ok" });
});

test("a body of 10 MB is refused, said to be long or not, and the connection is good for the next request", async () => {
  const { port } = await started();
  const body = new Uint8Array(10 * 2 ** 20).fill(0x20);
  for (const headers of [{ "Content-Length": body.length }, { "Transfer-Encoding": "chunked" }]) {
    const { status, text } = await sent(port, { ...headers, "Content-Type": "application/json" }, body);
    expect([status, JSON.parse(text).code]).toEqual([413, "body_too_large"]);
  }
  expect((await raw(port, ["GET /auth/health HTTP/1.1", `Host: localhost:${port}`])).status).toBe(200);
});

test("a client is known by its connection; behind proxies that are trusted, by what they say", async () => {
  const left = async (server: RunningServer, ip: string) => {
    const reply = await fetch(`${server.url}/auth/challenges/resend`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Forwarded-For": ip },
      body: JSON.stringify({ challengeId: "a".repeat(26) }),
    });
    return reply.headers.get("ratelimit")?.split(";")[1];
  };
  const { server: direct } = await started();
  expect([await left(direct, "192.0.2.1"), await left(direct, "192.0.2.2")]).toEqual(["r=29", "r=28"]);
  const { server: proxied } = await started({ trustedProxies: 1 });
  expect([await left(proxied, "192.0.2.1"), await left(proxied, "192.0.2.2")]).toEqual(["r=29", "r=29"]);
});

async function started(options: ServerOptions = {}) {
  const print = (text: string) => void printed.push(text);
  const server = await startServer({ port: 0, storage: "memory:", secret: SECRET, print, ...options });
  servers.push(server);
  return { server, port: Number(new URL(server.url).port) };
}

/** A POST that ends when all has been sent and the reply is there. */
async function sent(
  port: number,
  headers: object,
  body: Uint8Array,
): Promise<{ status: number; text: string }> {
  const options = {
    port,
    host: "127.0.0.1",
    method: "POST",
    path: "/auth/email/start",
    headers: { ...headers },
  };
  return await new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk) => text += chunk);
      incoming.on("end", () => resolve({ status: Number(incoming.statusCode), text }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
