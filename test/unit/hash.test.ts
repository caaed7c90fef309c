// SHA-256 by the runtime, and by plain numbers.
import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../../src/base/encoding.ts";
import { byNumbers, type Hashing, hmacUnder, sha256, sha256Text } from "../../src/base/hash.ts";
import { chance } from "../../src/testing/chance.ts";

const ways: readonly (readonly [string, Hashing])[] = [
  ["as it is", { sha256, sha256Text, hmacUnder }],
  ["by plain numbers", byNumbers],
];

describe.each(ways)("SHA-256, %s,", (_, { sha256, sha256Text, hmacUnder }) => {
  test("agrees with FIPS 180-4", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(hex(sha256(utf8("abc")))).toBe(abc);
    expect(sha256Text("abc")).toBe("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  });

  test("agrees with the platform's at every length around its blocks", () => {
    const random = chance(9);
    for (const length of [0, 1, 43, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = random(length);
      const right = createHash("sha256").update(bytes).digest("hex");
      expect(hex(sha256(bytes))).toBe(right);
      expect(sha256(bytes)).toHaveLength(32);
    }
  });

  test.each(["", "é", "\u{1F511} key", "\ud800 half", "\0"])("takes the UTF-8 bytes of %j", (text) => {
    const right = createHash("sha256").update(new TextEncoder().encode(text)).digest("base64url");
    expect(sha256Text(text)).toBe(right);
    const key = new Uint8Array(32).fill(7);
    const mac = hmacUnder(key);
    const whole = createHmac("sha256", key).update(new TextEncoder().encode(text)).digest("hex");
    expect([mac(text), mac(text)].map(hex)).toEqual([whole, whole]);
  });

  test("is not disturbed by a key that WebCrypto has refused", async () => {
    const key = new Uint8Array(32);
    const mac = hmacUnder(key);
    const right = createHmac("sha256", key).update("abc").digest("hex");
    for (let i = 0; i < 2; i++) {
      const refused = crypto.subtle.importKey("pkcs8", new Uint8Array(20), "Ed25519", false, ["sign"]);
      await expect(refused).rejects.toThrow();
      expect([mac("abc"), hmacUnder(key)("abc")].map(hex)).toEqual([right, right]);
    }
  });
});
