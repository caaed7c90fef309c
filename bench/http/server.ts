// A server that is asked who is signed in, in a process of its own: `node bench/http/server.ts latchkey`. Prints a line of JSON: where it
// listens, and the cookies of its people.
import process from "node:process";
import memory from "../../drivers/memory.ts";
import { betterAuth } from "../peers/better_auth.ts";
import { people } from "../people.ts";
import { told } from "./bare.ts";
import { listening, onNode } from "./listening.ts";

const PEOPLE = 960;
const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/** A server that runs. */
interface Serving {
  readonly port: number;
  readonly path: string;
  readonly cookies: readonly string[];
}

const servers: Readonly<Record<string, () => Promise<Serving>>> = {
  async latchkey() {
    const { auth, requests } = await people(memory(), PEOPLE);
    const port = await listening((request, info) => auth.handler(request, info));
    return { port, path: "/auth/session", cookies: requests.map(cookieOf) };
  },
  async bare() {
    const storage = memory();
    const { requests } = await people(storage, PEOPLE);
    const port = await listening(async (request) =>
      new Response(await told(request, storage.getItem), { headers: HEADERS })
    );
    return { port, path: "/auth/session", cookies: requests.map(cookieOf) };
  },
  /** Without a Request and a Response, which only Node's own server can do without. */
  async raw() {
    const storage = memory();
    const { requests } = await people(storage, PEOPLE);
    const port = await onNode((incoming, outgoing) => {
      const headers = { get: () => incoming.headers.cookie ?? null };
      told({ headers }, storage.getItem).then((text) => outgoing.writeHead(200, HEADERS).end(text));
    });
    return { port, path: "/auth/session", cookies: requests.map(cookieOf) };
  },
  async betterAuth() {
    const { auth, signIn } = await betterAuth();
    const cookies: string[] = [];
    for (let i = 0; i < PEOPLE; i++) cookies.push(await signIn(`user${i}@example.com`));
    const port = await listening((request) => auth.handler(request));
    return { port, path: "/api/auth/get-session", cookies };
  },
};

function cookieOf(request: Request): string {
  return request.headers.get("cookie") ?? "";
}

console.log(JSON.stringify(await servers[process.argv[2] ?? ""]?.()));
process.stdin.on("end", () => process.exit()).resume(); // whoever started it is gone
