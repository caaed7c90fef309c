// The steps of passkeys and keys, each at a server whose store fails. What they answer was asked before, while it worked.
import { expect } from "vitest";
import { type Authenticator, chance } from "../../src/doors/testing.ts";
import type { Client, FullAuth } from "./client.ts";
import { after, first, healthy, type Ready, type Step, worked, worldOf } from "./failing_people.ts";
import { addsKey, answering, type KeyPair, pairFrom, signsInByKey } from "./key_holder.ts";
import { device, registering, registers, signingIn, signsIn } from "./passkey_holder.ts";

/** What somebody signs with. */
interface Means {
  readonly device: Authenticator;
  readonly pair: KeyPair;
}

/** Who comes to a server: somebody with a session, and a browser without one. */
interface Visitors {
  readonly owner: Client;
  readonly stranger: Client;
}

/** A step that answers what was asked. */
interface Ceremony<Answer> {
  readonly begin: (visitors: Visitors, means: Means) => Promise<Answer>;
  readonly finish: (visitors: Visitors, answer: Answer) => Promise<unknown>;
  /** All of it once more: by what was signed with, or by the same as it was before it was asked anything. */
  readonly again: (
    visitors: Visitors,
    means: { readonly old: Means; readonly anew: Means },
  ) => Promise<Entry>;
}

/** Who is in by what they sign with, and of how many. */
interface Entry {
  readonly user: string;
  readonly listed: number;
}

/** The same for the same seed. */
async function meansOf(seed: number): Promise<Means> {
  const random = chance(seed);
  return { pair: await pairFrom(random), device: device({ random }, { counts: true }) };
}

function visitorsOf(ready: Ready, auth: FullAuth): Visitors {
  return { owner: first(ready, auth), stranger: worldOf(ready).at(auth) };
}

async function enters({ stranger }: Visitors, { device }: Pick<Means, "device">): Promise<Entry> {
  const { user } = await signsIn(stranger, device);
  return { user: user.id, listed: (await stranger.passkey.list()).items.length };
}

async function entersByKey({ stranger }: Visitors, { pair }: Pick<Means, "pair">): Promise<Entry> {
  const { user } = await signsInByKey(stranger, pair);
  return { user: user.id, listed: (await stranger.key.list()).items.length };
}

function step<Answer>({ begin, finish, again }: Ceremony<Answer>): Step {
  const begun = new WeakMap<Ready, { readonly seed: number; readonly old: Means; readonly answer: Answer }>();
  return {
    async prepare(here, name) {
      const ready = await after(["cookie"])(here, name);
      const seed = here.random(3).reduce((sum, byte) => sum * 256 + byte, 0);
      const old = await meansOf(seed);
      begun.set(ready, { seed, old, answer: await begin(visitorsOf(ready, here.server()), old) });
      return ready;
    },
    act: (ready, auth) => finish(visitorsOf(ready, auth), begun.get(ready)!.answer), // as it was prepared
    async again(ready, here) {
      const { seed, old } = begun.get(ready)!;
      const entry = await again(visitorsOf(ready, healthy(here)), { old, anew: await meansOf(seed) });
      expect(entry, "who is in by the one that they have").toEqual({ user: ready.people[0]!.id, listed: 1 });
    },
  };
}

/** What was added, and the answer lost, is had already. */
const HAD = ["credential_taken"];

export const CREDENTIAL_STEPS: Readonly<Record<string, Step>> = {
  "a passkey is added": step({
    begin: ({ owner }, { device }) => registering(owner, device),
    finish: ({ owner }, answer) => owner.passkey.finishRegistration(answer),
    async again(visitors, { anew }) {
      await worked(registers(visitors.owner, anew.device), HAD);
      return await enters(visitors, anew);
    },
  }),
  "a passkey's sign-in": step({
    async begin({ owner, stranger }, { device }) {
      await registers(owner, device);
      return await signingIn(stranger, device);
    },
    finish: ({ stranger }, answer) => stranger.passkey.finishSignIn(answer),
    again: (visitors, { old }) => enters(visitors, old),
  }),
  "a key is added": step({
    begin: async ({ owner }, { pair }) => answering(pair, await owner.key.startAdd({ publicKey: pair.x })),
    finish: ({ owner }, answer) => owner.key.add(answer),
    async again(visitors, { anew }) {
      await worked(addsKey(visitors.owner, anew.pair), HAD);
      return await entersByKey(visitors, anew);
    },
  }),
  "a key's sign-in": step({
    async begin({ owner, stranger }, { pair }) {
      await addsKey(owner, pair);
      return answering(pair, await stranger.key.startSignIn({ publicKey: pair.x }));
    },
    finish: ({ stranger }, answer) => stranger.key.finishSignIn(answer),
    again: (visitors, { old }) => entersByKey(visitors, old),
  }),
};
