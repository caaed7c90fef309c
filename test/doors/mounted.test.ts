// A handler that is mounted below a path, as the documents do it: the one path at the root is passed on to it, and nothing else is.
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createAuth } from "../../mod.ts";
import memory from "../../drivers/memory.ts";
import { type NodeListener, toNodeListener } from "../../src/doors/node.ts";
import { listening } from "./listening.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/passkeys.md"), "utf8");
const HOME = "https://example.com";
const SHOP = "https://shop.example.org";

interface Server {
  readonly addr: { readonly port: number };
  readonly port: number;
  readonly shutdown: () => Promise<void>;
  readonly stop: (now: boolean) => unknown;
}
interface Machine {
  readonly serve: (...args: readonly unknown[]) => Server;
}
const { Deno, Bun }: { readonly Deno?: Machine; readonly Bun?: Machine } = globalThis as object;

const auth = createAuth({
  storage: memory(),
  secret: "kq3vX8mZr1Lw0pTn5bYc7dHs9fJg2aEu",
  baseUrl: HOME,
  passkey: { origins: [SHOP] },
  platform: { log: { warn() {} } },
});

/** Runs what the page about passkeys prints, on a free port. */
function printed(name: "Deno" | "Bun" | "Express", values: Readonly<Record<string, unknown>>): void {
  const [, code = ""] = DOCUMENT.split(`\`\`\`ts\n// ${name}\n`)[1]?.match(/^(.*?)\n```/s) ?? [];
  expect(code).toContain("/.well-known/webauthn");
  const here = code.replace(/^import .*$/m, "").replace("port: 3000", "port: 0");
  new Function(...Object.keys(values), here)(...Object.values(values));
}

/** What all else is answered with. */
const application = () => new Response("the application");

function onDeno(): number {
  let port = 0;
  const serve = (options: object, handler: unknown) => {
    const server = Deno!.serve({ ...options, hostname: "127.0.0.1", onListen() {} }, handler);
    onTestFinished(server.shutdown.bind(server));
    port = server.addr.port;
  };
  printed("Deno", { Deno: { serve }, auth, app: application });
  return port;
}

function onBun(): number {
  let port = 0;
  const serve = (options: object) => {
    const server = Bun!.serve({ ...options, hostname: "127.0.0.1" });
    onTestFinished(() => void server.stop(true));
    port = server.port;
  };
  printed("Bun", { Bun: { serve }, auth, app: application });
  return port;
}

/** A framework like Connect: the first that is mounted above a path answers, and sees the path without the mount point. */
async function onNode(): Promise<number> {
  const mounted: (readonly [string, NodeListener])[] = [];
  const use = (path: string, listener: NodeListener) => void mounted.push([path, listener]);
  printed("Express", { app: { use }, toNodeListener, auth });
  return await listening((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { url = "/" } = incoming;
    const [path, listener] = mounted.find(([path]) => `${url}/`.startsWith(`${path}/`)) ?? [];
    if (path === undefined || listener === undefined) return void outgoing.end("the application");
    Object.assign(incoming, { originalUrl: url, url: url.slice(path.length) || "/" });
    listener(incoming, outgoing);
  });
}

test.for([["Deno", Deno, onDeno], ["Bun", Bun, onBun], ["Express", {}, onNode]] as const)(
  "mounted as the documents do it in %s, it names the origins of passkeys at the root",
  async ([, runtime, serve], { skip }) => {
    skip(runtime === undefined, "it is another runtime");
    const port = await serve();
    const ask = async (path: string) => await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(JSON.parse(await ask("/.well-known/webauthn"))).toEqual({ origins: [HOME, SHOP] });
    expect(JSON.parse(await ask("/auth/health"))).toMatchObject({ status: "ok" });
    for (const path of ["/", "/authors", "/passkeys", "/.well-known/other"]) {
      expect([path, await ask(path)]).toEqual([path, "the application"]);
    }
  },
);
