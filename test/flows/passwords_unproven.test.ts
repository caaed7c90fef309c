// Accounts whose address nobody has shown to be theirs: what a password does there, and what whoever proves the address finds.
import * as v from "valibot";
import { expect } from "vitest";
import type { Grant } from "../../src/model.ts";
import type { Client, FullAuth } from "../suite/client.ts";
import { refusal } from "../suite/faults.ts";
import { flow, RUNTIME, test } from "../suite/flow.ts";
import { ADA as PAIR, addsKey, signsInByKey } from "../suite/key_holder.ts";
import { device, registers, signsIn } from "../suite/passkey_holder.ts";
import { PASSWORD } from "../suite/hashing.ts";
import { asksReset, byPassword, FIRST, granted, stepOf } from "../suite/password_holder.ts";
import { made, signsUp } from "../suite/password_steps.ts";
import { outcome } from "../suite/steps.ts";
import { type World, world } from "../suite/world.ts";

const VICTIM = "victim@example.com";
const BOB = "bob@example.com";
const HERS = "what eve has chosen";
const FIELDS = { users: { fields: v.strictObject({ bio: v.optional(v.string()) }) } };
const SIGN_UP = { email: VICTIM, password: HERS };
const AT_ONCE = { password: { ...PASSWORD, signUp: { verify: false } } };

// signUp: { verify: false }

flow("without a code a sign-up signs in at once: no mail is sent, and nothing is proven", async (here) => {
  const eve = here.person();
  const grant = await eve.password.signUp({ email: VICTIM, password: FIRST, name: "V" });
  expect(grant).toMatchObject({
    user: { email: VICTIM, emailVerified: false, name: "V" },
    session: { amr: ["pwd"], current: true },
  });
  expect(await eve.sessions.get()).toEqual(grant);
  const again = await here.person(1).password.signIn({ identifier: VICTIM, password: FIRST });
  expect(again).toMatchObject({ user: { emailVerified: false }, session: { amr: ["pwd"] } });
  expect(here.mailbox.messages).toEqual([]);
}, { options: AT_ONCE });

flow("without a code a sign-up tells who has an account, and changes nothing of it", async (here) => {
  await here.server().users.create({ email: BOB, emailVerified: true });
  await here.person().password.signUp({ email: VICTIM, password: FIRST });
  const before = accountsIn(await here.contents());
  for (const email of [VICTIM, BOB]) {
    const refused = await refusal(here.person().password.signUp({ email, password: HERS }));
    expect(refused).toMatchObject({ code: "identifier_taken", status: 409 });
  }
  expect(accountsIn(await here.contents())).toEqual(before);
}, { options: AT_ONCE });

flow("of sign-ups without a code with one address at once, one makes the account", async (here) => {
  await crowd(here, 8);
}, { options: AT_ONCE, unhurried: true });

test.runIf(RUNTIME === "node")("of 100 of them, too", async () => {
  const here = world("memory", "method", { options: AT_ONCE, unhurried: true });
  await crowd(here, 100);
  await here.close();
});

async function crowd(here: World, size: number): Promise<void> {
  const outcomes = await Promise.all(Array.from(
    { length: size },
    (_, i) => outcome(here.person(i % 2).password.signUp({ email: VICTIM, password: `the password ${i}` })),
  ));
  expect(outcomes.toSorted()).toEqual([
    "fine",
    ...Array.from({ length: size - 1 }, () => "identifier_taken"),
  ]);
  const identifier = VICTIM;
  const password = `the password ${outcomes.indexOf("fine")}`;
  expect(await outcome(here.person().password.signIn({ identifier, password }))).toBe("fine");
  expect(accountsIn(await here.contents()).filter(([key]) => key.startsWith("users:"))).toHaveLength(1);
}

/** The accounts and the claims of a store. */
function accountsIn(contents: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...contents].filter(([key]) => /^(users|identifiers):/.test(key));
}

test("whoever set up another's address is a stranger to it, at however many devices they sign in", async () => {
  const here = world("memory", "method", { options: AT_ONCE });
  await here.person().password.signUp(SIGN_UP);
  const guesses: string[] = [];
  const devices = Array.from({ length: 12 }, (_, i) => here.person(i % 2));
  for (const eve of devices) await eve.password.signIn({ identifier: VICTIM, password: HERS });
  for (const eve of devices) {
    await eve.magicLink.start({ email: VICTIM });
    const { challengeId } = await eve.emailOtp.start({ email: VICTIM });
    for (let j = 0; j < 5; j++) {
      guesses.push(await outcome(eve.emailOtp.verify({ challengeId, code: "00000a" })));
    }
  }
  expect(here.mailbox.messages, "as many as all strangers have mailed in an hour").toHaveLength(5);
  expect(guesses.filter((one) => one === "code_invalid"), "and guess at").toHaveLength(50);
  await here.close();
});

test("nor does signing in to it end a row of wrong codes", async () => {
  const here = world("memory", "method", { options: AT_ONCE });
  const eve = here.person();
  await eve.password.signUp(SIGN_UP);
  for (let i = 0; i < 20; i++) {
    await here.turn("12m"); // for there to be a mail
    await eve.password.signIn({ identifier: VICTIM, password: HERS });
    const { challengeId } = await eve.emailOtp.start({ email: VICTIM });
    for (let j = 0; j < 5; j++) await outcome(eve.emailOtp.verify({ challengeId, code: "00000a" }));
  }
  await here.turn("12m");
  await eve.emailOtp.start({ email: VICTIM });
  expect(here.mailbox.code(VICTIM), "a code that nobody guesses").toHaveLength(14);
  await here.close();
});

// Taken over

/** How somebody proves an address. */
const PROOFS: Readonly<Record<string, (here: World, somebody: Client) => Promise<Grant>>> = {
  async "a mailed code"({ mailbox }, somebody) {
    const { challengeId } = await somebody.emailOtp.start({ email: VICTIM });
    return await somebody.emailOtp.verify({ challengeId, code: mailbox.code(VICTIM) });
  },
  async "a link"({ mailbox }, somebody) {
    await somebody.magicLink.start({ email: VICTIM });
    const token = new URL(mailbox.link(VICTIM)).searchParams.get("token") ?? "";
    return await somebody.magicLink.verify({ token });
  },
  "a sign-up": async (here, somebody) => (await signsUp(here, VICTIM, { name: "Victim" }, somebody)).grant,
  async "a reset"(here, somebody) {
    const token = await asksReset(here, VICTIM);
    await somebody.password.finishReset({ token, newPassword: FIRST });
    return (await byPassword(somebody, VICTIM, FIRST)).grant;
  },
};
/** Those that set a password of the victim's own. */
const SETTING = ["a sign-up", "a reset"];

for (const [how, proves] of Object.entries(PROOFS)) {
  flow(`whoever set up another's address keeps nothing once ${how} proves it`, async (here) => {
    const eve = await settled(here, here.another({ ...AT_ONCE, ...FIELDS }));
    const victim = here.person();
    const { user, session } = await proves(here, victim);
    const name = how === "a sign-up" ? "Victim" : null;
    expect([user.id, user.name, user.emailVerified]).toEqual([eve.uid, name, true]);
    expect("bio" in user).toBe(false);
    for (const one of eve.clients) expect(await outcome(one.account.get())).toBe("session_ended");
    expect(await outcome(eve.refresh())).toBe("session_ended");
    for (const wayIn of eve.waysIn) expect(await wayIn()).not.toBe("fine");
    const { sessions, passkey, key } = here.server();
    const { userId } = { userId: user.id };
    expect([
      (await sessions.list({ userId })).items.map(({ id }) => id),
      (await passkey.list({ userId })).items,
      (await key.list({ userId })).items,
    ]).toEqual([[session.id], [], []]);
    const kept = JSON.parse((await here.contents()).get(`users:${userId}`) ?? "");
    const sets = SETTING.includes(how);
    expect(Object.keys(kept.slots ?? {})).toEqual(sets ? ["password"] : []);
    const signedIn = outcome(here.person().password.signIn({ identifier: VICTIM, password: FIRST }));
    expect(await signedIn).toBe(sets ? "fine" : "credentials_invalid");
  }, { options: FIELDS });
}

/** What whoever makes an account with another's address does before its owner has a mail, and after. */
const HINDRANCES: Readonly<Record<string, readonly ((eve: Client) => Promise<unknown>)[]>> = {
  "by ending its sessions in turn": [
    (eve) => eve.password.signUp(SIGN_UP),
    (eve) => eve.sessions.endAll(),
  ],
  "by making it meanwhile": [
    () => Promise.resolve(),
    (eve) => eve.password.signUp(SIGN_UP).then(() => eve.sessions.endAll()),
  ],
  "by making it anew": [
    (eve) => eve.password.signUp(SIGN_UP),
    (eve) => eve.account.remove().then(() => eve.password.signUp(SIGN_UP)),
  ],
};

test.each(Object.entries(HINDRANCES))(
  "whoever sets up another's address keeps nobody from proving it %s",
  async (_how, [before, after]) => {
    const here = world("memory", "method");
    const eve = here.at(here.another(AT_ONCE));
    await before?.(eve);
    const victim = here.person();
    const { challengeId } = await victim.emailOtp.start({ email: VICTIM });
    await after?.(eve);
    const { user } = await victim.emailOtp.verify({ challengeId, code: here.mailbox.code(VICTIM) });
    expect(user).toMatchObject({ email: VICTIM, emailVerified: true });
    expect(await outcome(here.person().password.signIn({ identifier: VICTIM, password: HERS }))).toBe(
      "credentials_invalid",
    );
    await here.close();
  },
);

/** Eve, who makes an account with an address that is not hers, and settles down in it. */
async function settled(here: World, auth: FullAuth) {
  const [browser, program] = [here.at(auth), here.at(auth)];
  const said = { email: VICTIM, password: HERS, name: "Eve", bio: "Eve's" };
  const { user } = granted(await browser.password.signUp(said));
  const held = device(here);
  await registers(browser, held);
  await addsKey(browser, PAIR);
  const bearer = await program.password.signIn({ identifier: VICTIM, password: HERS, session: "bearer" });
  const { refreshToken = "" } = granted(bearer);
  return {
    uid: user.id,
    clients: [browser, program],
    refresh: () => here.person().sessions.refresh({ refreshToken }),
    waysIn: [
      () => outcome(here.at(auth).password.signIn({ identifier: VICTIM, password: HERS })),
      () => outcome(browser.password.signIn({ identifier: VICTIM, password: HERS })), // her device was known
      () => outcome(signsIn(here.person(), held)),
      () => outcome(signsInByKey(here.person(), PAIR)),
    ],
  };
}

flow(
  "a sign-up that somebody else began first takes nothing from whoever proved the address since",
  async (here) => {
    const auth = here.another(AT_ONCE);
    await here.at(auth).password.signUp({ email: VICTIM, password: HERS });
    const eve = here.person();
    const challengeId = stepOf(
      await eve.password.signUp({ email: VICTIM, password: "and another one of hers" }),
    );
    const code = here.mailbox.code(VICTIM); // Eve gets hold of it, too late
    const { client: victim, grant } = await signsUp(here, VICTIM);
    expect(await outcome(eve.password.verifySignUp({ challengeId, code }))).toBe("challenge_invalid");
    expect((await victim.sessions.get()).user).toEqual(grant.user);
  },
);

flow("a right password proves no address, however often it is given", async (here) => {
  const id = await made(here, VICTIM, { password: HERS, emailVerified: false });
  const eve = here.person();
  for (let i = 0; i < 2; i++) {
    const grant = await eve.password.signIn({ identifier: VICTIM, password: HERS });
    expect(grant).toMatchObject({ user: { id, emailVerified: false } });
  }
  const { grant } = await signsUp(here, VICTIM);
  expect(grant.user).toMatchObject({ id, emailVerified: true });
  expect(await outcome(eve.account.get())).toBe("session_ended");
  expect(await outcome(eve.password.signIn({ identifier: VICTIM, password: HERS }))).toBe(
    "credentials_invalid",
  );
});
