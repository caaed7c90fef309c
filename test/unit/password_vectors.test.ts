// Hashes of passwords that others made: the reference implementations of Argon2 and bcrypt, passlib, Django, RFC 7914, Wycheproof. The
// folder is named by LATCHKEY_VECTORS.
import { decodeHex } from "@oslojs/encoding";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { hex, utf8 } from "../../src/base/encoding.ts";
import { derive } from "../../src/crypto/passwords/derive.ts";
import { passwords } from "../../src/crypto/passwords/passwords.ts";
import { parsePasswordHash, type Recipe } from "../../src/protocol/phc.ts";
import { machine } from "../../src/platform.ts";
import { chance } from "../../src/testing/chance.ts";
import { RUNTIME } from "../suite/runtime.ts";

interface Vector {
  readonly id: string;
  readonly scheme: string;
  readonly verdict: "match" | "mismatch" | "malformed" | "match-if-supported";
  readonly slow?: true;
  readonly encoded?: string;
  readonly passwordUtf8?: string;
  readonly passwordHex?: string;
  readonly salt?: string;
  readonly saltUtf8?: string;
  readonly saltHex?: string;
  readonly iterations?: number;
  readonly N?: number;
  readonly r?: number;
  readonly p?: number;
  readonly dkLen?: number;
  readonly hashHex?: string;
}

const file = join(process.env["LATCHKEY_VECTORS"] ?? "", "passwords.json");
const present = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);
const skipped = present ? "" : " (LATCHKEY_VECTORS names no folder with passwords.json: 3 tests are skipped)";

/** What does not fit here, or is not read at all, and why: the ids begin so. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "argon2-ref-": "version 1.0 of Argon2, which says no version",
  "passlib-bcrypt-sha256-passlib-": "a combination of passlib's own",
  "bcrypt-pyca-28": "bytes that are no UTF-8: $2y$ and $2a$ differ where 0xff is followed by such another",
  "passlib-argon2-django-74": "the reference implementation finds it wrong too",
};

function vectors(): readonly Vector[] {
  const { vectors } = JSON.parse(readFileSync(file, "utf8"));
  return (vectors as readonly Vector[]).filter(({ slow }) => slow === undefined); // a quarter of a gigabyte each
}

const bytes = ({ passwordUtf8, passwordHex }: Vector) =>
  passwordHex === undefined ? utf8(passwordUtf8 ?? "") : decodeHex(passwordHex);

/** Whether it takes long: of those, Argon2id alone is computed, and on Node alone. Engines are compared elsewhere. */
function isLarge(recipe: Recipe): boolean {
  return "memory" in recipe && recipe.memory > 1024 && (RUNTIME !== "node" || recipe.is !== "argon2id");
}

test.skipIf(!present)(`every hash of a reference implementation fits its password${skipped}`, async () => {
  let asked = 0;
  const others: string[] = [];
  for (const vector of vectors()) {
    if (vector.encoded === undefined || !/^match/.test(vector.verdict)) continue;
    const read = parsePasswordHash(vector.encoded);
    if (read === null || Object.hasOwn(OTHERWISE, vector.id)) {
      others.push(vector.id);
      continue;
    }
    if (isLarge(read.recipe)) continue;
    const hash = await derive({ ...read, password: bytes(vector), length: read.hash.length });
    expect([vector.id, hex(hash)]).toEqual([vector.id, hex(read.hash)]);
    asked++;
  }
  expect(asked).toBeGreaterThan(RUNTIME === "node" ? 60 : 50);
  expect(others.filter((id) => !Object.keys(OTHERWISE).some((known) => id.startsWith(known)))).toEqual([]);
});

test.skipIf(!present)("hostile hashes are refused before anything is computed", async () => {
  let computed = 0;
  const { verify } = passwords(
    { recipe: { is: "argon2id", memory: 8, passes: 1, parallelism: 1 }, concurrency: 1, queue: 1 },
    {
      ...machine,
      random: chance(1),
      derive: () => Promise.reject(new Error(`computed ${++computed} times`)),
    },
  );
  const hostile = vectors().filter(({ verdict }) => verdict === "malformed");
  for (const { id, encoded, passwordUtf8 } of hostile) {
    const text = encoded ?? "$".repeat(200_000); // those that are described, not written out, are long
    expect([id, await verify(passwordUtf8 ?? "", text)]).toEqual([id, false]);
  }
  expect([hostile.length > 70, computed]).toEqual([true, 0]);
});

test.skipIf(!present)("PBKDF2 and scrypt agree with RFC 7914 and Wycheproof", async () => {
  let asked = 0;
  for (const vector of vectors()) {
    const recipe = rawRecipe(vector);
    if (recipe === null || (recipe.is === "scrypt" && recipe.ln > 17)) continue;
    const salt = vector.saltUtf8 === undefined
      ? decodeHex(vector.saltHex ?? vector.salt ?? "")
      : utf8(vector.saltUtf8);
    const length = vector.dkLen ?? 0;
    const hash = await derive({ recipe, password: bytes(vector), salt, length });
    expect([vector.id, hex(hash)]).toEqual([vector.id, vector.hashHex]);
    asked++;
  }
  expect(asked).toBeGreaterThan(40);
});

function rawRecipe({ scheme, iterations, N, r, p }: Vector): Recipe | null {
  if (scheme === "pbkdf2-sha256-raw") return { is: "pbkdf2", digest: "SHA-256", passes: iterations ?? 0 };
  if (scheme !== "scrypt-raw") return null;
  return { is: "scrypt", ln: Math.log2(N ?? 0), blockSize: r ?? 0, parallelism: p ?? 0 };
}
