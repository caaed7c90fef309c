// Counts the hashes and signatures of requests: what docs/performance.md prints. A process of its own, because the library takes the
// functions of `node:crypto` with its first hash. Prints JSON: for each request how often it called each of them.
import process from "node:process";
import { authenticator, chance } from "../src/doors/testing.ts";
import { builtin } from "../src/base/builtin.ts";
import type { Message } from "../src/model.ts";

const CALLED = ["hash", "sign", "verify"] as const;
const COUNTED = ["hash", "hmac", "sign", "verify"] as const;
const HMAC = 96; // bytes that the last of the two hashes of an HMAC takes, a block and a hash; the first has more room than that
const counts = new Map<string, number>();
const node = builtin<Record<string, (...input: readonly unknown[]) => unknown>>("node:crypto");
if (node === undefined) throw new Error("this runs on Node");
const add = (name: string, count: number) => counts.set(name, (counts.get(name) ?? 0) + count);
for (const name of CALLED) {
  const real = node[name];
  node[name] = (...input) => {
    const [, bytes] = input;
    if (name === "hash" && bytes instanceof Uint8Array && bytes.buffer.byteLength === HMAC) {
      add("hmac", 1);
      add("hash", -1); // the first of the two
    } else add(name, 1);
    return real?.(...input);
  };
}

const { createAuth } = await import("../mod.ts");
const ORIGIN = "https://app.example.com";
const PASSWORD = "correct horse battery";
const [ADA, BOB] = ["ada@example.com", "bob@example.com"];
const codes = new Map<string, string>();
const auth = createAuth({
  secret: "a-secret-of-32-characters-for-counts",
  baseUrl: ORIGIN,
  clientIp: "direct",
  platform: { log: { warn: () => {} } },
  emailOtp: true,
  passkey: { rpName: "Example" },
  password: {
    hash: {
      hash: (password) => Promise.resolve(`own:${password}`),
      verify: (password, kept) => Promise.resolve(kept === `own:${password}`),
    },
  },
  email: {
    from: "auth@example.com",
    links: { reset: `${ORIGIN}/reset` },
    send: ({ to, text }: Message) => void codes.set(to.address, /\d{6}/.exec(text)?.[0] ?? ""),
  },
});
const rows: [request: string, ...counts: number[]][] = [];
const info = { remoteAddr: { hostname: "192.0.2.1" } };

/** What a request answers, and its counts under a name. */
async function counting<T>(name: string, work: () => Promise<T>): Promise<T> {
  counts.clear();
  const answer = await work();
  rows.push([name, ...COUNTED.map((counted) => counts.get(counted) ?? 0)]);
  return answer;
}

async function post(path: string, body: object, cookie = "") {
  const headers = { "content-type": "application/json", ...(cookie !== "" && { cookie }) };
  const asked = new Request(`${ORIGIN}/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const reply = await auth.handler(asked, info);
  if (!reply.ok) throw new Error(`${path}: ${await reply.text()}`);
  const [session = ""] = reply.headers.getSetCookie().map((value) => value.split(";", 1)[0] ?? "");
  return { ...await reply.json(), cookie: session };
}

const shown = (name: string, value: string) => () =>
  auth.requireSession(new Request(ORIGIN, { headers: { [name]: value } }));

/** Each request is made several times, and counted at last: the first ones also make what is made once. */
async function round(): Promise<void> {
  rows.length = 0;
  const { challengeId } = await counting("a code is mailed", () => post("/email/start", { email: ADA }));
  const answer = { challengeId, code: codes.get(ADA) };
  const { cookie } = await counting("a code is answered, for a cookie", () => post("/email/verify", answer));
  await counting("who is signed in, by cookie", shown("cookie", cookie));
  const again = await post("/email/start", { email: ADA });
  const bearer = { challengeId: again.challengeId, code: codes.get(ADA), session: "bearer" };
  const first = await counting("a code is answered, for tokens", () => post("/email/verify", bearer));
  const token = shown("authorization", `Bearer ${first.accessToken}`);
  await counting("who is signed in, by an access token never seen", token);
  await counting("the same, by one seen before", token);
  const { refreshToken } = first;
  await counting("a refresh", () => post("/session/refresh", { refreshToken }));
  const login = { identifier: BOB, password: PASSWORD };
  await counting("a password signs in (and Argon2id once)", () => post("/password/sign-in", login));
  const device = authenticator({ random: chance(rounds) });
  const { challengeId: id, options } = await post("/passkey/register/start", {}, cookie);
  const made = await device.create(options, { origin: ORIGIN });
  await post("/passkey/register/finish", { challengeId: id, credential: made }, cookie);
  const start = await post("/passkey/sign-in/start", {});
  const credential = await device.get(start.options, { origin: ORIGIN });
  const signed = { challengeId: start.challengeId, credential };
  await counting("a passkey signs in", () => post("/passkey/sign-in/finish", signed));
}

await auth.users.create({
  email: BOB,
  emailVerified: true,
  passwordHash: await auth.password.hash({ password: PASSWORD }),
});
let rounds = 0;
while (rounds++ < 2) await round();
await auth.close();
console.log(JSON.stringify(rows));
process.exit(0);
