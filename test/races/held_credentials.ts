// Checks in which a credential is added, or somebody signs in by one, and is held at each operation in turn while something else runs to
// its end.
import { expect } from "vitest";
import { everyPoint, interleave, type Point, told } from "../suite/gate.ts";
import { ADA as PAIR, answering } from "../suite/key_holder.ts";
import { device, PAGE } from "../suite/passkey_holder.ts";
import { adding, registering } from "./credentials.ts";
import { type Check, type Scene, scene } from "./scene.ts";
import { judged } from "./sign_ins.ts";

/** Whose account it is, and the server that is held. */
interface Who {
  readonly userId: string;
  readonly auth: Scene["desk"];
}

/** What is held, and what is done meanwhile. */
interface Race {
  readonly work: () => Promise<unknown>;
  readonly meanwhile: () => Promise<unknown>;
}

/** Makes somebody ready for a race. */
type Begin = (here: Scene, who: Who) => Promise<Race>;

/** What is done to an account meanwhile. */
type Revoke = (here: Scene, userId: string) => Promise<unknown>;
const endAll: Revoke = ({ desk }, userId) => desk.sessions.endAll({ userId });
const remove: Revoke = ({ desk }, userId) => desk.users.remove({ id: userId });

/** Whatever did not belong to the account when the other was done, neither a value nor a session, does not come afterwards. */
const held = (begin: Begin, operations: number, since?: Point["since"]): Check => (make, store) =>
  scene(store, { createAuth: make }, async (here) => {
    const { auth, gate } = await here.gated();
    const points = await everyPoint(async ({ n, side, name }) => {
      const { user: { id: userId } } = await here.enter(`held-${name}@example.com`);
      const { work, meanwhile } = await begin(here, { userId, auth });
      let before: Belongings = null;
      const { held, told } = await interleave({
        gate,
        point: { n, side, ...(since && { since }) },
        work,
        async meanwhile() {
          await meanwhile();
          before = await belongings(here, userId);
        },
      });
      const after = await belongings(here, userId);
      if (held) expect(after, `what belongs to the account, held ${name}`).toEqual(before);
      else expect(told.code, "what is told to whom nobody interrupts").toBe(undefined);
      expect(CODES, `what is told, held ${name}`).toContain(told.code);
      if (after === null) expect(await claims(here, userId), "claims of nobody").toEqual([]);
      await here.desk.users.remove({ id: userId }); // the next one has the same key
      return held;
    });
    expect(points, "operations at which it was held").toBeGreaterThanOrEqual(operations);
  });

/** What somebody may be told whose account was changed under their hands. */
const CODES = ["challenge_invalid", "credentials_invalid", "not_found", undefined];

/** The values and the sessions of an account; null where there is none. */
type Belongings = { readonly values: readonly string[]; readonly sessions: readonly string[] } | null;

async function belongings({ stored }: Scene, userId: string): Promise<Belongings> {
  const account = (await stored()).accounts.find(({ uid }) => uid === userId);
  return account === undefined ? null : {
    values: account.identifiers.map(({ value }) => value),
    sessions: account.sessions.map(({ sid }) => sid),
  };
}

async function claims({ stored }: Scene, userId: string): Promise<readonly object[]> {
  return (await stored()).claims.filter(({ uid }) => uid === userId);
}

const addsKey = (revoke: Revoke): Begin => async (here, { auth, userId }) => {
  const answer = await adding(here, PAIR, userId);
  return { work: () => auth.key.add({ userId, ...answer }), meanwhile: () => revoke(here, userId) };
};

const registers = (revoke: Revoke): Begin => async (here, { auth, userId }) => {
  const answer = await registering(here, device(here), userId);
  const work = () => auth.passkey.finishRegistration({ userId, ...answer });
  return { work, meanwhile: () => revoke(here, userId) };
};

/** What is done meanwhile to the credential of that id. */
type Strike = (here: Scene, userId: string, id: string) => Promise<unknown>;

const signsInByKey = (strike: Strike): Begin => async (here, { auth, userId }) => {
  const { id } = await here.desk.key.add({ userId, ...await adding(here, PAIR, userId) });
  const answer = await answering(PAIR, await here.desk.key.startSignIn({ publicKey: PAIR.x }));
  return { work: () => auth.key.finishSignIn(answer), meanwhile: () => strike(here, userId, id) };
};

/** Somebody with a passkey that counts, and two answers of one count. */
async function answersByPasskey(here: Scene, userId: string) {
  const one = device(here, { counts: true, backupEligible: false });
  const added = await here.desk.passkey.finishRegistration({
    userId,
    ...await registering(here, one, userId),
  });
  const answer = async (by: typeof one) => {
    const { challengeId, options } = await here.desk.passkey.startSignIn({});
    return { challengeId, credential: await by.get(options, PAGE) };
  };
  const copy = one.clone();
  return { id: added.id, answers: [await answer(one), await answer(copy)] as const };
}

const signsInByPasskey = (strike: Strike): Begin => async (here, { auth, userId }) => {
  const { id, answers: [answer] } = await answersByPasskey(here, userId);
  return { work: () => auth.passkey.finishSignIn(answer), meanwhile: () => strike(here, userId, id) };
};

const signsInTwice: Begin = async (here, { auth, userId }) => {
  const { answers: [one, two] } = await answersByPasskey(here, userId);
  const meanwhile = () => told(here.desk.passkey.finishSignIn(two));
  return { work: () => auth.passkey.finishSignIn(one), meanwhile };
};

/** What is revoked before an account was looked at, and before the answer was used up, nobody can tell from what came before both. */
const begun: Point["since"] = (done) =>
  judged(done) || (done.call === "getItem" && done.key.startsWith("users:"));

const removesKey: Strike = ({ desk }, userId, id) => desk.key.remove({ userId, id });
const removesPasskey: Strike = ({ desk }, userId, id) => desk.passkey.remove({ userId, id });
const removesBoth: Strike = async (here, userId, id) => {
  await removesKey(here, userId, id);
  await remove(here, userId);
};

export const heldCredentials: Readonly<Record<string, Check>> = {
  "an add of a key × endAll": held(addsKey(endAll), 8),
  "an add of a key × removal of the account": held(addsKey(remove), 8),
  "a registration of a passkey × endAll": held(registers(endAll), 8),
  "a registration of a passkey × removal of the account": held(registers(remove), 8),
  "a registration of a passkey × the begin of another": held(
    registers(({ desk }, userId) => desk.passkey.startRegistration({ userId })),
    8,
  ),
  "a sign-in by key × endAll": held(signsInByKey(endAll), 3, begun),
  "a sign-in by key × removal of the key": held(signsInByKey(removesKey), 6),
  "a sign-in by key × removal of the key, then of the account": held(signsInByKey(removesBoth), 6),
  "a sign-in by passkey × endAll": held(signsInByPasskey(endAll), 3, begun),
  "a sign-in by passkey × removal of the passkey": held(signsInByPasskey(removesPasskey), 6),
  "a sign-in by passkey × another with the same count": held(signsInTwice, 6),
};
