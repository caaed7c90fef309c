// Sessions that are bound to an audience: their access tokens are for another service, and are not taken for ours.
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import type { Grant } from "../../src/model.ts";
import { failure, onSite, ROWS, type Site } from "./site.ts";

const US = "http://localhost:3000";
const API = "https://api.example.com";
const OTHER = "urn:example:reports";
const options = { audiences: [API, OTHER] };
const ADA = "ada@example.com";

/** A finished sign-in over HTTP. */
async function signIn({ ask, world }: Site, wish: object): Promise<{ grant: Grant; cookie: string }> {
  const start = await ask("POST /email/start", { body: { email: ADA } });
  const { challengeId } = start.body as { challengeId: string };
  const body = { challengeId, code: world.mailbox.code(ADA), ...wish };
  const reply = await ask("POST /email/verify", { body });
  const [cookie = ""] = reply.headers.getSetCookie()[0]?.split(";") ?? [];
  return { grant: reply.body as Grant, cookie };
}

function bearer(token: string | undefined): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

test("a session says for whom its access tokens are, and keeps it at every refresh", async () => {
  await onSite(async (site) => {
    const { grant } = await signIn(site, { session: "bearer", audience: API });
    expect(grant.session.audience).toBe(API);
    expect(decodeJwt(grant.accessToken!).aud).toBe(API);
    await site.world.turn("1h");
    const refreshed = await site.ask("POST /session/refresh", { body: { refreshToken: grant.refreshToken } });
    const next = refreshed.body as Grant;
    expect([decodeJwt(next.accessToken!).aud, next.session.audience]).toEqual([API, API]);
  }, options);
});

test("without a wish, or with the usual one, it is the usual audience", async () => {
  await onSite(async (site) => {
    for (const wish of [{}, { audience: US }]) {
      const { grant } = await signIn(site, { session: "bearer", ...wish });
      expect("audience" in grant.session).toBe(false);
      expect(decodeJwt(grant.accessToken!).aud).toBe(US);
      expect((await site.ask("GET /me", { headers: bearer(grant.accessToken) })).status).toBe(200);
    }
  }, options);
});

test("an unknown audience is input_invalid, and costs no guess", async () => {
  await onSite(async ({ ask, auth, world }) => {
    const start = await ask("POST /email/start", { body: { email: ADA } });
    const { challengeId } = start.body as { challengeId: string };
    const right = { challengeId, code: world.mailbox.code(ADA) };
    for (const audience of ["https://evil.example", `${API}/`, API.toUpperCase(), "__proto__"]) {
      const { status, body } = await ask("POST /email/verify", { body: { ...right, audience } });
      const issues = [{ path: "audience", message: "must be one of the audiences that this server knows" }];
      expect([status, body]).toMatchObject([400, { code: "input_invalid", details: { issues } }]);
    }
    for (const audience of ["", 5, null, ["https://api.example.com"], {}]) {
      expect((await ask("POST /email/verify", { body: { ...right, audience } })).body)
        .toMatchObject({ code: "input_invalid" });
    }
    expect((await ask("POST /email/verify", { body: right })).status).toBe(201);
    const { id: userId } = (await auth.users.find({ email: ADA }))!;
    await expect(auth.sessions.create({ userId, audience: "x" })).rejects.toMatchObject({
      code: "input_invalid",
    });
    await expect(auth.requireSession(new Headers(), { audience: "x" })).rejects.toMatchObject({
      code: "input_invalid",
    });
  }, options);
});

for (const { name, route, method, path } of ROWS) {
  if (route.access === "anyone") continue;
  test(`${name}: a token for another audience is nobody here, unless it only signs out`, async () => {
    await onSite(async (site) => {
      const { grant } = await signIn(site, { session: "bearer", audience: API });
      const headers = bearer(grant.accessToken);
      const reply = await site.ask(`${method} ${path}`, { headers });
      const lives = (await site.auth.requireSession(new Headers(headers), { audience: API }).catch(() =>
        null
      )) !== null;
      if (name === "sessions.signOut") expect([reply.status, lives]).toEqual([204, false]);
      else if (route.access === "optional") {
        expect([reply.status, reply.body, lives]).toEqual([200, { user: null, session: null }, true]);
      } else {
        expect([reply.status, reply.body, lives]).toEqual([401, failure("token_invalid"), true]);
        expect(reply.headers.get("www-authenticate")).toContain("invalid_token");
      }
    }, options);
  });
}

test("requireSession takes a session for the audience it names, and no other", async () => {
  await onSite(async (site) => {
    const { auth } = site;
    const shown = async (headers: Record<string, string>) =>
      await Promise.all(
        [undefined, US, API, OTHER].map((audience) =>
          auth.requireSession(new Headers(headers), audience === undefined ? {} : { audience }).then(
            () => "fine",
            ({ code }: { code: string }) => code,
          )
        ),
      );
    const no = "token_invalid";
    const bound = await signIn(site, { session: "bearer", audience: API });
    expect(await shown(bearer(bound.grant.accessToken))).toEqual([no, no, "fine", no]);
    await site.world.turn("2m");
    const free = await signIn(site, { session: "bearer" });
    expect(await shown(bearer(free.grant.accessToken))).toEqual(["fine", "fine", no, no]);
    await site.world.turn("2m");
    // A cookie is shown to us alone, so it is good at our routes whatever its session is bound to.
    const { cookie } = await signIn(site, { audience: API });
    expect(await shown({ cookie })).toEqual(["fine", no, "fine", no]);
    await site.world.turn("2m");
    const { cookie: usual } = await signIn(site, {});
    expect(await shown({ cookie: usual })).toEqual(["fine", "fine", no, no]);
    expect(await auth.getSession(new Headers(bearer(bound.grant.accessToken)))).toEqual({
      user: null,
      session: null,
    });
    expect(await auth.sessions.verify({ token: bound.grant.accessToken! })).toBe(null);
  }, options);
});

test("a cookie session that is bound gets tokens for its audience", async () => {
  await onSite(async (site) => {
    const { cookie } = await signIn(site, { audience: OTHER });
    const { status, body } = await site.ask("POST /session/token", { headers: { cookie, origin: US } });
    expect([status, decodeJwt((body as { accessToken: string }).accessToken).aud]).toEqual([200, OTHER]);
    const { body: list } = await site.ask("GET /sessions", { headers: { cookie } });
    expect(list).toMatchObject({ items: [{ audience: OTHER, current: true }] });
  }, options);
});

test("where an audience is named no more, there are no more tokens for it", async () => {
  await onSite(async (site) => {
    const { grant } = await signIn(site, { session: "bearer", audience: API });
    const { body } = await site.ask("POST /session/refresh", { body: { refreshToken: grant.refreshToken } });
    const later = site.world.another({ audiences: [OTHER] });
    const { refreshToken = "" } = body as Grant;
    await expect(later.sessions.refresh({ refreshToken })).rejects.toMatchObject({ code: "session_ended" });
  }, options);
});
