// A line between a driver and its Redis that loses a reply when it is told to.
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";

/** A port that leads to another. */
export interface Proxy {
  readonly port: number;
  readonly url: string;
  /** Drops the next reply, after Redis has done what it was asked to, and cuts the connection. */
  readonly loseReply: () => void;
  /** Lets nothing more through on the connections that there are, and tells nobody. */
  readonly silence: () => void;
  readonly close: () => Promise<void>;
}

export async function proxy(to: number): Promise<Proxy> {
  let losing = false;
  let era = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(to, "127.0.0.1");
    const end = () => [near, far].forEach((socket) => socket.destroy());
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", end).on("close", end);
    }
    const mine = era;
    near.on("data", (data) => mine === era && far.write(data));
    far.on("data", (data) => {
      if (mine !== era) return;
      if (!losing) near.write(data);
      else end();
      losing = false;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = Object(server.address());
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    loseReply: () => void (losing = true),
    silence: () => void era++,
    async close() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
      await once(server, "close");
    },
  };
}
