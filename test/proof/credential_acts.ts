// What can be done with passkeys and keys, each as one thing that somebody does.
import type { FinishPasskeySignIn, PasskeyInfo } from "../../src/features/passkey/contract.ts";
import { chance } from "../../src/testing/chance.ts";
import { type Client, client } from "../suite/client.ts";
import { device, registers } from "../suite/passkey_holder.ts";
import type { Passkeys } from "./credential_parts.ts";
import { type Act, asAda, type Need, wearing } from "./acts.ts";

const passkey: readonly Need[] = ["ada", "passkey"];
const key: readonly Need[] = ["ada", "key"];
const makers: readonly Need[] = ["maker", "maker's credentials"];

/** A sign-in by one of the answers that were made by passkeys. */
const byPasskey = (answer: (passkeys: Passkeys) => FinishPasskeySignIn | undefined): Act => ({
  needs: passkey,
  act: (auth, { passkey }) => client(auth, "method").passkey.finishSignIn(answer(passkey)!),
});

/** Begins to add a passkey, and adds it: the same one in every play. */
const addsPasskey = (somebody: Client, seed: number): Promise<PasskeyInfo> =>
  registers(somebody, device({ random: chance(seed) }));

/** All of them, by what they are. */
export const CREDENTIAL_ACTS: Readonly<Record<string, Act>> = {
  "a passkey's answer": byPasskey(({ answers }) => answers[0]),
  "a copy's answer": byPasskey(({ answers }) => answers[1]),
  "an answer of a passkey that does not count": byPasskey(({ uncounted }) => uncounted),
  "the answer of its maker's passkey": {
    needs: makers,
    act: (auth, { makersAnswers }) => client(auth, "method").passkey.finishSignIn(makersAnswers.passkey),
  },
  "the answer of its maker's key": {
    needs: makers,
    act: (auth, { makersAnswers }) => client(auth, "method").key.finishSignIn(makersAnswers.key),
  },
  "the begin of a passkey": {
    needs: passkey,
    act: (auth, parts) => asAda(auth, parts).passkey.startRegistration(),
  },
  "a new passkey": {
    needs: [...passkey, "a second value"],
    act: (auth, parts) => asAda(auth, parts).passkey.finishRegistration(parts.passkey.made),
  },
  "a passkey, begun and added": {
    needs: ["ada"],
    act: (auth, parts) => addsPasskey(asAda(auth, parts), 1),
  },
  "a passkey by a key's session": {
    needs: key,
    act: (auth, parts) => addsPasskey(wearing(auth, parts.key.shown), 2),
  },
  "a passkey's name": {
    needs: passkey,
    act: (auth, parts) => asAda(auth, parts).passkey.rename({ id: parts.passkey.id, name: "Phone" }),
  },
  "a passkey's removal": {
    needs: passkey,
    act: (auth, parts) => asAda(auth, parts).passkey.remove({ id: parts.passkey.id }),
  },
  "a key's answer": {
    needs: key,
    act: (auth, { key }) => client(auth, "method").key.finishSignIn(key.answer),
  },
  "a new key": {
    needs: [...key, "a second value"],
    act: (auth, parts) => asAda(auth, parts).key.add(parts.key.made),
  },
  "a key's name": {
    needs: key,
    act: (auth, parts) => asAda(auth, parts).key.rename({ id: parts.key.id, name: "Laptop" }),
  },
  "a key's removal": {
    needs: key,
    act: (auth, parts) => asAda(auth, parts).key.remove({ id: parts.key.id }),
  },
};
