import { expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { base32, utf8 } from "../../src/base/encoding.ts";
import { sha256 } from "../../src/base/hash.ts";
import { newborn } from "../../src/core/account_record.ts";
import { devices } from "../../src/core/devices.ts";
import type { Events } from "../../src/core/events.ts";
import type { Foundation } from "../../src/core/foundation.ts";
import { guess, guesses, isGuessedAt, settled, type Tally } from "../../src/core/guesses.ts";
import { limits } from "../../src/core/limits.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { LONG_CODE, newCode, newLongCode } from "../../src/crypto/token.ts";
import { DEVICES } from "../../src/options/devices.ts";
import { guessSettings } from "../../src/options/guesses.ts";
import { machine } from "../../src/platform.ts";
import { store as storeOf } from "../../src/store/collection.ts";
import { chance } from "../../src/testing/chance.ts";
import { SECRET } from "../suite/world.ts";

const SETTINGS = guessSettings(true);
const NOW = Date.UTC(2030, 0, 1);
const PLATFORM = { ...machine, now: () => NOW, random: chance(1) };
const UNIT = 72_000; // ms: an hour for fifty
const DAY = 24 * 60 * 60_000;

/** A tally with so many guesses of the hour used up. */
function tally(used: number, wrong: number): Tally {
  return { tat: (NOW + used * UNIT) * 1000, wrong, exp: NOW + 30 * DAY };
}

test("the first guess is one of fifty, and one in a row", () => {
  const { next, result } = guess(null, SETTINGS, NOW);
  expect(next).toEqual(tally(1, 1));
  expect(result).toEqual({ allowed: true, remaining: 49, retryAfter: 0, resetAfter: 72, tally: next });
});

test("after fifty in an hour there is one every 72 seconds, and a refused one counts for nothing", () => {
  let current: Tally | null = null;
  for (let i = 0; i < 50; i++) ({ next: current } = guess(current, SETTINGS, NOW));
  expect(current).toEqual(tally(50, 50));
  expect(guess(current, SETTINGS, NOW + 1)).toEqual({
    next: current,
    result: { allowed: false, remaining: 0, retryAfter: 72, resetAfter: 3600, tally: current },
  });
  expect(guess(current, SETTINGS, NOW + UNIT).next).toMatchObject({ wrong: 51 });
});

test("a row outlasts the hour, and is forgotten thirty days after its last guess", () => {
  const { next } = guess(tally(0, 99), SETTINGS, NOW + 29 * DAY);
  expect(next).toMatchObject({ wrong: 100, exp: NOW + 59 * DAY });
});

test.each([
  ["where nothing was guessed there is nothing to end", null, true, null],
  ["what was paid is given back, once", tally(3, 3), true, { ...tally(2, 0), exp: NOW + 2 * UNIT }],
  ["nothing else is given back: strangers' guesses stay what they are", tally(3, 3), false, {
    ...tally(3, 0),
    exp: NOW + 3 * UNIT,
  }],
  ["a tally that says nothing any more goes", tally(1, 1), true, null],
  ["a row that is over goes too", tally(-9, 80), false, null],
  ["one without a row is left alone", tally(3, 0), false, tally(3, 0)],
])("after a sign-in: %s", (_, current, paid, next) => {
  expect(settled(current, { guesses: SETTINGS.guesses, paid }, NOW)).toEqual(next);
});

test("what a sign-in leaves alone is the same record, so nothing is written", () => {
  const current = tally(3, 0);
  expect(settled(current, { guesses: SETTINGS.guesses, paid: false }, NOW)).toBe(current);
});

test.each([
  ["nobody guessed", null, false],
  ["some guesses", tally(24, 24), false],
  ["half of the hour's", tally(25, 25), true],
  ["ninety-nine in a row, a day ago", tally(-999, 99), false],
  ["a hundred in a row, a day ago", tally(-999, 100), true],
])("%s: whether codes are mailed that nobody guesses", (_, current, expected) => {
  expect(isGuessedAt(current, SETTINGS, NOW)).toBe(expected);
});

test("a code that nobody guesses has 60 bits, and looks like no code of digits", () => {
  const random = chance(7);
  const codes = Array.from({ length: 500 }, () => newLongCode(random));
  expect(codes.filter((code) => !LONG_CODE.test(code))).toEqual([]);
  expect(new Set(codes).size).toBe(500);
  expect(new Set(codes.join("")).size).toBe(32);
  expect(newLongCode((length) => new Uint8Array(length).fill(255))).toBe("7".repeat(12));
  for (const length of [6, 10]) expect(newCode(length, random)).not.toMatch(LONG_CODE);
});

test("after a hundred wrong guesses in a row a stranger's password is not judged, that of a known device is", async () => {
  const store = storeOf(memory({ now: () => NOW }), PLATFORM, 1000);
  const foundation = {
    lookup: (_: string, value: string) => base32(sha256(utf8(value))),
    ready: () => Promise.resolve(),
  };
  const known = devices(keyring([SECRET], PLATFORM.random), () => NOW, DEVICES);
  const { pay, settle } = guesses({
    store,
    events: { emit: () => {} } as unknown as Events,
    foundation: foundation as unknown as Foundation,
    limits: limits(store, foundation as unknown as Foundation),
    devices: known,
    settings: { ...SETTINGS, guesses: { limit: 1000, per: 3600 } }, // so that the row alone decides
  });
  const uid = "a".repeat(26);
  const identifier = { type: "email", value: "ada@example.com", proven: true } as const;
  const account = newborn({ createdAt: NOW, name: null, identifier, sessions: [] });
  const device = known.issue({ uid, account }, "s".repeat(26), null);
  const target = { subject: identifier.value, noted: { uid, epoch: 0 }, client: undefined };
  for (let i = 0; i < 100; i++) expect((await pay(target)).isJudged).toBe(true);
  expect((await pay(target)).isJudged).toBe(false);
  const paid = await pay({ ...target, client: { device } });
  expect(paid.isJudged).toBe(true);
  await settle(uid, paid, false);
  expect((await pay(target)).isJudged).toBe(true);
});
