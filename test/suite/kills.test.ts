// kill -9, at moments that chance chooses, while others write beside and wait for the same locks.
import { once } from "node:events";
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { chance } from "../../src/testing/chance.ts";
import { child, cleanUp, placeFor } from "./children.ts";
import { after, keyOf, LANES, openAt, type StoreOnDisk, STORES } from "./stores_on_disk.ts";
import { LONG } from "../proof/showed.ts";

/** What a writer had been answered when it died: the last step of each lane. */
interface Death {
  readonly pid: number;
  readonly told: readonly number[];
}

const KILLS = LONG ? 500 : 60;
const AT_ONCE = 4;
const MOMENT = 2; // milliseconds: longer than a write

afterEach(cleanUp);

describe.each(STORES)("%s", (store) => {
  test(
    `${KILLS} writers that are killed leave whole records, all that they were answered, and no lock`,
    async () => {
      const path = placeFor(store);
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = chance(seed);
      await startOnce(store);
      let left = KILLS;
      const deaths: Death[] = [];
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) deaths.push(await death(store, path, random(2)));
      }));

      const driver = openAt(store, path, { deadline: 0 }); // who would have to wait for a lock is refused
      for (let n = 0; n < 100; n++) {
        expect(await driver.swap(`users:after-${n}`, null, "{}"), `seed ${seed}`).toBe(true);
      }
      for (const { pid, told } of deaths) {
        for (const [lane, step] of told.entries()) {
          // The step after the last that was answered may be done or not.
          expect([after(step), after(step + 1)], `seed ${seed}`).toContain(
            await driver.getItem(keyOf(pid, lane)),
          );
        }
      }
      for await (const [key, text] of driver.entries("")) {
        const { step } = JSON.parse(text) as { step?: number };
        expect(text, `${key}, seed ${seed}`).toBe(step === undefined ? "{}" : after(step));
      }
      await driver.dispose();
      if (store === "sqlite") expect(integrityOf(path)).toEqual({ integrity_check: "ok" });
      else await expectLeftovers(path);
    },
    LONG ? 1_800_000 : 120_000,
  );
});

/** Lets one writer die. `lots` are two bytes: after how many answers, and how long after the last. */
async function death(store: StoreOnDisk, path: string, [count = 0, moment = 0]: Uint8Array): Promise<Death> {
  const writer = child();
  const told = Array<number>(LANES).fill(-1);
  const note = (line: unknown) => {
    expect(line).toEqual([expect.any(Number), expect.any(Number)]); // else it says what was refused
    const [lane = 0, step = 0] = line as readonly number[];
    told[lane] = step;
  };
  note(await writer.ask({ do: "write", store, path }));
  for (let n = 0; n < count % 32; n++) note(await writer.next());
  const until = performance.now() + (moment / 256) * MOMENT;
  while (performance.now() < until);
  const ended = once(writer.process, "exit");
  writer.process.kill("SIGKILL");
  for (let line = await writer.next(); line !== undefined; line = await writer.next()) note(line);
  await ended;
  return { pid: writer.process.pid ?? 0, told };
}

/** A child that ends by itself keeps what was compiled for it: those that are killed do not, and would each compile anew. */
async function startOnce(store: StoreOnDisk): Promise<void> {
  const first = child();
  await first.ask({ do: "open", store, path: placeFor(store) });
  const ended = once(first.process, "exit");
  first.process.stdin?.end();
  await ended;
}

function integrityOf(path: string): object {
  return { ...new DatabaseSync(path).prepare("PRAGMA integrity_check").get() };
}

/** Those who died in the middle of a write left at most what they were writing, and it goes after an hour. */
async function expectLeftovers(base: string): Promise<void> {
  const folder = join(base, ".tmp");
  const left = readdirSync(folder).length;
  expect(left).toBeGreaterThan(KILLS / 10); // else the kills came between the writes
  expect(left).toBeLessThanOrEqual(KILLS * LANES);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), 0, Date.now() / 1000 - 3601);
  await openAt("fs", base).getKeys("");
  expect(readdirSync(folder)).toEqual([]);
  expect(readdirSync(base).filter((name) => name.includes("journal"))).toEqual([]);
  expect(existsSync(join(base, "users"))).toBe(true);
}
