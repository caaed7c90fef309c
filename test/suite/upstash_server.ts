// Redis over HTTP, as Upstash speaks it (https://upstash.com/docs/redis/features/restapi), before a real Redis.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Redis } from "ioredis";

/** A server that runs. */
export interface UpstashServer {
  readonly url: string;
  readonly token: string;
  /** What it was asked, by name: `eval`, `set`. */
  readonly asked: string[];
  /** Does what the next `eval` says, and never answers it. */
  readonly loseReply: () => void;
  readonly stop: () => Promise<void>;
}

type Command = readonly (string | number)[];

/** Starts one before a database of a Redis. */
export async function upstashServer(redis: string): Promise<UpstashServer> {
  const client = new Redis(redis);
  const token = "a-token";
  const asked: string[] = [];
  let isLost = false;

  async function done([name = "", ...rest]: Command): Promise<object> {
    asked.push(String(name).toLowerCase());
    try {
      return { result: encoded(await client.callBuffer(String(name), ...rest.map(String))) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  async function reply(request: IncomingMessage): Promise<object> {
    if (request.headers.authorization !== `Bearer ${token}`) return { error: "Unauthorized" };
    const body = JSON.parse(await text(request)) as Command & readonly Command[];
    return request.url === "/pipeline" ? await Promise.all(body.map(done)) : await done(body);
  }

  const server = createServer(async (request, response) => {
    const answer = await reply(request);
    const isSwap = isLost && asked.at(-1) === "eval";
    if (isSwap) isLost = false;
    if (isSwap) request.socket.destroy();
    else {response.writeHead("error" in answer ? 400 : 200, { "content-type": "application/json" }).end(
        JSON.stringify(answer),
      );}
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${Object(server.address()).port}`,
    token,
    asked,
    loseReply: () => void (isLost = true),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      client.disconnect();
    },
  };
}

/** Texts in base64, as the client asks for them; "OK" is the one that it takes as it is. */
function encoded(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(encoded);
  if (!Buffer.isBuffer(reply)) return reply;
  return reply.toString() === "OK" ? "OK" : reply.toString("base64");
}
