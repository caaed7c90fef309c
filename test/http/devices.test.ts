// What a device is known again by: its cookie, its header, and what replies bring of them.
import { expect, test } from "vitest";
import { parseDeviceToken } from "../../src/crypto/token.ts";
import type { AuthOptions } from "../../src/options.ts";
import { onSite, type Reply, type Site } from "./site.ts";

const NAME = "latchkey-3000-device";
const [ADA, BOB] = ["ada@example.com", "bob@example.com"];

test("a browser's cookie knows it for each account that signs in on it, the newest first", async () => {
  await onSite(async (site) => {
    const ada = deviceOf(await signIn(site, ADA));
    const both = deviceOf(await signIn(site, BOB, { cookie: `${NAME}=${ada}` }));
    expect(both.split("~").slice(1)).toEqual([ada]);
    await site.world.turn("1d");
    const again = deviceOf(await signIn(site, ADA, { cookie: `a=b; ${NAME}=${both}; c=d` }));
    expect(again.split("~").slice(1)).toEqual([both.split("~")[0]]);
    expect(idOf(again)).toBe(idOf(ada));
    expect(again).not.toContain(ada);
  });
});

test("a device cookie that came twice, or is not wholly ours, is nothing, and is replaced", async () => {
  await onSite(async (site) => {
    const ada = deviceOf(await signIn(site, ADA));
    const bob = deviceOf(await signIn(site, BOB));
    for (
      const cookie of [`${NAME}=${ada}; ${NAME}=${ada}`, `${NAME}=${ada}~x`, `${NAME}="${ada}"`, `${NAME}=`]
    ) {
      const fresh = deviceOf(await signIn(site, BOB, { cookie }));
      expect([fresh.split("~").length, idOf(fresh) === idOf(bob)]).toEqual([1, false]);
    }
  });
});

test("a program shows its token in a header, and its next grants keep the device", async () => {
  await onSite(async (site) => {
    const { deviceToken = "", refreshToken } = grantOf(await signIn(site, ADA, {}, "bearer"));
    const headers = { "latchkey-device": deviceToken };
    const second = await signIn(site, ADA, headers, "bearer");
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(idOf(grantOf(second).deviceToken)).toBe(idOf(deviceToken));
    const refreshed = await site.ask("POST /session/refresh", { headers, body: { refreshToken } });
    expect(idOf(grantOf(refreshed).deviceToken)).toBe(idOf(deviceToken));
    const cookie = deviceOf(await signIn(site, ADA, { ...headers, cookie: `${NAME}=x` }));
    expect(idOf(cookie)).toBe(idOf(deviceToken));
  });
});

test("a refresh brings a token that lives on, of the same device, though none was shown", async () => {
  await onSite(async (site) => {
    const first = grantOf(await signIn(site, ADA, {}, "bearer"));
    await site.world.turn("1d");
    const next = grantOf(
      await site.ask("POST /session/refresh", { body: { refreshToken: first.refreshToken } }),
    );
    const [before, after] = [first, next].map(({ deviceToken = "" }) => parseDeviceToken(deviceToken));
    expect(after).toEqual({ ...before, at: (before?.at ?? 0) + 86_400, mac: expect.any(String) });
  });
});

test("a header is not helped out by the cookie, and where sessions are bearers the cookie is not looked at", async () => {
  const asked = async (
    headers: (cookie: string) => Record<string, string>,
    options: Partial<AuthOptions> = {},
  ) => {
    let same: boolean | null = null;
    await onSite(async (site) => {
      const ada = grantOf(await signIn(site, ADA, {}, "bearer")).deviceToken ?? "";
      const again = grantOf(await signIn(site, ADA, headers(`${NAME}=${ada}`), "bearer")).deviceToken;
      same = idOf(again) === idOf(ada);
    }, options);
    return same;
  };
  expect(await asked((cookie) => ({ cookie }))).toBe(true);
  expect(await asked((cookie) => ({ cookie, "latchkey-device": "x" }))).toBe(false);
  expect(await asked((cookie) => ({ cookie }), { session: { mode: "bearer" } })).toBe(false);
});

test("signing out leaves the device known", async () => {
  await onSite(async (site) => {
    const { headers } = await signIn(site, ADA);
    const cookie = headers.getSetCookie().map((set) => set.split(";")[0]).join("; ");
    const out = await site.ask("POST /sign-out", { headers: { cookie } });
    expect(out.headers.getSetCookie()).toEqual([expect.stringMatching(/^latchkey-3000=; /)]);
    expect(site.auth.clearCookies()).toEqual(out.headers.getSetCookie());
  });
});

test("whoever ends all sessions but their own gets a token that counts, and every other one is void", async () => {
  await onSite(async (site) => {
    const { headers } = await signIn(site, ADA);
    const cookie = headers.getSetCookie().map((set) => set.split(";")[0]).join("; ");
    const before = cookie.split(`${NAME}=`)[1] ?? "";
    const { session } = (await site.ask("GET /session", { headers: { cookie } })).body as {
      session: { id: string };
    };
    const ended = await site.ask("POST /sign-out/all", { headers: { cookie }, body: { except: session.id } });
    expect(ended.body).toEqual({ ended: 0 });
    expect(ended.headers.getSetCookie()).toHaveLength(1);
    const after = deviceOf(ended);
    const again = async (device: string) =>
      idOf(deviceOf(await signIn(site, ADA, { cookie: `${NAME}=${device}` })));
    expect(await again(after)).toBe(idOf(after));
    expect(await again(before)).not.toBe(idOf(before));
  });
});

test("a page of somebody else's cannot ask in the name of a device that is known here", async () => {
  await onSite(async (site) => {
    const cookie = `${NAME}=${deviceOf(await signIn(site, ADA))}`;
    const headers = { cookie, origin: "https://evil.example" };
    expect((await site.ask("POST /email/start", { headers, body: { email: ADA } })).body)
      .toMatchObject({ code: "origin_forbidden" });
  });
});

test("on HTTPS both cookies have the prefix, and both go where a domain is named", async () => {
  for (
    const [cookie, names] of [
      [{}, ["__Host-latchkey", "__Host-latchkey-device"]],
      [{ name: "door", domain: "example.com" }, ["__Secure-door", "__Secure-door-device"]],
    ] as const
  ) {
    await onSite(async ({ auth }) => {
      const { id } = await auth.users.create({ email: ADA });
      const set = auth.cookies(await auth.sessions.create({ userId: id }));
      expect(set.map((value) => value.split("=")[0])).toEqual(names);
      const [first, second] = set.map((value) =>
        value.split("; ").slice(1).filter((one) => !one.startsWith("Max-Age"))
      );
      expect(second).toEqual(first);
    }, { baseUrl: "https://app.example.com", cookie });
  }
});

async function signIn(
  site: Site,
  email: string,
  headers: Record<string, string> = {},
  session = "cookie",
): Promise<Reply> {
  const { body } = await site.ask("POST /email/start", { body: { email } });
  const { challengeId } = body as { challengeId: string };
  const code = site.world.mailbox.code(email);
  const reply = await site.ask("POST /email/verify", { headers, body: { challengeId, code, session } });
  expect(reply.status).toBeLessThan(300);
  return reply;
}

function grantOf({ body }: Reply): { readonly deviceToken?: string; readonly refreshToken?: string } {
  return Object(body);
}

/** What the device cookie of a reply holds. */
function deviceOf({ headers }: Reply): string {
  const set = headers.getSetCookie().find((one) => one.startsWith(`${NAME}=`)) ?? "";
  return set.split(";")[0]?.slice(NAME.length + 1) ?? "";
}

/** The id of the device that a token, or the first of a cookie, is of. */
function idOf(shown = ""): string | undefined {
  return parseDeviceToken(shown.split("~")[0] ?? "")?.did;
}
