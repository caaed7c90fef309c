import { expect, test } from "vitest";
import {
  isAnyOf,
  isFlag,
  isListOf,
  isNumber,
  isObject,
  isRecordOf,
  isShaped,
  isText,
  orAbsent,
  orNull,
  type Shape,
} from "../../src/base/shape.ts";

const VALUES: readonly unknown[] = [
  ...[undefined, null, true, false, 0, 1, "", "a", [], ["a"], ["a", 1], {}, { a: "a" }, { a: 1 }],
];
const isAda = isShaped<{ readonly a: string; readonly b?: number | undefined }>({
  a: isText,
  b: orAbsent(isNumber),
});

test.each<[string, Shape<unknown>, readonly unknown[]]>([
  ["a text", isText, ["", "a"]],
  ["a number", isNumber, [0, 1]],
  ["a flag", isFlag, [true, false]],
  ["an object", isObject, [{}, { a: "a" }, { a: 1 }]],
  ["one of some", isAnyOf<string | number | boolean>("a", 1, true), [true, 1, "a"]],
  ["a text or null", orNull(isText), [null, "", "a"]],
  ["a text or absent", orAbsent(isText), [undefined, "", "a"]],
  ["a list of texts", isListOf(isText), [[], ["a"]]],
  ["texts by name", isRecordOf(isText), [{}, { a: "a" }]],
  ["an object with members", isAda, [{ a: "a" }]],
])("%s is told from everything else", (_, is, right) => {
  expect(VALUES.filter(is)).toEqual(right);
});

test("members that nobody asks for do not matter, and a wrong one does, however deep", () => {
  const isDeep = isShaped({ all: isListOf(isAda) });
  expect(isDeep({ all: [{ a: "", b: 1, c: null }], more: 1 })).toBe(true);
  expect(isDeep({ all: [{ a: "" }, { a: "", b: "1" }] })).toBe(false);
  expect(isDeep({})).toBe(false);
});
