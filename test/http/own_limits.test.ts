// auth.limit: what an application limits by itself.
import { expect, test } from "vitest";
import type { OwnLimit } from "../../mod.ts";
import { AuthError } from "../../src/errors.ts";
import { issues, onSite, type Reply, requestOf, type Site } from "./site.ts";

const SEARCH = { name: "search", limit: 3, per: "1m" } as const;
const DIRECT = { clientIp: "direct" } as const;

/** What a route of an application answers. */
type Route = (ip: string, limit?: Partial<OwnLimit>) => Promise<string>;

function route({ auth }: Site): Route {
  return async (ip, limit = {}) => {
    try {
      const request = requestOf("GET /search");
      const { remaining, resetAfter, headers } = await auth.limit(request, {
        ...SEARCH,
        info: { remoteAddress: ip },
        ...limit,
      });
      expect(headers).toEqual({
        "RateLimit-Policy": expect.stringMatching(/^"[^"]+";q=\d+;w=\d+$/),
        "RateLimit": expect.stringMatching(new RegExp(`^"[^"]+";r=${remaining};t=${resetAfter}$`)),
      });
      return `${remaining} left, all in ${resetAfter} s`;
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      return `${error.status} ${error.code}, ${error.details?.retryAfter} s`;
    }
  };
}

test("each client may ask so often, and is told what is left", async () => {
  await onSite(async (site) => {
    const ask = route(site);
    expect([
      await ask("192.0.2.1"),
      await ask("192.0.2.1"),
      await ask("::ffff:192.0.2.1"),
      await ask("192.0.2.1"),
    ])
      .toEqual([
        "2 left, all in 20 s",
        "1 left, all in 40 s",
        "0 left, all in 60 s",
        "429 rate_limited, 20 s",
      ]);
    expect(await ask("192.0.2.2")).toBe("2 left, all in 20 s");
    expect(await ask("2001:db8::1")).toBe("2 left, all in 20 s");
    expect(await ask("2001:db8::2"), "an IPv6 network is one client").toBe("1 left, all in 40 s");
    await site.world.turn(20);
    expect(await ask("192.0.2.1")).toBe("0 left, all in 60 s");
  }, DIRECT);
});

test("a key counts by itself, wherever its requests come from; so does each name", async () => {
  await onSite(async (site) => {
    const ask = route(site);
    const ada = { key: "ada" };
    for (const ip of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) await ask(ip, ada);
    expect(await ask("192.0.2.4", ada)).toBe("429 rate_limited, 20 s");
    expect(await ask("192.0.2.4", { key: "bob" })).toBe("2 left, all in 20 s");
    expect(await ask("192.0.2.4", { ...ada, name: "export" })).toBe("2 left, all in 20 s");
    expect(await ask("192.0.2.4"), "an address is no key").toBe("2 left, all in 20 s");
    expect(await ask("192.0.2.4", { key: "192.0.2.4" })).toBe("2 left, all in 20 s");
  }, DIRECT);
});

test("it does not use up what the library's own routes may, nor they what it may", async () => {
  await onSite(async (site) => {
    const ask = route(site);
    for (let i = 0; i < 3; i++) await ask("192.0.2.1", { name: "start" });
    const reply: Reply = await site.ask("POST /email/start", { body: { email: "ada@example.com" } });
    expect(reply.headers.get("ratelimit")).toBe('"start";r=29;t=20');
  }, { clientIp: () => "192.0.2.1" });
});

test("it holds with rateLimit: false too, which speaks of the library's own routes", async () => {
  await onSite(async (site) => {
    const ask = route(site);
    for (let i = 0; i < 3; i++) await ask("192.0.2.1");
    expect(await ask("192.0.2.1")).toBe("429 rate_limited, 20 s");
  }, { ...DIRECT, rateLimit: false });
});

test("of 100 at once at two servers no more pass than the limit", async () => {
  await onSite(async ({ world }) => {
    const servers = [world.another(DIRECT), world.another(DIRECT)];
    const asked = await Promise.allSettled(
      Array.from(
        { length: 100 },
        (_, i) => servers[i % 2]!.limit(requestOf("GET /x"), { ...SEARCH, key: "ada" }),
      ),
    );
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  });
});

test("without a key it needs addresses, and says so", async () => {
  await onSite(async ({ auth }) => {
    const refused = await auth.limit(requestOf("GET /x"), SEARCH).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "input_invalid",
      details: { issues: [{ path: "key", message: "is required where clientIp is not set" }] },
    });
    expect(await auth.limit(requestOf("GET /x"), { ...SEARCH, key: "ada" })).toMatchObject({ remaining: 2 });
  });
});

test("what is no limit is refused, with all that is wrong", async () => {
  await onSite(async ({ auth }) => {
    const wrong = { name: 'a"b', limit: 0, per: "31d", key: "", burst: 1 } as unknown as OwnLimit;
    const error: unknown = await auth.limit(requestOf("GET /x"), wrong).catch((error: unknown) => error);
    expect(issues({ body: error } as Reply)).toEqual({
      name: "must be 1 to 64 letters, digits, spaces and _ . : / -",
      limit: "must be a whole number from 1 to 100000",
      per: "must be 1 to 2592000 seconds",
      key: "must be 1 to 256 characters long",
      burst: "is not a known member",
    });
  }, DIRECT);
});

test("a refusal is told to whoever listens", async () => {
  await onSite(async (site) => {
    const heard: object[] = [];
    site.auth.on("limit.exceeded", ({ limit, ip }) => void heard.push({ limit, ip }));
    const ask = route(site);
    for (let i = 0; i < 4; i++) await ask("192.0.2.1");
    expect(heard).toEqual([{ limit: "search", ip: "192.0.2.1" }]);
  }, DIRECT);
});
