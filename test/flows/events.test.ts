import { expect } from "vitest";
import type { AuthEvent, EventName } from "../../src/events.ts";
import { EVENTS } from "../../src/events.ts";
import { refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { signIn } from "../suite/steps.ts";
import { type Line, within, type World } from "../suite/world.ts";

const ADA = "ada@example.com";

flow("what happens is told, after it happened, with its request and without a secret", async (here) => {
  const ada = here.person();
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  await refusal(ada.emailOtp.verify({ challengeId, code: "00000 0" }));
  const first = await ada.emailOtp.verify({ challengeId, code: here.mailbox.code(ADA), session: "bearer" });
  const { user, session, refreshToken = "" } = first;
  await ada.sessions.refresh({ refreshToken });
  await here.turn("1h");
  await refusal(here.person().sessions.refresh({ refreshToken }));
  await refusal(ada.account.get());
  await refusal(here.person().sessions.refresh({ refreshToken: "lkr_no-such-thing" }));
  const { client: again } = await signIn(here, ADA);
  const { client: third } = await signIn(here, ADA);
  const { session: { id } } = await third.sessions.get() as { session: { id: string } };
  await third.sessions.signOut();
  await again.sessions.endAll({});
  await (await signIn(here, ADA)).client.account.remove();
  const whose = { userId: user.id, sessionId: session.id };
  expect(told(here).filter(([name]) => OURS.has(name))).toEqual([
    ["signIn.failed", { operation: "emailOtp.verify", code: "code_invalid" }],
    ["user.created", { userId: user.id }],
    ["session.created", whose],
    ["signIn.succeeded", { ...whose, amr: ["otp", "email"], isNew: true }],
    ["session.refreshed", whose],
    ["session.reuse", whose],
    ["refresh.failed", { code: "refresh_reused" }],
    ...(here.via === "http"
      ? [["request.denied", { operation: "sessions.refresh", code: "refresh_reused", status: 401 }], [
        "request.denied",
        { operation: "account.get", code: "token_expired", status: 401 },
      ]]
      : []),
    ["refresh.failed", { code: "token_invalid" }],
    ...(here.via === "http"
      ? [["request.denied", { operation: "sessions.refresh", code: "token_invalid", status: 401 }]]
      : []),
    ...signedIn(user.id),
    ...signedIn(user.id, id),
    ["session.ended", { userId: user.id, sessionId: id, reason: "ended" }],
    ["sessions.ended", { userId: user.id, ended: 1 }],
    ...signedIn(user.id),
    ["user.removed", { userId: user.id }],
  ]);
  for (const line of here.lines) {
    expect(line).toMatchObject({ service: "latchkey", event: line.event, at: expect.stringMatching(/Z$/) });
    // A method that is called by the application's own code has no request, unless it says so.
    if (here.via === "http" && OURS.has(line.event)) {
      expect([line.event, line["requestId"], line["durationMs"]]).toEqual([
        line.event,
        expect.stringMatching(/^[a-z2-7]{16}$/),
        0,
      ]);
    }
  }
});

flow("a session that makes way is told of: replaced by its browser's next, or one too many", async (here) => {
  const auth = here.another({ session: { maxPerUser: 2 } });
  const browser = here.at(auth);
  const ids: string[] = [];
  for (const somebody of [browser, browser, here.at(auth), here.at(auth)]) {
    const { challengeId } = await somebody.emailOtp.start({ email: ADA });
    const grant = await somebody.emailOtp.verify({ challengeId, code: here.mailbox.code(ADA) });
    ids.push(grant.session.id);
    await here.turn("1m");
  }
  expect(told(here).filter(([name]) => name === "session.ended").map(([, fields]) => fields)).toEqual([
    expect.objectContaining({ sessionId: ids[0], reason: "replaced" }),
    expect.objectContaining({ sessionId: ids[1], reason: "evicted" }),
  ]);
});

test("a listener hears its own event alone, until it is taken off; what it throws disturbs nobody", async () => {
  await within(async (here) => {
    const auth = here.server();
    const heard: AuthEvent<"user.created">[] = [];
    const stop = auth.on("user.created", (event) => void heard.push(event));
    const failing = auth.on("user.created", () => {
      throw new Error("no welcome");
    });
    auth.on("user.created", () => Promise.reject(new Error("no mail")));
    const { id } = await auth.users.create({ email: ADA });
    stop();
    failing();
    await auth.users.create({ email: "bob@example.com" });
    const at = new Date(here.now()).toISOString();
    expect(heard).toEqual([{ event: "user.created", at, userId: id }]);
    expect(Object.isFrozen(heard[0])).toBe(true);
    const failures = here.lines.filter(({ event }) => event === "error").map(({ message, cause }) => [
      message,
      (cause as Error).message,
    ]);
    const sentence = "a listener to user.created failed";
    expect(failures).toEqual([[sentence, "no welcome"], [sentence, "no mail"], [sentence, "no mail"]]);
  });
});

test("what a listener does to a list in an event reaches nobody else: not the grant, not the token", async () => {
  await within(async (here) => {
    const auth = here.server();
    const heard: unknown[] = [];
    auth.on("signIn.succeeded", ({ amr }) => void (amr as string[]).push("mfa"));
    auth.on("signIn.succeeded", ({ amr }) => void heard.push(amr));
    const { challengeId } = await auth.emailOtp.start({ email: ADA });
    const code = here.mailbox.code(ADA);
    const grant = await auth.emailOtp.verify({ challengeId, code, session: "bearer" });
    const [, payload = ""] = String(grant.accessToken).split(".");
    const { amr } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    expect([heard, grant.session.amr, amr]).toEqual([[["otp", "email"]], ["otp", "email"], ["otp", "email"]]);
  });
});

test("an event that there is not is refused, and so is what is no function", async () => {
  await within(async (here) => {
    const { on } = here.server();
    for (const [name, listener] of [["user.renamed", () => {}], ["constructor", () => {}], ["error", 5]]) {
      expect(() => on(name as EventName, listener as () => void)).toThrow(/must be/);
    }
    await Promise.resolve();
  });
});

test("each event goes to the function of its level; a logger without debug, that throws or rejects, is fine", async () => {
  await within(async (here) => {
    const heard: string[] = [];
    const note = (level: string) => (line: object) => void heard.push(`${level} ${(line as Line).event}`);
    const logger = { info: note("info"), warn: note("warn"), error: note("error") };
    const auth = here.another({ logger: { ...logger, debug: note("debug") }, service: "shop" });
    const { challengeId } = await auth.emailOtp.start({ email: ADA });
    const code = here.mailbox.code(ADA);
    const { refreshToken = "" } = await auth.emailOtp.verify({ challengeId, code, session: "bearer" });
    await auth.sessions.refresh({ refreshToken });
    for (const line of heard) {
      const [level, event = ""] = line.split(" ");
      expect([event, EVENTS[event as EventName]]).toEqual([event, level]);
    }
    expect(heard).toContain("debug session.refreshed");
    const broken = () => {
      throw new Error("disk full");
    };
    const rejecting = () => Promise.reject(new Error("disk full"));
    for (
      const bad of [{ info: broken, warn: broken, error: broken }, logger, { ...logger, info: rejecting }]
    ) {
      await here.another({ logger: bad }).users.create({ email: `u${here.random(8).join("")}@example.com` });
    }
  });
});

test("without a logger nothing is logged but warnings of the configuration; with one they go there", async () => {
  await within(async (here) => {
    const warned: unknown[] = [];
    const lines: object[] = [];
    const options = { trustedOrigins: ["https://other.example.org"] };
    const warn = (line: object) => void lines.push(line);
    here.another({ ...options, platform: { log: { warn: (message) => void warned.push(message) } } });
    expect(warned.filter((line) => /https:\/\/other.example.org is on another site/.test(String(line))))
      .toHaveLength(1);
    here.another({
      ...options,
      logger: { info() {}, warn, error() {} },
      platform: { log: undefined } as never,
    });
    expect(lines).toEqual(
      warned.map((message) => ({ service: "latchkey", event: "config.warning", message })),
    );
    await Promise.resolve();
  });
});

test("a token in what somebody threw is hidden from the log", async () => {
  await within(async (here) => {
    const ada = await here.signedIn(ADA, "bearer");
    const token = ada.headers.get("authorization")?.slice(7) ?? "";
    const cookie = (await here.signedIn(ADA)).headers.get("cookie")?.split("=")[1] ?? "";
    const auth = here.another({
      trustedOrigins: () => {
        throw new Error(`who is ${token}?`, { cause: new Error(`or ${cookie}`) });
      },
    });
    const headers = { origin: "https://app.test", cookie: `latchkey-3000=${cookie}` };
    const url = "http://localhost:3000/auth/sign-out";
    expect((await auth.handler(new Request(url, { method: "POST", headers }))).status).toBe(500);
    const [line] = here.lines.filter(({ event }) => event === "error");
    const { message, cause } = line?.["cause"] as Error;
    expect([message, (cause as Error).message]).toEqual(["who is [hidden]?", "or [hidden]"]);
    expect(await here.leaks()).toEqual([]);
  });
});

/** Events that are told within the request that they come of. */
const OURS: ReadonlySet<string> = new Set(
  Object.keys(EVENTS).filter((name) => /^(signIn|user|session|sessions|refresh|request)\./.test(name)),
);

/** Lines as pairs of a name and what is particular to the event. */
function told({ lines }: World): readonly (readonly [string, object])[] {
  return lines.map((
    { service: _, event, at: __, requestId: ___, durationMs: ____, ...fields },
  ) => [event, fields]);
}

function signedIn(userId: string, sessionId: unknown = expect.any(String)) {
  return [
    ["session.created", { userId, sessionId }],
    ["signIn.succeeded", { userId, sessionId, amr: ["otp", "email"], isNew: false }],
  ];
}
