import type { Report } from "../base/report.ts";
import type { Account } from "../features/account/contract.ts";
import type { Challenges } from "../features/challenges/contract.ts";
import type { Devices } from "../features/devices/contract.ts";
import type { EmailOtp } from "../features/email_otp/contract.ts";
import type { Key } from "../features/key/contract.ts";
import type { MagicLink } from "../features/magic_link/contract.ts";
import type { Mail } from "../features/mail/contract.ts";
import type { Passkey } from "../features/passkey/contract.ts";
import type { Password } from "../features/password/contract.ts";
import type { Sessions } from "../features/sessions/contract.ts";
import type { Users } from "../features/users/contract.ts";

/** The built-in operations, by feature. */
export interface Operations {
  /** What users do with their own account. */
  readonly account: Account;
  /** Steps that wait for something mailed. */
  readonly challenges: Challenges;
  /** The devices at which a password signs in without a code. */
  readonly devices: Devices;
  /** Signing in with a code sent by e-mail. */
  readonly emailOtp: EmailOtp;
  /** Signing in with key pairs. */
  readonly key: Key;
  /** Signing in by a link sent by e-mail. */
  readonly magicLink: MagicLink;
  /** What becomes of mail. */
  readonly mail: Mail;
  /** Signing in with passkeys. */
  readonly passkey: Passkey;
  /** Signing in with a password. */
  readonly password: Password;
  /** Sessions of users. */
  readonly sessions: Sessions;
  /** Accounts, for the application's own server code. */
  readonly users: Users;
}

/** A function in place of an operation: it gets the input, checked, and the operation as it was, which checks its input like any
 * caller's. */
export type Override<M> = M extends (input: infer I) => Promise<infer O>
  ? (input: I, original: (input: I) => Promise<O>) => Promise<O>
  : never;

/** Functions in place of built-in operations, by feature and name. */
export type Overrides = {
  readonly [F in keyof Operations]?: {
    readonly [K in keyof Operations[F]]?: Override<Operations[F][K]>;
  };
};

/** The functions in place of one feature's operations, as they are called. */
export type Replaced = Readonly<
  Record<string, (input: object, original: (input: object) => Promise<unknown>) => Promise<unknown>>
>;

/** Checks that they are functions for features that are on. Which operations those have is asked by `unknownOverrides`. */
export function overridesOf(
  given: Overrides | undefined,
  features: readonly string[],
  report: Report,
): Readonly<Record<string, Replaced>> {
  const found = report.object("overrides", given as Record<string, Replaced> | undefined, features);
  const checked: Record<string, Replaced> = {};
  for (const [name, own] of Object.entries(found)) {
    const replaced = report.object(`overrides.${name}`, own, Object.keys(Object(own)));
    for (const [key, value] of Object.entries(replaced)) {
      if (typeof value !== "function") report.add(`overrides.${name}.${key}`, "must be a function");
    }
    checked[name] = { ...replaced } as Replaced; // functions, or the report does not settle
  }
  return checked;
}

/** Notes those that replace nothing. */
export function unknownOverrides(
  feature: string,
  replaced: Replaced,
  operations: readonly string[],
  report: Report,
): void {
  for (const name of Object.keys(replaced)) {
    if (operations.includes(name)) continue;
    const known = operations.toSorted().join(", ");
    report.add(`overrides.${feature}.${name}`, `is not an operation. There are: ${known}`);
  }
}
