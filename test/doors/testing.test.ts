// The laws of drivers run under the test runner of each runtime, as well as under vitest.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const RUNNERS = {
  node: ["--test", "--test-reporter=tap"],
  bun: ["test"],
  deno: ["test", "-A", "--no-check"],
} as const;
const runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

function run(
  env: Readonly<Record<string, string>>,
): { readonly status: number | null; readonly said: string } {
  const script = join(import.meta.dirname, "runners", `${runtime}.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...RUNNERS[runtime], script], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  return { status, said: stdout + stderr };
}

test("the runtime's own runner runs the laws of a driver, and passes one that keeps them", () => {
  const { status, said } = run({});
  expect(said).toMatch(/# pass 25|25 pass|25 passed/);
  expect(status).toBe(0);
});

test("and fails one that breaks a law, by the law's name", () => {
  const { status, said } = run({ BROKEN: "1" });
  expect(said).toMatch(/# fail 1\b|\b1 fail/);
  expect(said).toContain("swapping nothing for nothing says whether nothing is there");
  expect(status).not.toBe(0);
});
