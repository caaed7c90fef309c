// RSA by plain numbers, on every runtime: the vectors of Wycheproof, and keys against the runtime's own.
import { createPublicKey, createSign, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { fromBase64url } from "../../src/base/encoding.ts";
import { rsaSpki, verifyRsa } from "../../src/protocol/rsa.ts";
import { vectorFile, vectorsOf } from "../suite/ceremonies.ts";

const NAME = "rsa-pkcs1-2048-sha256.json";
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const { isThere, note } = vectorFile(NAME);

interface Vector {
  readonly id: string;
  readonly nHex: string;
  readonly eHex: string;
  readonly messageHex: string;
  readonly signatureHex: string;
  readonly verdict: string;
}

test.skipIf(!isThere)(`${NAME} gets every verdict${note}`, () => {
  const judged = vectorsOf<Vector>(NAME).filter(({ verdict }) => verdict !== "either");
  const wrong = judged.filter(({ nHex, eHex, messageHex, signatureHex, verdict }) => {
    const spki = rsaSpki({ n: bytes(nHex.replace(/^00/, "")), e: bytes(eHex) });
    return verifyRsa(spki, bytes(messageHex), bytes(signatureHex)) !== (verdict === "valid");
  });
  expect(wrong.map(({ id }) => id)).toEqual([]);
  expect(judged.length).toBeGreaterThan(40);
});

test.each([2048, 2055, 3072])(
  "a key of %i bits is written as the runtime writes it, and verifies",
  (bits) => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const { n = "", e = "" } = publicKey.export({ format: "jwk" });
    const spki = rsaSpki({ n: fromBase64url(n) ?? bytes(""), e: fromBase64url(e) ?? bytes("") });
    expect(Buffer.from(spki).equals(publicKey.export({ format: "der", type: "spki" }))).toBe(true);
    expect(createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }).type).toBe("public");
    const signature = createSign("sha256").update("message").sign(privateKey);
    const message = new TextEncoder().encode("message");
    expect(verifyRsa(spki, message, signature)).toBe(true);
    expect(verifyRsa(spki, message.subarray(1), signature)).toBe(false);
    expect(verifyRsa(spki, message, signature.subarray(1))).toBe(false);
    expect(verifyRsa(spki, message, new Uint8Array([0, ...signature]))).toBe(false);
    expect(verifyRsa(spki, message, new Uint8Array())).toBe(false);
    const more = BigInt(`0x${signature.toString("hex")}`) +
      BigInt(`0x${Buffer.from(n, "base64url").toString("hex")}`);
    const digits = more.toString(16).padStart(signature.length * 2, "0");
    if (digits.length === signature.length * 2) expect(verifyRsa(spki, message, bytes(digits))).toBe(false);
  },
);
