import { expect, test } from "vitest";
import { parseJson } from "../../src/base/json.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const nestedObjects = (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);

test.each([
  ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', { a: 1, b: { a: 2 }, c: [{ a: 3 }, { a: 4 }] }],
  ['{"a":"b","b":"a:"}', { a: "b", b: "a:" }],
  ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
  ['{"a":["b","b"]}', { a: ["b", "b"] }],
  ['{"a\\\\":1,"a":2}', { "a\\": 1, a: 2 }],
  ['{"a\\"":1,"a":2}', { 'a"': 1, a: 2 }],
  ["1", 1],
  ["null", null],
  [" [ ] ", []],
  [nested(8), JSON.parse(nested(8))],
  [nestedObjects(8), JSON.parse(nestedObjects(8))],
  [`{"a":"${"[".repeat(50)}"}`, { a: "[".repeat(50) }],
])("%s is what it says", (text, value) => {
  expect(parseJson(text, 8)).toEqual(value);
});

const NONE: readonly string[] = [
  "",
  "{",
  '{"a":1}x',
  "{'a':1}",
  '{"a":1,}',
  "undefined",
  "NaN",
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"a" : 1 , "b" : 2 , "a" : 3}',
  '{"b":{"a":1,"c":[],"a":2}}',
  '[{"a":1,"a":2}]',
  '{"__proto__":1,"__proto__":2}',
  '{"":1,"":2}',
  nested(9),
  nestedObjects(9),
  "[".repeat(65_536),
  nested(32_768),
  '{"a":'.repeat(13_000),
];

test("what is no JSON, names a member twice or nests too deep is none", () => {
  expect(NONE.filter((text) => parseJson(text, 8) !== undefined)).toEqual([]);
});

test("__proto__ is a member like any other, and changes nothing else", () => {
  const value = Object(parseJson('{"__proto__":{"admin":true},"constructor":1}', 8));
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
  expect(value.admin).toBe(undefined);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test("a text as long as a body may be is read, whatever is in it", () => {
  for (const char of ["a", '\\"', "\\\\", "{", ":", "\\u0061"]) {
    const text = `{"a":"${char.repeat(65_000 / char.length)}"}`;
    expect(parseJson(text, 8)).toEqual(JSON.parse(text));
  }
});
