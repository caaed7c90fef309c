import memory from "../drivers/memory.ts";
import { createAuth } from "../mod.ts";
import { utf8 } from "../src/base/encoding.ts";
import { sha256 } from "../src/base/hash.ts";
import type { Driver } from "../src/store/driver.ts";
import { parseSessionToken } from "../src/crypto/token.ts";

/** A way to check a session, and how often it did so in a second. */
export interface Contest {
  readonly name: string;
  readonly perSecond: readonly number[];
}

const USERS = 1000;
const CHECKS = 40_000;
const ROUNDS = 7;

/** Checks sessions of random users by `auth.getSession`, and beside it, in turn, by the bare reads: the same two reads, one JSON.parse
 * each and one SHA-256, with no library around them. */
export async function contest(storage: Driver = memory()): Promise<readonly Contest[]> {
  const auth = createAuth({
    storage,
    secret: "a-secret-of-32-characters-for-benches",
    baseUrl: "https://example.com",
  });
  const requests: Request[] = [];
  for (let i = 0; i < USERS; i++) {
    const { id } = await auth.users.create({ email: `user${i}@example.com`, emailVerified: true });
    const grant = await auth.sessions.create({ userId: id });
    const cookie = auth.cookies(grant)[0]?.split(";")[0] ?? "";
    requests.push(new Request("https://example.com/", { headers: { cookie } }));
  }
  const contestants = [
    {
      name: "auth.getSession",
      check: async (request: Request) => (await auth.getSession(request)).user !== null,
    },
    { name: "bare reads", check: (request: Request) => bare(storage, request) },
  ];
  const results = contestants.map(({ name, check }) => ({ name, check, perSecond: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { check, perSecond } of results) {
      const began = performance.now();
      for (let i = 0; i < CHECKS; i++) {
        const request = requests[(i * 7919) % USERS];
        if (request === undefined || !await check(request)) throw new Error("a session was not found");
      }
      perSecond.push(CHECKS / (performance.now() - began) * 1000);
    }
  }
  await auth.close();
  return results.map(({ name, perSecond }) => ({ name, perSecond }));
}

async function bare(storage: Driver, request: Request): Promise<boolean> {
  const cookie = request.headers.get("cookie") ?? "";
  const token = parseSessionToken(cookie.slice(cookie.indexOf("=") + 1));
  if (token === null) return false;
  const [user, session] = await Promise.all([
    storage.getItem(`users:${token.uid}`),
    storage.getItem(`sessions:${token.uid}:${token.sid}`),
  ]);
  sha256(utf8(token.secret));
  return JSON.parse(user ?? "{}").sessions[0].sid === token.sid && JSON.parse(session ?? "{}").hash !== null;
}

/** How fast the machine is just now: SHA-256 of 32 bytes, thousands a second. */
function machineSpeed(): number {
  const bytes = new Uint8Array(32);
  const rates = Array.from({ length: 5 }, () => {
    const began = performance.now();
    for (let i = 0; i < 50_000; i++) sha256(bytes);
    return 50_000 / (performance.now() - began);
  });
  return Math.round(rates.toSorted((a, b) => a - b)[2] ?? 0);
}

if (import.meta.main) {
  console.log(`this machine, just now: ${machineSpeed()},000 hashes a second`);
  for (const { name, perSecond } of await contest()) {
    const sorted = perSecond.toSorted((a, b) => a - b);
    const [slowest = 0, fastest = 1] = [sorted[0], sorted.at(-1)];
    const noisy = fastest > slowest * 1.4 ? " (others use this machine too: look at the ratio alone)" : "";
    console.log(
      `${name}: ${Math.round(sorted[sorted.length >> 1] ?? 0)} a second${noisy}`,
      sorted.map(Math.round).join(" "),
    );
  }
}
