import { lookup } from "node:dns/promises";
import type { Server, ServerResponse } from "node:http";
import { isLoopback } from "../base/origin.ts";
import type { AuthError } from "../errors.ts";
import { machine } from "../platform.ts";
import { codeOf, unusable } from "./folder.ts";

/** An address to listen on. */
export interface Address {
  /** As a number. */
  readonly ip: string;
  /** Whether only this machine reaches it. */
  readonly loopback: boolean;
}

const PATIENCE = 10_000; // ms that requests under way have when the server stops

/** The address of a host.
 * @throws {AuthError} `config_invalid` where the name has none */
export async function addressOf(host: string): Promise<Address> {
  try {
    const { address: ip, family } = await lookup(host.replace(/^\[(.*)\]$/, "$1"));
    return { ip, loopback: isLoopback(family === 6 ? `[${ip}]` : ip) };
  } catch (cause) {
    throw notHere(host, cause);
  }
}

/** Listens, and resolves to the port.
 * @throws {AuthError} `config_invalid` where that is not possible */
export async function listen(server: Server, { port, ip }: { port: number; ip: string }): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, ip, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "EADDRINUSE") throw unusable("port", `must be free: ${port} on ${ip} is taken`, cause);
    if (code === "EACCES") {
      throw unusable("port", `must be one that this user may use: ${port} is not`, cause);
    }
    throw notHere(ip, cause);
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : port;
}

function notHere(host: string, cause: unknown): AuthError {
  return unusable("host", `must be a name or an address of this machine: ${host} is none`, cause);
}

/** Counts the requests that are under way, and returns how to stop: nothing new is accepted, what is under way is finished. */
export function stopper(server: Server): () => Promise<void> {
  const underWay = new Set<ServerResponse>();
  const idle: (() => void)[] = [];
  server.on("request", (_, outgoing) => {
    const gone = () => {
      underWay.delete(outgoing);
      if (underWay.size === 0) idle.splice(0).forEach((resolve) => resolve());
    };
    underWay.add(outgoing);
    outgoing.once("close", gone);
    outgoing.once("finish", gone);
  });
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    if (underWay.size > 0) {
      await Promise.race([new Promise<void>((resolve) => idle.push(resolve)), machine.sleep(PATIENCE, true)]);
    }
    server.closeAllConnections();
    await closed;
  };
}
