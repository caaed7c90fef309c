// Hashes of passwords as text: what is read, what is written, and what is refused before anything is computed.
import { describe, expect, test } from "vitest";
import { hex } from "../../src/base/encoding.ts";
import { parsePasswordHash, printPasswordHash } from "../../src/protocol/phc.ts";

const SALT = "AAECAwQFBgcICQoLDA0ODw"; // 0 to 15
const HASH = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"; // 0 to 31
const HASH_IN_HEX = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SALT_IN_HEX = HASH_IN_HEX.slice(0, 32);
const BCRYPT = "eBCxjNGWdw.j6DgLChgqY.WuvmTnwHWzHFkDgJRo7BXUZcNIUVrY2"; // 22 characters of salt, 31 of hash

const argon2 = (is: string, [memory, passes, parallelism]: readonly number[]) => ({
  is,
  memory,
  passes,
  parallelism,
});

const READ: Readonly<Record<string, readonly [text: string, recipe: object]>> = {
  "Argon2id": [`$argon2id$v=19$m=32768,t=2,p=1$${SALT}$${HASH}`, argon2("argon2id", [32_768, 2, 1])],
  "Argon2i": [`$argon2i$v=19$m=8,t=1,p=1$${SALT}$${HASH}`, argon2("argon2i", [8, 1, 1])],
  "Argon2d": [`$argon2d$v=19$m=262144,t=10,p=16$${SALT}$${HASH}`, argon2("argon2d", [262_144, 10, 16])],
  "its numbers in another order": [
    `$argon2id$v=19$m=65536,p=4,t=3$${SALT}$${HASH}`,
    argon2("argon2id", [65_536, 3, 4]),
  ],
  "Argon2 as Django has it": [
    `argon2$argon2id$v=19$m=102400,t=2,p=8$${SALT}$${HASH}`,
    argon2("argon2id", [102_400, 2, 8]),
  ],
  "scrypt": [`$scrypt$ln=17,r=8,p=1$${SALT}$${HASH}`, { is: "scrypt", ln: 17, blockSize: 8, parallelism: 1 }],
  "PBKDF2": [`$pbkdf2-sha256$i=600000,l=32$${SALT}$${HASH}`, {
    is: "pbkdf2",
    digest: "SHA-256",
    passes: 600_000,
  }],
  "PBKDF2 without a length": [`$pbkdf2-sha512$i=2000000$${SALT}$${HASH}`, {
    is: "pbkdf2",
    digest: "SHA-512",
    passes: 2_000_000,
  }],
  "PBKDF2 of passlib": [`$pbkdf2$1000$${SALT}$${HASH}`, { is: "pbkdf2", digest: "SHA-1", passes: 1000 }],
};

test.each(Object.entries(READ))("%s is read", (_, [text, recipe]) => {
  const found = parsePasswordHash(text);
  expect(found?.recipe).toEqual(recipe);
  expect([hex(found!.salt), hex(found!.hash)]).toEqual([SALT_IN_HEX, HASH_IN_HEX]);
});

test("PBKDF2 as Django has it is read: its salt is a text", () => {
  const found = parsePasswordHash(`pbkdf2_sha256$1000000$seasalt$${HASH}=`);
  expect(found?.recipe).toEqual({ is: "pbkdf2", digest: "SHA-256", passes: 1_000_000 });
  expect([hex(found!.salt), hex(found!.hash)]).toEqual(["73656173616c74", HASH_IN_HEX]);
});

test.each(["2a", "2b", "2y"])("bcrypt is read as $%s$, whatever its last character has to spare", (name) => {
  const found = parsePasswordHash(`$${name}$14$${BCRYPT}`);
  expect(found?.recipe).toEqual({ is: "bcrypt", cost: 14 });
  expect([found!.salt.length, found!.hash.length]).toEqual([16, 23]);
  const spelled = `$${name}$14$${BCRYPT.slice(0, 21)}/${BCRYPT.slice(22)}`; // "." is 0, "/" is 1, and two bits count
  expect(parsePasswordHash(spelled)?.salt).toEqual(found!.salt);
});

test.each(["Argon2id", "Argon2i", "scrypt", "PBKDF2"])("%s is written as it is read", (name) => {
  const [text = ""] = READ[name] ?? [];
  const { recipe, ...rest } = parsePasswordHash(text)!;
  if (recipe.is === "bcrypt") throw new Error("none of them is bcrypt");
  expect(printPasswordHash({ recipe, ...rest })).toBe(text);
});

const argon2id = (said: string, salt = SALT, hash = HASH) => `$argon2id$v=19$${said}$${salt}$${hash}`;
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "more work than is ever done": [
    argon2id("m=262145,t=2,p=1"),
    argon2id("m=32768,t=11,p=1"),
    argon2id("m=32768,t=2,p=17"),
    `$scrypt$ln=18,r=8,p=1$${SALT}$${HASH}`,
    `$scrypt$ln=14,r=17,p=1$${SALT}$${HASH}`,
    `$scrypt$ln=17,r=8,p=3$${SALT}$${HASH}`, // each number may be, the three together may not
    `$pbkdf2-sha256$i=2000001$${SALT}$${HASH}`,
    `pbkdf2_sha256$2000001$seasalt$${HASH}`,
    `$2b$15$${BCRYPT}`,
  ],
  "less than the algorithm takes": [
    argon2id("m=15,t=2,p=2"),
    argon2id("m=32768,t=0,p=1"),
    `$scrypt$ln=0,r=8,p=1$${SALT}$${HASH}`,
    `$scrypt$ln=16,r=1,p=1$${SALT}$${HASH}`, // blocks too small for so many
    `$pbkdf2-sha256$i=0$${SALT}$${HASH}`,
    `$2b$03$${BCRYPT}`,
  ],
  "numbers that are none, twice there, or missing": [
    argon2id("m=32768,t=2"),
    argon2id("m=32768,m=8,t=2,p=1"),
    argon2id("m=32768,t=2,p=1,q=5"),
    argon2id("m=32768,t=2,p=1,constructor=1"),
    argon2id("m=032768,t=2,p=1"),
    argon2id("m=3e4,t=2,p=1"),
    argon2id("m=32768.0,t=2,p=1"),
    argon2id("m=0x8000,t=2,p=1"),
    argon2id("m=-32768,t=2,p=1"),
    argon2id("m=32768, t=2,p=1"),
    argon2id(""),
    `$pbkdf2-sha256$i=600000,l=31$${SALT}$${HASH}`,
    `$2b$4$${BCRYPT}`,
  ],
  "a salt or a hash that fits too much": [
    argon2id("m=32768,t=2,p=1", ""),
    argon2id("m=32768,t=2,p=1", "AAECAwQFBg"), // seven bytes
    argon2id("m=32768,t=2,p=1", "A".repeat(88)),
    argon2id("m=32768,t=2,p=1", SALT, ""),
    argon2id("m=32768,t=2,p=1", SALT, "AAECAwQFBgcICQoLDA0O"), // 15 bytes
    argon2id("m=32768,t=2,p=1", SALT, "A".repeat(88)),
    `$2b$04$${BCRYPT.slice(1)}`,
    `$2b$04$${BCRYPT}A`,
  ],
  "base64 in another spelling": [
    argon2id("m=32768,t=2,p=1", `${SALT}==`),
    argon2id("m=32768,t=2,p=1", SALT.replace(/w$/, "x")),
    argon2id("m=32768,t=2,p=1", SALT, `-${HASH.slice(1)}`),
    argon2id("m=32768,t=2,p=1", SALT, `${HASH}\n`),
  ],
  "another algorithm, another version, or none at all": [
    argon2id("m=32768,t=2,p=1").replace("v=19", "v=16"),
    argon2id("m=32768,t=2,p=1").replace("v=19$", ""),
    argon2id("m=32768,t=2,p=1").replace("argon2id", "argon2x"),
    `${argon2id("m=32768,t=2,p=1")}$more`,
    ` ${argon2id("m=32768,t=2,p=1")}`,
    `$2x$04$${BCRYPT}`,
    "$1$abc$BXBqpb9BZcZhXLgbee.0s/",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "plain",
    "",
    "$".repeat(100_000),
    argon2id("m=32768,t=2,p=1", "A".repeat(200_000)),
  ],
};

describe.each(Object.entries(REFUSED))("%s", (_, texts) => {
  test("is no hash", () => expect(texts.filter((text) => parsePasswordHash(text) !== null)).toEqual([]));
});
