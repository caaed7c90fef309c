import { expect, test } from "vitest";
import { recent } from "../../src/base/recent.ts";

test("what was kept is known, and nothing else", () => {
  const known = recent<number>(10);
  known.keep("a", 1, 1);
  expect([known.get("a"), known.get("b")]).toEqual([1, undefined]);
});

test("of any number that are kept, those are known that were last, and no more than fit in twice", () => {
  const known = recent<number>(10);
  for (let i = 0; i < 1000; i++) {
    known.keep(`${i}`, i, 2);
    expect(known.get(`${i}`)).toBe(i);
  }
  const before = Array.from({ length: 1000 }, (_, i) => known.get(`${999 - i}`));
  const left = before.filter((one) => one !== undefined);
  expect(left).toEqual(Array.from(left, (_, i) => 999 - i));
  expect([left.length >= 5, left.length <= 11]).toEqual([true, true]); // five have room, the sixth is one too many
});

test("what is asked for again and again stays, whatever else comes", () => {
  const known = recent<string>(10);
  known.keep("often", "used", 2);
  for (let i = 0; i < 1000; i++) {
    expect(known.get("often")).toBe("used");
    known.keep(`${i}`, "once", 2);
  }
});

test("keeping another value in its place makes it no larger", () => {
  const known = recent<number>(10);
  known.keep("a", 1, 1);
  for (let i = 0; i < 1000; i++) known.keep("b", i, 6);
  expect([known.get("a"), known.get("b")]).toEqual([1, 999]);
});

test("what is larger than all the room is known until the next one comes", () => {
  const known = recent<number>(10);
  known.keep("large", 1, 100);
  known.keep("large too", 2, 100);
  expect([known.get("large"), known.get("large too")]).toEqual([undefined, 2]);
});
