// What of links is HTTP's alone: the cookie that binds them to a browser, and the page to which they lead.
import { expect, test } from "vitest";
import type { AuthOptions } from "../../src/options.ts";
import { onSite, type Reply, requestOf, type Site } from "./site.ts";

const NAME = "latchkey-3000-link";
const ORIGIN = "http://localhost:3000";
const ADA = "ada@example.com";

test("the reply sets a cookie that no script reads, and that lets the link in alone", async () => {
  await onSite(async (site) => {
    const start = await begin(site);
    const [set = "", ...others] = start.headers.getSetCookie();
    const { challengeId } = Object(start.body);
    expect(others).toEqual([]);
    expect(set).toBe(`${NAME}=${challengeId}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax`);
    expect((await follow(site, {})).body).toMatchObject({ code: "browser_mismatch", status: 401 });
    const reply = await follow(site, { cookie: `a=b; ${NAME}=${challengeId}` });
    expect(reply.status).toBe(201);
    expect(reply.headers.getSetCookie().map((one) => one.split("=")[0])).toEqual([
      "latchkey-3000",
      "latchkey-3000-device",
    ]);
    expect(Object.keys(Object(reply.body)).toSorted()).toEqual(["session", "user"]);
  });
});

test("a browser remembers the last five, and nothing that is none of ours", async () => {
  await onSite(async (site) => {
    const ids: string[] = [];
    let cookie = `${NAME}=x.${"A".repeat(26)}.`;
    for (let i = 0; i < 7; i++) {
      const start = await begin(site, { cookie });
      ids.unshift(Object(start.body).challengeId);
      [cookie = ""] = start.headers.getSetCookie()[0]?.split(";") ?? [];
      expect(cookie).toBe(`${NAME}=${ids.slice(0, 5).join(".")}`);
    }
  }, { rateLimit: false });
});

test("hooks are not told which links a browser has begun", async () => {
  const told: string[] = [];
  const hooks = { beforeSignUp: (input: object) => void told.push(JSON.stringify(input)) };
  await onSite(async (site) => {
    const { challengeId } = Object((await begin(site)).body);
    expect((await follow(site, { cookie: `${NAME}=${challengeId}` })).status).toBe(201);
    expect(told).toEqual([expect.not.stringContaining(challengeId)]);
  }, { hooks });
});

test("a cookie that came twice is nothing", async () => {
  await onSite(async (site) => {
    const { challengeId } = Object((await begin(site)).body);
    const cookie = `${NAME}=${challengeId}; ${NAME}=${challengeId}`;
    expect((await follow(site, { cookie })).body).toMatchObject({ code: "browser_mismatch" });
  });
});

test.each<[string, Partial<AuthOptions>, object]>([
  ["to be carried by tokens", {}, { session: "bearer" }],
  ["where cookies are off", {
    session: { mode: "bearer" },
    email: {
      from: "no-reply@example.com",
      send: () => {},
      links: { magicLink: "https://app.example.com/in" },
    },
  }, {}],
])("a link %s sets no cookie", async (_, options, more) => {
  await onSite(async (site) => {
    expect((await begin(site, {}, more)).headers.getSetCookie()).toEqual([]);
  }, options);
});

test("a page of another origin that may only ask gets no cookie", async () => {
  const other = "https://other.example";
  await onSite(async (site) => {
    const start = await begin(site, { origin: other }, { session: "bearer" });
    expect([start.status, start.headers.getSetCookie()]).toEqual([200, []]);
  }, { cors: { origin: "*" } });
});

test("the page has one button, and nothing of the link in it", async () => {
  await onSite(async (site) => {
    await begin(site);
    const token = tokenOf(site);
    const reply = await page(site, token);
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(reply.headers.get("referrer-policy")).toBe("no-referrer");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(reply.headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'nonce-/);
    const html = await reply.text();
    expect(html.match(/<button/g)).toHaveLength(1);
    expect(html).not.toContain(token);
    const odd = await page(site, '"><script>alert(1)</script>');
    expect([odd.status, (await odd.text()).includes("alert(1)")]).toEqual([200, false]);
  });
});

test("it speaks the language of the request", async () => {
  const email = { from: "no-reply@example.com", send: () => {}, locale: () => "de-AT" };
  await onSite(async (site) => {
    expect(await (await page(site, "x")).text()).toContain("<title>Anmelden</title>");
  }, { email });
});

test("without a token there is no page", async () => {
  await onSite(async ({ ask }) => {
    const { status, body } = await ask("GET /magic-link");
    expect([status, Object(body).details.issues[0].path]).toEqual([400, "token"]);
  });
});

test("links lead where email.links says, whatever that address has already", async () => {
  const links: string[] = [];
  const email = {
    from: "no-reply@example.com",
    send: ({ data }: { readonly data: Readonly<Record<string, string>> }) =>
      void links.push(data["link"] ?? ""),
    links: { magicLink: "https://app.example.com/in?from=mail" },
  };
  await onSite(async (site) => {
    await begin(site);
    const url = new URL(links[0] ?? "");
    expect([url.origin, url.pathname, url.searchParams.get("from")]).toEqual([
      "https://app.example.com",
      "/in",
      "mail",
    ]);
    expect(url.searchParams.get("token")).toMatch(/^[0-9a-f]{8}\.[\w-]+\.[\w-]+$/);
  }, { email });
});

test("the mail has the link as text and as a link", async () => {
  await onSite(async (site) => {
    await begin(site);
    const { text, html, subject, data: { link = "" } } = site.world.mailbox.last(ADA);
    expect(subject).toBe("Your link to sign in");
    expect(text.split("\n\n")).toContain(link);
    expect(link).toMatch(/^http:\/\/localhost:3000\/auth\/magic-link\?token=[\w.-]+$/);
    expect(html).toContain(`<p><a href="${link}">${link}</a></p>`);
  });
});

function begin(
  site: Site,
  headers: Readonly<Record<string, string>> = {},
  more: object = {},
): Promise<Reply> {
  return site.ask("POST /magic-link/start", {
    headers: { origin: ORIGIN, ...headers },
    body: { email: ADA, ...more },
  });
}

function follow(site: Site, headers: Readonly<Record<string, string>>): Promise<Reply> {
  const body = { token: tokenOf(site) };
  return site.ask("POST /magic-link/verify", { headers: { origin: ORIGIN, ...headers }, body });
}

function tokenOf({ world }: Site): string {
  return new URL(world.mailbox.link(ADA)).searchParams.get("token") ?? "";
}

async function page({ auth }: Site, token: string): Promise<Response> {
  return await auth.handler(requestOf(`GET /magic-link?token=${encodeURIComponent(token)}`));
}
