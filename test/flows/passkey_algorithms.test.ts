// What passkeys sign by: what browsers are asked for, and what some authenticators insist on.
import { expect } from "vitest";
import { authenticator } from "../../src/testing/authenticator.ts";
import type { Authenticator, PasskeyAlgorithm, RegistrationResponseJSON } from "../../src/doors/testing.ts";
import { flow } from "../suite/flow.ts";
import { clientData, device, PAGE, saying, signsIn } from "../suite/passkey_holder.ts";
import { CREATION } from "../suite/passkeys.ts";

const ADA = "ada@example.com";

/** Each algorithm, by its number. */
const ALGORITHMS: Readonly<Record<PasskeyAlgorithm, number>> = {
  EdDSA: -8,
  ES256: -7,
  RS256: -257,
  ES384: -35, // from here on nobody is asked for it
  ES512: -36,
};

flow("a passkey signs in by each algorithm, whether it was asked for or not", async (here) => {
  const ada = await here.signedIn(ADA);
  const asked: number[] = [];
  for (const [name, alg] of Object.entries(ALGORITHMS)) {
    const algorithm = name as PasskeyAlgorithm; // as the table has them
    const held = algorithm === "RS256" ? await byRsa() : device(here, { algorithm });
    const { challengeId, options } = await ada.passkey.startRegistration();
    if (options.pubKeyCredParams.some((one) => one.alg === alg)) asked.push(alg);
    const insisting = { ...options, pubKeyCredParams: [{ type: "public-key", alg }] };
    const credential = await held.create(insisting, PAGE);
    expect(credential.response.publicKeyAlgorithm).toBe(alg);
    await ada.passkey.finishRegistration({ challengeId, credential, name });
    const { user, session } = await signsIn(here.person(), held);
    expect([name, user.email, session.amr]).toEqual([name, ADA, ["swk", "user"]]);
  }
  expect(asked).toEqual([-8, -7, -257]);
  const { items } = await ada.passkey.list();
  expect(items.map(({ name, lastUsedAt }) => [name, lastUsedAt !== null])).toEqual(
    Object.keys(ALGORITHMS).map((name) => [name, true]),
  );
}, { options: { rateLimit: false } });

/** A device with a key of RSA, and the registration by which it was made. Drawing one takes long, so all have the same. */
let drawn: Promise<readonly [Authenticator, RegistrationResponseJSON]> | undefined;

async function draw(): Promise<readonly [Authenticator, RegistrationResponseJSON]> {
  const held = authenticator({ algorithm: "RS256" });
  return [held, await held.create({ ...CREATION, rp: { id: "localhost", name: "localhost" } }, PAGE)];
}

/** A device that signs by RSA: whoever registers it is its user. Nothing of a registration without attestation is signed. */
async function byRsa(): Promise<Authenticator> {
  const [held, made] = await (drawn ??= draw());
  let userHandle = "";
  return {
    ...held,
    create({ user, challenge }) {
      userHandle = user.id;
      const clientDataJSON = clientData(made.response.clientDataJSON, { challenge });
      return Promise.resolve({ ...made, response: { ...made.response, clientDataJSON } });
    },
    get: async (options, page) => saying(await held.get(options, page), { userHandle }),
  };
}
