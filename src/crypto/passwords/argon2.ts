// Argon2 (RFC 9106) by the fastest way to compute it here that is beside the event loop.
import { builtin } from "../../base/builtin.ts";
import { hex, utf8 } from "../../base/encoding.ts";
import type { Argon2Recipe } from "../../protocol/phc.ts";
import type { Work } from "./work.ts";
import { inThread } from "./wasm.ts";

/** Computes Argon2. */
export type Argon2 = (work: Work<Argon2Recipe>) => Promise<Uint8Array>;

/** A way to compute it. */
export interface Engine {
  readonly name: string;
  /** Loads it; null, or an error, where this runtime has no such thing. */
  readonly load: () => Promise<Argon2 | null>;
}

/** The ways that are quicker than WebAssembly in a thread, the fastest first. */
export const ENGINES: readonly Engine[] = [
  { name: "@node-rs/argon2", load: nodeRs },
  { name: "node:crypto", load: nodeCrypto },
  { name: "WebCrypto", load: webCrypto },
];

/** Computes a hash by the first way that can be had here. */
export async function argon2(work: Work<Argon2Recipe>): Promise<Uint8Array> {
  chosen ??= choose(ENGINES);
  const compute = await chosen;
  return await compute(work);
}

let chosen: Promise<Argon2> | undefined;

/** The first engine that can be loaded and gives the right answer to a known question, else WebAssembly. Whatever is wrong with one that
 * does not: what it made of a password would fit nowhere else. */
export async function choose(engines: readonly Engine[]): Promise<Argon2> {
  for (const { load } of engines) {
    const engine = await load().catch(() => null); // it is not installed, or not allowed
    const answer = await engine?.(QUESTION).catch(() => null) ?? new Uint8Array();
    if (engine !== null && hex(answer) === ANSWER) return engine;
  }
  return inThread;
}

const QUESTION: Work<Argon2Recipe> = {
  recipe: { is: "argon2id", memory: 16, passes: 1, parallelism: 1 },
  password: utf8("question"),
  salt: utf8("somesalt"),
  length: 16,
};
const ANSWER = "d640c11a363669cf2cf5c7cd25fc2b49";

const runtime: {
  readonly Deno?: {
    readonly permissions: { querySync(wanted: { name: "ffi" }): { readonly state: string } };
  };
} = globalThis as object;

/** A package with native code. Deno would stop and ask somebody at the terminal, where that is not allowed yet. */
async function nodeRs(): Promise<Argon2 | null> {
  const { Deno } = runtime;
  if (Deno !== undefined && Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return null;
  const { hashRaw } = await import("@node-rs/argon2");
  return async ({ recipe, password, salt, length }) =>
    new Uint8Array(
      await hashRaw(password, {
        algorithm: VARIANTS[recipe.is],
        memoryCost: recipe.memory,
        timeCost: recipe.passes,
        parallelism: recipe.parallelism,
        outputLen: length,
        salt,
      }),
    );
}

/** As they are numbered in RFC 9106 section 3.1. */
const VARIANTS = { argon2d: 0, argon2i: 1, argon2id: 2 } as const;

interface NodeCrypto {
  argon2?(
    algorithm: string,
    options: {
      readonly message: Uint8Array;
      readonly nonce: Uint8Array;
      readonly parallelism: number;
      readonly tagLength: number;
      readonly memory: number;
      readonly passes: number;
    },
    done: (error: Error | null, hash: Uint8Array) => void,
  ): void;
}

/** Node from 24.7 on, and Bun. */
function nodeCrypto(): Promise<Argon2 | null> {
  const compute = builtin<NodeCrypto>("node:crypto")?.argon2;
  if (typeof compute !== "function") return Promise.resolve(null);
  return Promise.resolve(({ recipe, password, salt, length }) => {
    const { memory, passes, parallelism } = recipe;
    const options = { message: password, nonce: salt, parallelism, tagLength: length, memory, passes };
    return new Promise((resolve, reject) => {
      compute(recipe.is, options, (error, hash) => {
        if (error === null || error === undefined) resolve(new Uint8Array(hash));
        else reject(error);
      });
    });
  });
}

/** Deno. The algorithm's parameters are those of the draft "Modern Algorithms in the Web Cryptography API". */
function webCrypto(): Promise<Argon2 | null> {
  if (runtime.Deno === undefined) return Promise.resolve(null); // Node has it where `node:crypto` has it, and warns of it
  return Promise.resolve(async ({ recipe, password, salt, length }) => {
    const { memory, passes, parallelism } = recipe;
    const name = recipe.is.replace("a", "A");
    const subtle = crypto.subtle as unknown as Subtle; // the types do not know the draft
    const key = await subtle.importKey("raw-secret", password, name, false, ["deriveBits"]);
    const algorithm = { name, nonce: salt, parallelism, memory, passes };
    return new Uint8Array(await subtle.deriveBits(algorithm, key, length * 8));
  });
}

interface Subtle {
  importKey(
    format: "raw-secret",
    secret: Uint8Array,
    algorithm: string,
    extractable: false,
    usages: readonly ["deriveBits"],
  ): Promise<object>;
  deriveBits(algorithm: object, key: object, bits: number): Promise<ArrayBuffer>;
}
