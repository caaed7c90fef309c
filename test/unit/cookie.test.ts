import { expect, test } from "vitest";
import { cookieValues, setCookie } from "../../src/protocol/cookie.ts";

test.each([
  [null, []],
  ["", []],
  ["a=1", ["1"]],
  ["b=2; a=1; c=3", ["1"]],
  ["a=1; a=2", ["1", "2"]],
  ["a=1; a=1", ["1", "1"]],
  ["a=1;a=2", ["1", "2"]],
  ["a=", [""]],
  ["a=1=2", ["1=2"]],
  ["a = 1 ", ["1"]],
  ['a="1"', ['"1"']],
  ["a=%31", ["%31"]],
  ["a", []],
  ["=a", []],
  ["; ;a=1;", ["1"]],
  ["aa=1; ba=2; a.b=3; A=4; __Host-a=5", []],
  ["b=a=1", []],
  ["b=a; c=1", []],
])("of %j, the values of a are %j", (header, values) => {
  expect(cookieValues(header, "a")).toEqual(values);
});

test.each(
  [
    [{ name: "a", secure: false, sameSite: "lax" }, "a=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax"],
    [
      { name: "__Host-a", secure: true, sameSite: "strict" },
      "__Host-a=v; Path=/; Max-Age=9; HttpOnly; Secure; SameSite=Strict",
    ],
    [
      { name: "__Secure-a", secure: true, sameSite: "none", domain: "b.example" },
      "__Secure-a=v; Path=/; Max-Age=9; HttpOnly; Domain=b.example; Secure; SameSite=None",
    ],
  ] as const,
)("%j is set as %s", (rule, header) => {
  expect(setCookie(rule, "v", 9)).toBe(header);
});

test("spaces without end inside of a value are passed once", () => {
  const spaces = " ".repeat(500_000); // to be passed for each of them once more would take minutes
  expect(cookieValues(`a=1${spaces}2${spaces}; b=3`, "a")).toEqual([`1${spaces}2`]);
});
