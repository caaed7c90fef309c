import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { checkAssertion, checkRegistration } from "../src/protocol/webauthn.ts";
import { parseAssertion, parseRegistration } from "../src/protocol/webauthn_parse.ts";
import { authenticator, chance } from "../src/doors/testing.ts";

/** A way to verify a passkey's assertion, and how often it did so in a second. */
export interface Contest {
  readonly name: string;
  readonly perSecond: readonly number[];
}

const PEOPLE = 200; // each with a key of their own, so that nobody remembers any
const CHECKS = 60;
const ROUNDS = 101;

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
const theirs = { expectedChallenge: challenge, expectedOrigin: page.origin, expectedRPID: rp.id };

/** Verifies assertions of random people by ES256, whole: from the JSON that came to the verdict. By this library, and beside it, in turn,
 * by @simplewebauthn/server. */
export async function contest(): Promise<readonly Contest[]> {
  const people = await Promise.all(Array.from({ length: PEOPLE }, (_, seed) => person(seed)));
  const contestants = [
    {
      name: "this library",
      check: async ({ assertion, stored }: Person) =>
        (await checkAssertion(parseAssertion(assertion), expected, stored)).is === "valid",
    },
    {
      name: "@simplewebauthn/server",
      check: async ({ response, credential }: Person) =>
        (await verifyAuthenticationResponse({ ...theirs, response, credential })).verified,
    },
  ];
  const results = contestants.map((one) => ({ ...one, perSecond: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { check, perSecond } of results) {
      const began = performance.now();
      for (let i = 0; i < CHECKS; i++) {
        const who = people[(i * 7919) % PEOPLE];
        if (who === undefined || !await check(who)) throw new Error("an assertion was not verified");
      }
      perSecond.push(CHECKS / (performance.now() - began) * 1000);
    }
  }
  return results.map(({ name, perSecond }) => ({ name, perSecond }));
}

type Person = Awaited<ReturnType<typeof person>>;

/** What is stored of a passkey on both sides, and what it answers. */
async function person(seed: number) {
  const device = authenticator({ random: chance(seed) });
  const user = { id: "dXNlcg", name: "ada@example.com", displayName: "Ada" };
  const pubKeyCredParams = [{ type: "public-key", alg: -7 }];
  const registration = await device.create({ rp, user, challenge, pubKeyCredParams }, page);
  const made = await checkRegistration(parseRegistration(registration), {
    ...expected,
    requireDiscoverable: false,
  });
  const known = await verifyRegistrationResponse({ ...theirs, response: sent(registration) });
  if (made.is !== "valid" || !known.verified) throw new Error("a registration was not verified");
  const allowCredentials = [{ type: "public-key", id: registration.id }];
  const assertion = await device.get({ rpId: rp.id, challenge, allowCredentials }, page);
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

if (import.meta.main) {
  const results = await contest();
  for (const { name, perSecond } of results) {
    const [least, median, most] = quartiles(perSecond).map(Math.round);
    console.log(`ES256 assertions by ${name}: ${median} a second, in half of the rounds ${least} to ${most}`);
  }
  const [ours, others] = results.map(({ perSecond }) => perSecond);
  const [least, median, most] = quartiles(ours?.map((one, round) => one / (others?.[round] ?? 1)) ?? [])
    .map((ratio) => ratio.toFixed(2));
  console.log(`round by round: ${median} times as many, in half of them ${least} to ${most}`);
}

function quartiles(all: readonly number[]): readonly number[] {
  const sorted = all.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((part) => sorted[Math.floor(sorted.length * part)] ?? 0);
}
