import type { Driver } from "./driver.ts";
import { refuseUnkept } from "./unkept.ts";

/** A client of `@upstash/redis` (or `@vercel/kv`, which is one), as far as it is used here. */
export interface RestClient {
  /** Runs a script. */
  readonly eval: (script: string, keys: string[], values: string[]) => Promise<unknown>;
  /** Looks for keys, some at a time. */
  readonly scan: (
    cursor: string,
    options: { match: string; count: number },
  ) => Promise<readonly [cursor: unknown, keys: readonly unknown[]]>;
}

const PAGE = 100; // keys looked at in one step: of the largest records, Upstash answers with no more
const WHATEVER = "*"; // may be replaced

// All reads are scripts. The client would take a text that looks like JSON for what it means, but not with a "=" before it: "" says
// that nothing is there. And what is to be decided on is read where it is written: a plain GET is answered by the nearest replica
// (https://upstash.com/docs/redis/features/globaldatabase).
const READ = `
local text = redis.call("GET", KEYS[1])
return text and "=" .. text or ""`;
// A list or hash of somebody else's is no entry of ours; whatever else is wrong, is said.
const READ_ALL = `
local texts = {}
for i, key in ipairs(KEYS) do
  local text = redis.pcall("GET", key)
  if type(text) == "table" and not string.find(text.err, "WRONGTYPE", 1, true) then return text end
  texts[i] = type(text) == "string" and "=" .. text or ""
end
return texts`;
const SWAP = `
local text = redis.call("GET", KEYS[1])
if ARGV[1] ~= "${WHATEVER}" and ARGV[1] ~= (text and "=" .. text or "") then return 0 end
if ARGV[2] == "" then redis.call("DEL", KEYS[1])
elseif ARGV[3] == "" then redis.call("SET", KEYS[1], string.sub(ARGV[2], 2))
else redis.call("SET", KEYS[1], string.sub(ARGV[2], 2), "PX", ARGV[3]) end
return 1`;

/** unstorage's `upstash` and `vercel-kv`: Redis over HTTP. The client sends a request again when its reply is lost, and cannot be told not
 * to, so a false may be the answer to a swap that wrote. Whether the database evicts keys is not told: it must not. */
export function swapInScript(client: RestClient): Driver {
  const run = (script: string, keys: readonly string[], values: readonly string[] = []) =>
    client.eval(script, [...keys], [...values]);

  const get = async (key: string) => unmarked(await run(READ, [key]));

  /** Atomic because Redis runs nothing else meanwhile. */
  async function write(key: string, expected: string, next: string | null, ttl?: number): Promise<boolean> {
    refuseUnkept(key, expected, next);
    const life = ttl === undefined ? "" : String(Math.max(1, Math.ceil(ttl * 1000)));
    return await run(SWAP, [key], [expected, marked(next), life]) === 1;
  }

  async function* pages(prefix: string): AsyncGenerator<readonly string[]> {
    const seen = new Set<string>(); // Redis may tell a key twice
    const match = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`;
    for (let cursor = "0", first = true; first || cursor !== "0"; first = false) {
      const [next, found] = await client.scan(cursor, { match, count: PAGE });
      cursor = String(next);
      const keys = found.map(String).filter((key) => !seen.has(key)); // a key of digits is told as a number
      keys.forEach((key) => seen.add(key));
      if (keys.length > 0) yield [...new Set(keys)];
    }
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [key: string, text: string]> {
    for await (const keys of pages(prefix)) {
      const texts = await run(READ_ALL, keys) as readonly string[]; // as the script has it
      for (const [i, key] of keys.entries()) {
        const text = unmarked(texts[i] ?? "");
        if (text !== null) yield [key, text];
      }
    }
  }

  return {
    name: "upstash",
    atomicity: "shared",
    getItem: get,
    hasItem: async (key) => await get(key) !== null,
    swap: async (key, expected, next, options) =>
      expected === null && next === null
        ? await get(key) === null
        : await write(key, marked(expected), next, options?.ttl),
    setItem: async (key, value, options) => void await write(key, WHATEVER, value, options?.ttl),
    removeItem: async (key) => void await write(key, WHATEVER, null),
    getKeys: async (base = "") => (await Array.fromAsync(pages(base))).flat(),
    async clear(base = "") {
      for await (const keys of pages(base)) {
        await Promise.all(keys.map((key) => write(key, WHATEVER, null)));
      }
    },
    entries,
    dispose() {},
  };
}

/** What READ has answered. */
function unmarked(reply: unknown): string | null {
  if (reply === "") return null;
  if (typeof reply === "string" && reply.startsWith("=")) return reply.slice(1);
  throw new TypeError("Redis answers otherwise than the script does");
}

function marked(text: string | null): string {
  return text === null ? "" : `=${text}`;
}
