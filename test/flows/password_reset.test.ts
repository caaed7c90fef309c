// Setting a password anew by a link that was mailed.
import { expect } from "vitest";
import type { FullAuth } from "../suite/client.ts";
import { faulty, refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { PASSWORD, quick } from "../suite/hashing.ts";
import {
  asksReset,
  byPassword,
  FIRST,
  holder,
  SECOND,
  stepOf,
  THIRD,
  tokenFor,
} from "../suite/password_holder.ts";
import { mailOf, outcome, signIn } from "../suite/steps.ts";
import { expectSound } from "../suite/values.ts";
import { within, world } from "../suite/world.ts";

const [ADA, BOB] = ["ada@example.com", "bob@example.com"];

flow("a link sets the password anew: all sessions end, and none begins", async (here) => {
  const { client: ada, grant: { user } } = await holder(here, ADA);
  const program = await byPassword(here.person(1), ADA, FIRST, "bearer");
  const token = await asksReset(here, " Ada@Example.com ");
  expect(here.mailbox.link(ADA)).toMatch(/^http:\/\/localhost:3000\/reset\?token=/);
  const person = here.person();
  const expiresAt = new Date(here.now() + 600_000).toISOString();
  for (let i = 0; i < 3; i++) expect(await person.password.checkReset({ token })).toEqual({ expiresAt });
  await here.turn("9m");
  const updatedAt = new Date(here.now()).toISOString();
  expect(await person.password.finishReset({ token, newPassword: SECOND })).toEqual({ updatedAt });
  expect(person.cookies).toEqual([]);
  expect((await person.sessions.get()).user).toBe(null);
  for (const { headers } of [ada, program.client]) {
    expect(await outcome(here.server(1).requireSession(headers))).toBe("session_ended");
  }
  expect((await here.server().sessions.list({ userId: user.id })).items).toEqual([]);
  expect(await outcome(person.password.checkReset({ token }))).toBe("challenge_invalid");
  expect(await outcome(person.password.finishReset({ token, newPassword: THIRD }))).toBe("challenge_invalid");
  expect(await outcome(byPassword(here.person(), ADA, FIRST))).toBe("credentials_invalid");
  expect((await byPassword(here.person(), ADA, SECOND)).grant.user).toEqual(user);
  const told = here.lines.filter(({ event }) => /^(password\.reset|sessions\.ended)$/.test(event));
  expect(told.map(({ event, userId, ended }) => [event, userId, ended])).toEqual([
    ["password.reset", user.id, undefined],
    ["sessions.ended", user.id, 2],
  ]);
});

test("the page gets one token, whatever its address said before", async () => {
  const here = world("memory", "method");
  await holder(here, ADA);
  const links = { reset: "https://app.example.com/reset?lang=de&token=none" };
  await asksReset(
    here,
    ADA,
    here.another({ email: { from: "a@example.com", send: here.mailbox.send, links } }),
  );
  expect(here.mailbox.link(ADA)).toMatch(/^https:\/\/app\.example\.com\/reset\?lang=de&token=[\w-]{50,}$/);
  await here.close();
});

flow("a password that is refused uses nothing up", async (here) => {
  await holder(here, ADA);
  const token = await asksReset(here, ADA);
  const person = here.person();
  for (const newPassword of ["short", "short", "short", `${ADA}12`, "x".repeat(257)]) {
    const { code, details } = await refusal(person.password.finishReset({ token, newPassword }));
    expect([code, details?.issues?.[0]?.path]).toEqual(["password_weak", "newPassword"]);
  }
  expect(await outcome(person.password.finishReset({ token, newPassword: SECOND }))).toBe("fine");
  expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("fine");
}, { options: { password: { ...PASSWORD, reset: { attempts: 1 } } } });

flow("of 100 who use one link at once, one sets the password", async (here) => {
  await holder(here, ADA);
  const token = await asksReset(here, ADA);
  const passwords = Array.from({ length: 100 }, (_, i) => `a password of somebody, number ${i}`);
  const outcomes = await Promise.all(
    passwords.map((newPassword, i) =>
      outcome(here.person(i % 2).password.finishReset({ token, newPassword }))
    ),
  );
  expect(outcomes.filter((code) => code === "fine")).toHaveLength(1);
  expect(new Set(outcomes)).toEqual(new Set(["fine", "challenge_invalid"]));
  const winner = passwords[outcomes.indexOf("fine")] ?? "";
  expect(await outcome(byPassword(here.person(), ADA, winner))).toBe("fine");
});

flow("a link is good for as long as the options say, and no altered one is good at all", async (here) => {
  await holder(here, ADA);
  const token = await asksReset(here, ADA);
  const swapped = (at: number) => token.slice(0, at) + (token[at] === "a" ? "b" : "a") + token.slice(at + 1);
  for (const other of [swapped(0), swapped(25), swapped(26), swapped(51), token.slice(1), `${token}a`, "é"]) {
    expect(await outcome(here.person().password.checkReset({ token: other }))).toBe("challenge_invalid");
    const finish = here.person().password.finishReset({ token: other, newPassword: SECOND });
    expect(await outcome(finish)).toBe("challenge_invalid");
  }
  await here.turn("119s");
  expect(await outcome(here.person().password.checkReset({ token }))).toBe("fine");
  await here.turn("1s");
  const late = here.person().password.finishReset({ token, newPassword: SECOND });
  expect(await outcome(late)).toBe("challenge_invalid");
  expect(await outcome(here.person().password.checkReset({ token }))).toBe("challenge_invalid");
}, { options: { password: { ...PASSWORD, reset: { ttl: "2m" } } } });

flow("a link allows for as many wrong tokens as the options say, however many come at once", async (here) => {
  await holder(here, ADA);
  const tokens = [await asksReset(here, ADA), await asksReset(here, ADA)];
  const wrong = (token: string) => token.slice(0, -1) + (token.endsWith("a") ? "b" : "a");
  for (const [i, token] of tokens.entries()) {
    const person = here.person(i);
    const guesses = Array.from({ length: 2 + i * 98 }, () =>
      // of the first link one is left
      outcome(person.password.finishReset({ token: wrong(token), newPassword: SECOND })));
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(["challenge_invalid"]));
    const isLeft = i === 0;
    expect(await outcome(person.password.checkReset({ token }))).toBe(isLeft ? "fine" : "challenge_invalid");
    const right = person.password.finishReset({ token, newPassword: SECOND });
    expect(await outcome(right)).toBe(isLeft ? "fine" : "challenge_invalid");
  }
}, { options: { password: { ...PASSWORD, reset: { attempts: 3 } } } });

flow("who has an account nothing tells that asks for a reset, and nobody else is mailed", async (here) => {
  await holder(here, ADA);
  const store = faulty(here.driver());
  const auth = here.another({ storage: store.driver });
  await auth.ready();
  const [work, replies]: [(readonly string[])[], unknown[]] = [[], []];
  for (const email of [ADA, BOB]) {
    store.seen.length = 0;
    const told = await here.at(auth).password.startReset({ email });
    replies.push([told, ...await replyTo(auth, email)]);
    work.push([...store.seen]);
  }
  await auth.close(); // and with it what is done behind the replies
  expect(work[0]?.length).toBeGreaterThan(8);
  expect(work[1]).toEqual(work[0]);
  expect(replies[1]).toEqual(replies[0]);
  const mailed = here.mailbox.messages.map(({ to: { address }, kind }) => `${address} ${kind}`);
  expect(mailed).toEqual(Array(2).fill(`${ADA} password.resetLink`));
});

/** Body, status and headers of a start over HTTP. */
async function replyTo({ handler }: FullAuth, email: string): Promise<readonly unknown[]> {
  const response = await handler(
    new Request("http://localhost:3000/auth/password/reset/start", {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "same" },
      body: JSON.stringify({ email }),
    }),
  );
  return [response.status, [...response.headers], await response.json()];
}

flow(
  "what was mailed to reset a password is good for nothing else, nor anything else for that",
  async (here) => {
    const { client: ada } = await holder(here, ADA);
    const reset = await asksReset(here, ADA);
    await ada.magicLink.start({ email: ADA });
    const link = tokenFor(here, ADA);
    const step = await here.person().emailOtp.start({ email: ADA });
    const code = here.mailbox.code(ADA);
    const { password, magicLink } = ada;
    const crossed = [
      magicLink.verify({ token: reset }),
      password.checkReset({ token: link }),
      password.finishReset({ token: link, newPassword: SECOND }),
      password.finishReset({ token: code, newPassword: SECOND }),
      password.finishReset({ token: `${step.challengeId}${code}`, newPassword: SECOND }),
    ];
    expect(await Promise.all(crossed.map(outcome))).toEqual(crossed.map(() => "challenge_invalid"));
    expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("credentials_invalid");
    // Whoever knows the id of a step of the other kind spends none of its attempts.
    const { emailOtp } = here.person();
    for (let i = 0; i < 6; i++) {
      const made = `${step.challengeId}${"a".repeat(26)}`;
      expect(await outcome(password.checkReset({ token: made }))).toBe("challenge_invalid");
      const typed = emailOtp.verify({ challengeId: reset.slice(0, 26), code: reset.slice(26, 38) });
      expect(await outcome(typed)).toBe("challenge_invalid");
    }
    expect(await outcome(emailOtp.verify({ challengeId: step.challengeId, code }))).toBe("fine");
    expect(await outcome(magicLink.verify({ token: link }))).toBe("fine");
    expect(await outcome(password.finishReset({ token: reset, newPassword: SECOND }))).toBe("fine");
  },
);

flow("an account without a password gets one", async (here) => {
  const { grant: { user } } = await signIn(here, ADA);
  const token = await asksReset(here, ADA);
  await here.person().password.finishReset({ token, newPassword: FIRST });
  expect((await byPassword(here.person(), ADA, FIRST)).grant.user).toEqual(user);
});

flow(
  "whoever resets the password of an account whose address nobody had proved takes it over",
  async (here) => {
    const auth = here.server();
    const { id } = await auth.users.create({ email: ADA, name: "Mallory", passwordHash: quick(FIRST) });
    const { client: mallory } = await byPassword(here.person(), ADA, FIRST);
    const token = await asksReset(here, ADA);
    await auth.sessions.endAll({ userId: id }); // its maker keeps nobody out by revoking
    await here.person().password.finishReset({ token, newPassword: SECOND });
    expect(await outcome(auth.requireSession(mallory.headers))).toBe("session_ended");
    expect(await outcome(byPassword(here.person(), ADA, FIRST))).toBe("credentials_invalid");
    const { grant: { user } } = await byPassword(here.person(), ADA, SECOND);
    expect(user).toMatchObject({ id, email: ADA, emailVerified: true, name: null });
    await expectSound(here);
  },
);

flow("a link is good for nothing once all was ended that was there when it was mailed", async (here) => {
  const auth = here.server();
  const meanwhile: readonly ((email: string, userId: string) => Promise<unknown>)[] = [
    (_, userId) => auth.sessions.endAll({ userId }),
    (_, userId) => auth.password.change({ userId, newPassword: THIRD }),
    async (email) => {
      const token = await asksReset(here, email);
      await here.person().password.finishReset({ token, newPassword: THIRD });
    },
    (_, id) => auth.users.remove({ id }),
    async (email, id) => {
      await auth.users.remove({ id });
      await holder(here, email); // another account of the same address
    },
  ];
  for (const [i, act] of meanwhile.entries()) {
    const email = `ada.${i}@example.com`;
    const { grant: { user } } = await holder(here, email);
    const token = await asksReset(here, email);
    await act(email, user.id);
    const { password } = here.person();
    expect([i, await outcome(password.checkReset({ token }))]).toEqual([i, "challenge_invalid"]);
    const finish = await outcome(password.finishReset({ token, newPassword: SECOND }));
    expect([i, finish]).toEqual([i, "challenge_invalid"]);
    const late = await outcome(byPassword(here.person(), email, SECOND));
    expect([i, late]).toEqual([i, "credentials_invalid"]);
  }
});

flow("a link that was used up by a server that died sets nothing, and the next one does", async (here) => {
  const { client: ada } = await holder(here, ADA);
  const token = await asksReset(here, ADA);
  const store = faulty(here.driver());
  const auth = here.another({ storage: store.driver });
  await auth.ready();
  store.fault = ({ name, key }, run) =>
    name === "swap" && key.startsWith("users:") ? Promise.reject(new Error("the process died")) : run();
  const died = here.at(auth).password.finishReset({ token, newPassword: SECOND });
  expect(await outcome(died)).toBe("storage_unavailable");
  expect(await outcome(here.person().password.checkReset({ token }))).toBe("challenge_invalid");
  expect(await outcome(here.server().requireSession(ada.headers)), "nothing ended").toBe("fine");
  expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("credentials_invalid");
  expect(await outcome(byPassword(here.person(), ADA, FIRST))).toBe("fine");
  const again = await asksReset(here, ADA);
  await here.person().password.finishReset({ token: again, newPassword: SECOND });
  expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("fine");
});

test("a reset ends the row of strangers' wrong guesses", () =>
  within(async (here) => {
    await holder(here, ADA);
    for (let hour = 0; hour < 2; hour++) { // a hundred in a row
      const guesses = Array.from({ length: 50 }, () => outcome(byPassword(here.person(), ADA, THIRD)));
      expect(new Set(await Promise.all(guesses))).toEqual(new Set(["credentials_invalid"]));
      await here.turn("1h");
    }
    expect(await outcome(byPassword(here.person(), ADA, FIRST)), "a stranger").toBe("rate_limited");
    const token = await asksReset(here, ADA);
    await here.person().password.finishReset({ token, newPassword: SECOND });
    expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("fine");
  }));

flow("a reset voids what devices were known by, and a code is asked for again", async (here) => {
  const { client: ada } = await holder(here, BOB);
  expect(ada.headers.get("latchkey-device")).toMatch(/^lkd_/);
  const coded = here.another({ password: { ...PASSWORD, signIn: { emailCode: true } } });
  const client = here.at(coded);
  const input = { identifier: BOB, password: FIRST };
  const challengeId = stepOf(await client.password.signIn(input));
  await client.password.verifySignIn({ challengeId, code: here.mailbox.code(BOB), remember: true });
  expect(await outcome(byPassword(client, BOB, FIRST)), "a device that is remembered").toBe("fine");
  const pending = stepOf(await here.at(coded).password.signIn(input));
  const code = here.mailbox.code(BOB);
  const token = await asksReset(here, BOB, coded);
  await here.person().password.finishReset({ token, newPassword: SECOND });
  const late = here.at(coded).password.verifySignIn({ challengeId: pending, code });
  expect(await outcome(late), "a code that was mailed before").toBe("challenge_invalid");
  expect(stepOf(await client.password.signIn({ ...input, password: SECOND }))).toMatch(/^[a-z2-7]{26}$/);
});

const WORDS = {
  en: {
    link: {
      subject: "Choose a new password",
      text: `Open this link to choose a new password:

LINK

It is valid for 10 minutes, and only once. All sessions end with it.

If you did not ask for it, you need not do anything: your password stays.
`,
    },
    done: {
      subject: "Your password was changed",
      text: `Your password was set anew by a link from a mail (AT). All earlier sessions have ended.

If that was not you, choose a new password at once, and look at what else signs in to your account.
`,
    },
  },
  de: {
    link: {
      subject: "Ein neues Passwort wählen",
      text: `Öffnen Sie diesen Link, um ein neues Passwort zu wählen:

LINK

Er ist 10 Minuten lang und nur einmal gültig. Alle Sitzungen enden damit.

Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.
`,
    },
    done: {
      subject: "Ihr Passwort wurde geändert",
      text: `Ihr Passwort wurde über einen Link neu gesetzt (AT). Alle früheren Sitzungen sind beendet.

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort, und sehen Sie nach, womit man sich sonst noch an Ihrem Konto anmeldet.
`,
    },
  },
} as const;

flow("owners are mailed the link, and told when it was used", async (here) => {
  for (const locale of ["en", "de"] as const) {
    const email = {
      from: "no-reply@example.com",
      send: here.mailbox.send,
      locale,
      links: { reset: "https://app.example/neu?from=mail" },
    };
    const auth = here.another({ email });
    const address = `ada.${locale}@example.com`;
    await holder(here, address, auth);
    const token = await asksReset(here, address, auth);
    const { link, done } = WORDS[locale];
    const asked = here.mailbox.last(address);
    const url = asked.data["link"] ?? "";
    expect([asked.kind, asked.subject, asked.text]).toEqual([
      "password.resetLink",
      link.subject,
      link.text.replace("LINK", url),
    ]);
    expect(url).toBe(`https://app.example/neu?from=mail&token=${encodeURIComponent(token)}`);
    const mailed = mailOf(auth, "password.reset");
    await here.at(auth).password.finishReset({ token, newPassword: SECOND });
    await mailed;
    const { kind, subject, text } = here.mailbox.last(address);
    const at = new Date(here.now()).toISOString();
    expect([kind, subject, text]).toEqual(["password.reset", done.subject, done.text.replace("AT", at)]);
  }
});
