import { expect, test } from "vitest";
import { machine, portions } from "../../src/platform.ts";

test("no two draws are alike, whatever their lengths, and nobody's piece is part of another's", () => {
  const drawn = Array.from({ length: 2000 }, (_, i) => machine.random(16 + i % 50));
  expect(new Set(drawn.map((bytes) => bytes.join())).size).toBe(drawn.length);
  const before = drawn.map((bytes) => bytes.join());
  for (const bytes of drawn) expect(bytes.buffer.byteLength).toBe(bytes.length);
  drawn[0]?.fill(0);
  expect(drawn.slice(1).map((bytes) => bytes.join())).toEqual(before.slice(1));
  expect([0, 1, 1024, 1025, 60_000].map((length) => machine.random(length).length)).toEqual([
    ...[0, 1, 1024, 1025, 60_000],
  ]);
});

test("every byte that is handed out was drawn for it alone, and wiped", () => {
  const held = new Set<Uint8Array>();
  let next = 0;
  const draw = (portion: Uint8Array) => {
    held.add(portion);
    for (let i = 0; i < portion.length; i++) portion[i] = 1 + next++ % 255;
  };
  const random = portions(draw, () => 5);
  const all = [100, 900, 24].flatMap((length) => [...random(length)]);
  expect(all).toEqual(Array.from({ length: 1024 }, (_, i) => 1 + i % 255));
  expect([...held].map((portion) => portion.some((byte) => byte !== 0))).toEqual([false]);
  expect(next).toBe(1024);
  random(1);
  random(1024); // not what is left and some more: all of it anew
  expect(next).toBe(3 * 1024);
});

test.each([1000, -1000])("what was drawn %d ms ago is thrown away", (passed) => {
  let [time, draws] = [50_000, 0];
  const random = portions(() => draws++, () => time);
  random(16);
  random(16);
  expect(draws).toBe(1);
  time += passed;
  random(16);
  expect(draws).toBe(2);
});
