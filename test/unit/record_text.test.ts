import { expect, test } from "vitest";
import { isShaped, isText } from "../../src/base/shape.ts";
import { crc32 } from "../../src/base/checksum.ts";
import { AuthError } from "../../src/errors.ts";
import { machine } from "../../src/platform.ts";
import { shaped, summed, textOf } from "../../src/store/record_text.ts";

const SHAPE = isShaped({ name: isText });
const read = (text: unknown) => shaped("users:a", text, SHAPE);

test("the sum is the CRC-32 that gzip has", () => {
  const known = {
    "": 0,
    "123456789": 0xcbf43926,
    "The quick brown fox jumps over the lazy dog": 0x414fa339,
  };
  for (const [text, sum] of Object.entries(known)) expect(crc32(text)).toBe(sum);
  expect(crc32("é")).toBe(0x0e048d3e);
  expect(crc32("123456789é")).toBe(crc32("123456789é and more", 10));
  expect(crc32("123456789 and more", 9)).toBe(known["123456789"]);
});

test("what is written is read, with a revision more", () => {
  const first = read(textOf({ name: "Ada" }, null, machine));
  expect(first).toEqual({ name: "Ada", v: 1, rev: 1, w: expect.any(String) });
  const second = read(textOf({ ...first, name: "Grace" }, first, machine));
  expect(second).toMatchObject({ name: "Grace", rev: 2 });
});

test("a member of the name of the sum is one like any other: the last one counts", () => {
  expect(read(textOf({ name: 'a","sum":"00000000"}', sum: "00000000" }, null, machine))).toMatchObject({
    name: 'a","sum":"00000000"}',
    sum: "00000000",
  });
});

test("no bit of a text turns over unseen", () => {
  const bytes = new TextEncoder().encode(textOf({ name: "Ädä" }, null, machine));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const other = Uint8Array.from(bytes);
    other[bit >> 3] = Number(other[bit >> 3]) ^ (1 << (bit & 7));
    expect(codeOf(() => read(new TextDecoder().decode(other))), `bit ${bit}`).toBe("storage_corrupt");
  }
});

test("what was written by a newer version says so, whatever its sum", () => {
  expect(() => read('{"name":"Ada","v":2}')).toThrow(AuthError);
  try {
    read('{"name":"Ada","v":2}');
  } catch (error) {
    expect(String(Object(error).details.remedy)).toContain("a newer version of this library");
  }
});

test("what has a right sum and a wrong shape is none", () => {
  expect(codeOf(() => read(summed('{"name":5,"v":1,"rev":1,"w":"w"}')))).toBe("storage_corrupt");
  expect(codeOf(() => read(summed('{"name":"Ada","v":1,"w":"w"}')))).toBe("storage_corrupt");
});

function codeOf(run: () => unknown): string {
  try {
    run();
    return "none";
  } catch (error) {
    return String(Object(error).code);
  }
}
