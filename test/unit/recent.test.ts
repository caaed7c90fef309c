import { expect, test } from "vitest";
import { recent } from "../../src/base/recent.ts";

test("what was kept is known, and nothing else", () => {
  const known = recent<number>(10);
  known.keep("a", 1, 1);
  expect([known.get("a"), known.get("b")]).toEqual([1, undefined]);
});

test("of any number that are kept, those are known that fit in twice, the last ones", () => {
  const known = recent<number>(10);
  const counts = Array.from({ length: 1000 }, (_, i) => {
    known.keep(`${i}`, i, 2);
    return Array.from({ length: i + 1 }, (_, j) => known.get(`${j}`)).filter((one) => one !== undefined);
  });
  expect(Math.max(...counts.map((all) => all.length))).toBe(11); // the last of each five is one too many
  for (const [i, all] of counts.entries()) {
    expect(all).toEqual(Array.from(all, (_, j) => i + 1 - all.length + j));
  }
});

test("what is kept again and again stays, whatever else comes", () => {
  const known = recent<string>(10);
  known.keep("often", "used", 2);
  for (let i = 0; i < 1000; i++) {
    expect(known.get("often")).toBe("used");
    known.keep("often", "used", 2);
    known.keep(`${i}`, "once", 2);
  }
});

test("keeping one again makes it no larger", () => {
  const known = recent<number>(10);
  known.keep("a", 1, 1);
  for (let i = 0; i < 1000; i++) known.keep("b", i, 6);
  expect([known.get("a"), known.get("b")]).toEqual([1, 0]);
});

test("what is larger than all the room is known until the next one comes", () => {
  const known = recent<number>(10);
  known.keep("large", 1, 100);
  expect(known.get("large")).toBe(1);
  known.keep("large too", 2, 100);
  expect([known.get("large"), known.get("large too")]).toEqual([undefined, 2]);
});
