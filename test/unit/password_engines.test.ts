// Argon2 by every engine that this runtime has: the same bytes, whoever computes them.
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../../src/base/encoding.ts";
import { type Argon2, choose, ENGINES } from "../../src/crypto/passwords/argon2.ts";
import { inThread } from "../../src/crypto/passwords/wasm.ts";
import type { Work } from "../../src/crypto/passwords/work.ts";
import type { Argon2Recipe } from "../../src/protocol/phc.ts";
import { outcome } from "../suite/steps.ts";
import { RUNTIME } from "../suite/runtime.ts";

const work = (recipe: Argon2Recipe, password = "password", length = 32): Work<Argon2Recipe> => ({
  recipe,
  password: utf8(password),
  salt: utf8("somesaltsomesalt"),
  length,
});

/** Of the reference implementation's own tests. */
const REFERENCE: Work<Argon2Recipe> = {
  ...work({ is: "argon2id", memory: 256, passes: 2, parallelism: 2 }),
  salt: utf8("somesalt"),
};
const REFERENCE_HASH = "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037";
const AGREED: readonly Work<Argon2Recipe>[] = [
  work({ is: "argon2id", memory: 1024, passes: 2, parallelism: 1 }),
  work({ is: "argon2i", memory: 64, passes: 3, parallelism: 4 }),
  work({ is: "argon2d", memory: 128, passes: 1, parallelism: 16 }),
  work({ is: "argon2id", memory: 100, passes: 1, parallelism: 3 }, "Schlüssel 🔑", 16),
  work({ is: "argon2id", memory: 8, passes: 10, parallelism: 1 }, "x".repeat(1024), 64),
];

/** The engines that must be here. */
const PRESENT: Readonly<Record<typeof RUNTIME, readonly string[]>> = {
  node: ["@node-rs/argon2", "node:crypto"],
  bun: ["@node-rs/argon2", "node:crypto"],
  deno: ["@node-rs/argon2", "WebCrypto"],
};

async function loaded(): Promise<readonly (readonly [name: string, engine: Argon2])[]> {
  const all = await Promise.all(ENGINES.map(async ({ name, load }) => [name, await load()] as const));
  return all.flatMap(([name, engine]) => engine === null ? [] : [[name, engine] as const]);
}

test("the engines of this runtime are found", async () => {
  expect((await loaded()).map(([name]) => name)).toEqual(PRESENT[RUNTIME]);
});

test("every engine gives the same bytes, and the reference's", async () => {
  const engines = [["WebAssembly", inThread] as const, ...await loaded()];
  for (const work of [REFERENCE, ...AGREED]) {
    const hashes = [];
    for (const [name, engine] of engines) hashes.push([name, hex(await engine(work))]);
    const [[, hash] = []] = hashes;
    expect(hashes).toEqual(engines.map(([name]) => [name, work === REFERENCE ? REFERENCE_HASH : hash]));
  }
});

describe("an engine is passed over", () => {
  const right: Argon2 = (work) => inThread(work);
  const wrong: Argon2 = async (work) => (await inThread(work)).map((byte) => byte ^ 1);
  const failing: Argon2 = () => Promise.reject(new Error("no memory"));
  const engine = (load: () => Promise<Argon2 | null>) => ({ name: "any", load });
  test.each([
    ["that is not there", () => Promise.resolve(null)],
    ["that cannot be loaded", () => Promise.reject(new Error("not installed"))],
    ["that fails", () => Promise.resolve(failing)],
    ["whose answer is wrong", () => Promise.resolve(wrong)],
  ])("%s", async (_, load) => {
    expect(await choose([engine(load), engine(() => Promise.resolve(right))])).toBe(right);
    expect(await choose([engine(load)])).toBe(inThread);
  });
});

test("a thread takes the next piece of work after one that it could not do", async () => {
  const recipe = { is: "argon2id", memory: 8, passes: 1, parallelism: 1 } as const;
  expect(await outcome(inThread({ ...work(recipe), salt: utf8("short") }))).toBe("config_invalid");
  expect((await inThread(work(recipe))).length).toBe(32);
});

test.runIf(RUNTIME === "node")("a thread that could not do its work ends, and frees its memory", async () => {
  const ends: Promise<unknown>[] = [];
  const note = (thread: Worker) => void ends.push(once(thread, "exit"));
  process.on("worker", note);
  const recipe = { is: "argon2id", memory: 8, passes: 1, parallelism: 1 } as const;
  const all = Array.from({ length: 5 }, () => outcome(inThread({ ...work(recipe), salt: utf8("short") })));
  expect(await Promise.all(all)).toEqual(Array(5).fill("config_invalid"));
  process.off("worker", note);
  expect((await Promise.all(ends)).length).toBeGreaterThan(0);
});
