import { inspect } from "node:util";
import { expect } from "vitest";
import { type ErrorCode, ERRORS } from "../../src/errors.ts";
import type { Logger } from "../../src/events.ts";
import type { EmailOptions } from "../../src/options/email.ts";
import type { Platform } from "../../src/platform.ts";
import { faulty, refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { type World, world } from "../suite/world.ts";
import { rewritten, textOf } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const EVE = "eve@example.com";
const MINUTE = 60_000;

flow("a mailed code signs in, and makes the account", async ({ person, mailbox, now }) => {
  const ada = person();
  const step = await ada.emailOtp.start({ email: " Ada@EXAMPLE.com " });
  expect(step).toEqual(told(step.challengeId, now() + 10 * MINUTE, now() + MINUTE));
  expect(step.challengeId).toMatch(/^[a-z2-7]{26}$/);
  const code = mailbox.code(ADA);
  expect(code).toMatch(/^\d{6}$/);
  expect(mailbox.messages).toEqual([{
    kind: "emailOtp.code",
    to: { address: ADA },
    subject: `${code} is your code`,
    text: expect.stringContaining(`Your code is ${code}.\n\nIt is valid for 10 minutes.`),
    html: expect.stringContaining(`<strong translate="no">${code}</strong>`),
    locale: "en",
    data: { code, expiresAt: step.expiresAt, minutes: "10" },
    idempotencyKey: expect.stringMatching(/^[\w-]{43}$/),
  }]);
  const grant = await ada.emailOtp.verify({ challengeId: step.challengeId, code });
  const at = new Date(now()).toISOString();
  expect(grant).toEqual({
    user: { id: grant.user.id, email: ADA, emailVerified: true, name: null, roles: [], createdAt: at },
    session: {
      id: grant.session.id,
      createdAt: at,
      lastUsedAt: at,
      expiresAt: new Date(now() + 30 * 24 * 60 * MINUTE).toISOString(),
      amr: ["otp", "email"],
      ip: null,
      userAgent: "a test",
      current: true,
    },
  });
  expect(await ada.sessions.get()).toEqual(grant);
});

flow("the same address, however it is written, is the same account", async ({ signedIn }) => {
  const first = await (await signedIn("ada@example.com")).account.get();
  const second = await (await signedIn("ada@example.com")).account.get();
  expect(second).toEqual(first);
});

flow("a wrong code costs an attempt, and the last one ends it", async ({ person, mailbox }) => {
  const ada = person();
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  for (const attemptsLeft of [4, 3, 2, 1, 0]) {
    expect(await refusal(ada.emailOtp.verify({ challengeId, code: wrong(mailbox.code(ADA)) })))
      .toEqual(body("code_invalid", { attemptsLeft }));
  }
  await gone(ada.emailOtp.verify({ challengeId, code: mailbox.code(ADA) }));
});

flow("a code is used up by the right answer", async ({ person, mailbox }) => {
  const ada = person();
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  const code = mailbox.code(ADA);
  await ada.emailOtp.verify({ challengeId, code });
  await gone(ada.emailOtp.verify({ challengeId, code }));
  await gone(ada.challenges.resend({ challengeId }));
});

flow(
  "every start is a challenge of its own, and a code is worth nothing for another",
  async ({ person, mailbox }) => {
    const [ada, eve] = [person(), person()];
    const first = await ada.emailOtp.start({ email: ADA });
    const codes = [mailbox.code(ADA)];
    const second = await eve.emailOtp.start({ email: ADA });
    codes.push(mailbox.code(ADA));
    expect(second.challengeId).not.toBe(first.challengeId);
    expect(await refusal(eve.emailOtp.verify({ challengeId: first.challengeId, code: codes[1]! })))
      .toEqual(body("code_invalid", { attemptsLeft: 4 }));
    expect(await refusal(ada.emailOtp.verify({ challengeId: second.challengeId, code: codes[0]! })))
      .toEqual(body("code_invalid", { attemptsLeft: 4 }));
    const one = await ada.emailOtp.verify({ challengeId: first.challengeId, code: codes[0]! });
    const other = await eve.emailOtp.verify({ challengeId: second.challengeId, code: codes[1]! });
    expect(other.user).toEqual(one.user);
  },
);

flow("a code's hash put into another challenge is worth nothing there: the id is in it", async (here) => {
  const [ada, eve] = [here.person(), here.person()];
  const [hers, mine] = [await ada.emailOtp.start({ email: ADA }), await eve.emailOtp.start({ email: EVE })];
  const [from, to] = [`challenges:${mine.challengeId}`, `challenges:${hers.challengeId}`];
  const contents = await here.contents();
  const { codes } = JSON.parse(contents.get(from) ?? "");
  await here.driver().setItem(to, textOf({ ...JSON.parse(contents.get(to) ?? ""), codes }));
  const answer = { challengeId: hers.challengeId, code: here.mailbox.code(EVE) };
  expect(await refusal(eve.emailOtp.verify(answer))).toEqual(body("code_invalid", { attemptsLeft: 4 }));
});

flow("an id that nobody got opens nothing", async ({ person }) => {
  const challengeId = "a".repeat(26);
  await gone(person().emailOtp.verify({ challengeId, code: "123456" }));
  await gone(person().challenges.resend({ challengeId }));
});

flow("purposes never cross: a challenge of another kind is none, and costs nothing", async (here) => {
  const ada = here.person();
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  const key = `challenges:${challengeId}`;
  const text = (await here.contents()).get(key) ?? "";
  const other = rewritten(text, "emailOtp.code", "password.reset");
  await here.driver().setItem(key, other);
  await gone(ada.emailOtp.verify({ challengeId, code: here.mailbox.code(ADA) }));
  await here.turn("2m");
  await gone(ada.challenges.resend({ challengeId }));
  expect((await here.contents()).get(key)).toBe(other);
});

flow(
  "a resend mails a new code, and the one before stays right: two at most",
  async ({ person, mailbox, turn }) => {
    const verdicts: string[] = [];
    for (const which of [0, 1, 2]) {
      await turn("1h"); // for there to be more mails
      const ada = person();
      const { challengeId } = await ada.emailOtp.start({ email: ADA });
      const codes = [mailbox.code(ADA)];
      for (const _ of "ab") {
        await turn("1m");
        expect((await ada.challenges.resend({ challengeId })).challengeId).toBe(challengeId);
        codes.push(mailbox.code(ADA));
      }
      expect(new Set(codes).size).toBe(3);
      verdicts.push(await codeOf(ada.emailOtp.verify({ challengeId, code: codes[which]! })));
    }
    expect(verdicts).toEqual(["code_invalid", "signed in", "signed in"]);
  },
);

flow(
  "before resendAt nothing is sent, and the answer is the same",
  async ({ person, mailbox, turn, now, contents }) => {
    const ada = person();
    const step = await ada.emailOtp.start({ email: ADA });
    const before = await contents();
    await turn("59s");
    expect(await ada.challenges.resend({ challengeId: step.challengeId })).toEqual(step);
    expect([mailbox.messages.length, await contents()]).toEqual([1, before]);
    await turn("1s");
    expect(await ada.challenges.resend({ challengeId: step.challengeId }))
      .toEqual(told(step.challengeId, now() + 10 * MINUTE, now() + MINUTE));
    expect(mailbox.messages).toHaveLength(2);
  },
);

flow("a resend gives no attempts back", async ({ person, mailbox, turn }) => {
  const ada = person();
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  const guess = () => refusal(ada.emailOtp.verify({ challengeId, code: wrong(mailbox.code(ADA)) }));
  for (let i = 0; i < 3; i++) await guess();
  await turn("1m");
  await ada.challenges.resend({ challengeId });
  expect([await guess(), await guess()]).toEqual([
    body("code_invalid", { attemptsLeft: 1 }),
    body("code_invalid", { attemptsLeft: 0 }),
  ]);
  await gone(ada.emailOtp.verify({ challengeId, code: mailbox.code(ADA) }));
});

flow(
  "a code lives its ttl from its own mail, the challenge as long as its last code",
  async ({ person, mailbox, turn }) => {
    const [ada, eve] = [person(), person()];
    const [mine, hers] = [await ada.emailOtp.start({ email: ADA }), await eve.emailOtp.start({ email: EVE })];
    const first = mailbox.code(ADA);
    await turn("9m");
    for (const { challengeId } of [mine, hers]) await ada.challenges.resend({ challengeId });
    await turn("59s");
    await eve.emailOtp.verify({ challengeId: hers.challengeId, code: mailbox.messages[1]!.data["code"]! });
    await turn("1s");
    expect(await refusal(ada.emailOtp.verify({ challengeId: mine.challengeId, code: first })))
      .toEqual(body("code_invalid", { attemptsLeft: 4 }));
    await turn("8m");
    await turn("59s");
    await ada.emailOtp.verify({ challengeId: mine.challengeId, code: mailbox.code(ADA) });
  },
);

flow(
  "an expired code signs nobody in, and its challenge cannot be sent again",
  async ({ person, mailbox, turn }) => {
    const ada = person();
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    await turn("10m");
    await gone(ada.emailOtp.verify({ challengeId, code: mailbox.code(ADA) }));
    await gone(ada.challenges.resend({ challengeId }));
  },
);

flow("spaces and dashes in a typed code are overlooked", async ({ person, mailbox }) => {
  for (const typed of ["123 456", " 123-456 ", "1 2 3 4 5 6", "123\u00a0456", "-1-2-3-4-5-6-"]) {
    const ada = person();
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    const digits = mailbox.code(ADA);
    const code = typed.replace(/\d/g, (digit) => digits[Number(digit) - 1]!);
    expect((await ada.emailOtp.verify({ challengeId, code })).user.email).toBe(ADA);
  }
});

flow(
  "length, ttl, attempts and resendAfter are as configured",
  async ({ another, at, mailbox, turn, now }) => {
    const emailOtp = { length: 8, ttl: "2m", attempts: 2, resendAfter: 0 } as const;
    const ada = at(another({ emailOtp }));
    const { challengeId, ...times } = await ada.emailOtp.start({ email: ADA });
    expect({ challengeId, ...times }).toEqual(told(challengeId, now() + 2 * MINUTE, now()));
    expect(mailbox.code(ADA)).toMatch(/^\d{8}$/);
    await ada.challenges.resend({ challengeId });
    expect(mailbox.messages).toHaveLength(2);
    expect(mailbox.last(ADA).text).toContain("valid for 2 minutes");
    expect(await refusal(ada.emailOtp.verify({ challengeId, code: wrong(mailbox.code(ADA)) })))
      .toEqual(body("code_invalid", { attemptsLeft: 1 }));
    await turn("119s");
    await ada.emailOtp.verify({ challengeId, code: mailbox.code(ADA) });
  },
);

flow("codes are not in the store", async ({ person, mailbox, contents }) => {
  await person().emailOtp.start({ email: ADA });
  const texts = [...await contents()].map(([key, text]) => key + text).join("\n");
  expect(texts).not.toContain(mailbox.code(ADA));
});

// signUp: false. The reply must not tell who has an account, so nothing else may either.

flow("without signUp a known and an unknown address are the same work for the store", async (here) => {
  const { closed, watched } = await withoutSignUp(here);
  const work: (readonly string[])[] = [];
  for (const email of [ADA, EVE]) {
    const person = here.at(closed);
    const step = await person.emailOtp.start({ email });
    expect(step).toEqual(told(step.challengeId, here.now() + 10 * MINUTE, here.now() + MINUTE));
    await here.turn("1m");
    expect(await person.challenges.resend({ challengeId: step.challengeId }))
      .toEqual(told(step.challengeId, here.now() + 10 * MINUTE, here.now() + MINUTE));
    for (const attemptsLeft of [4, 3, 2, 1, 0]) {
      expect(await refusal(person.emailOtp.verify({ challengeId: step.challengeId, code: "000000" })))
        .toEqual(body("code_invalid", { attemptsLeft }));
    }
    await gone(person.emailOtp.verify({ challengeId: step.challengeId, code: "000000" }));
    work.push(watched.seen.splice(0));
  }
  expect(work[0]?.length).toBeGreaterThan(12);
  expect(work[1]).toEqual(work[0]);
});

flow("without signUp nobody but who has an account is mailed", async (here) => {
  const { closed } = await withoutSignUp(here);
  for (const email of [EVE, ADA, EVE]) {
    const { challengeId } = await here.at(closed).emailOtp.start({ email });
    await here.turn("1m");
    await here.at(closed).challenges.resend({ challengeId });
  }
  await mailed(here, 2);
  expect(here.mailbox.messages.map(({ to }) => to)).toEqual([{ address: ADA }, { address: ADA }]);
});

flow("without signUp no answer is right for a stranger, not even the code that was drawn", async (here) => {
  const { closed, drawn } = await withoutSignUp(here);
  const known = await here.at(closed).emailOtp.start({ email: ADA });
  await mailed(here, 1);
  expect(drawn()).toBe(here.mailbox.code(ADA)); // so the instrument shows what it says
  await here.at(closed).emailOtp.verify({ challengeId: known.challengeId, code: here.mailbox.code(ADA) });
  const unknown = await here.at(closed).emailOtp.start({ email: EVE });
  const code = drawn();
  expect(await refusal(here.at(closed).emailOtp.verify({ challengeId: unknown.challengeId, code })))
    .toEqual(body("code_invalid", { attemptsLeft: 4 }));
  await closed.users.create({ email: EVE, emailVerified: true });
  expect(await refusal(here.at(closed).emailOtp.verify({ challengeId: unknown.challengeId, code })))
    .toEqual(body("code_invalid", { attemptsLeft: 3 }));
});

flow("without signUp a mailer out of order changes no reply, and its code is void", async (here) => {
  const { closed, drawn, said } = await withoutSignUp(here);
  here.mailbox.broken(true);
  const replies: unknown[] = [];
  for (const email of [ADA, EVE]) {
    const person = here.at(closed);
    const { challengeId, ...times } = await person.emailOtp.start({ email });
    const code = drawn();
    await failed(here, said, 1); // Ada's; nobody is mailed for Eve
    replies.push([
      times,
      await codeOf(person.challenges.resend({ challengeId })),
      await refusal(person.emailOtp.verify({ challengeId, code })),
    ]);
    expect(said()).not.toContain(code);
  }
  expect(replies[1]).toEqual(replies[0]);
  expect(said()).toContain("A mail could not be sent.");
  expect(said()).toContain("the mail server is out of order");
});

flow("without signUp a resend that fails leaves the code that arrived", async (here) => {
  const { closed, said } = await withoutSignUp(here);
  const ada = here.at(closed);
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  await mailed(here, 1);
  await here.turn("1m");
  here.mailbox.broken(true);
  await ada.challenges.resend({ challengeId });
  await failed(here, said, 1);
  await here.turn("1m");
  here.mailbox.broken(false);
  const first = here.mailbox.code(ADA);
  await ada.challenges.resend({ challengeId });
  await mailed(here, 2);
  expect(here.mailbox.code(ADA)).not.toBe(first);
  expect((await ada.emailOtp.verify({ challengeId, code: first })).user.email).toBe(ADA);
});

test("without signUp known and unknown addresses get the same status, headers and body", async () => {
  const here = world("memory", "http");
  const { closed } = await withoutSignUp(here);
  const replies = [];
  for (const email of [ADA, EVE]) {
    const { challengeId, ...start } = await post("email/start", { email });
    await here.turn("1m");
    const { challengeId: _, ...again } = await post("challenges/resend", { challengeId });
    const guess = await post("email/verify", { challengeId, code: "000000" });
    replies.push([start, again, guess]);
    await here.turn(-60);
  }
  expect(replies[0]).toMatchObject([{ status: 200 }, { status: 200 }, { status: 401 }]);
  expect(replies[1]).toEqual(replies[0]);
  await here.close();

  async function post(path: string, content: object) {
    const request = new Request(`http://localhost:3000/auth/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "same" },
      body: JSON.stringify(content),
    });
    const response = await closed.handler(request);
    const { challengeId, ...rest } = await response.json();
    return { challengeId, status: response.status, headers: [...response.headers], rest };
  }
});

// A mailer that fails.

flow("a mail that could not be sent is mail_failed, nothing of it stays, and a retry works", async (here) => {
  const { person, mailbox, contents } = here;
  const ada = person();
  mailbox.broken(true);
  expect(await refusal(ada.emailOtp.start({ email: ADA }))).toEqual(body("mail_failed"));
  expect([...(await contents()).keys()].filter((key) => key.startsWith("challenges"))).toEqual([]);
  mailbox.broken(false);
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  expect((await ada.emailOtp.verify({ challengeId, code: mailbox.code(ADA) })).user.email).toBe(ADA);
});

flow(
  "when a resend fails, the earlier code stays right, and another may be asked for at once",
  async (here) => {
    const { person, mailbox, turn, now } = here;
    const ada = person();
    const step = await ada.emailOtp.start({ email: ADA });
    await turn("1m");
    mailbox.broken(true);
    expect(await refusal(ada.challenges.resend({ challengeId: step.challengeId }))).toEqual(
      body("mail_failed"),
    );
    mailbox.broken(false);
    expect(await ada.challenges.resend({ challengeId: step.challengeId }))
      .toEqual(told(step.challengeId, now() + 10 * MINUTE, now() + MINUTE));
    const first = mailbox.messages[0]!.data["code"]!;
    expect((await ada.emailOtp.verify({ challengeId: step.challengeId, code: first })).user.email).toBe(ADA);
  },
);

flow(
  "a failed resend does not lengthen the life of the code before it",
  async ({ person, mailbox, turn }) => {
    const ada = person();
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    await turn("9m");
    mailbox.broken(true);
    expect(await refusal(ada.challenges.resend({ challengeId }))).toEqual(body("mail_failed"));
    await turn("1m");
    await gone(ada.emailOtp.verify({ challengeId, code: mailbox.code(ADA) }));
  },
);

flow("a mailer that never answers is mail_failed after half a minute, and its code is void", async (here) => {
  const asked = Promise.withResolvers<string>();
  const auth = here.another({
    email: mailer(({ data }) => {
      asked.resolve(data["code"] ?? "");
      return new Promise(() => {});
    }),
  });
  const refused = refusal(here.at(auth).emailOtp.start({ email: ADA }));
  expect(await asked.promise).toMatch(/^\d{6}$/);
  await here.turn("29s");
  expect(await Promise.race([refused, "still waiting"])).toBe("still waiting");
  await here.turn("1s");
  expect(await refused).toEqual(body("mail_failed"));
  expect([...(await here.contents()).keys()].filter((key) => key.startsWith("challenges"))).toEqual([]);
});

flow("what a mailer says, thrown or rejected, is told to nobody", async (here) => {
  const words = "550 mx1.internal refused ada";
  const senders: readonly EmailOptions["send"][] = [
    () => {
      throw new Error(words);
    },
    () => Promise.reject(new Error(words)),
    () => Promise.reject(words),
    () => {
      throw undefined;
    },
  ];
  for (const send of senders) {
    const auth = here.another({ email: mailer(send) });
    const ada = here.at(auth);
    expect(await refusal(ada.emailOtp.start({ email: ADA }))).toEqual(body("mail_failed"));
  }
});

flow("a mailer may be a function that returns nothing", async (here) => {
  const codes: string[] = [];
  const auth = here.another({ email: mailer(({ data }) => void codes.push(data["code"]!)) });
  const { challengeId } = await here.at(auth).emailOtp.start({ email: ADA });
  await here.at(auth).emailOtp.verify({ challengeId, code: codes[0]! });
});

flow("codes and tokens are never logged", async (here) => {
  const { said, ...ears } = listener();
  const auth = here.another(ears);
  const ada = here.at(auth);
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  const code = here.mailbox.code(ADA);
  await codeOf(ada.emailOtp.verify({ challengeId, code: wrong(code) }));
  const { refreshToken } = await ada.emailOtp.verify({ challengeId, code, session: "bearer" });
  here.mailbox.broken(true);
  await codeOf(here.at(auth).emailOtp.start({ email: ADA }));
  const texts = said();
  if (here.via === "http") expect(texts).toContain("The message could not be sent");
  for (const secret of [code, wrong(code), challengeId, refreshToken!]) expect(texts).not.toContain(secret);
});

flow("a log that throws fails nobody", async (here) => {
  const fail = () => {
    throw new Error("disk full");
  };
  const log = { warn: () => Promise.reject(new Error("disk full")), error: fail };
  const auth = here.another({ platform: { log }, emailOtp: { signUp: false } });
  await auth.users.create({ email: ADA });
  here.mailbox.broken(true);
  await here.at(auth).emailOtp.start({ email: ADA });
  await here.turn(0);
  const open = here.another({ platform: { log } });
  expect(await refusal(here.at(open).emailOtp.start({ email: ADA }))).toEqual(body("mail_failed"));
});

/** Resolves when so many mails have arrived: they leave behind their replies. */
async function mailed({ mailbox, turn }: World, count: number): Promise<void> {
  while (mailbox.messages.length < count) await turn(0);
}

/** Resolves when so many mails have failed behind their replies, and their codes are void. */
async function failed(here: World, said: () => string, count: number): Promise<void> {
  while (said().split("A mail could not be sent.").length <= count) await here.turn(0);
}

/** A server that takes nobody new, in a store where ADA has an account. */
async function withoutSignUp(here: World) {
  await here.server().users.create({ email: ADA, emailVerified: true });
  const watched = faulty(here.driver());
  const { said, logger, platform } = listener();
  let bytes: number[] = [];
  const random = (length: number) => {
    const some = here.random(length);
    if (length === 6) bytes.push(...some);
    return some;
  };
  const closed = here.another({
    storage: watched.driver,
    emailOtp: { signUp: false },
    logger,
    platform: { ...platform, random },
  });
  await closed.ready();
  watched.seen.splice(0);
  /** The code that was drawn last, whoever it was for. */
  function drawn(): string {
    const code = bytes.filter((byte) => byte < 250).slice(0, 6).map((byte) => byte % 10).join("");
    bytes = [];
    return code;
  }
  return { closed, watched, drawn, said };
}

/** Keeps all that is logged, with its fields. */
function listener(): { logger: Logger; platform: Pick<Platform, "log">; said: () => string } {
  const lines: string[] = [];
  const note = (...said: unknown[]) => void lines.push(inspect(said, { depth: 12 }));
  return {
    logger: { info: note, warn: note, error: note },
    platform: { log: { warn: note } },
    said: () => lines.join("\n"),
  };
}

function mailer(send: EmailOptions["send"]): EmailOptions {
  return { from: "no-reply@example.com", send: send! };
}

function told(challengeId: string, expiresAt: number, resendAt: number): object {
  return {
    challengeId,
    expiresAt: new Date(expiresAt).toISOString(),
    resendAt: new Date(resendAt).toISOString(),
  };
}

function body(code: ErrorCode, details?: object): object {
  const [status, message] = ERRORS[code as keyof typeof ERRORS];
  return { code, status, message, ...(details && { details }) };
}

async function gone(call: Promise<unknown>): Promise<void> {
  expect(await refusal(call)).toEqual(body("challenge_invalid"));
}

/** "signed in", or why not. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(() => "signed in", (error: { readonly code: string }) => error.code);
}

function wrong(code: string): string {
  return code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
}
