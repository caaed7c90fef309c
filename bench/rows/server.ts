import { join } from "node:path";
import process from "node:process";
import { array, number, object, parse, string } from "valibot";
import { type Child, child } from "../http/child.ts";
import type { Contestant, Row, Runtime } from "../row.ts";

const BENCH = join(import.meta.dirname, "..");
const NODE = join(BENCH, "../node_modules/.bin/node");
const BARE = "the same server, bare check";

/** Who is signed in, asked over HTTP by many connections; each server in a process of its own. On Node the first three answer through the
 * adapter. The bare check says as much of the user and the session as the library does. */
export const row: Row = {
  title: "GET /auth/session over HTTP",
  async *measure({ runtime }) {
    const load = child(NODE, [join(BENCH, "http/load.mjs")]);
    const children: Child[] = [load];
    try {
      const contestants: Contestant[] = [];
      for (const [kind, name] of servers(runtime)) {
        const flags = runtime === "deno" ? ["run", "-A"] : [];
        const server = child(process.execPath, [...flags, join(BENCH, "http/server.ts"), kind]);
        children.push(server);
        contestants.push({ name, work: asking(load, parse(SERVING, await server.ask())) });
      }
      const targets = [{ against: BARE, atLeast: 0.7 }];
      yield { is: "race", title: row.title, turn: 1000, contestants, targets };
    } finally {
      for (const one of children) await one.stop();
    }
  },
};

const SERVING = object({ port: number(), path: string(), cookies: array(string()) });
const DONE = object({ wrong: number() });

/** Which servers there are, and what they are called. */
function servers(runtime: Runtime): readonly (readonly [kind: string, name: string])[] {
  const everywhere = [["latchkey", "Latchkey"], ["bare", BARE], ["betterAuth", "better-auth"]] as const;
  return runtime === "node" ? [...everywhere, ["raw", "node:http, bare check"]] : everywhere;
}

/** Sends so many requests, and waits until all are answered. */
function asking(
  load: Child,
  { port, path, cookies }: { readonly port: number; readonly path: string; readonly cookies: string[] },
): (times: number) => Promise<void> {
  const question = { url: `http://127.0.0.1:${port}${path}`, cookies, proof: '"email":"user' };
  return async (amount) => {
    const { wrong } = parse(DONE, await load.ask({ ...question, amount }));
    if (wrong > 0) throw new Error(`${wrong} of ${amount} answers were wrong`);
  };
}
