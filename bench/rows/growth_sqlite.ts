import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import sqlite from "../../drivers/sqlite.ts";
import { createAuth } from "../../mod.ts";
import { fill, type Patterns, patterns } from "../crowd.ts";
import { type Crowded, growth } from "../growth.ts";
import { differences, operations } from "../operations.ts";
import { OPTIONS } from "../people.ts";
import type { Reading, Row, Settings } from "../row.ts";
import { preparedReads } from "../sqlite_reads.ts";

const SMALL = 1000;

/** The same as in memory, in SQLite files. */
export const row: Row = {
  title: "Growth, SQLite",
  async *measure(settings) {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
    try {
      yield* measured(folder, settings);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface File extends Crowded {
  readonly operations: () => Promise<ReadonlyMap<string, number>>;
  readonly close: () => Promise<void>;
}

async function* measured(folder: string, { short }: Settings): AsyncGenerator<Reading> {
  const large = short ? 20_000 : 1_000_000;
  const pattern = await patterns();
  const few = file(join(folder, "few.db"), pattern, SMALL);
  const many = file(join(folder, "many.db"), pattern, large);
  yield* await growth(few, many, { store: "SQLite", short });
  const difference = differences(await few.operations(), await many.operations());
  yield {
    is: "reading",
    title: `storage operations of all requests, how many more or fewer with ${
      large.toLocaleString("en")
    } people, SQLite`,
    unit: "operations",
    values: [difference],
    atMost: 0,
  };
  await few.close();
  await many.close();
}

function file(path: string, pattern: Patterns, count: number): File {
  const storage = sqlite({ path });
  write(path, pattern, count);
  const auth = createAuth({ ...OPTIONS, storage });
  const { read, close } = preparedReads(path);
  return {
    count,
    getSession: (request) => auth.getSession(request),
    read,
    operations: () => operations(storage),
    async close() {
      close();
      await auth.close();
    },
  };
}

/** Writes into the driver's table by one transaction, which a file of a million would else take an hour for. */
function write(path: string, pattern: Patterns, count: number): void {
  const database = new DatabaseSync(path);
  database.exec("BEGIN");
  const statement = database.prepare("INSERT INTO latchkey (key, value, exp) VALUES ($key, $text, $exp)");
  fill(
    (key, text, ttl) =>
      void statement.run({ key, text, exp: ttl === undefined ? null : Date.now() + ttl * 1000 }),
    pattern,
    count,
  );
  database.exec("COMMIT");
  database.close();
}
