// Four processes that hammer on one store at once, by the machine's clock.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createAuth } from "../../src/auth.ts";
import { machine } from "../../src/platform.ts";
import type { Change } from "../suite/planted.ts";
import { driverAt, premises, type StoreName } from "../suite/stores.ts";
import type { Heard, Said, Taken } from "./hammer_child.ts";
import { DAY, type Hammered, type Hammering, NAMES, wrongAt } from "./hammered.ts";

/** The processes. They hammer on one store after the other. */
export interface Crew {
  readonly hammered: (store: StoreName, hammering: Hammering) => Promise<Hammered>;
  readonly dismiss: () => void;
}

/** One of them. */
interface Member {
  readonly child: ChildProcess;
  readonly tell: (what: Heard) => void;
  /** Resolves when it says so. @throws {Error} where it has ended */
  readonly hears: (what: Stage) => Promise<void>;
}

type Stage = Extract<Said, { readonly is: string }>["is"];

/** Starts them. `changes`: what is different in their library. */
export function crew(changes: readonly Change[] = []): Crew {
  const members: Member[] = NAMES.map(() => {
    const mine = member(changes, (post) => {
      for (const other of members) if (other !== mine) other.tell({ post });
    });
    return mine;
  });
  const up = Promise.all(members.map((one) => one.hears("up")));
  return {
    async hammered(store, { seed, seconds }) {
      await up;
      const { place, close } = premises(store, machine.now);
      const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
      const outs = NAMES.map((name) => join(folder, name));
      try {
        await Promise.all(members.map(async (one, i) => {
          one.tell({
            begin: { place, seed: seed + i, seconds, process: NAMES[i] ?? "", out: outs[i] ?? "" },
          });
          await one.hears("ready");
        }));
        members.forEach((one) => one.tell({ go: true }));
        await Promise.all(members.map((one) => one.hears("done")));
        const taken = outs.map((out) => JSON.parse(readFileSync(out, "utf8")) as Taken); // our own child wrote it
        return {
          log: taken.flatMap(({ log }) => log),
          history: taken.flatMap(({ history }) => history),
          wrong: await wrongAt(driverAt(place, () => Date.now() + DAY), createAuth),
        };
      } finally {
        rmSync(folder, { recursive: true });
        await close();
      }
    },
    dismiss: () => members.forEach(({ child }) => child.kill("SIGKILL")),
  };
}

type Posted = Extract<Said, { readonly post: unknown }>["post"];

function member(changes: readonly Change[], relay: (post: Posted) => void): Member {
  const script = [join(import.meta.dirname, "hammer_child.ts"), JSON.stringify({ changes })];
  const args = "Deno" in globalThis ? ["run", "-A", "--unstable-kv", ...script] : script;
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const stages: Record<Stage, PromiseWithResolvers<void>> = { up: stage(), ready: stage(), done: stage() };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as Said; // our own child says it
    if ("post" in said) relay(said.post);
    else stages[said.is].resolve();
  });
  child.once("exit", () => {
    for (const { reject } of Object.values(stages)) reject(new Error("a process that hammers has died"));
  });
  return {
    child,
    tell: (what) => void child.stdin.write(`${JSON.stringify(what)}\n`),
    async hears(what) {
      await stages[what].promise;
      stages[what] = stage(); // for the next time
    },
  };
}

function stage(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => {}); // told to whoever waits for it
  return made;
}
