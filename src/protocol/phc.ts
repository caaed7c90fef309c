// Hashes of passwords as text: PHC strings (github.com/P-H-C/phc-string-format), the modular crypt form of bcrypt, and what passlib and
// Django make of PBKDF2. What would take too long to check is no hash: that is decided here, before anything is computed.
import { base64url, fromBase64url, utf8 } from "../base/encoding.ts";

/** How a password was hashed: the algorithm, and what it costs. */
export type Recipe = Argon2Recipe | ScryptRecipe | Pbkdf2Recipe | BcryptRecipe;

/** Argon2, version 1.3 (RFC 9106). `memory` is in KiB. */
export interface Argon2Recipe {
  readonly is: "argon2id" | "argon2i" | "argon2d";
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** scrypt (RFC 7914): N is 2 to the power of `ln`. */
export interface ScryptRecipe {
  readonly is: "scrypt";
  readonly ln: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** PBKDF2 with HMAC (RFC 8018 section 5.2). */
export interface Pbkdf2Recipe {
  readonly is: "pbkdf2";
  readonly digest: "SHA-1" | "SHA-256" | "SHA-512";
  readonly passes: number;
}

/** bcrypt: of 2 to the power of `cost` rounds. */
export interface BcryptRecipe {
  readonly is: "bcrypt";
  readonly cost: number;
}

/** A hash, with all that makes it again from the right password. */
export interface PasswordHash {
  readonly recipe: Recipe;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** A way to write a hash, and what it says; null where a number is missing, one too many, or not within its bounds. */
interface Form {
  readonly pattern: RegExp;
  readonly read: (parts: readonly string[]) => PasswordHash | null;
}

type Bounds = Readonly<Record<string, readonly [min: number, max: number]>>;

/** 256 MiB, ten passes: a second or two. */
const ARGON2: Bounds = { m: [8, 262_144], t: [1, 10], p: [1, 16] };
const SCRYPT: Bounds = { ln: [1, 17], r: [1, 16], p: [1, 16] };
const PBKDF2: Bounds = { i: [1, 2_000_000] };
const BCRYPT: Bounds = { cost: [4, 14] };
const MOST_SCRYPT = 2 ** 21; // N · r · p: what ln=17,r=16 takes once
const LONGEST = 512; // characters
const SALT = { min: 0, max: 64 }; // bytes
const ARGON2_SALT = { min: 8, max: 64 }; // RFC 9106 section 3.1
const HASH = { min: 16, max: 64 }; // a shorter one would fit other passwords too

const DIGESTS = { "": "SHA-1", "-sha1": "SHA-1", "-sha256": "SHA-256", "-sha512": "SHA-512" } as const;

const FORMS: readonly Form[] = [
  {
    pattern: /^\$(argon2(?:id|i|d))\$v=19\$([^$]*)\$([^$]*)\$([^$]*)$/,
    read([is = "", said = "", salt = "", hash = ""]) {
      const { m, t, p } = numbers(said, ARGON2) ?? {};
      if (m === undefined || t === undefined || p === undefined || m < 8 * p) return null;
      const recipe = { is: is as Argon2Recipe["is"], memory: m, passes: t, parallelism: p }; // as the pattern has it
      return made(recipe, bytes(salt, ARGON2_SALT), bytes(hash, HASH));
    },
  },
  {
    pattern: /^\$scrypt\$([^$]*)\$([^$]*)\$([^$]*)$/,
    read([said = "", salt = "", hash = ""]) {
      const { ln, r, p } = numbers(said, SCRYPT) ?? {};
      if (ln === undefined || r === undefined || p === undefined) return null;
      if (2 ** ln * r * p > MOST_SCRYPT || ln >= 16 * r) return null; // RFC 7914 section 2: N is less than 2 to the power of 128 · r / 8
      const recipe = { is: "scrypt", ln, blockSize: r, parallelism: p } as const;
      return made(recipe, bytes(salt, SALT), bytes(hash, HASH));
    },
  },
  {
    pattern: /^\$pbkdf2(-sha1|-sha256|-sha512)\$(i=[^$,]*)(?:,l=(\d\d))?\$([^$]*)\$([^$]*)$/,
    read([digest, said = "", length, salt = "", text = ""]) {
      const hash = bytes(text, HASH);
      if (length !== undefined && length !== String(hash?.length)) return null;
      return made(pbkdf2(digest, said), bytes(salt, SALT), hash);
    },
  },
  { // passlib: its base64 has a dot for the plus
    pattern: /^\$pbkdf2(|-sha256|-sha512)\$(\d+)\$([\w./]*)\$([\w./]*)$/,
    read([digest, passes, salt = "", hash = ""]) {
      const plus = (text: string) => text.replaceAll(".", "+");
      return made(pbkdf2(digest, `i=${passes}`), bytes(plus(salt), SALT), bytes(plus(hash), HASH));
    },
  },
  { // Django: its salt is a text
    pattern: /^pbkdf2_(sha1|sha256)\$(\d+)\$([!#%-~]{1,64})\$([^$=]*)={0,2}$/,
    read([digest, passes, salt = "", hash = ""]) {
      return made(pbkdf2(`-${digest}`, `i=${passes}`), utf8(salt), bytes(hash, HASH));
    },
  },
  {
    pattern: /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/,
    read([said = "", salt = "", hash = ""]) {
      const { cost } = numbers(`cost=${Number(said)}`, BCRYPT) ?? {};
      if (cost === undefined) return null;
      return made({ is: "bcrypt", cost }, bcryptBytes(salt, 4), bcryptBytes(hash, 2));
    },
  },
];

/** What a stored text says, or null where it is no hash of a password that may be checked here. Argon2 before version 1.3 is none. */
export function parsePasswordHash(text: string): PasswordHash | null {
  if (text.length > LONGEST) return null;
  const bare = text.replace(/^(?:argon2(?=\$argon2)|bcrypt\$(?=\$2))/, ""); // Django names the algorithm twice
  for (const { pattern, read } of FORMS) {
    const found = pattern.exec(bare);
    if (found !== null) return read(found.slice(1));
  }
  return null;
}

/** A hash as a PHC string. bcrypt is only read. */
export function printPasswordHash(
  { recipe, salt, hash }: PasswordHash & { readonly recipe: Exclude<Recipe, BcryptRecipe> },
): string {
  return `$${head(recipe, hash.length)}$${base64(salt)}$${base64(hash)}`;
}

function head(recipe: Exclude<Recipe, BcryptRecipe>, length: number): string {
  switch (recipe.is) {
    case "scrypt":
      return `scrypt$ln=${recipe.ln},r=${recipe.blockSize},p=${recipe.parallelism}`;
    case "pbkdf2":
      return `pbkdf2-${recipe.digest.toLowerCase().replace("-", "")}$i=${recipe.passes},l=${length}`;
    default:
      return `${recipe.is}$v=19$m=${recipe.memory},t=${recipe.passes},p=${recipe.parallelism}`;
  }
}

/** Numbers by name, `m=65536,t=2`, in any order: exactly those that have bounds, each once and within them. */
function numbers(text: string, bounds: Bounds): Readonly<Record<string, number>> | null {
  const found = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name = "", digits] = /^([a-z]+)=(0|[1-9]\d{0,9})$/.exec(part) ?? [];
    const [min, max] = Object.hasOwn(bounds, name) ? bounds[name] ?? [1, 0] : [1, 0];
    const value = Number(digits);
    if (found.has(name) || !(value >= min && value <= max)) return null;
    found.set(name, value);
  }
  return found.size === Object.keys(bounds).length ? Object.fromEntries(found) : null;
}

function made(recipe: Recipe | null, salt: Uint8Array | null, hash: Uint8Array | null): PasswordHash | null {
  return recipe === null || salt === null || hash === null ? null : { recipe, salt, hash };
}

function pbkdf2(digest: string | undefined, said: string): Pbkdf2Recipe | null {
  const { i } = numbers(said, PBKDF2) ?? {};
  if (i === undefined) return null;
  return { is: "pbkdf2", digest: DIGESTS[digest as keyof typeof DIGESTS], passes: i }; // the patterns let no other pass
}

/** base64 without padding, each value in its one spelling. */
function bytes(text: string, { min, max }: typeof HASH): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*$/.test(text)) return null;
  const found = fromBase64url(text.replaceAll("+", "-").replaceAll("/", "_"));
  return found !== null && found.length >= min && found.length <= max ? found : null;
}

function base64(bytes: Uint8Array): string {
  return base64url(bytes).replaceAll("-", "+").replaceAll("_", "/");
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BCRYPT64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** base64 in the order of bcrypt's alphabet. What the last character has to spare was left to chance by some who wrote it. */
function bcryptBytes(text: string, spare: number): Uint8Array | null {
  const last = BCRYPT64.indexOf(text.at(-1) ?? "") >> spare << spare;
  const others = Array.from(text.slice(0, -1), (one) => BASE64URL[BCRYPT64.indexOf(one)]);
  return fromBase64url(others.join("") + (BASE64URL[last] ?? ""));
}
