// What an idempotency key is, and what of a reply is kept.
import { expect, test } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { FullAuth } from "../suite/client.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import { failure, issues, onSite, type Site } from "./site.ts";

const KEY = { "idempotency-key": "one" };
const SECOND = "the-second-secret-of-these-tests-987654321";

/** A site where somebody has signed in, whose headers go with each request. */
async function signedIn(run: (site: Site, headers: Record<string, string>) => Promise<void>): Promise<void> {
  await onSite(async (site) => await run(site, await site.browser("ada@example.com")));
}

/** A request to a route of the application. */
function order(
  asked: { headers?: Record<string, string>; body?: BodyInit; path?: string; method?: string } = {},
): Request {
  const { path = "/orders", headers = KEY, body = null, method = "POST" } = asked;
  return new Request(`${BASE_URL}${path}`, { method, headers, body });
}

/** What a call comes to: the text of its reply, or its code. */
async function told(call: Promise<Response>): Promise<string> {
  try {
    return await (await call).text();
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
}

/** Runs that count themselves. */
function counting(reply: () => Response = () => new Response("ran")) {
  const counted = { runs: 0, run };
  function run(): Response {
    counted.runs++;
    return reply();
  }
  return counted;
}

const BAD_KEYS: readonly Record<string, string>[] = [
  { "idempotency-key": "" },
  { "idempotency-key": "x".repeat(256) },
  { "idempotency-key": "a b" },
  { "idempotency-key": "é" },
  { "x-idempotency-key": "a\tb" },
  { "idempotency-key": "a", "x-idempotency-key": "b" },
];

test("a key is 1 to 255 visible ASCII characters, by one name or the same by both", async () => {
  await signedIn(async ({ ask, auth, world }, headers) => {
    const before = await world.contents();
    for (const key of BAD_KEYS) {
      const reply = await ask("PATCH /me", { headers: { ...headers, ...key }, body: { name: "Ada" } });
      expect([reply.status, Object.keys(issues(reply))]).toEqual([400, ["Idempotency-Key"]]);
      expect(await told(auth.idempotent(order({ headers: key }), () => new Response("ran")))).toBe(
        "input_invalid",
      );
    }
    expect(await world.contents()).toEqual(before);
    const longest = "~".repeat(255);
    const both = { ...headers, "idempotency-key": longest, "x-idempotency-key": longest };
    expect((await ask("PATCH /me", { headers: both, body: { name: "Ada" } })).status).toBe(200);
    const { "idempotency-key": _, ...other } = both;
    const again = await ask("PATCH /me", { headers: other, body: { name: "Ada" } });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
  });
});

test("a route that is not idempotent takes no notice of a key", async () => {
  await onSite(async ({ ask, world }) => {
    for (const key of [KEY, ...BAD_KEYS]) {
      const reply = await ask("POST /email/start", { headers: key, body: { email: "ada@example.com" } });
      expect([reply.status, reply.headers.get("idempotency-replayed")]).toEqual([200, null]);
    }
    expect([...(await world.contents()).keys()].filter((key) => key.startsWith("replies:"))).toEqual([]);
  });
});

test("a replay is told to whoever is still signed in alone", async () => {
  await signedIn(async ({ ask, auth }, headers) => {
    const asked = { headers: { ...headers, ...KEY }, body: { name: "Ada" } };
    const first = await ask("PATCH /me", asked);
    const again = await ask("PATCH /me", asked);
    expect([again.status, again.body]).toEqual([200, first.body]);
    await auth.sessions.endAll({ userId: String(Object(first.body).id) });
    expect((await ask("PATCH /me", asked)).body).toEqual(failure("session_ended"));
  });
});

test("a request that is refused for its key says when to try again", async () => {
  await signedIn(async ({ ask, auth, world }, headers) => {
    const asked = { headers: { ...headers, ...KEY }, body: { name: "Ada" } };
    await ask("PATCH /me", asked);
    const conflict = await ask("PATCH /me", { ...asked, body: { name: "Eve" } });
    expect([conflict.status, conflict.body]).toEqual([422, failure("idempotency_conflict")]);
    // Sealed under a secret that is no longer configured, nobody can tell what it came to.
    await world.another({ secret: [SECOND, SECRET] }).ready();
    const next = world.another({ secret: SECOND });
    const response = await next.handler(
      new Request(`${BASE_URL}/auth/me`, {
        method: "PATCH",
        headers: { ...asked.headers, "content-type": "application/json" },
        body: JSON.stringify(asked.body),
      }),
    );
    expect([response.status, response.headers.get("retry-after")]).toEqual([409, "300"]);
    expect((await auth.users.find({ email: "ada@example.com" }))?.name).toBe("Ada");
  });
});

test("a reply is told again with its status, its body and what describes it, and never with a cookie", async () => {
  await onSite(async ({ auth }) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const headers = {
      "content-type": "image/png",
      "location": "/orders/1",
      "etag": '"1"',
      "set-cookie": "a=b",
      "x-secret": "s",
    };
    const { run } = counting(() => new Response(bytes, { status: 201, headers }));
    const first = await auth.idempotent(order(), run);
    expect([first.status, first.headers.get("x-secret"), first.headers.get("idempotency-replayed")]).toEqual([
      201,
      "s",
      null,
    ]);
    expect(new Uint8Array(await first.arrayBuffer())).toEqual(bytes);
    const again = await auth.idempotent(order(), run);
    expect(Object.fromEntries(again.headers)).toEqual({
      "content-type": "image/png",
      "location": "/orders/1",
      "etag": '"1"',
      "idempotency-replayed": "true",
    });
    expect([again.status, new Uint8Array(await again.arrayBuffer())]).toEqual([201, bytes]);
    const empty = () => new Response(null, { status: 204 });
    await auth.idempotent(order({ path: "/empty" }), empty);
    expect((await auth.idempotent(order({ path: "/empty" }), empty)).status).toBe(204);
  });
});

test("the body is read by whoever runs, and another body, type or query under the same key is a conflict", async () => {
  await onSite(async ({ auth }) => {
    const ask = (asked: Parameters<typeof order>[0]) => {
      const request = order({
        ...asked,
        headers: { ...KEY, "content-type": "text/plain", ...asked?.headers },
      });
      return told(auth.idempotent(request, async () => new Response(`read ${await request.text()}`)));
    };
    expect(await ask({ body: "tea" })).toBe("read tea");
    expect(await ask({ body: "tea" })).toBe("read tea");
    expect(await ask({ body: "cocoa" })).toBe("idempotency_conflict");
    expect(await ask({ body: "tea", headers: { "content-type": "text/html" } })).toBe("idempotency_conflict");
    expect(await ask({ body: "tea", path: "/orders?two" })).toBe("idempotency_conflict");
    expect(await ask({ body: "milk", path: "/cups" })).toBe("read milk");
    expect(await ask({ body: "milk", method: "PUT" })).toBe("read milk");
    expect(await ask({ headers: { "idempotency-key": "two" } })).toBe("read ");
    expect(await ask({ headers: { "idempotency-key": "big" }, body: "x".repeat(2 ** 20 + 1) })).toBe(
      "body_too_large",
    );
    const read = order({ body: "tea" });
    await read.text();
    await expect(auth.idempotent(read, () => new Response("ran"))).rejects.toThrow(
      "before the request's body is read",
    );
  });
});

test("without a key it just runs, each time", async () => {
  await onSite(async ({ auth, world }) => {
    const counted = counting();
    for (let i = 0; i < 2; i++) {
      expect(await told(auth.idempotent(order({ headers: {} }), counted.run))).toBe("ran");
    }
    expect(counted.runs).toBe(2);
    expect(await world.contents()).toEqual(new Map());
  });
});

test("a reply that is too large to keep is not told again, and is not made again either", async () => {
  await onSite(async ({ auth }) => {
    const replies: Record<string, () => Response> = {
      most: () => new Response("x".repeat(30 * 1024)),
      more: () => new Response("x".repeat(30 * 1024 + 1)),
      headers: () => new Response("x", { headers: { location: `/${"x".repeat(3000)}` } }),
      endless: () => new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } }),
      broken: () =>
        new Response(new ReadableStream({ start: (stream) => stream.error(new Error("broken off")) })),
    };
    const second: Record<string, string> = {};
    for (const [name, reply] of Object.entries(replies)) {
      const counted = counting(reply);
      const ask = () => auth.idempotent(order({ path: `/${name}` }), counted.run);
      const first = await ask();
      if (name.startsWith("mo")) expect(await first.text()).toBe(await reply().text());
      second[name] = await told(ask());
      expect(counted.runs).toBe(1);
    }
    expect(second).toEqual({
      most: "x".repeat(30 * 1024),
      more: "request_in_progress",
      headers: "request_in_progress",
      endless: "request_in_progress",
      broken: "request_in_progress",
    });
  });
});

test("a key is a user's own: another, nobody, or a foreign page finds nothing under it", async () => {
  await onSite(async ({ auth, browser }) => {
    const [ada, bob] = [await browser("ada@example.com"), await browser("bob@example.com")];
    const ask = (auth: FullAuth, headers: Record<string, string>, said: string) =>
      told(auth.idempotent(order({ headers: { ...headers, ...KEY } }), () => new Response(said)));
    expect(await ask(auth, ada, "Ada's")).toBe("Ada's");
    expect(await ask(auth, bob, "Bob's")).toBe("Bob's");
    expect(await ask(auth, {}, "nobody's")).toBe("nobody's");
    expect(await ask(auth, { ...ada, origin: "https://evil.example" }, "Eve's")).toBe("nobody's");
    expect(await ask(auth, ada, "again")).toBe("Ada's");
  });
});

test("a reply of our own routes, which may hold a token, is kept nowhere", async () => {
  await onSite(async ({ auth, ask, world }) => {
    const email = "ada@example.com";
    const { challengeId } = (await ask("POST /email/start", { body: { email } })).body as {
      challengeId: string;
    };
    const body = JSON.stringify({ challengeId, code: world.mailbox.code(email), session: "bearer" });
    const headers = { ...KEY, "content-type": "application/json" };
    const verify = () => order({ path: "/auth/email/verify", headers, body });
    const asked = verify();
    const first = await auth.idempotent(asked, () => auth.handler(asked));
    expect(first.status).toBe(201);
    const { refreshToken } = await first.json();
    world.saw([refreshToken]);
    const again = verify();
    expect((await auth.idempotent(again, () => auth.handler(again))).status).toBe(401);
    expect([...(await world.contents()).keys()].filter((key) => key.startsWith("replies:"))).toEqual([]);
  });
});

test("a stranger's key is one host's: another finds nothing under it", async () => {
  await onSite(async ({ auth }) => {
    const at = (origin: string, headers: Record<string, string> = {}) => {
      const asked = { method: "POST", headers: { ...KEY, ...headers }, body: "{}" };
      const request = new Request(`${origin}/orders`, asked);
      return told(auth.idempotent(request, () => new Response(`of ${origin} ${headers.host ?? ""}`)));
    };
    const [a, b] = ["https://a.example", "https://b.example"];
    expect(await at(a)).toBe(`of ${a} `);
    expect(await at(b)).toBe(`of ${b} `);
    expect(await at(`${a}:8443`)).toBe(`of ${a}:8443 `);
    expect(await at(BASE_URL, { host: "a.example" })).toBe(`of ${BASE_URL} a.example`);
    expect(await at(BASE_URL, { host: "b.example" })).toBe(`of ${BASE_URL} b.example`);
    expect([await at(a), await at(b)]).toEqual([`of ${a} `, `of ${b} `]);
  });
});

test("a reply that is not whole within 10 seconds is sent as it is, and not kept", async () => {
  await onSite(async ({ auth, world }) => {
    const read = Promise.withResolvers<void>();
    let more = (_: string) => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (more = (text) => controller.enqueue(new TextEncoder().encode(text))),
      pull: () => read.resolve(),
    }, { highWaterMark: 0 });
    const counted = counting(() => new Response(body));
    const answered = auth.idempotent(order(), counted.run);
    await read.promise;
    more("one, ");
    await world.turn("9s");
    expect(await Promise.race([answered, "waiting"])).toBe("waiting");
    await world.turn("1s");
    const reader = (await answered).body!.getReader();
    more("two");
    const text = async () => new TextDecoder().decode((await reader.read()).value);
    expect([await text(), await text()]).toEqual(["one, ", "two"]);
    expect(await told(auth.idempotent(order(), counted.run))).toBe("request_in_progress");
    expect(counted.runs).toBe(1);
  });
});
