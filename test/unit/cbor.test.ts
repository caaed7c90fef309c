// CBOR as authenticators write it, and as somebody might who means no good (RFC 8949 appendix A and F; CTAP 2.1 section 8).
import { expect, test } from "vitest";
import { readCbor } from "../../src/protocol/cbor.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const read = (hex: string) => readCbor(bytes(hex))?.value;

test.each<readonly [string, unknown]>([
  ["00", 0],
  ["17", 23],
  ["18 64", 100],
  ["1a 000f4240", 1_000_000],
  ["1b ffffffffffffffff", 2n ** 64n - 1n],
  ["20", -1],
  ["39 03e7", -1000],
  ["40", new Uint8Array()],
  ["44 01020304", Uint8Array.of(1, 2, 3, 4)],
  ["60", ""],
  ["62 c3bc", "ü"],
  ["63 efbfbd", "\ufffd"],
  ["63 efbbbf", "\ufeff"], // no byte order mark: it belongs to the label
  ["3b 001fffffffffffff", -(2 ** 53)],
  ["3b ffffffffffffffff", -(2n ** 64n)],
  ["80", []],
  ["83 010203", [1, 2, 3]],
  ["a2 0102 0304", new Map([[1, 2], [3, 4]])],
  ["a1 6161 82 0203", new Map([["a", [2, 3]]])],
  ["f4", false],
  ["f5", true],
  ["f6", null],
  ["18 17", 23], // could be shorter: some authenticators write it so
  ["a2 0300 0100", new Map([[3, 0], [1, 0]])], // in another order
  ["a2 01f4 6131f5", new Map<unknown, unknown>([[1, false], ["1", true]])], // a number and a text are two labels
  ["a1 695f5f70726f746f5f5f 01", new Map([["__proto__", 1]])],
])("%s is read", (hex, value) => {
  expect(read(hex)).toEqual(value);
});

test.each([
  ["nothing", ""],
  ["a number that is cut short", "19 01"],
  ["bytes that are cut short", "44 010203"],
  ["a text that is cut short", "63 6162"],
  ["a list that is cut short", "83 0102"],
  ["a map without its last value", "a2 0102 03"],
  ["bytes by the billion", "5b 7fffffffffffffff"],
  ["a list by the billion", "9b ffffffffffffffff"],
  ["a map by the billion", "bb 0000000100000000 00"],
  ["bytes of open length", "5f 4101 ff"],
  ["a text of open length", "7f 6161 ff"],
  ["a list of open length", "9f 01 ff"],
  ["a map of open length", "bf 0102 ff"],
  ["an end of nothing", "ff"],
  ["an end in a list", "81 ff"],
  ["an end for a value", "a1 01 ff"],
  ["a label that stands twice", "a2 0102 0103"],
  ["a label that stands twice, and others behind it", "a2 0102 0103 0204"],
  ["a label in words that stands twice", "a2 616101 616102"],
  ["a label spelled in two lengths", "a2 0102 180103"],
  ["a label of bytes", "a1 4100 00"],
  ["a label that is a list", "a1 80 00"],
  ["a label that is nothing", "a1 f6 00"],
  ["a tag", "c1 00"],
  ["a tag before two items", "c1 00 01"],
  ["a simple value before two items", "e1 00 01"],
  ["a half float", "f9 c700"],
  ["a float", "fa c0e00000"],
  ["a double", "fb c01c000000000000"],
  ["undefined", "f7"],
  ["a simple value that nobody knows", "f8 20"],
  ["a reserved length", "1c"],
  ["text that is not UTF-8", "62 c328"],
  ["text with half a pair", "63 eda080"],
  ["lists in lists in lists", `${"81".repeat(50_000)}00`],
  ["maps in maps in maps", `${"a100".repeat(20_000)}00`],
  ["a list of many lists", `99 c350 ${"80".repeat(50_000)}`],
])("%s is refused", (_, hex) => {
  expect(readCbor(bytes(hex))).toBeNull();
});

test("what stands behind the first item is told", () => {
  expect(readCbor(bytes("a0 0102"))).toEqual({ value: new Map(), rest: Uint8Array.of(1, 2) });
});

test("nothing is read beyond the bytes that were given", () => {
  const whole = bytes("44 01020304 0506");
  expect(readCbor(whole.subarray(0, 3))).toBeNull();
  expect(readCbor(whole.subarray(0, 5))?.rest).toEqual(new Uint8Array());
});
