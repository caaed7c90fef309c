// What the application adds to access tokens.
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import type { ClaimsOf } from "../../src/options/jwt.ts";
import type { Grant } from "../../src/model.ts";
import type { Driver } from "../../src/store/driver.ts";
import { outcome } from "../suite/steps.ts";
import { onSite, type Site } from "./site.ts";

const ADA = "ada@example.com";
const RESERVED = [
  ...[
    "iss",
    "aud",
    "sub",
    "sid",
    "iat",
    "exp",
    "nbf",
    "jti",
    "amr",
    "auth_time",
    "roles",
    "client_id",
    "cnf",
  ],
];

/** The grant of a bearer session under some claims. */
async function granted(claims: ClaimsOf, see: (grant: Grant) => void | Promise<void>): Promise<void> {
  await onSite(async ({ auth }) => {
    const { id: userId } = await auth.users.create({ email: ADA });
    await see(await auth.sessions.create({ userId, session: "bearer" }));
  }, { jwt: { claims } });
}

test("claims of one's own are added to each token, from the user and the session", async () => {
  const seen: unknown[] = [];
  const claims: ClaimsOf = async (user, session) => {
    seen.push([user.email, session.id]);
    return await Promise.resolve({ plan: "pro", "https://example.com/n": [1, { a: null }], gone: undefined });
  };
  await granted(claims, ({ accessToken, session, user }) => {
    const said = decodeJwt(accessToken!);
    expect(Object.keys(said).toSorted()).toEqual(
      [
        "amr",
        "aud",
        "auth_time",
        "exp",
        "https://example.com/n",
        "iat",
        "iss",
        "jti",
        "plan",
        "roles",
        "sid",
        "sub",
      ],
    );
    expect([said["plan"], said["https://example.com/n"]]).toEqual(["pro", [1, { a: null }]]);
    expect([said.sub, said["sid"]]).toEqual([user.id, session.id]);
    expect(seen).toEqual([[ADA, session.id]]);
  });
});

test("a cookie sign-in asks for no claims", async () => {
  const claims = () => {
    throw new Error("asked");
  };
  await onSite(async ({ auth }) => {
    const { id: userId } = await auth.users.create({ email: ADA });
    expect((await auth.sessions.create({ userId })).user.email).toBe(ADA);
  }, { jwt: { claims } });
});

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

/** What claims answer → what is said of it. */
const WRONG: readonly (readonly [what: string, claims: () => unknown, message: RegExp])[] = [
  ...RESERVED.map((name) =>
    [`the claim ${name}`, () => ({ [name]: "x" }), new RegExp(`must not name the claim ${name}\\b`)] as const
  ),
  ["a claim behind toJSON", () => ({ toJSON: () => ({ sub: "eve" }) }), /must not name the claim sub/],
  ["nothing", () => undefined, /must answer an object/],
  ["null", () => null, /must answer an object/],
  ["a list", () => ["a"], /must answer an object/],
  ["a text", () => "a", /must answer an object/],
  ["a function", () => () => ({}), /must answer an object/],
  ["too much", () => ({ a: "é".repeat(2048) }), /at most 4096 bytes of JSON: these are 4104/],
  ["a bigint", () => ({ a: 1n }), /./],
  ["a circle", () => cyclic, /./],
  ["a failure", () => Promise.reject(new Error("the database is away")), /the database is away/],
];

for (const [what, claims, message] of WRONG) {
  test(`${what}: no token, and the log says why`, async () => {
    const lines: string[] = [];
    const logger = {
      info: () => {},
      warn: () => {},
      error: (line: object) => void lines.push(JSON.stringify(line)),
    };
    await onSite(async ({ ask, auth, world }) => {
      const { id: userId } = await auth.users.create({ email: ADA });
      await expect(auth.sessions.create({ userId, session: "bearer" })).rejects.toThrow(message);
      const start = await ask("POST /email/start", { body: { email: ADA } });
      const { challengeId } = start.body as { challengeId: string };
      const body = { challengeId, code: world.mailbox.code(ADA), session: "bearer" };
      const reply = await ask("POST /email/verify", { body });
      expect(reply.body).toEqual({
        code: "internal",
        message: "Something went wrong here.",
        status: 500,
        details: { reference: expect.stringMatching(/^[a-z2-7]{16}$/) },
      });
      const { reference } = (reply.body as { details: { reference: string } }).details;
      expect(lines).toEqual([expect.stringMatching(message)]);
      expect(lines[0]).toContain(reference);
    }, { jwt: { claims: claims as ClaimsOf }, logger });
  });
}

test("the largest claims pass", async () => {
  const text = "x".repeat(4096 - '{"a":""}'.length);
  await granted(() => ({ a: text }), ({ accessToken }) => {
    expect(decodeJwt(accessToken!)["a"]).toBe(text);
  });
});

test("claims that do not come are not waited for without end", async () => {
  const asked = Promise.withResolvers<void>();
  const claims = () => {
    asked.resolve();
    return new Promise<object>(() => {});
  };
  await onSite(async ({ auth, world }) => {
    const { id: userId } = await auth.users.create({ email: ADA });
    const grant = auth.sessions.create({ userId, session: "bearer" });
    const failed = expect(grant).rejects.toThrow("jwt.claims: no answer within 5000 ms");
    await asked.promise;
    await world.turn(5);
    await failed;
  }, { jwt: { claims } });
});

/** A bearer session, and what refreshes its token. */
async function refreshing({ auth }: Site): Promise<readonly [Grant, (token?: string) => Promise<Grant>]> {
  const { id: userId } = await auth.users.create({ email: ADA, name: "Ada" });
  const grant = await auth.sessions.create({ userId, session: "bearer" });
  return [grant, (refreshToken = grant.refreshToken!) => auth.sessions.refresh({ refreshToken })];
}

test("a refresh whose claims fail has traded nothing: the same token is right however much later", async () => {
  let isDown = false;
  const claims = () => {
    if (isDown) throw new Error("the database is away");
    return { plan: "pro" };
  };
  await onSite(async (site) => {
    const [, refresh] = await refreshing(site);
    isDown = true;
    const before = await site.world.contents();
    await expect(refresh()).rejects.toThrow("the database is away");
    expect(await site.world.contents()).toEqual(before);
    await site.world.turn(31);
    isDown = false;
    const next = await refresh();
    expect(decodeJwt(next.accessToken!)["plan"]).toBe("pro");
    await site.world.turn(31);
    isDown = true;
    expect(await outcome(refresh())).toBe("refresh_reused"); // whoever stole a token is found all the same
    expect(await outcome(refresh(next.refreshToken))).toBe("session_ended");
  }, { jwt: { claims } });
});

let areKeysAway = false;

/** The signing keys cannot be read for a while. */
function keyless(driver: Driver): Driver {
  return {
    ...driver,
    getItem(key) {
      if (areKeysAway && key === "signing-keys") throw new Error("ECONNRESET");
      return driver.getItem(key);
    },
  };
}

test("a refresh that cannot load the signing key has traded nothing", async () => {
  await onSite(
    async (site) => {
      const [, refresh] = await refreshing(site);
      await site.world.turn(60); // then keys are read again
      areKeysAway = true;
      expect(await outcome(refresh())).toBe("storage_unavailable");
      areKeysAway = false;
      await site.world.turn(31);
      expect(await outcome(refresh())).toBe("fine");
    },
    {},
    { wrap: keyless },
  );
});

/** Claims that are asked for as often as `then` says: each may change the account first, and fail. */
function claimsOf(then: ((() => unknown) | undefined)[]): ClaimsOf {
  return async ({ name }) => {
    await then.shift()?.();
    return { name };
  };
}

test("claims are asked for again where the user changed during a refresh", async () => {
  const then: (() => unknown)[] = [];
  await onSite(async (site) => {
    const [{ user }, refresh] = await refreshing(site);
    then.push(() => site.auth.users.update({ id: user.id, name: "Countess" }));
    const next = await refresh();
    expect([next.user.name, decodeJwt(next.accessToken!)["name"]]).toEqual(["Countess", "Countess"]);
  }, { jwt: { claims: claimsOf(then) } });
});

test("claims that fail the second time: those of before count, and iat says of when they are", async () => {
  const then: (() => unknown)[] = [];
  await onSite(async (site) => {
    const [{ user }, refresh] = await refreshing(site);
    const asked = site.world.now() / 1000;
    then.push(async () => {
      await site.auth.users.update({ id: user.id, name: "Countess" });
      await site.world.turn(3);
    }, () => Promise.reject(new Error("the database is away")));
    const next = await refresh();
    const { name, iat, exp } = decodeJwt(next.accessToken!);
    expect([name, iat, exp, next.expiresIn]).toEqual(["Ada", asked, asked + 900, 897]);
  }, { jwt: { claims: claimsOf(then) } });
});

test("a session that ends while its claims are asked for gets no token", async () => {
  const then: (() => unknown)[] = [];
  await onSite(async (site) => {
    const [{ user }, refresh] = await refreshing(site);
    then.push(() => site.auth.sessions.endAll({ userId: user.id }));
    expect(await outcome(refresh())).toBe("session_ended");
  }, { jwt: { claims: claimsOf(then) } });
});

test("iat is when the account was read, however long the claims took", async () => {
  const then: (() => unknown)[] = [];
  await onSite(async ({ auth, world }) => {
    const { id: userId } = await auth.users.create({ email: ADA });
    const hang = async () => {
      await world.turn(2);
      await auth.users.remove({ id: userId });
      await world.turn(2);
    };
    const began = world.now() / 1000;
    then.push(() => world.turn(2));
    const grant = await auth.sessions.create({ userId, session: "bearer" });
    expect([decodeJwt(grant.accessToken!).iat, grant.expiresIn]).toEqual([began, 898]);
    await world.turn(60);
    const asked = world.now() / 1000;
    then.push(hang);
    const token = await auth.sessions.token({ userId, sessionId: grant.session.id });
    expect([decodeJwt(token.accessToken).iat, token.expiresIn]).toEqual([asked, 896]);
  }, { jwt: { claims: claimsOf(then) } });
});

test("an access token ends with its session at the latest", async () => {
  await onSite(async ({ auth, world }) => {
    const { id: userId } = await auth.users.create({ email: ADA });
    const grant = await auth.sessions.create({ userId, session: "bearer" });
    const endsAt = Date.parse(grant.session.expiresAt) / 1000;
    const lives = async (by: number) => {
      await world.turn(by);
      const { accessToken, expiresIn } = await auth.sessions.token({ userId, sessionId: grant.session.id });
      return [decodeJwt(accessToken).exp, expiresIn];
    };
    expect(await lives(3600 - 900)).toEqual([endsAt, 900]);
    expect(await lives(800)).toEqual([endsAt, 100]);
  }, { session: { ttl: "1h", idleTtl: "1h" } });
});

test("neither a listener nor the function of the claims can say how somebody signed in", async () => {
  const more = ({ amr }: { readonly amr: readonly string[] }) => void (amr as string[]).push("mfa");
  const claims: ClaimsOf = (_, session) => {
    more(session);
    return {};
  };
  const hooks = { beforeSignIn: more, beforeSignUp: more, afterSignIn: more, afterSignUp: more };
  await onSite(async ({ auth, world }) => {
    auth.on("signIn.succeeded", more);
    const { challengeId } = await auth.emailOtp.start({ email: ADA });
    const code = world.mailbox.code(ADA);
    const grant = await auth.emailOtp.verify({ challengeId, code, session: "bearer" });
    const next = await auth.sessions.refresh({ refreshToken: grant.refreshToken! });
    for (const { accessToken, session } of [grant, next]) {
      expect(session.amr).toEqual(["otp", "email"]);
      expect(decodeJwt(accessToken!)["amr"]).toEqual(["otp", "email"]);
      const headers = new Headers({ authorization: `Bearer ${accessToken}` });
      expect(await outcome(auth.requireSession(headers, { amr: ["mfa"] }))).toBe("step_up_required");
    }
  }, { jwt: { claims }, hooks });
});
