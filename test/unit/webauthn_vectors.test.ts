// Ceremonies of real authenticators, of the specification, and such as fail one check alone, each with its verdict; and what others read
// in authenticator data and keys.
import { createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64url, hex } from "../../src/base/encoding.ts";
import { isSignatureAlgorithm } from "../../src/protocol/signatures.ts";
import { readAuthenticatorData } from "../../src/protocol/webauthn_authenticator_data.ts";
import { assert, type Ceremony, keyOf, register, vectorFile, vectorsOf } from "../suite/ceremonies.ts";

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
};

describe.each(FILES)("%s", (name, judge) => {
  const { isThere, note } = vectorFile(name);

  test.skipIf(!isThere)(`gets every verdict, the others no failure of ours${note}`, async () => {
    const vectors = vectorsOf<Ceremony>(name).filter(({ stateful }) => stateful === undefined);
    const outcomes = await Promise.all(vectors.map((vector) => judge(vector))); // fails for whatever is thrown but `input_invalid`
    const judged = vectors.map((vector, index) => ({ vector, outcome: outcomes[index] }))
      .filter(({ vector }) => counts(vector));
    const wrong = judged.filter(({ vector, outcome }) =>
      (outcome?.is === "valid") !== (verdictOn(vector) === "valid")
    );
    const must = judged.filter(({ vector }) => vector.severity === "must").length;
    console.log(
      `${name}: ${must} that must be judged so, ${judged.length - must} that should, of ${vectors.length}`,
    );
    expect(wrong.map(({ vector: { id, verdict }, outcome }) => ({ id, verdict, outcome }))).toEqual([]);
    expect(must).toBeGreaterThan(10);
  });
});

/** The verdict, where the algorithm is one that is verified at all. */
function verdictOn({ verdict, parsed, credential }: Ceremony): Ceremony["verdict"] {
  const algorithm = parsed?.alg ?? credential?.alg;
  return algorithm === undefined || isSignatureAlgorithm(algorithm) ? verdict : "invalid";
}

/** Certificates are not asked for, and a configuration that nobody may have is not tried. */
function counts({ id, verdict, needs, configOdd }: Ceremony): boolean {
  return verdict !== "either" && configOdd === undefined && !(id in ELSEWHERE) &&
    (needs === undefined || id.includes("packed-self"));
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
      expect({ counter, hash: hex(rpIdHash) }).toEqual({
        counter: expected["signCount"],
        hash: expected["rpIdHash"],
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
    console.log(`webauthn-parse.json: ${taken.length} of ${told.length} keys are taken`);
    expect(taken.length).toBeGreaterThan(30);
  });
});
