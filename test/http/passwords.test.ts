// What of passwords is HTTP's: statuses, cookies, headers, what is refused and how; and that replies tell nobody who has an account.
import { expect, test } from "vitest";
import * as v from "valibot";
import { PASSWORD, quick } from "../suite/hashing.ts";
import { FIRST } from "../suite/password_holder.ts";
import { counting } from "../suite/password_steps.ts";
import { BASE_URL } from "../suite/world.ts";
import { failure, issues, onSite, type Reply, type Site } from "./site.ts";

const [ADA, BOB] = ["ada@example.com", "bob@example.com"];
const NAMES = ["latchkey-3000", "latchkey-3000-device"];
const KEYS = [..."🔑🗝🚪🔒🔓🧭🎹🪪🏠🪟🧰🪜"];

test("a sign-up sets a cookie when the code is given, and a sign-in at once", async () => {
  await onSite(async (site) => {
    const step = await signUp(site, { email: ADA });
    expect([step.status, step.headers.getSetCookie()]).toEqual([202, []]);
    const { challenge: { id: challengeId } } = Object(step.body);
    const code = site.world.mailbox.code(ADA);
    const first = await post(site, "sign-up/verify", { challengeId, code });
    expect([first.status, cookiesOf(first)]).toEqual([201, NAMES]);
    expect(Object.keys(Object(first.body)).toSorted()).toEqual(["session", "user"]);
    const again = await signIn(site, ADA, FIRST);
    expect([again.status, cookiesOf(again)]).toEqual([200, NAMES]);
    const bearer = await post(site, "sign-in", { identifier: ADA, password: FIRST, session: "bearer" });
    expect([bearer.status, cookiesOf(bearer), Object(bearer.body).tokenType]).toEqual([200, [], "Bearer"]);
  });
});

test("without a code a sign-up is 201 with a cookie, and 409 where the address has an account", async () => {
  await onSite(async (site) => {
    const first = await signUp(site, { email: ADA });
    expect([first.status, cookiesOf(first)]).toEqual([201, NAMES]);
    const again = await signUp(site, { email: ADA });
    expect([again.status, cookiesOf(again), again.body]).toEqual([409, [], failure("identifier_taken")]);
  }, { password: { ...PASSWORD, signUp: { verify: false } } });
});

test("known and unknown addresses get the same status, headers and body, whatever is asked", async () => {
  await onSite(async (site) => {
    await site.auth.users.create({ email: ADA, emailVerified: true, passwordHash: quick(FIRST) });
    const all: unknown[] = [];
    for (const email of [ADA, BOB]) {
      const step = await signUp(site, { email });
      const { challenge: { id: challengeId, ...times } } = Object(step.body);
      await site.world.turn("1m");
      const again = await site.ask("POST /challenges/resend", { headers: SAME, body: { challengeId } });
      const { challengeId: _, ...later } = Object(again.body);
      const guess = await post(site, "sign-up/verify", { challengeId, code: "123456789" });
      const wrong = await signIn(site, email, "not the right one");
      all.push([times, later, guess.body, wrong.body, ...[step, again, guess, wrong].map(faceOf)]);
      await site.world.turn(-60);
    }
    expect(all[1]).toEqual(all[0]);
    expect(JSON.stringify(all)).toContain("credentials_invalid");
  });
});

test.each<readonly [what: string, password: string, message: string]>([
  ["too short", "short words", "must be at least 12 characters long: it has 11"],
  [
    "eleven signs of two units each",
    KEYS.slice(1).join(""),
    "must be at least 12 characters long: it has 11",
  ],
  ["six letters, each in two parts", "e\u0301".repeat(6), "must be at least 12 characters long: it has 6"],
  ["too long", "so long. ".repeat(28) + "12345", "must be at most 256 characters long: it has 257"],
  ["common", "password1234", "must be another one: this one is among the first that are tried"],
  ["the address", "Ada@Example.com", "must be made of more than your own name and address"],
  ["the name", "Countess Lovelace 1", "must be made of more than your own name and address"],
])("a password that is %s is 422, and nothing comes of it", async (_, password, message) => {
  await onSite(async (site) => {
    await site.auth.ready();
    const before = await site.world.contents();
    const reply = await signUp(site, { email: ADA, password, name: "Countess Lovelace" });
    expect([reply.status, reply.body]).toEqual([
      422,
      failure("password_weak", { issues: [{ path: "password", message }] }),
    ]);
    expect([await site.world.contents(), site.world.mailbox.messages]).toEqual([before, []]);
  });
});

test("characters are counted, not bytes or units, and refusals of the application's own are told", async () => {
  const refuse = (password: string) => password.includes("latch") ? "must not name what it opens" : false;
  await onSite(async (site) => {
    expect((await signUp(site, { email: ADA, password: KEYS.join("") })).status).toBe(202);
    const reply = await signUp(site, { email: ADA, password: "a latch and a key" });
    expect([reply.status, issues(reply)]).toEqual([422, { password: "must not name what it opens" }]);
  }, { password: { ...PASSWORD, refuse } });
});

test("what no keyboard types is 400, before anything is judged", async () => {
  const { password, count } = counting();
  await onSite(async (site) => {
    for (const odd of ["", "a\0 long way to go", "x".repeat(2049), 12, null, ["a"]]) {
      for (
        const reply of [
          await post(site, "sign-in", { identifier: ADA, password: odd }),
          await signUp(site, { password: odd }),
        ]
      ) {
        expect([odd, reply.status, Object.keys(issues(reply))]).toEqual([odd, 400, ["password"]]);
      }
    }
    expect(count).toEqual({ hashed: 0, judged: 0 });
  }, { password });
});

test("fields of the application's own come with a sign-up, and are judged as everywhere", async () => {
  const fields = v.strictObject({
    plan: v.optional(v.picklist(["free", "pro"])),
    bio: v.optional(v.string()),
  });
  await onSite(async (site) => {
    const large = await signUp(site, { email: ADA, bio: "x".repeat(8200) });
    expect([large.status, large.body]).toEqual([409, failure("limit_reached")]);
    for (const odd of [{ plan: "other" }, { plna: "pro" }, { roles: ["admin"] }, { emailVerified: true }]) {
      const reply = await signUp(site, { email: ADA, ...odd });
      expect([reply.status, Object(reply.body).code, site.world.mailbox.messages]).toEqual([
        400,
        "input_invalid",
        [],
      ]);
    }
    const { challenge: { id: challengeId } } = Object((await signUp(site, { email: ADA, plan: "pro" })).body);
    const code = site.world.mailbox.code(ADA);
    const { body } = await post(site, "sign-up/verify", { challengeId, code });
    expect(body).toMatchObject({ user: { email: ADA, plan: "pro" } });
  }, { users: { fields } });
});

test("what only the application's own code may set, an override keeps out of sign-ups", async () => {
  const fields = v.strictObject({ plan: v.optional(v.picklist(["free", "pro"])) });
  await onSite(async (site) => {
    const { challenge: { id: challengeId } } = Object((await signUp(site, { email: ADA, plan: "pro" })).body);
    const code = site.world.mailbox.code(ADA);
    const { status, body } = await post(site, "sign-up/verify", { challengeId, code });
    expect([status, "plan" in Object(body).user]).toEqual([201, false]);
  }, {
    users: { fields },
    overrides: {
      password: {
        signUp: ({ email, password, session, audience, client }, original) =>
          original({ email, password, session, audience, client }),
      },
    },
  });
});

test("a list of known passwords is asked wherever one is chosen, and one that is silent is waited for by nobody", async () => {
  const asked: string[] = [];
  const answers = [() => new Response(`${"0".repeat(35)}:1`), () => new Response("", { status: 500 })];
  const fetch = (url: string | URL | Request) => {
    asked.push(String(url));
    return Promise.resolve(answers[Math.min(asked.length, 2) - 1]!());
  };
  await onSite(async (site) => {
    expect((await signUp(site, { email: ADA })).status).toBe(202);
    const busy = await signUp(site, { email: BOB });
    expect([busy.status, busy.headers.get("retry-after"), busy.body]).toEqual([
      503,
      "5",
      failure("busy", { retryAfter: 5 }),
    ]);
    const digits = expect.stringMatching(/^https:\/\/api\.pwnedpasswords\.com\/range\/[0-9A-F]{5}$/);
    expect(asked).toEqual([digits, digits]);
    expect(site.world.mailbox.messages.map(({ to }) => to.address)).toEqual([ADA]);
  }, { password: { ...PASSWORD, breached: "haveibeenpwned" }, platform: { fetch } });
});

test("where failOpen is chosen a list that cannot be asked refuses nobody, and an event says so", async () => {
  const fetch = () => Promise.reject(new TypeError("no network"));
  await onSite(async (site) => {
    expect((await signUp(site, { email: ADA })).status).toBe(202);
    const errors = site.world.lines.filter(({ event }) => event === "error");
    expect(errors).toMatchObject([{ message: expect.stringMatching(/^A password was accepted/) }]);
    expect(JSON.stringify(errors)).toContain("no network");
  }, {
    password: { ...PASSWORD, breached: { list: "haveibeenpwned", failOpen: true } },
    platform: { fetch },
  });
});

test("a page of somebody else's site signs nobody in, and has no password judged", async () => {
  const { password, count } = counting();
  await onSite(async (site) => {
    const headers = { origin: "https://elsewhere.example" };
    for (const path of ["sign-up", "sign-in"]) {
      const body = { email: ADA, identifier: ADA, password: FIRST };
      const reply = await site.ask(`POST /password/${path}`, { headers, body });
      expect([path, reply.status, reply.body]).toEqual([path, 403, failure("origin_forbidden")]);
    }
    expect([count, site.world.mailbox.messages]).toEqual([{ hashed: 0, judged: 0 }, []]);
  }, { password });
});

test("past the queue everybody is told to come again, and guesses are given back", async () => {
  const open = Promise.withResolvers<void>();
  const verify = async (password: string, kept: string) => {
    await open.promise;
    return quick(password) === kept;
  };
  await onSite(async (site) => {
    await site.auth.users.create({ email: ADA, emailVerified: true, passwordHash: quick(FIRST) });
    const crowd = Array.from({ length: 106 }, (_, i) => signIn(site, `user-${i}@example.com`, "a guess"));
    await Promise.race(crowd); // who is answered now was turned away
    const busy = { status: 503, retryAfter: "2", body: failure("busy", { retryAfter: 2 }) };
    const told = ({ status, headers, body }: Reply) => ({
      status,
      retryAfter: headers.get("retry-after"),
      body,
    });
    const guesses = (size: number) =>
      Promise.all(Array.from({ length: size }, () => signIn(site, ADA, "a guess")));
    for (let i = 0; i < 2; i++) {
      expect((await guesses(26)).map(told)).toEqual(Array.from({ length: 26 }, () => busy));
    }
    expect(told(await signUp(site, { email: BOB }))).toEqual(busy);
    expect(site.world.mailbox.messages).toEqual([]);
    open.resolve();
    await Promise.all(crowd);
    expect(tally(await guesses(51))).toEqual({ 401: 50, 429: 1 });
  }, { password: { hash: { hash: quick, verify } } });
});

test("a judge that fails instead of saying no is paid for, and what it says is told to nobody", async () => {
  const verify = (password: string, kept: string) => {
    if (quick(password) === kept) return true;
    throw new Error(`${password} does not fit ${kept}`);
  };
  await onSite(async (site) => {
    await site.auth.users.create({ email: ADA, emailVerified: true, passwordHash: quick(FIRST) });
    const thirty = () =>
      Promise.all(Array.from({ length: 30 }, () => signIn(site, ADA, "what somebody types")));
    const replies = [...await thirty(), ...await thirty()]; // what the first got back, the second would have
    expect(tally(replies)).toEqual({ 500: 50, 429: 10 });
    expect(JSON.stringify(replies.map(({ body }) => body))).not.toContain("fit");
    const logged = JSON.stringify(site.world.lines);
    expect(logged).toContain("[hidden] does not fit [hidden]");
    expect([logged.includes("what somebody types"), logged.includes("quick:")]).toEqual([false, false]);
  }, { password: { hash: { hash: quick, verify } } });
});

test("what a policy of the application's own fails with is told to nobody", async () => {
  const fail = (password: string) => {
    throw new Error(`cannot look up ${password}`);
  };
  for (const password of [{ ...PASSWORD, refuse: fail }, { ...PASSWORD, breached: fail }]) {
    await onSite(async (site) => {
      expect((await signUp(site, { email: ADA })).body).toMatchObject(failure("internal"));
      expect(JSON.stringify(site.world.lines)).toContain("cannot look up [hidden]");
    }, { password });
  }
});

/** So that replies can be compared. */
const SAME = { origin: BASE_URL, "x-request-id": "same" };

function post({ ask }: Site, path: string, body: object): Promise<Reply> {
  return ask(`POST /password/${path}`, { headers: SAME, body });
}

function signUp(site: Site, body: object): Promise<Reply> {
  return post(site, "sign-up", { email: ADA, password: FIRST, ...body });
}

function signIn(site: Site, identifier: string, password: string): Promise<Reply> {
  return post(site, "sign-in", { identifier, password });
}

/** All of a reply but its body. */
function faceOf({ status, headers }: Reply): unknown {
  return [status, [...headers]];
}

/** The names of the cookies that a reply sets. */
function cookiesOf({ headers }: Reply): readonly (string | undefined)[] {
  return headers.getSetCookie().map((one) => one.split("=")[0]);
}

function tally(replies: readonly Reply[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
