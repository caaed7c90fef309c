// Signing in with a passkey: which answers count, what uses a sign-in up, and what a counter says.
import { expect } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { AuthenticationResponseJSON } from "../../src/protocol/webauthn_json.ts";
import { faulty, refusal } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import {
  clientData,
  device,
  PAGE,
  registers,
  saying,
  signingIn,
  signsIn,
  turned,
} from "../suite/passkey_holder.ts";
import { outcome, signIn } from "../suite/steps.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const UNLIMITED = { options: { rateLimit: false } } as const;

flow(
  "sign-ins live side by side, each is used up by its first answer, and all ask the same",
  async (here) => {
    const held = device(here, { backupEligible: false });
    await registers(await here.signedIn(ADA), held);
    const browser = here.person();
    const [one, two, three] = [
      await browser.passkey.startSignIn(),
      await here.person(1).passkey.startSignIn(),
      await browser.passkey.startSignIn(),
    ];
    expect(new Set([one, two, three].map(({ options }) => options.challenge)).size).toBe(3);
    expect(one.options).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      timeout: 300_000,
      rpId: "localhost",
      allowCredentials: [],
      userVerification: "required",
    });
    const answer = async ({ challengeId, options }: typeof one) => ({
      challengeId,
      credential: await held.get(options, PAGE),
    });
    const first = await answer(one);
    const swapped = { challengeId: two.challengeId, credential: first.credential };
    expect(await outcome(browser.passkey.finishSignIn(swapped))).toBe("signature_invalid");
    expect(await outcome(browser.passkey.finishSignIn(await answer(two)))).toBe("challenge_invalid");
    const { session } = await here.person(1).passkey.finishSignIn(first);
    expect(session.amr).toEqual(["hwk", "user"]);
    expect(await outcome(browser.passkey.finishSignIn(first))).toBe("challenge_invalid");
    const bearer = await browser.passkey.finishSignIn({ ...await answer(three), session: "bearer" });
    expect(bearer).toMatchObject({ accessToken: expect.any(String), refreshToken: expect.any(String) });
    const slow = await signingIn(here.person(), held);
    await here.turn("5m");
    expect(await outcome(here.person().passkey.finishSignIn(slow))).toBe("challenge_invalid");
  },
);

/** What is wrong with an answer → the answer, wrong. */
type Wrongs = Readonly<Record<string, (right: AuthenticationResponseJSON) => AuthenticationResponseJSON>>;

flow(
  "of an answer everything counts: one that is wrong lets nobody in, and uses the sign-in up",
  async (here) => {
    const [held, bobs] = [device(here), device(here)];
    await registers(await here.signedIn(ADA), held);
    await registers(await here.signedIn(BOB), bobs);
    const userHandle = bobs.credentials[0]?.user.id ?? "";
    const wrongs: Wrongs = {
      "its origin": (right) =>
        saying(right, {
          clientDataJSON: clientData(right.response.clientDataJSON, { origin: "http://localhost" }),
        }),
      "its type": (right) =>
        saying(right, {
          clientDataJSON: clientData(right.response.clientDataJSON, { type: "webauthn.create" }),
        }),
      "in a page of another origin": (right) =>
        saying(right, { clientDataJSON: clientData(right.response.clientDataJSON, { crossOrigin: true }) }),
      "it was not made for localhost": ({ response, ...right }) =>
        saying({ ...right, response }, { authenticatorData: turned(response.authenticatorData, 0) }),
      "whether it may be backed up has changed": ({ response, ...right }) =>
        saying({ ...right, response }, { authenticatorData: turned(response.authenticatorData, 32, 24) }),
      "for another user": (right) => saying(right, { userHandle }),
      "it does not say for whom": ({ response: { userHandle: _, ...response }, ...right }) => ({
        ...right,
        response,
      }),
      "not signed by the credential's key": ({ response, ...right }) =>
        saying({ ...right, response }, { signature: turned(response.signature, 7) }),
      "not signed by": ({ response, ...right }) =>
        saying({ ...right, response }, { authenticatorData: turned(response.authenticatorData, 36) }), // its counter
    };
    const somebody = here.person();
    for (const [why, wrong] of Object.entries(wrongs)) {
      const { challengeId, credential } = await signingIn(somebody, held);
      await expectWrong(why, somebody.passkey.finishSignIn({ challengeId, credential: wrong(credential) }));
      expect(await outcome(somebody.passkey.finishSignIn({ challengeId, credential }))).toBe(
        "challenge_invalid",
      );
    }
    for (const traits of [{ userPresent: false }, { userVerified: false }]) {
      const { challengeId, options } = await somebody.passkey.startSignIn();
      const credential = await held.clone(traits).get({ ...options, userVerification: "preferred" }, PAGE);
      expect(await outcome(somebody.passkey.finishSignIn({ challengeId, credential }))).toBe(
        "signature_invalid",
      );
    }
    expect(await outcome(somebody.account.get())).toBe("unauthenticated");
    await signsIn(somebody, held);

    async function expectWrong(why: string, answer: Promise<unknown>): Promise<void> {
      const error = await answer.then(() => null, (thrown) => thrown);
      expect([why, error?.code]).toEqual([why, "signature_invalid"]);
      expect(error.message.includes(why), why).toBe(here.via === "method"); // in the log; in no reply
    }
  },
  UNLIMITED,
);

flow("what is malformed, or cannot be carried, uses no sign-in up", async (here) => {
  const held = device(here);
  await registers(await here.signedIn(ADA), held);
  const somebody = here.person();
  const { challengeId, credential } = await signingIn(somebody, held);
  const finish = (other: object) =>
    outcome(
      somebody.passkey.finishSignIn(
        { challengeId, credential, ...other } as { challengeId: string; credential: typeof credential },
      ),
    );
  const { response } = credential;
  const malformed: readonly object[] = [
    {},
    [],
    { ...credential, id: "" },
    { ...credential, id: "AAAA" },
    { ...credential, type: "password" },
    { ...credential, response: {} },
    { ...credential, response: { ...response, signature: "a b" } },
    { ...credential, response: { ...response, clientDataJSON: "e30x" } },
    { ...credential, response: { ...response, authenticatorData: "AAAA" } },
    { ...credential, response: { ...response, userHandle: "A".repeat(87) } },
  ];
  for (const credential of malformed) {
    expect([credential, await finish({ credential })]).toEqual([credential, "input_invalid"]);
  }
  expect(await finish({ audience: "https://nobody.test" })).toBe("input_invalid");
  expect(await finish({ challengeId: "a".repeat(26) })).toBe("challenge_invalid");
  expect(await finish({})).toBe("fine");
});

flow("a registration is answered by no sign-in, nor a sign-in by a registration", async (here) => {
  const ada = await here.signedIn(ADA);
  const [held, more] = [device(here), device(here)];
  await registers(ada, held);
  const { challengeId, options } = await ada.passkey.startRegistration();
  const signIn = await here.person().passkey.startSignIn();
  const { challenge } = options;
  const asserted = await held.get({ ...signIn.options, challenge }, PAGE);
  const answer = { challengeId, credential: asserted };
  expect(await outcome(ada.passkey.finishSignIn(answer))).toBe("challenge_invalid");
  const made = await more.create({ ...options, challenge: signIn.options.challenge }, PAGE);
  const wrong = { challengeId: signIn.challengeId, credential: made };
  expect(await outcome(ada.passkey.finishRegistration(wrong))).toBe("challenge_invalid");
  const credential = await more.create(options, PAGE);
  expect(await outcome(ada.passkey.finishRegistration({ challengeId, credential }))).toBe("fine"); // neither was used up
  const right = { challengeId: signIn.challengeId, credential: await held.get(signIn.options, PAGE) };
  expect(await outcome(here.person().passkey.finishSignIn(right))).toBe("fine");
});

flow("of a passkey that nobody has the browser is told, so that it forgets it", async (here) => {
  const ada = await here.signedIn(ADA);
  const [phone, stick] = [device(here), device(here)];
  const [{ id }] = [await registers(ada, phone, "Phone"), await registers(ada, stick, "Stick")];
  await ada.passkey.remove({ id });
  const somebody = here.person();
  const { challengeId, credential } = await signingIn(somebody, phone);
  const told = await refusal(somebody.passkey.finishSignIn({ challengeId, credential }));
  const signal = { rpId: "localhost", credentialId: credential.id };
  expect(told).toMatchObject({ code: "credentials_invalid", details: { signal } });
  expect(await outcome(somebody.passkey.finishSignIn({ challengeId, credential }))).toBe("challenge_invalid");
  await phone.signalUnknownCredential(signal);
  expect(phone.credentials).toEqual([]);
  const accepted = (await ada.passkey.list()).signal;
  await stick.signalAllAcceptedCredentials(accepted!);
  expect((await signsIn(somebody, stick)).user.email).toBe(ADA);
});

flow(
  "a counter that does not go on means a copy: refused, told of, and nobody is signed in",
  async (here) => {
    const { client: ada, grant: { user } } = await signIn(here, ADA);
    const held = device(here, { counts: true, backupEligible: false });
    const { id } = await registers(ada, held);
    const copy = held.clone();
    await signsIn(here.person(), held);
    await signsIn(here.person(), held);
    const thief = here.person();
    expect(await refusal(signsIn(thief, copy))).toEqual({
      code: "credentials_invalid",
      message: expect.any(String),
      status: 401,
    });
    expect(await outcome(thief.account.get())).toBe("unauthenticated");
    const cloned = () => here.lines.filter(({ event }) => event === "passkey.cloned");
    expect(cloned()).toEqual([expect.objectContaining({ userId: user.id, credentialId: id })]);
    expect(await outcome(signsIn(thief, copy))).toBe("credentials_invalid"); // 3, which was there before
    const behind = held.clone();
    expect((await signsIn(here.person(), held)).user.id).toBe(user.id); // 4
    const zero = behind.clone({ counts: false });
    expect(await outcome(signsIn(thief, zero))).toBe("credentials_invalid");
    expect(cloned()).toHaveLength(3);
    expect((await ada.sessions.list()).items).toHaveLength(4);
    const claims = () => {
      throw new AuthError("credentials_invalid");
    };
    const refusing = here.at(here.another({ jwt: { claims } }));
    const answer = { ...await signingIn(refusing, held), session: "bearer" } as const;
    expect(await outcome(refusing.passkey.finishSignIn(answer))).toBe("credentials_invalid");
    expect(cloned(), "what the application refuses by itself is no copy").toHaveLength(3);
  },
  UNLIMITED,
);

flow("of two answers at once with one count, one signs in", async (here) => {
  const ada = await here.signedIn(ADA);
  const held = device(here, { counts: true, backupEligible: false });
  await registers(ada, held);
  const copy = held.clone();
  const made = [await signingIn(here.person(), held), await signingIn(here.person(1), copy)];
  const both = await Promise.all(
    made.map((answer, i) => outcome(here.person(i).passkey.finishSignIn(answer))),
  );
  expect(both.toSorted()).toEqual(["credentials_invalid", "fine"]);
  expect((await ada.sessions.list()).items).toHaveLength(2);
  expect(here.lines.filter(({ event }) => event === "passkey.cloned")).toHaveLength(1);
}, { unhurried: true });

flow("whether a passkey is backed up is what it said last", async (here) => {
  const ada = await here.signedIn(ADA);
  const held = device(here, { backedUp: false });
  expect((await registers(ada, held)).backedUp).toBe(false);
  for (const backedUp of [true, false]) {
    await here.turn("1m");
    await signsIn(here.person(), held.clone({ backedUp }));
    const [item] = (await ada.passkey.list()).items;
    expect(item).toMatchObject({ backedUp, lastUsedAt: new Date(here.now()).toISOString() });
  }
});

flow(
  "an answer that was right when the passkey was removed, or all was ended, lets nobody in",
  async (here) => {
    const { client: ada, grant: { user } } = await signIn(here, ADA);
    const ends = [
      (id: string) => here.server().passkey.remove({ userId: user.id, id }),
      () => here.server().sessions.endAll({ userId: user.id }),
    ];
    for (const end of ends) {
      await signIn(here, ADA, "cookie", ada);
      const held = device(here);
      const { id } = await registers(ada, held);
      const store = faulty(here.driver());
      const late = here.at(here.another({ storage: store.driver }));
      const answer = await signingIn(late, held);
      store.fault = async ({ name, key, next }, run) => {
        const judged = name === "swap" && key.startsWith("users:") && next !== null;
        if (judged) {
          store.fault = null;
          await end(id);
        }
        return await run();
      };
      expect(await outcome(late.passkey.finishSignIn(answer))).toBe("challenge_invalid");
      expect(store.fault).toBe(null);
      expect(await outcome(late.account.get())).toBe("unauthenticated");
    }
  },
);
