import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import type { Driver } from "./driver.ts";
import { refuseUnkept } from "./unkept.ts";
import type { StockDriver } from "./unstorage.ts";
import { whileBusy } from "./while_busy.ts";

/** A database of db0, as far as it is used here. */
export interface Database {
  /** `sqlite`, `libsql` or `postgresql`. */
  readonly dialect: string;
  /** A statement, in which `?` stands for values. */
  readonly prepare: (sql: string) => Statement;
  /** What its connector works with. */
  readonly getInstance: () => unknown;
}

/** A statement of db0. */
export interface Statement {
  /** Runs it to its end: what a statement returns is seen before SQLite knows whether it is done. */
  readonly all: (...values: readonly string[]) => Promise<readonly unknown[]>;
}

/** Where a store is, and who looks at it. */
interface Place {
  readonly driver: StockDriver;
  readonly database: Database;
  readonly platform: Platform;
  /** Refuses a file on a disk on which locks do not hold. */
  readonly refuseNetworkDisk: (file: string) => void;
}

/** What of a row is asked for. */
interface Row {
  readonly key: string;
  readonly value: string;
}

const PAGE = 100; // rows read at once
const WAIT = 5000; // ms that SQLite itself waits, while the table is made
const LAST = "\u{10FFFF}"; // after every character of a key
const NAME = /^(?:[a-z_]\w*|"[^"]+")(?:\.(?:[a-z_]\w*|"[^"]+"))?$/i;

/** unstorage's `db0` on SQLite, libSQL or PostgreSQL: each write is one statement with its condition in it. A transaction that the
 * application has open on the same connection takes these writes along, and undoes them when it is undone.
 * @throws {AuthError} `storage_unsafe` */
export async function swapInSql({ driver, database, platform, refuseNetworkDisk }: Place): Promise<Driver> {
  await makeTable(driver, database);
  const atomicity = await atomicityOf(database, refuseNetworkDisk);
  const sql = statements(database, tableOf(driver));
  const isPostgres = database.dialect === "postgresql";

  async function run(statement: Statement, ...values: readonly string[]): Promise<readonly Row[]> {
    refuseUnkept(...values);
    return await whileBusy(platform, () => statement.all(...values)) as readonly Row[]; // these columns were asked for
  }

  const wrote = async (...of: Parameters<typeof run>) => (await run(...of)).length === 1;
  const span = (prefix: string) => isPostgres ? [prefix] : [prefix, prefix + LAST];

  async function get(key: string): Promise<string | null> {
    const [row] = await run(sql.get, key);
    return row?.value ?? null;
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [key: string, text: string]> {
    for (let last = "", rows: readonly Row[] = []; last === "" || rows.length === PAGE;) {
      rows = await run(sql.page, last, ...span(prefix));
      for (const { key, value } of rows) yield [last = key, value];
      if (rows.length === 0) return;
    }
  }

  return {
    name: "db0",
    atomicity,
    getItem: get,
    hasItem: async (key) => await get(key) !== null,
    // Atomic because whatever it writes is one statement with its condition in it.
    async swap(key, expected, next) {
      if (expected !== null) {
        return await (next === null
          ? wrote(sql.remove, key, expected)
          : wrote(sql.update, next, key, expected));
      }
      return next === null ? await get(key) === null : await wrote(sql.create, key, next);
    },
    setItem: async (key, value) => void await run(sql.set, key, value),
    removeItem: async (key) => void await run(sql.delete, key),
    getKeys: async (base = "") => (await Array.fromAsync(entries(base))).map(([key]) => key),
    clear: async (base = "") => void await run(sql.clear, ...span(base)),
    entries,
    dispose() {},
  };
}

function statements(database: Database, table: string) {
  const sql = (text: string) => database.prepare(`${text} RETURNING key`);
  // In PostgreSQL the order of texts is that of a language, in which a prefix is no range.
  const below = database.dialect === "postgresql" ? "starts_with(key, ?)" : "key >= ? AND key < ?";
  const row = "(key, value, created_at, updated_at) VALUES (?, ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)";
  return {
    get: database.prepare(`SELECT value FROM ${table} WHERE key = ?`),
    create: sql(`INSERT INTO ${table} ${row} ON CONFLICT (key) DO NOTHING`),
    update: sql(`UPDATE ${table} SET value = ?, updated_at = CURRENT_TIMESTAMP WHERE key = ? AND value = ?`),
    remove: sql(`DELETE FROM ${table} WHERE key = ? AND value = ?`),
    set: sql(
      `INSERT INTO ${table} ${row}
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = CURRENT_TIMESTAMP`,
    ),
    delete: sql(`DELETE FROM ${table} WHERE key = ?`),
    clear: sql(`DELETE FROM ${table} WHERE ${below}`),
    page: database.prepare(
      `SELECT key, value FROM ${table} WHERE key > ? AND ${below} AND value IS NOT NULL ORDER BY key LIMIT ${PAGE}`,
    ),
  };
}

/** Has unstorage make its table. It never tries again after a failure, so while it does, SQLite itself waits for others. */
async function makeTable(driver: StockDriver, database: Database): Promise<void> {
  const [row] = database.dialect === "postgresql" ? [] : await pragma(database, "busy_timeout");
  const before = Number(Object(row).timeout); // not all of libSQL says
  const wait = (ms: number) => pragma(database, `busy_timeout = ${ms}`);
  if (!Number.isNaN(before)) await wait(WAIT);
  try {
    await driver.hasItem("canary", {});
  } finally {
    if (!Number.isNaN(before)) await wait(before);
  }
}

/** What SQLite says of itself; nothing where it is not asked. */
async function pragma(database: Database, name: string): Promise<readonly unknown[]> {
  try {
    return await database.prepare(`PRAGMA ${name}`).all();
  } catch {
    return []; // a libSQL elsewhere does not let everybody ask
  }
}

/** The table as it stands in unstorage's own statements: unquoted. */
function tableOf({ options }: StockDriver): string {
  const name = String(Object(options).tableName);
  if (NAME.test(name)) return name;
  const remedy = `storage: the tableName of the driver "db0" must be a name as SQL has it: it is ${name}`;
  throw new AuthError("storage_unsafe", { remedy });
}

/** A database in memory has one process; so has one of which that cannot be told. */
async function atomicityOf(
  database: Database,
  refuseNetworkDisk: Place["refuseNetworkDisk"],
): Promise<Driver["atomicity"]> {
  if (database.dialect === "postgresql") {
    const isPglite = "execProtocol" in Object(await database.getInstance());
    return isPglite ? "process" : "shared";
  }
  const main = (await pragma(database, "database_list")).find((row) => Object(row).name === "main");
  const file = Object(main).file;
  if (typeof file !== "string" || file === "") return "process";
  if (database.dialect === "sqlite") refuseNetworkDisk(file);
  return "shared";
}
