import { expect, test } from "vitest";
import { base32, base64url, equal, fromBase64url, fromUtf8, utf8 } from "../../src/base/encoding.ts";

// RFC 4648 section 10, in the alphabets used here, without padding.
test.each([
  ["", "", ""],
  ["f", "Zg", "my"],
  ["fo", "Zm8", "mzxq"],
  ["foo", "Zm9v", "mzxw6"],
  ["foob", "Zm9vYg", "mzxw6yq"],
  ["fooba", "Zm9vYmE", "mzxw6ytb"],
  ["foobar", "Zm9vYmFy", "mzxw6ytboi"],
])("%j is %j in base64url and %j in base32", (text, in64, in32) => {
  expect(base64url(utf8(text))).toBe(in64);
  expect(base32(utf8(text))).toBe(in32);
  expect(fromUtf8(fromBase64url(in64) ?? utf8("no"))).toBe(text);
});

test("base64url has its own alphabet", () => {
  expect(base64url(Uint8Array.of(0xfb, 0xff, 0xbf))).toBe("-_-_");
  expect(fromBase64url("-_-_")).toEqual(Uint8Array.of(0xfb, 0xff, 0xbf));
});

test.each([
  "Zg==",
  "Zg=",
  "Zh",
  "Z",
  "Zm9vY",
  "Zm9vYh",
  "Zm 8",
  "Zm8\n",
  " Zm8",
  "Zm+v",
  "Zm/v",
  "Zmé",
  "Zm8.",
  "=",
  "\0",
])(
  "%j is no base64url, or not the one spelling of its bytes",
  (text) => {
    expect(fromBase64url(text)).toBe(null);
  },
);

test.each([
  ["", "", true],
  ["a", "a", true],
  ["é", "é", true],
  ["a", "b", false],
  ["a", "", false],
  ["a", "ab", false],
  ["é", "e\u0301", false],
])("%j and %j are equal: %s", (a, b, same) => {
  expect(equal(a, b)).toBe(same);
});

test("bytes that are no UTF-8 are no text", () => {
  expect(() => fromUtf8(Uint8Array.of(0xff))).toThrow(TypeError);
  expect(() => fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toThrow(TypeError);
});
