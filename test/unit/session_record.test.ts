import { expect, test } from "vitest";
import {
  type Family,
  isDue,
  type Presented,
  rotate,
  type Rotation,
  type SessionRecord,
  toldLastUse,
  used,
} from "../../src/core/session_record.ts";

const NOW = 10_000_000;
const HOUR = 3_600_000;
const IDLE = 7 * 24 * HOUR;
const FAMILY: Family = { generation: 3, seed: "seed", secret: "aaaaaaaa", rotations: [] };

function session(family: Partial<Family> | null, members: Partial<SessionRecord> = {}): SessionRecord {
  return {
    createdAt: NOW - HOUR,
    endsAt: NOW + 30 * 24 * HOUR,
    lastUsedAt: NOW - HOUR,
    amr: ["otp"],
    ip: null,
    userAgent: null,
    hash: null,
    family: family && { ...FAMILY, ...family },
    exp: NOW + IDLE - HOUR,
    ...members,
  };
}

function presented(members: Partial<Presented>): Presented {
  return {
    generation: 3,
    attempt: null,
    now: NOW,
    leeway: 30_000,
    idle: IDLE,
    secret: "aaaaaaaa",
    ...members,
  };
}

function away(from: number, age: number, attempt: string | null = null): Rotation {
  return { from, at: NOW - age, attempt };
}

test("the current token moves the family on by one, and counts as use", () => {
  const current = session({ rotations: [away(2, 5000)] });
  const record = {
    ...current,
    lastUsedAt: NOW,
    exp: NOW + IDLE,
    family: { ...FAMILY, generation: 4, rotations: [away(2, 5000), away(3, 0)] },
  };
  expect(rotate(current, presented({}))).toEqual({ next: record, result: { is: "current", record } });
});

test("it notes the attempt, and derives under the first secret from then on", () => {
  const { next } = rotate(session({}), presented({ attempt: "hash", secret: "bbbbbbbb" }));
  expect(next?.family).toEqual({
    generation: 4,
    seed: "seed",
    secret: "bbbbbbbb",
    rotations: [away(3, 0, "hash")],
  });
});

test("the last eight rotations are kept", () => {
  const rotations = [0, 1, 2, 3, 4, 5, 6, 7].map((from) => away(from, 0));
  const { next } = rotate(session({ generation: 8, rotations }), presented({ generation: 8 }));
  expect(next?.family?.rotations).toEqual([...rotations.slice(1), away(8, 0)]);
});

test("use never outlasts the session", () => {
  const { next } = rotate(session({}, { endsAt: NOW + 1000 }), presented({}));
  expect(next?.exp).toBe(NOW + 1000);
});

/** What is presented → the rotations so far, how it is presented, what that is. The family is at generation 3. */
const PAST: readonly (readonly [string, readonly Rotation[], Partial<Presented>, "current" | "reused"])[] = [
  ["rotated away just now", [away(2, 0)], { generation: 2 }, "current"],
  ["rotated away as long ago as the leeway", [away(2, 30_000)], { generation: 2 }, "current"],
  ["rotated away longer ago", [away(2, 30_001)], { generation: 2 }, "reused"],
  ["rotated away in what is now the future", [away(2, -HOUR)], { generation: 2 }, "current"],
  [
    "several rotations back, all of them young",
    [away(0, 9), away(1, 8), away(2, 7)],
    { generation: 0 },
    "current",
  ],
  [
    "an old one of which only later ones are young",
    [away(1, 40_000), away(2, 1)],
    { generation: 1 },
    "reused",
  ],
  ["no longer among those kept", [away(1, 0), away(2, 0)], { generation: 0 }, "reused"],
  ["without leeway, in the same moment", [away(2, 0)], { generation: 2, leeway: 0 }, "current"],
  ["without leeway, later", [away(2, 1)], { generation: 2, leeway: 0 }, "reused"],
  ["late, with the same attempt", [away(2, HOUR, "a")], { generation: 2, attempt: "a" }, "current"],
  ["late, with another attempt", [away(2, HOUR, "a")], { generation: 2, attempt: "b" }, "reused"],
  ["late, with no attempt", [away(2, HOUR, "a")], { generation: 2 }, "reused"],
  ["late, with an attempt where none was noted", [away(2, HOUR)], { generation: 2, attempt: "a" }, "reused"],
  ["young, with another attempt", [away(2, 1, "a")], { generation: 2, attempt: "b" }, "current"],
  [
    "late, with the same attempt, after its successor was presented",
    [away(1, HOUR, "a"), away(2, HOUR)],
    { generation: 1, attempt: "a" },
    "reused",
  ],
  ["a generation that is not there yet", [away(2, 0)], { generation: 4 }, "reused"],
];

test.each(PAST)("a token that was %s", (_, rotations, how, is) => {
  const current = session({ rotations });
  const result = is === "current" ? { is, record: current } : { is };
  const decided = rotate(current, presented(how));
  expect(decided).toEqual({ next: current, result });
  expect(decided.next).toBe(current); // the very same: nothing is written
});

test("a session that is gone, or is carried by a cookie, has no token", () => {
  const cookie = session(null);
  expect(rotate(null, presented({}))).toEqual({ next: null, result: { is: "gone" } });
  expect(rotate(cookie, presented({}))).toEqual({ next: cookie, result: { is: "gone" } });
});

test.each([
  ["hourly", 30 * 24 * HOUR, HOUR],
  ["hourly, from ten hours of idleTtl on", 10 * HOUR, HOUR],
  ["ten times in a shorter idleTtl", HOUR, HOUR / 10],
  ["ten times in the shortest", 60_000, 6000],
])("last use is noted %s", (_, idle, age) => {
  const record = session(null, { lastUsedAt: NOW - age });
  expect(isDue(record, { now: NOW, idle })).toBe(true);
  expect(isDue(record, { now: NOW - 1, idle })).toBe(false);
});

test("use moves idle expiry, and never past the end", () => {
  const record = session(null, { endsAt: NOW + 100 });
  expect(used(record, { now: NOW, idle: 50 })).toEqual({ ...record, lastUsedAt: NOW, exp: NOW + 50 });
  expect(used(record, { now: NOW, idle: 200 })).toEqual({ ...record, lastUsedAt: NOW, exp: NOW + 100 });
});

test.each([
  [2 * HOUR, 2 * HOUR],
  [2 * HOUR + 1, 2 * HOUR],
  [3 * HOUR - 1, 2 * HOUR],
  [HOUR + 20, HOUR + 10], // not before it began
])("last use at %i is told as %i", (lastUsedAt, told) => {
  expect(toldLastUse(session(null, { createdAt: HOUR + 10, lastUsedAt }))).toBe(told);
});
