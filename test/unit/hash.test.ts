// SHA-256 by `node:crypto`, which all three runtimes have, and without it.
import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../../src/base/encoding.ts";
import { type Hashing, hashing, hmacUnder, Sha256, sha256, sha256Text } from "../../src/base/hash.ts";
import { chance } from "../../src/testing/chance.ts";

const ways: readonly (readonly [string, Hashing])[] = [
  ["as it is", { sha256, sha256Text, hmacUnder }],
  ["without node:crypto", hashing(undefined)],
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
      const [one, two] = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)];
      const inPieces = new Sha256();
      for (const piece of [one, two]) inPieces.update(piece);
      expect(hex(inPieces.digest())).toBe(right);
    }
  });

  test.each(["", "é", "\u{1F511} key", "\ud800 half", "\0", "long ".repeat(999)])(
    "takes the UTF-8 bytes of %j",
    (text) => {
      const right = createHash("sha256").update(new TextEncoder().encode(text)).digest("base64url");
      expect(sha256Text(text)).toBe(right);
      const key = new Uint8Array(32).fill(7);
      const mac = hmacUnder(key);
      const whole = createHmac("sha256", key).update(new TextEncoder().encode(text)).digest();
      expect([mac.bytes(text), mac.bytes(text)].map(hex)).toEqual([hex(whole), hex(whole)]);
      expect(mac.base64url(text)).toBe(whole.toString("base64url"));
    },
  );
});
