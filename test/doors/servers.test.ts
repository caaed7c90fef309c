// The handler on the server of each runtime, as it is: it knows where its requests come from.
import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { toNodeListener } from "../../src/doors/node.ts";
import { mailbox } from "../../src/testing/mailbox.ts";

type Handler = (request: Request, info?: unknown) => Promise<Response>;
type Closing = () => unknown;

interface DenoServe {
  readonly serve: (options: object, handler: Handler) => {
    readonly addr: { readonly port: number };
    readonly shutdown: () => Promise<void>;
  };
}
interface BunServe {
  readonly serve: (options: object) => { readonly port: number; readonly stop: (now: boolean) => unknown };
}
const { Deno, Bun }: { readonly Deno?: DenoServe; readonly Bun?: BunServe } = globalThis as object;

const open: Closing[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Serves on this runtime's own server, with nothing between it and the handler. */
async function own(handler: Handler): Promise<number> {
  if (Deno !== undefined) {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handler);
    open.push(() => server.shutdown());
    return server.addr.port;
  }
  if (Bun !== undefined) {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler });
    open.push(() => server.stop(true));
    return server.port;
  }
  return await node(handler);
}

/** Serves on `node:http`, which all three have. */
async function node(handler: Handler): Promise<number> {
  const server = createServer(toNodeListener(handler));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return Number(Object(server.address()).port);
}

test.each([["its own", own], ["node:http", node]])(
  "a client on %s server is known by its address, and limited by it",
  async (_, serve) => {
    const box = mailbox();
    const auth = createAuth({
      storage: memory(),
      secret: "kq3vX8mZr1Lw0pTn5bYc7dHs9fJg2aEu",
      baseUrl: "http://localhost",
      clientIp: "direct",
      email: { from: "no-reply@example.com", send: box.send },
      emailOtp: true,
    });
    const port = await serve(auth.handler);
    const post = (path: string, body: object) =>
      fetch(`http://127.0.0.1:${port}/auth${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.9" },
        body: JSON.stringify(body),
      });
    const { challengeId } = await (await post("/email/start", { email: "ada@example.com" })).json();
    const verified = await post("/email/verify", { challengeId, code: box.code("ada@example.com") });
    expect((await verified.json()).session.ip).toBe("127.0.0.1");
    const replies = [];
    for (let i = 0; i < 30; i++) {
      const { status, headers } = await post("/challenges/resend", { challengeId: "a".repeat(26) });
      replies.push([status, headers.get("ratelimit")?.split(";")[1], headers.has("retry-after")]);
    }
    expect(replies.slice(-3)).toEqual([[401, "r=1", false], [401, "r=0", false], [429, "r=0", true]]);
    await auth.close();
  },
);
