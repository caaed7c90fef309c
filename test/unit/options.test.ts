import { readFileSync } from "node:fs";
import { createStorage } from "unstorage";
import overlay from "unstorage/drivers/overlay";
import stockMemory from "unstorage/drivers/memory";
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import { AuthError } from "../../src/errors.ts";
import type { Message } from "../../src/model.ts";
import type { AuthOptions } from "../../src/options.ts";

const SECRET = "bWFrZSBvbmUgd2l0aCBvcGVuc3NsIHJhbmQ=";
const OTHER = "YW5vdGhlciBzZWNyZXQgb2YgdGhlc2UgdGVzdHM=";
const send = () => {};
const EMAIL = { from: "no-reply@example.com", send };
const ADVICE = "make one with `openssl rand -base64 32`";
const SMTP = { host: "mail.example.com", port: 587 };

const BASE_URL_IS =
  'must be an origin like "https://app.example.com", without a path (basePath says where the handler is)';
const ORIGIN_IS = 'must be an exact origin like "https://app.example.com", without a path or wildcard';
const DURATION_IS = 'must be a duration like "15m" or a number of seconds';
const LINE = 'email: { from: "dev@example.com", send: (m) => console.log(m.text) }';
const FROM_IS = 'must be an address like "Example <no-reply@example.com>"';
const TEMPLATE_IS = "must be a function (data, locale) => ({ subject, text, html? })";
const URI_IS = "must be a URI, or a text without a colon (RFC 7519 section 2)";
const CORS_IS = 'must be a string or an array of strings: exact origins, or "*"';
const PLAIN = "must be https://: whoever is on the way can change a page of plain HTTP, and act by it";
const LOG_IS = "must have the function warn, as console has";

/** What is set → where it is wrong, and what would be right. The rest of the options are as they should be. */
type Case = readonly [set: object, ...issues: readonly (readonly [path: string, message: string])[]];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  "the secret": [
    [{ secret: undefined }, ["secret", `must be a string of at least 32 characters: ${ADVICE}`]],
    [{ secret: null }, ["secret", `must be a string of at least 32 characters: ${ADVICE}`]],
    [{ secret: 12 }, ["secret", `must be a string of at least 32 characters: ${ADVICE}`]],
    [{ secret: "" }, ["secret", `must be at least 32 characters long: it has 0; ${ADVICE}`]],
    [{ secret: SECRET.slice(0, 31) }, [
      "secret",
      `must be at least 32 characters long: it has 31; ${ADVICE}`,
    ]],
    [{ secret: "ab".repeat(16) }, ["secret", `must not repeat a few characters: ${ADVICE}`]],
    [{ secret: [] }, ["secret", `must hold at least one secret: ${ADVICE}`]],
    [{ secret: [SECRET, SECRET] }, ["secret", "must not hold a secret twice"]],
    [{ secret: [SECRET, "short"] }, [
      "secret[1]",
      `must be at least 32 characters long: it has 5; ${ADVICE}`,
    ]],
    [{ secret: [undefined, SECRET] }, ["secret[0]", `must be a string of at least 32 characters: ${ADVICE}`]],
    [{ secret: new Array(1) }, ["secret[0]", `must be a string of at least 32 characters: ${ADVICE}`]],
  ],
  "the address": [
    ...[
      undefined,
      "",
      "app.example.com",
      "https://app.example.com/app",
      "https://app.example.com?a",
      "/auth",
      5,
    ].map((
      baseUrl,
    ): Case => [{ baseUrl }, ["baseUrl", BASE_URL_IS]]),
    ...[
      "ftp://app.example.com",
      "https://user:pass@app.example.com",
      "HTTPS://APP.example.com",
      "https://app.example.com:443",
    ]
      .map((baseUrl): Case => [{ baseUrl }, ["baseUrl", BASE_URL_IS]]),
    ...[
      "http://app.example.com",
      "http://192.168.1.2:3000",
      "http://localhost.example.com",
      "http://127.0.0.1.example.com",
    ]
      .map((baseUrl): Case => [{ baseUrl }, [
        "baseUrl",
        "must be https:// outside this machine, or set allowInsecureOrigin: true",
      ]]),
    [{ allowInsecureOrigin: "yes" }, ["allowInsecureOrigin", 'must be true or false: it is "yes"']],
    ...[
      "",
      "/",
      "auth",
      "/auth/",
      "//auth",
      "/a//b",
      "/../auth",
      "/auth/..",
      "/./a",
      "/a b",
      "/a?b",
      "/ä",
      null,
    ].map((
      basePath,
    ): Case => [{ basePath }, [
      "basePath",
      'must be a path like "/auth": it begins with a slash and does not end with one',
    ]]),
  ],
  "trusted origins": [
    ...["https://app.example.com", null, {}, true].map((trustedOrigins): Case => [{ trustedOrigins }, [
      "trustedOrigins",
      "must be an array of origins, or a function (origin, request) => boolean",
    ]]),
    ...[
      "*",
      "null",
      "",
      "app.example.com",
      "https://*.example.com",
      "capacitor://*",
      "https://a.example/",
      "https://A.example",
    ]
      .map((
        origin,
      ): Case => [{ trustedOrigins: ["https://fine.example", origin] }, ["trustedOrigins[1]", ORIGIN_IS]]),
    ...["https://a.example/path", "https://a.example:443", "javascript:alert(1)", "http://", 5, null, /./]
      .map((origin): Case => [{ trustedOrigins: [origin] }, ["trustedOrigins[0]", ORIGIN_IS]]),
  ],
  "sessions": [
    [{ session: true }, ["session", "must be an object: it is true"]],
    [{ session: { mode: "token" } }, [
      "session.mode",
      'must be "both" or "cookie" or "bearer": it is "token"',
    ]],
    [{ session: { ttl: "30 days" } }, ["session.ttl", `${DURATION_IS}, 1m to 400d: it is "30 days"`]],
    [{ session: { ttl: "401d" } }, ["session.ttl", `${DURATION_IS}, 1m to 400d: it is "401d"`]],
    [{ session: { ttl: 59 } }, ["session.ttl", `${DURATION_IS}, 1m to 400d: it is 59`]],
    [{ session: { ttl: Infinity } }, ["session.ttl", `${DURATION_IS}, 1m to 400d: it is Infinity`]],
    [{ session: { idleTtl: -1 } }, ["session.idleTtl", `${DURATION_IS}, 1m to 400d: it is -1`]],
    [{ session: { ttl: "1h", idleTtl: "2h" } }, ["session.idleTtl", "must not be longer than session.ttl"]],
    [{ session: { reuseLeeway: "6m" } }, ["session.reuseLeeway", `${DURATION_IS}, 0s to 5m: it is "6m"`]],
    [{ session: { maxPerUser: 0 } }, ["session.maxPerUser", "must be a whole number from 1 to 50: it is 0"]],
    [{ session: { maxPerUser: 51 } }, [
      "session.maxPerUser",
      "must be a whole number from 1 to 50: it is 51",
    ]],
    [{ session: { maxPerUser: 1.5 } }, [
      "session.maxPerUser",
      "must be a whole number from 1 to 50: it is 1.5",
    ]],
    [{ session: { maxPerUser: "5" } }, [
      "session.maxPerUser",
      'must be a whole number from 1 to 50: it is "5"',
    ]],
    [{ session: { freshFor: "2d" } }, ["session.freshFor", `${DURATION_IS}, 10s to 1d: it is "2d"`]],
    ...[true, "process", "single_process", null].map((allowUnsafeStorage): Case => [{ allowUnsafeStorage }, [
      "allowUnsafeStorage",
      `must be "single-process": it is ${JSON.stringify(allowUnsafeStorage)}`,
    ]]),
    [{ storageDeadline: 0.5 }, ["storageDeadline", `${DURATION_IS}, 1s to 30s: it is 0.5`]],
    [{ storageDeadline: "31s" }, ["storageDeadline", `${DURATION_IS}, 1s to 30s: it is "31s"`]],
    [{ storageDeadline: null }, ["storageDeadline", `${DURATION_IS}, 1s to 30s: it is null`]],
  ],
  "the cookie": [
    ...["", "a b", "a;b", "a=b", "é", "__Host-a", "__secure-a", "x".repeat(65), 5].map((
      name,
    ): Case => [{ cookie: { name } }, [
      "cookie.name",
      "must be 1 to 64 letters, digits, dots, dashes or underscores; its prefix is added for you",
    ]]),
    ...[
      "example.org",
      "com",
      ".example.com",
      "Example.com",
      "p.example.com",
      "xample.com",
      "",
      "x.app.example.com",
      5,
    ].map((
      domain,
    ): Case => [{ cookie: { domain } }, [
      "cookie.domain",
      'must be "app.example.com" or a parent of it with at least two labels, without a leading dot',
    ]]),
    [{ baseUrl: "https://10.1.2.3", cookie: { domain: "2.3" } }, [
      "cookie.domain",
      "must be left out: 10.1.2.3 has no subdomains to share a cookie with",
    ]],
    [{ baseUrl: "http://localhost:3000", cookie: { domain: "localhost" } }, [
      "cookie.domain",
      "must be left out: localhost has no subdomains to share a cookie with",
    ]],
    [{ cookie: { sameSite: "Lax" } }, [
      "cookie.sameSite",
      'must be "lax" or "strict" or "none": it is "Lax"',
    ]],
    [{ baseUrl: "http://localhost:3000", cookie: { sameSite: "none" } }, [
      "cookie.sameSite",
      'may be "none" only where baseUrl is https://',
    ]],
  ],
  "access tokens": [
    [{ jwt: { algorithm: "none" } }, [
      "jwt.algorithm",
      'must be "EdDSA" or "ES256" or "RS256" or "RS384" or "RS512" or "HS256" or "HS384" or "HS512": it is "none"',
    ]],
    [{ jwt: { issuer: "" } }, ["jwt.issuer", "must be a text that is not empty"]],
    [{ jwt: { audience: ["a"] } }, ["jwt.audience", "must be a text that is not empty"]],
    [{ jwt: { ttl: "25h" } }, ["jwt.ttl", `${DURATION_IS}, 10s to 1d: it is "25h"`]],
    [{ jwt: { ttl: 9 } }, ["jwt.ttl", `${DURATION_IS}, 10s to 1d: it is 9`]],
    [{ jwt: { rotateAfter: "59m" } }, ["jwt.rotateAfter", `${DURATION_IS}, 1h to 400d: it is "59m"`]],
    [{ jwt: { rotateAfter: false } }, ["jwt.rotateAfter", `${DURATION_IS}, 1h to 400d: it is false`]],
    ...[true, {}, "sub"].map((claims): Case => [{ jwt: { claims } }, [
      "jwt.claims",
      "must be a function (user, session) => claims",
    ]]),
    ...["https://api.example.com", true, null, {}].map((audiences): Case => [{ audiences }, [
      "audiences",
      'must be an array of texts like "https://api.example.com"',
    ]]),
    ...["", 5, null, undefined, "a\nb", "x".repeat(257)].map((
      audience,
    ): Case => [{ audiences: ["a", audience] }, [
      "audiences[1]",
      "must be a text of 1 to 256 characters",
    ]]),
    [{ audiences: new Array(1) }, ["audiences[0]", "must be a text of 1 to 256 characters"]],
    [{ audiences: ["a", "b", "a"] }, ["audiences[2]", "must not stand in the list twice"]],
    [{ audiences: ["https://app.example.com"] }, [
      "audiences[0]",
      "must not be jwt.audience, which is meant without naming it",
    ]],
    [{ jwt: { audience: "me" }, audiences: ["a", "me"] }, [
      "audiences[1]",
      "must not be jwt.audience, which is meant without naming it",
    ]],
  ],
  "mail": [
    [{ email: undefined }, ["email", `is needed by emailOtp. For development: ${LINE}`]],
    [{ email: undefined, emailOtp: {} }, ["email", `is needed by emailOtp. For development: ${LINE}`]],
    [{ email: { from: EMAIL.from } }, ["email", "must have either send(message) or smtp"]],
    [{ email: { ...EMAIL, smtp: SMTP } }, ["email", "must have either send(message) or smtp"]],
    ...[
      undefined,
      "",
      "nobody",
      "a@b",
      "Example <nobody>",
      "<a@example.com> b",
      "a@example.com, b@example.com",
      5,
    ].map((
      from,
    ): Case => [{ email: { from, send } }, ["email.from", FROM_IS]]),
    ...[
      "A <a@example.com>, B <b@example.com>",
      "A\r\nBcc: b@example.com <a@example.com>",
      "A <a@example.com>\n",
    ].map((from): Case => [{ email: { from, send } }, ["email.from", FROM_IS]]),
    [{ email: { ...EMAIL, send: "console.log" } }, ["email.send", "must be a function that takes a message"]],
    [{ email: { from: EMAIL.from, smtp: { port: 25 } } }, [
      "email.smtp.host",
      "must be the name of a server",
    ]],
    [{ email: { from: EMAIL.from, smtp: { host: "", port: 25 } } }, [
      "email.smtp.host",
      "must be the name of a server",
    ]],
    [{ email: { from: EMAIL.from, smtp: { host: "a" } } }, [
      "email.smtp.port",
      "must be a whole number from 1 to 65535: it is null",
    ]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, port: 65_536 } } }, [
      "email.smtp.port",
      "must be a whole number from 1 to 65535: it is 65536",
    ]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, secure: 1 } } }, [
      "email.smtp.secure",
      "must be true or false: it is 1",
    ]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, name: 1 } } }, ["email.smtp.name", "must be a text"]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, user: "a" } } }, [
      "email.smtp",
      "must have both user and pass, or neither",
    ]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, user: 1, pass: "b" } } }, [
      "email.smtp.user",
      "must be a text",
    ]],
    [{ email: { from: EMAIL.from, smtp: [] } }, ["email.smtp", "must hold at least one server"]],
    [
      { email: { from: EMAIL.from, smtp: "smtp://mail.example.com" } },
      [
        "email.smtp",
        'must be an object: it is "smtp://mail.example.com"',
      ],
      ["email.smtp.host", "must be the name of a server"],
      [
        "email.smtp.port",
        "must be a whole number from 1 to 65535: it is null",
      ],
    ],
    [
      { email: { from: EMAIL.from, smtp: [SMTP, { ...SMTP, port: 0, weight: 0 }, { port: 25, pass: "a" }] } },
      [
        "email.smtp[1].port",
        "must be a whole number from 1 to 65535: it is 0",
      ],
      ["email.smtp[1].weight", "must be a whole number from 1 to 1000: it is 0"],
      [
        "email.smtp[2].host",
        "must be the name of a server",
      ],
      ["email.smtp[2]", "must have both user and pass, or neither"],
    ],
    ...[-1, 0.5, 1001, NaN, "2"].map((weight): Case => [
      { email: { from: EMAIL.from, smtp: [{ ...SMTP, weight }] } },
      ["email.smtp[0].weight", expect.stringMatching(/^must be a whole number from 1 to 1000: it is/)],
    ]),
    [
      { email: { from: EMAIL.from, smtp: new Array(1) } },
      [
        "email.smtp[0]",
        "must be an object: it is null",
      ],
      ["email.smtp[0].host", "must be the name of a server"],
      [
        "email.smtp[0].port",
        "must be a whole number from 1 to 65535: it is null",
      ],
    ],
    ...[5, null, "de_DE", "", "de\n", ["de"], {}].map((locale): Case => [{ email: { ...EMAIL, locale } }, [
      "email.locale",
      'must be a language tag like "de", or a function (request) => tag',
    ]]),
    [{ email: { ...EMAIL, templates: [] } }, ["email.templates", "must be an object: it is a list"]],
    [{ email: { ...EMAIL, templates: { "emailOtp.kode": send, constructor: send } } }, [
      'email.templates["emailOtp.kode"]',
      expect.stringMatching(/^is no kind of mail. There are: .*emailOtp\.code/),
    ], ['email.templates["constructor"]', expect.stringMatching(/^is no kind of mail/)]],
    ...[5, "Your code is {code}", null, []].map((one): Case => [
      { email: { ...EMAIL, templates: { "emailOtp.code": one } } },
      ['email.templates["emailOtp.code"]', `${TEMPLATE_IS}, or such a function for each language`],
    ]),
    [{ email: { ...EMAIL, templates: { "emailOtp.code": { fr: "Votre code", de_DE: send } } } }, [
      'email.templates["emailOtp.code"].fr',
      TEMPLATE_IS,
    ], ['email.templates["emailOtp.code"].de_DE', 'is no language tag like "de" or "de-AT"']],
  ],
  "hooks": [
    [{ hooks: () => {} }, ["hooks", "must be an object: it is a function"]],
    [{ hooks: { beforeSignIn: "no" } }, ["hooks.beforeSignIn", "must be a function"]],
    [{ hooks: { onSignIn: () => {} } }, [
      "hooks.onSignIn",
      "is not an option. There are: afterSignIn, afterSignOut, afterSignUp, beforeSignIn, beforeSignUp",
    ]],
  ],
  "overrides": [
    [{ overrides: true }, ["overrides", "must be an object: it is true"]],
    [{ emailOtp: undefined, overrides: { emailOtp: {} } }, [
      "overrides.emailOtp",
      "is not an option. There are: account, challenges, devices, mail, sessions, users",
    ]],
    [{ overrides: { wellKnown: {} } }, [
      "overrides.wellKnown",
      "is not an option. There are: account, challenges, devices, emailOtp, mail, sessions, users",
    ]],
    [{ overrides: { users: () => {} } }, ["overrides.users", "must be an object: it is a function"]],
    [{ overrides: { users: { get: "no" } } }, ["overrides.users.get", "must be a function"]],
    [{ overrides: { account: { put: () => {} }, users: { set: () => {} } } }, [
      "overrides.account.put",
      "is not an operation. There are: get, remove, update",
    ], ["overrides.users.set", "is not an operation. There are: create, find, get, remove, update"]],
  ],
  "sign-in codes": [
    [{ emailOtp: "yes" }, ["emailOtp", 'must be an object: it is "yes"']],
    [{ emailOtp: { signUp: 0 } }, ["emailOtp.signUp", "must be true or false: it is 0"]],
    [{ emailOtp: { length: 5 } }, ["emailOtp.length", "must be a whole number from 6 to 10: it is 5"]],
    [{ emailOtp: { length: 11 } }, ["emailOtp.length", "must be a whole number from 6 to 10: it is 11"]],
    [{ emailOtp: { ttl: "61m" } }, ["emailOtp.ttl", `${DURATION_IS}, 1m to 1h: it is "61m"`]],
    [{ emailOtp: { attempts: 0 } }, ["emailOtp.attempts", "must be a whole number from 1 to 10: it is 0"]],
    [{ emailOtp: { attempts: 11 } }, ["emailOtp.attempts", "must be a whole number from 1 to 10: it is 11"]],
    [{ emailOtp: { resendAfter: "11m" } }, [
      "emailOtp.resendAfter",
      `${DURATION_IS}, 0s to 10m: it is "11m"`,
    ]],
  ],
  "the machine": [
    [{ platform: 5 }, ["platform", "must be an object: it is 5"]],
    [{ platform: { now: 5 } }, ["platform.now", "must be a function"]],
    [{ platform: { sleep: null } }, ["platform.sleep", "must be a function"]],
    [{ platform: { log: () => {} } }, ["platform.log", LOG_IS]],
    [{ platform: { log: null } }, ["platform.log", LOG_IS]],
    [{ platform: { log: { error: send } } }, ["platform.log", LOG_IS]],
    [{ logger: { info: send } }, [
      "logger",
      "must have the functions info, warn and error (and perhaps debug), as console has",
    ]],
    [{ service: "" }, ["service", "must be a text that is not empty"]],
  ],
  "what browsers and standards refuse together": [
    [{ session: { ttl: "1h", freshFor: "2h" } }, ["session.freshFor", "must not be longer than session.ttl"]],
    [
      { jwt: { issuer: "my app: v1", audience: "a:b" }, audiences: ["https://a.example", "a:b c", "api"] },
      ["jwt.issuer", URI_IS],
      ["audiences[1]", URI_IS],
    ],
    [{ session: { mode: "bearer" }, cookie: { sameSite: "strict" } }, [
      "cookie",
      'has no effect where session.mode is "bearer": leave it out',
    ]],
    ...["github.io", "co.uk"].map((domain): Case => [
      { baseUrl: `https://app.${domain}`, cookie: { domain } },
      ["cookie.domain", `must not be ${domain}: browsers keep no cookie for all who register below it`],
    ]),
    [{ session: { mode: "cookie" }, cors: { origin: "*" } }, [
      "cors.origin",
      'must not be "*" where session.mode is "cookie": browsers send no cookie to what anybody may read',
    ]],
    [
      {
        baseUrl: "https://app.example.com",
        trustedOrigins: ["https://a.example", "http://a.example", "http://localhost:5173"],
        cors: { origin: ["http://b.example"] },
      },
      ["trustedOrigins[1]", PLAIN],
      ["cors.origin[0]", PLAIN],
    ],
    [{ emailOtp: { ttl: "1m", resendAfter: "2m" } }, [
      "emailOtp.resendAfter",
      "must not be longer than emailOtp.ttl",
    ]],
  ],
  "who may ask": [
    [{ cors: {} }, ["cors.origin", CORS_IS]],
    [{ cors: { origin: 5 } }, ["cors.origin", CORS_IS]],
    [{ cors: { origin: "https://*.example.com" } }, ["cors.origin", ORIGIN_IS]],
    [{ cors: { origin: ["https://a.example/", "*"] } }, ["cors.origin[0]", ORIGIN_IS], [
      "cors.origin[1]",
      ORIGIN_IS,
    ]],
    [{ cors: { origin: "*", maxAge: "2d" } }, ["cors.maxAge", `${DURATION_IS}, 0s to 1d: it is "2d"`]],
    [{ cors: { origins: "*" } }, ["cors.origins", "is not an option. There are: maxAge, origin"], [
      "cors.origin",
      CORS_IS,
    ]],
  ],
  "what is not an option": [
    [{ trustedOrigin: [] }, [
      "trustedOrigin",
      expect.stringMatching(/^is not an option. There are: .*trustedOrigins/),
    ]],
    [{ session: { tttl: 1 } }, [
      "session.tttl",
      "is not an option. There are: freshFor, idleTtl, maxPerUser, mode, reuseLeeway, ttl",
    ]],
    [{ cookie: { samesite: 1 } }, ["cookie.samesite", "is not an option. There are: domain, name, sameSite"]],
    [{ jwt: { alg: 1 } }, [
      "jwt.alg",
      "is not an option. There are: algorithm, audience, claims, issuer, keys, rotateAfter, ttl",
    ]],
    [{ email: { ...EMAIL, form: 1 } }, [
      "email.form",
      "is not an option. There are: from, links, locale, send, smtp, templates",
    ]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, password: 1 } } }, [
      "email.smtp.password",
      "is not an option. There are: host, name, pass, port, secure, user",
    ]],
    [{ email: { from: EMAIL.from, smtp: { ...SMTP, weight: 1 } } }, [
      "email.smtp.weight",
      "is not an option. There are: host, name, pass, port, secure, user",
    ]],
    [{ email: { from: EMAIL.from, smtp: [SMTP, { ...SMTP, wait: 1 }] } }, [
      "email.smtp[1].wait",
      "is not an option. There are: host, name, pass, port, secure, user, weight",
    ]],
    [{ emailOtp: { digits: 1 } }, [
      "emailOtp.digits",
      "is not an option. There are: attempts, length, resendAfter, signUp, ttl",
    ]],
    [{ platform: { random2: 1 } }, [
      "platform.random2",
      "is not an option. There are: fetch, log, now, random, sleep",
    ]],
    [JSON.parse('{"__proto__":{"secret":"x"}}'), ["__proto__", expect.stringMatching(/^is not an option/)]],
  ],
};

for (const [name, cases] of Object.entries(CASES)) {
  describe(name, () => {
    for (const [set, ...issues] of cases) {
      test(`${said(set)} is config_invalid, and what would be right is said`, () => {
        expect(problems({ ...right(), ...set })).toEqual(
          issues.map(([path, message]) => ({ path, message })),
        );
      });
    }
  });
}

test("everything that is wrong is said at once, in the message too", () => {
  const given = { secret: "short", baseUrl: "nowhere", cookie: { nam: "x" }, emailOtp: { length: 1 } };
  const found = problems(given);
  expect(found.map(({ path }) => path)).toEqual([
    "baseUrl",
    "secret",
    "cookie.nam",
    "emailOtp.length",
    "email",
  ]);
  const error = thrown(given);
  for (const { path, message } of found) expect(error.message).toContain(`${path} ${message}`);
  expect(error.toJSON()).toEqual({
    code: "config_invalid",
    message: "The configuration is not valid.",
    status: 500,
  });
});

test("no options at all, or something else in their place, is config_invalid", () => {
  for (const given of [undefined, null, "https://app.example.com", 5, [], () => {}]) {
    expect(problems(given).map(({ path }) => path)).toEqual(expect.arrayContaining(["secret", "baseUrl"]));
  }
});

test("what is right is taken: every option at its edges", () => {
  const fine: readonly object[] = [
    { secret: [SECRET, OTHER] },
    { baseUrl: "https://app.example.com/" },
    ...[
      "http://localhost",
      "http://localhost:3000",
      "http://app.localhost",
      "http://127.0.0.1:1",
      "http://127.9.9.9",
      "http://[::1]",
    ]
      .map((baseUrl) => ({ baseUrl })),
    { baseUrl: "http://192.168.1.2:3000", allowInsecureOrigin: true },
    { basePath: "/a/b.c/d_e~f-1" },
    { trustedOrigins: [] },
    {
      trustedOrigins: [
        "https://a.example",
        "http://localhost:5173",
        "capacitor://localhost",
        "tauri://localhost",
      ],
    },
    { trustedOrigins: () => true },
    { session: { mode: "bearer", ttl: "400d", idleTtl: 60, reuseLeeway: 0, maxPerUser: 1, freshFor: "1d" } },
    { session: { ttl: "1m" } },
    {
      session: undefined,
      cookie: undefined,
      jwt: undefined,
      platform: undefined,
      basePath: undefined,
      storage: undefined,
    },
    { cookie: { name: "a.b_c-D1", domain: "example.com", sameSite: "none" } },
    { cookie: { domain: "app.example.com" } },
    { jwt: { algorithm: "HS256", issuer: "me", audience: "you", ttl: 10 } },
    { jwt: { algorithm: "RS512", rotateAfter: "400d", claims: () => ({}) }, audiences: ["a", "b c"] },
    { audiences: [] },
    { emailOtp: false, email: undefined },
    { emailOtp: undefined, email: undefined },
    { emailOtp: { signUp: false, length: 10, ttl: "1h", attempts: 10, resendAfter: "10m" } },
    {
      email: {
        from: "Ä Ö <a@example.com>",
        smtp: { ...SMTP, user: "u", pass: "p", secure: true, name: "n" },
      },
    },
    { email: { from: EMAIL.from, smtp: [{ ...SMTP, weight: 1000 }, SMTP] } },
    { email: { ...EMAIL, locale: "de-at" } },
    { email: { ...EMAIL, locale: () => undefined, templates: {} } },
    { email: { ...EMAIL, templates: { "emailOtp.code": { "zh-Hans": send } } } },
    { emailOtp: undefined, email: { ...EMAIL, templates: { "emailOtp.code": send } } },
    { platform: { now: undefined, log: console } },
    { storageDeadline: "30s" },
    { allowUnsafeStorage: "single-process" },
    { storage: createStorage() },
    { storage: stockMemory() },
  ];
  for (const set of fine) {
    const platform = "platform" in set && set.platform ? {} : { platform: { log: { warn: send } } };
    expect(() => createAuth({ ...right(), ...set, ...platform } as unknown as AuthOptions), said(set)).not
      .toThrow();
  }
});

test("the cookie's name follows from the address", () => {
  const names: readonly (readonly [set: object, start: string, rest: string])[] = [
    [{}, "__Host-latchkey=", "; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"],
    [
      { cookie: { domain: "example.com" } },
      "__Secure-latchkey=",
      "; Path=/; Max-Age=0; HttpOnly; Domain=example.com; Secure; SameSite=Lax",
    ],
    [
      { cookie: { name: "sid", sameSite: "strict" } },
      "__Host-sid=",
      "; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
    ],
    [{ baseUrl: "http://localhost:3000" }, "latchkey-3000=", "; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"],
    [{ baseUrl: "http://localhost" }, "latchkey-80=", "; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"],
  ];
  for (const [set, start, rest] of names) {
    expect(createAuth({ ...right(), ...set } as AuthOptions).clearCookies()).toEqual([start + rest]);
  }
});

test("without storage it is memory, and one warning; plain HTTP elsewhere is another", () => {
  const warned = (set: object) => {
    const lines: unknown[][] = [];
    const log = { warn: (...said: unknown[]) => void lines.push(said), error: send };
    createAuth({ ...right(), platform: { log }, ...set } as unknown as AuthOptions);
    return lines;
  };
  expect(warned({})).toEqual([]);
  expect(warned({ storage: undefined })).toEqual([
    ["storage is not set: accounts and sessions are kept in memory, and lost when this process ends."],
  ]);
  expect(warned({ baseUrl: "http://192.168.1.2", allowInsecureOrigin: true })).toEqual([
    [expect.stringMatching(/^baseUrl is plain HTTP outside this machine \(allowInsecureOrigin\)/)],
  ]);
  expect(warned({ baseUrl: "http://app.localhost", allowInsecureOrigin: true })).toEqual([]);
});

test("frozen options work", async () => {
  const auth = createAuth(frozen({
    ...right(),
    storage: undefined,
    secret: [SECRET, OTHER],
    trustedOrigins: ["https://a.example"],
    session: { ttl: "1d" },
    cookie: { name: "a" },
    jwt: { ttl: "1m" },
    emailOtp: { length: 8 },
    platform: { log: { warn: send } },
  }) as never) as ReturnType<typeof createAuth<{ secret: string; baseUrl: string; emailOtp: true }>>;
  expect(await auth.emailOtp.start({ email: "ada@example.com" })).toHaveProperty("challengeId");
});

test("options that are changed afterwards change nothing", async () => {
  const sent: Message[] = [];
  const given = {
    secret: [SECRET],
    baseUrl: "https://app.example.com",
    storage: memory(),
    trustedOrigins: ["https://a.example"],
    session: { mode: "both" as const },
    cookie: { name: "first" },
    email: { from: "no-reply@example.com", send: (message: Message) => void sent.push(message) },
    emailOtp: { length: 8, signUp: true },
  };
  const auth = createAuth(given);
  given.secret[0] = OTHER;
  given.baseUrl = "https://evil.test";
  given.trustedOrigins.push("https://evil.test");
  given.session.mode = "bearer" as never;
  given.cookie.name = "second";
  given.email.send = () => {
    throw new Error("not this one");
  };
  given.emailOtp.length = 6;
  const { challengeId } = await auth.emailOtp.start({ email: "ada@example.com" });
  expect(sent[0]?.data["code"]).toMatch(/^\d{8}$/);
  const grant = await auth.emailOtp.verify({ challengeId, code: sent[0]!.data["code"]!, session: "cookie" });
  expect(auth.cookies(grant)[0]).toMatch(/^__Host-first=/);
  const same = createAuth({ ...given, secret: SECRET, email: EMAIL, session: {} });
  await same.ready(); // the store is sealed under what was said first
  const response = await auth.handler(
    new Request("https://app.example.com/auth/sign-out", {
      method: "POST",
      headers: { origin: "https://evil.test" },
    }),
  );
  expect(response.status).toBe(403);
});

describe("storage", () => {
  const DRIVERS = /\. Give a driver of ("@latchkey\/auth\/drivers\/[a-z-]+"(, )?)+$/;
  const cases: readonly (readonly [what: string, given: unknown, seen: string])[] = [
    ["an empty object", {}, "what was given (object) has no getItem"],
    ["null", null, "what was given (object) has no getItem"],
    ["a path", "auth.db", "what was given (string) has no getItem"],
    ["a function", memory, "what was given (function) has no getItem"],
    ["a Map", new Map(), "what was given (object) has no getItem"],
    [
      "unstorage's overlay",
      overlay({ layers: [stockMemory()] }),
      'the driver "overlay" reads from several stores: give one of them',
    ],
    ["ours without its entries", { ...memory(), entries: true }, 'the driver "memory" has no entries'],
    ["a driver that is on its way", Promise.resolve(memory()), "what was given (object) has no getItem"],
  ];
  for (const [what, storage, seen] of cases) {
    test(`${what} is storage_unsafe, and the drivers that work are named`, () => {
      const error = thrown({ ...right(), storage });
      expect(error.code).toBe("storage_unsafe");
      expect(error.details?.remedy).toMatch(DRIVERS);
      expect(error.details?.remedy?.replace(DRIVERS, "")).toBe(`storage: ${seen}`);
      expect(error.toJSON()).toEqual({
        code: "storage_unsafe",
        message: "This store cannot keep what the library promises.",
        status: 500,
      });
    });
  }

  test("one without an atomic step is storage_unsafe but for one process alone, by consent", () => {
    const given = { ...right(), storage: { ...memory(), swap: undefined } };
    expect(thrown(given).details?.remedy).toMatch(
      /^storage: the driver "memory" has no atomic step\. .+, or, for one process alone, allowUnsafeStorage: "single-process"$/,
    );
    const log = { warn: send, error: send };
    const consented = { ...given, allowUnsafeStorage: "single-process", platform: { log } };
    expect(createAuth(consented as unknown as AuthOptions).storage.atomicity).toBe("process");
  });

  test("all drivers that there are, are named", () => {
    const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const doors = Object.keys(exports).filter((door) => door.startsWith("./drivers/"));
    const { message } = thrown({ ...right(), storage: {} });
    expect(doors.filter((door) => !message.includes(`"@latchkey/auth${door.slice(1)}"`))).toEqual([]);
  });
});

function right(): object {
  return {
    secret: SECRET,
    baseUrl: "https://app.example.com",
    storage: memory(),
    clientIp: "direct",
    email: EMAIL,
    emailOtp: true,
  };
}

function thrown(given: unknown): AuthError {
  try {
    createAuth(given as AuthOptions);
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
  throw new Error("createAuth took it");
}

function problems(given: unknown): readonly { readonly path: string; readonly message: string }[] {
  const { code, details } = thrown(given);
  expect(code).toBe("config_invalid");
  return details?.issues ?? [];
}

function said(set: object): string {
  return JSON.stringify(
    set,
    (_, value) => value === undefined ? "undefined" : typeof value === "function" ? "f()" : value,
  );
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}
