import { expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { ERRORS } from "../../src/errors.ts";
import { chance } from "../../src/testing/chance.ts";
import { onSite, requestOf, ROWS } from "./site.ts";

test("1,000 parallel requests of 50 users: each sees their own session, and nobody else's", async () => {
  await onSite(
    async ({ auth, world }) => {
      const users = await Promise.all(Array.from({ length: 50 }, async (_, n) => {
        const { id } = await auth.users.create({ email: `user-${n}@example.com` });
        const grant = await auth.sessions.create({ userId: id, session: n % 2 === 0 ? "cookie" : "bearer" });
        const [cookie = ""] = auth.cookies(grant)[0]?.split(";") ?? [];
        const headers: Record<string, string> = n % 2 === 0
          ? { cookie }
          : { authorization: `Bearer ${grant.accessToken}` };
        return { id, session: grant.session.id, headers };
      }));
      const dice = chance(7);
      const asked = Array.from({ length: 1000 }, (_, n) => {
        const user = n % 5 === 4 ? null : users[dice(1)[0]! % 50]!;
        const call = ["GET /session", "GET /me", "GET /sessions", "POST /session/token"][dice(1)[0]! % 4]!;
        return { user, call };
      });
      const answers = await Promise.all(asked.map(async ({ user, call }) => {
        const response = await auth.handler(requestOf(call, { headers: user?.headers ?? {} }));
        return whose(call, await response.json());
      }));
      const expected = asked.map(({ user, call }) =>
        user === null
          ? call === "GET /session" ? [undefined, undefined] : ["unauthenticated"]
          : call === "GET /me"
          ? [user.id]
          : call === "GET /sessions"
          ? [user.session]
          : [user.id, user.session]
      );
      expect(answers).toEqual(expected);
      expect(new Set(answers.map(String)).size).toBeGreaterThan(100);
      await world.close();
    },
    {},
    { unhurried: true },
  );
});

/** What a reply says of who it is for. */
function whose(call: string, body: unknown): readonly unknown[] {
  const { code, id, user, session, items, accessToken } = Object(body);
  if (code !== undefined) return [code];
  if (call === "GET /me") return [id];
  if (call === "GET /sessions") return items.map((one: { id: string }) => one.id);
  if (call === "GET /session") return [user?.id, session?.id];
  const { sub, sid } = JSON.parse(atob(accessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  return [sub, sid];
}

test("two libraries in one process share nothing", async () => {
  await onSite(async ({ auth, world }) => {
    const other = world.another({ storage: memory({ now: world.now }), emailOtp: { length: 8 } });
    const user = await auth.users.create({ email: "ada@example.com" });
    const [cookie, bearer] = [
      await auth.sessions.create({ userId: user.id }),
      await auth.sessions.create({ userId: user.id, session: "bearer" }),
    ];
    const shown = [
      new Headers({ cookie: auth.cookies(cookie)[0]!.split(";")[0]! }),
      new Headers({ authorization: `Bearer ${bearer.accessToken}` }),
    ];
    for (const headers of shown) {
      expect((await auth.getSession(headers)).user).toEqual(user);
      expect(await other.getSession(headers)).toEqual({ user: null, session: null });
    }
    expect(() => other.cookies(cookie)).toThrow(expect.objectContaining({ code: "input_invalid" }));
    expect(await other.users.get({ id: user.id })).toBe(null);
    expect(await other.users.find({ email: "ada@example.com" })).toBe(null);
    await expect(other.sessions.refresh({ refreshToken: bearer.refreshToken! })).rejects.toMatchObject({
      status: 401,
    });
    const mine = await auth.emailOtp.start({ email: "ada@example.com" });
    await expect(other.emailOtp.verify({ ...mine, code: world.mailbox.code("ada@example.com") } as never))
      .rejects
      .toMatchObject({ code: "input_invalid" });
    await expect(other.challenges.resend({ challengeId: mine.challengeId })).rejects
      .toMatchObject({ code: "challenge_invalid" });
    expect([(await auth.signingKeys.jwks()).keys[0]?.kid]).not.toEqual([
      (await other.signingKeys.jwks()).keys[0]?.kid,
    ]);
    await other.close();
    expect((await auth.getSession(shown[0]!)).user).toEqual(user);
  });
});

test("whatever 500 requests are made of, each is answered, below 500, by a code of the table", async () => {
  await onSite(async ({ auth, browser }) => {
    const dice = draw(2026);
    const own = await browser("ada@example.com");
    const seen = new Map<string, number>();
    for (let n = 0; n < 500; n++) {
      const request = random(dice, own.cookie);
      const told = `${n}: ${request.method} ${request.url} ${
        JSON.stringify([...request.headers]).slice(0, 300)
      }`;
      const response = await auth.handler(request);
      expect(response, told).toBeInstanceOf(Response);
      expect(response.status, told).toBeLessThan(500);
      expect(response.headers.get("x-request-id"), told).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      const text = await response.text();
      const { code, status } = text === ""
        ? { code: undefined, status: undefined }
        : Object(JSON.parse(text));
      if (!response.ok && request.method !== "HEAD") {
        expect([code, status], told).toEqual([code, ERRORS[code as keyof typeof ERRORS][0]]);
        expect(status, told).toBe(response.status);
      }
      const answer = code ?? response.status;
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
    // It would show nothing if all were stopped at the first door.
    for (
      const answer of [
        200,
        204,
        "not_found",
        "method_not_allowed",
        "origin_forbidden",
        "input_invalid",
        "json_invalid",
      ]
    ) {
      expect(seen.get(answer as never) ?? 0, String(answer)).toBeGreaterThan(0);
    }
  });
});

type Dice = ReturnType<typeof draw>;

function draw(seed: number) {
  const bytes = chance(seed);
  const below = (end: number) => Math.floor((bytes(1)[0]! * 256 + bytes(1)[0]!) / 65_536 * end);
  return {
    below,
    one: <T>(of: readonly T[]): T => of[below(of.length)]!,
    chance: (percent: number) => below(100) < percent,
    bytes,
    text: (length: number) =>
      String.fromCharCode(
        ...Array.from(bytes(below(length)), (byte) => byte % 3 === 0 ? byte : 97 + byte % 26),
      ),
  };
}

function random(dice: Dice, cookie: string): Request {
  const row = dice.one(ROWS);
  const method = dice.chance(70)
    ? row.method
    : dice.one(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"]);
  const path = dice.chance(75) ? row.path : dice.one([
    `${row.path}/`,
    row.path.toUpperCase(),
    `/${dice.text(12).replace(/[^!-~]/g, "")}`,
    `${row.path}?${encodeURIComponent(dice.text(20))}`,
    row.path.replace("/", "%2f"),
  ]);
  const headers = new Headers();
  const set = (percent: number, name: string, value: () => string) => {
    if (dice.chance(percent)) {
      headers.set(name, value().replace(/[\0\r\n]/g, " ").replace(/[^\t -\xff]/g, "?"));
    }
  };
  set(
    40,
    "origin",
    () =>
      dice.one([
        "http://localhost:3000",
        "http://localhost:3000",
        "https://evil.test",
        "null",
        dice.text(20),
      ]),
  );
  set(
    40,
    "cookie",
    () =>
      dice.one([cookie, `${cookie}; ${cookie}`, `latchkey-3000=${dice.text(99)}`, dice.text(200), ";;=;"]),
  );
  set(
    20,
    "authorization",
    () => dice.one(["Bearer", `Bearer ${dice.text(300)}`, "Bearer a.b.c", "Basic x", dice.text(50)]),
  );
  set(
    85,
    "content-type",
    () => dice.one(["application/json", "application/json", "application/json", "text/plain", dice.text(20)]),
  );
  set(10, "sec-fetch-site", () => dice.one(["same-origin", "cross-site", dice.text(9)]));
  set(20, "x-request-id", () => dice.text(80));
  set(30, "user-agent", () => dice.text(600));
  set(5, "content-length", () => dice.one(["0", "-5", "99999999", "1e9", "x"]));
  const hasBody = method !== "GET" && method !== "HEAD" && dice.chance(80);
  return new Request(`http://localhost:3000/auth${path}`, {
    method,
    headers,
    ...(hasBody && { body: content(dice) }),
  });
}

function content(dice: Dice): Uint8Array<ArrayBuffer> {
  if (dice.chance(10)) return Uint8Array.from(dice.bytes(dice.below(500)));
  const text = JSON.stringify(dice.chance(80) ? object(dice, 2) : value(dice, 2));
  const cut = dice.chance(15) ? text.slice(0, dice.below(text.length)) : text;
  return Uint8Array.from(new TextEncoder().encode(cut));
}

const MEMBERS = [
  "email",
  "challengeId",
  "code",
  "session",
  "refreshToken",
  "attempt",
  "except",
  "userId",
  ...["publicKey", "signature", "credential", "name", "id"],
  ...["identifier", "password", "newPassword", "token", "remember"],
  "__proto__",
  "x",
];

function object(dice: Dice, depth: number): object {
  const entries = Array.from({ length: dice.below(4) }, () => [dice.one(MEMBERS), value(dice, depth - 1)]);
  return Object.fromEntries(entries);
}

function value(dice: Dice, depth: number): unknown {
  const simple = [
    "ada@example.com",
    "a".repeat(26),
    "123456",
    "cookie",
    "bearer",
    null,
    true,
    0,
    -1,
    1e99,
    "\ud800",
    "\0",
    dice.text(400),
  ];
  if (depth <= 0 || dice.chance(70)) return dice.one(simple);
  return dice.chance(50)
    ? object(dice, depth)
    : Array.from({ length: dice.below(4) }, () => value(dice, depth - 1));
}
