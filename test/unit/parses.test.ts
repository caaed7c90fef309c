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

test("what is offered a second time is kept, and nobody can change it", () => {
  const known = parses<Named>();
  const { text, record } = made("Ada");
  known.offer(text, record);
  expect(known.get(text)).toBe(undefined);
  known.offer(text, record);
  expect(known.get(text)).toBe(record);
  const parts = [record, record.list, record.list[0]];
  expect(parts.map(Object.isFrozen)).toEqual([true, true, true]);
  expect(known.get(made("Adb").text)).toBe(undefined);
});

test("of a crowd that comes once, nothing is kept", () => {
  const known = parses<Named>();
  const crowd = Array.from({ length: 20_000 }, (_, i) => made(`user ${i}`));
  for (const { text, record } of crowd) known.offer(text, record);
  expect(crowd.filter(({ text }) => known.get(text) !== undefined)).toEqual([]);
});

test("no more is kept than there is room for, and what is asked for stays", () => {
  const known = parses<Named>();
  const filler = "x".repeat(60_000);
  const all = Array.from({ length: 300 }, (_, i) => made(`${i} ${filler}`));
  const [often] = all;
  for (const { text, record } of all) {
    for (const _ of "12") known.offer(text, record);
    expect(known.get(String(often?.text))).toBe(often?.record);
  }
  const kept = all.filter(({ text }) => known.get(text) !== undefined);
  expect(kept.length).toBeGreaterThan(60);
  expect(kept.length * 60_000).toBeLessThan(2 ** 23 + 120_000);
});
