// Making an account with a password, and signing in with it.
import { AsyncLocalStorage } from "node:async_hooks";
import { expect } from "vitest";
import type { AuthError } from "../../src/errors.ts";
import type { Grant } from "../../src/model.ts";
import { faulty, refusal } from "../suite/faults.ts";
import { flow, RUNTIME, test } from "../suite/flow.ts";
import { byPassword, FIRST, stepOf } from "../suite/password_holder.ts";
import { counting, made, signsUp } from "../suite/password_steps.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { type World, world } from "../suite/world.ts";

const [ADA, BOB, CYD] = ["ada@example.com", "bob@example.com", "cyd@example.com"];
const OTHER = "quite another password";
const ORDERS = "https://orders.example.com";
const onNode = test.runIf(RUNTIME === "node");

flow("somebody signs up with a password, and signs in with it", async (here) => {
  const ada = here.person();
  const after = (seconds: number) => new Date(here.now() + seconds * 1000).toISOString();
  const step = await ada.password.signUp({ email: " Ada@Example.com ", password: FIRST, name: "Ada" });
  const times = { expiresAt: after(600), resendAt: after(60) };
  expect(step).toEqual({
    challenge: { id: expect.stringMatching(/^[a-z2-7]{26}$/), kind: "email_code", ...times },
  });
  const code = here.mailbox.code(ADA);
  expect(here.mailbox.messages).toMatchObject([{
    kind: "password.signUpCode",
    to: { address: ADA },
    subject: `${code} is your code`,
    text: expect.stringContaining(`Your code is ${code}.\n\nIt is valid for 10 minutes.`),
    data: { code, expiresAt: after(600), minutes: "10" },
  }]);
  expect(await here.server().users.find({ email: ADA }), "nobody before the code").toBe(null);
  const { user, session } = await ada.password.verifySignUp({ challengeId: stepOf(step), code });
  expect(user).toEqual({
    id: user.id,
    email: ADA,
    emailVerified: true,
    name: "Ada",
    roles: [],
    createdAt: after(0),
  });
  expect(session.amr).toEqual(["pwd", "otp", "email"]);
  expect(await ada.sessions.get()).toEqual({ user, session });
  const again = await here.person(1).password.signIn({ identifier: "ADA@example.com", password: FIRST });
  expect(again).toMatchObject({ user, session: { amr: ["pwd"] } });
  expect(here.mailbox.messages).toHaveLength(1);
});

flow("a wrong code makes no account, and the last one ends the step", async (here) => {
  const ada = here.person();
  const challengeId = stepOf(await ada.password.signUp({ email: ADA, password: FIRST }));
  const code = here.mailbox.code(ADA);
  for (const attemptsLeft of [4, 3, 2, 1, 0]) {
    expect(await refusal(ada.password.verifySignUp({ challengeId, code: "123456789" })))
      .toMatchObject({ code: "code_invalid", details: { attemptsLeft } });
  }
  expect(await outcome(ada.password.verifySignUp({ challengeId, code }))).toBe("challenge_invalid");
  expect(await here.server().users.find({ email: ADA })).toBe(null);
});

flow(
  "how the session is carried is said at the beginning, and holds until the code is given",
  async (here) => {
    const server = here.another({ audiences: [ORDERS] });
    const program = here.at(server);
    const { grant } = await signsUp(here, ADA, { session: "bearer", audience: ORDERS }, program);
    expect([grant.tokenType, audienceOf(grant)]).toEqual(["Bearer", ORDERS]);
    const said = { identifier: ADA, password: FIRST, session: "bearer", audience: ORDERS } as const;
    const again = await here.at(server).password.signIn(said) as Grant;
    expect([again.tokenType, audienceOf(again)]).toEqual(["Bearer", ORDERS]);
    const mails = here.mailbox.messages.length;
    const nobody = { email: BOB, password: FIRST, audience: "https://nobody.example.com" };
    expect(await outcome(program.password.signUp(nobody))).toBe("input_invalid");
    expect(here.mailbox.messages).toHaveLength(mails);
  },
);

function audienceOf({ accessToken = "" }: Grant): unknown {
  const [, claims = ""] = accessToken.split(".");
  return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).aud;
}

flow("whoever signs up or in with another's cookie ends that session", async (here) => {
  const { client: browser, grant: first } = await signIn(here, ADA);
  const { grant: second } = await signsUp(here, BOB, {}, browser);
  await made(here, CYD);
  await browser.password.signIn({ identifier: CYD, password: FIRST });
  const { sessions } = here.server();
  expect([
    (await sessions.list({ userId: first.user.id })).items,
    (await sessions.list({ userId: second.user.id })).items,
    (await browser.sessions.get()).user?.email,
  ]).toEqual([[], [], CYD]);
});

// One address, several people

flow(
  "of all who sign up with one address at once, one gets the account, with their own password",
  async (here) => {
    await crowd(here, 8);
  },
  { unhurried: true, options: { rateLimit: false } },
);

onNode("of 100 sign-ups with one address at once, one makes an account", async () => {
  const here = world("memory", "method", { unhurried: true, options: { rateLimit: false } });
  await crowd(here, 100);
  await here.close();
}, 60_000);

/** So many people at two servers sign up with one address at once, and each is told the code that was mailed for them. */
async function crowd(here: World, size: number): Promise<void> {
  const whose = new AsyncLocalStorage<{ code: string }>(); // for whom a mail is sent
  const send = ({ data }: { readonly data: Readonly<Record<string, string>> }) =>
    void Object.assign(whose.getStore()!, data);
  const servers = [1, 2].map(() => here.another({ email: { from: "no-reply@example.com", send } }));
  const people = Array.from({ length: size }, (_, i) => ({
    client: here.at(servers[i % 2]!),
    told: { code: "" },
    password: `the password of number ${i}`,
    name: `Number ${i}`,
  }));
  const steps = await Promise.all(
    people.map(({ client, told, password, name }) =>
      whose.run(told, () => client.password.signUp({ email: ADA, password, name }))
    ),
  );
  const ids = steps.map(stepOf);
  expect([new Set(ids).size, new Set(people.map(({ told }) => told.code)).size]).toEqual([size, size]);
  const outcomes = await Promise.all(
    people.map(({ client, told: { code } }, i) =>
      outcome(client.password.verifySignUp({ challengeId: ids[i]!, code }))
    ),
  );
  const rest = Array.from({ length: size - 1 }, () => "identifier_taken");
  expect(outcomes.toSorted()).toEqual(["fine", ...rest]);
  const winner = people[outcomes.indexOf("fine")]!;
  expect(await here.server().users.find({ email: ADA })).toMatchObject({ name: winner.name });
  const keys = [...(await here.contents()).keys()];
  expect(keys.filter((key) => /^(users|identifiers):/.test(key))).toHaveLength(2);
  const signIns = people.map(({ client, password }) =>
    outcome(client.password.signIn({ identifier: ADA, password }))
  );
  expect(await Promise.all(signIns), "nobody else's password").toEqual(
    people.map((one) => one === winner ? "fine" : "credentials_invalid"),
  );
}

flow("two who sign up with one address share no step, and no password", async (here) => {
  const [ada, eve] = [here.person(), here.person(1)];
  const mine = stepOf(await ada.password.signUp({ email: ADA, password: FIRST, name: "Ada" }));
  const myCode = here.mailbox.code(ADA);
  const hers = stepOf(await eve.password.signUp({ email: ADA, password: OTHER, name: "Eve" }));
  const herCode = here.mailbox.code(ADA); // it came to Ada too
  expect(await outcome(ada.password.verifySignUp({ challengeId: hers, code: myCode }))).toBe("code_invalid");
  expect(await outcome(ada.password.verifySignUp({ challengeId: mine, code: herCode }))).toBe("code_invalid");
  const elsewhere = [ada.emailOtp.verify, ada.password.verifySignIn].map((verify) =>
    outcome(verify({ challengeId: mine, code: myCode }))
  );
  expect(await Promise.all(elsewhere), "for anything else").toEqual([
    "challenge_invalid",
    "challenge_invalid",
  ]);
  const { user } = await ada.password.verifySignUp({ challengeId: mine, code: myCode });
  expect(user.name).toBe("Ada");
  expect(await outcome(eve.password.verifySignUp({ challengeId: hers, code: herCode }))).toBe(
    "identifier_taken",
  );
  expect(await outcome(eve.password.signIn({ identifier: ADA, password: OTHER }))).toBe(
    "credentials_invalid",
  );
  expect(await here.server().users.get({ id: user.id })).toEqual(user);
});

flow("whoever gets an account by a mailed code while a sign-up waits keeps it as it is", async (here) => {
  const eve = here.person();
  const challengeId = stepOf(await eve.password.signUp({ email: ADA, password: OTHER, name: "Eve" }));
  const code = here.mailbox.code(ADA);
  const { client: ada, grant } = await signIn(here, ADA);
  expect(await outcome(eve.password.verifySignUp({ challengeId, code }))).toBe("identifier_taken");
  expect(await outcome(eve.password.signIn({ identifier: ADA, password: OTHER }))).toBe(
    "credentials_invalid",
  );
  expect((await ada.sessions.get()).user).toEqual(grant.user);
});

// Nobody learns who has an account

flow(
  "a sign-up tells nobody but the owner whether an address has one, nor does asking for the mail again",
  async (here) => {
    await made(here, ADA);
    const { password, count } = counting();
    const { auth, store } = await looked(here, { password });
    const all: unknown[] = [];
    for (const email of [ADA, BOB]) {
      Object.assign(count, { hashed: 0, judged: 0 });
      const somebody = here.at(auth);
      const step = await somebody.password.signUp({ email, password: OTHER, name: "Eve" });
      const challengeId = stepOf(step);
      await here.turn("1m");
      const { challengeId: _, ...again } = await somebody.challenges.resend({ challengeId });
      const guess = await somebody.password.verifySignUp({ challengeId, code: "123456789" }).catch(told);
      const { challenge: { id: __, ...times } } = step as Extract<
        typeof step,
        { readonly challenge: object }
      >;
      all.push([times, again, guess, { ...count }, store.seen.splice(0)]);
      await here.turn(-60);
    }
    expect(all[1]).toEqual(all[0]);
    const kinds = (address: string) =>
      here.mailbox.messages.filter(({ to }) => to.address === address).map(({ kind }) => kind);
    expect([kinds(ADA), kinds(BOB)]).toEqual([
      ["password.signUpTaken", "password.signUpTaken"],
      ["password.signUpCode", "password.signUpCode"],
    ]);
    expect(here.mailbox.last(ADA)).toMatchObject({
      subject: "You have an account already",
      text: expect.stringContaining("It has one, so none was made."),
      data: { at: new Date(here.now() + 60_000).toISOString() },
    });
    expect(await outcome(here.person().password.signIn({ identifier: ADA, password: FIRST }))).toBe("fine");
  },
);

flow(
  "no such account, one without a password, a wrong password: the same answer for the same work",
  async (here) => {
    const { password, count } = counting();
    await made(here, ADA);
    await here.server().users.create({ email: BOB, emailVerified: true });
    const { auth, store } = await looked(here, { password });
    await outcome(here.at(auth).password.signIn({ identifier: CYD, password: OTHER })); // nobody's hash is made once
    const all: unknown[] = [];
    for (const identifier of [ADA, BOB, "nobody@example.com"]) {
      Object.assign(count, { hashed: 0, judged: 0 });
      store.seen.splice(0);
      const answer = await here.at(auth).password.signIn({ identifier, password: OTHER }).catch(told);
      all.push([answer, { ...count }, [...store.seen]]);
    }
    const work = ["getItem identifiers", "getItem users", "swap limits"];
    const answer = { code: "credentials_invalid", message: "This is not accepted here.", status: 401 };
    expect(all[0]).toEqual([answer, { hashed: 0, judged: 1 }, work]);
    expect(all).toEqual([all[0], all[0], all[0]]);
  },
);

/** A further server, and what it asks of the store. */
async function looked(here: World, options: Parameters<World["another"]>[0] = {}) {
  const store = faulty(here.driver());
  const auth = here.another({ storage: store.driver, ...options });
  await auth.ready();
  store.seen.splice(0);
  return { auth, store };
}

function told(error: AuthError): object {
  return error.toJSON();
}

// What was typed

flow("a password counts as it was typed: nothing is cut off, and no letter is another", async (here) => {
  const password = "  A långer way to  ";
  await made(here, ADA, { password });
  const outcomes: unknown[] = [];
  for (
    const typed of [
      password.normalize("NFD"),
      password.trim(),
      password.toLowerCase(),
      `${password} `,
      password,
    ]
  ) {
    outcomes.push(await outcome(here.person().password.signIn({ identifier: ADA, password: typed })));
  }
  const wrong = "credentials_invalid";
  expect(outcomes).toEqual(["fine", wrong, wrong, wrong, "fine"]);
});

flow("hooks and events hear of sign-ups and sign-ins, and of no password", async (here) => {
  const heard: unknown[] = [];
  const hear = (what: string) => (input: object) => void heard.push([what, input]);
  const auth = here.another({
    hooks: {
      beforeSignUp: hear("beforeSignUp"),
      afterSignUp: hear("afterSignUp"),
      beforeSignIn: hear("beforeSignIn"),
      afterSignIn: hear("afterSignIn"),
    },
  });
  for (const event of ["user.created", "signIn.succeeded", "signIn.failed"] as const) {
    auth.on(event, hear(event));
  }
  const { grant } = await signsUp(here, ADA, {}, here.at(auth));
  await here.at(auth).password.signIn({ identifier: ADA, password: FIRST });
  await outcome(here.at(auth).password.signIn({ identifier: ADA, password: OTHER }));
  await here.turn(0);
  expect(heard).toMatchObject([
    ["beforeSignUp", { email: ADA, amr: ["pwd", "otp", "email"] }],
    ["user.created", { userId: grant.user.id }],
    ["signIn.succeeded", { amr: ["pwd", "otp", "email"], isNew: true }],
    ["afterSignUp", { user: { email: ADA } }],
    ["beforeSignIn", { user: { email: ADA }, amr: ["pwd"] }],
    ["signIn.succeeded", { amr: ["pwd"], isNew: false }],
    ["afterSignIn", { session: { amr: ["pwd"] } }],
    ["signIn.failed", { operation: "password.signIn", code: "credentials_invalid" }],
  ]);
  const texts = JSON.stringify(heard);
  for (const secret of [FIRST, OTHER, "quick:"]) expect(texts).not.toContain(secret);
});

flow("a hook that denies lets nobody in, whatever the password", async (here) => {
  await made(here, ADA);
  const auth = here.another({
    hooks: { beforeSignIn: () => ({ deny: "closed" }), beforeSignUp: () => ({ deny: "full" }) },
  });
  const signedIn = await refusal(here.at(auth).password.signIn({ identifier: ADA, password: FIRST }));
  expect(signedIn).toMatchObject({ code: "sign_in_denied", details: { reason: "closed" } });
  const { client: ada, grant } = await byPassword(here.person(), ADA, FIRST);
  const changing = here.at(auth);
  changing.wears(ada.headers);
  const changed = await refusal(changing.password.change({ currentPassword: FIRST, newPassword: OTHER }));
  expect([changed.code, (await ada.sessions.get()).session?.id]).toEqual([
    "sign_in_denied",
    grant.session.id,
  ]);
  expect(await outcome(byPassword(here.person(), ADA, FIRST)), "it is as it was").toBe("fine");
  const signedUp = await refusal(signsUp(here, BOB, {}, here.at(auth)));
  expect(signedUp).toMatchObject({ code: "sign_in_denied", details: { reason: "full" } });
  expect(await here.server().users.find({ email: BOB })).toBe(null);
});
