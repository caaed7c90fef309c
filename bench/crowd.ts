// Stores of any number of people, each with an account, its claim and one session. All are copies of one that the library made, written
// straight into the store: to sign up a million would take an hour.
import { hash } from "node:crypto";
import memory from "../drivers/memory.ts";
import { base32, utf8 } from "../src/base/encoding.ts";
import { summed } from "../src/store/record_text.ts";
import { asking, people } from "./people.ts";

/** Writes a text at a key; `ttl`: for how many seconds it is good. */
export type Write = (key: string, text: string, ttl?: number) => void;

/** The records that are copied. */
export interface Patterns {
  readonly account: object;
  readonly claim: object;
  readonly session: object;
  /** A person's own among what an account lists. */
  readonly listed: object;
}

/** What is copied: the records of somebody who has signed in just now. */
export async function patterns(): Promise<Patterns> {
  const storage = memory();
  const { auth } = await people(storage, 1);
  const record = async (base: string) => {
    const [key = ""] = await storage.getKeys(base);
    const { sum: _, ...members } = JSON.parse(await storage.getItem(key) ?? "{}");
    return members;
  };
  const account = await record("users:");
  const claim = await record("identifiers:");
  const session = await record("sessions:");
  await auth.close();
  return { account, claim, session, listed: account.sessions[0] };
}

/** Writes so many people, by the order of their keys: that is how a file takes them quickest. */
export function fill(write: Write, { account, claim, session, listed }: Patterns, count: number): void {
  const order = Array.from({ length: count }, (_, i) => ({ i, uid: idOf("user", i) }));
  order.sort((one, other) => one.uid < other.uid ? -1 : 1);
  for (const { i, uid } of order) {
    const sid = idOf("session", i);
    const w = String(i).padStart(12, "w");
    const email = { type: "email", value: `user${i}@example.com`, proven: true };
    const sessions = [{ ...listed, sid }];
    write(`users:${uid}`, flat({ ...account, sessions, identifiers: [email], w }));
    write(`identifiers:${uid}${uid}`, flat({ ...claim, uid, w }));
    const secretHash = hash("sha256", secretOf(i), "base64url");
    write(`sessions:${uid}:${sid}`, flat({ ...session, hash: secretHash, w }), WEEK);
  }
}

/** A request of one of them, by number. */
export function requestOf(i: number): Request {
  return asking(`__Host-latchkey=lks_${idOf("user", i)}${idOf("session", i)}${secretOf(i)}`);
}

const WEEK = 7 * 24 * 3600;

/** The text of a record in one piece: what was put together from parts costs whoever reads it first. */
function flat(record: object): string {
  return decoder.decode(utf8(summed(JSON.stringify(record))));
}

const decoder = new TextDecoder();

function idOf(what: "user" | "session", i: number): string {
  return base32(hash("sha256", `${what} ${i}`, "buffer").subarray(0, 16));
}

function secretOf(i: number): string {
  return hash("sha256", `secret ${i}`, "base64url");
}
