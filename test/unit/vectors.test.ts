// Signatures and tokens that others made: RFC 7515 to 8037 and Wycheproof. The folder is named by LATCHKEY_VECTORS.
import { importJWK, type JWK } from "jose";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { base64url, fromBase64url } from "../../src/base/encoding.ts";
import { hmacUnder } from "../../src/base/hash.ts";
import { createVerifier } from "../../src/doors/verify.ts";
import { type Algorithm, ALGORITHMS } from "../../src/protocol/algorithms.ts";
import type { JwtKey } from "../../src/protocol/jws.ts";
import { tokenCheck } from "../../src/protocol/jwt.ts";
import { outcome } from "../suite/steps.ts";

interface Vector {
  readonly id: string;
  readonly comment?: string;
  readonly group?: string;
  readonly groupRef?: string;
  readonly token?: unknown;
  readonly key?: JWK;
  readonly verdict: "valid" | "invalid" | "either";
}

const folder = process.env["LATCHKEY_VECTORS"];
const files = ["jose-rfc.json", "jose-wycheproof.json"].map((name) => join(folder ?? "", name));
const present = folder !== undefined && files.every((file) => existsSync(file));
const skipped = present
  ? ""
  : " (LATCHKEY_VECTORS names no folder with jose-rfc.json and jose-wycheproof.json: 3 tests are skipped)";

/** The vectors with a token in compact form, each with its keys. */
function vectors(): readonly (Omit<Vector, "token"> & {
  readonly token: string;
  readonly keys: readonly JWK[];
})[] {
  return files.flatMap((file) => {
    const { vectors, keys } = JSON.parse(readFileSync(file, "utf8"));
    return (vectors as readonly Vector[]).flatMap(({ token, ...vector }) => {
      if (typeof token !== "string") return [];
      const own = vector.key ?? keys?.[vector.groupRef ?? ""]?.key ?? {};
      return [{ ...vector, token, keys: own.keys ?? [own] }];
    });
  });
}

/** Where the verdict is not about the hash: id → reason. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "cookbook-rfc7797-hmac-sha2-b64-false":
    "its payload is not encoded (RFC 7797), which no token of ours may be",
  "json_web_signature_test-367": "it is about padding, which this copy of it has lost",
  "json_web_signature_test-370": "it is about padding, which this copy of it has lost",
};

const ALGORITHM: Readonly<Record<string, Algorithm>> = {
  OKP: "EdDSA",
  EC: "ES256",
  RSA: "RS256",
  oct: "HS256",
};

test.skipIf(!present)(`HMAC agrees with every HS256 token of others${skipped}`, () => {
  const judged = vectors().filter(({ token, keys: [key, another], verdict }) =>
    another === undefined && key?.kty === "oct" && (key.alg ?? "HS256") === "HS256" && verdict !== "either" &&
    headerOf(token)["alg"] === "HS256" && fromBase64url(key.k ?? "")!.length >= 32
  );
  const wrong = judged.filter(({ token, keys, verdict }) => {
    const parts = token.split(".");
    const [key] = keys;
    const spelled = parts.length === 3 && parts.every((part) => fromBase64url(part) !== null);
    const mac = base64url(hmacUnder(fromBase64url(key?.k ?? "")!)(parts.slice(0, 2).join(".")));
    return (spelled && mac === parts[2]) !== (verdict === "valid");
  });
  expect(wrong.map(({ id }) => id)).toEqual(Object.keys(OTHERWISE));
  expect(judged.filter(({ verdict }) => verdict === "valid").length).toBeGreaterThan(5);
  expect(judged.filter(({ verdict }) => verdict === "invalid").length).toBeGreaterThan(15);
});

test.skipIf(!present)(
  "a token with a part in base64url that is none is refused before its signature is looked at",
  () => {
    const base64 = vectors().filter(({ group }) => group === "base64");
    const spelled = (token: string) => token.split(".").every((part) => fromBase64url(part) !== null);
    const misspelled = base64.filter(({ token }) => !spelled(token));
    expect(misspelled.filter(({ verdict }) => verdict !== "invalid")).toEqual([]);
    expect(misspelled.length).toBeGreaterThan(10);
  },
);

test.skipIf(!present)(
  "no token of others is an access token of ours, and none makes the check fall over",
  async () => {
    let asked = 0;
    for (const { id, token, keys } of vectors()) {
      for (const jwk of keys) {
        const alg = ALGORITHMS.find((one) => one === jwk.alg) ?? ALGORITHM[jwk.kty ?? ""] ?? "HS256";
        const key = await importJWK(jwk, alg).catch(() => new Uint8Array(32)); // a key that nobody should take
        const find = () => Promise.resolve({ kid: "any", alg, key } as JwtKey);
        const verified = await tokenCheck(find)(token, {
          issuer: "joe",
          audience: "any",
          now: 1_300_819_379_000,
        });
        expect([id, verified]).toEqual([id, { is: "invalid" }]);
        asked++;
      }
      const kid = String(headerOf(token)["kid"]);
      const jwks = { keys: keys.map((key) => ({ ...key, kid })) };
      const { verify } = createVerifier({ issuer: "joe", audience: "any", jwks });
      expect([id, await outcome(verify(token))]).toEqual([id, "token_invalid"]);
    }
    expect(asked).toBeGreaterThan(240);
  },
);

function headerOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return Object(
      JSON.parse(new TextDecoder().decode(fromBase64url(token.split(".")[0] ?? "") ?? undefined)),
    );
  } catch {
    return {}; // what is no header has no algorithm
  }
}
