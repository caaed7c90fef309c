// Hashing and verifying passwords: what fits, what is computed, and how much of it at once.
import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/encoding.ts";
import { derive } from "../../src/crypto/passwords/derive.ts";
import { type Hashing, type NewRecipe, passwords } from "../../src/crypto/passwords/passwords.ts";
import type { Work } from "../../src/crypto/passwords/work.ts";
import { AuthError } from "../../src/errors.ts";
import { machine } from "../../src/platform.ts";
import { chance } from "../../src/testing/chance.ts";
import { outcome } from "../suite/steps.ts";

const QUICK = { is: "argon2id", memory: 64, passes: 1, parallelism: 1 } as const;
const bounds = { concurrency: 2, queue: 10 };

/** What makes hashes by a recipe, and everything that was computed. */
function counted(recipe: NewRecipe, more: Partial<Hashing> = {}) {
  const works: Work[] = [];
  const made = passwords({ recipe, ...bounds, ...more } as Hashing, {
    ...machine,
    random: chance(1),
    derive: (work) => {
      works.push(work);
      return derive(work);
    },
  });
  return { ...made, works };
}

const RECIPES: Readonly<Record<string, NewRecipe>> = {
  "Argon2id": QUICK,
  "scrypt": { is: "scrypt", ln: 4, blockSize: 8, parallelism: 1 },
  "PBKDF2": { is: "pbkdf2", digest: "SHA-256", passes: 10 },
};

describe.each(Object.entries(RECIPES))("a hash by %s", (name, recipe) => {
  test("fits its password and no other", async () => {
    const { hash, verify } = counted(recipe);
    const kept = await hash("correct horse");
    expect(await verify("correct horse", kept)).toBe(true);
    for (const other of ["correct horsf", "Correct horse", " correct horse", "correct horse "]) {
      expect([other, await verify(other, kept)]).toEqual([other, false]);
    }
  });

  test("has a salt of its own, 32 bytes, and no part of the password", async () => {
    const { hash } = counted(recipe);
    const [one = "", other = ""] = [await hash("correct horse"), await hash("correct horse")];
    expect(one).not.toBe(other);
    expect(one).toMatch(/\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toContain("correct");
  });

  test("is dated where another recipe is wanted by now", async () => {
    const kept = await counted(recipe).hash("correct horse");
    const others = Object.values(RECIPES).map((wanted) => counted(wanted).isDated(kept));
    expect(others).toEqual(Object.keys(RECIPES).map((wanted) => wanted !== name));
  });
});

test("a hash is dated by each of its numbers, by a short salt, and if it cannot be read", () => {
  const { isDated } = counted({ is: "argon2id", memory: 32_768, passes: 2, parallelism: 1 });
  const text = (said: string, salt = "AAECAwQFBgcICQoLDA0ODw") =>
    `$argon2id$v=19$${said}$${salt}$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8`;
  expect(isDated(text("m=32768,t=2,p=1"))).toBe(false);
  expect(isDated(text("m=32768,p=1,t=2"))).toBe(false);
  for (const said of ["m=65536,t=2,p=1", "m=32768,t=3,p=1", "m=32768,t=2,p=2"]) {
    expect([said, isDated(text(said))]).toEqual([said, true]);
  }
  expect(isDated(text("m=32768,t=2,p=1", "AAECAwQFBgc"))).toBe(true);
  expect(isDated("$2b$04$eBCxjNGWdw.j6DgLChgqY.WuvmTnwHWzHFkDgJRo7BXUZcNIUVrY2")).toBe(true);
  expect(isDated("plain")).toBe(true);
});

test("for nobody the work of a wrong password is done, and the answer is no", async () => {
  const { hash, verify, works } = counted(QUICK);
  const kept = await hash("correct horse");
  works.length = 0;
  expect([await verify("wrong", kept), await verify("wrong", null)]).toEqual([false, false]);
  const [wrong, nobodys] = works.map(({ recipe, password, salt, length }) =>
    [recipe, password, salt.length, length] as const
  );
  expect(nobodys).toEqual(wrong);
});

test("nobody's hash fits nothing, not even what would make it", async () => {
  const { verify } = passwords({ recipe: QUICK, ...bounds }, {
    ...machine,
    random: chance(1),
    derive: ({ length }) => Promise.resolve(new Uint8Array(length)),
  });
  expect(await verify("anything", null)).toBe(false);
});

test("what is no hash, or asks for more work than is ever done, is refused before anything is computed", async () => {
  const { verify, isKnown, works } = counted(QUICK);
  const salted = "AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
  for (
    const text of [
      "",
      "plain",
      `$argon2id$v=19$m=4194304,t=2,p=1$${salted}`,
      `$scrypt$ln=30,r=8,p=1$${salted}`,
    ]
  ) {
    expect([await verify("correct horse", text), isKnown(text)]).toEqual([false, false]);
  }
  expect(works).toEqual([]);
});

test("a password is the same however its letters are composed, and no other letter", async () => {
  const { hash, verify } = counted(QUICK);
  const kept = await hash("Schlüssel für Ω");
  expect(await verify("Schlu\u0308ssel fu\u0308r \u2126", kept)).toBe(true); // u with a mark, and the sign of the unit
  expect(await verify("Schlussel fur Ω", kept)).toBe(false);
  expect(await verify("\uFF33chlüssel für Ω", kept)).toBe(false); // a wide S is another letter in NFC
});

test.each([
  ["Argon2id", QUICK],
  ["scrypt", RECIPES["scrypt"]!],
  ["PBKDF2", RECIPES["PBKDF2"]!],
])("what another password's bytes could be fits no hash by %s, and makes none", async (_, recipe) => {
  const { hash, verify, works } = counted(recipe);
  const kept = await hash("correct horse");
  const surrogate = await hash("\uFFFD horse");
  works.length = 0;
  expect(await verify("correct horse\0", kept)).toBe(false); // HMAC would not see the difference
  expect(await verify("\uD800 horse", surrogate)).toBe(false); // nor UTF-8
  expect(works).toHaveLength(2);
  expect([await outcome(hash("a\0b")), await outcome(hash("\uDFFF"))]).toEqual([
    "input_invalid",
    "input_invalid",
  ]);
});

describe("bcrypt from elsewhere", () => {
  const { verify } = counted(QUICK);
  const kept = "$2a$05$UYxsWcvC2jzf9dTvOHm6Eu0LiXzhHaRHYf5T60itUAZS5FeBfML6a"; // of "correct horse"
  const of72 = "$2a$04$ooOsMVtke77IJ2sMn2rQp.TnNkgxpYULSDwd2lAyNbQGgRLS4I.J6"; // of 72 times "x"

  test("fits its password, and nothing that goes on after NUL, where bcrypt begins again", async () => {
    expect(await verify("correct horse", kept)).toBe(true);
    expect(await verify("correct horsf", kept)).toBe(false);
    expect(await verify("correct horse\0correct horse", kept)).toBe(false);
  });

  test("knows the first 72 bytes, as it did where it came from", async () => {
    expect(await verify("x".repeat(72), of72)).toBe(true);
    expect(await verify("x".repeat(73), of72)).toBe(true);
    expect(await verify("x".repeat(71), of72)).toBe(false);
  });
});

describe("functions of the user's own", () => {
  const asked: string[] = [];
  const own = {
    hash: (password: string) => `own:${password}`,
    verify: (password: string, hash: string) => {
      asked.push(password);
      return hash === `own:${password}`;
    },
  };
  const ours = (more: object = {}) =>
    passwords({ own: { ...own, ...more }, ...bounds }, { ...machine, random: chance(1) });

  test("make and judge every hash", async () => {
    const { hash, verify, isDated, isKnown } = ours();
    const kept = await hash("u\u0308ber");
    expect([kept, isDated(kept), isKnown(kept)]).toEqual(["own:über", false, true]);
    expect([await verify("über", kept), await verify("uber", kept)]).toEqual([true, false]);
  });

  test("are asked for nobody too, and the answer is no", async () => {
    asked.length = 0;
    const { verify } = ours({ verify: (password: string) => asked.push(password) > 0 });
    expect(await verify("anything", null)).toBe(false);
    expect(asked).toEqual(["anything"]);
  });

  test.each([[1], ["true"], [{}], [undefined]])("%o is not true", async (answer) => {
    expect(await ours({ verify: () => answer }).verify("anything", "own:anything")).toBe(false);
  });

  test.each([[""], [null], ["x".repeat(1025)], [5]])("%o is no hash to keep", async (answer) => {
    await expect(ours({ hash: () => answer }).hash("anything")).rejects.toThrow(TypeError);
  });

  test("may answer with promises of their own making", async () => {
    const verify = () => ({ then: (resolve: (fits: boolean) => void) => resolve(true) });
    expect(await ours({ verify }).verify("anything", "own:anything")).toBe(true);
  });

  test("that never answer are waited for no longer than ten seconds, and then others have their turn", async () => {
    const answers = [new Promise<boolean>(() => {}), true];
    const sleepers: (() => void)[] = [];
    let time = 0;
    const { verify } = passwords({
      own: { ...own, verify: () => answers.shift() ?? false },
      concurrency: 1,
      queue: 1,
    }, {
      random: chance(1),
      now: () => time,
      sleep: () => new Promise((resolve) => void sleepers.push(resolve)),
    });
    const [first, second] = [verify("first", "own:x"), verify("second", "own:x")];
    while (sleepers.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    time += 10_000;
    sleepers.forEach((wake) => wake());
    await expect(first).rejects.toThrow("no answer within 10000 ms");
    expect(await second).toBe(true);
  });

  test("that fail, fail the call, and nobody's hash is made anew", async () => {
    const answers = [() => Promise.reject(new Error("no memory")), () => "own:x"];
    const { verify } = ours({ hash: () => answers.shift()?.() });
    await expect(verify("x", null)).rejects.toThrow("no memory");
    expect(await verify("x", null)).toBe(false);
  });
});

test("past the queue the answer is busy, and when to ask again", async () => {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const { hash, verify } = passwords({ recipe: QUICK, concurrency: 1, queue: 1 }, {
    ...machine,
    random: chance(1),
    derive: () => promise,
  });
  const waiting = [hash("first"), hash("second")];
  expect(await outcome(verify("third", null))).toBe("busy");
  await expect(hash("fourth")).rejects.toSatisfy((error) =>
    error instanceof AuthError && error.status === 503 && error.details?.retryAfter === 2
  );
  resolve(utf8("0123456789abcdef0123456789abcdef"));
  expect(new Set((await Promise.all(waiting)).map((text) => text.split("$").at(-1))).size).toBe(1);
});
