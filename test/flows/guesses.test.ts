// What strangers may guess and have mailed, and that it costs the owner of an account nothing.
import { expect } from "vitest";
import type { Client } from "../suite/client.ts";
import { faulty, refusal } from "../suite/faults.ts";
import { flow, RUNTIME, test } from "../suite/flow.ts";
import { ADA as PAIR, addsKey, answering, BOB as STRANGER, signsInByKey } from "../suite/key_holder.ts";
import { device, registers, saying, signingIn, signsIn, turned } from "../suite/passkey_holder.ts";
import { outcome } from "../suite/steps.ts";
import { BASE_URL, type World, world } from "../suite/world.ts";

const [ADA, BOB] = ["ada@example.com", "bob@example.com"];
const STRANGERS = 2000;
/** Thousands of requests of one kind: what they come to is the same everywhere. */
const onNode = test.runIf(RUNTIME === "node");
const LONG = /^[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}$/;

flow(
  "strangers judge fifty guesses an hour, at however many challenges and servers at once",
  async (here) => {
    const strangers = Array.from({ length: 60 }, (_, i) => here.person(i % 2));
    const challenges = await Promise.all(strangers.map((one) => one.emailOtp.start({ email: ADA })));
    const outcomes = await Promise.all(
      strangers.map((one, i) => refusal(one.emailOtp.verify(wrong(challenges[i]!)))),
    );
    const limited = outcomes.findIndex(({ code }) => code === "rate_limited");
    expect(tally(outcomes)).toEqual({ code_invalid: 50, rate_limited: 10 });
    expect(outcomes[limited]).toMatchObject({ status: 429, details: { retryAfter: 72 } });
    await here.turn("72s");
    const again = refusal(strangers[limited]!.emailOtp.verify(wrong(challenges[limited]!)));
    expect(await again, "nothing was judged").toMatchObject({ details: { attemptsLeft: 4 } });
  },
);

flow(
  "an owner whose device is known signs in while strangers guess, and on a new one by a long code",
  async (here) => {
    const ada = await here.signedIn(ADA);
    await here.turn("1h"); // for there to be five mails
    const four = await guessing(here, ADA, 4);
    expect(four).toEqual({ code_invalid: 40 });
    const device = here.person(1);
    const { challengeId } = await device.emailOtp.start({ email: ADA });
    const code = here.mailbox.code(ADA);
    expect([code, here.mailbox.last(ADA).text]).toEqual([
      expect.stringMatching(LONG),
      expect.stringContaining(code),
    ]);
    expect(await guessing(here, ADA, 2)).toEqual({ code_invalid: 10, rate_limited: 10 });
    expect(await guessing(here, ADA, 1, ada), "somebody who is known").toEqual({ code_invalid: 10 });
    await ada.emailOtp.verify(await answered(here, ada, ADA));
    const typed = code.toUpperCase().replaceAll("-", " ");
    await device.emailOtp.verify({ challengeId, code: typed });
    await device.emailOtp.verify(await answered(here, device, ADA)); // it is known from now on
  },
  { options: { emailOtp: { attempts: 10 } } },
);

flow(
  "five mails an hour leave for strangers, ten for each device that is known, and no reply tells",
  async (here) => {
    const [ada, bob] = [await here.signedIn(ADA), await here.signedIn(BOB)];
    await here.turn("1h");
    const before = here.mailbox.messages.length;
    const sent = () => here.mailbox.messages.length - before;
    for (const [i, email] of [ADA, "Ada@Example.com", " ada@EXAMPLE.com", ADA, ADA, ADA, ADA].entries()) {
      const step = await here.person(i % 2).emailOtp.start({ email });
      expect(Object.keys(step)).toEqual(["challengeId", "expiresAt", "resendAt"]);
    }
    expect(sent()).toBe(5);
    await bob.emailOtp.start({ email: ADA });
    expect(sent(), "somebody else's device is a stranger's").toBe(5);
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    const first = here.mailbox.code(ADA);
    for (let i = 0; i < 10; i++) await ada.emailOtp.start({ email: ADA });
    expect(sent()).toBe(15);
    await here.turn("1m");
    await ada.challenges.resend({ challengeId });
    await here.turn("1m");
    const told = await ada.challenges.resend({ challengeId });
    expect([sent(), told.resendAt]).toEqual([15, new Date(here.now() + 60_000).toISOString()]);
    await ada.emailOtp.verify({ challengeId, code: first }); // what did not leave takes nothing from what did
    await here.turn("12m");
    await here.person().emailOtp.start({ email: ADA });
    expect(sent()).toBe(16);
  },
);

flow(
  "past the guesses of an hour links, passkeys, keys and known devices get in, and a passkey and a key make one known",
  async (here) => {
    const ada = await here.signedIn(ADA);
    const held = device(here);
    await registers(ada, held);
    await addsKey(ada, PAIR);
    const phone = here.person();
    await phone.magicLink.start({ email: ADA });
    const token = new URL(here.mailbox.link(ADA)).searchParams.get("token") ?? "";
    expect(await guessing(here, ADA, 10)).toEqual({ code_invalid: 50 });
    const [browser, program] = [here.person(), here.person(1)];
    const guess = async (who: Client) =>
      (await refusal(who.emailOtp.verify(wrong(await who.emailOtp.start({ email: ADA }))))).code;
    expect([await guess(browser), await guess(program)]).toEqual(["rate_limited", "rate_limited"]);
    const { challengeId, credential } = await signingIn(browser, held);
    const bent = saying(credential, { signature: turned(credential.response.signature, 7) });
    const forged = await answering(STRANGER, await program.key.startSignIn({ publicKey: PAIR.x }));
    const answers = [
      browser.passkey.finishSignIn({ challengeId, credential: bent }),
      program.key.finishSignIn(forged),
    ];
    const judged = await Promise.all(answers.map(outcome));
    expect(judged, "nobody waits").toEqual(["signature_invalid", "signature_invalid"]);
    await signsIn(browser, held);
    await signsInByKey(program, PAIR);
    await phone.magicLink.verify({ token });
    for (const known of [browser, program, ada]) expect(await guess(known)).toBe("code_invalid");
    await ada.emailOtp.verify(await answered(here, ada, ADA));
    expect(await guess(here.person()), "strangers wait as before").toBe("rate_limited");
  },
);

flow("what ends all sessions makes every device a stranger", async (here) => {
  const ada = await here.signedIn(ADA);
  expect(await guessing(here, ADA, 10)).toEqual({ code_invalid: 50 });
  const answer = await answered(here, ada, ADA);
  const { user } = await ada.sessions.get();
  await here.server(1).sessions.endAll({ userId: user?.id ?? "" });
  expect(await refusal(ada.emailOtp.verify(answer))).toMatchObject({ code: "challenge_invalid" });
  await here.turn("72s");
  const fresh = await ada.emailOtp.start({ email: ADA });
  expect(await refusal(ada.emailOtp.verify(wrong(fresh)))).toMatchObject({ code: "code_invalid" });
  expect(await refusal(ada.emailOtp.verify(wrong(fresh)))).toMatchObject({ code: "rate_limited" });
});

onNode(
  "an owner gets in while 10,000 strangers guess for hours, on a known device and on a new one",
  async () => {
    const here = world("memory", "method");
    const ada = await here.signedIn(ADA);
    const began = here.now();
    const strangers = { code_invalid: 0, rate_limited: 0 };
    for (let hundred = 0; hundred < 100; hundred++) {
      const outcomes = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
        const stranger = here.person(i % 2);
        return await refusal(stranger.emailOtp.verify(wrong(await stranger.emailOtp.start({ email: ADA }))));
      }));
      for (const { code } of outcomes) strangers[code as keyof typeof strangers]++;
      if (hundred % 25 === 10) await ada.emailOtp.verify(await answered(here, ada, ADA));
      await here.turn("2m");
    }
    const units = Math.floor((here.now() - began) / 72_000);
    expect(strangers.code_invalid).toBeLessThanOrEqual(50 + units);
    expect(strangers.code_invalid + strangers.rate_limited).toBe(10_000);
    expect(here.mailbox.messages.length).toBeLessThanOrEqual(5 + 5 + (here.now() - began) / 720_000);
    await here.turn("12m"); // a mail is left in the hour
    const device = here.person();
    const answer = await answered(here, device, ADA);
    expect(answer.code).toMatch(LONG);
    await device.emailOtp.verify(answer);
    await here.turn("1h");
    expect((await answered(here, here.person(), ADA)).code, "the row is over").toMatch(/^\d{6}$/);
    await here.close();
  },
  120_000,
);

onNode(
  "2,000 addresses get at one account as few guesses as one does, and its owner in from a crowded one",
  async () => {
    const here = world("memory", "http", { options: { clientIp: "direct" } });
    const ada = await here.signedIn(ADA);
    await here.turn("1h");
    const crowded = "192.0.2.1";
    const asked: Record<string, Record<string, number>> = { start: {}, verify: {} };
    const ask = async (
      kind: "start" | "verify",
      body: object,
      remoteAddress: string,
      shown = new Headers(),
    ) => {
      const headers = new Headers(shown);
      headers.set("content-type", "application/json");
      headers.set("origin", BASE_URL);
      const url = `${BASE_URL}/auth/email/${kind}`;
      const request = new Request(url, { method: "POST", headers, body: JSON.stringify(body) });
      const response = await here.server().handler(request, { remoteAddress });
      const { code = "fine", challengeId } = await response.json();
      return {
        code: String(code),
        challengeId: String(challengeId),
        limit: response.headers.get("ratelimit"),
      };
    };
    const attempt = async (address: string, left: number) => {
      const { code, challengeId, limit } = await ask("start", { email: ADA }, address);
      if (code !== "fine") return note("start", code);
      const guess = await ask("verify", wrong({ challengeId }), address);
      if (left > 0) expect([limit, guess.limit]).toEqual([`"start";r=29;t=20`, `"proof";r=59;t=10`]);
      note("verify", guess.code);
    };
    const note = (kind: string, code: string) => {
      asked[kind]![code] = (asked[kind]![code] ?? 0) + 1;
    };
    for (let i = 0; i < STRANGERS; i += 200) {
      await Promise.all(
        Array.from({ length: 200 }, (_, j) => attempt(`10.0.${(i + j) >> 8}.${(i + j) & 255}`, 1)),
      );
    }
    expect(asked).toEqual({ start: {}, verify: { code_invalid: 50, rate_limited: STRANGERS - 50 } });
    expect(here.mailbox.messages.length).toBeLessThanOrEqual(6);
    for (let i = 0; i < 60; i++) await attempt(crowded, 0);
    expect(asked).toEqual({
      start: { rate_limited: 30 },
      verify: { code_invalid: 50, rate_limited: STRANGERS - 20 },
    });
    // A device that is known has its own share of everything.
    const { code, challengeId } = await ask("start", { email: ADA }, crowded, ada.headers);
    expect(code).toBe("fine");
    const answer = { challengeId, code: here.mailbox.code(ADA) };
    expect((await ask("verify", answer, crowded, ada.headers)).code).toBe("fine");
    await here.close();
  },
  60_000,
);

test("after a hundred wrong guesses in a row codes are long, however slowly they came", async () => {
  const here = world("memory", "method");
  const { id } = await here.server().users.create({ email: ADA, emailVerified: true });
  const guess = async () => {
    const stranger = here.person();
    const step = await stranger.emailOtp.start({ email: ADA });
    await refusal(stranger.emailOtp.verify(wrong(step)));
    await here.turn("12m");
  };
  for (let i = 0; i < 99; i++) await guess();
  expect((await answered(here, here.person(), ADA)).code).toMatch(/^\d{6}$/);
  await here.turn("12m");
  await guess();
  expect((await answered(here, here.person(), ADA)).code).toMatch(LONG);
  await here.server().sessions.create({ userId: id });
  await here.turn("12m");
  expect((await answered(here, here.person(), ADA)).code, "anybody's sign-in ends the row").toMatch(
    /^\d{6}$/,
  );
  await here.close();
});

test("a finished sign-in by passkey, and one by key, ends the row", async () => {
  const here = world("memory", "method");
  const ada = await here.signedIn(ADA);
  const held = device(here);
  await registers(ada, held);
  await addsKey(ada, PAIR);
  const code = async () => {
    await here.turn("1h"); // what is left of the hour no longer counts
    return (await answered(here, here.person(), ADA)).code;
  };
  for (const signsInAgain of [() => signsIn(here.person(), held), () => signsInByKey(here.person(), PAIR)]) {
    for (let hour = 0; hour < 2; hour++) {
      expect(await guessing(here, ADA, 10)).toEqual({ code_invalid: 50 });
      await here.turn("1h");
    }
    expect(await code()).toMatch(LONG);
    await signsInAgain();
    expect(await code()).toMatch(/^\d{6}$/);
  }
  await here.close();
});

test("known and unknown addresses get the same replies and do the same work, past every budget too", async () => {
  const here = world("memory", "http", { options: { emailOtp: { signUp: false } } });
  await here.server().users.create({ email: ADA });
  const watched = faulty(here.driver());
  const auth = here.another({ storage: watched.driver });
  await auth.ready();
  const all: unknown[] = [];
  for (const email of [ADA, BOB]) {
    watched.seen.splice(0);
    const replies: unknown[] = [];
    for (let i = 0; i < 60; i++) {
      const { challengeId, ...start } = await post(auth, "start", { email });
      const { challengeId: _, ...guess } = await post(auth, "verify", wrong({ challengeId }));
      replies.push(start, guess);
    }
    all.push([replies, [...watched.seen]]);
  }
  expect(all[1]).toEqual(all[0]);
  expect(JSON.stringify(all)).toContain("rate_limited");
  await here.close();
});

test("while no mail goes out, known and unknown addresses are the same work, start after start", async () => {
  const here = world("memory", "http", { options: { emailOtp: { signUp: false } } });
  await here.server().users.create({ email: ADA });
  const watched = faulty(here.driver());
  const auth = here.another({ storage: watched.driver });
  await auth.ready();
  here.mailbox.broken(true);
  const all: unknown[] = [];
  for (const email of [ADA, BOB]) {
    const starts: unknown[] = [];
    for (let i = 0; i < 9; i++) {
      watched.seen.splice(0);
      const { challengeId: _, ...start } = await post(auth, "start", { email });
      starts.push([start, [...watched.seen]]); // what is done behind the reply is not in it
      await here.turn("1s");
    }
    all.push(starts);
    await here.turn(-9);
  }
  expect(all[1]).toEqual(all[0]);
  expect(JSON.stringify(all)).toContain("swap limits");
  expect(here.lines.filter(({ event }) => event === "mail.failed").length).toBeGreaterThan(4);
  await here.close();
});

test("a guess that cannot be counted is not judged", async () => {
  const here = world("memory", "method");
  const store = faulty(here.driver());
  const auth = here.another({ storage: store.driver });
  const ada = here.at(auth);
  const answer = await answered(here, ada, ADA);
  const before = (await here.contents()).get(`challenges:${answer.challengeId}`);
  store.fault = ({ key }, run) => key.startsWith("limits:") ? Promise.reject(new Error("down")) : run();
  expect(await refusal(ada.emailOtp.verify(answer))).toMatchObject({ code: "storage_unavailable" });
  expect(await refusal(ada.emailOtp.start({ email: ADA }))).toMatchObject({ code: "storage_unavailable" });
  expect((await here.contents()).get(`challenges:${answer.challengeId}`)).toBe(before);
  const paid = store.seen.length + 1; // the guess itself is counted, what comes after is not
  store.fault = ({ key, n }, run) =>
    key.startsWith("limits:") && n > paid ? Promise.reject(new Error("down")) : run();
  expect((await ada.emailOtp.verify(answer)).user.email).toBe(ADA);
  await here.close();
});

test("without rateLimit nothing is counted but the attempts of a challenge", async () => {
  const here = world("memory", "method", { options: { rateLimit: false } });
  expect(await guessing(here, ADA, 12)).toEqual({ code_invalid: 60 });
  expect(here.mailbox.messages).toHaveLength(12);
  const answer = await answered(here, here.person(), ADA);
  expect(answer.code).toMatch(/^\d{6}$/);
  for (let i = 0; i < 5; i++) await refusal(here.person().emailOtp.verify(wrong(answer)));
  expect(await refusal(here.person().emailOtp.verify(answer))).toMatchObject({ code: "challenge_invalid" });
  expect([...(await here.contents()).keys()].filter((key) => key.startsWith("limits:"))).toEqual([]);
  await here.close();
});

/** An answer that no mail brings: it has nine digits. */
function wrong({ challengeId }: { readonly challengeId: string }) {
  return { challengeId, code: "123456789" };
}

/** Guesses until so many challenges are dead, each by a stranger of its own, and what came of it. */
async function guessing(here: World, email: string, challenges: number, who?: Client) {
  const outcomes: { readonly code: string }[] = [];
  for (let i = 0; i < challenges; i++) {
    const somebody = who ?? here.person(i % 2);
    const step = await somebody.emailOtp.start({ email });
    for (let tries = 0; tries < 10; tries++) {
      const outcome = await refusal(somebody.emailOtp.verify(wrong(step)));
      if (outcome.code === "challenge_invalid") break;
      outcomes.push(outcome);
    }
  }
  return tally(outcomes);
}

function tally(outcomes: readonly { readonly code: string }[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code } of outcomes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** Asks for a mail, and what answers it. */
async function answered(here: World, somebody: Client, email: string) {
  const { challengeId } = await somebody.emailOtp.start({ email });
  return { challengeId, code: here.mailbox.code(email) };
}

async function post(
  auth: { readonly handler: (request: Request) => Promise<Response> },
  path: string,
  body: object,
) {
  const request = new Request(`http://localhost:3000/auth/email/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-request-id": "same" },
    body: JSON.stringify(body),
  });
  const response = await auth.handler(request);
  const { challengeId, ...rest } = await response.json();
  return { challengeId, status: response.status, headers: [...response.headers], rest };
}
