import memory from "../../drivers/memory.ts";
import type { Driver } from "../../src/store/driver.ts";
import { summed } from "../../src/store/record_text.ts";
import { asking, forAny, type People, people } from "../people.ts";
import type { Race, Row } from "../row.ts";

const SMALL = 1000;
const SESSIONS = 50; // as many as an account has at most
const LARGEST = 60 * 1024; // bytes of a record
const NOTE = "one of the application's own, of which there are many";

/** Checks sessions of accounts at their bounds beside those of small ones, in memory. Few large accounts fit into what is remembered of
 * parsed records, many do not: so there are both. */
export const row: Row = {
  title: "Session check of accounts at their bounds",
  async *measure() {
    yield await race(10);
    yield await race(50);
  },
};

async function race(large: number): Promise<Race> {
  const storage = memory();
  const small = await people(storage, SMALL);
  const atBounds = await peopleAtBounds(small, storage, large);
  const check = async (request: Request) => (await small.auth.getSession(request)).user !== null;
  return {
    is: "race",
    title: `session check by cookie, memory, ${large} accounts of 60 KB with ${SESSIONS} sessions`,
    contestants: [
      {
        name: "accounts at their bounds",
        work: forAny(atBounds, check),
      },
      { name: `${SMALL} small ones`, work: forAny(small.requests, check) },
    ],
    targets: [{ against: `${SMALL} small ones`, atLeast: 0.5 }],
    close: async () => await small.auth.close(),
  };
}

/** A request of each session of so many accounts, whose records are as large as a record gets. */
async function peopleAtBounds(
  { auth }: People,
  storage: Driver,
  count: number,
): Promise<readonly Request[]> {
  const requests: Request[] = [];
  for (let i = 0; i < count; i++) {
    const { id } = await auth.users.create({
      email: `large${i}@example.com`,
      emailVerified: true,
    });
    for (let session = 0; session < SESSIONS; session++) {
      const [cookie = ""] = auth.cookies(
        await auth.sessions.create({ userId: id }),
      );
      requests.push(asking(cookie.split(";")[0] ?? ""));
    }
    const text = await storage.getItem(`users:${id}`) ?? "";
    await storage.setItem(`users:${id}`, grown(text));
  }
  return requests;
}

/** The text of an account that has notes: as many as there is room for. */
function grown(text: string): string {
  const { sum: _, ...record } = JSON.parse(text);
  const room = LARGEST - text.length - `"fields":{"notes":[]},`.length;
  const notes = Array.from({
    length: Math.floor(room / (NOTE.length + `"",`.length)),
  }, () => NOTE);
  return summed(JSON.stringify({ ...record, fields: { notes } }));
}
