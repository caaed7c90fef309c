import { AuthError, type Issue } from "../src/errors.ts";
import type { MaybePromise } from "../src/store/driver.ts";

/** What is used of a client of ioredis. */
export interface RedisClient {
  /** `ready` while it is connected. */
  readonly status: string;
  /** Whether it is a `Cluster`. */
  readonly isCluster: boolean;
  /** What it was made with. */
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly scaleReads?: unknown;
    readonly redisOptions?: object | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly name?: string | undefined;
  };
  /** Its socket; a `Cluster` has none of its own. */
  readonly stream?: {
    readonly writable: boolean;
    cork(): void;
    uncork(): void;
    on(event: "error", listener: () => void): unknown;
  };
  /** Makes another that connects to the same place, with some options changed. */
  duplicate(first?: object, second?: object): RedisClient;
  /** Connects, and resolves when it may be used. */
  connect(): Promise<void>;
  /** Ends the connection. */
  disconnect(): void;
  /** Listens to `error`, `end` and, on a `Cluster`, `+node`. */
  on(event: string, listener: (subject: object) => void): unknown;
  /** What `call("get", key)` does, a little sooner. */
  get(key: string): Promise<string | null>;
  /** Sends a command. */
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
  /** Sends commands together. */
  pipeline(commands: unknown[][]): { exec(): Promise<[error: Error | null, reply: unknown][] | null> };
  /** The nodes of a `Cluster`. */
  nodes?(role: "master"): RedisClient[];
}

/** Where Redis is: one of the three. */
export interface Place {
  readonly url?: string;
  readonly cluster?: readonly string[];
  readonly client?: RedisClient;
}

/** How to connect to it. */
export interface Target {
  /** What messages call it: no user and no password. */
  readonly name: string;
  /** What its clients put before all keys already. */
  readonly keyPrefix: string;
  /** A client that waits to be connected, and gives up on whatever takes `ms` milliseconds. */
  readonly make: (ms: number) => MaybePromise<RedisClient>;
}

/** A url as ioredis takes it. */
interface Address {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly db: number;
  readonly family: number;
  readonly tls: object | undefined;
}

const LOADING = 50; // milliseconds until a server that still loads its data is asked again
const GRACE = 500; // milliseconds in which replies may still come when a connection is ended
const PORT = 6379;
const MALFORMED =
  "must be like redis://user:password@host:6379/0; what is special in a user or password is percent-encoded";

/** What is wrong with a place. */
export function placeIssues({ url, cluster, client }: Place): readonly Issue[] {
  const given = [url, cluster, client].filter((one) => one !== undefined).length;
  if (given !== 1) {
    return [{ path: "url", message: `must be given, or cluster, or client, one of them: ${given} are` }];
  }
  if (client !== undefined) {
    const has = (name: string) => typeof Object(client)[name] === "function";
    const fits = ["duplicate", "call", "pipeline"].every(has);
    return fits ? [] : [{ path: "client", message: "must be a Redis or a Cluster of ioredis" }];
  }
  const urls = url === undefined ? cluster ?? [] : [url];
  if (urls.length === 0) return [{ path: "cluster", message: "must name a node: it is empty" }];
  const addresses = urls.map(addressOf);
  const [first] = addresses;
  return addresses.flatMap((address, index) => {
    const path = url === undefined ? `cluster.${index}` : "url";
    if (typeof address === "string") return [{ path, message: address }];
    if (typeof first === "object" && signature(address) !== signature(first)) {
      return [{ path, message: "must have the scheme, user and password of the first" }];
    }
    return url === undefined && address.db !== 0 ? [{ path, message: "must have no database but 0" }] : [];
  });
}

/** How to connect to a place that has no issues.
 * @throws {AuthError} `storage_unsafe` */
export function targetOf({ url, cluster, client }: Place): Target {
  if (client !== undefined) return given(client);
  const addresses = (cluster ?? [url ?? ""]).map(addressOf).filter((address) => typeof address === "object");
  const name = addresses.map(({ host, port, tls }) => `redis${tls ? "s" : ""}://${host}:${port}`).join(", ");
  const [first] = addresses;
  const make = async (ms: number) => {
    const { Redis, Cluster } = await ioredis();
    if (cluster === undefined) return new Redis({ ...first, ...single(ms) });
    const { username = "", password = "", tls } = first ?? {};
    // Without a look at DNS of its own, which would leave TLS with an address to check instead of a name.
    const dnsLookup = (host: string, found: (error: null, host: string) => void) => found(null, host);
    return mastersOnly(
      new Cluster([...addresses], { dnsLookup, ...clustered(ms, { username, password, tls }) }),
    );
  };
  return { name, keyPrefix: "", make };
}

/** A given client tells where, and how to sign in. What it would resend or read from replicas is not taken over.
 * @throws {AuthError} `storage_unsafe` */
function given(client: RedisClient): Target {
  const { keyPrefix, scaleReads, redisOptions, host, port, path, name } = client.options;
  if (scaleReads !== undefined && scaleReads !== "master") {
    const remedy =
      `a client that reads from replicas reads what has been changed: scaleReads must be "master"`;
    throw new AuthError("storage_unsafe", { remedy });
  }
  const server = name ? `redis master ${name}` : path ?? `redis://${host}:${port}`;
  return {
    name: client.isCluster ? "redis cluster" : server,
    keyPrefix: keyPrefix ?? "",
    make: (ms) =>
      client.isCluster
        ? mastersOnly(client.duplicate([], clustered(ms, redisOptions)))
        : client.duplicate(single(ms)),
  };
}

async function ioredis() {
  try {
    return await import("ioredis");
  } catch (cause) {
    const message = "is a package that the redis driver needs: npm install ioredis";
    throw new AuthError("config_invalid", { issues: [{ path: "ioredis", message }] }, { cause });
  }
}

/** Options of one connection. It never connects again: what is unanswered when it is lost may have been done, and a client that
 * reconnects would send it again. */
function single(ms: number) {
  return {
    lazyConnect: true,
    retryStrategy: null,
    sentinelRetryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    reconnectOnError: (error: Error) => error.message.includes("READONLY"), // the master has become a replica; nothing is resent
    enableReadyCheck: true,
    maxLoadingRetryTime: LOADING,
    connectTimeout: Math.ceil(ms / 3), // a Sentinel that is down, the next one and the master are three
    sentinelCommandTimeout: Math.ceil(ms / 3),
    disconnectTimeout: GRACE,
    commandTimeout: undefined,
    socketTimeout: undefined,
    enableAutoPipelining: false,
    stringNumbers: false,
    readOnly: false,
    role: "master",
    keyPrefix: "",
  } as const;
}

/** Options of a cluster. What a node answers with MOVED, ASK or CLUSTERDOWN was not done and is sent elsewhere; what a node was
 * lost with is not. */
function clustered(ms: number, redisOptions: object | undefined) {
  return {
    lazyConnect: true,
    clusterRetryStrategy: null,
    clusterNodeRetryStrategy: null,
    retryDelayOnFailover: 0, // "Connection is closed" does not tell whether a command was sent
    slotsRefreshTimeout: Math.ceil(ms / 3),
    enableOfflineQueue: true, // nodes connect when they are first spoken to
    enableAutoPipelining: false,
    shardedSubscribers: false,
    keyPrefix: "",
    redisOptions: { ...redisOptions, ...single(ms), socketTimeout: ms }, // a node that is gone without a word
  } as const;
}

/** Where no master is left, a cluster's client asks replicas, which answer it with what they have: it had told them READONLY.
 * Untold, they name their master. */
function mastersOnly<C extends RedisClient>(cluster: C): C {
  cluster.on("+node", (node) => void Object.assign(node, { readonly: () => Promise.resolve() }));
  return cluster;
}

function addressOf(text: string): Address | string {
  const url = URL.parse(text);
  const { family = "0", ...unknown } = Object.fromEntries(url?.searchParams ?? []);
  const plain = url?.hash === "" && /^\/?\d*$/.test(url.pathname) && Object.keys(unknown).length === 0;
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || !plain) return MALFORMED;
  try {
    return {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? PORT : Number(url.port),
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      db: Number(url.pathname.slice(1)),
      family: Number(family),
      tls: url.protocol === "rediss:" ? {} : undefined,
    };
  } catch {
    return MALFORMED; // a % that stands for itself
  }
}

function signature({ tls, username, password }: Address): string {
  return JSON.stringify([tls, username, password]);
}
