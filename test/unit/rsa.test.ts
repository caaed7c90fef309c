// RSA by plain numbers, on every runtime: the vectors of Wycheproof, and keys against the runtime's own.
import { createHash, createPublicKey, createSign, generateKeyPairSync } from "node:crypto";
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

test("what is padded otherwise than it must be is no signature", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n = "", e = "", d = "" } = privateKey.export({ format: "jwk" });
  const [modulus, secret] = [n, d].map((text) =>
    BigInt(`0x${Buffer.from(text, "base64url").toString("hex")}`)
  );
  const spki = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
  const right = rsaSpki({ n: fromBase64url(n) ?? bytes(""), e: fromBase64url(e) ?? bytes("") });
  expect(Buffer.from(right).equals(spki)).toBe(true);
  const message = bytes("00");
  const end = `003031300d060960864801650304020105000420${createHash("sha256").update(message).digest("hex")}`;
  const padding = "ff".repeat(254 - end.length / 2);
  const signed = (block: string) => {
    const number = power(BigInt(`0x${block}`), secret ?? 0n, modulus ?? 1n);
    return verifyRsa(spki, message, bytes(number.toString(16).padStart(512, "0")));
  };
  expect(signed(`0001${padding}${end}`)).toBe(true);
  const wrong = [
    `0002${padding}${end}`,
    `0000${padding}${end}`,
    `0001${padding.replace("ff", "fe")}${end}`,
    `0001${"00".repeat(padding.length / 2)}${end}`,
    `0001${padding.slice(2)}${end}00`,
    `0001${"ff".repeat(8)}${end}${"00".repeat(padding.length / 2 - 8)}`,
  ];
  expect(wrong.filter(signed)).toEqual([]);
});

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = result * result % modulus;
    if (bit === "1") result = result * base % modulus;
  }
  return result;
}
