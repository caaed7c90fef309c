// How often something asks a server and waits: counted on the way there.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A way to a server that counts. */
export interface Way {
  readonly port: number;
  /** How often something was sent there after an answer had come, since it was asked last. */
  readonly taken: () => number;
  readonly close: () => void;
}

/** A way to a port of this machine. */
export async function wayTo(port: number): Promise<Way> {
  let trips = 0;
  const ends: { destroy(): unknown }[] = [];
  const server = createServer((client) => {
    const there = connect(port, "127.0.0.1");
    let waiting = false; // for an answer
    ends.push(client, there);
    client.on("data", (bytes) => {
      if (!waiting) trips++;
      waiting = true;
      there.write(bytes);
    });
    there.on("data", (bytes) => {
      waiting = false;
      client.write(bytes);
    });
    client.on("close", () => there.destroy());
    there.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a port has a number");
  return {
    port: address.port,
    taken() {
      const since = trips;
      trips = 0;
      return since;
    },
    close() {
      server.close();
      for (const end of ends) end.destroy();
    },
  };
}
