import { DatabaseSync } from "node:sqlite";
import type { Read } from "./limit.ts";

/** Reads from a file of the SQLite driver by a prepared statement, straight: with the driver's pragmas, and in its words. */
export function preparedReads(path: string): { readonly read: Read; readonly close: () => void } {
  const database = new DatabaseSync(path);
  for (const pragma of ["busy_timeout = 0", "journal_mode = WAL", "synchronous = FULL"]) {
    database.prepare(`PRAGMA ${pragma}`).all();
  }
  const statement = database.prepare(
    "SELECT value FROM latchkey WHERE key = $key AND (exp IS NULL OR exp > $now)",
  );
  return {
    read(key) {
      const row = statement.get({ key, now: Date.now() });
      return row === undefined ? null : String(row["value"]);
    },
    close: () => database.close(),
  };
}
