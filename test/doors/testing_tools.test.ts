// What applications test with: each tool by itself, and a whole test of an application under the runtime's own runner.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type AuthOptions, createAuth } from "../../mod.ts";
import { createVerifier } from "../../src/doors/verify.ts";
import { clock, mailbox, signedIn, testbed } from "../../src/doors/testing.ts";

const ROOT = join(import.meta.dirname, "../..");
const ADA = "ada@example.com";
const BASE = { baseUrl: "http://localhost:3000" } as const;
const PAGE = `${BASE.baseUrl}/page`;
const RUNNERS = {
  node: ["--test", "--test-reporter=tap"],
  bun: ["test"],
  deno: ["test", "-A", "--no-check"],
} as const;
const runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

test("the test that the documents print passes under the runtime's own runner", () => {
  const args = [...RUNNERS[runtime], "./examples/guestbook.test.ts"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stdout + stderr).toMatch(/# pass 4|4 pass|4 passed/);
  expect(status).toBe(0);
});

test("signedIn alone makes the account, and gives what a browser sends", async () => {
  const { mailbox, options } = testbed();
  const auth = createAuth({ ...BASE, ...options });
  const headers = await signedIn(auth, ADA);
  expect([...headers.keys()]).toEqual(["cookie", "origin"]);
  expect(headers.get("origin")).toBe(BASE.baseUrl);
  expect(headers.get("cookie")).toMatch(/^latchkey-3000=lks_[^;]+; latchkey-3000-device=[^;]+$/);
  const { user, session } = await auth.requireSession(new Request(PAGE, { method: "POST", headers }));
  expect(user).toMatchObject({ email: ADA, emailVerified: true });
  expect(session.amr).toEqual([]);
  expect(mailbox.messages).toEqual([]);
});

test("over a bearer session it gives what a program sends", async () => {
  const { options } = testbed();
  for (
    const auth of [
      createAuth({ ...BASE, ...options }),
      createAuth({ ...BASE, ...options, session: { mode: "bearer" } }),
    ]
  ) {
    const headers = await signedIn(auth, ADA, { session: "bearer" });
    expect([...headers.keys()]).toEqual(["authorization", "latchkey-device"]);
    expect((await auth.requireSession(headers)).user.email).toBe(ADA);
  }
  const only = createAuth({ ...BASE, ...options, session: { mode: "bearer" } });
  expect((await signedIn(only, ADA)).has("authorization")).toBe(true); // what is usual there
});

test("signing in again is another session of the same account, also at the same moment", async () => {
  const { options } = testbed();
  const auth = createAuth({ ...BASE, ...options });
  const all = await Promise.all(Array.from({ length: 5 }, () => signedIn(auth, ADA)));
  const found = await Promise.all(all.map((headers) => auth.requireSession(headers)));
  expect(new Set(found.map(({ user }) => user.id)).size).toBe(1);
  expect(new Set(found.map(({ session }) => session.id)).size).toBe(5);
  expect((await auth.requireSession(await signedIn(auth, " ADA@example.com"))).user.id).toBe(
    found[0]?.user.id,
  );
});

test("somebody new may have a name; whoever has an account keeps it as it is", async () => {
  const { options } = testbed();
  const auth = createAuth({ ...BASE, ...options });
  const name = async (headers: Headers) => (await auth.requireSession(headers)).user.name;
  expect(await name(await signedIn(auth, ADA, { user: { name: "Ada" } }))).toBe("Ada");
  expect(await name(await signedIn(auth, ADA, { user: { name: "Eve" } }))).toBe("Ada");
});

test("with the mailbox it signs in by a code, as people do", async () => {
  const { mailbox, options } = testbed();
  const auth = createAuth({ ...BASE, ...options, emailOtp: true });
  const client = { userAgent: "a test" };
  const { session } = await auth.requireSession(await signedIn(auth, ADA, { mailbox, client }));
  expect(session).toMatchObject({ amr: ["otp", "email"], userAgent: "a test" });
  expect(mailbox.messages.map(({ kind }) => kind)).toEqual(["emailOtp.code"]);
  const off = createAuth({ ...BASE, ...options });
  await expect(signedIn(off, ADA, { mailbox })).rejects.toThrow("mailbox is of use where emailOtp is on");
});

test("what signing in refuses, signedIn refuses", async () => {
  const { options } = testbed();
  const auth = createAuth({ ...BASE, ...options });
  await expect(signedIn(auth, "no address")).rejects.toMatchObject({ code: "input_invalid" });
  const cookies = createAuth({ ...BASE, ...options, session: { mode: "cookie" } });
  await expect(signedIn(cookies, ADA, { session: "bearer" })).rejects.toMatchObject({
    code: "input_invalid",
  });
});

test("a test bed stands by itself: same seed, same codes; nothing shared; no network; warnings are kept", async () => {
  const codes = await Promise.all([1, 1, 2].map(async (seed) => {
    const { mailbox, options, warnings } = testbed({ seed });
    const auth = createAuth({ ...BASE, ...options, emailOtp: true });
    expect(await auth.users.find({ email: ADA })).toBe(null);
    await signedIn(auth, ADA, { mailbox });
    expect(warnings.some((warning) => warning.startsWith("clientIp is not set"))).toBe(true);
    await expect(options.platform.fetch("https://example.com/")).rejects.toThrow("no network in tests");
    return mailbox.code(ADA);
  }));
  expect(codes[1]).toBe(codes[0]);
  expect(codes[2]).not.toBe(codes[0]);
});

test("time is the clock's alone: turning it is all that lets a session, a token or a record expire", async () => {
  const { clock, options } = testbed({ start: Date.UTC(2040, 5, 1) });
  const given: AuthOptions = { ...BASE, ...options };
  const auth = createAuth(given);
  const cookie = await signedIn(auth, ADA);
  const bearer = await signedIn(auth, ADA, { session: "bearer" });
  const { user } = await auth.requireSession(cookie);
  expect(user.createdAt).toBe("2040-06-01T00:00:00.000Z");
  await clock.turn("15m");
  await expect(auth.requireSession(bearer)).rejects.toMatchObject({ code: "token_expired" });
  await clock.turn("7d");
  await expect(auth.requireSession(cookie)).rejects.toMatchObject({ code: "session_ended" });
});

test("another service is tested on the same bed", async () => {
  const { clock, options } = testbed();
  const auth = createAuth({ ...BASE, ...options });
  const { verify } = createVerifier({
    issuer: BASE.baseUrl,
    audience: BASE.baseUrl,
    jwks: auth.signingKeys.jwks,
    platform: options.platform,
  });
  const headers = await signedIn(auth, ADA, { session: "bearer" });
  expect((await verify(headers)).userId).toBe((await auth.requireSession(headers)).user.id);
  await clock.turn("15m");
  await expect(verify(headers)).rejects.toMatchObject({ code: "token_expired" });
});

test("a clock wakes who slept so long, in order, and nobody sooner", async () => {
  const { sleep, turn, now } = clock(0);
  const woken: string[] = [];
  void sleep(60_000).then(() => woken.push("a minute"));
  void sleep(1000).then(() => woken.push("a second"));
  await turn(0.999);
  expect(woken).toEqual([]);
  await turn("1m");
  expect(woken).toEqual(["a second", "a minute"]);
  expect(now()).toBe(60_999);
  await turn(-60.999);
  expect(now()).toBe(0);
  await expect(turn("1w" as never)).rejects.toThrow(
    'must be a duration like "15m" or a number of seconds: it is 1w',
  );
});

test("a mailbox says what is missing in it, and may be out of order", async () => {
  const { broken, code, last, send } = mailbox();
  expect(() => last(ADA)).toThrow(`nothing was mailed to ${ADA}`);
  expect(() => code(ADA)).toThrow(`nothing was mailed to ${ADA}`);
  const mail = (data: object) => send({ to: { address: ADA }, data } as never);
  await mail({ at: "now" });
  expect(() => code(ADA)).toThrow(`no mail to ${ADA} has a code`);
  await mail({ code: "111111" });
  await mail({ code: "222222" });
  await mail({ at: "later" }); // what she is told besides
  expect(code(ADA)).toBe("222222");
  broken(true);
  await expect(send({} as never)).rejects.toThrow("the mail server is out of order");
});
