// Hashes of passwords: making them, and telling whether a password fits one. Text in, text out; loaded when a password is first used.
import { deadline, type Time } from "../../base/deadline.ts";
import { equal, hex, utf8 } from "../../base/encoding.ts";
import { discreetly } from "../../base/hidden.ts";
import { queue } from "../../base/queue.ts";
import { AuthError } from "../../errors.ts";
import { type BcryptRecipe, parsePasswordHash, printPasswordHash, type Recipe } from "../../protocol/phc.ts";
import { derive } from "./derive.ts";
import type { Derive } from "./work.ts";

/** How new passwords are hashed: by a recipe, or by functions of the user's own, which then judge every hash. */
export type Hashing = ByRecipe | ByOwn;

/** By a recipe. Hashes by any other are verified too. */
export interface ByRecipe extends Bounds {
  readonly recipe: NewRecipe;
}

/** By functions of the user's own. */
export interface ByOwn extends Bounds {
  readonly own: OwnHashing;
}

/** Recipes by which new hashes are made. */
export type NewRecipe = Exclude<Recipe, BcryptRecipe>;

/** A hash function of somebody else's. */
export interface OwnHashing {
  /** A hash of a password, as text, with whatever `verify` needs. */
  readonly hash: (password: string) => string | Promise<string>;
  /** Whether a password fits a hash: `true`, and nothing else, says so. */
  readonly verify: (password: string, hash: string) => boolean | Promise<boolean>;
}

interface Bounds {
  /** How many are computed at once. */
  readonly concurrency: number;
  /** How many may wait for that. */
  readonly queue: number;
}

/** What makes hashes, and judges them. Passwords are compared in Unicode's form NFC, so it does not matter how a keyboard composes. */
export interface Passwords {
  /** A hash to keep, with a salt of its own.
   * @throws {AuthError} `busy` (`details.retryAfter`): too many are waiting; `input_invalid`: it contains NUL or a lone surrogate, with
   * which it fits no hash */
  readonly hash: (password: string) => Promise<string>;
  /** Whether a password fits what was kept. For null, which is nobody's hash, the answer is no, after the work of a wrong password. What
   * is no hash, or would take too long to check, fits nothing, and is not computed.
   * @throws {AuthError} `busy` (`details.retryAfter`): too many are waiting */
  readonly verify: (password: string, kept: string | null) => Promise<boolean>;
  /** Whether what was kept was made in another way than new hashes are, so that it should be made anew when the password is next known. */
  readonly isDated: (kept: string) => boolean;
  /** Whether a hash from elsewhere may be kept: whether it could be verified. */
  readonly isKnown: (text: string) => boolean;
}

/** What it is made of. `derive` computes hashes by recipes. */
export interface PasswordTools extends Time {
  readonly random: (length: number) => Uint8Array;
  readonly derive?: Derive;
}

const SALT = 16; // bytes
const HASH = 32; // bytes
const LONGEST_OWN = 1024; // characters
const RETRY_AFTER = 2; // seconds
const PATIENCE = 10_000; // ms, for a function of somebody else's: one that never answers must not keep its place for ever

/** Hashes by `hashing`. */
export function passwords(hashing: Hashing, tools: PasswordTools): Passwords {
  const inTurn = queue(
    { concurrency: hashing.concurrency, waiting: hashing.queue },
    () => new AuthError("busy", { retryAfter: RETRY_AFTER }),
  );
  const { hash, verify, ...rest } = "own" in hashing
    ? byOwn(hashing.own, tools)
    : byRecipe(hashing.recipe, tools);
  return {
    async hash(password) {
      if (isPlain(password)) return await inTurn(() => hash(password.normalize("NFC")));
      const message = "must not contain NUL or lone surrogates";
      throw new AuthError("input_invalid", { issues: [{ path: "password", message }] });
    },
    async verify(password, kept) {
      return await inTurn(() => verify(password.normalize("NFC"), isPlain(password) ? kept : null));
    },
    ...rest,
  };
}

/** Whether no other password has the same bytes for a hash function. All lone surrogates are one in UTF-8. HMAC pads keys with NUL, so
 * PBKDF2 and scrypt do not see it at the end; to bcrypt it is the end. */
function isPlain(password: string): boolean {
  return password.isWellFormed() && !password.includes("\0");
}

function byRecipe(recipe: NewRecipe, { random, derive: compute = derive }: PasswordTools): Passwords {
  /** Nobody's hash: computed at the same cost, and equal to nothing. */
  const nobody = { recipe, salt: new Uint8Array(SALT), hash: new Uint8Array(HASH) };
  return {
    async hash(password) {
      const salt = random(SALT);
      const hash = await compute({ recipe, password: utf8(password), salt, length: HASH });
      return printPasswordHash({ recipe, salt, hash });
    },
    async verify(password, kept) {
      const judged = kept === null ? nobody : parsePasswordHash(kept);
      if (judged === null) return false;
      const { hash, ...work } = judged;
      const found = await compute({ ...work, password: utf8(password), length: hash.length });
      return equal(hex(found), hex(hash)) && kept !== null;
    },
    isDated(kept) {
      const found = parsePasswordHash(kept);
      if (found === null || found.salt.length < SALT || found.hash.length < HASH) return true;
      return said(found.recipe) !== said(recipe);
    },
    isKnown: (text) => parsePasswordHash(text) !== null,
  };
}

/** A recipe as text, whatever the order of its members. */
function said(recipe: Recipe): string {
  return Object.entries(recipe).map(([name, value]) => `${name}=${value}`).sort().join();
}

function byOwn(own: OwnHashing, { random, ...time }: PasswordTools): Passwords {
  const within = deadline(time, PATIENCE, () => new Error(`password.hash: no answer within ${PATIENCE} ms`));
  let decoy: Promise<string> | undefined;

  /** A hash of what nobody types, made once. */
  function nobody(): Promise<string> {
    decoy ??= made(hex(random(HASH))).catch((error: unknown) => {
      decoy = undefined; // the next call tries anew
      throw error;
    });
    return decoy;
  }

  async function made(password: string): Promise<string> {
    const hash: unknown = await within(discreetly([password], () => own.hash(password)));
    if (isText(hash)) return hash;
    throw new TypeError(`password.hash.hash must answer with a text of 1 to ${LONGEST_OWN} characters`);
  }

  return {
    hash: made,
    async verify(password, kept) {
      const hash = kept ?? await nobody();
      const fits = await within(discreetly([password, hash], () => own.verify(password, hash)));
      return fits === true && kept !== null;
    },
    isDated: () => false,
    isKnown: isText,
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_OWN;
}
