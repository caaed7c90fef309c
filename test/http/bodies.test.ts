import { describe, expect, test } from "vitest";
import { ADA as ADA_KEY, bare } from "../suite/key_holder.ts";
import { failure, issues, members, onSite, read, requestOf, type Site, WITH_BODY } from "./site.ts";

const START = "POST /email/start";
const bytes = (text: string) => new TextEncoder().encode(text);
const ADA = bytes('{"email":"ada@example.com"}');
const JSON_TYPE = { "content-type": "application/json" };

test("a body is JSON that says so: anything else is content_type_unsupported", async () => {
  const types: readonly (readonly [type: string | undefined, status: number])[] = [
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ["application/json;charset=UTF-8", 200],
    ["Application/JSON", 200],
    ["application/json ; a=b", 200],
    [undefined, 415],
    ["", 415],
    ["text/plain", 415],
    ["text/plain; application/json", 415],
    ["text/plain, application/json", 415],
    ["application/x-www-form-urlencoded", 415],
    ["multipart/form-data; boundary=x", 415],
    ["text/json", 415],
    ["application/jsonp", 415],
    ["application/ld+json", 415],
    ["application/json-patch+json", 415],
  ];
  await onSite(async ({ ask }) => {
    for (const [type, status] of types) {
      const reply = await ask(START, {
        headers: type === undefined ? {} : { "content-type": type },
        body: ADA,
      });
      expect([type, reply.status]).toEqual([type, status]);
      if (status === 415) expect(reply.body).toEqual(failure("content_type_unsupported"));
    }
  });
});

test("an empty body is an empty object", async () => {
  await onSite(async ({ ask }) => {
    const empty: readonly object[] = [{}, { headers: JSON_TYPE }, { headers: JSON_TYPE, body: bytes("") }, {
      body: bytes(""),
    }];
    for (const asked of empty) {
      expect((await ask("POST /sign-out", asked)).status).toBe(204);
      expect(issues(await ask(START, asked))).toEqual({ email: "is required" });
    }
  });
});

describe("a body is at most 64 KiB", () => {
  const LARGEST = 65_536;
  const filled = (length: number) => bytes(`{"email":"${"a".repeat(length - 12)}"}`);

  test("by what it says and by what comes, in one piece or in many", async () => {
    await onSite(async ({ ask }) => {
      for (const [length, code] of [[LARGEST, "input_invalid"], [LARGEST + 1, "body_too_large"]] as const) {
        const said = { ...JSON_TYPE, "content-length": String(length) };
        for (const headers of [JSON_TYPE, said]) {
          for (const body of [filled(length), pieces(filled(length), 1000).stream]) {
            expect([length, (await ask(START, { headers, body })).body]).toMatchObject([length, { code }]);
          }
        }
      }
    });
  });

  test("one that says it is longer is not read; one that says it is shorter is", async () => {
    await onSite(async ({ ask }) => {
      const long = pieces(ADA, 4);
      const reply = await ask(START, {
        headers: { ...JSON_TYPE, "content-length": "65537" },
        body: long.stream,
      });
      expect([reply.body, long.taken()]).toEqual([failure("body_too_large"), 0]);
      const lying = { ...JSON_TYPE, "content-length": "27" };
      expect((await ask(START, { headers: lying, body: filled(LARGEST + 1) })).body).toEqual(
        failure("body_too_large"),
      );
      for (const length of ["-1", "1e3", "x", ""]) {
        expect((await ask(START, { headers: { ...JSON_TYPE, "content-length": length }, body: ADA })).status)
          .toBe(200);
      }
    });
  });

  test("of 10 MB no more is read than the limit and one piece", async () => {
    await onSite(async ({ ask }) => {
      const endless = pieces(new Uint8Array(10_000_000).fill(0x20), 1000);
      expect((await ask(START, { headers: JSON_TYPE, body: endless.stream })).body).toEqual(
        failure("body_too_large"),
      );
      expect(endless.taken()).toBeLessThan(70);
      expect(endless.cancelled()).toBe(true);
    });
  });
});

test("a body that does not come is request_timeout, however it trickles", async () => {
  await onSite(async ({ auth, world }) => {
    const asked = Promise.withResolvers<void>();
    let drip = () => {};
    let cancelled = false;
    const body = new ReadableStream({
      start: (controller) => void (drip = () => controller.enqueue(bytes(" "))),
      pull: () => asked.resolve(),
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
    const reply = auth.handler(requestOf(START, { headers: JSON_TYPE, body })).then(read);
    await asked.promise;
    for (let second = 1; second < 10; second++) {
      drip();
      await world.turn("1s");
    }
    expect(await Promise.race([reply, "waiting"])).toBe("waiting");
    await world.turn("1s");
    expect((await reply).body).toEqual(failure("request_timeout"));
    expect(cancelled).toBe(true);
    expect((await auth.handler(requestOf(START, { headers: JSON_TYPE, body: ADA }))).status).toBe(200);
  });
});

test("a body that breaks off is json_invalid", async () => {
  await onSite(async ({ ask }) => {
    let sent = false;
    const body = new ReadableStream({
      pull(controller) {
        if (sent) controller.error(new Error("ECONNRESET at 10.0.0.7"));
        else controller.enqueue(bytes('{"email":'));
        sent = true;
      },
    });
    expect((await ask(START, { headers: JSON_TYPE, body })).body).toEqual(failure("json_invalid"));
  });
});

test("what is no JSON object, in UTF-8, saying each member once and not too deep, is json_invalid", async () => {
  await onSite(async ({ ask }) => {
    for (const body of NO_OBJECT) {
      const reply = await ask(START, {
        headers: JSON_TYPE,
        body: typeof body === "string" ? bytes(body) : body,
      });
      expect([String(body).slice(0, 80), reply.body]).toEqual([
        String(body).slice(0, 80),
        failure("json_invalid"),
      ]);
    }
  });
});

const NO_OBJECT: readonly (string | Uint8Array)[] = [
  ...["[]", '[{"email":"a@b.example"}]', '"text"', "null", "true", "0", "-1e3"],
  ...[
    "{",
    "}",
    "{}}",
    "{} {}",
    "{}x",
    "x",
    "{'a':1}",
    "{a:1}",
    '{"a":1,}',
    '{"a":01}',
    '{"a":NaN}',
    '{"a":undefined}',
    "\0",
  ],
  ...[
    '{"a":"\n"}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    '{"a":1 "b":2}',
    "//\n{}",
    "{}//",
    "\u00a0{}",
    "\u2028{}",
  ],
  ...[
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"b":2,"a":3}}',
    '{"x":[{"a":1,"a":2}]}',
    '{"":1,"":2}',
  ],
  ...['{"__proto__":1,"__proto__":2}', '{"email":"a@b.example","email":"a@b.example"}'],
  ...[`{"a":${"[".repeat(8)}${"]".repeat(8)}}`, `${'{"a":'.repeat(9)}1${"}".repeat(9)}`],
  ...["[".repeat(60_000), '{"a":'.repeat(12_000), `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
  Uint8Array.of(0x7b, 0xff, 0x7d),
  Uint8Array.of(...bytes('{"a":"'), 0xc3, ...bytes('"}')),
  Uint8Array.of(...bytes('{"a":"'), 0xed, 0xa0, 0x80, ...bytes('"}')),
  Uint8Array.of(...bytes('{"a":"'), 0xc0, 0x80, ...bytes('"}')),
  Uint8Array.of(...bytes("{}"), 0xe2, 0x82),
  new Uint8Array(new Uint16Array([..."\ufeff{}"].map((char) => char.charCodeAt(0))).buffer),
];

test("64 KiB of one string, or of the smallest members, is judged at once", async () => {
  await onSite(async ({ ask }) => {
    const many = Array.from({ length: 7000 }, (_, n) => `"${n.toString(36)}":0`).join(",");
    for (
      const body of [
        `{"email":"${"\\\\".repeat(32_000)}"}`,
        `{"email":"${'\\"'.repeat(32_000)}"}`,
        `{${many}}`,
      ]
    ) {
      expect((await ask(START, { body })).body).toMatchObject({ code: "input_invalid" });
    }
  });
});

for (const row of WITH_BODY) {
  const { name } = row;
  const call = `${row.method} ${row.path}`;

  test(`${name}: members that nobody knows are input_invalid, those of objects and callers too`, async () => {
    await signedIn(async ({ ask }, headers) => {
      for (const member of UNKNOWN) {
        const body = `{${whole(name)}${JSON.stringify(member)}:{"admin":true}}`;
        const reply = await ask(call, { headers, body });
        expect([member, reply.status, issues(reply)[member]]).toEqual([member, 400, "is not a known member"]);
      }
      expect(Object({}).admin).toBe(undefined);
    });
  });

  test(`${name}: a member of another type, or with what no text should hold, is input_invalid`, async () => {
    await signedIn(async ({ ask, world }, headers) => {
      const before = await world.contents();
      for (const member of members(row)) {
        for (const value of WRONG.filter((one) => !isRight(name, member, one))) {
          const whose = {
            ...(members(row).includes("challengeId") && { challengeId: "a".repeat(26) }),
            ...(members(row).includes("redirect") && { email: "ada@example.com" }),
          };
          const reply = await ask(call, { headers, body: { ...whose, [member]: value } });
          const told = `${member}: ${JSON.stringify(value).slice(0, 60)}`;
          expect([told, reply.status, issues(reply)[toldAt(member, value)]]).toEqual([
            told,
            400,
            expect.stringMatching(/^(must |is )/),
          ]);
          expect(reply.text.length, told).toBeLessThan(2000);
        }
      }
      expect(await world.contents()).toEqual(before);
    });
  });
}

const UNKNOWN: readonly string[] = [
  ...["userId", "sessionId", "client"],
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__"],
  ...["", "admin", "Email", "email ", "a.b", "0", "\ud800", "\0", "a\r\nb", "漢"],
];

const WRONG: readonly unknown[] = [
  ...[null, 0, 5, -1, 1e308, true, false, {}, [], ["ada@example.com"], { email: "ada@example.com" }, {
    length: 26,
  }],
  ...[
    "",
    "x".repeat(20_000),
    "a\0b",
    "a\r\nb",
    "a\nb",
    "\ud800",
    "a\udfffb",
    "\u0085",
    "\u001b[2J",
    "漢".repeat(300),
  ],
];

/** What else must be right before members are judged that the application may know. */
function whole(name: string): string {
  return name === "password.signUp" ? '"email":"bob@example.com","password":"correct horse battery",' : "";
}

/** Whether a value is none that is wrong for this member: null removes, and a password is whatever its owner types. */
function isRight(name: string, member: string, value: unknown): boolean {
  if (name === "account.update") return value === null;
  if (member === "remember") return typeof value === "boolean";
  if (!/password$/i.test(member) || typeof value !== "string") return false;
  return value !== "" && value.length < 2048 && value.isWellFormed() && !value.includes("\0");
}

/** Where a wrong value is told: of an object whose members are known, at the first that it lacks. */
function toldAt(member: string, value: unknown): string {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return member === "credential" && isObject ? "credential.id" : member;
}

test("which one is meant the path says, and no body says otherwise", async () => {
  await signedIn(async ({ ask }, headers) => {
    const { body: step } = await ask("POST /keys/start", { headers, body: { publicKey: ADA_KEY.x } });
    const { challengeId, message } = Object(step);
    const signature = await bare(ADA_KEY, message);
    const added = await ask("POST /keys", { headers, body: { challengeId, signature } });
    const [id, other] = [Object(added.body).id, "a".repeat(26)];
    const strange = await ask(`PATCH /keys/${other}`, { headers, body: { id, name: "Laptop" } });
    expect(strange.body).toEqual(failure("not_found"));
    const own = await ask(`PATCH /keys/${id}`, { headers, body: { id: other, name: "Laptop" } });
    expect([own.status, own.body]).toEqual([200, { ...Object(added.body), name: "Laptop" }]);
  });
});

test("every route that takes a body was asked", () => {
  const known = WITH_BODY.map((row) => [row.name, members(row).toSorted()]);
  expect(Object.fromEntries(known)).toMatchObject({
    "emailOtp.start": ["email"],
    "emailOtp.verify": ["audience", "challengeId", "code", "session"],
    "challenges.resend": ["challengeId"],
    "account.update": ["name"],
    "sessions.refresh": ["attempt", "refreshToken"],
    "sessions.endAll": ["except"],
    "sessions.signOut": [],
    "sessions.token": [],
    "magicLink.start": ["audience", "email", "redirect", "session"],
    "magicLink.verify": ["challengeId", "token"],
    "password.signUp": ["audience", "email", "name", "password", "session"],
    "password.verifySignUp": ["audience", "challengeId", "code", "session"],
    "password.signIn": ["audience", "identifier", "password", "session"],
    "password.verifySignIn": ["audience", "challengeId", "code", "remember", "session"],
    "password.change": ["audience", "currentPassword", "newPassword", "session"],
    "password.verifyChange": ["audience", "challengeId", "code", "session"],
    "password.startReset": ["email"],
    "password.checkReset": ["token"],
    "password.finishReset": ["newPassword", "token"],
    "passkey.startRegistration": [],
    "passkey.finishRegistration": ["challengeId", "credential", "name"],
    "passkey.startSignIn": [],
    "passkey.finishSignIn": ["audience", "challengeId", "credential", "session"],
    "passkey.rename": ["name"],
    "key.startAdd": ["publicKey"],
    "key.add": ["challengeId", "name", "signature"],
    "key.startSignIn": ["publicKey"],
    "key.finishSignIn": ["audience", "challengeId", "session", "signature"],
    "key.rename": ["name"],
  });
});

test("a body with GET or DELETE is not looked at", async () => {
  await onSite(async ({ ask }) => {
    const reply = await ask("DELETE /me", { headers: { "content-type": "text/plain" }, body: bytes("{") });
    expect(reply.body).toEqual(failure("unauthenticated"));
  });
});

/** A site where somebody has signed in, whose headers go with each request. */
async function signedIn(run: (site: Site, headers: Record<string, string>) => Promise<void>): Promise<void> {
  await onSite(async (site) => {
    await run(site, { ...JSON_TYPE, ...await site.browser("ada@example.com") });
  });
}

/** Bytes that come in pieces as they are asked for; it counts them. */
function pieces(all: Uint8Array, size: number) {
  let taken = 0;
  let cancelled = false;
  const stream = new ReadableStream({
    pull(controller) {
      const piece = all.slice(taken * size, (taken + 1) * size);
      if (piece.length === 0) return controller.close();
      controller.enqueue(piece);
      taken++;
    },
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  return { stream, taken: () => taken, cancelled: () => cancelled };
}
