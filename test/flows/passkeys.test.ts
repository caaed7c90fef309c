import { expect } from "vitest";
import { authenticator } from "../../src/testing/authenticator.ts";
import type { Authenticator, AuthenticatorOptions } from "../../src/testing/authenticator.ts";
import type { Client } from "../suite/client.ts";
import { flow } from "../suite/flow.ts";
import { BASE_URL, type World } from "../suite/world.ts";

const ADA = "ada@example.com";
const PAGE = { origin: BASE_URL };

function device(here: World, options: AuthenticatorOptions = {}): Authenticator {
  return authenticator({ random: here.random, algorithm: "EdDSA", ...options });
}

async function registers(somebody: Client, held: Authenticator, name?: string) {
  const { challengeId, options } = await somebody.passkey.startRegistration();
  const credential = await held.create(options, PAGE);
  return await somebody.passkey.finishRegistration({ challengeId, credential, name });
}

async function signsIn(somebody: Client, held: Authenticator) {
  const { challengeId, options } = await somebody.passkey.startSignIn();
  const credential = await held.get(options, PAGE);
  return await somebody.passkey.finishSignIn({ challengeId, credential });
}

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
