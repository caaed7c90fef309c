// Processes that live on the library until they are killed, and the look at what they left.
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import { chance } from "../../src/testing/chance.ts";
import { placeFor, type Spawned, spawned } from "../suite/children.ts";
import type { StoreOnDisk } from "../suite/stores_on_disk.ts";
import { expectFiles, expectPeople, expectRecords, type Scene } from "./after_kills.ts";
import { type Book, bookOf, UNAVAILABLE } from "./book.ts";
import type { Life, Word } from "./child_life.ts";
import { SEED, showed } from "./showed.ts";

/** How processes live and die on one store. */
export interface Plan extends Pick<Life, "changes" | "driver" | "diesAfter"> {
  readonly store: StoreOnDisk;
  readonly kills: number;
  readonly seed: number;
}

/** A process as it should be. */
export const SOUND = { changes: [], driver: "sound", diesAfter: null } as const;

const AT_ONCE = 4;
const MOMENT = 4; // milliseconds: longer than a write
const SHARED_BY = 4; // processes, one after another or at once, that use the same address

/** Lets processes live on one store until each is killed, and looks at what is left. */
export async function playOut({ kills, seed, ...plan }: Plan): Promise<void> {
  const scene: Scene = { store: plan.store, path: placeFor(plan.store) };
  const random = chance(seed);
  const books: Book[] = [];
  let begun = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (begun < kills) {
      const n = begun++;
      const shared = `shared-${Math.floor(n / SHARED_BY)}@example.com`;
      const life = { ...plan, ...scene, seed: seed + n, name: `${n}`, shared, ends: false };
      books.push(bookOf(await untilKilled(life, random(2)), shared));
    }
  }));
  try {
    await look(scene, books);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error} (LATCHKEY_SEED=${SEED})`, {
      cause: error,
    });
  }
}

async function look(scene: Scene, books: readonly Book[]): Promise<void> {
  const people = books.flatMap((book) => book.people);
  const refused = books.flatMap((book) => book.refused);
  expect(refused.filter((code) => code !== UNAVAILABLE), "refusals").toEqual([]);
  const keys = new Set(books.flatMap((book) => book.keys === null ? [] : [String(book.keys)]));
  expect([...keys], "signing keys").toHaveLength(1);
  await expectFiles(scene);
  await expectPeople(scene, people);
  await expectRecords(scene);
  const answers = books.reduce((sum, book) => sum + book.answers, 0);
  expect(answers, "answers: else the kills came before there was anything to lose").toBeGreaterThan(
    books.length,
  );
  const sessions = people.reduce((sum, { sessions }) => sum + sessions.size, 0);
  showed("kills", {
    kills: books.length,
    stores: 1,
    answers,
    people: people.length,
    sessions,
    unavailable: refused.length,
  });
}

/** What a process said until it died. `lots` are two bytes: after how many words, and how long after the last. */
async function untilKilled(life: Life, [count = 0, moment = 0]: Uint8Array): Promise<readonly Word[]> {
  const words: Word[] = [];
  const live = begin(life);
  const hear = async () => {
    const word = await live.next();
    if (word !== undefined) words.push(word as Word); // as our own child says it
    return word !== undefined;
  };
  if (life.diesAfter === null) {
    await linger(hear, count, moment);
    expect(live.process.exitCode, "who died by itself").toBe(null);
    live.process.kill("SIGKILL");
  }
  while (await hear());
  if (live.process.signalCode === null) await once(live.process, "exit");
  return words;
}

/** One in eight dies while it starts, or right after. */
async function linger(hear: () => Promise<boolean>, count: number, moment: number): Promise<void> {
  const patience = count % 8 === 0 ? 0 : count / 2;
  for (let n = 0; n < patience && await hear(); n++);
  const until = performance.now() + (moment / 256) * MOMENT;
  while (performance.now() < until);
}

function begin(life: Life): Spawned {
  return spawned(join(import.meta.dirname, "child_life.ts"), [JSON.stringify(life)]);
}

/** A child that ends by itself keeps what was compiled for it: those that are killed do not, and would each compile anew. */
export async function startOnce(store: StoreOnDisk): Promise<void> {
  const life = { ...SOUND, store, path: placeFor(store), seed: 0, name: "", shared: "", ends: true };
  const { process } = begin(life);
  if (process.exitCode === null) await once(process, "exit");
}
