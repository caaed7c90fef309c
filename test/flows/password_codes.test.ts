// The code that is mailed after the right password, and the devices at which none is asked for.
import { expect } from "vitest";
import type { Client } from "../suite/client.ts";
import { refusal } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { gate, interleave } from "../suite/gate.ts";
import { PASSWORD, quick } from "../suite/hashing.ts";
import { ADA as PAIR, addsKey, signsInByKey } from "../suite/key_holder.ts";
import { asksReset, byPassword, FIRST, granted, SECOND, stepOf } from "../suite/password_holder.ts";
import { outcome, signIn } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

const [ADA, BOB] = ["ada@example.com", "bob@example.com"];
const OPTIONS = { options: { password: { ...PASSWORD, signIn: { emailCode: true } } } };
const OWN = { identifier: ADA, password: FIRST };

/** An account whose address is proven. */
async function account({ server }: World, email = ADA): Promise<string> {
  const born = { email, emailVerified: true, passwordHash: quick(FIRST) };
  return (await server().users.create(born)).id;
}

/** Signs in by password and code on a device that is to be remembered. */
async function remembered(here: World, client: Client = here.person(), identifier = ADA): Promise<Client> {
  const challengeId = stepOf(await client.password.signIn({ identifier, password: FIRST }));
  await client.password.verifySignIn({ challengeId, code: here.mailbox.code(identifier), remember: true });
  return client;
}

/** What somebody's right password comes to. */
async function asked(client: Client, input = OWN): Promise<"let in" | "asked for a code"> {
  return "challenge" in await client.password.signIn(input) ? "asked for a code" : "let in";
}

flow("after the right password a code is mailed, and lets in", async (here) => {
  const userId = await account(here);
  const ada = here.person();
  const told = await ada.password.signIn({ ...OWN, session: "bearer" });
  expect(told).toEqual({
    challenge: {
      id: expect.stringMatching(/^[a-z2-7]{26}$/),
      kind: "email_code",
      expiresAt: new Date(here.now() + 600_000).toISOString(),
      resendAt: new Date(here.now() + 60_000).toISOString(),
    },
  });
  expect([ada.cookies, (await here.server().sessions.list({ userId })).items]).toEqual([[], []]);
  const challengeId = stepOf(told);
  const wrong = await refusal(ada.password.verifySignIn({ challengeId, code: "00000a" }));
  expect([wrong.code, wrong.details?.attemptsLeft]).toEqual(["code_invalid", 4]);
  await here.turn("1m");
  await ada.challenges.resend({ challengeId });
  const code = here.mailbox.code(ADA);
  const { user, session, tokenType } = await ada.password.verifySignIn({ challengeId, code });
  expect([user.id, session.amr, tokenType]).toEqual([userId, ["pwd", "otp", "email"], "Bearer"]);
  expect(await outcome(ada.password.verifySignIn({ challengeId, code }))).toBe("challenge_invalid");
  expect(here.mailbox.messages.map(({ kind }) => kind)).toEqual(Array(2).fill("password.signInCode"));
  expect(await asked(ada), "a device that nobody wanted to be remembered").toBe("asked for a code");
}, OPTIONS);

flow("nobody is mailed for a wrong password, an account without one, or an unknown address", async (here) => {
  await account(here);
  await here.server().users.create({ email: BOB, emailVerified: true });
  for (const identifier of [ADA, BOB, "eve@example.com"]) {
    const refused = await refusal(here.person().password.signIn({ identifier, password: SECOND }));
    expect(refused).toEqual({
      code: "credentials_invalid",
      message: expect.any(String),
      status: 401,
    });
  }
  expect(here.mailbox.messages).toEqual([]);
}, OPTIONS);

flow(
  "the code of a sign-in is good for nothing else, and dies with its attempts and its time",
  async (here) => {
    await account(here);
    const ada = here.person();
    const step = async () => ({
      challengeId: stepOf(await ada.password.signIn(OWN)),
      code: here.mailbox.code(ADA),
    });
    const one = await step();
    const { client: other } = await signIn(here, ADA);
    const otp = await here.person().emailOtp.start({ email: ADA });
    const crossed = [
      here.person().emailOtp.verify(one),
      here.person().password.verifySignUp(one),
      other.password.verifyChange(one),
      here.person().password.verifySignIn({ challengeId: otp.challengeId, code: here.mailbox.code(ADA) }),
    ];
    expect(await Promise.all(crossed.map(outcome))).toEqual(crossed.map(() => "challenge_invalid"));
    const two = await step();
    for (let left = 4; left >= 0; left--) {
      const guess = await refusal(ada.password.verifySignIn({ ...two, code: "00000a" }));
      expect([guess.code, guess.details?.attemptsLeft]).toEqual(["code_invalid", left]);
    }
    expect(await outcome(ada.password.verifySignIn(two)), "after five").toBe("challenge_invalid");
    expect(await outcome(ada.password.verifySignIn(one))).toBe("fine");
    const late = await step();
    await here.turn("10m");
    expect(await outcome(ada.password.verifySignIn(late)), "ten minutes later").toBe("challenge_invalid");
  },
  OPTIONS,
);

flow(
  "a code lets nobody in where the password was changed, or all was ended, after it was mailed",
  async (here) => {
    const auth = here.server();
    const meanwhile: readonly ((email: string, userId: string) => Promise<unknown>)[] = [
      (_, userId) => auth.sessions.endAll({ userId }),
      (_, userId) => auth.password.change({ userId, newPassword: SECOND }),
      (_, id) => auth.users.remove({ id }),
      async (email) => {
        const token = await asksReset(here, email);
        await here.person().password.finishReset({ token, newPassword: SECOND });
      },
    ];
    for (const [i, act] of meanwhile.entries()) {
      const email = `ada.${i}@example.com`;
      const userId = await account(here, email);
      const ada = here.person();
      const challengeId = stepOf(await ada.password.signIn({ identifier: email, password: FIRST }));
      const code = here.mailbox.code(email);
      await act(email, userId);
      const late = await outcome(ada.password.verifySignIn({ challengeId, code }));
      expect([i, late]).toEqual([i, "challenge_invalid"]);
    }
  },
  OPTIONS,
);

flow(
  "on a device that is remembered the password signs in alone, on no other, and for thirty days",
  async (here) => {
    await account(here);
    const ada = await remembered(here);
    await here.turn("1h");
    const grant = granted(await ada.password.signIn(OWN));
    expect(grant.session.amr).toEqual(["pwd"]);
    expect(await outcome(byPassword(ada, ADA, SECOND)), "a wrong one").toBe("credentials_invalid");
    expect(await asked(here.person(1))).toBe("asked for a code");
    const bob = here.person();
    await account(here, BOB);
    await remembered(here, bob, BOB);
    expect(await asked(bob), "a device that somebody else's account remembers").toBe("asked for a code");
    const { items } = await ada.devices.list();
    const [device] = items;
    const times = {
      createdAt: here.now() - 3_600_000,
      lastUsedAt: here.now(),
      expiresAt: here.now() + 30 * DAY - 3_600_000,
    };
    expect(items).toEqual([{
      id: expect.stringMatching(/^[a-z2-7]{26}$/),
      name: "a test",
      ...Object.fromEntries(Object.entries(times).map(([name, at]) => [name, new Date(at).toISOString()])),
      current: true,
    }]);
    const added = here.lines.find(({ event, userId }) =>
      event === "device.added" && userId === grant.user.id
    );
    expect(added?.["deviceId"]).toBe(device?.id);
    await here.turn("719h"); // of 720
    expect(await asked(ada)).toBe("asked for a code");
    const { client } = await signIn(here, ADA);
    expect((await client.devices.list()).items).toEqual([]);
  },
  OPTIONS,
);

const DAY = 86_400_000; // ms

flow("a program's device is remembered by its token", async (here) => {
  await account(here);
  const program = here.person();
  const challengeId = stepOf(await program.password.signIn({ ...OWN, session: "bearer" }));
  const answer = { challengeId, code: here.mailbox.code(ADA), remember: true };
  const { deviceToken = "" } = await program.password.verifySignIn(answer);
  const later = here.person(1);
  later.headers.set("latchkey-device", deviceToken);
  expect(await asked(later)).toBe("let in");
  expect((await later.devices.list()).items.map(({ current }) => current)).toEqual([true]);
}, OPTIONS);

flow("a device is forgotten by its owner and by nobody else; its sessions go on", async (here) => {
  await account(here);
  await account(here, BOB);
  const [ada, bob] = [await remembered(here), await remembered(here, here.person(), BOB)];
  const phone = await remembered(here, here.person(1));
  const { items } = await ada.devices.list();
  const [{ id: newest } = { id: "" }, { id: mine, current } = { id: "", current: false }] = items;
  expect(current).toBe(true);
  for (const id of [newest, mine, "a".repeat(26)]) {
    expect(await outcome(bob.devices.remove({ id }))).toBe("not_found");
  }
  await addsKey(ada, PAIR);
  const program = here.person();
  await signsInByKey(program, PAIR);
  expect((await program.devices.list()).items).toHaveLength(2);
  expect(await outcome(program.devices.remove({ id: newest })), "by a key's session").toBe("forbidden");
  await ada.devices.remove({ id: newest });
  expect(await outcome(ada.devices.remove({ id: newest }))).toBe("not_found");
  expect((await ada.devices.list()).items.map(({ id }) => id)).toEqual([mine]);
  expect((await phone.sessions.get()).user?.email).toBe(ADA);
  expect(await asked(phone), "though its token is as it was").toBe("asked for a code");
  expect(await asked(ada)).toBe("let in");
  const removed = here.lines.filter(({ event }) => event === "device.removed");
  expect(removed.map(({ deviceId }) => deviceId)).toEqual([newest]);
  const auth = here.server();
  const userId = "a".repeat(26);
  expect(await outcome(auth.devices.list({ userId }))).toBe("not_found");
  expect(await outcome(auth.devices.remove({ userId, id: mine }))).toBe("not_found");
}, OPTIONS);

flow("whatever revokes all sessions forgets the devices too", async (here) => {
  const auth = here.server();
  const revocations: readonly ((userId: string, email: string) => Promise<unknown>)[] = [
    (userId) => auth.sessions.endAll({ userId }),
    (userId) => auth.password.change({ userId, newPassword: FIRST }),
    async (_, email) => {
      const token = await asksReset(here, email);
      await here.person().password.finishReset({ token, newPassword: FIRST });
    },
  ];
  for (const [i, revoke] of revocations.entries()) {
    const email = `ada.${i}@example.com`;
    const userId = await account(here, email);
    const ada = await remembered(here, here.person(), email);
    await revoke(userId, email);
    expect((await auth.devices.list({ userId })).items).toEqual([]);
    expect(await asked(ada, { identifier: email, password: FIRST })).toBe("asked for a code");
  }
}, OPTIONS);

flow("a device that is forgotten while its owner's password is judged signs nobody in", async (here) => {
  const userId = await account(here);
  const ada = await remembered(here);
  const held = gate(here.driver());
  const auth = here.another({ storage: held.driver });
  await auth.ready();
  const phone = here.at(auth);
  phone.headers.set("latchkey-device", ada.headers.get("latchkey-device") ?? "");
  const { told } = await interleave({
    gate: held,
    point: { n: 1, since: ({ call, key }) => call === "swap" && key.startsWith("limits:") }, // it is paid for
    work: () => phone.password.signIn(OWN),
    async meanwhile() {
      const { items } = await ada.devices.list();
      await ada.devices.remove({ id: items[0]?.id ?? "" });
    },
  });
  expect(told).toEqual({ code: "challenge_invalid" });
  expect((await here.server().sessions.list({ userId })).items).toHaveLength(1);
  expect(await asked(phone)).toBe("asked for a code");
}, OPTIONS);

flow("nothing is remembered where no codes are asked for", async (here) => {
  const said = { challengeId: "a".repeat(26), code: "123456" };
  const asks = await refusal(here.person().password.verifySignIn({ ...said, remember: true }));
  expect([asks.code, asks.details?.issues?.[0]?.path]).toEqual(["input_invalid", "remember"]);
  const not = here.person().password.verifySignIn({ ...said, remember: false });
  expect(await outcome(not)).toBe("challenge_invalid");
  const userId = await account(here);
  const { client } = await byPassword(here.person(), ADA, FIRST);
  expect([await client.devices.list(), await here.server().devices.list({ userId })]).toEqual([
    { items: [] },
    { items: [] },
  ]);
});

flow("a device is remembered for as long as the options say, whatever it calls itself", async (here) => {
  const userId = await account(here);
  const auth = here.another({ password: { ...OPTIONS.options.password, rememberFor: "2h" } });
  const tokens: string[] = [];
  for (let i = 0; i < 10; i++) {
    if (i === 5) await here.turn("1h"); // for five more mails
    const client = { userAgent: i === 0 ? 'Mozilla\u0007\ud800"' : "日".repeat(300) };
    const challengeId = stepOf(await auth.password.signIn({ ...OWN, client, session: "bearer" }));
    const answer = { challengeId, code: here.mailbox.code(ADA), remember: true, client };
    tokens.push((await auth.password.verifySignIn(answer)).deviceToken ?? "");
  }
  const { items } = await auth.devices.list({ userId });
  expect(items.map(({ name }) => name)).toEqual([...Array(9).fill("日".repeat(192)), 'Mozilla \ufffd"']);
  await here.turn("1h");
  expect((await auth.devices.list({ userId })).items).toHaveLength(5);
  const [first, last] = [here.at(auth), here.at(auth)];
  first.headers.set("latchkey-device", tokens[0]!);
  last.headers.set("latchkey-device", tokens[9]!);
  expect([await asked(first), await asked(last)]).toEqual(["asked for a code", "let in"]);
}, OPTIONS);

const WORDS = {
  en: {
    subject: "CODE is your code",
    text: `Your code is CODE.

It is valid for 10 minutes. Enter it where you asked for it, and tell it to nobody.

ABOUT
`,
    signIn:
      "Somebody has just entered your password. If that was not you, tell this code to nobody, and change the password.",
    change:
      "Your password changes when it is entered. If you are not changing it, tell this code to nobody, and end all sessions.",
  },
  de: {
    subject: "CODE ist Ihr Code",
    text: `Ihr Code lautet CODE.

Er ist 10 Minuten lang gültig. Geben Sie ihn dort ein, wo Sie ihn angefordert haben, und teilen Sie ihn niemandem mit.

ABOUT
`,
    signIn:
      "Gerade hat jemand Ihr Passwort eingegeben. Wenn Sie das nicht waren, geben Sie den Code niemandem, und ändern Sie das Passwort.",
    change:
      "Mit ihm wird Ihr Passwort geändert. Wenn Sie das nicht wollen, geben Sie den Code niemandem, und beenden Sie alle Sitzungen.",
  },
} as const;

flow("the mails that bring codes say what for", async (here) => {
  for (const locale of ["en", "de"] as const) {
    const email = { from: "no-reply@example.com", send: here.mailbox.send, locale };
    const both = { signIn: { emailCode: true }, change: { emailCode: true } };
    const auth = here.another({ email, password: { ...PASSWORD, ...both } });
    const address = `ada.${locale}@example.com`;
    await account(here, address);
    const { subject, text, ...about } = WORDS[locale];
    const expectMail = (what: "signIn" | "change") => {
      const mail = here.mailbox.last(address);
      const code = here.mailbox.code(address);
      expect([mail.kind, mail.subject, mail.text, mail.to]).toEqual([
        `password.${what}Code`,
        subject.replace("CODE", code),
        text.replace("CODE", code).replace("ABOUT", about[what]),
        { address },
      ]);
      return code;
    };
    const ada = here.at(auth);
    const challengeId = stepOf(await ada.password.signIn({ identifier: address, password: FIRST }));
    await ada.password.verifySignIn({ challengeId, code: expectMail("signIn") });
    await ada.password.change({ currentPassword: FIRST, newPassword: SECOND });
    expectMail("change");
  }
});
