// Key pairs: who adds one and signs in with it, what a signature counts for, and what a session by a key may not do.
import { expect } from "vitest";
import { base64url } from "../../src/base/encoding.ts";
import { ed25519Blob } from "../../src/protocol/ssh_wire.ts";
import type { Client } from "../suite/client.ts";
import { refusal } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import {
  ADA as PAIR,
  addsKey,
  bare,
  base58,
  BOB as OTHER,
  type KeyPair,
  line,
  pem,
  publicBytes,
  signsInByKey,
  spki,
  sshSigned,
} from "../suite/key_holder.ts";
import { device, PAGE, registers, signingIn, signsIn } from "../suite/passkey_holder.ts";
import { mailOf, outcome, signIn, watched } from "../suite/steps.ts";
import { expectSound } from "../suite/values.ts";
import type { World } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
/** Somebody new who signs in by a key. */
async function entersByKey({ person }: World, pair: KeyPair): Promise<Client> {
  const somebody = person();
  await signsInByKey(somebody, pair);
  return somebody;
}

const UNLIMITED = { options: { rateLimit: false } } as const;

flow(
  "whoever has added a key signs in by signing, bare or as SSH does, with the key in any form",
  async (here) => {
    const { client: ada, grant: { user } } = await signIn(here, ADA);
    const started = await ada.key.startAdd({ publicKey: FORMS[0] });
    expect(started).toEqual({
      challengeId: expect.stringMatching(/^[a-z2-7]{26}$/),
      message: expect.stringContaining(`Challenge: ${started.challengeId}\nExpires: ${started.expiresAt}`),
      expiresAt: new Date(here.now() + 120_000).toISOString(),
    });
    expect(started.message).toContain(
      `Purpose: add a key\nIssuer: http://localhost:3000\nAt: http://localhost:3000/auth\nAccount: ${user.id}\n`,
    );
    const { challengeId, message } = started;
    const added = await ada.key.add({
      challengeId,
      signature: await sshSigned(PAIR, message),
      name: "Laptop",
    });
    expect(added).toEqual({
      id: expect.stringMatching(/^[a-z2-7]{26}$/),
      name: "Laptop",
      type: "Ed25519",
      publicKey: line(ed25519Blob(publicBytes(PAIR))),
      fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/),
      createdAt: new Date(here.now()).toISOString(),
      lastUsedAt: null,
    });
    await here.turn("1m");
    for (const [n, publicKey] of FORMS.entries()) {
      const somebody = here.person(n % 2);
      const { challengeId, message } = await somebody.key.startSignIn({ publicKey });
      const signature = await [bare, sshSigned][n % 2]!(PAIR, message);
      const grant = await somebody.key.finishSignIn({ challengeId, signature });
      expect([grant.user.id, grant.session.amr]).toEqual([user.id, ["key"]]);
    }
    const lastUsedAt = new Date(here.now()).toISOString();
    expect((await ada.key.list()).items).toEqual([{ ...added, lastUsedAt }]);
    const program = here.person();
    const step = await program.key.startSignIn({ publicKey: PAIR.x });
    const signature = await sshSigned(PAIR, step.message, { hash: "sha256" });
    const grant = await program.key.finishSignIn({
      challengeId: step.challengeId,
      signature,
      session: "bearer",
    });
    expect(grant.accessToken).toEqual(expect.any(String));
    expect((await program.account.get()).id).toBe(user.id);
  },
);

/** One key in every form. */
const FORMS = [
  `${line(ed25519Blob(publicBytes(PAIR)))} ada@laptop\n`,
  PAIR.x,
  base58(publicBytes(PAIR)),
  pem(spki(publicBytes(PAIR))),
  { kty: "OKP", crv: "Ed25519", x: PAIR.x },
] as const;

flow(
  "a step is used up by its first well-formed signature, right or wrong, and by nothing else",
  async (here) => {
    const [ada, bob] = [await here.signedIn(ADA), await here.signedIn(BOB)];
    const { challengeId, message } = await ada.key.startAdd({ publicKey: PAIR.x });
    const signature = await bare(PAIR, message);
    const add = (other: object) => outcome(ada.key.add({ challengeId, signature, ...other }));
    for (const malformed of ["nonsense", `${signature}A`, "-----BEGIN SSH SIGNATURE-----\nAAAA"]) {
      expect(await add({ signature: malformed })).toBe("input_invalid");
    }
    expect(await add({ name: "x".repeat(65) })).toBe("input_invalid");
    expect(await outcome(bob.key.add({ challengeId, signature }))).toBe("challenge_invalid");
    await addsKey(bob, PAIR); // he has it, too
    expect(await add({})).toBe("credential_taken");
    const [{ id } = { id: "" }] = (await bob.key.list()).items;
    await bob.key.remove({ id });
    expect(await add({})).toBe("fine");
    expect(await add({})).toBe("challenge_invalid");
    const wrong = await ada.key.startAdd({ publicKey: OTHER.x });
    const finish = async (pair: typeof PAIR) =>
      await outcome(
        ada.key.add({ challengeId: wrong.challengeId, signature: await bare(pair, wrong.message) }),
      );
    expect(await finish(PAIR)).toBe("signature_invalid");
    expect(await finish(OTHER)).toBe("challenge_invalid");
    const slow = await ada.key.startAdd({ publicKey: OTHER.x });
    await here.turn("2m");
    const late = ada.key.add({ challengeId: slow.challengeId, signature: await bare(OTHER, slow.message) });
    expect(await outcome(late)).toBe("challenge_invalid");
    expect((await ada.key.list()).items).toHaveLength(1);
    await expectSound(here);
  },
  UNLIMITED,
);

flow("a signature of anything else signs nobody in", async (here) => {
  await addsKey(await here.signedIn(ADA), PAIR);
  const somebody = here.person();
  const answer = async (signed: (message: string) => Promise<string>) => {
    const { challengeId, message } = await somebody.key.startSignIn({ publicKey: PAIR.x });
    const told = await outcome(somebody.key.finishSignIn({ challengeId, signature: await signed(message) }));
    const signature = await bare(PAIR, message);
    expect(await outcome(somebody.key.finishSignIn({ challengeId, signature }))).toBe("challenge_invalid");
    return told;
  };
  const before = await somebody.key.startSignIn({ publicKey: PAIR.x });
  const wrongs: readonly ((message: string) => Promise<string>)[] = [
    (message) => bare(OTHER, message),
    (message) => bare(PAIR, `${message}\n`),
    () => bare(PAIR, before.message),
    (message) => sshSigned(OTHER, message),
    (message) => sshSigned(PAIR, message, { namespace: "file" }),
    () => sshSigned(PAIR, before.message),
    () => Promise.resolve(base64url(new Uint8Array(64))),
  ];
  for (const wrong of wrongs) expect(await answer(wrong)).toBe("signature_invalid");
  expect(await answer((message) => bare(PAIR, message))).toBe("fine");
  const late = await somebody.key.startSignIn({ publicKey: PAIR.x });
  await here.turn("2m");
  const { challengeId, message } = late;
  const answered = somebody.key.finishSignIn({ challengeId, signature: await bare(PAIR, message) });
  expect(await outcome(answered)).toBe("challenge_invalid");
  for (
    const publicKey of ["", "ssh-rsa AAAA", { kty: "OKP" }, { ...FORMS[4], d: PAIR.d }, "x".repeat(2049)]
  ) {
    expect(await refusal(somebody.key.startSignIn({ publicKey }))).toMatchObject({
      code: "input_invalid",
      details: { issues: [{ path: "publicKey" }] },
    });
  }
}, UNLIMITED);

const { wrap, asked } = watched();

flow(
  "who has a key is not told before it has signed: neither by the reply nor by what the store is asked",
  async (here) => {
    const mailed = mailOf(here.server(), "key.added"); // what is asked for it, is not asked here
    await addsKey(await here.signedIn(ADA), PAIR);
    await mailed;
    const somebody = here.person();
    const starts = [];
    for (const { x } of [PAIR, OTHER]) {
      asked.splice(0);
      const { message, challengeId, expiresAt } = await somebody.key.startSignIn({ publicKey: x });
      const shape = message.replace(challengeId, "ID").replace(/SHA256:\S+/, "KEY");
      starts.push([shape, expiresAt, asked.map((one) => one.replace(challengeId, "ID"))]);
    }
    expect(starts[1]).toEqual(starts[0]);
    const { challengeId, message } = await somebody.key.startSignIn({ publicKey: OTHER.x });
    const signature = await bare(OTHER, message);
    expect(await refusal(somebody.key.finishSignIn({ challengeId, signature }))).toEqual({
      code: "credentials_invalid",
      message: expect.any(String),
      status: 401,
    });
    expect(await outcome(somebody.key.finishSignIn({ challengeId, signature }))).toBe("challenge_invalid");
  },
  { wrap },
);

flow("a step is answered as what it was begun for; any other answer uses nothing up", async (here) => {
  const ada = await here.signedIn(ADA);
  const code = await ada.emailOtp.start({ email: ADA });
  const mailed = here.mailbox.code(ADA); // before anything is done that she is mailed of
  await addsKey(ada, PAIR);
  const held = device(here);
  await registers(ada, held);
  const [signing, adding] = [
    await ada.key.startSignIn({ publicKey: PAIR.x }),
    await ada.key.startAdd({ publicKey: OTHER.x }),
  ];
  const stick = device(here);
  const registering = await ada.passkey.startRegistration();
  const made = await stick.create(registering.options, PAGE);
  const entering = await signingIn(ada, held);
  const signature = await bare(PAIR, signing.message);
  const finish: Readonly<Record<string, (challengeId: string) => Promise<unknown>>> = {
    "key.finishSignIn": (challengeId) => ada.key.finishSignIn({ challengeId, signature }),
    "key.add": async (challengeId) =>
      await ada.key.add({ challengeId, signature: await bare(OTHER, adding.message) }),
    "passkey.finishSignIn": (challengeId) => ada.passkey.finishSignIn({ ...entering, challengeId }),
    "passkey.finishRegistration": (challengeId) =>
      ada.passkey.finishRegistration({ challengeId, credential: made }),
    "emailOtp.verify": (challengeId) => ada.emailOtp.verify({ challengeId, code: mailed }),
    "challenges.resend": (challengeId) => ada.challenges.resend({ challengeId }),
  };
  const ids = [signing, adding, entering, registering, code].map(({ challengeId }) => challengeId);
  for (const [i, id] of ids.entries()) {
    for (const [n, [name, answer]] of Object.entries(finish).entries()) {
      const isRight = n === [0, 1, 2, 3, 4][i] || (i === 4 && n === 5);
      if (!isRight) expect([name, i, await outcome(answer(id))]).toEqual([name, i, "challenge_invalid"]);
    }
  }
  const order = [
    "passkey.finishRegistration",
    "key.add",
    "key.finishSignIn",
    "passkey.finishSignIn",
    "emailOtp.verify",
  ];
  for (const [n, i] of [3, 1, 0, 2, 4].entries()) {
    expect([order[n], await outcome(finish[order[n] ?? ""]!(ids[i] ?? ""))]).toEqual([order[n], "fine"]);
  }
}, UNLIMITED);

flow("a signature for one purpose is none for another, and a key's is none of a passkey", async (here) => {
  const ada = await here.signedIn(ADA);
  await addsKey(ada, PAIR);
  const signing = await ada.key.startSignIn({ publicKey: OTHER.x });
  const adding = await ada.key.startAdd({ publicKey: OTHER.x });
  const crossed = ada.key.add({
    challengeId: adding.challengeId,
    signature: await bare(OTHER, signing.message),
  });
  expect(await outcome(crossed)).toBe("signature_invalid");
  const other = await ada.key.startAdd({ publicKey: PAIR.x });
  const { challengeId } = await ada.key.startSignIn({ publicKey: PAIR.x });
  const answer = ada.key.finishSignIn({ challengeId, signature: await sshSigned(PAIR, other.message) });
  expect(await outcome(answer)).toBe("signature_invalid");
});

flow(
  "a session by a key acts for its user, but decides on no credential and on no other session",
  async (here) => {
    const { client: ada, grant: { user } } = await signIn(here, ADA);
    const key = await addsKey(ada, PAIR, "Server");
    const held = device(here);
    const passkey = await registers(ada, held);
    const program = await entersByKey(here, PAIR);
    const other = (await ada.sessions.get()).session?.id ?? "";
    const forbidden: readonly (() => Promise<unknown>)[] = [
      () => program.key.startAdd({ publicKey: OTHER.x }),
      () => program.key.rename({ id: key.id, name: "x" }),
      () => program.key.remove({ id: key.id }),
      () => program.passkey.startRegistration(),
      () => program.passkey.rename({ id: passkey.id, name: "x" }),
      () => program.passkey.remove({ id: passkey.id }),
      () => program.sessions.end({ id: other }),
      () => program.sessions.endAll({}),
      () => program.account.remove(),
    ];
    for (const call of forbidden) {
      expect([String(call), await outcome(call())]).toEqual([
        String(call),
        "forbidden",
      ]);
    }
    const begun = await ada.key.startAdd({ publicKey: OTHER.x });
    const signature = await bare(OTHER, begun.message);
    expect(await outcome(program.key.add({ challengeId: begun.challengeId, signature }))).toBe("forbidden");
    expect(await outcome(ada.key.add({ challengeId: begun.challengeId, signature }))).toBe("fine");
    expect((await program.account.update({ name: "Ada" })).name).toBe("Ada");
    expect((await program.key.list()).items.map(({ name }) => name)).toEqual(["Server", "Key"]);
    expect((await program.passkey.list()).items).toHaveLength(1);
    const own = (await program.sessions.get()).session?.id ?? "";
    expect((await program.sessions.list()).items).toHaveLength(2);
    expect(await outcome(program.sessions.end({ id: own }))).toBe("fine");
    const again = await entersByKey(here, PAIR);
    await signsIn(again, held); // a step up
    expect((await again.sessions.get()).session?.amr).toEqual(["swk", "user"]);
    expect((await again.key.rename({ id: key.id, name: "Old server" })).name).toBe("Old server");
    await again.key.remove({ id: key.id });
    expect((await again.sessions.endAll({})).ended).toBe(2);
    const last = await outcome(entersByKey(here, PAIR));
    expect([last, user.email]).toEqual(["credentials_invalid", ADA]);
  },
  UNLIMITED,
);

flow("a session by a key adds the account's first passkey, and no second one", async (here) => {
  const ada = await here.signedIn(ADA);
  await addsKey(ada, PAIR);
  const program = await entersByKey(here, PAIR);
  const held = device(here);
  const begun = await program.passkey.startRegistration();
  const credential = await held.create(begun.options, PAGE);
  await registers(ada, device(here)); // meanwhile
  const late = () =>
    outcome(program.passkey.finishRegistration({ challengeId: begun.challengeId, credential }));
  expect([await late(), await late()]).toEqual(["forbidden", "forbidden"]); // it used nothing up
  const [{ id } = { id: "" }] = (await ada.passkey.list()).items;
  await ada.passkey.remove({ id });
  expect((await registers(program, held)).credentialId).toBe(held.credentials[1]?.id);
  expect(await outcome(program.passkey.startRegistration())).toBe("forbidden");
  await signsIn(program, held);
  expect(await outcome(registers(program, device(here)))).toBe("fine");
});

flow(
  "keys are named and removed by their owner, and what was begun with one lets nobody in",
  async (here) => {
    const [ada, bob] = [await here.signedIn(ADA), await here.signedIn(BOB)];
    const key = await addsKey(ada, PAIR);
    expect(await outcome(bob.key.rename({ id: key.id, name: "x" }))).toBe("not_found");
    expect(await outcome(bob.key.remove({ id: key.id }))).toBe("not_found");
    expect(await ada.key.rename({ id: key.id, name: "Laptop" })).toEqual({ ...key, name: "Laptop" });
    const { challengeId, message } = await here.person().key.startSignIn({ publicKey: PAIR.x });
    await here.turn("11m");
    expect(await outcome(ada.key.startAdd({ publicKey: OTHER.x }))).toBe("step_up_required");
    expect(await outcome(ada.key.remove({ id: key.id }))).toBe("step_up_required");
    await signIn(here, ADA, "cookie", ada);
    const begun = await ada.key.startAdd({ publicKey: OTHER.x });
    const pending = await here.person().key.startSignIn({ publicKey: PAIR.x });
    await ada.key.remove({ id: key.id });
    const finish = async (challengeId: string, message: string) =>
      await outcome(here.person().key.finishSignIn({ challengeId, signature: await bare(PAIR, message) }));
    expect(await finish(challengeId, message)).toBe("challenge_invalid"); // expired
    expect(await finish(pending.challengeId, pending.message)).toBe("credentials_invalid");
    const late = ada.key.add({ challengeId: begun.challengeId, signature: await bare(OTHER, begun.message) });
    expect(await outcome(late)).toBe("challenge_invalid"); // it was begun before the removal
    await signIn(here, BOB, "cookie", bob);
    await addsKey(bob, PAIR); // anybody may have it now
    expect((await (await entersByKey(here, PAIR)).account.get()).email).toBe(BOB);
    const events = here.lines.filter(({ event }) => event.startsWith("key."));
    expect(events.map(({ event }) => event)).toEqual(["key.added", "key.removed", "key.added"]);
    expect(await outcome(here.person().key.startAdd({ publicKey: OTHER.x }))).toBe("unauthenticated");
    await expectSound(here);
  },
);

flow("of two that add one key to an account at once, one is told that it has it", async (here) => {
  const ada = await here.signedIn(ADA);
  const steps = [
    await ada.key.startAdd({ publicKey: PAIR.x }),
    await ada.key.startAdd({ publicKey: PAIR.x }),
  ];
  const added = await Promise.all(steps.map(async ({ challengeId, message }, i) => {
    const somebody = here.person(i);
    somebody.wears(ada.headers);
    return await outcome(somebody.key.add({ challengeId, signature: await bare(PAIR, message) }));
  }));
  expect(added.toSorted()).toEqual(["credential_taken", "fine"]);
  expect((await ada.key.list()).items).toHaveLength(1);
  expect(here.lines.filter(({ event }) => event === "key.added")).toHaveLength(1);
}, { unhurried: true });
