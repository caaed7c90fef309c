// Changing one's password: who may, what ends with it, and what a code is for.
import { expect } from "vitest";
import { refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { PASSWORD } from "../suite/hashing.ts";
import { ADA as PAIR, addsKey, signsInByKey } from "../suite/key_holder.ts";
import {
  asksReset,
  byPassword,
  FIRST,
  granted,
  holder,
  SECOND,
  stepOf,
  THIRD,
} from "../suite/password_holder.ts";
import { mailOf, outcome, signIn } from "../suite/steps.ts";
import { within, type World } from "../suite/world.ts";

const [ADA, BOB] = ["ada@example.com", "bob@example.com"];
const CODED = { password: { ...PASSWORD, change: { emailCode: true } } };
const LENIENT = { password: { ...PASSWORD, change: { requireCurrent: false } } };

flow("whoever changes their password has a new session, and every earlier one has ended", async (here) => {
  const { client: ada, grant } = await holder(here, ADA);
  const { user, session } = grant;
  const others = [
    await byPassword(here.person(1), ADA, FIRST, "bearer"),
    await signIn(here, ADA), // by a code
  ];
  const before = new Headers(ada.headers);
  await here.turn("1m");
  const input = { currentPassword: FIRST, newPassword: SECOND, session: "bearer" } as const;
  const changed = granted(await ada.password.change(input));
  expect(changed.user).toEqual(user);
  expect(changed.session).toMatchObject({
    amr: ["pwd"],
    createdAt: new Date(here.now()).toISOString(),
  });
  expect(changed.session.id).not.toBe(session.id);
  expect([changed.tokenType, changed.refreshToken]).toEqual(["Bearer", expect.stringMatching(/^lkr_/)]);
  for (const headers of [before, ...others.map(({ client }) => client.headers)]) {
    expect(await outcome(here.server(1).requireSession(headers))).toBe("session_ended");
  }
  const { refreshToken = "" } = others[0]!.grant;
  expect(await outcome(here.person().sessions.refresh({ refreshToken }))).toBe("session_ended");
  const { items } = await here.server().sessions.list({ userId: user.id });
  expect(items.map(({ id }) => id)).toEqual([changed.session.id]);
  expect(await outcome(byPassword(here.person(), ADA, FIRST))).toBe("credentials_invalid");
  expect((await byPassword(here.person(), ADA, SECOND)).grant.user).toEqual(user);
  const told = here.lines.filter(({ event }) => event === "password.changed");
  expect(told.map(({ userId }) => userId)).toEqual([user.id]);
});

/** Somebody who wants to change it, and what they are told. */
interface Case {
  /** The current password, as they say it. */
  readonly given?: string;
  /** Whether `requireCurrent` is off. */
  readonly lenient?: true;
  /** Whether they signed in too long ago. */
  readonly later?: true;
  /** Whether they have no password yet. */
  readonly bare?: true;
  readonly is: string;
}

const CASES: readonly Case[] = [
  // the current password, which must be given
  { given: FIRST, is: "fine" },
  { given: SECOND, is: "credentials_invalid" },
  { is: "input_invalid" },
  { later: true, given: FIRST, is: "fine" },
  { later: true, is: "input_invalid" },
  // or a young session, where that is enough
  { lenient: true, is: "fine" },
  { lenient: true, given: FIRST, is: "fine" },
  { lenient: true, given: SECOND, is: "credentials_invalid" },
  { lenient: true, later: true, is: "step_up_required" },
  { lenient: true, later: true, given: FIRST, is: "fine" },
  // or where there is none yet
  { bare: true, is: "fine" },
  { bare: true, later: true, is: "step_up_required" },
  { bare: true, later: true, given: FIRST, is: "step_up_required" },
];

flow("the current password is asked for, or a young session where that is enough", async (here) => {
  const lenient = here.another(LENIENT);
  for (const [i, { lenient: isLenient, later, given: currentPassword, bare, is }] of CASES.entries()) {
    const email = `ada.${i}@example.com`;
    const auth = isLenient === true ? lenient : here.server();
    const { client } = bare === true
      ? await signIn(here, email, "cookie", here.at(auth))
      : await holder(here, email, auth);
    if (later === true) await here.turn("601s");
    const change = client.password.change({
      newPassword: THIRD,
      ...(currentPassword !== undefined && { currentPassword }),
    });
    expect([i, await outcome(change)]).toEqual([i, is]);
    const now = await outcome(here.at(auth).password.signIn({ identifier: email, password: THIRD }));
    expect([i, now]).toEqual([i, is === "fine" ? "fine" : "credentials_invalid"]);
  }
});

flow(
  "the application's own code changes a password without knowing it, and ends all sessions",
  async (here) => {
    const { client: ada, grant: { user } } = await holder(here, ADA);
    const auth = here.server();
    const changed = granted(await auth.password.change({ userId: user.id, newPassword: SECOND }));
    expect(changed.user.id).toBe(user.id);
    expect(await outcome(auth.requireSession(ada.headers))).toBe("session_ended");
    expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("fine");
    const wrong = auth.password.change({ userId: user.id, currentPassword: FIRST, newPassword: THIRD });
    expect(await outcome(wrong), "a wrong one counts where it is given").toBe("credentials_invalid");
    const nobody = auth.password.change({ userId: "a".repeat(26), newPassword: THIRD });
    expect(await outcome(nobody)).toBe("not_found");
  },
);

test("wrong current passwords are guesses: past fifty an hour none is judged", () =>
  within(async (here) => {
    const { client: ada } = await holder(here, ADA);
    const guesses = await Promise.all(
      Array.from(
        { length: 55 },
        () => outcome(ada.password.change({ currentPassword: SECOND, newPassword: THIRD })),
      ),
    );
    expect(guesses.filter((code) => code === "credentials_invalid")).toHaveLength(50);
    expect(guesses.filter((code) => code === "rate_limited")).toHaveLength(5);
    const right = { currentPassword: FIRST, newPassword: THIRD };
    expect(await outcome(ada.password.change(right))).toBe("rate_limited");
    expect(await outcome(byPassword(here.person(), ADA, FIRST)), "whom that costs nothing").toBe("fine");
    await here.turn("72s"); // for another guess
    expect(await outcome(ada.password.change(right))).toBe("fine");
  }));

flow("a new password that is refused costs nothing", async (here) => {
  const { client: ada, grant: { session } } = await holder(here, ADA);
  for (let i = 0; i < 10; i++) {
    const weak = await refusal(ada.password.change({ currentPassword: SECOND, newPassword: "short" }));
    expect([weak.code, weak.details?.issues?.[0]?.path]).toEqual(["password_weak", "newPassword"]);
  }
  expect((await ada.sessions.get()).session?.id).toBe(session.id);
  const own = await refusal(ada.password.change({ currentPassword: FIRST, newPassword: `${ADA}12` }));
  expect(own.code, "an address of one's own").toBe("password_weak");
  expect(await outcome(ada.password.change({ currentPassword: FIRST, newPassword: SECOND }))).toBe("fine");
});

flow("a session that a key made changes no password", async (here) => {
  const { client: ada } = await holder(here, ADA, here.another(CODED));
  await addsKey(ada, PAIR);
  const program = here.person();
  await signsInByKey(program, PAIR);
  const change = { currentPassword: FIRST, newPassword: SECOND };
  expect(await outcome(program.password.change(change))).toBe("forbidden");
  const challengeId = stepOf(await ada.password.change(change));
  const code = here.mailbox.code(ADA);
  expect(await outcome(program.password.verifyChange({ challengeId, code }))).toBe("forbidden");
  expect(await outcome(ada.password.verifyChange({ challengeId, code }))).toBe("fine");
});

flow("of two changes at once one happens", async (here) => {
  const { client: ada, grant: { user } } = await holder(here, ADA);
  const [one, two] = await Promise.all([SECOND, THIRD].map((newPassword) => {
    const client = here.person();
    client.wears(ada.headers);
    return outcome(client.password.change({ currentPassword: FIRST, newPassword }));
  }));
  expect([one, two].filter((code) => code === "fine")).toHaveLength(1);
  const lost = one === "fine" ? two : one;
  expect(["challenge_invalid", "session_ended", "credentials_invalid"]).toContain(lost);
  const [now, never] = one === "fine" ? [SECOND, THIRD] : [THIRD, SECOND];
  expect(await outcome(byPassword(here.person(), ADA, now))).toBe("fine");
  expect(await outcome(byPassword(here.person(), ADA, never))).toBe("credentials_invalid");
  expect((await here.server().sessions.list({ userId: user.id })).items).toHaveLength(2);
}, { unhurried: true });

flow("with a code nothing changes before it is given, and what waits for it is a hash", async (here) => {
  const { client: ada, grant: { user, session } } = await holder(here, ADA);
  const told = await ada.password.change({ currentPassword: FIRST, newPassword: SECOND });
  expect(told).toEqual({
    challenge: {
      id: expect.stringMatching(/^[a-z2-7]{26}$/),
      kind: "email_code",
      expiresAt: new Date(here.now() + 600_000).toISOString(),
      resendAt: new Date(here.now() + 60_000).toISOString(),
    },
  });
  const challengeId = stepOf(told);
  const kept = [...await here.contents()].filter(([, text]) => text.includes(SECOND));
  expect(kept, "the password in the store").toEqual([]);
  expect((await ada.sessions.get()).session?.id).toBe(session.id);
  expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("credentials_invalid");
  const other = await byPassword(here.person(), ADA, FIRST);
  const wrong = await refusal(ada.password.verifyChange({ challengeId, code: "00000a" }));
  expect([wrong.code, wrong.details?.attemptsLeft]).toEqual(["code_invalid", 4]);
  await here.turn("1m");
  await ada.challenges.resend({ challengeId });
  const code = here.mailbox.code(ADA);
  const changed = await ada.password.verifyChange({ challengeId, code });
  expect([changed.user.id, changed.session.amr]).toEqual([user.id, ["pwd", "otp", "email"]]);
  expect(await outcome(here.server().requireSession(other.client.headers))).toBe("session_ended");
  expect((await ada.sessions.get()).session?.id).toBe(changed.session.id);
  expect(await outcome(ada.password.verifyChange({ challengeId, code }))).toBe("challenge_invalid");
  expect(await outcome(byPassword(here.person(), ADA, FIRST))).toBe("credentials_invalid");
  expect(await outcome(byPassword(here.person(), ADA, SECOND))).toBe("fine");
}, { options: CODED });

flow(
  "the code of a change is worth something to its own account alone, and for nothing else",
  async (here) => {
    const { client: ada } = await holder(here, ADA);
    const { client: bob } = await holder(here, BOB);
    const change = { currentPassword: FIRST, newPassword: SECOND };
    const begun = async () => ({
      challengeId: stepOf(await ada.password.change(change)),
      code: here.mailbox.code(ADA),
    });
    const step = await begun();
    const otp = await here.person().emailOtp.start({ email: ADA });
    const otpCode = here.mailbox.code(ADA);
    const mine = await bob.password.change(change);
    const elsewhere = [
      () => here.person().emailOtp.verify(step),
      () => here.person().password.verifySignIn(step),
      () => here.person().password.verifySignUp(step),
      () => ada.password.verifyChange({ challengeId: otp.challengeId, code: otpCode }),
      () => bob.password.verifyChange({ challengeId: step.challengeId, code: here.mailbox.code(BOB) }),
      () => ada.password.verifyChange({ challengeId: stepOf(mine), code: step.code }),
    ];
    const told = [];
    for (const attempt of elsewhere) told.push(await outcome(attempt()));
    const [gone, wrong] = ["challenge_invalid", "code_invalid"];
    expect(told).toEqual([gone, gone, gone, gone, wrong, wrong]);
    expect(await outcome(bob.password.verifyChange(step)), "by the right code").toBe("challenge_invalid");
    expect(await outcome(byPassword(here.person(), BOB, SECOND))).toBe("credentials_invalid");
    expect(await outcome(ada.password.verifyChange(await begun()))).toBe("fine");
  },
  { options: CODED },
);

flow(
  "a change that waits comes to nothing where the password is set, or all is ended, meanwhile",
  async (here) => {
    const auth = here.server();
    const meanwhile: readonly ((email: string, userId: string) => Promise<unknown>)[] = [
      async (email) =>
        await here.person().password.finishReset({ token: await asksReset(here, email), newPassword: THIRD }),
      (_, userId) => auth.sessions.endAll({ userId }),
    ];
    for (const [i, act] of meanwhile.entries()) {
      const email = `ada.${i}@example.com`;
      const { client, grant: { user } } = await holder(here, email);
      const challengeId = stepOf(
        await client.password.change({ currentPassword: FIRST, newPassword: SECOND }),
      );
      const code = here.mailbox.code(email);
      await act(email, user.id);
      const { client: back } = await signIn(here, email);
      expect(await outcome(back.password.verifyChange({ challengeId, code }))).toBe("challenge_invalid");
      expect(await outcome(byPassword(here.person(), email, SECOND))).toBe("credentials_invalid");
    }
    const { client, grant: { user } } = await holder(here, BOB);
    const [one, two] = [
      stepOf(await client.password.change({ currentPassword: FIRST, newPassword: SECOND })),
      stepOf(await client.password.change({ currentPassword: FIRST, newPassword: THIRD })),
    ];
    await client.password.verifyChange({ challengeId: two, code: here.mailbox.code(BOB) });
    const [first] = here.mailbox.messages.filter(({ to, kind }) =>
      to.address === BOB && kind === "password.changeCode"
    );
    const late = client.password.verifyChange({ challengeId: one, code: String(first?.data["code"]) });
    expect(await outcome(late), "another one that was begun before").toBe("challenge_invalid");
    expect((await auth.sessions.list({ userId: user.id })).items).toHaveLength(1);
  },
  { options: CODED },
);

flow("an account that no mail reaches changes its password without a code", async (here) => {
  const { client: ada } = await holder(here, ADA);
  here.mailbox.broken(true);
  const change = { currentPassword: FIRST, newPassword: SECOND };
  expect(await outcome(ada.password.change(change))).toBe("mail_failed");
  expect(await outcome(byPassword(here.person(), ADA, FIRST)), "nothing was changed").toBe("fine");
  here.mailbox.broken(false);
  expect(stepOf(await ada.password.change(change))).toMatch(/^[a-z2-7]{26}$/);
}, { options: CODED });

const WORDS = {
  en: {
    subject: "Your password was changed",
    text: `Your password was changed (AT). All earlier sessions have ended.

If that was not you, choose a new password at once, and look at what else signs in to your account.
`,
  },
  de: {
    subject: "Ihr Passwort wurde geändert",
    text: `Ihr Passwort wurde geändert (AT). Alle früheren Sitzungen sind beendet.

Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort, und sehen Sie nach, womit man sich sonst noch an Ihrem Konto anmeldet.
`,
  },
} as const;

flow("owners are told of each change by mail, at the address that they proved", async (here) => {
  for (const locale of ["en", "de"] as const) {
    const auth = here.another({ email: { from: "no-reply@example.com", send: here.mailbox.send, locale } });
    const address = `ada.${locale}@example.com`;
    const { client } = await holder(here, address, auth);
    await expectMail(here, address, async () => {
      const mailed = mailOf(auth, "password.changed");
      await client.password.change({ currentPassword: FIRST, newPassword: SECOND });
      await mailed;
    }, { kind: "password.changed", locale, ...WORDS[locale] });
  }
  const { id: userId } = await here.server().users.create({ email: BOB }); // an address that nobody proved
  const before = here.mailbox.messages.length;
  await here.server().password.change({ userId, newPassword: SECOND });
  await here.server().close();
  expect(here.mailbox.messages).toHaveLength(before);
});

async function expectMail(
  here: World,
  address: string,
  act: () => Promise<void>,
  { text, ...mail }: {
    readonly kind: string;
    readonly locale: string;
    readonly subject: string;
    readonly text: string;
  },
): Promise<void> {
  await act();
  const at = new Date(here.now()).toISOString();
  expect(here.mailbox.last(address)).toEqual({
    ...mail,
    to: { address },
    text: text.replace("AT", at),
    html: expect.stringContaining(`<html lang="${mail.locale}">`),
    data: { at },
    idempotencyKey: expect.stringMatching(/^[a-z2-7]{26}$/),
  });
}
