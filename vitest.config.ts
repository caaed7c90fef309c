import { defineConfig, type ViteUserConfig } from "vitest/config";

const isNode = !process.versions["bun"] && !("Deno" in globalThis);

/** What is the same on every runtime, or starts the others itself. */
const ONCE: readonly string[] = [
  "test/package/**",
  "test/browser/authenticator.test.ts", // whether ours is as Chromium's: what it signs is looked at everywhere
  "test/browser/passkeys_*.test.ts", // what Chromium sends is the same, and passkeys.test.ts is tried everywhere
  "test/browser/passwords.test.ts", // a page's script is the same, and the routes it asks are asked everywhere
  "test/proof/own.test.ts",
  "test/laws/code_blocks.test.ts",
  "test/laws/bundle.test.ts",
  "test/proof/*_planted.test.ts",
  "test/races/planted*.test.ts", // whether the races see a bug: they are the same everywhere, and run everywhere
  "test/proof/secrets_on_disk.test.ts", // what a store leaves on a disk: the bytes are the same
  "test/proof/secrets.test.ts", // whether what looks for secrets finds any: the same, and it runs everywhere
];

// Bun's child processes lack what the fork pool needs, and Deno's workers what the thread pool needs.
const config: ViteUserConfig = defineConfig({
  test: {
    pool: process.versions["bun"] ? "threads" : "forks",
    include: ["test/**/*.test.ts"],
    exclude: isNode ? [] : [...ONCE],
    maxWorkers: 3, // one more than the cores of a small machine: some tests wait for a child or a disk
    globalSetup: ["test/suite/setup.ts"],
    server: { deps: { external: [/\/\.planted\//] } }, // a copy of the library is new each time: the runtime reads it quicker
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

export default config;
