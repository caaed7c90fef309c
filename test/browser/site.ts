// The page that the documents print, with its server. Codes that are mailed are read out of a box.
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import memory from "../../drivers/memory.ts";
import { type AuthOptions, createAuth } from "../../mod.ts";
import { toNodeListener } from "../../src/doors/node.ts";
import { mailbox } from "../../src/doors/testing.ts";
import type { Tab } from "./chromium.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../examples/passkeys.html"), "utf8");

/** A site, wherever it is served. */
export interface Site {
  /** Answers requests for `/`, which is the page, and for all that the page asks. */
  readonly listener: RequestListener;
  /** What happened to passkeys, oldest first. */
  readonly events: readonly string[];
  /** Signs somebody up by the code that they are mailed. */
  readonly signedUp: (tab: Tab, email: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A site that is served here. */
export interface Served extends Site {
  readonly origin: string;
}

/** Makes one. */
export function site(options: Pick<AuthOptions, "baseUrl" | "passkey" | "trustedOrigins">): Site {
  const { code, send } = mailbox();
  const events: string[] = [];
  const auth = createAuth({
    secret: "a-secret-of-32-characters-for-a-browser",
    storage: memory(),
    email: { from: "no-reply@example.com", send },
    emailOtp: true,
    platform: { log: { warn() {} } },
    ...options,
  });
  for (const name of ["passkey.added", "passkey.removed", "passkey.cloned"] as const) {
    auth.on(name, () => void events.push(name));
  }
  const listener = toNodeListener(async (request, info) => {
    if (new URL(request.url).pathname !== "/") return await auth.handler(request, info);
    return new Response(PAGE, { headers: { "content-type": "text/html" } });
  });
  return {
    listener: (incoming, outgoing) => listener(incoming, outgoing),
    events,
    async signedUp(tab, email) {
      const { challengeId } = Object(await tab.call("ask", "POST", "/email/start", { email }));
      await tab.call("ask", "POST", "/email/verify", { challengeId, code: code(email) });
    },
    close: () => auth.close(),
  };
}

/** Makes one, and serves it on a free port of this machine. */
export function served(passkey: AuthOptions["passkey"] = true): Promise<Served> {
  return onPort((baseUrl) => site({ baseUrl, passkey }));
}

/** Serves what is made for an origin, on a free port of this machine. */
export async function onPort<S extends Pick<Site, "listener" | "close">>(
  make: (origin: string) => S,
): Promise<S & { readonly origin: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${Object(server.address()).port}`;
  const made = make(origin);
  server.on("request", made.listener);
  return {
    ...made,
    origin,
    async close() {
      server.close();
      server.closeAllConnections();
      await made.close();
    },
  };
}
