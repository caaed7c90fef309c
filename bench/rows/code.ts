// A sign-in with a code by e-mail, through the handlers: a request for the mail, one with the code, and a session in a cookie. Nobody counts
// by address; ours counts mails and guesses of each account all the same. better-auth keeps codes in the clear. OpenAuth has no accounts and
// no sessions of its own: it signs in to tokens, with one request to begin and one to trade its reply, and keeps what is mailed in cookies
// that it encrypts by RSA.
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import type { Message } from "../../src/model.ts";
import { betterAuth, posting } from "../peers/better_auth.ts";
import { openAuth } from "../peers/openauth.ts";
import { OPTIONS } from "../people.ts";
import type { Contestant, Row } from "../row.ts";

const USERS = 1000;
const ADDRESSES = Array.from({ length: USERS }, (_, i) => `user${i}@example.com`);
const FIRST = Array.from({ length: 50 }, (_, i) => `first${i}@example.com`);

/** Sign-ins by code. */
export const row: Row = {
  title: "e-mail code, start and verify",
  async *measure() {
    const better = await betterAuth();
    for (const email of ADDRESSES) await better.signIn(email); // everybody has an account
    const open = await openAuth();
    yield {
      is: "race",
      title: row.title,
      chart: "code",
      contestants: [
        ours(),
        {
          name: "better-auth",
          prepare: () => Promise.resolve(better.forget()),
          work: forAll(async (email) => (await better.signIn(email)).includes("session_token=")),
        },
        { name: "OpenAuth", work: forAll(async (email) => (await open.signIn(email)) !== "") },
      ],
      targets: [{ against: "better-auth", atLeast: 15 }, { against: "OpenAuth", atLeast: 6 }],
    };
  },
};

/** Ours, with accounts that nobody has signed in to: an account is mailed so often in an hour, and no more. */
function ours(): Contestant {
  let signIn: (email: string) => Promise<boolean> = () => Promise.resolve(false);
  let close: () => Promise<void> = () => Promise.resolve();
  return {
    name: "Latchkey",
    async prepare() {
      await close();
      ({ signIn, close } = await application());
      for (const email of FIRST) await signIn(email); // an application that has just begun is slower
    },
    work: forAll((email) => signIn(email)),
  };
}

/** An application that all of them have accounts of. */
async function application() {
  const codes = new Map<string, string>();
  const { secret, baseUrl } = OPTIONS; // without `clientIp`, so that nothing is counted by address
  const auth = createAuth({
    secret,
    baseUrl,
    storage: memory(),
    platform: { log: { warn: () => {} } },
    emailOtp: true,
    email: {
      from: "bench@example.com",
      send: ({ to, text }: Message) => void codes.set(to.address, codeIn(text)),
    },
  });
  for (const email of [...ADDRESSES, ...FIRST]) await auth.users.create({ email, emailVerified: true });
  return {
    close: auth.close,
    async signIn(email: string) {
      const begun = await auth.handler(posting("/auth/email/start", { email }));
      const { challengeId }: { readonly challengeId?: string } = await begun.json();
      const code = codes.get(email);
      const reply = await auth.handler(posting("/auth/email/verify", { challengeId, code }));
      const { user }: { readonly user?: { readonly email: string } } = await reply.json();
      return user?.email === email && reply.headers.getSetCookie().length > 0;
    },
  };
}

function codeIn(text: string): string {
  return /\b\d{6}\b/.exec(text)?.[0] ?? "";
}

/** One address after the other, so that each signs in as seldom as can be. */
function forAll(signIn: (email: string) => Promise<boolean>): Contestant["work"] {
  return async (times) => {
    for (let i = 0; i < times; i++) {
      if (!await signIn(ADDRESSES[i % USERS] ?? "")) throw new Error("somebody is not signed in");
    }
  };
}
