import type { Range, Report } from "../../base/report.ts";
import type { Argon2Recipe, Pbkdf2Recipe, ScryptRecipe } from "../../protocol/phc.ts";
import type { BuiltInHashing, OwnHashing, PasswordHashOptions } from "./options.ts";

/** The option `hash` after all checks. */
export type HashSettings =
  & HashBounds
  & (
    | { readonly recipe: Argon2Recipe | ScryptRecipe | Pbkdf2Recipe }
    | { readonly own: OwnHashing }
  );

interface HashBounds {
  readonly concurrency: number;
  readonly queue: number;
}

type Numbers = "memory" | "passes" | "parallelism";

const PATH = "password.hash";
const MEMBERS = ["algorithm", "memory", "passes", "parallelism", "concurrency", "queue"] as const;
const ALGORITHMS = ["argon2id", "scrypt", "pbkdf2"] as const;

/** What the numbers of each algorithm may be. One that is not here has no meaning for it. */
const RANGES: Readonly<Record<(typeof ALGORITHMS)[number], Readonly<Partial<Record<Numbers, Range>>>>> = {
  argon2id: {
    memory: { min: 7168, max: 262_144, fallback: 32_768 },
    passes: { min: 1, max: 10, fallback: 2 },
    parallelism: { min: 1, max: 16, fallback: 1 },
  },
  scrypt: {
    memory: { min: 8192, max: 131_072, fallback: 131_072 },
    parallelism: { min: 1, max: 16, fallback: 1 },
  },
  pbkdf2: { passes: { min: 600_000, max: 2_000_000, fallback: 600_000 } },
};

/** The least work of OWASP's Password Storage Cheat Sheet: of its five choices for Argon2id and for scrypt the lightest. */
const LEAST_ARGON2 = 35_840; // memory · passes
const LEAST_SCRYPT = 81_920; // memory · parallelism
const MOST_SCRYPT = 262_144; // the same: what could still be verified
const SCRYPT_BLOCK = 8; // of which N make as many KiB

/** Node's pool has four threads, for files and names too: more hashes at once would wait there. */
const MOST_CORES = 4;

/** Checks it, and fills in what was not said. `cores`: of this machine. */
export function hashSettings(
  given: PasswordHashOptions | undefined,
  report: Report,
  cores: number = navigator.hardwareConcurrency,
): HashSettings {
  const concurrency = { min: 1, max: 64, fallback: Math.max(1, Math.min(cores, MOST_CORES)) };
  const queue = { min: 0, max: 10_000, fallback: 100 };
  if (given !== undefined && given !== null && ("hash" in Object(given) || "verify" in Object(given))) {
    const own = ownOf(given as OwnHashing, report); // looked at there
    return { own, concurrency: concurrency.fallback, queue: queue.fallback };
  }
  const options = report.object<BuiltInHashing>(PATH, given as BuiltInHashing | undefined, MEMBERS);
  return {
    recipe: recipeOf(options, report),
    concurrency: report.integer(`${PATH}.concurrency`, options.concurrency, concurrency),
    queue: report.integer(`${PATH}.queue`, options.queue, queue),
  };
}

function ownOf(given: OwnHashing, report: Report): OwnHashing {
  const { hash, verify } = report.object(PATH, given, ["hash", "verify"]);
  if (typeof hash === "function" && typeof verify === "function") return { hash, verify };
  report.add(PATH, "must have both functions, hash(password) and verify(password, hash), or neither");
  return given;
}

function recipeOf(
  options: Partial<BuiltInHashing>,
  report: Report,
): Argon2Recipe | ScryptRecipe | Pbkdf2Recipe {
  const algorithm = report.word(`${PATH}.algorithm`, options.algorithm, ALGORITHMS, "argon2id");
  const number = (name: Numbers): number => {
    const range = RANGES[algorithm][name];
    if (range !== undefined) return report.integer(`${PATH}.${name}`, options[name], range);
    if (options[name] !== undefined) {
      report.add(`${PATH}.${name}`, `has no meaning for ${algorithm}: leave it out`);
    }
    return 0;
  };
  const [memory, passes, parallelism] = [number("memory"), number("passes"), number("parallelism")];
  switch (algorithm) {
    case "scrypt":
      return scryptOf({ memory, parallelism }, report);
    case "pbkdf2":
      return { is: "pbkdf2", digest: "SHA-256", passes };
    case "argon2id":
      if (memory * passes < LEAST_ARGON2) {
        report.add(PATH, `must do more work: memory times passes must be ${LEAST_ARGON2} at least (OWASP)`);
      }
      return { is: "argon2id", memory, passes, parallelism };
  }
}

function scryptOf(
  { memory, parallelism }: { readonly memory: number; readonly parallelism: number },
  report: Report,
): ScryptRecipe {
  const ln = Math.log2(memory);
  if (!Number.isInteger(ln)) report.add(`${PATH}.memory`, "must be a power of two for scrypt");
  const work = memory * parallelism;
  if (work < LEAST_SCRYPT || work > MOST_SCRYPT) {
    report.add(
      PATH,
      `must do as much work as OWASP asks for: memory times parallelism must be ${LEAST_SCRYPT} to ${MOST_SCRYPT} for scrypt`,
    );
  }
  return { is: "scrypt", ln: Math.floor(ln), blockSize: SCRYPT_BLOCK, parallelism };
}
