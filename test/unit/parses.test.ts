import { expect, test } from "vitest";
import { parses } from "../../src/store/parses.ts";
import { summed } from "../../src/store/record_text.ts";

interface Named {
  readonly name: string;
  readonly list: readonly object[];
}

function made(name: string): { readonly text: string; readonly record: Named } {
  return { text: summed(JSON.stringify({ name })), record: { name, list: [{}] } };
}

test("what is read a second time is kept from then on, and nobody can change it", () => {
  const known = parses<Named>();
  const { text, record } = made("Ada");
  let parsed = 0;
  const read = (of = text) =>
    known(of, () => {
      parsed++;
      return { ...record };
    });
  const first = read();
  expect(Object.isFrozen(first)).toBe(false);
  const second = read();
  expect([read(), read(`${text}`)].map((one) => one === second)).toEqual([true, true]);
  expect(parsed).toBe(2);
  expect([second, second.list, second.list[0]].map(Object.isFrozen)).toEqual([true, true, true]);
  expect(read(made("Adb").text)).not.toBe(second);
});

test("what cannot be parsed is not kept, nor what is no text", () => {
  const known = parses<Named>();
  const { text, record } = made("Ada");
  const fails = () => {
    throw new Error("not a record");
  };
  for (const _ of "123") expect(() => known(text, fails)).toThrow("not a record");
  expect(known(text, () => record)).toBe(record);
  for (const odd of ["", "{}", "x".repeat(9)]) {
    for (const _ of "12") expect(() => known(odd, fails)).toThrow("not a record");
  }
});

test("of two texts that have the same sum each is its own record", () => {
  const known = parses<string>();
  const texts = ["one", "two"].map((name) => `${name},"sum":"0123abcd"}`);
  for (const _ of "123") expect(texts.map((text) => known(text, () => text))).toEqual(texts);
});

test("of a crowd that comes once, nothing is kept", () => {
  const known = parses<Named>();
  const crowd = Array.from({ length: 50_000 }, (_, i) => made(`user ${i}`));
  for (const { text, record } of crowd) known(text, () => record);
  for (const { text, record } of crowd) known(text, () => record);
  const kept = crowd.filter(({ record }) => Object.isFrozen(record));
  expect(kept.length).toBeLessThan(crowd.length / 10);
});

test("no more is kept than there is room for, and what is asked for stays", () => {
  const known = parses<Named>();
  const filler = "x".repeat(60_000);
  const all = Array.from({ length: 300 }, (_, i) => made(`${i} ${filler}`));
  const [often] = all;
  const forgotten = () => {
    throw new Error("it is not kept");
  };
  for (const { text, record } of all) {
    for (const _ of "12") known(text, () => record);
    expect(known(String(often?.text), forgotten)).toBe(often?.record);
  }
  const kept = all.filter(({ text, record }) => {
    try {
      return known(text, forgotten) === record;
    } catch {
      return false;
    }
  });
  expect(kept.length).toBeGreaterThan(60);
  expect(kept.length * 60_000).toBeLessThan(2 ** 23 + 120_000);
});
