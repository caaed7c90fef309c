// Whether a secret that stands where it does not belong is found: each of these is one line that anybody could write.
import { describe, expect, test } from "vitest";
import { read, type Reply, requestOf } from "../http/site.ts";
import { type Change, planted, plantedRedis } from "../suite/planted.ts";
import { freePort, hasRedis, redisServer } from "../suite/redis_server.ts";
import { own } from "../suite/stores.ts";
import { BASE_URL, type World, world, type WorldOptions } from "../suite/world.ts";
import { caught } from "./showed.ts";

const EMAIL = "ada@example.com";
const PASSWORD = "a#password?of-a-server";
const REPLIES = "src/core/replies.ts";
const STEPS = "src/core/mailed_steps.ts";
const SESSIONS = "src/core/sessions.ts";
const TOKENS = "src/core/refresh_tokens.ts";
const KEY_TURNS = "src/core/key_turns.ts";
const HANDLER = "src/http/handler.ts";
const SIGN_UP = "src/features/password/signing_up.ts";

const KEPT: Omit<Change, "to"> = {
  file: STEPS,
  from: "kept: { hash: kept, exp: platform.now() + recipe.ttl * 1000 }",
};
const PRESENTED: Omit<Change, "to"> = {
  file: TOKENS,
  from: "attempt: attempt === undefined ? null : sha256Text(attempt)",
};
const REFRESHED: Omit<Change, "to"> = {
  file: SESSIONS,
  from: 'events.emit("session.refreshed", ids, client);',
};
const ANSWER: Omit<Change, "to"> = { file: HANDLER, from: "const reply = success(answer, cookie);" };
const SEALED: Omit<Change, "to"> = {
  file: REPLIES,
  from:
    'const sealed = text === null ? null : await keyring.seal("replies", JSON.stringify({ of: id, text }));',
};

const MADE_KEY: Omit<Change, "to"> = {
  file: KEY_TURNS,
  from: "return { kid, alg, createdAt: platform.now(), public: open && published(open, kid, alg), sealed };",
};

/** Bugs that leave the rest as it was share a copy of the source: what is changed, and what is said of it. */
const COPIES: readonly Readonly<Record<string, readonly [Change, found: string]>>[] = [
  {
    "a code is kept in the clear": [
      { ...KEPT, to: "kept: { hash: kept, code, exp: platform.now() + recipe.ttl * 1000 }" },
      "a code in the store: challenges",
    ],
    "a mail's code is told in an event": [
      {
        file: "src/core/mail.ts",
        from: "const which = { kind,",
        to: "const which = { kind, words: letter.data,",
      },
      "a code in the log: mail.sent",
    ],
    "a token is told in an event": [
      { ...REFRESHED, to: 'events.emit("session.refreshed", { ...ids, token }, client);' },
      "a refresh token in the log: session.refreshed",
    ],
    "a refresh token is kept in the clear": [
      { ...PRESENTED, to: "attempt: token" },
      "a refresh token in the store: sessions",
    ],
    "a session token is echoed where nobody signs in": [
      {
        ...ANSWER,
        to:
          `if (endpoint.call === "GET /session") Object.assign(result, { shown: request.headers.get("cookie") });
          ${ANSWER.from}`,
      },
      "a session token in the reply: GET /auth/session",
    ],
    "a list of sessions answers a token that another reply has issued": [
      {
        ...ANSWER,
        to: `if (endpoint.call === "GET /sessions") Object.assign(result, { latest: globalThis.told });
          globalThis.told ??= result?.refreshToken;
          ${ANSWER.from}`,
      },
      "a refresh token in the reply: GET /auth/sessions",
    ],
    "somebody gets the token of somebody else": [
      {
        ...ANSWER,
        to: `if (result?.refreshToken && endpoint.call === "POST /email/verify")
            Object.assign(result, { refreshToken: globalThis.told });
          ${ANSWER.from}`,
      },
      "a refresh token in the reply: POST /auth/email/verify",
    ],
    "a signing key is kept beside the sealed one": [
      { ...MADE_KEY, to: `${MADE_KEY.from.slice(0, -3)}, secret };` },
      "a private key in the store: signing-keys",
    ],
    "the secret is told in what an error says": [
      {
        file: HANDLER,
        from: "const told = known(error, client);",
        to: "const told = Object.assign(known(error, client), { details: { by: settings.secrets } });",
      },
      "a secret of the options in the reply: POST /auth/email/verify",
    ],
    "an idempotent reply is kept beside the sealed one": [
      { file: REPLIES, from: "{ ...now, sealed, exp }", to: "{ ...now, sealed, text, exp }" },
      "a kept reply in the store: replies",
    ],
    "an idempotency key is kept in the clear": [
      { file: REPLIES, from: "const mark: Reply = { body,", to: "const mark: Reply = { body, key," },
      "an idempotency key in the store: replies",
    ],
    "a password is told in an event": [
      {
        file: SIGN_UP,
        from: "const made = await born(said);",
        to: `const made = await born(said);
          core.events.emit("signIn.failed", { reason: said.password }, client);`,
      },
      "a password in the log: signIn.failed",
    ],
    "a password waits in the clear for its code": [
      { file: SIGN_UP, from: "hash: made.hash,", to: "hash: made.hash, typed: said.password," },
      "a password in the store: challenges",
    ],
  },
  {
    "a code is kept as its plain SHA-256": [
      {
        ...KEPT,
        to: `kept: { hash: kept, exp: platform.now() + recipe.ttl * 1000, sum: sha256Text(code) }`,
      },
      "a code in the store: challenges",
    ],
    "a token is told in an event, in base64": [
      { ...REFRESHED, to: 'events.emit("session.refreshed", { ...ids, by: btoa(`by ${token}`) }, client);' },
      "a refresh token in the log: session.refreshed",
    ],
    "of a refresh token what only its owner knows is kept in the clear": [
      { ...PRESENTED, to: "attempt: parsed.mac" },
      "a refresh token in the store: sessions",
    ],
    "a session token is set anew where nobody signs in": [
      {
        ...ANSWER,
        to: `${ANSWER.from} if (endpoint.call === "GET /session")
          Object.assign(reply, { cookies: [...reply.cookies, request.headers.get("cookie") ?? ""] });`,
      },
      "a session token in the reply: GET /auth/session",
    ],
    "an idempotent reply is kept unsealed": [
      { ...SEALED, to: "const sealed = text === null ? null : JSON.stringify({ of: id, text });" },
      "something unsealed in the store: replies",
    ],
  },
  {
    "an attempt is kept in the clear": [
      { ...PRESENTED, to: "attempt: attempt ?? null" },
      "an attempt in the store: sessions",
    ],
  },
  {
    "a signing key is not sealed": [
      {
        file: KEY_TURNS,
        from: 'await keyring.seal("signing-keys", JSON.stringify(secret))',
        to: "JSON.stringify(secret)",
      },
      "something like a private key in the store: signing-keys",
    ],
  },
  {
    "the lookup key is not sealed": [
      {
        file: "src/core/foundation.ts",
        from: 'sealed: await keyring.seal("lookup-key", base64url(store.platform.random(32)))',
        to: "sealed: base64url(store.platform.random(32))",
      },
      "something unsealed in the store: lookup-key",
    ],
  },
];

describe.each(COPIES.map((bugs) => [Object.keys(bugs).join("; "), bugs] as const))("%s", (_, bugs) => {
  test("is found", async () => {
    const all = Object.values(bugs);
    const found = await leaksOf(all.map(([change]) => change));
    // Of a record it is enough to know its kind.
    const kinds = new Set(found.map((one) => one.replace(/(store: [a-z-]+):.*/, "$1")));
    expect([...kinds]).toEqual(expect.arrayContaining(all.map(([, said]) => said)));
    for (const name of Object.keys(bugs)) caught("secrets", name);
  });
});

test("nothing is found where no bug is", async () => {
  expect(await leaksOf([])).toEqual([]);
});

test("the password of a mail server is found in what an error says", async () => {
  const bug = { file: "src/core/smtp.ts", from: "throw failures.length === 1", to: "" };
  const createAuth = await planted([
    { ...bug, to: `throw new Error(JSON.stringify(servers)); ${bug.from}` },
  ]);
  const smtp = { host: "127.0.0.1", port: await freePort(), user: "ada", pass: PASSWORD };
  const email = { from: "no-reply@example.com", smtp };
  const found = await leaksAfterStart({ createAuth, options: { email } });
  expect(found).toContain("a secret of the options in the log: error");
  caught("secrets", "the password of a mail server is told in what an error says");
});

test.skipIf(!hasRedis)("the password of a Redis is found in what an error says", async () => {
  const server = await redisServer(["--requirepass", "another-one"]);
  try {
    const driver = await plantedRedis([
      {
        file: "drivers/redis_client.ts",
        from: "const [first] = addresses; const make",
        to: "const [first] = addresses; name += first.password; const make",
      },
      { file: "drivers/redis_client.ts", from: "const name = addresses.map", to: "let name = addresses.map" },
    ]);
    const url = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
    const found = await leaksAfterStart({ premises: () => own(driver({ url, deadline: 1 })) });
    expect(found).toContain("a secret in the log: error");
    caught("secrets", "the password of a Redis is told in what an error says");
  } finally {
    await server.stop();
  }
});

/** What is found after somebody has asked for a mail. */
async function leaksAfterStart(given: WorldOptions): Promise<readonly string[]> {
  const here = world("memory", "http", given);
  try {
    here.saw([PASSWORD]);
    const { handler } = here.server();
    await handler(requestOf("POST /email/start", { body: { email: EMAIL }, headers: { origin: BASE_URL } }));
    return await here.leaks();
  } finally {
    await here.close().catch(() => {}); // a store that lets nobody in cannot be cleared
  }
}

/** What is found after somebody has done a bit of everything. */
async function leaksOf(changes: readonly Change[]): Promise<readonly string[]> {
  const here = world("memory", "http", { createAuth: await planted(changes) });
  try {
    await aBitOfEverything(here);
    return await here.leaks();
  } finally {
    await here.close();
  }
}

/** In plain HTTP, and whatever becomes of each request: a bug may make it fail. */
async function aBitOfEverything(here: World): Promise<void> {
  const { handler } = here.server();
  const ask = async (call: string, body?: object, headers: Readonly<Record<string, string>> = {}) => {
    here.sent(body);
    const { body: told, headers: set }: Reply = await read(
      await handler(requestOf(call, { body, headers: { origin: BASE_URL, ...headers } })),
    );
    return { ...Object(told), cookie: set.getSetCookie()[0]?.split(";")[0] ?? "" };
  };
  const signIn = async (session: string) => {
    const { challengeId } = await ask("POST /email/start", { email: EMAIL });
    const code = here.mailbox.messages.at(-1)?.data["code"] ?? "000000";
    await ask("POST /email/verify", {
      challengeId,
      code: `${(Number(code) + 1) % 10 ** 6}`.padStart(6, "0"),
    });
    return await ask("POST /email/verify", { challengeId, code, session });
  };
  await ask("POST /password/sign-up", { email: "eve@example.com", password: "a long way to tipperary" });
  const { cookie } = await signIn("cookie");
  await ask("GET /session", undefined, { cookie });
  await ask("PATCH /me", { name: "Ada" }, { cookie, "idempotency-key": "a-key-that-a-client-made-up" });
  await ask("POST /session/token", {}, { cookie });
  const { refreshToken } = await signIn("bearer");
  await ask("POST /session/refresh", { refreshToken, attempt: "an-attempt-that-a-client-made-up" });
  await ask("GET /sessions", undefined, { cookie });
  await signIn("bearer");
  await ask("POST /sign-out/all", {}, { cookie });
}
