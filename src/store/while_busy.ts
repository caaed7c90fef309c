import type { Platform } from "../platform.ts";

const PATIENCE = 5000; // ms
const LONGEST = 32; // ms between two attempts

/** Does a piece of work again as long as SQLite is busy because others write, for 5 seconds at most. What was busy took no effect: SQLite
 * had no lock to begin with, or undid the whole statement (https://sqlite.org/rescode.html#busy). */
export async function whileBusy<T>({ now, random, sleep }: Platform, work: () => Promise<T>): Promise<T> {
  const until = now() + PATIENCE;
  for (let most = 1;; most = Math.min(most * 2, LONGEST)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || now() >= until) throw error;
    }
    const [byte = 0] = random(1);
    await sleep((byte / 256) * most); // others wait too: not in step with them
  }
}

/** Each library has its own error for it. */
function isBusy(error: unknown): boolean {
  return /SQLITE_BUSY|database (?:table |schema )?is locked/.test(
    `${Object(error).code} ${Object(error).message}`,
  );
}
