// What somebody has who has credentials: one of each kind, answers by it, and another one that is proven and not added yet.
import type { Wire } from "../../src/contract.ts";
import type { FinishKeySignIn } from "../../src/features/key/contract.ts";
import type { FinishPasskeySignIn, FinishRegistration } from "../../src/features/passkey/contract.ts";
import type { Client } from "../suite/client.ts";
import { ADA as PAIR, addsKey, answering, BOB as OTHER, CYD, signsInByKey } from "../suite/key_holder.ts";
import { device, registering, registers, signingIn } from "../suite/passkey_holder.ts";
import type { World } from "../suite/world.ts";

/** A passkey that counts, and two answers by it: a copy of it made the second, with the count of the first. */
export interface Passkeys {
  readonly id: string;
  readonly answers: readonly FinishPasskeySignIn[];
  /** One by another passkey, which does not count. */
  readonly uncounted: FinishPasskeySignIn;
  readonly made: Wire<FinishRegistration>;
}

/** A key. */
export interface Keys {
  readonly id: string;
  readonly answer: FinishKeySignIn;
  readonly made: Wire<FinishKeySignIn>;
  /** What shows the session of whoever has signed in by it. */
  readonly shown: Headers;
}

/** Answers by what somebody put into an account before its address was proven. */
export interface MakersAnswers {
  readonly passkey: FinishPasskeySignIn;
  readonly key: FinishKeySignIn;
}

/** Somebody adds a passkey, and gets the rest ready. */
export async function passkeys(somebody: Client, here: World): Promise<Passkeys> {
  const held = device(here, { counts: true, backupEligible: false });
  const { id } = await registers(somebody, held);
  const copy = held.clone();
  const answers = [await signingIn(here.person(), held), await signingIn(here.person(), copy)];
  const other = device(here);
  await registers(somebody, other);
  const uncounted = await signingIn(here.person(), other);
  return { id, answers, uncounted, made: await registering(somebody, device(here)) };
}

/** Somebody adds a key, and gets the rest ready. */
export async function keys(somebody: Client, here: World): Promise<Keys> {
  const { id } = await addsKey(somebody, PAIR);
  const answer = await answering(PAIR, await here.person().key.startSignIn({ publicKey: PAIR.x }));
  const program = here.person();
  await signsInByKey(program, PAIR);
  const made = await answering(OTHER, await somebody.key.startAdd({ publicKey: OTHER.x }));
  return { id, answer, made, shown: program.headers };
}

/** Somebody adds one of each to an account, and answers by both. */
export async function makersAnswers(somebody: Client, here: World): Promise<MakersAnswers> {
  const held = device(here);
  await registers(somebody, held);
  await addsKey(somebody, CYD);
  const { challengeId, message } = await here.person().key.startSignIn({ publicKey: CYD.x });
  return {
    passkey: await signingIn(here.person(), held),
    key: await answering(CYD, { challengeId, message }),
  };
}
