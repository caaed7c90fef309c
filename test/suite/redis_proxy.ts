// A line between a driver and its Redis that fails when it is told to.
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";

/** A port that leads to another. */
export interface Proxy {
  readonly port: number;
  readonly url: string;
  /** How many connections there have been. */
  readonly connections: () => number;
  /** Drops the next reply, after Redis has done what it was asked to, and cuts the connection. */
  readonly loseReply: () => void;
  /** Makes every reply take so long, in milliseconds. */
  readonly delay: (ms: number) => void;
  /** Lets nothing more through, ever, on the connections that there are, and tells nobody. */
  readonly silence: () => void;
  readonly close: () => Promise<void>;
}

export async function proxy(to: number): Promise<Proxy> {
  let [losing, late] = [false, 0];
  let silent: ReadonlySet<Socket> = new Set();
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections++;
    const far = createConnection(to, "127.0.0.1");
    const end = () => [near, far].forEach((socket) => socket.destroy());
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", end).on("close", end);
    }
    near.on("data", (data) => silent.has(near) || far.write(data));
    far.on("data", (data) => {
      if (silent.has(near)) return;
      if (!losing) setTimeout(() => near.write(data), late);
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
    connections: () => connections,
    loseReply: () => void (losing = true),
    delay: (ms) => void (late = ms),
    silence: () => void (silent = new Set(open)),
    async close() {
      server.close();
      open.forEach((socket) => socket.destroy());
      await once(server, "close");
    },
  };
}
