import { expect, test } from "vitest";
import { fromBase58 } from "../../src/base/base58.ts";
import { hex } from "../../src/base/encoding.ts";

// draft-msporny-base58-03 section 5, and what has no digits.
test.each([
  ["2NEpo7TZRRrLZSi2U", "48656c6c6f20576f726c6421"],
  [
    "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
    "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
  ],
  ["11233QC4", "0000287fb4cd"],
  ["111", "000000"],
  ["", ""],
])("%j is %s", (text, bytes) => {
  expect(hex(fromBase58(text, bytes.length / 2)!)).toBe(bytes);
  for (const length of [bytes.length / 2 - 1, bytes.length / 2 + 1]) {
    expect(fromBase58(text, length)).toBeNull();
  }
});

test.each(["0", "O", "I", "l", "2NEpo7TZRRrLZSi2U ", "\n", "é", "2".repeat(1000)])("%j is none", (text) => {
  for (const length of [0, 1, 12, 500]) expect(fromBase58(text, length)).toBeNull();
});
