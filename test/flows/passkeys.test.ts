// Passkeys: who adds one, what browsers are asked, what uses a registration up, and what their owners do with them.
import { expect } from "vitest";
import { fromBase64url } from "../../src/base/encoding.ts";
import { noteOf } from "../../src/core/account_record.ts";
import { flow } from "../suite/flow.ts";
import { device, PAGE, registers, signingIn, signsIn } from "../suite/passkey_holder.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { expectSound } from "../suite/values.ts";
import type { World } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const UNLIMITED = { options: { rateLimit: false } } as const;

flow("whoever has added a passkey signs in with it, without a name", async (here) => {
  const ada = await here.signedIn(ADA);
  const held = device(here);
  const added = await registers(ada, held, "Phone");
  expect(added).toMatchObject({ name: "Phone", lastUsedAt: null, backedUp: true });
  const again = here.person(1);
  const { user, session } = await signsIn(again, held);
  expect(user.email).toBe(ADA);
  expect(session.amr).toEqual(["swk", "user"]);
  const { items, signal } = await again.passkey.list();
  expect(items).toEqual([{ ...added, lastUsedAt: new Date(here.now()).toISOString() }]);
  expect(signal).toEqual({
    rpId: "localhost",
    userId: held.credentials[0]?.user.id,
    allAcceptedCredentialIds: [added.credentialId],
  });
});

flow("a passkey is added by whoever signed in a short while ago, and by no stranger", async (here) => {
  expect(await outcome(here.person().passkey.startRegistration())).toBe("unauthenticated");
  const { client: ada } = await signIn(here, ADA);
  await here.turn("9m");
  const { challengeId, options } = await ada.passkey.startRegistration();
  const finish = { challengeId, credential: await device(here).create(options, PAGE) };
  await here.turn("2m");
  expect(await outcome(ada.passkey.startRegistration())).toBe("step_up_required");
  expect(await outcome(ada.passkey.finishRegistration(finish))).toBe("step_up_required");
  expect(await outcome(here.person().passkey.finishRegistration(finish))).toBe("unauthenticated");
  await signIn(here, ADA, "cookie", ada);
  expect((await ada.passkey.finishRegistration(finish)).name).toBe("Passkey"); // none of it used anything up
  const [{ id } = { id: "" }] = (await ada.passkey.list()).items;
  await here.turn("11m");
  expect((await ada.passkey.rename({ id, name: "Old phone" })).name).toBe("Old phone");
  expect(await outcome(ada.passkey.remove({ id }))).toBe("step_up_required");
});

flow(
  "browsers are asked for the same person's passkeys each time, by a name that tells nothing",
  async (here) => {
    const { client: ada, grant: { user } } = await signIn(here, ADA);
    const phone = device(here);
    const first = await ada.passkey.startRegistration();
    expect(first).toEqual({
      challengeId: expect.stringMatching(/^[a-z2-7]{26}$/),
      options: {
        rp: { id: "localhost", name: "localhost" },
        user: { id: expect.stringMatching(/^[\w-]{86}$/), name: ADA, displayName: ADA },
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
        timeout: 300_000,
        excludeCredentials: [],
        authenticatorSelection: {
          residentKey: "required",
          requireResidentKey: true,
          userVerification: "required",
        },
        attestation: "none",
        extensions: { credProps: true },
      },
    });
    expect(fromBase64url(first.options.user.id)).toHaveLength(64);
    expect(JSON.stringify(user)).not.toContain(first.options.user.id);
    await ada.account.update({ name: "Ada" });
    const { credentialId } = await registers(ada, phone);
    const { options } = await ada.passkey.startRegistration();
    expect(options.user).toEqual({ id: first.options.user.id, name: ADA, displayName: "Ada" });
    expect(options.challenge).not.toBe(first.options.challenge);
    expect(options.excludeCredentials).toEqual([
      { id: credentialId, type: "public-key", transports: ["internal", "hybrid"] },
    ]);
    await expect(phone.create(options, PAGE)).rejects.toMatchObject({ name: "InvalidStateError" });
    await registers(ada, device(here, { transports: [], backupEligible: false }), "Stick");
    expect((await ada.passkey.startRegistration()).options.excludeCredentials).toHaveLength(2);
    const bob = await here.signedIn(BOB);
    expect((await bob.passkey.startRegistration()).options.user.id).not.toBe(options.user.id);
  },
);

flow(
  "a new registration takes the place of the unfinished one, and nobody finishes another's",
  async (here) => {
    const [ada, bob] = [await here.signedIn(ADA), await here.signedIn(BOB)];
    const [phone, stick] = [device(here), device(here)];
    const begun = await ada.passkey.startRegistration();
    const next = await ada.passkey.startRegistration();
    const late = { challengeId: begun.challengeId, credential: await phone.create(begun.options, PAGE) };
    const finish = { challengeId: next.challengeId, credential: await stick.create(next.options, PAGE) };
    expect(await outcome(ada.passkey.finishRegistration(late))).toBe("challenge_invalid");
    expect(await outcome(bob.passkey.finishRegistration(finish))).toBe("challenge_invalid");
    expect((await bob.passkey.list()).items).toEqual([]);
    expect((await ada.passkey.finishRegistration(finish)).credentialId).toBe(finish.credential.id);
    expect(await outcome(ada.passkey.finishRegistration(late))).toBe("challenge_invalid");
    expect(await outcome(signsIn(here.person(), phone))).toBe("credentials_invalid");
    await expectSound(here);
  },
);

flow("a registration is used up by its first well-formed answer, and by nothing else", async (here) => {
  const [ada, bob] = [await here.signedIn(ADA), await here.signedIn(BOB)];
  const first = await ada.passkey.startRegistration();
  const known = await device(here).create(first.options, PAGE);
  await ada.passkey.finishRegistration({ challengeId: first.challengeId, credential: known });
  for (const somebody of [ada, bob]) {
    const { challengeId, options } = await somebody.passkey.startRegistration();
    const credential = await device(here).create(options, PAGE);
    const finish = (other: object) =>
      outcome(somebody.passkey.finishRegistration({ challengeId, credential: other as typeof credential }));
    const { response } = credential;
    expect(await finish({})).toBe("input_invalid");
    expect(await finish({ ...credential, rawId: known.id })).toBe("input_invalid");
    expect(await finish({ ...credential, response: { ...response, attestationObject: "oA" } })).toBe(
      "input_invalid",
    );
    expect(await finish(known)).toBe("credential_taken");
    expect(await outcome(here.person().passkey.finishSignIn({ challengeId, credential: known as never })))
      .toBe(
        "input_invalid",
      );
    expect(await finish(credential)).toBe("fine");
    expect(await finish(await device(here).create(options, PAGE))).toBe("challenge_invalid");
  }
  const wrong = await ada.passkey.startRegistration();
  const { challengeId } = wrong;
  const credential = await device(here).create(wrong.options, { origin: "http://localhost:4000" });
  expect(await outcome(ada.passkey.finishRegistration({ challengeId, credential }))).toBe(
    "signature_invalid",
  );
  const right = await device(here).create(wrong.options, PAGE);
  expect(await outcome(ada.passkey.finishRegistration({ challengeId, credential: right }))).toBe(
    "challenge_invalid",
  );
  const slow = await ada.passkey.startRegistration();
  const made = await device(here).create(slow.options, PAGE);
  await here.turn("5m");
  const late = ada.passkey.finishRegistration({ challengeId: slow.challengeId, credential: made });
  expect(await outcome(late)).toBe("challenge_invalid");
  expect((await ada.passkey.list()).items).toHaveLength(2);
}, UNLIMITED);

flow("what does not show all that was asked for is no passkey", async (here) => {
  const ada = await here.signedIn(ADA);
  const lenient = { residentKey: "preferred", userVerification: "preferred" };
  const whys = [
    ["its origin", {}, { origin: "http://localhost:4000" }],
    ["in a page of another origin", {}, { ...PAGE, topOrigin: "https://evil.test" }],
    ["nobody was present", { userPresent: false }, PAGE],
    ["not verified", { userVerified: false }, PAGE],
    ["does not find it", { discoverable: false }, PAGE],
    ["backed up, and yet may not be", { backupEligible: false, backedUp: true }, PAGE],
  ] as const;
  for (const [why, traits, page] of whys) {
    const { challengeId, options } = await ada.passkey.startRegistration();
    const credential = await device(here, traits).create(
      { ...options, authenticatorSelection: lenient },
      page,
    );
    await expectRefused(here, ada.passkey.finishRegistration({ challengeId, credential }), why);
  }
  const { challengeId, options } = await ada.passkey.startRegistration();
  const another = await device(here).create({ ...options, challenge: "A".repeat(43) }, PAGE);
  const answer = ada.passkey.finishRegistration({ challengeId, credential: another });
  await expectRefused(here, answer, "another challenge");
  expect((await ada.passkey.list()).items).toEqual([]);
}, UNLIMITED);

/** Expects an answer to be `signature_invalid`. Why, only whoever runs the server is told. */
async function expectRefused({ via }: World, answer: Promise<unknown>, why: string): Promise<void> {
  const error = await answer.then(() => null, (thrown) => thrown);
  expect([error?.code, error?.toJSON().details]).toEqual(["signature_invalid", undefined]);
  if (via === "method") expect(error.message).toContain(why);
  else expect(JSON.stringify(error)).not.toContain(why);
}

flow("what servers ask of passkeys is what their options say", async (here) => {
  const auth = here.another({
    passkey: { rpName: "Example", ttl: "1m", userVerification: "preferred", requireDiscoverable: false },
  });
  const { client: ada } = await signIn(here, ADA, "cookie", here.at(auth));
  const held = device(here, { userVerified: false });
  const { challengeId, options } = await ada.passkey.startRegistration();
  expect(options).toMatchObject({
    rp: { id: "localhost", name: "Example" },
    timeout: 60_000,
    authenticatorSelection: {
      residentKey: "preferred",
      requireResidentKey: false,
      userVerification: "preferred",
    },
  });
  const credential = await held.create(options, PAGE);
  await ada.passkey.finishRegistration({ challengeId, credential });
  expect((await signsIn(ada, held)).user.email).toBe(ADA);
  const late = await signingIn(ada, held);
  await here.turn("1m");
  expect(await outcome(ada.passkey.finishSignIn(late))).toBe("challenge_invalid");
  expect(await outcome(ada.passkey.relatedOrigins())).toBe("not_found");
  expect(await outcome(signsIn(here.person(), held.clone({ userVerified: true })))).toBe("fine");
});

flow("where there are several origins, browsers are told of them, and each may ask", async (here) => {
  const app = `android:apk-key-hash:${"A".repeat(43)}`;
  const auth = here.another({ passkey: { origins: [app, "https://example.org"] } });
  const ada = here.at(auth);
  expect(await ada.passkey.relatedOrigins()).toEqual({ origins: [PAGE.origin, "https://example.org"] });
  expect(await outcome(here.at(here.another({ passkey: { origins: [app] } })).passkey.relatedOrigins())).toBe(
    "not_found",
  );
  await signIn(here, ADA, "cookie", ada);
  const held = device(here);
  await registers(ada, held);
  for (const origin of [app, "https://example.org"]) {
    const { challengeId, options } = await ada.passkey.startSignIn();
    const page = { origin, site: () => Response.json({ origins: [origin] }) };
    const credential = await held.get(options, page);
    expect((await ada.passkey.finishSignIn({ challengeId, credential })).user.email).toBe(ADA);
    const elsewhere = await here.person().passkey.startSignIn();
    const other = await held.get(elsewhere.options, page);
    const answer = { challengeId: elsewhere.challengeId, credential: other };
    await expectRefused(here, here.person().passkey.finishSignIn(answer), "its origin");
  }
});

flow("an account has twenty passkeys, and a twenty-first is not begun", async (here) => {
  const ada = await here.signedIn(ADA);
  await registers(ada, device(here));
  const accounts = await here.accounts();
  const owner = await accounts.find({ type: "email", value: ADA });
  const one = owner!.account.identifiers.find(({ type }) => type === "passkey")!;
  const values = Array.from({ length: 18 }, (_, n) => ({ ...one, value: String(1000 + n) }));
  await (await accounts.values()).add({ uid: owner!.uid, acting: undefined, values, noted: noteOf(owner) });
  const { id } = await registers(ada, device(here), "ü".repeat(32)); // 64 bytes
  expect(await outcome(ada.passkey.startRegistration())).toBe("limit_reached");
  expect((await ada.passkey.list()).items).toHaveLength(20);
  await ada.passkey.remove({ id });
  for (const name of ["x".repeat(65), "ü".repeat(33), ""]) {
    expect(await outcome(registers(ada, device(here), name))).toBe("input_invalid");
  }
  expect((await registers(ada, device(here))).name).toBe("Passkey");
}, UNLIMITED);
