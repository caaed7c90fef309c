// Passkey sign-in by ES256, whole: from the JSON that came over the wire to the verdict. Theirs does not look whether a passkey of
// somebody else answers, which ours does by the user handle.
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { authenticator, chance } from "../../src/doors/testing.ts";
import { checkAssertion, checkRegistration } from "../../src/protocol/webauthn.ts";
import { parseAssertion, parseRegistration } from "../../src/protocol/webauthn_parse.ts";
import type { Row } from "../row.ts";
import { forAny } from "../people.ts";

const PEOPLE = 200; // each with a key of their own, so that nobody remembers any

const page = { origin: "https://app.example.com" };
const rp = { id: "example.com", name: "Example" };
const challenge = "dGhlLWNoYWxsZW5nZS1vZi10aGUtYmVuY2g";
const expected = {
  challenge,
  origins: [page.origin],
  rpId: rp.id,
  userVerification: "required",
  requireDiscoverable: true,
} as const;
const theirs = {
  expectedChallenge: challenge,
  expectedOrigin: page.origin,
  expectedRPID: rp.id,
};

/** Verification of passkeys. */
export const row: Row = {
  title: "passkey sign-in verification, ES256",
  async *measure() {
    const people = await Promise.all(
      Array.from({ length: PEOPLE }, (_, seed) => person(seed)),
    );
    yield {
      is: "race",
      title: row.title,
      chart: "passkey",
      contestants: [
        {
          name: "Latchkey",
          work: forAny(
            people,
            async ({ assertion, stored }) =>
              (await checkAssertion(
                parseAssertion(assertion),
                expected,
                stored,
              )).is === "valid",
          ),
        },
        {
          name: "SimpleWebAuthn",
          work: forAny(
            people,
            async ({ response, credential }) =>
              (await verifyAuthenticationResponse({
                ...theirs,
                response,
                credential,
              })).verified,
          ),
        },
      ],
      targets: [{
        against: "SimpleWebAuthn",
        atLeast: { node: 1.8, bun: 1.8, deno: 1.2 },
      }],
    };
  },
};

/** What is stored of a passkey on both sides, and what it answers. */
async function person(seed: number) {
  const device = authenticator({ random: chance(seed) });
  const user = { id: "dXNlcg", name: "ada@example.com", displayName: "Ada" };
  const pubKeyCredParams = [{ type: "public-key", alg: -7 }];
  const registration = await device.create({
    rp,
    user,
    challenge,
    pubKeyCredParams,
  }, page);
  const made = await checkRegistration(parseRegistration(registration), {
    ...expected,
    requireDiscoverable: false,
  });
  const known = await verifyRegistrationResponse({
    ...theirs,
    response: sent(registration),
  });
  if (made.is !== "valid" || !known.verified) {
    throw new Error("a registration was not verified");
  }
  const allowCredentials = [{ type: "public-key", id: registration.id }];
  const assertion = await device.get({
    rpId: rp.id,
    challenge,
    allowCredentials,
  }, page);
  const { credential } = known.registrationInfo;
  return {
    assertion,
    response: sent(assertion),
    credential,
    stored: { ...made.credential, userHandle: user.id },
  };
}

/** What came over the wire: types differ between the two in what may be missing. */
function sent(json: object) {
  return JSON.parse(JSON.stringify(json));
}
