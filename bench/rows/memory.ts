import memory from "../../drivers/memory.ts";
import { collectGarbage } from "../machine.ts";
import { type People, people } from "../people.ts";
import type { Reading, Row } from "../row.ts";

const ROUNDS = 3;

/** What an account and a session take of the memory store: what is held more once there are so many more. What is read is the heap after
 * a collection, not what the process has of the system: that depends on when it last gave something back. */
export const row: Row = {
  title: "Memory",
  async *measure({ short }) {
    const count = short ? 5000 : 50_000;
    const { auth } = await people(memory({ maxBytes: Infinity }), 1000); // what the code itself takes is there before anything is read
    const accounts: number[] = [];
    const sessions: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ids: string[] = [];
      const add = async () => {
        for (let i = 0; i < count; i++) ids.push(await person(auth, `person${round}.${i}@example.com`));
      };
      const signIn = async () => {
        for (const id of ids) await auth.sessions.create({ userId: id });
      };
      accounts.push(await growth(add) / count);
      sessions.push(await growth(signIn) / count);
    }
    await auth.close();
    yield reading("the first session of an account, memory", sessions, 1500);
    yield reading("an account with an address, memory", accounts);
  },
};

function reading(title: string, values: readonly number[], atMost?: number): Reading {
  return { is: "reading", title, unit: "bytes", values, ...(atMost !== undefined && { atMost }) };
}

async function person(auth: People["auth"], email: string): Promise<string> {
  const { id } = await auth.users.create({ email, emailVerified: true });
  return id;
}

/** How many bytes more are held after something was done. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = await held();
  await work();
  return await held() - before;
}

/** Bytes of the heap that somebody holds. Bun counts the texts apart. */
async function held(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve)); // what was done is over, to its last callback
  for (let i = 0; i < 3; i++) collectGarbage(); // weak references go with the next one
  if (!("Bun" in globalThis)) return process.memoryUsage().heapUsed;
  const { heapStats } = await import("bun:jsc");
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}
