// Signatures that others made, right and wrong: Wycheproof, by ECDSA on P-256 in DER, RSA and Ed25519. The folder is named by
// LATCHKEY_VECTORS.
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { base64url } from "../../src/base/encoding.ts";
import { type SignatureAlgorithm, verify } from "../../src/protocol/signatures.ts";

interface Vector {
  readonly id: string;
  readonly encoding?: string;
  readonly publicKeyUncompressedHex?: string;
  readonly publicKeyHex?: string;
  readonly nHex?: string;
  readonly eHex?: string;
  readonly messageHex: string;
  readonly signatureHex: string;
  readonly verdict: "valid" | "invalid" | "either";
}

const bytes = (hex: string | undefined) => new Uint8Array(Buffer.from(hex ?? "", "hex"));
const part = (hex: string | undefined) => base64url(bytes(hex));

/** File → algorithm, and how its vectors give a key. */
const FILES: Readonly<Record<string, readonly [SignatureAlgorithm, (vector: Vector) => string]>> = {
  "ecdsa-p256-sha256.json": [-7, ({ publicKeyUncompressedHex: point = "" }) => {
    return spki({ kty: "EC", crv: "P-256", x: part(point.slice(2, 66)), y: part(point.slice(66)) });
  }],
  "rsa-pkcs1-2048-sha256.json": [-257, ({ nHex, eHex }) => {
    return spki({ kty: "RSA", n: part(nHex?.replace(/^00/, "")), e: part(eHex) });
  }],
  "ed25519.json": [-8, ({ publicKeyHex }) => part(publicKeyHex)],
};

function spki(key: JsonWebKey): string {
  return createPublicKey({ key: { ...key }, format: "jwk" }).export({ format: "der", type: "spki" })
    .toString("base64url");
}

afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(FILES))("%s", (name, [algorithm, keyOf]) => {
  const file = join(process.env["LATCHKEY_VECTORS"] ?? "", name);
  const isThere = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);

  test.skipIf(!isThere)(
    `gets every verdict${isThere ? "" : " (skipped: it is not in LATCHKEY_VECTORS)"}`,
    async () => {
      const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(readFileSync(file, "utf8"));
      const judged = vectors.filter(({ verdict, encoding }) =>
        verdict !== "either" && encoding !== "ieee-p1363"
      );
      const wrong: string[] = [];
      for (const vector of judged) {
        const [message, signature] = [bytes(vector.messageHex), bytes(vector.signatureHex)];
        const right = await verify(algorithm, keyOf(vector), message, signature);
        if (right !== (vector.verdict === "valid")) wrong.push(vector.id);
      }
      console.log(`${name}: ${judged.length} of ${vectors.length} judged`);
      expect(wrong).toEqual([]);
    },
  );
});

const message = bytes("48656c6c6f");

/** A pair of keys of an algorithm, and a signature of the message. */
function made(algorithm: SignatureAlgorithm): { readonly key: string; readonly signature: Uint8Array } {
  const [{ publicKey, privateKey }, hash] = {
    [-7]: () => [generateKeyPairSync("ec", { namedCurve: "P-256" }), "sha256"] as const,
    [-8]: () => [generateKeyPairSync("ed25519"), null] as const,
    [-35]: () => [generateKeyPairSync("ec", { namedCurve: "P-384" }), "sha384"] as const,
    [-36]: () => [generateKeyPairSync("ec", { namedCurve: "P-521" }), "sha512"] as const,
    [-257]: () => [generateKeyPairSync("rsa", { modulusLength: 2048 }), "sha256"] as const,
  }[algorithm]();
  const der = publicKey.export({ format: "der", type: "spki" });
  const key = algorithm === -8 ? der.subarray(-32) : der;
  return { key: key.toString("base64url"), signature: new Uint8Array(sign(hash, message, privateKey)) };
}

const ALGORITHMS = [-7, -8, -35, -36, -257] as const;

test.each(ALGORITHMS)("a signature by %i is right for its message and key alone", async (algorithm) => {
  const { key, signature } = made(algorithm);
  expect(await verify(algorithm, key, message, signature)).toBe(true);
  expect(await verify(algorithm, key, bytes("48656c6c70"), signature)).toBe(false);
  expect(await verify(algorithm, made(algorithm).key, message, signature)).toBe(false);
});

test.each(ALGORITHMS)("a signature by %i that is altered, cut or extended is wrong", async (algorithm) => {
  const { key, signature } = made(algorithm);
  const step = Math.ceil(signature.length / 16);
  const altered = Array.from(signature.filter((_, at) => at % step === 0), (_, at) => {
    return signature.with(at * step, (signature[at * step] ?? 0) ^ 1);
  });
  const spelled = [signature.subarray(1), signature.subarray(0, -1), Uint8Array.of(...signature, 0)];
  for (const wrong of [...altered, ...spelled, new Uint8Array(), new Uint8Array(100_000)]) {
    expect(await verify(algorithm, key, message, wrong)).toBe(false);
  }
});

test.each(ALGORITHMS)("nothing is right for what is no key of %i", async (algorithm) => {
  const { key, signature } = made(algorithm);
  for (const other of ["", "A", key.slice(0, -4), made(algorithm === -7 ? -35 : -7).key]) {
    expect(await verify(algorithm, other, message, signature)).toBe(false);
  }
});

test("an ECDSA signature has one spelling", async () => {
  const { key, signature } = made(-36);
  const told = (...der: number[]) => verify(-36, key, message, Uint8Array.from(der));
  const [, , length = 0, ...numbers] = signature;
  expect(await told(0x30, 0x81, length, ...numbers)).toBe(true);
  expect(await told(0x30, 0x82, 0, length, ...numbers)).toBe(false);
  expect(await told(0x30, 0x80, ...numbers, 0, 0)).toBe(false);
  expect(await told(0x31, 0x81, length, ...numbers)).toBe(false);
  expect(await told(0x30, 0x81, length + 2, ...numbers, 5, 0)).toBe(false);
});

test.each(ALGORITHMS)("a signature by %i is verified where there is WebCrypto alone", async (algorithm) => {
  const asked = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
  vi.resetModules();
  const { verify } = await import("../../src/protocol/signatures.ts");
  const { key, signature } = made(algorithm);
  expect(await verify(algorithm, key, message, signature)).toBe(true);
  expect(await verify(algorithm, key, message, signature.with(9, (signature[9] ?? 0) ^ 1))).toBe(false);
  expect(await verify(algorithm, made(algorithm).key, message, signature)).toBe(false);
  expect(asked).toHaveBeenCalledWith("node:crypto");
});
