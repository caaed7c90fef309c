// The options of passwords: how they are hashed, and which are accepted.
import { describe, expect, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { report } from "../../src/base/report.ts";
import { AuthError, type Issue } from "../../src/errors.ts";
import type {
  PasswordHashOptions,
  PasswordOptions,
  PasswordPolicyOptions,
} from "../../src/features/password/options.ts";
import { hashSettings } from "../../src/features/password/hash_settings.ts";
import { policySettings } from "../../src/features/password/policy_settings.ts";
import { settings } from "../../src/features/password/settings.ts";
import { testbed } from "../../src/testing/testbed.ts";
import { refusal } from "../suite/faults.ts";
import { quick } from "../suite/hashing.ts";
import { stepOf } from "../suite/password_holder.ts";

type Noted = readonly (readonly [path: string, message: string])[];

/** What comes of options, and what is wrong with them. */
function checked<T>(check: (all: ReturnType<typeof report>) => T): readonly [T, Noted] {
  const all = report();
  const settings = check(all);
  try {
    all.settle();
    return [settings, []];
  } catch (error) {
    const issues: readonly Issue[] = error instanceof AuthError ? error.details?.issues ?? [] : [];
    return [settings, issues.map(({ path, message }) => [path, message] as const)];
  }
}

const hash = (given?: object, cores = 2) =>
  checked((all) => hashSettings(given as PasswordHashOptions, all, cores));
const policy = (given: object) => checked((all) => policySettings(given as PasswordPolicyOptions, all));

const own = { hash: () => "", verify: () => false };
const whole = (min: number, max: number, seen: unknown) =>
  `must be a whole number from ${min} to ${max}: it is ${seen}`;

test("by default Argon2id is computed with 32 MiB in two passes, once for each core", () => {
  const recipe = { is: "argon2id", memory: 32_768, passes: 2, parallelism: 1 };
  expect(hash()).toEqual([{ recipe, concurrency: 2, queue: 100 }, []]);
  expect(hash({ algorithm: "argon2id" }, 64)).toEqual([{ recipe, concurrency: 4, queue: 100 }, []]);
  expect(hash({}, 0)[0].concurrency).toBe(1);
});

test.each([
  [{ memory: 65_536, passes: 3, parallelism: 4 }, {
    is: "argon2id",
    memory: 65_536,
    passes: 3,
    parallelism: 4,
  }],
  [{ memory: 7168, passes: 5 }, { is: "argon2id", memory: 7168, passes: 5, parallelism: 1 }],
  [{ algorithm: "scrypt" }, { is: "scrypt", ln: 17, blockSize: 8, parallelism: 1 }],
  [{ algorithm: "scrypt", memory: 8192, parallelism: 10 }, {
    is: "scrypt",
    ln: 13,
    blockSize: 8,
    parallelism: 10,
  }],
  [{ algorithm: "pbkdf2" }, { is: "pbkdf2", digest: "SHA-256", passes: 600_000 }],
])("%o", (given, recipe) => {
  expect(hash({ ...given, concurrency: 64, queue: 0 })).toEqual([{ recipe, concurrency: 64, queue: 0 }, []]);
});

test("functions of the user's own take the place of an algorithm", () => {
  expect(hash(own)).toEqual([{ own, concurrency: 2, queue: 100 }, []]);
});

const WRONG: readonly (readonly [given: unknown, ...issues: Noted])[] = [
  [{ memory: 262_145 }, ["password.hash.memory", whole(7168, 262_144, 262_145)]],
  [{ memory: 7167, passes: 9 }, ["password.hash.memory", whole(7168, 262_144, 7167)]],
  [{ passes: 11 }, ["password.hash.passes", whole(1, 10, 11)]],
  [{ memory: 8192, passes: 4 }, [
    "password.hash",
    "must do more work: memory times passes must be 35840 at least (OWASP)",
  ]],
  [{ algorithm: "bcrypt" }, [
    "password.hash.algorithm",
    'must be "argon2id" or "scrypt" or "pbkdf2": it is "bcrypt"',
  ]],
  [{ algorithm: "pbkdf2", passes: 599_999 }, ["password.hash.passes", whole(600_000, 2_000_000, 599_999)]],
  [{ algorithm: "pbkdf2", memory: 32_768 }, [
    "password.hash.memory",
    "has no meaning for pbkdf2: leave it out",
  ]],
  [{ algorithm: "scrypt", passes: 2 }, ["password.hash.passes", "has no meaning for scrypt: leave it out"]],
  [{ algorithm: "scrypt", memory: 100_000 }, [
    "password.hash.memory",
    "must be a power of two for scrypt",
  ]],
  [{ algorithm: "scrypt", memory: 16_384 }, [
    "password.hash",
    "must do as much work as OWASP asks for: memory times parallelism must be 81920 to 262144 for scrypt",
  ]],
  [{ concurrency: 0 }, ["password.hash.concurrency", whole(1, 64, 0)]],
  [{ queue: 10_001 }, ["password.hash.queue", whole(0, 10_000, 10_001)]],
  [{ rounds: 12 }, [
    "password.hash.rounds",
    "is not an option. There are: algorithm, concurrency, memory, parallelism, passes, queue",
  ]],
  ["argon2id", ["password.hash", 'must be an object: it is "argon2id"']],
  [null, ["password.hash", "must be an object: it is null"]],
  [{ hash: own.hash }, [
    "password.hash",
    "must have both functions, hash(password) and verify(password, hash), or neither",
  ]],
  [{ ...own, memory: 32_768 }, ["password.hash.memory", "is not an option. There are: hash, verify"]],
];

test.each(WRONG)("hash: %o", (given, ...issues) => {
  expect(checked((all) => hashSettings(given as PasswordHashOptions, all, 2))[1]).toEqual(issues);
});

test("what hashes by default can be verified by default", () => {
  expect(hashSettings(undefined, report())).toHaveProperty("recipe");
});

describe("which are accepted", () => {
  const refuse = () => false;

  test("by default 12 to 256 characters of any kind", () => {
    const expected = { minLength: 12, maxLength: 256, classes: [], refuse: null, breached: null };
    expect(policy({})).toEqual([expected, []]);
  });

  test.each([
    ["haveibeenpwned", { failOpen: false }],
    [{ list: "haveibeenpwned" }, { failOpen: false }],
    [{ list: "haveibeenpwned", failOpen: true }, { failOpen: true }],
    [refuse, refuse],
  ])("breached: %o", (breached, expected) => {
    const given = { minLength: 8, maxLength: 64, classes: ["digit", "digit"], refuse, breached };
    const settings = { minLength: 8, maxLength: 64, classes: ["digit"], refuse, breached: expected };
    expect(policy(given)).toEqual([settings, []]);
  });

  const CLASSES = 'must be a list of some of "lowercase", "uppercase", "digit", "symbol"';
  const BREACHED =
    'must be "haveibeenpwned", { list: "haveibeenpwned", failOpen }, or a function (password) => boolean';
  test.each<readonly [given: object, path: string, message: string]>([
    [{ minLength: 7 }, "password.minLength", whole(8, 64, 7)],
    [{ minLength: "12" }, "password.minLength", whole(8, 64, '"12"')],
    [{ maxLength: 63 }, "password.maxLength", whole(64, 1024, 63)],
    [{ classes: ["digits"] }, "password.classes", CLASSES],
    [{ classes: "digit" }, "password.classes", CLASSES],
    [
      { refuse: true },
      "password.refuse",
      "must be a function (password, account) => true, or what would be right",
    ],
    [{ breached: true }, "password.breached", BREACHED],
    [{ breached: { list: "other" } }, "password.breached", BREACHED],
    [{ breached: null }, "password.breached", BREACHED],
    [
      { breached: { list: "haveibeenpwned", failOpen: "yes" } },
      "password.breached.failOpen",
      'must be true or false: it is "yes"',
    ],
  ])("%o", (given, path, message) => {
    expect(policy(given)[1]).toEqual([[path, message]]);
  });
});

describe("what may be done with them", () => {
  const whole = (given: true | object) => checked((all) => settings(given as PasswordOptions, all));
  const flagged = (seen: unknown) => `must be true or false: it is ${seen}`;

  test.each<readonly [true | object]>([[true], [{}]])(
    "by default addresses are proven, and passwords alone sign in and change: %o",
    (given) => {
      const [{ policy: _, hash: __, ...found }, issues] = whole(given);
      expect([found, issues]).toEqual([{
        signUp: { verify: true },
        signIn: { emailCode: false },
        change: { emailCode: false, requireCurrent: true },
        reset: { ttl: 600, attempts: 5 },
        rememberFor: 30 * 86_400,
      }, []]);
    },
  );

  test("all of it may be said otherwise", () => {
    const given = {
      signUp: { verify: false },
      signIn: { emailCode: true },
      change: { emailCode: true, requireCurrent: false },
      reset: { ttl: "1h", attempts: 10 },
      rememberFor: "365d",
    };
    const [found, issues] = whole(given);
    expect([found, issues]).toMatchObject([
      { ...given, reset: { ttl: 3600, attempts: 10 }, rememberFor: 365 * 86_400 },
      [],
    ]);
  });

  const coded = { signIn: { emailCode: true } };

  test.each<readonly [given: object, path: string, message: RegExp | string]>([
    [{ signUp: { verify: "no" } }, "password.signUp.verify", flagged('"no"')],
    [{ signUp: false }, "password.signUp", "must be an object: it is false"],
    [{ signUp: { emailCode: true } }, "password.signUp.emailCode", "is not an option. There are: verify"],
    [{ signIn: { emailCode: 1 } }, "password.signIn.emailCode", flagged(1)],
    [{ change: { emailCode: 1 } }, "password.change.emailCode", flagged(1)],
    [{ change: { requireCurrent: null } }, "password.change.requireCurrent", flagged(null)],
    [{ reset: { ttl: "61m" } }, "password.reset.ttl", /61m/],
    [{ reset: { ttl: 59 } }, "password.reset.ttl", /59/],
    [{ reset: { attempts: 0 } }, "password.reset.attempts", "must be a whole number from 1 to 10: it is 0"],
    [{ reset: { attempts: 11 } }, "password.reset.attempts", "must be a whole number from 1 to 10: it is 11"],
    [{ ...coded, rememberFor: "59m" }, "password.rememberFor", /59m/],
    [{ ...coded, rememberFor: "366d" }, "password.rememberFor", /366d/],
    [{ rememberFor: "30d" }, "password.rememberFor", /^has no effect without password\.signIn\.emailCode/],
    [{ minimum: 12 }, "password.minimum", /^is not an option. There are: .*rememberFor/],
  ])("%o", (given, path, message) => {
    const said = typeof message === "string" ? message : expect.stringMatching(message);
    expect(whole(given)[1]).toEqual([[path, said]]);
  });
});

describe("at a server", () => {
  const { options } = testbed();
  const base = { ...options, baseUrl: "http://localhost:3000", emailOtp: true } as const;

  test("they need a page on which somebody chooses a new one", () => {
    expect(() => createAuth({ ...base, password: true })).toThrow(
      /email\.links\.reset is needed by password/,
    );
  });

  test("devices can be looked at and forgotten where they are off by now", async () => {
    const { options, mailbox } = testbed();
    const email = { ...options.email, links: { reset: "http://localhost:3000/reset" } };
    const said = { ...options, baseUrl: "http://localhost:3000" };
    const password = { hash: { hash: quick, verify: () => true }, signIn: { emailCode: true } };
    const before = createAuth({ ...said, email, password });
    const identifier = "ada@example.com";
    const { id: userId } = await before.users.create({ email: identifier, passwordHash: quick("any") });
    const step = await before.password.signIn({ identifier, password: "any" });
    const challengeId = stepOf(step);
    await before.password.verifySignIn({ challengeId, code: mailbox.code(identifier), remember: true });
    const { devices } = createAuth(said);
    const { items } = await devices.list({ userId });
    expect(items).toHaveLength(1);
    await devices.remove({ userId, id: items[0]?.id ?? "" });
    expect(await devices.list({ userId })).toEqual({ items: [] });
  });

  test("a new account takes a hash only where they are on", async () => {
    const { users } = createAuth(base);
    const refused = await refusal(users.create({ email: "ada@example.com", passwordHash: "$2b$12$" }));
    expect([refused.code, refused.details?.issues]).toEqual(["input_invalid", [{
      path: "passwordHash",
      message: "must be left out where the option `password` is off",
    }]]);
    expect(await users.find({ email: "ada@example.com" })).toBe(null);
  });
});
