import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sqlite from "../../drivers/sqlite.ts";
import { limit } from "../limit.ts";
import { forAny, people } from "../people.ts";
import type { Race, Row } from "../row.ts";
import { preparedReads } from "../sqlite_reads.ts";

const PEOPLE = 1000;

/** Checks sessions in an SQLite file, beside the same two reads by prepared statements. */
export const row: Row = {
  title: "Session check, SQLite",
  async *measure() {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
    try {
      yield await race(join(folder, "bench.db"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function race(path: string): Promise<Race> {
  const { auth, requests } = await people(sqlite({ path }), PEOPLE);
  const { read, close } = preparedReads(path);
  return {
    is: "race",
    title: `session check by cookie, SQLite, ${PEOPLE} people`,
    contestants: [
      {
        name: "Latchkey",
        work: forAny(
          requests,
          async (one) => (await auth.getSession(one)).user !== null,
        ),
      },
      { name: "the limit", work: forAny(requests, (one) => limit(one, read)) },
    ],
    targets: [{ against: "the limit", atLeast: 0.5 }],
    async close() {
      close();
      await auth.close();
    },
  };
}
