import type { Driver } from "@latchkey/auth";

/** What is used of a client: the Pool of `pg` has it, PGlite too. */
export interface Sql {
  readonly query: (text: string, values?: unknown[]) => Promise<{ rows: Record<string, string>[] }>;
}

export const TABLE = 'CREATE TABLE auth (key TEXT COLLATE "C" PRIMARY KEY, value TEXT, exp FLOAT8)';
const SET = "INSERT INTO auth VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET value = $2, exp = $3";
const STATEMENTS = {
  get: "SELECT value FROM auth WHERE key = $1 AND exp > $2",
  create: `${SET} WHERE auth.exp <= $4 RETURNING key`, // over nothing, or over what has expired
  update: "UPDATE auth SET value = $2, exp = $3 WHERE key = $1 AND exp > $4 AND value = $5 RETURNING key",
  take: "DELETE FROM auth WHERE key = $1 AND exp > $2 AND value = $3 RETURNING key",
  set: SET,
  remove: "DELETE FROM auth WHERE key = $1",
  clear: "DELETE FROM auth WHERE starts_with(key, $1)",
  keys: "SELECT key FROM auth WHERE starts_with(key, $1) AND exp > $2",
  page: "SELECT * FROM auth WHERE starts_with(key, $1) AND key > $2 AND exp > $3 ORDER BY key LIMIT 100",
};

export function postgres(sql: Sql, now: () => number = Date.now): Driver {
  let disposed = false;

  async function run(name: keyof typeof STATEMENTS, ...values: (string | number)[]) {
    if (disposed) throw new Error("the driver has been disposed");
    if (!values.every((value) => String(value).isWellFormed())) throw new TypeError("half a character");
    return (await sql.query(STATEMENTS[name], values)).rows;
  }

  const get = async (key: string) => (await run("get", key, now()))[0]?.["value"] ?? null;
  const expiry = (ttl?: number) => now() + (ttl ?? Infinity) * 1000;

  async function* entries(prefix: string): AsyncGenerator<[string, string]> {
    let last = "";
    for (let rows; (rows = await run("page", prefix, last, now())).length > 0;) {
      for (const { key = "", value = "" } of rows) yield [last = key, value];
    }
  }

  return {
    name: "postgres",
    atomicity: "shared",
    getItem: get,
    async swap(key, expected, next, { ttl } = {}) { // one statement with its condition in it: that is all there is to it
      if (next === null && expected === null) return await get(key) === null;
      if (next === null) return (await run("take", key, now(), String(expected))).length === 1;
      if (expected === null) return (await run("create", key, next, expiry(ttl), now())).length === 1;
      return (await run("update", key, next, expiry(ttl), now(), expected)).length === 1;
    },
    hasItem: async (key) => await get(key) !== null,
    setItem: async (key, value, { ttl } = {}) => void await run("set", key, value, expiry(ttl)),
    removeItem: async (key) => void await run("remove", key),
    getKeys: async (prefix) => (await run("keys", prefix, now())).map(({ key = "" }) => key),
    clear: async (prefix) => void await run("clear", prefix),
    entries,
    dispose: () => void (disposed = true),
  };
}
