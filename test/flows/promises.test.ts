// Promises of which no other file speaks by name: to users, about sessions and codes; to operators, about what is stored.
import { expect } from "vitest";
import { sha256Text } from "../../src/base/hash.ts";
import type { AuthError } from "../../src/errors.ts";
import type { Grant, SessionMode } from "../../src/model.ts";
import type { Driver } from "../../src/store/driver.ts";
import { type Files, planted, sources, withoutComments } from "../laws/source.ts";
import { type Client, type FullAuth, ROUTES } from "../suite/client.ts";
import { faulty } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { cookieOf, outcome, shows, signIn } from "../suite/steps.ts";
import { SECRET as OLD, type World } from "../suite/world.ts";
import { rewritten } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const NEW = "the-second-secret-of-these-tests-987654321";
const COOKIE = "latchkey-3000";
const NOBODY = { user: null, session: null };
const MODES: readonly SessionMode[] = ["cookie", "bearer"];

/** The ways in which a session ends, on the application's own authority. */
const ENDS: Readonly<Record<string, (auth: FullAuth, grant: Grant) => Promise<unknown>>> = {
  signOut: ({ sessions }, { user, session }) => sessions.signOut({ userId: user.id, sessionId: session.id }),
  end: ({ sessions }, { user, session }) => sessions.end({ userId: user.id, id: session.id }),
  endAll: ({ sessions }, { user }) => sessions.endAll({ userId: user.id }),
  remove: ({ users }, { user }) => users.remove({ id: user.id }),
};

/** The keys of a store that begin with a prefix. */
async function keysOf({ contents }: World, prefix: string): Promise<readonly string[]> {
  return [...(await contents()).keys()].filter((key) => key.startsWith(prefix));
}

/** A code that is not the one that was mailed. */
function wrong(code: string): string {
  return code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
}

// Codes

flow("a known and an unknown address get the same reply, for the same work of the store", async (world) => {
  await world.server().users.create({ email: ADA, emailVerified: true });
  const store = faulty(world.driver());
  const auth = world.another({ storage: store.driver });
  await auth.ready();
  const work: (readonly string[])[] = [];
  const replies: unknown[] = [];
  for (const email of [ADA, BOB]) {
    store.seen.length = 0;
    const somebody = world.at(auth);
    const { challengeId, ...started } = await somebody.emailOtp.start({ email });
    const guess = await somebody.emailOtp.verify({ challengeId, code: wrong(world.mailbox.code(email)) })
      .catch((error: AuthError) => error.toJSON());
    await world.turn("1m");
    const { challengeId: same, ...again } = await somebody.challenges.resend({ challengeId });
    expect(same).toBe(challengeId);
    replies.push([started, guess, again, ...await headersOfStart(auth, email)]);
    work.push([...store.seen]);
    await world.turn(-60);
  }
  expect(work[0]?.length).toBeGreaterThan(8);
  expect(work[1]).toEqual(work[0]);
  expect(replies[1]).toEqual(replies[0]);
});

/** Status and headers of a start over HTTP. */
async function headersOfStart({ handler }: FullAuth, email: string): Promise<readonly unknown[]> {
  const { status, headers } = await handler(
    new Request("http://localhost:3000/auth/email/start", {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "same" },
      body: JSON.stringify({ email }),
    }),
  );
  return [status, [...headers]];
}

flow("of 20 who ask for another code at once, on two servers, one causes a mail", async (world) => {
  const { challengeId } = await world.person().emailOtp.start({ email: ADA });
  await world.turn("1m");
  const told = await Promise.all(
    Array.from({ length: 20 }, (_, i) => world.person(i % 2).challenges.resend({ challengeId })),
  );
  expect(world.mailbox.messages).toHaveLength(2);
  expect(told).toEqual(told.map(() => told[0]));
  const call = world.person().emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect(await outcome(call)).toBe("fine");
}, { unhurried: true });

// Requests under way: an update never creates

let meanwhile: { readonly at: string; readonly run: () => Promise<unknown> } | null = null;

/** Lets something happen right before the first swap of a key of one kind. */
function interrupted(driver: Driver): Driver {
  return {
    ...driver,
    async swap(key, expected, next, options) {
      const due = meanwhile !== null && key.startsWith(meanwhile.at) ? meanwhile : null;
      if (due !== null) meanwhile = null;
      await due?.run();
      return await driver.swap(key, expected, next, options);
    },
  };
}

flow("an ended session is not brought back by a check under way, which is noting its use", async (world) => {
  for (const [way, end] of Object.entries(ENDS)) {
    for (const mode of MODES) {
      await world.turn("1h"); // for there to be another mail
      const { client, grant } = await signIn(world, ADA, mode);
      const { accessToken = "" } = grant;
      const headers = mode === "cookie" ? client.headers : shows({ authorization: `Bearer ${accessToken}` });
      await world.turn("5m");
      meanwhile = { at: "sessions:", run: () => end(world.server(1), grant) };
      await world.server().getSession(headers); // it began before the end: either answer is right
      expect([way, mode, meanwhile]).toEqual([way, mode, null]);
      expect([way, mode, await keysOf(world, "sessions:")]).toEqual([way, mode, []]);
      expect(await outcome(world.server().requireSession(headers))).toBe("session_ended");
    }
  }
}, { wrap: interrupted, options: { session: { idleTtl: "10m" } } });

flow(
  "a code that was used up is not brought back by a wrong guess or a resend under way",
  async (world) => {
    const late: readonly ((client: Client, challengeId: string) => Promise<unknown>)[] = [
      (client, challengeId) => client.challenges.resend({ challengeId }),
      (client, challengeId) => client.emailOtp.verify({ challengeId, code: wrong(world.mailbox.code(ADA)) }),
    ];
    for (const act of late) {
      const { challengeId } = await world.person().emailOtp.start({ email: ADA });
      const answer = { challengeId, code: world.mailbox.code(ADA) };
      await world.turn("1m");
      const mails = world.mailbox.messages.length;
      meanwhile = { at: "challenges:", run: () => world.person(1).emailOtp.verify(answer) };
      expect(await outcome(act(world.person(), challengeId))).toBe("challenge_invalid");
      expect(meanwhile).toBe(null);
      expect(await keysOf(world, "challenges:")).toEqual([]);
      expect(world.mailbox.messages).toHaveLength(mails);
    }
  },
  { wrap: interrupted },
);

// Sessions

flow(
  "sign-out, end, endAll and removal hold for the very next check in every process, by cookie and by bearer token",
  async (world) => {
    const elsewhere = world.server(1);
    for (const [way, end] of Object.entries(ENDS)) {
      for (const mode of MODES) {
        await world.turn("1h"); // for there to be another mail
        const { client, grant } = await signIn(world, ADA, mode);
        const headers = new Headers(client.headers);
        const token = mode === "cookie" ? cookieOf(client) : String(grant.accessToken);
        const asked = async () => [
          way,
          mode,
          await outcome(elsewhere.requireSession(headers)),
          (await elsewhere.getSession(headers)).user?.email,
          (await elsewhere.sessions.verify({ token }))?.user.email,
        ];
        expect(await asked()).toEqual([way, mode, "fine", ADA, ADA]);
        await end(world.server(), grant);
        expect(await asked()).toEqual([way, mode, "session_ended", undefined, undefined]);
      }
    }
  },
);

flow(
  "every route that needs a session says token_invalid to a bad bearer token and to our cookie sent twice",
  async (world) => {
    const { client } = await signIn(world, ADA);
    const cookie = `${COOKIE}=${cookieOf(client)}`;
    const bad = [
      { authorization: "Bearer garbage", cookie },
      { authorization: "Bearer", cookie },
      { cookie: `${cookie}; ${cookie}` },
    ];
    const before = await world.contents();
    const asked = Object.entries(ROUTES).filter(([, { route }]) => route.access === "session");
    expect(asked.length).toBeGreaterThanOrEqual(6);
    for (const headers of bad) {
      for (const [name] of asked) {
        const call = methodOf(shown(world, headers), name)({ id: "a".repeat(26) });
        expect([name, headers, await outcome(call)]).toEqual([name, headers, "token_invalid"]);
      }
      expect(await shown(world, headers).sessions.get()).toEqual(NOBODY);
    }
    expect(await world.contents()).toEqual(before);
  },
);

/** Somebody who shows these headers. */
function shown({ person }: World, headers: Readonly<Record<string, string>>): Client {
  const somebody = person();
  for (const [name, value] of Object.entries(headers)) somebody.headers.set(name, value);
  return somebody;
}

/** A method of a client by its name, `sessions.list`; what it does not take is left out. */
function methodOf(somebody: Client, name: string): (input: { readonly id: string }) => Promise<unknown> {
  const [feature = "", method = ""] = name.split(".");
  const methods = somebody as unknown as Record<string, Record<string, (input: object) => Promise<unknown>>>; // by the names of the calls
  return (input) => methods[feature]![method]!(name === "sessions.end" ? input : {});
}

flow("the cookie holds 256 random bits, of which the session keeps the SHA-256 alone", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const [, secret = ""] = /^lks_[a-z2-7]{52}([\w-]{43})$/.exec(cookieOf(client)) ?? [];
  const text = String((await world.contents()).get(`sessions:${grant.user.id}:${grant.session.id}`));
  expect(JSON.parse(text)).toMatchObject({ hash: sha256Text(secret), family: null });
  expect(text).not.toContain(secret);
});

// Secrets

flow(
  "what comes over the wire under a secret that is gone is nobody: 401, and never a 5xx",
  async (world) => {
    const { grant } = await signIn(world, ADA, "bearer", world.at(world.another({ secret: OLD })));
    await world.another({ secret: [NEW, OLD] }).ready();
    const last = world.another({ secret: NEW });
    await last.ready();
    const before = await world.contents();
    const { refreshToken = "" } = grant;
    expect(await outcome(world.at(last).sessions.refresh({ refreshToken }))).toBe("token_invalid");
    expect(await world.contents()).toEqual(before);
  },
);

flow("no rotation of secrets renames a key: the lookup key itself stays", async (world) => {
  await signIn(world, ADA, "bearer", world.at(world.another({ secret: OLD })));
  const before = [...(await world.contents()).keys()].toSorted();
  for (const secret of [[OLD, NEW], [NEW, OLD], [NEW]]) {
    const auth = world.another({ secret });
    expect((await auth.users.find({ email: ADA }))?.email).toBe(ADA);
    expect(await outcome(auth.users.create({ email: ADA }))).toBe("identifier_taken");
  }
  expect([...(await world.contents()).keys()].toSorted()).toEqual(before);
});

// What is stored

flow(
  "a key is made of [a-z0-9-], is no other's beginning, and never longer than 200 characters",
  async (world) => {
    const crafted = [
      "a/b@example.com",
      "a?b=c@example.com",
      "a*b@example.com",
      `${"x".repeat(64)}@a.example`,
    ];
    for (const email of [ADA, ...crafted]) {
      await signIn(world, email, "bearer");
      await world.person().emailOtp.start({ email });
    }
    const keys = await keysOf(world, "");
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !/^[a-z0-9-]+(?::[a-z0-9-]+)*$/.test(key) || key.length > 200)).toEqual([]);
    const begun = keys.filter((key) => keys.some((other) => other.startsWith(`${key}:`)));
    expect(begun).toEqual([]);
  },
);

flow(
  "every record says its schema and its revision, one higher at each write, and is unlike any other text",
  async (world) => {
    const texts = new Map<string, string>();
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      for (const [key, text] of await world.contents()) {
        const before = texts.get(key);
        if (before === text) continue;
        const { v, rev, w } = JSON.parse(text);
        const last = before === undefined ? 0 : JSON.parse(before).rev;
        expect([key, v, rev, w]).toEqual([key, 1, last + 1, expect.stringMatching(/^[\w-]{12}$/)]);
        expect(seen).not.toContain(w);
        seen.add(w);
        texts.set(key, text);
      }
    };
    const ada = world.person();
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    await look();
    await outcome(ada.emailOtp.verify({ challengeId, code: wrong(world.mailbox.code(ADA)) }));
    await look();
    const answer = { challengeId, code: world.mailbox.code(ADA), session: "bearer" } as const;
    const { refreshToken = "" } = await ada.emailOtp.verify(answer);
    // An account that is new is a draft first: two writes of one key that were not looked at in between.
    for (const [key, text] of await world.contents()) texts.set(key, text);
    await ada.sessions.refresh({ refreshToken });
    await look();
    await ada.sessions.endAll();
    await look();
    expect(seen.size).toBeGreaterThanOrEqual(6);
  },
);

flow("what has expired by our clock is absent, though the store still holds it", async (world) => {
  const { challengeId } = await world.person().emailOtp.start({ email: ADA });
  const { client } = await signIn(world, BOB);
  const kept = await world.contents();
  for (const [key, text] of kept) await world.driver().setItem(key, text); // and no life is told
  await world.turn("7d");
  const code = world.mailbox.code(ADA);
  expect(await outcome(world.person().emailOtp.verify({ challengeId, code }))).toBe("challenge_invalid");
  expect(await outcome(world.person().challenges.resend({ challengeId }))).toBe("challenge_invalid");
  expect(await outcome(world.server().requireSession(client.headers))).toBe("session_ended");
  expect(await world.contents()).toEqual(kept);
});

flow("a record that would pass 60 KiB is limit_reached, and the one before it stays", async (world) => {
  const { client, grant } = await signIn(world, ADA);
  const key = `users:${grant.user.id}`;
  const text = String((await world.contents()).get(key));
  const bytes = (written: string) => new TextEncoder().encode(written).length;
  // In characters it would fit: bytes count.
  const room = 60 * 1024 - bytes(text) - 40;
  const full = rewritten(text, '"name":null', `"name":${JSON.stringify("é".repeat(Math.floor(room / 2)))}`);
  expect(bytes(full)).toBeLessThanOrEqual(60 * 1024);
  await world.driver().setItem(key, full);
  expect(await outcome(signIn(world, ADA))).toBe("limit_reached");
  expect((await world.contents()).get(key)).toBe(full);
  expect(await outcome(world.server().requireSession(client.headers))).toBe("fine");
  expect(await outcome(client.sessions.endAll())).toBe("fine");
});

const ROOM = 1024; // how many may wait for one record
let held: Promise<void> | null = null;

flow("a line for one record is bounded: whoever comes when it is full is refused at once", async (world) => {
  const { challengeId } = await world.person().emailOtp.start({ email: ADA });
  const code = wrong(world.mailbox.code(ADA));
  const somebody = world.person();
  const guess = () => outcome(somebody.emailOtp.verify({ challengeId, code }));
  const { promise, resolve: release } = Promise.withResolvers<void>();
  held = promise;
  const guesses = Array.from({ length: ROOM + 3 }, guess);
  expect(await Promise.race(guesses)).toBe("storage_unavailable"); // while the others wait
  release();
  held = null;
  const counted: Record<string, number> = {};
  for (const code of await Promise.all(guesses)) counted[code] = (counted[code] ?? 0) + 1;
  expect(counted).toEqual({ code_invalid: 5, challenge_invalid: ROOM - 5, storage_unavailable: 3 });
  expect(await guess()).toBe("challenge_invalid"); // and the line is gone
}, {
  wrap: (driver) => ({
    ...driver,
    async swap(key, expected, next, options) {
      if (key.startsWith("challenges:")) await held;
      return await driver.swap(key, expected, next, options);
    },
  }),
});

// Development conveniences

test("NODE_ENV decides nothing: no code asks for it", () => {
  const asking = (files: Files) =>
    [...files].filter(([, text]) => withoutComments(text).includes("NODE_ENV")).map(([path]) => path);
  expect(asking(sources())).toEqual([]);
  const seen = planted(new Map(), { "src/a.ts": 'if (process.env["NODE_ENV"] === "test") open();' });
  expect(asking(seen)).toEqual(["src/a.ts"]);
});
