import type { Duration } from "../../base/duration.ts";

/** The options of `password`. */
export interface PasswordOptions extends PasswordPolicyOptions {
  /** How passwords are hashed. */
  readonly hash?: PasswordHashOptions;
  /** How accounts are made. */
  readonly signUp?: PasswordSignUpOptions;
  /** How somebody signs in. */
  readonly signIn?: PasswordSignInOptions;
  /** How passwords are changed. */
  readonly change?: PasswordChangeOptions;
  /** How passwords are set anew. */
  readonly reset?: PasswordResetOptions;
  /** How long a device is remembered, 1 hour to 365 days. @default {"30d"} */
  readonly rememberFor?: Duration;
}

/** How accounts are made with a password. */
export interface PasswordSignUpOptions {
  /** Whether the address must be proven first, by a code. Without that a session starts at once, nobody is mailed, and the reply tells
   * whether somebody has the address; whoever proves it later takes the account over. @default {true} */
  readonly verify?: boolean;
}

/** How somebody signs in with a password. */
export interface PasswordSignInOptions {
  /** Whether a code is mailed after the right password, unless the device is remembered. @default {false} */
  readonly emailCode?: boolean;
}

/** How passwords are changed. */
export interface PasswordChangeOptions {
  /** Whether a code is mailed first. @default {false} */
  readonly emailCode?: boolean;
  /** Whether the current password must be given. Without that a session is enough whose user signed in within `session.freshFor`.
   * @default {true} */
  readonly requireCurrent?: boolean;
}

/** How passwords are set anew by a link that is mailed. */
export interface PasswordResetOptions {
  /** How long the link is good, 1 to 60 minutes. @default {"10m"} */
  readonly ttl?: Duration;
  /** Wrong tokens for one link before it is void, 1 to 10. @default {5} */
  readonly attempts?: number;
}

/** How passwords are hashed: by a built-in algorithm, or by functions of your own. */
export type PasswordHashOptions = BuiltInHashing | OwnHashing;

/** By a built-in algorithm. Hashes by another one, or with other numbers, are verified too, and made anew at the next sign-in. */
export interface BuiltInHashing {
  /** Which one. bcrypt is only verified: hashes from elsewhere may be kept, and none is made. @default {"argon2id"} */
  readonly algorithm?: "argon2id" | "scrypt" | "pbkdf2";
  /** How much memory a hash takes, in KiB: for `argon2id` 7168 to 262,144, and with `passes` no less work than OWASP asks for; for
   * `scrypt` a power of two, 8192 to 131,072. @default {`32768`, of scrypt `131072`} */
  readonly memory?: number;
  /** How often `argon2id` goes through it, 1 to 10; the iterations of `pbkdf2`, 600,000 to 2,000,000. @default {`2`, of pbkdf2 `600000`} */
  readonly passes?: number;
  /** Lanes of `argon2id` or `scrypt`, 1 to 16. @default {1} */
  readonly parallelism?: number;
  /** How many hashes are computed at once, 1 to 64. @default {the number of cores, `4` at most} */
  readonly concurrency?: number;
  /** How many may wait for that, 0 to 10,000: whoever comes then is answered `busy`. @default {100} */
  readonly queue?: number;
}

/** Functions of your own, which then judge every hash. */
export interface OwnHashing {
  /** Your own in place of an algorithm: a hash of a password, as text of at most 1024 characters, with whatever `verify` needs. */
  readonly hash: (password: string) => string | Promise<string>;
  /** Beside that, whether a password fits a hash. It judges every hash there is. */
  readonly verify: (password: string, hash: string) => boolean | Promise<boolean>;
}

/** Which passwords are accepted where one is chosen. */
export interface PasswordPolicyOptions {
  /** How many characters it has at least, 8 or more. @default {12} */
  readonly minLength?: number;
  /** How many it has at most, 64 to 1024. @default {256} */
  readonly maxLength?: number;
  /** Kinds of characters of which it must have one each. NIST SP 800-63B-4 advises against it. @default {[]} */
  readonly classes?: readonly PasswordClass[];
  /** Refuses more: with `true`, or with a sentence that says what would be right. */
  readonly refuse?: (
    password: string,
    account: PasswordOwner,
  ) => boolean | string | Promise<boolean | string>;
  /** Refuses passwords that became known elsewhere: those that haveibeenpwned.com lists, of which it is told five characters of a hash;
   * or those of which your function says `true`. */
  readonly breached?: "haveibeenpwned" | BreachedOptions | ((password: string) => boolean | Promise<boolean>);
}

/** A kind of characters. */
export type PasswordClass = "lowercase" | "uppercase" | "digit" | "symbol";

/** The list of haveibeenpwned.com. */
export interface BreachedOptions {
  /** Which list. */
  readonly list: "haveibeenpwned";
  /** Accepts a password where the list cannot be asked. Without it the answer is `busy`. @default {false} */
  readonly failOpen?: boolean;
}

/** Whose password it is going to be. */
export interface PasswordOwner {
  /** The addresses of the account. */
  readonly identifiers: readonly string[];
  /** The name of its owner, where there is one. */
  readonly name: string | null;
}
