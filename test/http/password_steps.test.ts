// What of changes, resets, codes and devices is HTTP's alone: which replies carry a session, and what is asked of whoever sends a cookie.
import { expect, test } from "vitest";
import type { AuthOptions } from "../../src/options.ts";
import { PASSWORD, quick } from "../suite/hashing.ts";
import { asksReset, FIRST, SECOND } from "../suite/password_holder.ts";
import { onSite, type Reply, type Site } from "./site.ts";

const ADA = "ada@example.com";
const ORIGIN = "http://localhost:3000";
const CODED: Partial<AuthOptions> = {
  password: { ...PASSWORD, signIn: { emailCode: true }, change: { emailCode: true } },
};

const cookiesOf = ({ headers }: Reply) => headers.getSetCookie().map((one) => one.split(";")[0] ?? "");
const namesOf = (reply: Reply) => cookiesOf(reply).map((one) => one.split("=")[0]);
const BOTH = ["latchkey-3000", "latchkey-3000-device"];

/** The site, where Ada has a password. */
function onAdas(run: (site: Site) => Promise<void>, options: Partial<AuthOptions> = {}): Promise<void> {
  return onSite(async (site) => {
    await site.auth.users.create({ email: ADA, emailVerified: true, passwordHash: quick(FIRST) });
    await run(site);
  }, options);
}

/** Ada's browser after she has signed in. */
async function browser({ ask }: Site): Promise<{ readonly cookie: string; readonly origin: string }> {
  const reply = await ask("POST /password/sign-in", { body: { identifier: ADA, password: FIRST } });
  return { cookie: cookiesOf(reply).join("; "), origin: ORIGIN };
}

test("a change sets the cookies of the new session", async () => {
  await onAdas(async (site) => {
    const headers = await browser(site);
    const body = { currentPassword: FIRST, newPassword: SECOND };
    const changed = await site.ask("POST /password/change", { headers, body });
    expect([changed.status, namesOf(changed)]).toEqual([200, BOTH]);
    expect(Object.keys(Object(changed.body)).toSorted()).toEqual(["session", "user"]);
    const now = await site.ask("GET /session", { headers: { cookie: cookiesOf(changed).join("; ") } });
    expect(Object(now.body).user.email).toBe(ADA);
    expect(Object((await site.ask("GET /session", { headers })).body).user).toBe(null);
  });
});

test("a change is taken from no other site, and from nobody", async () => {
  await onAdas(async (site) => {
    const { cookie } = await browser(site);
    const body = { currentPassword: FIRST, newPassword: SECOND };
    const foreign = { cookie, origin: "https://evil.example" };
    expect((await site.ask("POST /password/change", { headers: foreign, body })).body).toMatchObject({
      code: "origin_forbidden",
    });
    expect((await site.ask("POST /password/change", { body })).body).toMatchObject({
      code: "unauthenticated",
      status: 401,
    });
  });
});

test("a step that waits is 202, and sets no cookie", async () => {
  await onAdas(async (site) => {
    const begun = await site.ask("POST /password/sign-in", { body: { identifier: ADA, password: FIRST } });
    expect([begun.status, namesOf(begun), Object(begun.body).challenge.kind]).toEqual([
      202,
      [],
      "email_code",
    ]);
    const { id: challengeId } = Object(begun.body).challenge;
    const given = await site.ask("POST /password/sign-in/verify", {
      body: { challengeId, code: site.world.mailbox.code(ADA), remember: true },
    });
    expect([given.status, namesOf(given)]).toEqual([200, BOTH]);
    const headers = { cookie: cookiesOf(given).join("; "), origin: ORIGIN };
    const changing = await site.ask("POST /password/change", {
      headers,
      body: { currentPassword: FIRST, newPassword: SECOND },
    });
    expect([changing.status, namesOf(changing)]).toEqual([202, []]);
    const changed = await site.ask("POST /password/change/verify", {
      headers,
      body: { challengeId: Object(changing.body).challenge.id, code: site.world.mailbox.code(ADA) },
    });
    expect([changed.status, namesOf(changed)]).toEqual([200, BOTH]);
  }, CODED);
});

test("the cookie of a device that is remembered spares the code, whoever is signed in there", async () => {
  await onAdas(async (site) => {
    const begun = await site.ask("POST /password/sign-in", { body: { identifier: ADA, password: FIRST } });
    const given = await site.ask("POST /password/sign-in/verify", {
      body: {
        challengeId: Object(begun.body).challenge.id,
        code: site.world.mailbox.code(ADA),
        remember: true,
      },
    });
    const [session = "", device = ""] = cookiesOf(given);
    const headers = { cookie: `${session}; ${device}`, origin: ORIGIN };
    const out = await site.ask("POST /sign-out", { headers });
    expect(namesOf(out), "the device's cookie stays").toEqual(["latchkey-3000"]);
    const again = await site.ask("POST /password/sign-in", {
      headers: { cookie: device, origin: ORIGIN },
      body: { identifier: ADA, password: FIRST },
    });
    expect(again.status).toBe(200);
    const signedIn = { cookie: cookiesOf(again).join("; "), origin: ORIGIN };
    const { items } = Object((await site.ask("GET /devices", { headers: signedIn })).body);
    expect(items).toEqual([expect.objectContaining({ current: true })]);
    const removed = await site.ask(`DELETE /devices/${items[0].id}`, { headers: signedIn });
    expect([removed.status, removed.text]).toEqual([204, ""]);
    const twice = await site.ask(`DELETE /devices/${items[0].id}`, { headers: signedIn });
    expect(twice.body).toMatchObject({ code: "not_found", status: 404 });
    expect((await site.ask("GET /devices")).body).toMatchObject({ code: "unauthenticated", status: 401 });
  }, CODED);
});

test("a reset carries no session and sets no cookie", async () => {
  await onAdas(async (site) => {
    const token = await asksReset(site.world, ADA, site.auth);
    const replies = [
      await site.ask("POST /password/reset/start", { body: { email: ADA } }),
      await site.ask("POST /password/reset/check", { body: { token } }),
      await site.ask("POST /password/reset/finish", { body: { token, newPassword: "short" } }),
      await site.ask("POST /password/reset/finish", { body: { token, newPassword: SECOND } }),
      await site.ask("POST /password/reset/finish", { body: { token, newPassword: SECOND } }),
    ];
    expect(replies.map(({ status, body }) => [status, Object.keys(Object(body))])).toEqual([
      [200, []],
      [200, ["expiresAt"]],
      [422, expect.arrayContaining(["code", "details"])],
      [200, ["updatedAt"]],
      [401, expect.arrayContaining(["code"])],
    ]);
    expect(replies.flatMap(namesOf)).toEqual([]);
    expect(new Set(replies.map(({ headers }) => headers.get("cache-control")))).toEqual(
      new Set(["no-store"]),
    );
  });
});
