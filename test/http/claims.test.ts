// What the application adds to access tokens.
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import type { ClaimsOf } from "../../src/options/jwt.ts";
import type { Grant } from "../../src/model.ts";
import { onSite } from "./site.ts";

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
