// What the routes of passwords ask of the store.
import type { Client } from "./client.ts";
import { PASSWORD } from "./hashing.ts";
import type { Case } from "./operations.ts";
import { asksReset, FIRST, holder, SECOND, stepOf } from "./password_holder.ts";
import type { World } from "./world.ts";

const ADA = "ada@example.com";
const CODES = { ...PASSWORD, signIn: { emailCode: true }, change: { emailCode: true } };

/** Each route of passwords, and of the devices that they remember. */
export const BY_PASSWORD: readonly Case[] = [
  {
    route: "password.signUp",
    when: "",
    prepare: ({ person }) => Promise.resolve(() => person().password.signUp({ email: ADA, password: FIRST })),
  },
  {
    route: "password.verifySignUp",
    when: "a new address",
    async prepare({ person, mailbox }) {
      const ada = person();
      const challengeId = stepOf(await ada.password.signUp({ email: ADA, password: FIRST }));
      return () => ada.password.verifySignUp({ challengeId, code: mailbox.code(ADA) });
    },
  },
  {
    route: "password.signIn",
    when: "",
    prepare: signedUp((ada) => ada.password.signIn({ identifier: ADA, password: FIRST })),
  },
  {
    route: "password.signIn",
    when: "a wrong password",
    prepare: signedUp((ada) => ada.password.signIn({ identifier: ADA, password: SECOND }).catch(() => {})),
  },
  {
    route: "password.verifySignIn",
    when: "this device is to be remembered",
    async prepare(world) {
      const { ada, answer } = await awaited(world);
      return () => ada.password.verifySignIn({ ...answer, remember: true });
    },
  },
  {
    route: "password.change",
    when: "",
    async prepare(world) {
      const { client } = await holder(world, ADA);
      return () => client.password.change({ currentPassword: FIRST, newPassword: SECOND });
    },
  },
  {
    route: "password.verifyChange",
    when: "",
    async prepare(world) {
      const { ada, answer } = await awaited(world);
      await ada.password.verifySignIn(answer);
      const change = { currentPassword: FIRST, newPassword: SECOND };
      const challengeId = stepOf(await ada.password.change(change));
      return () => ada.password.verifyChange({ challengeId, code: world.mailbox.code(ADA) });
    },
  },
  {
    route: "password.startReset",
    when: "",
    prepare: signedUp((ada) => ada.password.startReset({ email: ADA })),
  },
  {
    route: "password.checkReset",
    when: "",
    prepare: mailedLink((ada, token) => ada.password.checkReset({ token })),
  },
  {
    route: "password.finishReset",
    when: "",
    prepare: mailedLink((ada, token) => ada.password.finishReset({ token, newPassword: SECOND })),
  },
  {
    route: "devices.list",
    when: "",
    prepare: remembered((ada) => ada.devices.list()),
  },
  {
    route: "devices.remove",
    when: "",
    prepare: remembered((ada, id) => ada.devices.remove({ id })),
  },
];

function signedUp(run: (somebody: Client) => Promise<unknown>): Case["prepare"] {
  return async (world) => {
    await holder(world, ADA);
    return () => run(world.person());
  };
}

function mailedLink(run: (somebody: Client, token: string) => Promise<unknown>): Case["prepare"] {
  return async (world) => {
    await holder(world, ADA);
    const token = await asksReset(world, ADA);
    return () => run(world.person(), token);
  };
}

/** Somebody whose device is remembered, and its id. */
function remembered(run: (ada: Client, id: string) => Promise<unknown>): Case["prepare"] {
  return async (world) => {
    const { ada, answer } = await awaited(world);
    await ada.password.verifySignIn({ ...answer, remember: true });
    const { items: [device] } = await ada.devices.list();
    return () => run(ada, String(device?.id));
  };
}

/** Ada, of whom a code is awaited after the right password. */
async function awaited(world: World) {
  const auth = world.another({ password: CODES });
  await holder(world, ADA);
  const ada = world.at(auth);
  const challengeId = stepOf(await ada.password.signIn({ identifier: ADA, password: FIRST }));
  return { ada, answer: { challengeId, code: world.mailbox.code(ADA) } };
}
