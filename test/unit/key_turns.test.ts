// How keys follow each other: each rule as a table, without a store.
import { describe, expect, test } from "vitest";
import { isDue, isReady, kept, type Keys, type Rules, type StoredKey } from "../../src/core/key_rotation.ts";
import { begin, type MadeKey, makeKey, tidy, turn } from "../../src/core/key_turns.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { machine } from "../../src/platform.ts";
import { imported } from "../../src/core/key_material.ts";
import { type Algorithm, ALGORITHMS } from "../../src/protocol/algorithms.ts";
import { signAccessToken, tokenCheck } from "../../src/protocol/jwt.ts";

const RULES: Rules = { algorithm: "EdDSA", rotateAfter: 1000, publishedFor: 100, lingers: 50 };
const T = 10_000;

function made(kid: string, alg: Algorithm = "EdDSA", createdAt = T): MadeKey {
  return {
    kid,
    alg,
    createdAt,
    public: alg.startsWith("HS") ? null : { kty: "OKP", kid },
    sealed: `sealed ${kid}`,
  };
}

function standby(kid: string, createdAt: number, alg: Algorithm = "EdDSA"): StoredKey {
  return { ...made(kid, alg, createdAt), state: "standby" };
}

function current(kid: string, since: number, alg: Algorithm = "EdDSA"): StoredKey {
  return { ...made(kid, alg, since), state: "current", since };
}

function retired(kid: string, until: number, alg: Algorithm = "EdDSA"): StoredKey {
  return { ...made(kid, alg, 0), state: "retired", until, sealed: null };
}

const of = (...keys: readonly StoredKey[]): Keys => ({ keys });
const told = (keys: Keys | null) => keys?.keys.map(({ kid, state }) => `${kid} ${state}`) ?? null;

describe("the first keys", () => {
  const [a, b] = [made("a"), made("b")];
  test("one signs and one stands by", () => {
    const { next, result } = begin(null, a, b);
    expect(next).toEqual(of(current("a", T), standby("b", T)));
    expect(result).toBe(next);
  });
  test("whoever comes second takes what is there, and writes nothing", () => {
    const there = of(current("x", 0), standby("y", 0));
    expect(begin(there, a, b)).toEqual({ next: there, result: there });
    expect(begin(there, a, b).next).toBe(there);
  });
  test("those of another algorithm stay", () => {
    const { next } = begin(of(current("x", 0, "RS256"), standby("y", 0, "RS256"), retired("z", 1)), a, b);
    expect(told(next)).toEqual(["x current", "y standby", "z retired", "a current", "b standby"]);
  });
});

test("a key is due when it has signed for rotateAfter, and the next one was published long enough", () => {
  const at = (since: number, published: number) =>
    isDue(of(current("a", since), standby("b", published)), RULES, T);
  expect(at(T - 1000, T - 100)).toBe(true);
  expect(at(T - 999, T - 100)).toBe(false);
  expect(at(T - 1000, T - 99)).toBe(false);
  expect(at(T + 5, T + 5)).toBe(false); // by a clock that was ahead
  const { since: _, ...older } = current("a", T - 1000);
  expect(isDue(of(older, standby("b", 0)), RULES, T)).toBe(true);
  expect(isDue(null, RULES, T)).toBe(false);
  expect(isDue(of(current("a", 0)), RULES, T)).toBe(false);
  expect(isDue(of(current("a", 0), standby("b", 0)), { ...RULES, algorithm: null }, T)).toBe(false);
  expect(isDue(of(current("a", 0, "ES256"), standby("b", 0, "ES256")), RULES, T)).toBe(false);
});

describe("a turn", () => {
  const before = of(retired("r", T + 1), retired("gone", T), current("a", 0), standby("b", T - 100));
  const step = { seen: "a", fresh: made("c"), now: T, revoke: false };

  test("the next key signs, the one before retires without its private part, a fresh one stands by", () => {
    const { next, result } = turn(before, step, RULES);
    expect(next).toEqual(of(
      retired("r", T + 1),
      { ...current("a", 0), state: "retired", until: T + 50, sealed: null },
      { ...standby("b", T - 100), state: "current", since: T },
      standby("c", T),
    ));
    expect(result).toEqual({ keys: next, moved: true });
    expect(isReady(next, RULES, T + 99)).toBe(false);
    expect(isReady(next, RULES, T + 100)).toBe(true);
  });

  test("a symmetric key keeps what it verifies by", () => {
    const rules: Rules = { ...RULES, algorithm: "HS256" };
    const keys = of(current("a", 0, "HS256"), standby("b", 0, "HS256"));
    const { next } = turn(keys, { ...step, fresh: made("c", "HS256") }, rules);
    expect(next?.keys[0]?.sealed).toBe("sealed a");
  });

  test("revoked: nothing stays but the key that stood by, however young", () => {
    const young = of(
      retired("r", T + 1),
      current("x", 0, "ES256"),
      standby("y", 0, "ES256"),
      current("a", 0),
      standby("b", T),
    );
    const { next, result } = turn(young, { ...step, revoke: true }, RULES);
    expect(told(next)).toEqual(["b current", "c standby"]);
    expect(result.moved).toBe(true);
  });

  /** What is there, and what is tried → nothing is written. */
  const IDLE: readonly (readonly [name: string, keys: Keys | null, step: object])[] = [
    ["no keys", null, {}],
    ["no key that signs", of(standby("b", 0)), {}],
    ["no key that stands by", of(current("a", 0)), {}],
    ["somebody was faster", of(retired("a", T + 50), current("b", T), standby("c", 0)), {}],
    ["the next key is young", of(current("a", 0), standby("b", T - 99)), {}],
    ["revoked by somebody faster", of(current("b", T), standby("c", T)), { revoke: true }],
  ];
  for (const [name, keys, more] of IDLE) {
    test(`${name}: nothing moves, nothing is written`, () => {
      const { next, result } = turn(keys, { ...step, ...more }, RULES);
      expect(next).toBe(keys);
      expect(result).toEqual({ keys, moved: false });
    });
  }

  test("revoked after somebody turned: what signed goes, and the key that signs now stays", () => {
    const turned = of(retired("a", T + 50), current("b", T), standby("c", T));
    const { next, result } = turn(turned, { ...step, revoke: true }, RULES);
    expect([told(next), result.moved]).toEqual([["b current", "c standby"], false]);
  });
});

test("a retired key verifies until its time, and one of an algorithm that nobody turns any more goes", () => {
  const keys = of(
    retired("a", T),
    retired("b", T + 1),
    current("c", 0),
    standby("d", 0),
    current("e", T - 1050, "ES256"),
    standby("f", 0, "ES256"),
    current("g", T - 1049, "RS256"),
    standby("h", 0, "RS256"),
  );
  expect(kept(keys, RULES, T).map(({ kid }) => kid)).toEqual(["b", "c", "d", "g", "h"]);
  expect(told(tidy(keys, RULES, T).next)).toHaveLength(5);
  const own = { ...RULES, algorithm: null }; // with keys of one's own nobody turns the store's
  expect(kept(keys, own, T).map(({ kid }) => kid)).toEqual(["b", "g", "h"]);
  const fine = of(current("c", 0), standby("d", 0));
  expect(tidy(fine, RULES, T).next).toBe(fine);
  expect(tidy(null, RULES, T).next).toBe(null);
});

for (const alg of ALGORITHMS) {
  test(`a new key for ${alg} signs and verifies, and only its public part is open`, async () => {
    const ring = keyring(["a-secret-of-32-characters-or-more"], machine.random);
    const key = await makeKey(alg, ring, machine);
    const opened = await ring.open("signing-keys", String(key.sealed));
    const secret = JSON.parse(opened.is === "open" ? opened.plain : "null");
    const symmetric = alg.startsWith("HS");
    const open = symmetric ? secret : key.public;
    expect(
      Object.keys(key.public ?? {}).filter((name) => ["d", "p", "q", "dp", "dq", "qi", "k"].includes(name)),
    ).toEqual(
      [],
    );
    expect(key.public === null).toBe(symmetric);
    if (symmetric) {
      expect(atob(secret.k.replaceAll("-", "+").replaceAll("_", "/")).length).toBe(Number(alg.slice(2)) / 8);
    }
    const who = { iss: "i", aud: "a", sub: "s", sid: "x", jti: "j", amr: [], roles: [], auth_time: 0 };
    const token = await signAccessToken({ ...who, iat: 0, exp: 1 }, await imported(key, secret));
    const find = () => imported(key, open);
    expect((await tokenCheck(find)(token, { issuer: "i", audience: "a", now: 0 })).is).toBe("valid");
    for (const other of ALGORITHMS.filter((one) => one !== alg)) {
      const confused = async () => ({ ...await find(), alg: other }); // the same key under another name
      expect((await tokenCheck(confused)(token, { issuer: "i", audience: "a", now: 0 })).is).toBe(
        "invalid",
      );
    }
  });
}
