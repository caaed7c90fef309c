import type { Owner } from "../../core/account_record.ts";
import type { Core } from "../../core/core.ts";
import type { Paid, Target } from "../../core/guesses.ts";
import type { Judged } from "../../core/mailed_steps.ts";
import type { Notify } from "../../core/notices.ts";
import type { RememberedDevices } from "../../core/remembered.ts";
import type { Slot } from "../../core/slots.ts";
import { AuthError } from "../../errors.ts";
import type { MailedStep, PendingStep } from "../../model.ts";
import type { KeptPassword } from "./kept.ts";
import type { PasswordOwner } from "./options.ts";
import type { Policy } from "./policy.ts";
import type { Recipes } from "./recipes.ts";
import type { PasswordSettings } from "./settings.ts";

/** What the methods of passwords share. */
export interface Ground {
  readonly core: Core;
  readonly settings: PasswordSettings;
  readonly recipes: Recipes;
  readonly engine: Awaited<ReturnType<Core["passwords"]>>;
  readonly kept: Slot<KeptPassword>;
  readonly policy: Policy;
  readonly devices: RememberedDevices;
  readonly notify: Notify;
}

const HOUR = 3600; // seconds

/** How somebody signed in: by a password alone, and by a code that was mailed besides (RFC 8176). */
export const AMR = { password: ["pwd"], both: ["pwd", "otp", "email"] } as const;

/** A step as its reply tells it. */
export function pending({ challengeId: id, expiresAt, resendAt }: MailedStep): PendingStep {
  return { challenge: { id, kind: "email_code", expiresAt, resendAt } };
}

/** An answer that was right.
 * @throws {AuthError} for any other */
export function right(answered: Judged): Extract<Judged, { readonly is: "right" }> {
  if (answered.is === "right") return answered;
  if (answered.is === "sealed") throw new AuthError("secret_unknown");
  if (answered.is === "gone") throw new AuthError("challenge_invalid");
  throw new AuthError("code_invalid", { attemptsLeft: answered.attemptsLeft });
}

/** Judges a guess at a password, which is paid for before; null is no hash, which nothing fits.
 * @throws {AuthError} `rate_limited` where it is not judged; `busy`, and the guess is given back. What fails otherwise is not: nobody
 * knows what its judge has learnt, and told */
export async function guessed(
  { core: { guesses }, engine }: Ground,
  target: Target,
  { password, hash }: { readonly password: string; readonly hash: string | null },
): Promise<{ readonly fits: boolean; readonly paid: Paid }> {
  const paid = await guesses.pay(target);
  if (!paid.isJudged) throw new AuthError("rate_limited", { retryAfter: HOUR });
  // What cannot be read is nobody's hash too: it was made in a way that is no longer configured, and costs what any other does.
  const known = hash !== null && engine.isKnown(hash) ? hash : null;
  try {
    return { fits: await engine.verify(password, known), paid };
  } catch (error) {
    if (error instanceof AuthError && error.code === "busy") await guesses.unpay(paid);
    throw error;
  }
}

/** Whose password it is going to be. */
export function personOf({ account: { identifiers, name } }: Owner): PasswordOwner {
  return { identifiers: identifiers.filter(({ type }) => type === "email").map(({ value }) => value), name };
}
