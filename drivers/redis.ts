import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { AuthError } from "../src/errors.ts";
import type { Driver, Undurable } from "../src/store/driver.ts";
import { placeIssues, type RedisClient, targetOf } from "./redis_client.ts";
import { type Link, linkTo } from "./redis_link.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";
export type { RedisClient } from "./redis_client.ts";

/** What {@link redis} may be told: one of `url`, `cluster` and `client`, and how to use it. */
export interface RedisOptions {
  /** `redis://user:password@host:6379/0`, or `rediss:` for TLS. What is special in a password is percent-encoded. */
  readonly url?: string;
  /** Some nodes of a Redis Cluster, as urls: they lead to the others. User, password and TLS are the same for all. */
  readonly cluster?: readonly string[];
  /** A `Redis` (by Sentinels too) or a `Cluster` of ioredis. It says where to connect and how; its own connection is left alone. */
  readonly client?: RedisClient;
  /** What stands before all keys: segments of letters, digits, `_` and `-` with `:` between them, or `""` for nothing. Two stores
   * in one Redis need two. Default `latchkey`. */
  readonly base?: string;
  /** How many replicas must have a write before it is answered; where fewer have it in half the deadline, it rejects. Default 0:
   * a failover may lose what was written just before. */
  readonly replicas?: number;
  /** How long an operation may take, connecting included, in seconds. Default 5. */
  readonly deadline?: number;
}

/** A command as Redis takes it. */
type Command = readonly [name: string, ...rest: (string | number)[]];

/** Sends a command that writes at `key`, unless it is late by then. */
type Send = (client: RedisClient, key: string, command: Command, late: () => boolean) => Promise<unknown>;

const BATCH = 500; // keys that one SCAN looks at
const MOVING = 20; // milliseconds until a slot that moves is asked for again

// Atomic because Redis runs nothing else meanwhile. It names one key, so that it runs on any node of a cluster, and writes last,
// so that one that fails has written nothing. What is past its ttl is absent to GET.
const SWAP = `
local stored = redis.call("GET", KEYS[1])
if stored ~= (ARGV[1] == "text" and ARGV[2]) then return 0 end
if ARGV[3] ~= "text" then redis.call("DEL", KEYS[1])
elseif ARGV[5] == "" then redis.call("SET", KEYS[1], ARGV[4])
else redis.call("SET", KEYS[1], ARGV[4], "PX", ARGV[5]) end
return 1`;
const SHA = createHash("sha1").update(SWAP).digest("hex");
const WHOLE: Command = ["eval", SWAP];

/** A store in Redis (5 or later) or what speaks its language, shared by any number of processes: one server, Sentinel or Cluster.
 * Needs the package `ioredis`. Keys expire by the server's clock, the only one that all processes share: so there is no `now`. No
 * write is sent twice, reads go to masters, and a server that may evict keys is refused.
 * @throws {AuthError} `config_invalid`, `storage_unsafe`; later, with each operation, `storage_unsafe`, `storage_unavailable` where
 * Redis does not answer within `deadline`, is full, has too few replicas or after `dispose`, and `storage_corrupt` where a key
 * holds no text
 * @see {@link https://redis.io/docs/latest/develop/programmability/eval-intro/ | Redis, Scripting with Lua}
 * @example Usage
 * ```ts ignore
 * import redis from "@latchkey/auth/drivers/redis";
 *
 * const driver = redis({ url: "redis://localhost:6379" });
 * await driver.swap("greeting", null, "hello", { ttl: 60 }); // true: nothing was there
 * await driver.dispose();
 * ``` */
export default function redis(options: RedisOptions): Driver {
  const { base = "latchkey", replicas = 0, deadline = 5 } = options;
  check(options, base, replicas, deadline);
  const target = targetOf(options);
  const prefix = target.keyPrefix + (base === "" ? "" : `${base}:`);
  const reads = linkTo(target, deadline * 1000);
  // WAIT holds up its whole connection: nobody reads behind it.
  const writes = replicas === 0 ? reads : linkTo(target, deadline * 1000);
  const send = replicas === 0 ? atOnce : acknowledged(replicas, deadline * 1000);
  // By its whole text where it would be waited for in vain that replicas have what an unknown script wrote.
  const script: Command = replicas === 0 ? ["evalsha", SHA] : WHOLE;

  function write<T>(key: string, texts: readonly string[], run: (send: SendTo) => Promise<T>): Promise<T> {
    if (![key, ...texts].every(isKept)) {
      throw new TypeError("a text with a NUL or half a character cannot be kept");
    }
    const reply = writes.ask((client, late) => run((command) => send(client, prefix + key, command, late)));
    // A write whose fate is unknown may have reached no replica: the text in the store is no proof for it.
    return replicas === 0 ? reply : reply.catch(undurable);
  }

  const get = (key: string) => reads.ask((client) => client.get(key));

  return {
    name: "redis",
    atomicity: "shared",
    getItem: (key) => get(prefix + key),
    hasItem: (key) => reads.ask((client) => client.call("exists", prefix + key)).then((found) => found === 1),
    swap(key, expected, next, options) {
      const args = [...tagged(expected), ...tagged(next), lifeOf(options?.ttl)];
      return write(key, args, (send) => swap(send, script, [1, prefix + key, ...args]));
    },
    async setItem(key, value, options) {
      const life = options?.ttl === undefined ? [] : ["px", lifeOf(options.ttl)];
      await write(key, [value], (send) => send(["set", prefix + key, value, ...life]));
    },
    async removeItem(key) {
      await write(key, [], (send) => send(["del", prefix + key]));
    },
    async getKeys(base = "") {
      const found = await Array.fromAsync(scan(reads, prefix + base));
      return found.flat().map((key) => key.slice(prefix.length));
    },
    async clear(base = "") {
      for await (const keys of scan(reads, prefix + base)) {
        await Promise.all(keys.map((key) => writes.ask((client) => client.call("unlink", key))));
      }
    },
    async *entries(base) {
      for await (const keys of scan(reads, prefix + base)) {
        const texts = await Promise.all(keys.map((key) => get(key).catch(nullOfOthers)));
        for (const [index, key] of keys.entries()) {
          const text = texts[index] ?? null; // gone since it was listed, or no text
          if (text !== null) yield [key.slice(prefix.length), text];
        }
      }
    },
    async ready() {
      await Promise.all([reads, writes].map((link) => link.ask(() => Promise.resolve())));
    },
    async dispose() {
      await Promise.all([reads.close(), writes.close()]);
    },
  };
}

/** Sends a command to a key whose place is known. */
type SendTo = (command: Command) => Promise<unknown>;

function check(options: RedisOptions, base: string, replicas: number, deadline: number): void {
  const rules: readonly (readonly [kept: boolean, option: string, message: string])[] = [
    [
      /^(?:[\w-]+(?::[\w-]+)*)?$/.test(base),
      "base",
      `must be segments of letters, digits, _ and - with : between them: it is ${base}`,
    ],
    [
      Number.isInteger(replicas) && replicas >= 0,
      "replicas",
      `must be a number of replicas: it is ${replicas}`,
    ],
    [deadline > 0 && deadline <= 3600, "deadline", `must be 0 to 3600 seconds: it is ${deadline}`],
  ];
  const issues = rules.filter(([kept]) => !kept).map(([, option, message]) => ({ path: option, message }));
  const all = [...placeIssues(options), ...issues];
  if (all.length > 0) throw new AuthError("config_invalid", { issues: all });
}

const atOnce: Send = (client, _, [name, ...rest]) => client.call(name, ...rest);

/** Sends a command and WAIT together, to the same connection: WAIT speaks of what that connection wrote. */
function acknowledged(replicas: number, ms: number): Send {
  const wait = ["wait", replicas, Math.ceil(ms / 2)];
  return async (client, key, command, late) => {
    while (!late()) {
      const replies = await client.pipeline([[...command], wait]).exec();
      const [[error, reply] = [null, null], [lost, count] = [null, null]] = replies ?? [];
      if (error === null) {
        if (lost !== null) throw lost;
        if (reply === 0 || Number(count) >= replicas) return reply; // 0: nothing was written
        throw new Error(`${count} of ${replicas} replicas have it`);
      }
      if (!client.isCluster || !/^(?:MOVED|ASK) /.test(error.message)) throw error;
      // The slot is elsewhere and nothing was done. ioredis sends no pipeline on whose second half was answered, but it
      // sends on a read, and learns from it.
      await client.call("exists", key);
      await pause(MOVING);
    }
    throw new Error("the slot of the key is moving from node to node");
  };
}

async function swap(send: SendTo, script: Command, args: readonly (string | number)[]): Promise<boolean> {
  try {
    return await send([...script, ...args]) === 1;
  } catch (error) {
    // The server has just started and does not know the script: it did nothing, so this sends nothing twice.
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return await send([...WHOLE, ...args]) === 1;
  }
}

/** Keys by the batch, each once though SCAN may repeat them. A cursor is good on the server that gave it: where the connection is
 * lost, this fails. */
async function* scan(link: Link, prefix: string): AsyncGenerator<readonly string[]> {
  const pattern = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`;
  const seen = new Set<string>();
  const masters = await link.ask((client) => Promise.resolve(client.nodes?.("master") ?? [client]));
  // A key may move from a node that has yet to be asked to one that was: where there are several, all of them are asked twice.
  const asked = masters.length > 1 ? [...masters, ...masters] : masters;
  for (const master of asked) {
    for (let cursor: string | null = "0"; cursor !== null;) {
      const from: string = cursor;
      const reply = await link.ask(() => master.call("scan", from, "match", pattern, "count", BATCH));
      const [next, keys] = reply as [string, string[]]; // as SCAN is documented
      yield keys.filter((key) => !seen.has(key) && seen.add(key));
      cursor = next === "0" ? null : next;
    }
  }
}

/** Null and every text differ in the first of two arguments. */
function tagged(text: string | null): readonly [tag: string, text: string] {
  return text === null ? ["nothing", ""] : ["text", text];
}

/** Milliseconds, as PX takes them; `""` for ever. */
function lifeOf(ttl: number | undefined): string {
  return ttl === undefined ? "" : `${Math.max(1, Math.ceil(ttl * 1000))}`;
}

/** A list or hash of somebody else's is no entry of ours. */
function nullOfOthers(error: unknown): null {
  if (error instanceof AuthError && error.code === "storage_corrupt") return null;
  throw error;
}

function undurable(error: unknown): never {
  throw Object.assign(Object(error), { undurable: true } satisfies Undurable);
}

/** JSON has neither NUL nor half a character; what has could come back changed. */
function isKept(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
