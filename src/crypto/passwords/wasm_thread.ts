// Runs in a thread: takes work, answers with the hash.
import { argon2d, argon2i, argon2id, bcrypt } from "hash-wasm";
import { builtin } from "../../base/builtin.ts";
import type { Argon2Recipe, BcryptRecipe } from "../../protocol/phc.ts";
import type { Work } from "./work.ts";
import type { Answer } from "./wasm.ts";

interface Threads {
  readonly parentPort: {
    on(event: "message", listener: (work: Work<Argon2Recipe | BcryptRecipe>) => void): void;
    postMessage(answer: Answer): void;
  } | null;
}

const ARGON2 = { argon2d, argon2i, argon2id } as const;

async function hashed({ recipe, password, salt, length }: Work<Argon2Recipe | BcryptRecipe>) {
  if (recipe.is === "bcrypt") {
    // As $2a$ of crypt_blowfish: it differs from $2b$ and $2y$ for bytes alone that are no UTF-8.
    const whole = await bcrypt({ password, salt, costFactor: recipe.cost, outputType: "binary" });
    return whole.subarray(0, length);
  }
  return await ARGON2[recipe.is]({
    password,
    salt,
    iterations: recipe.passes,
    parallelism: recipe.parallelism,
    memorySize: recipe.memory,
    hashLength: length,
    outputType: "binary",
  });
}

const port = builtin<Threads>("node:worker_threads")?.parentPort;
port?.on("message", (work) => {
  hashed(work).then(
    (hash) => port.postMessage({ hash }),
    (error: unknown) => port.postMessage({ failed: String(error) }),
  );
});
