import { expect } from "vitest";
import { flow } from "../suite/flow.ts";
import { device, registers, signsIn } from "../suite/passkeys.ts";

const ADA = "ada@example.com";

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
