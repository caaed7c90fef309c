// The example plug-in, on every store: signing in by a code that comes as a text message.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Sms, sms, type SmsOptions, type SmsVerify } from "../../examples/sms_plugin.ts";
import type { Grant, MailedStep } from "../../src/model.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { FullAuth } from "../suite/client.ts";
import { faulty } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { plugged } from "../suite/plugged.ts";
import { outcome } from "../suite/steps.ts";
import { BASE_URL, type World, world } from "../suite/world.ts";

const NUMBER = "+4915123456789";
const OTHER = "+4915198765432";

/** A server with the plug-in, and what it has sent. */
function site(world: World, given: Partial<SmsOptions> = {}, options: Partial<AuthOptions> = {}) {
  const sent: { to: string; text: string }[] = [];
  const send = (to: string, text: string) => Promise.resolve(sent.push({ to, text }));
  const auth = world.another({ plugins: [sms({ send, ...given })], ...options }) as FullAuth & {
    readonly sms: Sms;
  };
  const code = (i = -1) =>
    /code for http:\/\/localhost:3000 is (\d+)\./.exec(sent.at(i)?.text ?? "")?.[1] ?? "none";
  return { auth, sent, code, person: () => someone(world, auth) };
}

function someone(world: World, auth: FullAuth) {
  const { call, headers } = plugged(world, auth);
  return {
    headers,
    start: (number: string) => call<MailedStep>("sms.start", "POST /sms/start", { number }),
    verify: (input: SmsVerify) => call<Grant>("sms.verify", "POST /sms/verify", input),
    resend: (challengeId: string) =>
      call<MailedStep>("challenges.resend", "POST /challenges/resend", { challengeId }),
  };
}

function wrong(code: string): string {
  return code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
}

async function keysOf({ contents }: World, prefix: string): Promise<number> {
  return [...(await contents()).keys()].filter((key) => key.startsWith(prefix)).length;
}

flow("a number signs up, and is the same account however it is typed; there is no address", async (world) => {
  const { auth, sent, code, person } = site(world);
  const { challengeId, expiresAt, resendAt } = await person().start("+49 (151) 234-56789");
  expect(sent.map(({ to }) => to)).toEqual([NUMBER]);
  expect(Date.parse(expiresAt) - world.now()).toBe(600_000);
  expect(Date.parse(resendAt) - world.now()).toBe(60_000);
  const { user, session } = await person().verify({ challengeId, code: code().replace(/^.../, "$& ") });
  expect(user).toEqual({
    id: expect.stringMatching(/^[a-z2-7]{26}$/),
    email: null,
    emailVerified: false,
    name: null,
    roles: [],
    createdAt: new Date(world.now()).toISOString(),
  });
  expect(session.amr).toEqual(["otp", "sms"]);
  const again = await person().start(NUMBER);
  const grant = await person().verify({ ...again, code: code(), session: "bearer" } as SmsVerify).catch(() =>
    null
  );
  expect(grant).toBe(null); // what is no member of the input is refused
  const second = await person().verify({ challengeId: again.challengeId, code: code(), session: "bearer" });
  expect(second.user).toEqual(user);
  expect(await auth.sms.numberOf({ id: user.id })).toBe(NUMBER);
  expect((await auth.sessions.list({ userId: user.id })).items).toHaveLength(2);
  expect(await auth.users.remove({ id: user.id })).toEqual({ removed: 4 });
  expect([await keysOf(world, "users:"), await keysOf(world, "identifiers:")]).toEqual([0, 0]);
});

test("a client may ask for so many codes, and answer so many, whatever numbers it names", async () => {
  const here = world("memory", "http");
  const { auth, sent } = site(here, {}, { clientIp: "direct" });
  const ask = async (path: string, body: object, remoteAddress: string) => {
    const headers = { "content-type": "application/json", origin: BASE_URL };
    const request = new Request(`${BASE_URL}/auth${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return (await auth.handler(request, { remoteAddress })).status;
  };
  const starts: number[] = [];
  for (let i = 0; i < 40; i++) {
    starts.push(await ask("/sms/start", { number: `+49151234567${10 + i}` }, "192.0.2.1"));
  }
  expect(starts).toEqual([...Array(30).fill(200), ...Array(10).fill(429)]);
  expect(sent).toHaveLength(30);
  const answers: number[] = [];
  const guess = { challengeId: "a".repeat(26), code: "123456" };
  for (let i = 0; i < 70; i++) answers.push(await ask("/sms/verify", guess, "192.0.2.1"));
  expect(answers.filter((status) => status === 429)).toHaveLength(10);
  expect(await ask("/sms/start", { number: NUMBER }, "192.0.2.2")).toBe(200);
  await here.close();
});

flow("a session is for the audience that was asked for, of those there are", async (world) => {
  const { code, person } = site(world, {}, { audiences: ["https://api.example.com"] });
  const { challengeId } = await person().start(NUMBER);
  const answer = { challengeId, code: code() };
  expect(await outcome(person().verify({ ...answer, audience: "https://elsewhere.example" }))).toBe(
    "input_invalid",
  );
  const { session } = await person().verify({ ...answer, audience: "https://api.example.com" });
  expect(session.audience).toBe("https://api.example.com");
});

flow("a wrong code costs a guess, and the fifth the step", async (world) => {
  const { code, person } = site(world);
  const { challengeId } = await person().start(NUMBER);
  const said: unknown[] = [];
  for (let i = 0; i < 6; i++) {
    const error = await person().verify({ challengeId, code: wrong(code()) }).catch((thrown) => thrown);
    said.push([error.code, error.details?.attemptsLeft]);
  }
  expect(said).toEqual([
    ...[4, 3, 2, 1, 0].map((left) => ["code_invalid", left]),
    ["challenge_invalid", undefined],
  ]);
  expect(await outcome(person().verify({ challengeId, code: code() }))).toBe("challenge_invalid");
  expect(await keysOf(world, "users:")).toBe(0);
});

flow("another code can be sent after a minute; the first stays right", async (world) => {
  const { sent, code, person } = site(world);
  const first = await person().start(NUMBER);
  expect(await person().resend(first.challengeId)).toEqual(first);
  expect(sent).toHaveLength(1);
  await world.turn("61s");
  const second = await person().resend(first.challengeId);
  expect(sent.map(({ to }) => to)).toEqual([NUMBER, NUMBER]);
  expect(Date.parse(second.resendAt)).toBeGreaterThan(Date.parse(first.resendAt));
  const { challengeId } = first;
  const { user } = await person().verify({ challengeId, code: code(0) });
  expect(user.id).toMatch(/^[a-z2-7]{26}$/);
  expect(await outcome(person().verify({ challengeId, code: code(1) }))).toBe("challenge_invalid");
});

flow(
  "without sign-up a known and an unknown number get the same reply, for the same work of the store",
  async (world) => {
    const open = site(world);
    const { challengeId } = await open.person().start(NUMBER);
    await open.person().verify({ challengeId, code: open.code() });
    await open.person().start(OTHER); // as many messages went there
    const store = faulty(world.driver());
    const { auth, sent, code, person } = site(world, { signUp: false }, { storage: store.driver });
    await auth.ready();
    const work: unknown[] = [];
    const replies: MailedStep[] = [];
    for (const number of [NUMBER, OTHER]) {
      store.seen.length = 0;
      replies.push(await person().start(number));
      work.push([...store.seen]);
    }
    await world.turn("1s");
    expect(work[0]).toEqual(work[1]);
    expect(replies.map(({ expiresAt, resendAt }) => ({ expiresAt, resendAt }))[0]).toEqual({
      expiresAt: replies[1]?.expiresAt,
      resendAt: replies[1]?.resendAt,
    });
    expect(sent.map(({ to }) => to)).toEqual([NUMBER]);
    const guess = { challengeId: replies[1]!.challengeId, code: code() };
    expect(await outcome(person().verify(guess))).toBe("code_invalid");
  },
);

flow("a code is worth nothing for another purpose, and is not spent by it", async (world) => {
  const { auth, code, person } = site(world);
  const mail = await world.at(auth).emailOtp.start({ email: "ada@example.com" });
  const text = await person().start(NUMBER);
  const mailed = world.mailbox.code("ada@example.com");
  for (const guess of [mailed, code()]) {
    expect(await outcome(person().verify({ challengeId: mail.challengeId, code: guess }))).toBe(
      "challenge_invalid",
    );
    expect(await outcome(world.at(auth).emailOtp.verify({ challengeId: text.challengeId, code: guess })))
      .toBe(
        "challenge_invalid",
      );
  }
  const byMail = await world.at(auth).emailOtp.verify({ challengeId: mail.challengeId, code: mailed });
  const byText = await person().verify({ challengeId: text.challengeId, code: code() });
  expect(byMail.user.id).not.toBe(byText.user.id);
});

flow("of 100 parallel right answers one signs in", async (world) => {
  const { auth, code, person } = site(world);
  const { challengeId } = await person().start(NUMBER);
  const answers = await Promise.all(
    Array.from(
      { length: 100 },
      () => person().verify({ challengeId, code: code() }).catch((error) => error.code),
    ),
  );
  const grants = answers.filter((answer) => typeof answer === "object");
  expect(grants).toHaveLength(1);
  const refused = new Set(answers.filter((answer) => typeof answer === "string"));
  expect([...refused].filter((code) => code !== "challenge_invalid" && code !== "rate_limited")).toEqual([]);
  expect((await auth.sessions.list({ userId: grants[0].user.id })).items).toHaveLength(1);
  expect(await keysOf(world, "users:")).toBe(1);
}, { unhurried: true });

flow("of those who sign up with one number at once all get the one account", async (world) => {
  const { code, person } = site(world);
  const steps = [];
  for (let i = 0; i < 4; i++) steps.push({ ...await person().start(NUMBER), code: code() });
  const grants = await Promise.all(
    steps.map(({ challengeId, code }) => person().verify({ challengeId, code })),
  );
  expect(new Set(grants.map(({ user }) => user.id)).size).toBe(1);
  expect([await keysOf(world, "users:"), await keysOf(world, "identifiers:")]).toEqual([1, 1]);
});

flow("a code that was sent before everything was revoked signs nobody in", async (world) => {
  const { auth, code, person } = site(world);
  const first = await person().start(NUMBER);
  const { user } = await person().verify({ challengeId: first.challengeId, code: code() });
  const { challengeId } = await person().start(NUMBER);
  await auth.sessions.endAll({ userId: user.id });
  expect(await outcome(person().verify({ challengeId, code: code() }))).toBe("challenge_invalid");
  expect((await auth.sessions.list({ userId: user.id })).items).toEqual([]);
});

flow(
  "a gateway that fails is mail_failed; nothing of what it said is told, and no step is left",
  async (world) => {
    const { person } = site(world, { send: () => Promise.reject(new Error("the gateway's secret")) });
    const error = await person().start(NUMBER).catch((thrown) => thrown);
    expect([error.code, JSON.stringify(error)]).toEqual([
      "mail_failed",
      expect.not.stringContaining("secret"),
    ]);
    expect(await keysOf(world, "challenges:")).toBe(0);
  },
);

test("the example is as short as the page says, and stands on public doors", () => {
  const text = readFileSync(new URL("../../examples/sms_plugin.ts", import.meta.url), "utf8").trimEnd();
  expect(text.split("\n").length).toBeLessThan(110);
  const from = [...text.matchAll(/ from "([^"]+)"/g)].map(([, specifier]) => specifier);
  expect(from).toEqual(["@latchkey/auth", "@latchkey/auth/plugin"]);
});
