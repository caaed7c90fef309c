// Links in a real browser: the page that the documents print, the page to which links lead, and programs that open links before anybody
// clicks.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { toNodeListener } from "../../src/doors/node.ts";
import { mailbox } from "../../src/doors/testing.ts";
import { CHROMIUM, type Chromium, chromium, skipped, type Tab } from "./chromium.ts";
import { onPort } from "./site.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../examples/magic_link.html"), "utf8");
const MISMATCH = "Open this link in the browser in which you asked for it. It is still good there.";
const DEAD = "This link has been used, or it has expired. Ask for a new one.";

/** A site where people sign in by links. Whoever looks at their account reads their address there. */
function site(origin: string) {
  const { link, send } = mailbox();
  const referrers: (string | null)[] = [];
  const auth = createAuth({
    secret: "a-secret-of-32-characters-for-a-browser",
    baseUrl: origin,
    storage: memory(),
    email: { from: "no-reply@example.com", send },
    magicLink: true,
    platform: { log: { warn() {} } },
  });
  const listener = toNodeListener(async (request, info) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/auth/")) return await auth.handler(request, info);
    const headers = { "content-type": "text/html" };
    if (pathname !== "/account") return new Response(PAGE, { headers });
    referrers.push(request.headers.get("referer"));
    const { user } = await auth.getSession(request);
    return new Response(`<p>${user?.email ?? "nobody"}</p>`, { headers });
  });
  return { listener, link, referrers, close: () => auth.close() };
}

describe.skipIf(CHROMIUM === undefined)(`in Chromium${skipped}`, () => {
  let browser: Chromium;
  let served: ReturnType<typeof site> & { readonly origin: string };
  beforeAll(async () => {
    [browser, served] = await Promise.all([chromium(), onPort(site)]);
  });
  afterAll(async () => void await Promise.all([browser.close(), served.close()]));

  async function open(url: string): Promise<Tab> {
    const tab = await browser.open(url);
    onTestFinished(tab.close);
    return tab;
  }

  /** Somebody asks for a link, and has it in their mail. */
  async function asked(email: string): Promise<{ readonly tab: Tab; readonly link: string }> {
    const tab = await open(`${served.origin}/`);
    await tab.type(email);
    await tab.press();
    await tab.shows("Look at your mail.");
    return { tab, link: served.link(email) };
  }

  test("a click signs in, in another tab of the browser that asked; that a program opened the link did not", async () => {
    const { tab, link } = await asked("ada@example.com");
    for (const method of ["HEAD", "GET", "GET"]) expect((await fetch(link, { method })).status).toBe(200);
    const mail = await tab.beside(link);
    await tab.go(`${served.origin}/account`);
    await tab.shows("nobody");
    await mail.press();
    await mail.reaches(`${served.origin}/account`);
    await mail.shows("ada@example.com");
    expect(served.referrers.at(-1)).toBe(null); // the link's token is in nobody's log
    await mail.go(link);
    await mail.press();
    await mail.shows(DEAD);
  });

  test("in another browser the page says where to open the link, and there it is still good", async () => {
    const { tab, link } = await asked("eve@example.com");
    const other = await open(link);
    await other.press();
    await other.shows(MISMATCH);
    await other.go(`${served.origin}/account`);
    await other.shows("nobody");
    await tab.go(link);
    await tab.press();
    await tab.reaches(`${served.origin}/account`);
    await tab.shows("eve@example.com");
  });
});
