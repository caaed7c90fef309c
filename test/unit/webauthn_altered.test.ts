// Ceremonies of every kind with every byte altered, every field cut, extended, swapped or replaced: nothing that is signed or compared
// is taken, and nothing that came over the wire is a failure of ours.
import { beforeAll, describe, expect, test } from "vitest";
import { chance } from "../../src/doors/testing.ts";
import { isSignatureAlgorithm } from "../../src/protocol/signatures.ts";
import { inTurn, LONG, SEED } from "../proof/showed.ts";
import { type Alteration, alterations, altered, FREE, NOT_IT, type Sent } from "../suite/altered.ts";
import { assert, type Ceremony, register, vectorFile, vectorsOf } from "../suite/ceremonies.ts";
import { asserted, type Recorded, recorded, registered } from "../suite/passkeys.ts";
import { RUNTIME } from "../suite/runtime.ts";

const ASSERTIONS = "webauthn-authentication-positive.json";
const REGISTRATIONS = "webauthn-registration-collected.json";

/** Of what takes long, one byte in so many is altered. */
const KINDS = [
  { algorithm: "ES256", attestation: "none", of: 1 },
  { algorithm: "ES256", attestation: "packed", of: 1 },
  { algorithm: "ES384", attestation: "packed", of: 5 },
  { algorithm: "ES512", attestation: "packed", of: 10 },
  { algorithm: "EdDSA", attestation: "packed", of: 1 },
  { algorithm: "RS256", attestation: "packed", of: 1 },
] as const;

/** How many ways there are to alter the shortest ceremony, at least; and where not every byte is. */
const LEAST = [{ registration: 900, assertion: 800 }, { registration: 300, assertion: 270 }] as const;

describe.each(KINDS)("a ceremony by $algorithm with attestation $attestation", ({ of, ...traits }) => {
  const least = LEAST[of === 1 ? 0 : 1];
  let one: Recorded;
  let other: Recorded;

  beforeAll(async () => {
    one = await recorded(traits);
    other = await recorded({ ...traits, random: chance(11) });
  });

  test(`an altered assertion is not taken (LATCHKEY_SEED=${SEED})`, async () => {
    const { assertion, stored } = one;
    const right = await asserted(assertion, stored);
    expect(right).toMatchObject({ is: "valid" });
    const ways = alterations(assertion, FREE.assertion, of);
    const judge = (json: unknown) => asserted(json, stored);
    const { tried, taken } = await outcomes([assertion, other.assertion], ways, judge);
    const unsaid = taken.filter(({ path }) => path === "response.userHandle");
    expect(unsaid.map(({ value }) => value)).toEqual([undefined, null, ""]); // for whom it is need not be told
    const free = taken.filter(({ path }) => path !== "response.userHandle");
    expect(pathsOf(free)).toEqual(FREE.assertion);
    expect(free.filter(({ outcome }) => !isSame(outcome, right))).toEqual([]);
    expect(tried).toBeGreaterThan(least.assertion);
  });

  test(`an altered registration is not taken, or says what it said (LATCHKEY_SEED=${SEED})`, async () => {
    const { registration, credential } = one;
    expect(await registered(registration)).toEqual({ is: "valid", credential });
    const ways = alterations(registration, FREE.registration, of);
    const judge = (json: unknown) => registered(json);
    const { tried, taken } = await outcomes([registration, other.registration], ways, judge);
    const isSigned = traits.attestation === "packed";
    const unsigned = ["response.attestationObject", ...isSigned ? [] : ["response.clientDataJSON"]];
    const others = pathsOf(taken).filter((path) => !unsigned.includes(path));
    expect(others).toEqual(FREE.registration);
    // What nobody signed may say something else, as the name of a format does; but it is of the same credential.
    const told = ({ id, transports: _, ...more }: typeof credential) => isSigned ? { id, ...more } : id;
    const untrue = taken.filter(({ outcome }) => !isSame(told(outcome.credential), told(credential)));
    expect(untrue).toEqual([]);
    expect(tried).toBeGreaterThan(least.registration);
  });
});

/** How often a ceremony was altered, by another one of its kind where that is a way, and what of it was taken. */
async function outcomes<O extends { readonly is: string }>(
  [json, other]: readonly [Sent, Sent],
  ways: readonly Alteration[],
  judge: (json: unknown) => Promise<O>,
) {
  const taken: { path: string; value: unknown; outcome: Extract<O, { readonly is: "valid" }> }[] = [];
  let tried = 0;
  for (const way of ways) {
    const sent = altered(json, other, way);
    if (sent === null) continue;
    tried++;
    const outcome = await judge(sent.json);
    if (isValid(outcome)) taken.push({ path: way.path, value: sent.value, outcome });
  }
  return { tried, taken };
}

/** Of the ceremonies of others one in so many is altered, in each run others, and one in so many of its bytes. The numbers share no
 * factor, so that every byte of each has its turn. */
const SHARE = { ceremonies: RUNTIME === "node" ? 41 : 83, bytes: 25 };
const TIMEOUT = LONG ? 600_000 : 60_000;

describe(`ceremonies of others (LATCHKEY_SEED=${SEED})`, () => {
  const { isThere, note } = vectorFile(ASSERTIONS);

  test.skipIf(!isThere)(`an altered assertion is not taken${note}`, async () => {
    const all = rightOnes(ASSERTIONS);
    const free = [...FREE.assertion, "response.userHandle"]; // of whose credential it is the vectors say nothing
    const taken = await someAltered(all, FREE.assertion, assert);
    expect(named(taken.filter(({ path }) => !free.includes(path)))).toEqual([]);
    expect(all.length).toBeGreaterThan(60);
  }, TIMEOUT);

  test.skipIf(!isThere)(
    `an altered registration is not taken, or is of the same credential${note}`,
    async () => {
      const all = rightOnes(REGISTRATIONS);
      const free = [...FREE.registration, "response.clientDataJSON", "response.attestationObject"]; // makers sign them
      const taken = await someAltered(all, FREE.registration, register);
      expect(named(taken.filter(({ path }) => !free.includes(path)))).toEqual([]);
      const others = taken.filter(({ vector, outcome }) =>
        outcome.credential.id !== vector.parsed?.credentialId
      );
      expect(named(others)).toEqual([]);
      expect(all.length).toBeGreaterThan(120);
    },
    TIMEOUT,
  );
});

/** The vectors of a file whose ceremony is right. */
function rightOnes(file: string): readonly Ceremony[] {
  return vectorsOf<Ceremony>(file).filter(({ verdict, parsed, credential }) =>
    verdict === "valid" && isSignatureAlgorithm(parsed?.alg ?? credential?.alg)
  );
}

/** The next one that answers another challenge: some differ from the one beside them in nothing that counts. */
function after(place: number, vectors: readonly Ceremony[]): Ceremony {
  const [vector, ...rest] = [...vectors.slice(place), ...vectors];
  const next = rest.find((one) => one.expected.challenge !== vector?.expected.challenge);
  if (next === undefined) throw new Error("all answer one challenge");
  return next;
}

/** What is taken of ceremonies that are altered, each by another one too. */
async function someAltered<O extends { readonly is: string }>(
  vectors: readonly Ceremony[],
  free: readonly string[],
  judge: (vector: Ceremony) => Promise<O>,
) {
  const each = inTurn(vectors.map((vector, i) => [vector, after(i, vectors)] as const), SHARE.ceremonies);
  const found = await Promise.all(each.map(async ([vector, { response: other }]) => {
    const said = vector.response as Sent; // what is right has that form
    const ways = alterations(said, free, SHARE.bytes);
    const { taken } = await outcomes(
      [said, other as Sent],
      ways,
      (response) => judge({ ...vector, response }),
    );
    return taken.map((one) => ({ vector, ...one }));
  }));
  return found.flat();
}

/** Which ceremonies, altered where: all that is in them is too much to read. */
function named(
  taken: readonly { readonly vector: Ceremony; readonly path: string }[],
): readonly (readonly string[])[] {
  return taken.map(({ vector, path }) => [vector.id, path]);
}

function isValid<O extends { readonly is: string }>(
  outcome: O,
): outcome is Extract<O, { readonly is: "valid" }> {
  return outcome.is === "valid";
}

function pathsOf(taken: readonly { readonly path: string }[]): readonly string[] {
  return [...new Set(taken.map(({ path }) => path))].toSorted();
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

test("what is no ceremony at all is malformed", async () => {
  const { stored } = await recorded();
  const odd = [
    ...NOT_IT,
    { id: "AAAA" },
    { response: {} },
    JSON.parse('{"__proto__":{"id":"AAAA"}}'),
    new Date(0),
  ];
  for (const json of odd) {
    expect(await registered(json)).toMatchObject({ is: "malformed" });
    expect(await asserted(json, stored)).toMatchObject({ is: "malformed" });
  }
});

test("members that are not read may be anything but what is dangerous", async () => {
  const { registration } = await recorded();
  const { response, clientExtensionResults } = registration;
  const more = { unknown: [{}], response: { ...response, unknown: 1 } };
  expect(await registered({ ...registration, ...more })).toMatchObject({ is: "valid" });
  const extensions = { ...clientExtensionResults, prf: { enabled: true }, credProps: { rk: true, other: 1 } };
  expect(await registered({ ...registration, clientExtensionResults: extensions })).toMatchObject({
    is: "valid",
  });
  const polluted = JSON.parse(`{"__proto__":1,${JSON.stringify(registration).slice(1)}`);
  expect(await registered(polluted)).toEqual({ is: "malformed", path: "credential.__proto__" });
  for (const credProps of [null, 1, { rk: "false" }, { rk: 0 }]) {
    const outcome = await registered({ ...registration, clientExtensionResults: { credProps } });
    expect(outcome).toMatchObject({ is: "malformed" });
  }
});
