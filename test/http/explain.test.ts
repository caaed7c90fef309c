import { expect, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { Cause } from "../../src/core/causes.ts";
import type { Explanation } from "../../src/core/explain.ts";
import type { AuthOptions } from "../../src/options.ts";
import { faulty } from "../suite/faults.ts";
import { BASE_URL, within, type World } from "../suite/world.ts";
import type { FullAuth } from "../suite/client.ts";

const ADA = "ada@example.com";
const APP = "https://app.example.com";

/** What somebody who looks for a mistake has before them: a server, and a request that is not signed in as it should be. */
interface Planted {
  readonly auth: Pick<FullAuth, "explain">;
  readonly request: Request;
}

type Plant = (here: World) => Promise<Planted>;

function get(headers: HeadersInit, url = `${BASE_URL}/auth/me`): Request {
  return new Request(url, { headers });
}

/** Somebody signed in at a server, as the headers of their browser or program say it. */
async function signed(here: World, auth = here.server(), session: "cookie" | "bearer" = "cookie") {
  const { challengeId } = await auth.emailOtp.start({ email: ADA });
  const grant = await auth.emailOtp.verify({ challengeId, code: here.mailbox.code(ADA), session });
  const cookie = auth.cookies(grant)[0]?.split(";")[0] ?? "";
  return { auth, grant, cookie, token: grant.accessToken ?? "" };
}

function bearer(token: string): Request {
  return get({ authorization: `Bearer ${token}` });
}

/** A cookie or token with another end. */
function altered(text: string): string {
  return text.slice(0, -1) + (text.endsWith("A") ? "B" : "A");
}

const https: Partial<AuthOptions> = { baseUrl: APP };

/** Each misconfiguration, and the cause that must be named. */
const PLANTED: Readonly<Record<string, readonly [Cause, Plant]>> = {
  "nobody signed in": ["no_cookie", (here) => Promise.resolve({ auth: here.server(), request: get({}) })],
  "the page is opened over http, the cookie is Secure": ["no_cookie_on_http", (here) => {
    const request = get({}, "http://app.example.com/page");
    return Promise.resolve({ auth: here.another(https), request });
  }],
  "the page is opened at another name than baseUrl's": ["no_cookie_on_host", (here) => {
    const request = get({}, "https://www.example.com/page");
    return Promise.resolve({ auth: here.another(https), request });
  }],
  "the page is opened outside of cookie.domain": ["no_cookie_on_host", (here) => {
    const auth = here.another({ ...https, cookie: { domain: "example.com" } });
    return Promise.resolve({ auth, request: get({}, "https://app.example.org/page") });
  }],
  "a link of another site is followed, with SameSite=Strict": ["no_cookie_cross_site", (here) => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const auth = here.another({ ...https, cookie: { sameSite: "strict" } });
    return Promise.resolve({ auth, request: get(headers, `${APP}/auth/me`) });
  }],
  "a link of another site is followed by nobody": ["no_cookie", (here) => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    return Promise.resolve({ auth: here.another(https), request: get(headers, `${APP}/auth/me`) });
  }],
  "a page of another site asks, with SameSite=Lax": ["no_cookie_cross_site", (here) => {
    const headers = { origin: "https://other.example.org", "sec-fetch-site": "cross-site" };
    return Promise.resolve({ auth: here.another(https), request: get(headers, `${APP}/auth/me`) });
  }],
  "signed in on plain http, now behind https: another prefix": ["cookie_of_another_name", async (here) => {
    const { cookie } = await signed(here);
    return { auth: here.another(https), request: get({ cookie }, `${APP}/page`) };
  }],
  "signed in with cookie.domain, now without": ["cookie_of_another_name", async (here) => {
    const { cookie } = await signed(here, here.another({ ...https, cookie: { domain: "example.com" } }));
    return { auth: here.another(https), request: get({ cookie }, `${APP}/page`) };
  }],
  "signed in at another port": ["cookie_of_another_name", async (here) => {
    const { cookie } = await signed(here, here.another({ baseUrl: "http://localhost:5173" }));
    return { auth: here.server(), request: get({ cookie }) };
  }],
  "cookies are switched off": ["cookie_switched_off", async (here) => {
    const { cookie } = await signed(here);
    return { auth: here.another({ session: { mode: "bearer" } }), request: get({ cookie }) };
  }],
  "a neighbour sets the cookie too": ["cookie_doubled", async (here) => {
    const { cookie } = await signed(here);
    return { auth: here.server(), request: get({ cookie: `${cookie}; ${cookie.split("=")[0]}=evil` }) };
  }],
  "a proxy cuts long cookies": ["cookie_malformed", async (here) => {
    const { cookie } = await signed(here);
    return { auth: here.server(), request: get({ cookie: cookie.slice(0, 64) }) };
  }],
  "the cookie's secret was changed": ["cookie_forged", async (here) => {
    const { cookie } = await signed(here);
    return { auth: here.server(), request: get({ cookie: altered(cookie) }) };
  }],
  "a framework sends Basic": ["other_scheme", (here) => {
    return Promise.resolve({ auth: here.server(), request: get({ authorization: "Basic dXNlcjpwYXNz" }) });
  }],
  "the store is another one: memory, after a restart": ["account_unknown", async (here) => {
    const { cookie } = await signed(here);
    const other = createAuth({
      secret: "another-process-with-the-same-secret-0123456789",
      baseUrl: BASE_URL,
      platform: { now: here.now, log: { warn: () => {} } },
    });
    return { auth: other, request: get({ cookie }) };
  }],
  "signed out elsewhere": ["session_ended", async (here) => {
    const { auth, cookie, grant } = await signed(here);
    await auth.sessions.end({ userId: grant.user.id, id: grant.session.id });
    return { auth, request: get({ cookie }) };
  }],
  "signed out everywhere": ["session_revoked", async (here) => {
    const { auth, cookie, grant } = await signed(here);
    await auth.sessions.endAll({ userId: grant.user.id });
    return { auth, request: get({ cookie }) };
  }],
  "the session is too old": ["session_expired", async (here) => {
    const { auth, cookie } = await signed(here, here.another({ session: { ttl: "1h", idleTtl: "1h" } }));
    await here.turn("61m");
    return { auth, request: get({ cookie }) };
  }],
  "the session lay idle": ["session_idle", async (here) => {
    const { auth, cookie } = await signed(here, here.another({ session: { ttl: "30d", idleTtl: "1h" } }));
    await here.turn("61m");
    return { auth, request: get({ cookie }) };
  }],
  "this server's clock is an hour ahead": ["token_expired", async (here) => {
    const { token } = await signed(here, here.server(), "bearer");
    const ahead = { now: () => here.now() + 3_600_000 };
    return { auth: here.another({ platform: ahead }), request: bearer(token) };
  }],
  "the refresh token is sent": ["token_is_refresh", async (here) => {
    const { auth, grant } = await signed(here, here.server(), "bearer");
    return { auth, request: bearer(grant.refreshToken ?? "") };
  }],
  "the cookie is sent as a bearer token": ["token_is_cookie", async (here) => {
    const { auth, cookie } = await signed(here);
    return { auth, request: bearer(cookie.split("=")[1] ?? "") };
  }],
  "an API key is sent": ["token_malformed", (here) => {
    return Promise.resolve({ auth: here.server(), request: bearer("sk_live_0123456789") });
  }],
  "the services name different issuers": ["token_of_another_issuer", async (here) => {
    const { token } = await signed(here, here.server(), "bearer");
    return { auth: here.another({ jwt: { issuer: APP } }), request: bearer(token) };
  }],
  "the services name different audiences": ["token_of_another_audience", async (here) => {
    const { token } = await signed(here, here.server(), "bearer");
    return { auth: here.another({ jwt: { audience: "api" } }), request: bearer(token) };
  }],
  "the services have different keys": ["token_of_unknown_key", async (here) => {
    const { token } = await signed(here, here.server(), "bearer");
    const other = createAuth({
      secret: "another-process-with-the-same-secret-0123456789",
      baseUrl: BASE_URL,
      platform: { now: here.now, log: { warn: () => {} } },
    });
    return { auth: other, request: bearer(token) };
  }],
  "the token was changed": ["token_signature", async (here) => {
    const { auth, token } = await signed(here, here.server(), "bearer");
    const [header, payload, signature = ""] = token.split(".");
    return { auth, request: bearer([header, payload, `A${altered(signature).slice(1)}`].join(".")) };
  }],
  "the token is too old": ["token_expired", async (here) => {
    const { auth, token } = await signed(here, here.server(), "bearer");
    await here.turn("20m");
    return { auth, request: bearer(token) };
  }],
  "the frontend has an origin that is not trusted": ["origin_foreign", async (here) => {
    const { auth, cookie } = await signed(here);
    const headers = { cookie, origin: "http://localhost:5173" };
    return { auth, request: new Request(`${BASE_URL}/todo`, { method: "POST", headers }) };
  }],
  "a sandboxed page asks": ["origin_null", async (here) => {
    const { auth, cookie } = await signed(here);
    const headers = { cookie, origin: "null" };
    return { auth, request: new Request(`${BASE_URL}/todo`, { method: "POST", headers }) };
  }],
  "a proxy takes Origin off": ["origin_missing", async (here) => {
    const { auth, cookie } = await signed(here);
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    return { auth, request: new Request(`${BASE_URL}/todo`, { method: "POST", headers }) };
  }],
  "the store is down": ["store_failed", async (here) => {
    const { cookie } = await signed(here);
    const store = faulty(here.driver());
    const auth = here.another({ storage: store.driver });
    await auth.ready();
    store.fault = () => Promise.reject(new Error("down"));
    return { auth, request: get({ cookie }) };
  }],
};

test.each(Object.entries(PLANTED))("%s", async (_, [cause, plant]) => {
  await within(async (here) => {
    const { auth, request } = await plant(here);
    const found = await auth.explain(request);
    expect([found.signedIn, found.cause]).toEqual([false, cause]);
    expect(found.message).toMatch(/^[A-Z][^{}]*\.$/);
    expect(found.remedy).toMatch(/^[A-Z][^]*\.$/);
    tellsNoSecret(found, here, request);
  });
});

test("a request that is signed in is said to be, by cookie, by token, by headers alone", async () => {
  await within(async (here) => {
    const { auth, cookie, grant } = await signed(here);
    const { token, grant: other } = await signed(here, auth, "bearer");
    const whole = { signedIn: true, cause: "signed_in", remedy: "", notes: [] };
    const message = "The request is signed in.";
    expect(await auth.explain(get({ cookie })))
      .toEqual({ ...whole, message, userId: grant.user.id, sessionId: grant.session.id });
    expect(await auth.explain(new Headers({ authorization: `Bearer ${token}` })))
      .toEqual({ ...whole, message, userId: grant.user.id, sessionId: other.session.id });
  });
});

test("what does not decide is noted: a proxy that clientIp does not look at, another Host", async () => {
  await within(async (here) => {
    const { cookie } = await signed(here);
    const headers = { cookie, "x-forwarded-for": "203.0.113.9" };
    const causes = async (auth: FullAuth, url = `${BASE_URL}/page`) =>
      (await auth.explain(get(headers, url))).notes.map(({ cause }) => cause);
    expect(await causes(here.server())).toEqual(["proxy_unnamed"]);
    expect(await causes(here.another({ clientIp: { trustedProxies: 1 } }))).toEqual([]);
    expect(await causes(here.another({ clientIp: { trustedProxies: 1 } }), "http://10.0.0.7:8080/page"))
      .toEqual(["proxy_host"]);
  });
});

test("a clientIp that finds no address is noted, as long as it does not", async () => {
  await within(async (here) => {
    const auth = here.another({ clientIp: "direct" });
    const causes = async (...asked: Parameters<typeof auth.explain>) =>
      (await auth.explain(...asked)).notes.map(({ cause }) => cause);
    expect(await causes(get({}))).toEqual([]);
    expect(await causes(get({}), { info: {} })).toEqual(["address_missing"]);
    expect(await causes(get({}), { info: { remoteAddress: "203.0.113.9" } })).toEqual([]);
    expect(await causes(new Headers())).toEqual([]);
    const failing = here.another({
      clientIp: () => {
        throw new Error("no such header");
      },
    });
    expect((await failing.explain(get({}))).notes.map(({ cause }) => cause)).toEqual(["address_missing"]);
  });
});

test("a clock that is behind is noted: what others made is from the future", async () => {
  await within(async (here) => {
    const { cookie } = await signed(here);
    const { token } = await signed(here, here.server(), "bearer");
    const auth = here.another({ platform: { now: () => here.now() - 3_600_000 } });
    for (const request of [get({ cookie }), bearer(token)]) {
      const { signedIn, notes } = await auth.explain(request);
      expect([signedIn, notes.map(({ cause, message }) => [cause, /3600 s/.test(message)])])
        .toEqual([true, [["clock_skew", true]]]);
    }
    const late = here.another({ platform: { now: () => here.now() - 50_000 } });
    expect((await late.explain(get({ cookie }))).notes).toEqual([]);
  });
});

test("behind a proxy that ends TLS, http is no reason", async () => {
  await within(async (here) => {
    const auth = here.another(https);
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "app.example.com" };
    expect((await auth.explain(get(headers, "http://10.0.0.7/page"))).cause).toBe("no_cookie");
  });
});

test("whatever is sent is explained, and what is shown of it is short and on one line", async () => {
  await within(async (here) => {
    const auth = here.server();
    const long = "x".repeat(100_000);
    for (
      const headers of [
        { authorization: `Bearer ${long}` },
        { authorization: `${long} ${long}` },
        { authorization: "Bearer eyJhbGciOiJub25lIn0.e30." },
        { authorization: "Bearer a.b.c" },
        { cookie: `latchkey-3000=${long}` },
        { cookie: `__Host-latchkey${long}=1` },
        { cookie: "=;;=;latchkey-3000" },
        { "x-forwarded-host": long, "x-forwarded-proto": "gopher", "sec-fetch-site": "none" },
      ]
    ) {
      const found = await auth.explain(new Headers(headers as Record<string, string>));
      expect([found.signedIn, JSON.stringify(found).length < 2000]).toEqual([false, true]);
    }
  });
});

test("a secret in a place for something else is not shown, nor any part of it", async () => {
  await within(async (here) => {
    const { auth, cookie, token } = await signed(here, here.server(), "cookie");
    const { token: access } = await signed(here, auth, "bearer");
    const [, value = ""] = cookie.split("=");
    const odd = (header: object) => [header, { sub: "x" }, "AAAA"].map((part) => b64(part)).join(".");
    const SENT: readonly (readonly [secret: string, headers: Record<string, string>])[] = [
      ["sk_live_51H8abcdefSECRET", { authorization: "sk_live_51H8abcdefSECRET" }],
      ["sk_live_51H8abcdefSECRET", { authorization: "sk_live_51H8abcdefSECRET and more" }],
      [value, { authorization: value }],
      [value, { authorization: `${value} x` }],
      [access, { authorization: access }],
      [value, { authorization: `Bearer ${odd({ alg: "EdDSA", kid: value })}` }],
      [access, { authorization: `Bearer ${odd({ alg: "EdDSA", kid: access })}` }],
      [value, { cookie: "latchkey-3000=x", origin: `https://${value}` }],
    ];
    expect(token).not.toBe(access);
    for (const [secret, headers] of SENT) {
      const request = new Request(`${BASE_URL}/auth/me`, { method: "POST", headers });
      const { signedIn, message, remedy, notes } = await auth.explain(request);
      const text = JSON.stringify([message, remedy, notes]);
      expect(signedIn).toBe(false);
      const parts = Array.from({ length: secret.length - 7 }, (_, i) => secret.slice(i, i + 8));
      expect(parts.filter((part) => text.includes(part))).toEqual([]);
    }
    const basic = await auth.explain(get({ authorization: "Basic dXNlcjpwYXNz" }));
    expect(basic.message).toMatch(/^Authorization is "Basic", which is not looked at/);
    const none = await auth.explain(get({ authorization: "sk_live_51H8abcdefSECRET" }));
    expect(none.message).toMatch(/^Authorization is of no known scheme, which is not looked at/);
  });
});

function b64(part: object | string): string {
  const text = typeof part === "string" ? part : JSON.stringify(part);
  return btoa(text).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
}

function tellsNoSecret(found: Explanation, { mailbox }: World, { headers }: Request): void {
  const text = JSON.stringify(found);
  const [, token = ""] = (headers.get("authorization") ?? "").split(" ");
  const cookie = headers.get("cookie")?.split("=")[1] ?? "";
  for (const secret of [token, cookie, ...mailbox.messages.map(({ data }) => data["code"] ?? "")]) {
    if (secret.length > 4) expect(text).not.toContain(secret);
  }
}
