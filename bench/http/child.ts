import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A process that answers in lines of JSON. */
export interface Child {
  /** Sends it something to do, where anything is given, and resolves to its next line.
   * @throws {Error} Where it has ended. */
  readonly ask: (question?: object) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Starts one. */
export function child(command: string, args: readonly string[]): Child {
  const started = spawn(command, [...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const ended = once(started, "exit");
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      if (question !== undefined) started.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${args.join(" ")} has ended`);
      return JSON.parse(value);
    },
    async stop() {
      started.kill();
      await ended;
    },
  };
}
