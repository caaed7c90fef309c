// WebAssembly in threads of its own: an event loop that computed it would stand still for as long.
import { builtin } from "../../base/builtin.ts";
import { AuthError } from "../../errors.ts";
import type { Argon2Recipe, BcryptRecipe } from "../../protocol/phc.ts";
import type { Work } from "./work.ts";

/** What a thread answers. */
export type Answer = { readonly hash: Uint8Array } | { readonly failed: string };

interface Thread {
  on(event: "message", listener: (answer: Answer) => void): void;
  on(event: "error", listener: (error: unknown) => void): void;
  on(event: "exit", listener: () => void): void;
  postMessage(work: object): void;
  ref(): void;
  unref(): void;
  terminate(): unknown;
}

interface Threads {
  readonly Worker: new (url: URL) => Thread;
}

/** A thread that does one piece of work at a time, and keeps no process alive while it has none. */
interface Hand {
  readonly run: (work: Work) => Promise<Uint8Array>;
}

const idle: Hand[] = [];

/** Computes Argon2 or bcrypt. There are as many threads as were ever needed at once: the caller bounds that. */
export async function inThread(work: Work<Argon2Recipe | BcryptRecipe>): Promise<Uint8Array> {
  const hand = idle.pop() ?? hire();
  const hash = await hand.run(work); // a thread that failed is not used again
  idle.push(hand);
  return hash;
}

function hire(): Hand {
  const threads = builtin<Threads>("node:worker_threads");
  if (threads === undefined) throw unavailable("this runtime has no threads");
  const thread = new threads.Worker(script());
  let settle: PromiseWithResolvers<Uint8Array> | undefined;
  const fail = (cause: unknown) => settle?.reject(unavailable(cause));
  thread.on("message", (answer) => {
    if ("hash" in answer) settle?.resolve(answer.hash);
    else fail(answer.failed);
  });
  thread.on("error", fail);
  thread.on("exit", () => fail("the thread has ended"));
  thread.unref();
  return {
    async run({ recipe, password, salt, length }) {
      settle = Promise.withResolvers();
      thread.ref();
      thread.postMessage({ recipe, password, salt, length });
      try {
        return await settle.promise;
      } catch (error) {
        thread.terminate(); // nobody uses it again, and it may hold hundreds of megabytes
        throw error;
      } finally {
        thread.unref();
      }
    },
  };
}

/** What a thread runs: in the sources and in what was made of them it stands beside this module. */
function script(): URL {
  const beside = new URL(
    import.meta.url.endsWith(".ts") ? "./wasm_thread.ts" : "./wasm_thread.js",
    import.meta.url,
  );
  if (beside.protocol === "file:") return beside;
  return new URL(`data:text/javascript,import ${encodeURIComponent(JSON.stringify(beside.href))}`); // from JSR, on Deno
}

function unavailable(cause: unknown): AuthError {
  const message =
    "needs WebAssembly in a thread, which could not be had: wasm_thread.js must be beside the library. For Argon2 install @node-rs/argon2, or use Node 24.7 or newer";
  return new AuthError("config_invalid", { issues: [{ path: "password.hash", message }] }, { cause });
}
