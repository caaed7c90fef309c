// Ceremonies of real authenticators, of the specification, and such as fail one check alone, each with its verdict; and what others read
// in authenticator data and keys.
import { createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64url, hex, utf8 } from "../../src/base/encoding.ts";
import { sha256 } from "../../src/base/hash.ts";
import { report } from "../../src/base/report.ts";
import { AuthError } from "../../src/errors.ts";
import { settings } from "../../src/features/passkey/settings.ts";
import { isSignatureAlgorithm } from "../../src/protocol/signatures.ts";
import type { Assertion, ExpectedRegistration, Registration } from "../../src/protocol/webauthn.ts";
import { readAuthenticatorData } from "../../src/protocol/webauthn_authenticator_data.ts";
import {
  assert,
  type Ceremony,
  keyOf,
  type Malformed,
  register,
  vectorFile,
  vectorsOf,
} from "../suite/ceremonies.ts";

const FILES = [
  ["webauthn-registration-w3c.json", register],
  ["webauthn-registration-collected.json", register],
  ["webauthn-registration-negative.json", register],
  ["webauthn-authentication-positive.json", assert],
  ["webauthn-authentication-negative.json", assert],
] as const;

/** What cannot be seen in a ceremony alone: id → who sees it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "auth-neg-120-credential-not-allowed": "who named the credentials that may sign: here nobody does",
  "auth-neg-121-credential-other-user": "who knows for which user it began: here for none",
  "auth-neg-133-replay-same-challenge": "who uses challenges up",
  "auth-neg-134-challenge-expired": "who knows when they end",
  "auth-neg-135-challenge-of-registration": "who knows what they are for",
  "auth-neg-136-challenge-of-other-session": "who knows whose they are",
};

/** A vector, and what came of it. */
interface Judged {
  readonly vector: Ceremony;
  readonly outcome: Registration | Assertion | Malformed;
}

type Judge = (vector: Ceremony, otherwise: Partial<ExpectedRegistration>) => Promise<Judged["outcome"]>;

/** What comes of all vectors of a file. Fails for whatever is thrown but `input_invalid`. */
async function judgedIn(
  [name, judge]: readonly [name: string, judge: Judge],
): Promise<readonly Judged[]> {
  const vectors = vectorsOf<Ceremony>(name);
  return await Promise.all(vectors.map(async (vector) => ({ vector, outcome: await judge(vector, {}) })));
}

/** What is the same however often it is asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

const refused = (why: string) => ({ is: "refused", why });

describe.each(FILES)("%s", (name, judge) => {
  const { isThere, note } = vectorFile(name);

  test.skipIf(!isThere)(`gets every verdict, the others no failure of ours${note}`, async () => {
    const all = await judgedIn([name, judge]);
    const judged = all.filter(({ vector }) => counts(vector));
    const wrong = judged.filter(({ vector, outcome }) =>
      (outcome.is === "valid") !== (verdictOn(vector) === "valid")
    );
    const foreign = judged.filter(({ vector }) => verdictOn(vector) !== vector.verdict);
    const must = (of: readonly Judged[]) => of.filter(({ vector }) => vector.severity === "must").length;
    console.log(
      `${name}: ${must(judged)} that must be judged so, ${judged.length - must(judged)} that should, ` +
        `of ${all.length}; of them right, but by an algorithm that nobody takes: ${must(foreign)}, ` +
        `${foreign.length - must(foreign)}`,
    );
    expect(wrong.map(({ vector: { id, verdict }, outcome }) => ({ id, verdict, outcome }))).toEqual([]);
    const outcomes = await Promise.all(foreign.map(({ vector }) => judge(shortened(vector), {})));
    expect(outcomes).toEqual(
      foreign.map(({ vector }) => refused(`its algorithm, ${algorithmOf(vector)}, is not taken`)),
    );
    expect(must(judged)).toBeGreaterThan(10);
  });
});

describe("what vectors tell beside their verdict", () => {
  const { isThere, note } = vectorFile(FILES[0][0]);
  const everything = once(async () => (await Promise.all(FILES.map((file) => judgedIn(file)))).flat());
  const right = async () => (await everything()).filter(({ outcome }) => outcome.is === "valid");

  test.skipIf(!isThere)(`what is taken is kept as others read it${note}`, async () => {
    const told = (await right()).filter(({ vector: { parsed, flags } }) =>
      (parsed?.flags ?? flags) !== undefined
    );
    expect(told.map(({ outcome }) => outcome)).toMatchObject(told.map(({ vector }) => readBy(vector)));
    expect(told.length).toBeGreaterThan(200);
  });

  test.skipIf(!isThere)(`where users must be verified, who was not is refused for that${note}`, async () => {
    const told = (await right()).filter(({ vector }) => vector.requireUVWouldReject !== undefined);
    const outcomes = told.map(({ vector }) => judgeOf(vector)(vector, { userVerification: "required" }));
    const unverified = refused("the user was not verified");
    expect(await Promise.all(outcomes)).toEqual(
      told.map(({ vector, outcome }) => vector.requireUVWouldReject ? unverified : outcome),
    );
    expect(told.length).toBeGreaterThan(200);
  });

  test.skipIf(!isThere)(
    `where only usual algorithms are taken, others are refused for that${note}`,
    async () => {
      const told = (await right()).filter(({ vector: { parsed } }) => parsed !== undefined);
      const outcomes = told.map(({ vector }) => register(vector, { algorithms: [-8, -7, -257] }));
      const unusual = ({ parsed }: Ceremony) => refused(`its algorithm, ${parsed?.alg}, was not asked for`);
      expect(await Promise.all(outcomes)).toEqual(
        told.map(({ vector, outcome }) => vector.algInUsualSet ? outcome : unusual(vector)),
      );
      expect(told.filter(({ vector }) => !vector.algInUsualSet).length).toBeGreaterThan(3);
    },
  );

  test.skipIf(!isThere)(`what is wrong with nothing but a frame is refused for that${note}`, async () => {
    const framed = (await everything()).filter(({ vector }) =>
      vector.verdictIfCrossOriginAllowed === "valid"
    );
    expect(framed.map(({ outcome }) => outcome)).toEqual(
      framed.map(() => ({ is: "refused", why: expect.stringMatching(/^it comes from a frame/) })),
    );
    expect(framed.length).toBeGreaterThan(5);
  });

  test.skipIf(!isThere)(`what is seen elsewhere is right by itself${note}`, async () => {
    const elsewhere = (await everything()).filter(({ vector: { id } }) => id in ELSEWHERE);
    expect(elsewhere.map(({ vector: { id }, outcome }) => [id, outcome.is])).toEqual(
      Object.keys(ELSEWHERE).map((id) => [id, "valid"]),
    );
  });

  test.skipIf(!isThere)(`what is asked oddly is judged, where a server can be set up so${note}`, async () => {
    const odd = (await everything()).map(({ vector }) => vector).filter(({ configOdd }) => configOdd);
    const without = odd.filter((vector) => !isServed(vector));
    console.log(`asked oddly: ${odd.length - without.length} of ${odd.length} can be asked, and are judged`);
    expect(
      without.map(({ expected: { origin, rpID } }) => `${origin} ${rpID}`).filter((asked) =>
        !NOBODYS.test(asked)
      ),
    )
      .toEqual([]);
    expect(odd.length - without.length).toBeGreaterThan(15);
  });
});

/** An address for an RP ID, a page for one, an application that none is. */
const NOBODYS = / [0-9.]+$| https:|^localhost /;

/** Registrations bring no stored credential. */
function judgeOf({ credential }: Ceremony): Judge {
  return credential === undefined ? register : assert;
}

/** With a signature that is not longer than any that is verified: those of ML-DSA are, and so would be malformed. */
function shortened(vector: Ceremony): Ceremony {
  const { response, ...credential } = Object(vector.response);
  const shorter = "signature" in response ? { signature: "AAAA" } : {};
  return { ...vector, response: { ...credential, response: { ...response, ...shorter } } };
}

/** What a vector says that others read in its ceremony. */
function readBy({ parsed, flags, signCount }: Ceremony): object {
  const seen = parsed?.flags ?? flags;
  const counter = parsed?.signCount ?? signCount;
  const facts = { counter, backedUp: seen?.BS, userVerified: seen?.UV };
  if (parsed === undefined) return { is: "valid", ...facts };
  const { alg: algorithm, aaguid, credentialId: id } = parsed;
  const uuid = aaguid.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return { is: "valid", credential: { ...facts, id, algorithm, aaguid: uuid, backupEligible: seen?.BE } };
}

/** The verdict, where the algorithm is one that is verified at all. */
function verdictOn(vector: Ceremony): Ceremony["verdict"] {
  const algorithm = algorithmOf(vector);
  return algorithm === undefined || isSignatureAlgorithm(algorithm) ? vector.verdict : "invalid";
}

function algorithmOf({ parsed, credential }: Ceremony): number | undefined {
  return parsed?.alg ?? credential?.alg;
}

/** Certificates are not asked for, and what no server can ask is not tried. */
function counts(vector: Ceremony): boolean {
  const { id, verdict, needs, configOdd } = vector;
  return verdict !== "either" && !(id in ELSEWHERE) && (configOdd === undefined || isServed(vector)) &&
    (needs === undefined || id.includes("packed-self"));
}

/** Whether a server can be set up so that it asks as a vector says. */
function isServed({ expected: { origin, rpID } }: Ceremony): boolean {
  const isPage = /^https?:/.test(origin);
  const collected = report();
  const options = { rpId: rpID, ...(!isPage && { origins: [origin] }) };
  settings(options, collected, isPage ? origin : `https://${rpID}`);
  try {
    collected.settle();
    return true;
  } catch (error) {
    if (error instanceof AuthError) return false;
    throw error;
  }
}

interface Read {
  readonly kind: "authenticatorData" | "coseKey";
  readonly hex: string;
  readonly expected: Readonly<Record<string, unknown>> & {
    readonly flags: Readonly<Record<string, boolean>>;
    readonly trailingBytes: number;
    readonly importableByNodeCrypto?: boolean;
    readonly alg: number;
  };
}

const CURVES: Readonly<Record<string, string>> = { 1: "P-256", 2: "P-384", 3: "P-521", 6: "Ed25519" };

describe("webauthn-parse.json", () => {
  const { isThere, note } = vectorFile("webauthn-parse.json");
  const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
  const vectors = (kind: Read["kind"]) =>
    vectorsOf<Read>("webauthn-parse.json").filter((vector) => vector.kind === kind);

  test.skipIf(!isThere)(`authenticator data says what others read in it${note}`, () => {
    const all = vectors("authenticatorData");
    for (const { hex: text, expected } of all) {
      const data = readAuthenticatorData(bytesOf(text));
      if (expected.trailingBytes > 0) {
        expect(data).toHaveProperty("flaw");
        continue;
      }
      if ("flaw" in data) throw new Error(`${data.flaw}: ${text}`);
      const { attested, counter, rpIdHash } = data;
      const { UP, UV, BE, BS, AT } = expected.flags;
      expect(data).toMatchObject({ userPresent: UP, userVerified: UV, backupEligible: BE, backedUp: BS });
      const { signCount, rpId } = expected;
      expect({ counter, hash: hex(rpIdHash) }).toEqual({
        counter: signCount,
        hash: hex(sha256(utf8(String(rpId)))),
      });
      expect(attested !== null).toBe(AT);
      if (attested === null) continue;
      expect({
        aaguid: attested.aaguid.replaceAll("-", ""),
        credentialIdHex: hex(attested.id),
        kty: attested.key.get(1),
        alg: attested.key.get(3),
      }).toEqual({
        aaguid: expected["aaguid"],
        credentialIdHex: expected["credentialIdHex"],
        kty: expected["kty"],
        alg: expected.alg,
      });
    }
    expect(all.length).toBeGreaterThan(50);
  });

  test.skipIf(!isThere)(`a key is the one that others read${note}`, () => {
    const part = (value: unknown) => base64url(bytesOf(String(value)));
    const told = vectors("coseKey").map(({ hex: text, expected }) => {
      const key = keyOf(base64url(bytesOf(text)));
      const { kty, crv, x, y, n, e } = expected;
      const points = { crv: CURVES[String(crv)] ?? "", x: part(x), ...(y !== undefined && { y: part(y) }) };
      const jwk = kty === 3
        ? { kty: "RSA", n: part(n), e: part(e) }
        : { kty: kty === 2 ? "EC" : "OKP", ...points };
      if (key === null || !expected.importableByNodeCrypto) return { key: key?.publicKey ?? null };
      const spki = createPublicKey({ key: jwk, format: "jwk" }).export({ format: "der", type: "spki" });
      const bytes = key.algorithm === -8 ? spki.subarray(-32) : spki;
      return { key: key.publicKey, same: bytes.toString("base64url"), alg: [key.algorithm, expected.alg] };
    });
    const taken = told.filter(({ key }) => key !== null);
    expect(taken.filter(({ key, same }) => key !== same)).toEqual([]);
    expect(taken.filter(({ alg }) => alg?.[0] !== alg?.[1])).toEqual([]);
    const others = vectors("coseKey").filter((_, i) => told[i]?.key === null).map(({ expected }) => expected);
    const isCut = ({ x, y }: Read["expected"]) => String(x).length !== 64 || String(y).length !== 64; // RFC 9053 section 7.1.1
    const reliable = others.filter((one) =>
      isSignatureAlgorithm(one.alg) && one.importableByNodeCrypto && !isCut(one)
    );
    expect(reliable).toEqual([]);
    console.log(`webauthn-parse.json: ${taken.length} of ${told.length} keys are taken`);
    expect(taken.length).toBeGreaterThan(30);
  });
});
