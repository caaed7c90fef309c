// What a client may ask, and how often: over HTTP, where its address is known.
import { describe, expect, test } from "vitest";
import type { AuthOptions } from "../../src/options.ts";
import { BASE_URL, world } from "../suite/world.ts";
import { failure, onSite, read, type Reply, requestOf, ROWS, type Site } from "./site.ts";

const PROXY = { clientIp: { trustedProxies: 1 } } as const;
const JSON_TYPE = { "content-type": "application/json" };
const START = "POST /email/start";

/** Asks from an address. */
type From = (ip: string, call?: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

function behindProxy(
  run: (from: From, site: Site) => Promise<void>,
  options: Partial<AuthOptions> = {},
): Promise<void> {
  return onSite(async (site) => {
    const from: From = (ip, call = START, body = { email: "ada@example.com" }, headers = {}) =>
      site.ask(call, {
        headers: { "x-forwarded-for": ip, ...headers },
        ...(call.startsWith("POST ") && { body }),
      });
    await run(from, site);
  }, { ...PROXY, ...options });
}

function statuses(replies: readonly Reply[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** As many as are asked for, one after the other. */
async function times(count: number, ask: (i: number) => Promise<Reply>): Promise<Record<number, number>> {
  const replies: Reply[] = [];
  for (let i = 0; i < count; i++) replies.push(await ask(i));
  return statuses(replies);
}

test("an address may start 30 times in 10 minutes, and is told when it may again", async () => {
  await behindProxy(async (from, { world }) => {
    expect(await times(30, () => from("192.0.2.1"))).toEqual({ 200: 30 });
    const refused = await from("192.0.2.1");
    expect([refused.status, refused.body]).toEqual([429, failure("rate_limited", { retryAfter: 20 })]);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      "retry-after": "20",
      "ratelimit": '"start";r=0;t=20',
      "ratelimit-policy": '"start";q=30;w=600',
      "cache-control": "no-store",
    });
    expect((await from("192.0.2.2")).status).toBe(200);
    await world.turn(20);
    expect(await times(2, () => from("192.0.2.1"))).toEqual({ 200: 1, 429: 1 });
    await world.turn("10m");
    expect(await times(31, () => from("192.0.2.1"))).toEqual({ 200: 30, 429: 1 });
  });
});

test("each reply of a limited route says what is left, whatever it says besides; others say nothing", async () => {
  await behindProxy(async (from) => {
    const told = (
      { status, headers }: Reply,
    ) => [status, headers.get("ratelimit"), headers.get("ratelimit-policy")];
    expect(told(await from("192.0.2.1"))).toEqual([200, '"start";r=29;t=20', '"start";q=30;w=600']);
    expect(told(await from("192.0.2.1", START, { email: 5 }))).toEqual([
      400,
      '"start";r=28;t=40',
      '"start";q=30;w=600',
    ]);
    expect(told(await from("192.0.2.1", START, "{"))).toEqual([
      400,
      '"start";r=27;t=60',
      '"start";q=30;w=600',
    ]);
    const verify = { challengeId: "a".repeat(26), code: "123456" };
    expect(told(await from("192.0.2.1", "POST /email/verify", verify))).toEqual([
      401,
      '"proof";r=59;t=10',
      '"proof";q=60;w=600',
    ]);
    expect(told(await from("192.0.2.1", "POST /session/refresh", { refreshToken: "x" }))).toEqual([
      401,
      '"refresh";r=119;t=1',
      '"refresh";q=120;w=60',
    ]);
    expect(told(await from("192.0.2.1", "GET /session"))).toEqual([200, null, null]);
    expect(told(await from("192.0.2.1", "POST /sign-out", {}))).toEqual([204, null, null]);
  });
});

test("pages that offer passkeys use up no start, however many of them somebody looks at", async () => {
  await behindProxy(async (from) => {
    const view = () => from("192.0.2.1", "POST /passkey/sign-in/start", {});
    expect(await times(300, view)).toEqual({ 200: 300 });
    const refused = await view();
    expect([refused.status, refused.headers.get("ratelimit")]).toEqual([429, '"page";r=0;t=2']);
    expect((await from("192.0.2.1")).headers.get("ratelimit")).toBe('"start";r=29;t=20');
  });
});

test("a request is counted before its body is read: what is refused is refused unread", async () => {
  await behindProxy(async (from, { ask }) => {
    await times(30, () => from("192.0.2.1"));
    let read = false;
    const body = new ReadableStream({
      pull(controller) {
        read = true;
        controller.enqueue(new Uint8Array(10));
      },
    }, { highWaterMark: 0 });
    expect((await ask(START, { headers: { "x-forwarded-for": "192.0.2.1", ...JSON_TYPE }, body })).status)
      .toBe(429);
    expect(read).toBe(false);
  });
});

test("no guess is judged that was refused, were it right", async () => {
  await behindProxy(async (from, { world }) => {
    const { challengeId } = (await from("192.0.2.1")).body as { challengeId: string };
    const code = world.mailbox.code("ada@example.com");
    const verify = (given: string, ip = "192.0.2.1") =>
      from(ip, "POST /email/verify", { challengeId, code: given });
    await times(
      60,
      () => from("192.0.2.1", "POST /email/verify", { challengeId: "a".repeat(26), code: "000000" }),
    );
    expect((await verify(code)).body).toEqual(failure("rate_limited", { retryAfter: 10 }));
    const wrong = code === "000000" ? "111111" : "000000";
    expect((await verify(wrong, "192.0.2.9")).body, "no attempt was spent").toEqual(
      failure("code_invalid", { attemptsLeft: 4 }),
    );
    expect((await verify(code, "192.0.2.9")).status).toBe(201);
  });
});

describe("limits cannot be walked around", () => {
  test("10,000 addresses of one /64 are one client", async () => {
    await behindProxy(async (from, { auth }) => {
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, i) => from(`2001:db8:1:2::${i.toString(16)}`)),
      );
      expect(statuses(replies)).toEqual({ 200: 30, 429: 170 });
      for (let i = 0; i < 9_800; i += 350) {
        const late = await Promise.all(
          Array.from(
            { length: 350 },
            (_, j) =>
              auth.handler(
                requestOf(START, {
                  headers: { "x-forwarded-for": `2001:db8:1:2:${(i + j).toString(16)}::1` },
                  body: {},
                }),
              ),
          ),
        );
        expect(new Set(late.map(({ status }) => status))).toEqual(new Set([429]));
      }
      expect((await from("2001:db8:1:3::1")).status, "the next network").toBe(200);
    });
  });

  test("all spellings of an address are one client", async () => {
    await behindProxy(async (from) => {
      const four = [
        "192.0.2.1",
        "192.0.2.1:80",
        "::ffff:192.0.2.1",
        "[::ffff:c000:201]:443",
        " 192.0.2.1 ",
        "0:0:0:0:0:FFFF:192.0.2.1",
      ];
      expect(await times(60, (i) => from(four[i % four.length]!))).toEqual({ 200: 30, 429: 30 });
      const six = [
        "2001:db8::1",
        "2001:DB8:0:0::2",
        "[2001:db8::3]",
        "[2001:0db8::4]:5",
        "2001:db8::5%eth0",
        "2001:db8:0000::6",
      ];
      expect(await times(60, (i) => from(six[i % six.length]!))).toEqual({ 200: 30, 429: 30 });
    });
  });

  test("other paths and methods lead nowhere, uncounted and undone", async () => {
    await behindProxy(async (from, { auth, world }) => {
      await times(30, () => from("192.0.2.1"));
      const paths = [
        "//email/start",
        "/email//start",
        "/email/start/",
        "/email%2Fstart",
        "/email%2fstart",
        "/Email/start",
        "/EMAIL/START",
        "/email/star%74",
        "/email/start;a",
        "/./email/start",
        "/email/start%00",
        "/email/start\\",
      ];
      for (const path of paths) {
        const request = requestOf(START, {
          headers: { "x-forwarded-for": "192.0.2.1" },
          body: { email: "bob@example.com" },
        });
        const astray = new Proxy(request, {
          get: (target, name) => name === "url" ? `${BASE_URL}/auth${path}` : bound(target, name),
        });
        expect([path, (await read(await auth.handler(astray))).status]).toEqual([path, 404]);
      }
      for (const method of ["HEAD", "GET", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const asked = { headers: { "x-forwarded-for": "192.0.2.1" } };
        expect([method, (await auth.handler(requestOf(`${method} /email/start`, asked))).status]).toEqual([
          method,
          405,
        ]);
      }
      expect((await from("192.0.2.1", `${START}?again=1`)).status, "a query is no other path").toBe(429);
      expect(world.mailbox.messages.filter(({ to }) => to.address === "bob@example.com")).toEqual([]);
    });
  });

  test("a resend is a start", async () => {
    await behindProxy(async (from) => {
      const { challengeId } = (await from("192.0.2.1")).body as { challengeId: string };
      expect(await times(29, () => from("192.0.2.1", "POST /challenges/resend", { challengeId }))).toEqual({
        200: 29,
      });
      expect((await from("192.0.2.1", "POST /challenges/resend", { challengeId })).status).toBe(429);
      expect((await from("192.0.2.1")).status).toBe(429);
      expect((await from("192.0.2.2", "POST /challenges/resend", { challengeId })).status).toBe(200);
    });
  });

  test("what a client wrote into X-Forwarded-For counts for nothing beyond the proxies that are trusted", async () => {
    await behindProxy(async (from) => {
      const forged = (i: number) => `203.0.113.${i}, 192.0.2.1`;
      expect(await times(40, (i) => from(forged(i)))).toEqual({ 200: 30, 429: 10 });
    });
    await behindProxy(async (from) => {
      const forged = (i: number) => `198.51.100.${i}, 192.0.2.1, 203.0.113.5`;
      expect(await times(40, (i) => from(forged(i)))).toEqual({ 200: 30, 429: 10 });
    }, { clientIp: { trustedProxies: 2 } });
  });

  test("other headers that name an address are not read", async () => {
    await behindProxy(async (from) => {
      const names = [
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
        "x-forwarded-host",
      ];
      expect(
        await times(40, (i) => {
          const value = names[i % names.length] === "forwarded" ? `for=203.0.113.${i}` : `203.0.113.${i}`;
          return from("192.0.2.1", START, undefined, { [names[i % names.length]!]: value });
        }),
      ).toEqual({ 200: 30, 429: 10 });
    });
  });

  test("whoever hides the address is counted with all who do, and one warning says so", async () => {
    await behindProxy(async (from, { ask, world }) => {
      const hidden = [
        "unknown",
        "",
        "_secret",
        "1.2.3.4.5",
        "x".repeat(100_000),
        "203.0.113.1, ",
        "127.1",
        "<script>",
      ];
      expect(await times(39, (i) => from(hidden[i % hidden.length]!))).toEqual({ 200: 30, 429: 9 });
      expect((await ask(START, { body: { email: "ada@example.com" } })).status, "without the header").toBe(
        429,
      );
      expect((await from("192.0.2.1")).status, "whoever has an address is not held up by it").toBe(200);
      expect(world.log.filter((line) => line.startsWith("clientIp finds no address"))).toHaveLength(1);
    });
  });

  test("of 100 at once no more pass than the limit", async () => {
    await behindProxy(async (from) => {
      expect(statuses(await Promise.all(Array.from({ length: 100 }, () => from("192.0.2.1"))))).toEqual({
        200: 30,
        429: 70,
      });
    });
  });
});

function bound(target: Request, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
}

test("a page of somebody else's uses nothing up: its requests are refused before they are counted", async () => {
  await behindProxy(async (from) => {
    const verify = () =>
      from("192.0.2.1", "POST /email/verify", { challengeId: "a".repeat(26), code: "000000" }, {
        origin: "https://evil.example",
      });
    expect(await times(70, verify)).toEqual({ 403: 70 });
    const mine = await from("192.0.2.1", "POST /email/verify", {
      challengeId: "a".repeat(26),
      code: "000000",
    });
    expect(mine.headers.get("ratelimit")).toBe('"proof";r=59;t=10');
  });
});

test("nor does what it sends without asking first, whatever it says and wherever it may ask", async () => {
  const page = { "origin": "https://evil.example", "sec-fetch-site": "cross-site" };
  const text = { ...page, "content-type": "text/plain" };
  const own = { rateLimit: { "POST /sign-out": { limit: 5, per: "1m" } } } as const;
  for (const call of [START, "POST /session/refresh", "POST /challenges/resend", "POST /sign-out"]) {
    await behindProxy(async (from) => {
      for (const headers of [page, text, { ...page, origin: "null" }]) {
        expect([call, await times(40, () => from("192.0.2.1", call, "x", headers))]).toEqual([call, {
          403: 40,
        }]);
      }
      expect((await from("192.0.2.1", call, {})).headers.get("ratelimit")).toMatch(/r=(29|119|4);/);
    }, own);
    await behindProxy(async (from) => {
      expect(await times(40, () => from("192.0.2.1", call, "x", text))).toEqual({ 415: 40 });
      expect((await from("192.0.2.1", call, {})).headers.get("ratelimit")).toMatch(/r=(29|119|4);/);
      expect((await from("192.0.2.1", call, {}, page)).headers.get("ratelimit")).toMatch(/r=(28|118|3);/);
    }, { ...own, cors: { origin: "*" } });
  }
});

test("one's own account is changed as often as something is proved", async () => {
  await behindProxy(async (_, { ask, browser }) => {
    const headers = { ...await browser("ada@example.com"), "x-forwarded-for": "192.0.2.1" };
    const change = (i: number) => ask("PATCH /me", { headers, body: { name: `Ada ${i}` } });
    expect(await times(61, change)).toEqual({ 200: 60, 429: 1 });
  });
});

test("a route may have a limit of its own: then it counts by itself, and the others as before", async () => {
  await behindProxy(async (from) => {
    const refused = async (i: number) => await from("192.0.2.1", START, undefined, { "x-i": String(i) });
    expect(await times(7, refused)).toEqual({ 200: 5, 429: 2 });
    const { headers } = await from("192.0.2.1");
    expect([headers.get("ratelimit-policy"), headers.get("retry-after")]).toEqual([
      '"POST /email/start";q=5;w=3600',
      "720",
    ]);
    const resend = await from("192.0.2.1", "POST /challenges/resend", { challengeId: "a".repeat(26) });
    expect(resend.headers.get("ratelimit")).toBe('"start";r=29;t=20');
    expect((await from("192.0.2.1", "GET /session")).headers.get("ratelimit")).toBe(
      '"GET /session";r=0;t=60',
    );
    expect((await from("192.0.2.1", "HEAD /session")).status, "HEAD is a GET").toBe(429);
  }, { rateLimit: { [START]: { limit: 5, per: "1h" }, "GET /session": { limit: 1, per: 60 } } });
});

test("without limits nothing is counted, and nothing told", async () => {
  await behindProxy(async (from) => {
    expect(await times(100, () => from("192.0.2.1"))).toEqual({ 200: 100 });
    expect((await from("192.0.2.1")).headers.has("ratelimit")).toBe(false);
  }, { rateLimit: false });
});

test("where nobody said where addresses are, none is believed, and nothing is limited by one", async () => {
  await onSite(async ({ ask, auth }) => {
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => ask(START, { body: { email: "ada@example.com" } })),
    );
    expect(statuses(replies)).toEqual({ 200: 100 });
    const info = { remoteAddress: "192.0.2.1" };
    const reply = await auth.handler(
      requestOf(START, { headers: { "x-forwarded-for": "192.0.2.1" }, body: {} }),
      info,
    );
    expect(reply.headers.has("ratelimit")).toBe(false);
  });
});

test("where a request comes from is asked only where it is counted, or its method is told", async () => {
  const limited = { rateLimit: { "GET /session": { limit: 5, per: 60 } } };
  const clients: unknown[] = [];
  const replaced: Partial<AuthOptions> = {
    overrides: { sessions: { get: (input, original) => (clients.push(input.client), original(input)) } },
  };
  for (
    const [call, times, options] of [
      ["GET /session", 0, {}],
      ["GET /session", 1, limited],
      ["GET /session", 1, replaced],
      ["POST /session/refresh", 1, {}],
    ] as const
  ) {
    let asked = 0;
    await onSite(async ({ ask }) => {
      const headers = { "user-agent": "a test", "latchkey-device": "lkd_1", "x-request-id": "a" };
      await ask(call, { headers, ...(call.startsWith("POST ") && { body: {} }) });
      expect([call, asked]).toEqual([call, times]);
    }, { clientIp: () => (asked++, "192.0.2.1"), ...options });
  }
  const told = { requestId: "a", userAgent: "a test", device: "lkd_1", ip: "192.0.2.1" };
  expect(clients).toEqual([told]);
});

test("a session remembers the whole address that it came from, in its one spelling", async () => {
  const come = async (ip: string, options: Partial<AuthOptions> = {}) => {
    let seen: unknown;
    await behindProxy(async (from, { world }) => {
      const { challengeId } = (await from(ip)).body as { challengeId: string };
      const code = world.mailbox.code("ada@example.com");
      seen = (await from(ip, "POST /email/verify", { challengeId, code })).body;
    }, options);
    return (seen as { session: { ip: string | null } }).session.ip;
  };
  expect(await come("[2001:DB8:0::7]:443")).toBe("2001:db8::7");
  expect(await come("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(await come("unknown")).toBe(null);
  expect(await come("192.0.2.1", { clientIp: (_request: Request) => "192.0.2.44" })).toBe("192.0.2.44");
});

test("a function that throws lets nobody in: it is a mistake in the code, and in the log", async () => {
  const broken = () => {
    throw new TypeError("no such header");
  };
  await behindProxy(async (from, { world }) => {
    const { status, body } = await from("192.0.2.1");
    expect([status, body]).toEqual([500, failure("internal", { reference: expect.any(String) })]);
    expect(world.log).toContain("A request failed by a mistake in the code.");
    expect(world.mailbox.messages).toEqual([]);
  }, { clientIp: broken });
});

test("where the store cannot count, nobody is let in", async () => {
  const here = world("memory", "http", {
    options: PROXY,
    wrap: (driver) => ({
      ...driver,
      getItem: (key) =>
        key.startsWith("limits:") ? Promise.reject(new Error("out of reach")) : driver.getItem(key),
      swap: (key, ...rest) =>
        key.startsWith("limits:") ? Promise.reject(new Error("out of reach")) : driver.swap(key, ...rest),
    }),
  });
  const ask = async (call: string, body: object) =>
    (await here.server().handler(requestOf(call, { headers: { "x-forwarded-for": "192.0.2.1" }, body })))
      .status;
  expect([
    await ask(START, { email: "ada@example.com" }),
    await ask("POST /email/verify", { challengeId: "a".repeat(26), code: "1" }),
  ])
    .toEqual([503, 503]);
  expect(here.mailbox.messages).toEqual([]);
  expect((await here.server().handler(requestOf("GET /session"))).status, "what is not limited goes on").toBe(
    200,
  );
  await here.close();
});

test("whatever starts, proves, refreshes or writes is limited, and what only reads with a live session is not", () => {
  const kinds = ROWS.map(({ call, route }) => [call, route.limit] as const).filter(([, limit]) =>
    limit !== undefined
  );
  expect(Object.fromEntries(kinds)).toEqual({
    "POST /email/start": "start",
    "POST /email/verify": "proof",
    "POST /challenges/resend": "start",
    "POST /session/refresh": "refresh",
    "PATCH /me": "proof",
    "POST /keys/start": "start",
    "POST /keys": "proof",
    "POST /key/sign-in/start": "start",
    "POST /key/sign-in/finish": "proof",
    "PATCH /keys/:id": "proof",
    "DELETE /keys/:id": "proof",
    "POST /passkey/register/start": "start",
    "POST /passkey/register/finish": "proof",
    "POST /passkey/sign-in/start": "page",
    "POST /passkey/sign-in/finish": "proof",
    "PATCH /passkeys/:id": "proof",
    "DELETE /passkeys/:id": "proof",
    "POST /magic-link/start": "start",
    "POST /magic-link/verify": "proof",
    "POST /password/sign-up": "proof",
    "POST /password/sign-up/verify": "proof",
    "POST /password/sign-in": "proof",
    "POST /password/sign-in/verify": "proof",
    "POST /password/change": "proof",
    "POST /password/change/verify": "proof",
    "POST /password/reset/start": "start",
    "POST /password/reset/check": "proof",
    "POST /password/reset/finish": "proof",
    "DELETE /devices/:id": "proof",
  });
  const open = ROWS.filter(({ route, method }) =>
    route.access === "anyone" && method !== "GET" && route.limit === undefined
  );
  expect(open.map(({ call }) => call), "who changes something without a session is counted").toEqual([]);
});

test("where others have used an address up, a device that is known counts by itself, with all of its user's", async () => {
  await behindProxy(async (from, { world }) => {
    const signIn = async (email: string, ip: string) => {
      const { challengeId } = (await from(ip, START, { email })).body as { challengeId: string };
      const code = world.mailbox.code(email);
      const grant = await from(ip, "POST /email/verify", { challengeId, code, session: "bearer" });
      return (grant.body as { deviceToken: string }).deviceToken;
    };
    const [ada, again, bob] = [
      await signIn("ada@example.com", "198.51.100.1"),
      await signIn("ada@example.com", "198.51.100.2"),
      await signIn("bob@example.com", "198.51.100.3"),
    ];
    const start = (device: string) => from("192.0.2.1", START, undefined, { "latchkey-device": device });
    expect(await times(31, () => from("192.0.2.1"))).toEqual({ 200: 30, 429: 1 });
    expect((await start(ada)).headers.get("ratelimit")).toBe('"start";r=29;t=20');
    expect(await times(39, (i) => start(i % 2 === 0 ? ada : again))).toEqual({ 200: 29, 429: 10 });
    expect((await start(bob)).status).toBe(200);
    await world.server().sessions.endAll({ userId: ada.slice(4, 30) });
    expect((await start(ada)).status, "a device that is known no more").toBe(429);
    expect((await start(`${ada}~${bob}`)).status, "one of two accounts that a cookie speaks of").toBe(200);
    const forged = `${bob.slice(0, -4)}AAAA`;
    expect([(await start(forged)).status, (await start("lkd_nonsense")).status]).toEqual([429, 429]);
  });
});

test("accounts of one's own make no more clients of an address than ten", async () => {
  await behindProxy(async (from, { world }) => {
    const devices: string[] = [];
    for (let i = 0; i < 15; i++) {
      const email = `user${i}@example.com`;
      const { challengeId } = (await from(`198.51.100.${i}`, START, { email })).body as {
        challengeId: string;
      };
      const answer = { challengeId, code: world.mailbox.code(email), session: "bearer" };
      const grant = await from(`198.51.100.${i}`, "POST /email/verify", answer);
      devices.push((grant.body as { deviceToken: string }).deviceToken);
    }
    const start = (i: number, ip = "192.0.2.1") =>
      from(ip, START, undefined, { "latchkey-device": devices[i % devices.length]! });
    expect(await times(60, start)).toEqual({ 200: 2 + 20, 429: 38 });
    const refused = await start(14);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(await times(5, () => start(14, "192.0.2.2")), "what the address refused cost the device nothing")
      .toEqual({ 200: 3, 429: 2 });
  }, { rateLimit: { [START]: { limit: 2, per: "10m" } } });
});

test("each refusal is told to whoever listens: which limit, and which address", async () => {
  await behindProxy(async (from, { auth }) => {
    const heard: object[] = [];
    auth.on("limit.exceeded", ({ limit, ip, requestId }) => void heard.push({ limit, ip, requestId }));
    const resend = { challengeId: "a".repeat(26) };
    await times(
      31,
      () => from("::ffff:192.0.2.1", "POST /challenges/resend", resend, { "x-request-id": "mine" }),
    );
    expect(heard).toEqual([{ limit: "start", ip: "192.0.2.1", requestId: "mine" }]);
  });
});
