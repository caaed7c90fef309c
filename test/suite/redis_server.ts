// A real Redis for tests: on a free port of this machine, with nothing kept on disk, gone with the test.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Whether this machine has one. Where it has none, its tests skip. */
export const hasRedis: boolean = spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis that runs. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** SIGSTOP makes it slow, SIGCONT quick again. */
  readonly signal: (name: "SIGSTOP" | "SIGCONT") => void;
  /** Kills it at once, as a machine that loses its power. */
  readonly stop: () => Promise<void>;
  /** Starts it again, empty, on the same port. */
  readonly start: () => Promise<void>;
}

/** Starts one. `flags` go to redis-server: `["--maxmemory", "3mb"]`. */
export async function redisServer(flags: readonly string[] = [], port?: number): Promise<RedisServer> {
  const at = port ?? await freePort();
  const folder = mkdtempSync(join(tmpdir(), "latchkey-")); // a replica writes what it got from its master
  const own = ["--port", `${at}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  return await served(at, [...own, ...flags], folder);
}

/** Starts a Sentinel that watches a master called `main`, and takes a second of silence for its death. */
export async function sentinelServer(master: RedisServer): Promise<RedisServer> {
  const at = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const file = join(folder, "sentinel.conf"); // it writes into it
  const lines = [`monitor main 127.0.0.1 ${master.port} 1`, "down-after-milliseconds main 1000"];
  writeFileSync(file, lines.map((line) => `sentinel ${line}\n`).join(""));
  return await served(at, [file, "--sentinel", "--port", `${at}`, "--bind", "127.0.0.1"], folder);
}

async function served(port: number, args: readonly string[], folder: string): Promise<RedisServer> {
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    mkdirSync(folder, { recursive: true });
    const started = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
    child = started;
    const said: string[] = [];
    for await (const line of createInterface({ input: started.stdout })) {
      said.push(line);
      if (!/Ready to accept connections|\bSentinel ID is\b/.test(line)) continue;
      started.stdout.resume(); // nobody reads on: a full pipe would stop it
      return;
    }
    throw new Error(`redis-server did not start: ${said.slice(-3).join("; ")}`);
  }

  /** Not by `child.kill`: in Deno a child that was sent any signal counts as ended. */
  function send(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    if (child?.pid !== undefined) process.kill(child.pid, name);
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    signal: send,
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      send("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    },
    start,
  };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new TypeError("a port has a number");
  return address.port;
}
