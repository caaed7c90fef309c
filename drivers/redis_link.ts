import { setTimeout as pause } from "node:timers/promises";
import { AuthError } from "../src/errors.ts";
import type { RedisClient, Target } from "./redis_client.ts";

/** A connection that is made when it is needed, and made anew when it was lost. */
export interface Link {
  /** Sends something, unless it is late by then, and resolves to the reply. */
  readonly ask: <T>(send: (client: RedisClient, late: () => boolean) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

const RETRY = 50; // milliseconds between two attempts to connect
const KEPT = "noeviction";

/** A connection to a place that is made by the first operation, and by the next one after it was lost. */
export function linkTo({ name, make }: Target, ms: number): Link {
  const open = new Map<RedisClient, Promise<void>>(); // those that have not ended, and when they will have
  let current: RedisClient | undefined;
  let connecting: Promise<RedisClient> | undefined;
  let trouble: unknown; // why there is no connection
  let corked = false;
  let closed = false;

  const watch = watchdog<Asked>(ms, (asked) => {
    asked.late = true;
    const why = trouble === undefined ? "" : `: ${messageOf(trouble)}`;
    asked.reject(failure(name, new Error(`no answer within ${ms / 1000} s${why}`)));
    // The other end is gone without a word. Of a cluster that is one node: there the socket has a timeout of its own.
    if (asked.client !== undefined && !asked.client.isCluster) end(asked.client);
  });

  function end(client: RedisClient): void {
    if (open.has(client) && client.stream?.writable !== false) client.disconnect();
  }

  async function connect(): Promise<RedisClient> {
    const client = await make(ms);
    if (closed) throw new Error("the driver has been disposed");
    let cause: unknown;
    let fit = false;
    const establish = async () => {
      await client.connect(); // that of a cluster may neither resolve nor reject
      if (cause === undefined) await refuseUnfit(client, ms);
      fit = cause === undefined; // a database that is not there is told by the way, and another one used
    };
    client.on("error", (error) => {
      cause ??= "lastNodeError" in error ? error.lastNodeError : error;
      // The client hears the first failure of a socket alone; a second one (the other side's TLS alert) would end the process.
      client.stream?.on("error", () => {});
    });
    const ended = new Promise<void>((resolve) => client.on("end", () => resolve(void open.delete(client))));
    open.set(client, ended);
    try {
      await Promise.race([establish(), ended, pause(ms, undefined, { ref: false })]);
      if (fit) return client;
      throw new Error("it closes the connection, does not answer or is still loading its data");
    } catch (error) {
      end(client);
      throw cause ?? error;
    }
  }

  function connected(): Promise<RedisClient> {
    connecting ??= connect().then((client) => {
      trouble = undefined;
      return current = client;
    }).finally(() => connecting = undefined);
    return connecting;
  }

  /** Tries for as long as somebody waits, however long others have been trying. */
  async function reached(asked: Asked): Promise<RedisClient> {
    for (;; await pause(RETRY)) {
      try {
        return await connected();
      } catch (cause) {
        trouble = cause;
        if (asked.late || closed || isFinal(cause)) throw cause;
      }
    }
  }

  /** What is sent in one tick travels together. */
  function gather({ stream }: RedisClient): void {
    if (corked || stream === undefined) return;
    corked = true;
    stream.cork();
    process.nextTick(() => {
      corked = false;
      stream.uncork();
    });
  }

  function ask<T>(send: (client: RedisClient, late: () => boolean) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked: Asked = { late: false, client: undefined, reject };
      const begin = (client: RedisClient) => {
        if (asked.late || closed) throw new Error("the driver has been disposed");
        asked.client = client;
        gather(client);
        return send(client, () => asked.late);
      };
      watch.begin(asked);
      const usable = current?.status === "ready" && current.stream?.writable !== false && !closed;
      const reply = usable && current !== undefined ? begin(current) : reached(asked).then(begin);
      reply.then((value) => {
        watch.end(asked);
        resolve(value);
      }, (cause) => {
        watch.end(asked);
        // A cluster lets go of a node that was lost a moment after the commands: nobody is sent there again.
        setImmediate(() => reject(failure(name, cause)));
      });
    });
  }

  async function close(): Promise<void> {
    closed = true;
    for (const client of open.keys()) end(client);
    await Promise.all(open.values());
  }

  return { ask, close };
}

/** Somebody who waits for a reply. */
interface Asked {
  late: boolean;
  /** Whom it was asked; undefined while there is no connection. */
  client: RedisClient | undefined;
  readonly reject: (error: AuthError) => void;
}

/** Tells what has not ended `ms` milliseconds after it began. All share one timer: one for each would take longer than Redis. */
function watchdog<T>(ms: number, tell: (one: T) => void) {
  const running = new Map<T, number>(); // the oldest first
  let timer: ReturnType<typeof setTimeout> | undefined;

  function look(): void {
    timer = undefined;
    for (const [one, until] of running) {
      const left = until - performance.now();
      if (left > 0) return lookIn(left);
      running.delete(one);
      tell(one);
    }
  }

  function lookIn(wait: number): void {
    timer = setTimeout(look, Math.ceil(wait));
    timer.unref(); // whatever is waited for has a socket or a timer of its own
  }

  return {
    begin(one: T): void {
      running.set(one, performance.now() + ms);
      if (timer === undefined) lookIn(ms);
    },
    end: (one: T) => void running.delete(one),
  };
}

/** Refuses a server that may throw keys away, and a replica: what is read there may be out of date. Where a server does not let
 * itself be asked, it is taken at its word; so is a node of a cluster that is down, for it takes no writes. */
async function refuseUnfit(client: RedisClient, ms: number): Promise<void> {
  const infos = client.isCluster
    ? (client.nodes?.("master") ?? []).map((node) =>
      Promise.race([infoOf(node, true), pause(ms / 3, "", { ref: false })])
    )
    : [infoOf(client, false)];
  for (const info of await Promise.all(infos)) {
    const [, policy = KEPT] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
    if (policy !== KEPT) {
      const remedy =
        `Redis may throw accounts away when its memory is full (maxmemory-policy ${policy}): CONFIG SET ` +
        `maxmemory-policy ${KEPT}, or what your provider calls it`;
      throw new AuthError("storage_unsafe", { remedy });
    }
    if (/^role:slave/m.test(info) && !client.isCluster) throw new Error("READONLY it is a replica");
  }
}

async function infoOf(node: RedisClient, spared: boolean): Promise<string> {
  try {
    return String(await node.call("info"));
  } catch (error) {
    if (spared || (error instanceof Error && error.name === "ReplyError")) return "";
    throw error;
  }
}

/** Whether trying again is in vain: it is not the connection that failed. */
function isFinal(cause: unknown): boolean {
  return cause instanceof AuthError || /^(?:WRONGPASS|NOAUTH|NOPERM|DENIED|ERR) /.test(messageOf(cause));
}

/** What a reply of Redis means for whoever runs it. */
const HINTS: readonly (readonly [message: RegExp, hint: string])[] = [
  [/^(?:WRONGPASS|NOAUTH)/, "look at the user and the password"],
  [/^OOM/, "it is full: raise maxmemory"],
  [/^(?:MOVED|ASK) /, "it is a node of a cluster: name it as `cluster`"],
  [/READONLY/, "name the master"],
];

function failure(name: string, cause: unknown): AuthError {
  if (cause instanceof AuthError) return cause;
  const message = messageOf(cause);
  const hint = HINTS.find(([known]) => known.test(message))?.[1];
  const remedy = `${name}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  const code = message.startsWith("WRONGTYPE") ? "storage_corrupt" : "storage_unavailable";
  return new AuthError(code, { remedy }, { cause: withoutCommand(cause) });
}

/** ioredis puts the command into its errors: with the password of AUTH, and with records. */
function withoutCommand(cause: unknown): unknown {
  if (!(cause instanceof Error) || !("command" in cause)) return cause;
  return Object.assign(new Error(messageOf(cause)), { name: cause.name });
}

/** The message of an error, without what a server that does not know a command repeats of it. */
function messageOf(error: unknown): string {
  const { message, code } = Object(error) as { readonly message?: unknown; readonly code?: unknown };
  return String(message || code || error).replace(/, with args beginning with:.*/s, ""); // that of several addresses is empty
}
