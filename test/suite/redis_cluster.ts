// Three masters that are a Redis Cluster, each with a third of the slots.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort, type RedisServer, redisServer } from "./redis_server.ts";

/** A cluster that runs. */
export interface RedisCluster {
  /** The masters. */
  readonly nodes: readonly RedisServer[];
  readonly urls: readonly string[];
  /** Asks a node by a connection of the test's own. */
  readonly ask: (node: RedisServer, ...command: string[]) => Promise<unknown>;
  /** The master that has a key's slot. */
  readonly nodeOf: (key: string) => Promise<RedisServer>;
  /** Gives a master a replica, and resolves when every node tells clients of it. */
  readonly replicate: (master: RedisServer) => Promise<RedisServer>;
  /** Cuts a master off from its replica, for as long as it runs. */
  readonly cutOff: (master: RedisServer) => Promise<void>;
  /** Kills a master, and resolves when its replica has taken over. */
  readonly kill: (master: RedisServer, replica: RedisServer) => Promise<void>;
  /** Starts a node that was killed, and resolves when it follows whoever took over. */
  readonly revive: (node: RedisServer) => Promise<void>;
  /** Moves the slot of a key to another master, in three steps: what is new, one key, all of it. */
  readonly moving: (key: string, to: RedisServer) => Promise<readonly (() => Promise<void>)[]>;
  readonly stop: () => Promise<void>;
}

interface Node extends RedisServer {
  /** Where nodes talk to each other. */
  readonly bus: number;
  readonly client: Redis;
}

const SLOTS = [[0, 5460], [5461, 10922], [10923, 16383]] as const;
const JOINED = /cluster_state:ok[^]*cluster_slots_assigned:16384[^]*cluster_known_nodes:3/;
const PATIENCE = 20_000; // milliseconds

/** Starts one, and resolves when every node knows who has which slot. */
export async function redisCluster(): Promise<RedisCluster> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const all: Node[] = [];
  const ask = async (node: RedisServer, ...[name = "", ...rest]: string[]) =>
    await all.find((one) => one.port === node.port)?.client.call(name, ...rest);
  const idOf = async (node: RedisServer) => String(await ask(node, "cluster", "myid"));
  const meet = ({ port, bus }: Node) => ask(nodes[0]!, "cluster", "meet", "127.0.0.1", `${port}`, `${bus}`);

  const nodes = await Promise.all(SLOTS.map(() => nodeIn(folder)));
  all.push(...nodes);
  await Promise.all(nodes.map(async (node, index) => {
    await ask(node, "cluster", "set-config-epoch", `${index + 1}`);
    await ask(node, "cluster", "addslotsrange", ...(SLOTS[index] ?? []).map(String));
  }));
  for (const node of nodes.slice(1)) await meet(node);
  for (const node of nodes) await until(async () => JOINED.test(String(await ask(node, "cluster", "info"))));

  /** Who has which slots, as whoever answers knows it. */
  async function ranges(): Promise<readonly (readonly [from: number, to: number, master: Node])[]> {
    const replies = await ask(nodes[0]!, "cluster", "slots") as [number, number, [string, number]][];
    return replies.map(([from, to, [, port]]) => [from, to, all.find((node) => node.port === port)!]);
  }

  async function nodeOf(key: string): Promise<RedisServer> {
    const slot = Number(await ask(nodes[0]!, "cluster", "keyslot", key));
    return (await ranges()).find(([from, to]) => from <= slot && slot <= to)![2];
  }

  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    ask,
    nodeOf,
    async replicate(master) {
      const replica = await nodeIn(folder);
      all.push(replica);
      await meet(replica);
      const id = await idOf(master);
      await until(async () => String(await ask(replica, "cluster", "nodes")).includes(id));
      await ask(replica, "cluster", "replicate", id);
      await until(async () => String(await ask(master, "info", "replication")).includes("state=online"));
      for (const node of nodes) {
        await until(async () => String(await ask(node, "cluster", "slots")).includes(`,${replica.port},`));
      }
      return replica;
    },
    async cutOff(master) {
      await ask(master, "acl", "setuser", "default", "-sync", "-psync", "-replconf"); // it would come again at once
      await ask(master, "client", "kill", "type", "replica");
    },
    async kill(master, replica) {
      await master.stop();
      await until(async () => String(await ask(replica, "role")).startsWith("master"));
    },
    async revive(node) {
      await node.start();
      await until(async () => /^slave,.*,connected,/.test(String(await ask(node, "role"))));
    },
    async moving(key, to) {
      const from = await nodeOf(key);
      const slot = String(await ask(from, "cluster", "keyslot", key));
      const [source, target] = [await idOf(from), await idOf(to)];
      const migrate = ["migrate", "127.0.0.1", `${to.port}`, "", "0", "5000", "keys"];
      return [
        async () => {
          await ask(to, "cluster", "setslot", slot, "importing", source);
          await ask(from, "cluster", "setslot", slot, "migrating", target);
        },
        async () => void await ask(from, ...migrate, key),
        async () => {
          const keys = await ask(from, "cluster", "getkeysinslot", slot, "10000") as string[];
          if (keys.length > 0) await ask(from, ...migrate, ...keys);
          const masters = (await ranges()).map(([, , master]) => master);
          for (const node of new Set([to, from, ...masters])) {
            await ask(node, "cluster", "setslot", slot, "node", target);
          }
        },
      ];
    },
    async stop() {
      for (const { client } of all) client.disconnect();
      await Promise.all(all.map((node) => node.stop()));
      rmSync(folder, { recursive: true });
    },
  };
}

async function nodeIn(folder: string): Promise<Node> {
  const bus = await freePort();
  const flags = {
    "cluster-enabled": "yes",
    "cluster-config-file": `${bus}.conf`,
    "cluster-port": `${bus}`,
    "cluster-node-timeout": "1000",
    "cluster-require-full-coverage": "no",
    "repl-diskless-sync-delay": "0",
    "repl-ping-replica-period": "1", // clients are told of a replica when it has had something from its master
    dir: folder,
  };
  const server = await redisServer(Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
  const client = new Redis(server.url);
  client.on("error", () => {}); // some are killed
  return { ...server, bus, client };
}

/** Asks again and again until it is so: Redis tells nobody. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE; !await isSo();) {
    if (performance.now() > end) throw new Error(`it has not come to pass: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve)); // others get their turn
  }
}
