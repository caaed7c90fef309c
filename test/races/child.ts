// Another process on the same file. It reads one line of JSON, says when it is ready, waits for a line, does all its calls at
// once and prints what became of each.
import { createInterface } from "node:readline";
import { createAuth } from "../../src/auth.ts";
import sqlite from "../../drivers/sqlite.ts";
import { type Told, told } from "../suite/gate.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";

/** What a child is to do. */
export interface Errand {
  readonly path: string;
  readonly calls: readonly Ask[];
}

/** One call. */
export type Ask =
  | { readonly do: "verify"; readonly challengeId: string; readonly code: string }
  | { readonly do: "refresh"; readonly refreshToken: string };

/** What a call got: whose session, and the refresh token. */
export interface Got {
  readonly user: string;
  readonly session: string;
  readonly refreshToken: string | undefined;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { path, calls } = JSON.parse(String((await lines.next()).value)) as Errand; // our own test wrote it
const auth = createAuth({
  // As much of the disk's time as a test can do without: what survives a power cut is not asked here.
  storage: sqlite({ path, synchronous: "normal" }),
  secret: SECRET,
  baseUrl: BASE_URL,
  email: { from: "no-reply@example.com", send: () => {} },
  emailOtp: true,
});
await auth.signingKeys.jwks();
console.log("ready");
await lines.next();
const outcomes = await Promise.all(calls.map((call): Promise<Told<Got>> => told(run(call))));
console.log(JSON.stringify(outcomes));
await auth.close();
process.exit(0); // standard input is still open

async function run(call: Ask): Promise<Got> {
  const { user, session, refreshToken } = call.do === "verify"
    ? await auth.emailOtp.verify({ challengeId: call.challengeId, code: call.code, session: "bearer" })
    : await auth.sessions.refresh({ refreshToken: call.refreshToken });
  return { user: user.id, session: session.id, refreshToken };
}
