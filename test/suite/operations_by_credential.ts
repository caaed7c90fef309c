// What passkeys and key pairs ask of the store.
import type { Authenticator } from "../../src/testing/authenticator.ts";
import { signedIn } from "../../src/testing/signed_in.ts";
import type { Client } from "./client.ts";
import { ADA as PAIR, addsKey, answering, BOB as STRANGE } from "./key_holder.ts";
import type { Case } from "./operations.ts";
import { device, registering, registers, signingIn } from "./passkey_holder.ts";
import type { World } from "./world.ts";

const ADA = "ada@example.com";

/** Ada, whose address nobody has proven: no mail tells her what is done to her account, and so none is under way beside what is measured. */
async function unmailed({ server, person }: World): Promise<Client> {
  const ada = person();
  await server().users.create({ email: ADA });
  ada.wears(await signedIn(server(), ADA));
  return ada;
}

/** Somebody who is signed in and has a passkey. */
interface Held {
  readonly ada: Client;
  readonly held: Authenticator;
  readonly id: string;
}

async function withPasskey(world: World): Promise<Held> {
  const [ada, held] = [await unmailed(world), device(world)];
  const { id } = await registers(ada, held);
  return { ada, held, id };
}

/** Runs as somebody who has a passkey. */
function having(ask: (one: Held) => Promise<unknown>): Case["prepare"] {
  return async (world) => {
    const one = await withPasskey(world);
    return () => ask(one);
  };
}

/** Every route of passkeys, in the order of the page. */
export const BY_PASSKEY: readonly Case[] = [
  {
    route: "passkey.startRegistration",
    when: "",
    async prepare(world) {
      const ada = await unmailed(world);
      return () => ada.passkey.startRegistration();
    },
  },
  {
    route: "passkey.finishRegistration",
    when: "",
    async prepare(world) {
      const ada = await unmailed(world);
      const answer = await registering(ada, device(world));
      return () => ada.passkey.finishRegistration(answer);
    },
  },
  {
    route: "passkey.startSignIn",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().passkey.startSignIn()),
  },
  {
    route: "passkey.finishSignIn",
    when: "",
    async prepare(world) {
      const { held } = await withPasskey(world);
      const somebody = world.person();
      const answer = await signingIn(somebody, held);
      return () => somebody.passkey.finishSignIn(answer);
    },
  },
  {
    route: "passkey.finishSignIn",
    when: "a passkey that nobody has",
    async prepare(world) {
      const { ada, held, id } = await withPasskey(world);
      await ada.passkey.remove({ id });
      const somebody = world.person();
      const answer = await signingIn(somebody, held);
      return () => somebody.passkey.finishSignIn(answer).catch(() => {});
    },
  },
  { route: "passkey.list", when: "", prepare: having(({ ada }) => ada.passkey.list()) },
  {
    route: "passkey.rename",
    when: "",
    prepare: having(({ ada, id }) => ada.passkey.rename({ id, name: "Phone" })),
  },
  { route: "passkey.remove", when: "", prepare: having(({ ada, id }) => ada.passkey.remove({ id })) },
  {
    route: "passkey.relatedOrigins",
    when: "no others are set",
    prepare: ({ person }) => Promise.resolve(() => person().passkey.relatedOrigins().catch(() => {})),
  },
];

/** Runs as somebody who has a key. */
function holding(ask: (ada: Client, id: string) => Promise<unknown>): Case["prepare"] {
  return async (world) => {
    const ada = await unmailed(world);
    const { id } = await addsKey(ada, PAIR);
    return () => ask(ada, id);
  };
}

/** A sign-in by a key pair, where Ada has one. */
function answered(pair: typeof PAIR): Case["prepare"] {
  return async (world) => {
    await addsKey(await unmailed(world), PAIR);
    const somebody = world.person();
    const answer = await answering(pair, await somebody.key.startSignIn({ publicKey: pair.x }));
    return () => somebody.key.finishSignIn(answer).catch(() => {});
  };
}

/** Every route of key pairs, in the order of the page. */
export const BY_KEY: readonly Case[] = [
  {
    route: "key.startAdd",
    when: "",
    async prepare(world) {
      const ada = await unmailed(world);
      return () => ada.key.startAdd({ publicKey: PAIR.x });
    },
  },
  {
    route: "key.add",
    when: "",
    async prepare(world) {
      const ada = await unmailed(world);
      const answer = await answering(PAIR, await ada.key.startAdd({ publicKey: PAIR.x }));
      return () => ada.key.add(answer);
    },
  },
  {
    route: "key.startSignIn",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().key.startSignIn({ publicKey: PAIR.x })),
  },
  {
    route: "key.startSignIn",
    when: "somebody has the key",
    prepare: async (world) => {
      await addsKey(await unmailed(world), PAIR);
      return () => world.person().key.startSignIn({ publicKey: PAIR.x });
    },
  },
  { route: "key.finishSignIn", when: "", prepare: answered(PAIR) },
  { route: "key.finishSignIn", when: "a key that nobody has", prepare: answered(STRANGE) },
  { route: "key.list", when: "", prepare: holding((ada) => ada.key.list()) },
  { route: "key.rename", when: "", prepare: holding((ada, id) => ada.key.rename({ id, name: "Laptop" })) },
  { route: "key.remove", when: "", prepare: holding((ada, id) => ada.key.remove({ id })) },
];
