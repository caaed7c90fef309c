// What somebody has who has a password: links to choose another one, and steps that wait for a code.
import type { Grant, PendingStep } from "../../src/model.ts";
import { client } from "../suite/client.ts";
import { PASSWORD, quick } from "../suite/hashing.ts";
import { FIRST, SECOND, stepOf, THIRD, tokenFor } from "../suite/password_holder.ts";
import { mailOf } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

/** A code that somebody was mailed, and what it answers. */
export interface Step {
  readonly challengeId: string;
  readonly code: string;
}

/** What waits for somebody with a password. */
export interface Passwords {
  /** The tokens of two links. */
  readonly resets: readonly string[];
  /** A change that waits for its code. */
  readonly change: Step;
  /** A sign-in that waits for its code. */
  readonly signIn: Step;
}

const CODED = { password: { ...PASSWORD, signIn: { emailCode: true }, change: { emailCode: true } } };

/** Puts a password into an account. */
export async function givePassword(here: World, uid: string): Promise<void> {
  const password = { hash: quick(FIRST), setAt: here.now() };
  await (await here.accounts()).change(
    uid,
    (now) => ({ next: now && { ...now, slots: { ...now.slots, password } }, result: undefined }),
  );
}

/** Asks for all that waits for an answer, on a device that is known. */
export async function passwords(here: World, email: string, headers: Headers): Promise<Passwords> {
  const auth = here.another(CODED);
  const { password, headers: shown } = client(auth, "method");
  headers.forEach((value, name) => shown.set(name, value));
  const resets: string[] = [];
  for (let i = 0; i < 2; i++) {
    const mailed = mailOf(auth, "password.resetLink");
    await password.startReset({ email });
    await mailed;
    resets.push(tokenFor(here, email));
  }
  const step = async (begun: Promise<Grant | PendingStep>) => ({
    challengeId: stepOf(await begun),
    code: here.mailbox.code(email),
  });
  const change = await step(password.change({ currentPassword: FIRST, newPassword: THIRD }));
  const signIn = await step(password.signIn({ identifier: email, password: FIRST }));
  return { resets, change, signIn };
}

/** Somebody new signs up twice with one address. */
export async function signUps(here: World, email: string): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const [password, name] of [[FIRST, "Eve"], [SECOND, "Mallory"]] as const) {
    const challengeId = stepOf(await here.person().password.signUp({ email, password, name }));
    steps.push({ challengeId, code: here.mailbox.code(email) });
  }
  return steps;
}
