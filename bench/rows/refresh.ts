// A refresh token traded for the next one, and a new access token signed by EdDSA. Theirs signs by ES256, compares the token with one that
// it stores in the clear, and keeps those that were used for a minute more.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { openAuth } from "../peers/openauth.ts";
import { OPTIONS } from "../people.ts";
import type { Contestant, Row } from "../row.ts";

const USERS = 1000;

/** Refreshing. */
export const row: Row = {
  title: "refresh with rotation",
  async *measure() {
    const { clientIp: _, ...options } = OPTIONS; // so that nothing is counted by address, as theirs counts nothing
    const storage = memory();
    const auth = createAuth({ ...options, storage, platform: { log: { warn: () => {} } } });
    const tokens: string[] = [];
    for (let i = 0; i < USERS; i++) {
      const { id } = await auth.users.create({ email: `user${i}@example.com`, emailVerified: true });
      tokens.push((await auth.sessions.create({ userId: id, session: "bearer" })).refreshToken ?? "");
    }
    const open = await openAuth();
    const theirs = await Promise.all(tokens.map((_, i) => open.begin(`user${i}@example.com`)));
    yield {
      is: "race",
      title: "refresh with rotation, through the handler",
      chart: "refresh",
      contestants: [
        { name: "Latchkey", work: trading(tokens, async (token) => await refreshed(auth.handler, token)) },
        { name: "OpenAuth", work: trading(theirs, open.refresh) },
      ],
      targets: [{ against: "OpenAuth", atLeast: 2 }],
    };
    yield {
      is: "race",
      title: "refresh with rotation, by the method",
      contestants: [
        {
          name: "Latchkey",
          work: trading(tokens, async (token) => {
            const { accessToken, refreshToken } = await auth.sessions.refresh({ refreshToken: token });
            return accessToken === undefined ? undefined : refreshToken;
          }),
        },
        await signatureAndSwap(),
      ],
      targets: [{ against: "one signature and one swap", atLeast: 0.7 }],
      close: () => auth.close(),
    };
  },
};

/** Trades the tokens of one session after the other, each for its next. */
function trading(
  tokens: string[],
  trade: (token: string) => Promise<string | undefined>,
): Contestant["work"] {
  let turn = 0;
  return async (times) => {
    for (let i = 0; i < times; i++) {
      const place = turn++ % tokens.length;
      const last = tokens[place] ?? "";
      const next = await trade(last);
      if (next === undefined || next === last) throw new Error("a token was not traded");
      tokens[place] = next;
    }
  };
}

async function refreshed(
  handler: (request: Request) => Promise<Response>,
  refreshToken: string,
): Promise<string | undefined> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ refreshToken });
  const request = new Request("https://example.com/auth/session/refresh", { method: "POST", headers, body });
  const reply: { readonly accessToken?: string; readonly refreshToken?: string } =
    await (await handler(request)).json();
  return reply.accessToken === undefined ? undefined : reply.refreshToken;
}

/** The least that it can be: a signature over what a token holds, by whichever way is quicker here, and one swap. */
async function signatureAndSwap(): Promise<Contestant> {
  const storage = memory();
  const { privateKey } = generateKeyPairSync("ed25519");
  const signing = await quickest([bySync(privateKey), await byWebCrypto(privateKey)]);
  const text = "r".repeat(500); // about as long as a session's record
  const token = new TextEncoder().encode("t".repeat(420)); // and as what is signed
  const generations = Array.from({ length: USERS }, () => 0);
  await Promise.all(generations.map((_, i) => storage.setItem(`sessions:${i}`, text)));
  let turn = 0;
  return {
    name: "one signature and one swap",
    async work(times) {
      for (let i = 0; i < times; i++) {
        const place = turn++ % USERS;
        const generation = generations[place] ?? 0;
        generations[place] = generation + 1;
        const [before, after] = [generation, generation + 1].map((one) => one === 0 ? text : text + one);
        const signature = await signing(token);
        const isSwapped = await storage.swap(`sessions:${place}`, before ?? null, after ?? null);
        if (!isSwapped || signature.byteLength !== 64) throw new Error("nothing was signed or swapped");
      }
    },
  };
}

type Sign = (bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBufferLike | Uint8Array> | Uint8Array;

function bySync(key: KeyObject): Sign {
  return (bytes) => sign(null, bytes, key);
}

async function byWebCrypto(key: KeyObject): Promise<Sign> {
  const imported = await crypto.subtle.importKey(
    "pkcs8",
    new Uint8Array(key.export({ format: "der", type: "pkcs8" })),
    "Ed25519",
    false,
    ["sign"],
  );
  return async (bytes) => await crypto.subtle.sign("Ed25519", imported, bytes);
}

async function quickest(all: readonly Sign[]): Promise<Sign> {
  const bytes = new Uint8Array(420);
  const timed: { readonly one: Sign; readonly took: number }[] = [];
  for (const one of all) {
    for (let i = 0; i < 500; i++) await one(bytes);
    const began = performance.now();
    for (let i = 0; i < 500; i++) await one(bytes);
    timed.push({ one, took: performance.now() - began });
  }
  const [first] = timed.toSorted((a, b) => a.took - b.took);
  if (first === undefined) throw new RangeError("there is no way to sign");
  return first.one;
}
