// Choosing a new password in a real browser, on the page that the documents print.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { toNodeListener } from "../../src/doors/node.ts";
import { mailbox } from "../../src/doors/testing.ts";
import { PASSWORD, quick } from "../suite/hashing.ts";
import { FIRST, SECOND } from "../suite/password_holder.ts";
import { outcome } from "../suite/steps.ts";
import { CHROMIUM, type Chromium, chromium, skipped } from "./chromium.ts";
import { onPort } from "./site.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../examples/reset.html"), "utf8");
const ADA = "ada@example.com";
const DEAD = "This link has been used, or it has expired. Ask for a new one.";

/** A site where people have passwords. */
function site(origin: string) {
  const { link, send } = mailbox();
  const auth = createAuth({
    secret: "a-secret-of-32-characters-for-a-browser",
    baseUrl: origin,
    storage: memory(),
    email: { from: "no-reply@example.com", send, links: { reset: `${origin}/reset` } },
    password: PASSWORD,
    platform: { log: { warn() {} } },
  });
  const listener = toNodeListener(async (request, info) => {
    if (new URL(request.url).pathname.startsWith("/auth/")) return await auth.handler(request, info);
    return new Response(PAGE, { headers: { "content-type": "text/html" } });
  });
  return { auth, listener, link, close: () => auth.close() };
}

describe.skipIf(CHROMIUM === undefined)(`in Chromium${skipped}`, () => {
  let browser: Chromium;
  let served: ReturnType<typeof site> & { readonly origin: string };
  beforeAll(async () => {
    [browser, served] = await Promise.all([chromium(), onPort(site)]);
  });
  afterAll(async () => void await Promise.all([browser.close(), served.close()]));

  test("a link leads to a page that says what is refused, sets the password once, and shows nobody the link", async () => {
    const { auth: { on, password, users }, origin } = served;
    await users.create({ email: ADA, emailVerified: true, passwordHash: quick(FIRST) });
    const mailed = new Promise<void>((resolve) => void on("mail.sent", () => resolve()));
    await password.startReset({ email: ADA });
    await mailed;
    const link = served.link(ADA);
    const tab = await browser.open(link);
    onTestFinished(tab.close);
    await tab.reaches(`${origin}/reset`); // without the token
    await tab.type("short");
    await tab.press();
    await tab.shows("must be at least 12 characters long: it has 5");
    await tab.type(SECOND);
    await tab.press();
    await tab.shows("Your password is set. Sign in with it.");
    const signIns = [FIRST, SECOND].map((one) =>
      outcome(password.signIn({ identifier: ADA, password: one }))
    );
    expect(await Promise.all(signIns)).toEqual(["credentials_invalid", "fine"]);
    await tab.go(link);
    await tab.shows(DEAD);
  });
});
