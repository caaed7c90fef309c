// A server for each test of the Node adapter, on a port of its own, and gone after it.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { afterEach } from "vitest";
import type { NodeListener } from "../../src/doors/node.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Serves, and resolves to the port. */
export async function listening(listener: NodeListener): Promise<number> {
  const server = createServer((incoming, outgoing) => listener(incoming, outgoing));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Number(Object(server.address()).port);
}

/** Everything that comes until the other side has no more to say. */
export async function heard(stream: Socket | IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return new TextDecoder().decode(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}
