// What becomes of passkeys: their owners name and remove them, and are told; whoever loses the account loses them.
import { expect } from "vitest";
import { faulty } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { ADA as PAIR, addsKey, answering, BOB as OTHER, signsInByKey } from "../suite/key_holder.ts";
import { device, PAGE, registers, signingIn, signsIn } from "../suite/passkey_holder.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { expectSound } from "../suite/values.ts";
import type { World } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";

flow("passkeys are named and removed by their owner, and by nobody else", async (here) => {
  const [ada, bob] = [await here.signedIn(ADA), await here.signedIn(BOB)];
  const [phone, stick] = [
    device(here),
    device(here, { aaguid: AAGUID, transports: ["usb", "nfc", "carrier-pigeon"] }),
  ];
  const first = await registers(ada, phone, "Phone");
  await here.turn("1m");
  const second = await registers(ada, stick);
  expect(second).toEqual({
    id: expect.stringMatching(/^[a-z2-7]{26}$/),
    credentialId: stick.credentials[0]?.id,
    name: "Passkey",
    createdAt: new Date(here.now()).toISOString(),
    lastUsedAt: null,
    backedUp: true,
    transports: ["usb", "nfc"],
    aaguid: AAGUID,
  });
  const { id } = second;
  expect(await outcome(bob.passkey.rename({ id, name: "Mine" }))).toBe("not_found");
  expect(await outcome(bob.passkey.remove({ id }))).toBe("not_found");
  expect(await outcome(ada.passkey.rename({ id: "a".repeat(26), name: "Mine" }))).toBe("not_found");
  expect(await bob.passkey.list()).toEqual({ items: [], signal: null });
  expect(await ada.passkey.rename({ id, name: "Stick" })).toEqual({ ...second, name: "Stick" });
  expect((await ada.passkey.list()).items).toEqual([first, { ...second, name: "Stick" }]);
  const begun = await ada.passkey.startRegistration();
  await ada.passkey.remove({ id });
  expect(await outcome(ada.passkey.remove({ id }))).toBe("not_found");
  const credential = await stick.clone().create({ ...begun.options, excludeCredentials: [] }, PAGE);
  const late = ada.passkey.finishRegistration({ challengeId: begun.challengeId, credential });
  expect(await outcome(late)).toBe("challenge_invalid"); // it was begun before the removal
  const { items, signal } = await ada.passkey.list();
  expect([items, signal?.allAcceptedCredentialIds]).toEqual([[first], [first.credentialId]]);
  expect(await outcome(signsIn(here.person(), stick))).toBe("credentials_invalid");
  const again = await registers(bob, stick); // anybody may have it now
  expect((await signsIn(here.person(), stick)).user.email).toBe(BOB);
  expect(again.id).not.toBe(id);
  await expectSound(here);
});

const AAGUID = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4";

flow("without a way to mail, passkeys are added and removed all the same", async (here) => {
  const auth = here.another(
    { email: undefined, emailOtp: undefined, magicLink: undefined, password: undefined } as object,
  );
  const { grant: { user } } = await signIn(here, ADA);
  const before = here.mailbox.messages.length;
  const { challengeId, options: asked } = await auth.passkey.startRegistration({ userId: user.id });
  const credential = await device(here).create(asked, PAGE);
  const { id } = await auth.passkey.finishRegistration({ userId: user.id, challengeId, credential });
  await auth.passkey.remove({ userId: user.id, id });
  expect(here.mailbox.messages).toHaveLength(before);
});

flow(
  "whoever proves the address of an account has it without the passkeys and keys of whoever made it",
  async (here) => {
    const auth = here.server();
    const { id: userId } = await auth.users.create({ email: ADA });
    const held = device(here);
    const { challengeId, options } = await auth.passkey.startRegistration({ userId });
    const credential = await held.create(options, PAGE);
    await auth.passkey.finishRegistration({ userId, challengeId, credential });
    await signsIn(here.person(), held);
    const adds = async (pair: typeof PAIR) => ({
      userId,
      ...await answering(pair, await auth.key.startAdd({ userId, publicKey: pair.x })),
    });
    await auth.key.add(await adds(PAIR));
    const other = await adds(OTHER);
    const byKey = await answering(PAIR, await here.person().key.startSignIn({ publicKey: PAIR.x }));
    const begun = await auth.passkey.startRegistration({ userId });
    const second = device(here);
    const late = await second.create(begun.options, PAGE);
    const pending = await signingIn(here.person(), held);
    const { client: ada, grant: { user } } = await signIn(here, ADA);
    expect(user.id).toBe(userId);
    expect(await ada.passkey.list()).toEqual({ items: [], signal: null });
    expect((await ada.key.list()).items).toEqual([]);
    expect(await outcome(here.person().passkey.finishSignIn(pending))).toBe("credentials_invalid");
    expect(await outcome(here.person().key.finishSignIn(byKey))).toBe("credentials_invalid");
    expect(await outcome(auth.key.add(other)), "a key that the maker began to add").toBe("challenge_invalid");
    const finish = { userId, challengeId: begun.challengeId, credential: late };
    expect(await outcome(auth.passkey.finishRegistration(finish))).toBe("challenge_invalid");
    expect((await ada.passkey.startRegistration()).options.user.id).not.toBe(options.user.id);
    expect(here.mailbox.messages.map(({ kind }) => kind)).toEqual(["emailOtp.code"]); // an address that nobody proved is told nothing
    const bob = await here.signedIn(BOB);
    await bob.passkey.startRegistration();
    expect(await outcome(signsIn(here.person(), held))).toBe("credentials_invalid");
    await addsKey(bob, PAIR); // anybody may have it now
    expect((await signsInByKey(here.person(), PAIR)).user.email).toBe(BOB);
    await expectSound(here);
  },
);

flow("an account that is removed takes its passkeys and keys with it, and what was begun", async (here) => {
  const { client: ada, grant: { user } } = await signIn(here, ADA);
  const held = device(here);
  await registers(ada, held);
  await registers(ada, device(here));
  await addsKey(ada, PAIR);
  expect(await claims(here)).toHaveLength(4);
  const begun = await ada.passkey.startRegistration();
  const made = await device(here).create(begun.options, PAGE);
  const pending = await signingIn(here.person(), held);
  const byKey = await answering(PAIR, await here.person().key.startSignIn({ publicKey: PAIR.x }));
  const adding = await answering(OTHER, await ada.key.startAdd({ publicKey: OTHER.x }));
  const server = here.server();
  await ada.account.remove();
  expect(await claims(here)).toEqual([]);
  expect(await outcome(here.person().passkey.finishSignIn(pending))).toBe("credentials_invalid");
  const finish = { userId: user.id, challengeId: begun.challengeId, credential: made };
  expect(await outcome(server.passkey.finishRegistration(finish))).toBe("not_found");
  expect(await outcome(server.passkey.list({ userId: user.id }))).toBe("not_found");
  expect(await outcome(server.passkey.startRegistration({ userId: user.id }))).toBe("not_found");
  expect(await outcome(here.person().key.finishSignIn(byKey))).toBe("credentials_invalid");
  expect(await outcome(server.key.add({ userId: user.id, ...adding }))).toBe("not_found");
  expect(await outcome(server.key.list({ userId: user.id }))).toBe("not_found");
  expect(await outcome(server.key.startAdd({ userId: user.id, publicKey: PAIR.x }))).toBe("not_found");
  const bob = await server.users.create({ email: BOB });
  const step = await server.key.startAdd({ userId: bob.id, publicKey: PAIR.x });
  await server.key.add({ userId: bob.id, ...await answering(PAIR, step) }); // anybody may have it now
  expect((await signsInByKey(here.person(), PAIR)).user.id).toBe(bob.id);
  await server.users.remove({ id: bob.id });
  await here.turn("2h");
  await server.sweep();
  await here.turn("2h");
  await server.sweep();
  const left = [...(await here.contents()).keys()].filter((key) =>
    !/^(signing-keys|lookup-key|meta|limits:)/.test(key)
  );
  expect(left).toEqual([]);
});

flow(
  "a registration that is being stored when all is ended, or its session, comes to nothing",
  async (here) => {
    const { client: ada, grant: { user: { id: userId } } } = await signIn(here, ADA);
    const ends = {
      challenge_invalid: () => here.server().sessions.endAll({ userId }),
      session_ended: () => here.server().sessions.endAll({ userId }),
    };
    for (const [code, end] of Object.entries(ends)) {
      await signIn(here, ADA, "cookie", ada);
      const sessionId = code === "session_ended" ? (await ada.sessions.get()).session?.id : undefined;
      const store = faulty(here.driver());
      const auth = here.another({ storage: store.driver });
      const { challengeId, options } = await auth.passkey.startRegistration({ userId, sessionId });
      const credential = await device(here).create(options, PAGE);
      store.fault = async ({ name, key, next }, run) => {
        const done = await run();
        if (name === "swap" && key.startsWith("identifiers:") && next !== null) await end();
        return done;
      };
      const finish = auth.passkey.finishRegistration({ userId, sessionId, challengeId, credential });
      expect(await outcome(finish)).toBe(code);
    }
    await signIn(here, ADA, "cookie", ada);
    expect((await ada.passkey.list()).items).toEqual([]);
    await expectSound(here);
  },
);

async function claims({ contents }: World): Promise<readonly string[]> {
  return [...(await contents()).keys()].filter((key) => key.startsWith("identifiers:"));
}
