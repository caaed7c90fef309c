import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { toNodeListener } from "../../src/doors/node.ts";

/** Answers a request, told of the connection. */
export type Handler = (request: Request, info?: unknown) => Response | Promise<Response>;

/** Serves a handler by what the runtime has for that, on Node by the adapter; resolves to the port. */
export async function listening(handler: Handler): Promise<number> {
  const hostname = "127.0.0.1";
  const runtime: { readonly Deno?: DenoServer; readonly Bun?: BunServer } = globalThis as object;
  if (runtime.Bun !== undefined) return runtime.Bun.serve({ port: 0, hostname, fetch: handler }).port;
  if (runtime.Deno === undefined) return await onNode(toNodeListener(handler));
  return runtime.Deno.serve({ port: 0, hostname, onListen() {} }, handler).addr.port;
}

/** Serves a listener of `node:http`; resolves to the port. */
export async function onNode(
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a port has a number");
  return address.port;
}

interface BunServer {
  serve(options: { port: number; hostname: string; fetch: Handler }): { readonly port: number };
}

interface DenoServer {
  serve(
    options: { port: number; hostname: string; onListen(): void },
    handler: Handler,
  ): { readonly addr: { readonly port: number } };
}
