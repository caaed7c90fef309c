import { expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import type { AuthError } from "../../src/errors.ts";
import { addressOf } from "../../src/http/limiter.ts";
import type { ConnectionInfo } from "../../src/model.ts";
import type { AuthOptions } from "../../src/options.ts";

const SOURCES = 'must be "direct", { trustedProxies: 1 } or a function (request, info) => string';
const LIMITS = 'must be true, false or limits by route: { "POST /email/start": { limit: 5, per: "1h" } }';
const COUNT = "must be a whole number from 1 to 100000";
const TIME = 'must be a duration like "15m" or a number of seconds, 1s to 30d';
const START = 'rateLimit["POST /email/start"]';

/** What is set → where it is wrong, and what would be right. */
const WRONG:
  readonly (readonly [set: object, ...issues: readonly (readonly [path: string, message: string])[]])[] = [
    [{ clientIp: "x-real-ip" }, ["clientIp", SOURCES]],
    [{ clientIp: true }, ["clientIp", SOURCES]],
    [{ clientIp: null }, ["clientIp", SOURCES]],
    [{ clientIp: {} }, ["clientIp.trustedProxies", "must be a whole number from 1 to 16: it is null"]],
    [{ clientIp: { trustedProxies: 0 } }, [
      "clientIp.trustedProxies",
      "must be a whole number from 1 to 16: it is 0",
    ]],
    [{ clientIp: { trustedProxies: "1" } }, [
      "clientIp.trustedProxies",
      'must be a whole number from 1 to 16: it is "1"',
    ]],
    [{ clientIp: { trustedProxies: 1, header: "x" } }, [
      "clientIp.header",
      "is not an option. There are: trustedProxies",
    ]],
    [{ rateLimit: "off" }, ["rateLimit", LIMITS]],
    [{ rateLimit: null }, ["rateLimit", LIMITS]],
    [{ rateLimit: [] }, ["rateLimit", LIMITS]],
    [{ rateLimit: { "POST /email/start": { limit: 0, per: "1h" } } }, [
      `${START}.limit`,
      `${COUNT}: it is 0`,
    ]],
    [{ rateLimit: { "POST /email/start": { limit: 5 } } }, [`${START}.per`, `${TIME}: it is null`]],
    [{ rateLimit: { "POST /email/start": { limit: 5, per: "31d" } } }, [
      `${START}.per`,
      `${TIME}: it is "31d"`,
    ]],
    [{ rateLimit: { "POST /email/start": 5 } }, [START, "must be an object: it is 5"], [
      `${START}.limit`,
      `${COUNT}: it is null`,
    ], [
      `${START}.per`,
      `${TIME}: it is null`,
    ]],
    [{ rateLimit: { "POST /email/start": { limit: 5, per: "1h", burst: 1 } } }, [
      `${START}.burst`,
      "is not an option. There are: limit, per",
    ]],
  ];

for (const [set, ...issues] of WRONG) {
  test(`${JSON.stringify(set)} is config_invalid, and what would be right is said`, () => {
    expect(problems(set)).toEqual(issues.map(([path, message]) => ({ path, message })));
  });
}

test("a limit of what is no route is config_invalid, and the routes that are on are named", () => {
  const of = (call: string, more: object = {}) =>
    problems({ rateLimit: { [call]: { limit: 5, per: "1h" } }, ...more });
  for (
    const call of [
      "POST /email/begin",
      "post /email/start",
      "/email/start",
      "POST /auth/email/start",
      "__proto__x",
    ]
  ) {
    expect(of(call)).toEqual([{
      path: `rateLimit["${call}"]`,
      message: expect.stringMatching(
        /^is not a route that is on\. There are: DELETE \/devices\/:id, DELETE \/me, .*POST \/email\/start, /,
      ),
    }]);
  }
  expect(of("POST /email/start", { emailOtp: false })).toHaveLength(1);
  expect(of("POST /email/start")).toEqual([]);
  expect(of("GET /session")).toEqual([]);
});

test("one warning where nobody said where addresses are, and one where nothing is limited", () => {
  const where = expect.stringMatching(/^clientIp is not set: no limit holds by address/);
  const off = expect.stringMatching(/^rateLimit is false: nobody counts/);
  expect(warned({})).toEqual([where]);
  expect(warned({ rateLimit: true })).toEqual([where]);
  expect(warned({ rateLimit: false })).toEqual([off]);
  expect(warned({ rateLimit: false, clientIp: "direct" })).toEqual([off]);
  expect(warned({ clientIp: "direct" })).toEqual([]);
});

test("the address of a connection is found in what each runtime tells, and nowhere else", () => {
  const request = new Request("http://localhost", {
    headers: { "x-forwarded-for": "6.6.6.6", forwarded: "for=6.6.6.6" },
  });
  const bun = {
    seen: null as Request | null,
    requestIP(asked: Request) {
      this.seen = asked;
      return { address: "::ffff:192.0.2.1", port: 1, family: "IPv6" };
    },
  };
  const told: readonly (readonly [info: unknown, address: string | null])[] = [
    [{ remoteAddress: "::ffff:192.0.2.1" }, "192.0.2.1"],
    [
      { remoteAddr: { transport: "tcp", hostname: "2001:DB8::1", port: 1 }, completed: Promise.resolve() },
      "2001:db8::1",
    ],
    [{ remoteAddr: { transport: "unix", path: "/run/auth.sock" } }, null],
    [bun, "192.0.2.1"],
    [{ requestIP: () => null }, null],
    [{ remoteAddress: undefined }, null],
    [{ remoteAddress: "an unix socket" }, null],
    [{ env: {}, waitUntil() {} }, null],
    [{}, null],
    [undefined, null],
    [null, null],
    ["192.0.2.1", null],
  ];
  for (const [info, address] of told) {
    expect(addressOf("direct", request, info), JSON.stringify(info)).toBe(address);
  }
  expect(bun.seen).toBe(request);
});

test("a function of one's own is told the request and the connection, and what it says is read like any address", () => {
  const source = ({ headers }: Request, { remoteAddress }: ConnectionInfo) =>
    headers.get("x-real-ip") ?? remoteAddress;
  const asked = (ip: string) =>
    addressOf(source, new Request("http://localhost", { headers: { "x-real-ip": ip } }), {});
  expect([asked("192.0.2.1"), asked("[2001:DB8::1]:1"), asked("nonsense")]).toEqual([
    "192.0.2.1",
    "2001:db8::1",
    null,
  ]);
  const request = new Request("http://localhost");
  expect(addressOf(source, request, { remoteAddress: "192.0.2.7" })).toBe("192.0.2.7");
  for (const answer of [undefined, null, 5, {}, Promise.resolve("192.0.2.1")]) {
    expect(addressOf(() => answer as never, request, {})).toBe(null);
  }
});

function problems(set: object): unknown {
  try {
    made(set);
    return [];
  } catch (error) {
    return (error as AuthError).details?.issues;
  }
}

function warned(set: object): readonly string[] {
  const lines: string[] = [];
  made(set, (line) => lines.push(line));
  return lines;
}

function made(set: object, warn: (line: string) => void = () => {}): void {
  createAuth({
    secret: "bWFrZSBvbmUgd2l0aCBvcGVuc3NsIHJhbmQ=",
    baseUrl: "https://app.example.com",
    storage: memory(),
    email: { from: "no-reply@example.com", send() {} },
    emailOtp: true,
    platform: { log: { warn } },
    ...set,
  } as AuthOptions);
}
