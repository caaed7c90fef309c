// A driver of one's own goes through the same tests: by a variable that names its module.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { allFlows } from "./flows.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "latchkey-own-"));
afterAll(() => rmSync(folder, { recursive: true }));
vi.setConfig({ testTimeout: 120_000 }); // each starts a runner of its own

test("one that compares, then writes, fails", () => {
  const module = join(folder, "compares.ts");
  writeFileSync(module, COMPARES.replaceAll("SQLITE", join(root, "drivers/sqlite.ts")));
  expect(tried(module, [...FLOWS, "-t", "of 50 requests"]).failed).toBeGreaterThan(0);
});

const FLOWS: readonly string[] = ["test/flows/idempotency.test.ts"];

const FLOW = "a mailed code signs in, and makes the account";

/** One flow, or two acts, of each instrument that asks no store by name: of three pairs one has its turn. */
const INSTRUMENTS = [
  ...["crashes", "lost_replies", "interleavings"].map((name) => `test/proof/${name}.test.ts`),
  "-t",
  ` ${FLOW}, by|^(a refresh ‖ a refresh|a refresh ‖ an end|an answer ‖ an answer)$|^a reply is told again|^what fails leaves`,
];

/** A seed by which the flow has its turn, whether one in two has it or one in sixteen. */
const place = (await allFlows()).findIndex(({ name }) => name === FLOW);
const TURN = String(720_720 - place);

test("a driver that is named is tried in place of ours, by flows and by each instrument", () => {
  const { passed, failed, text } = tried(join(root, "examples/tried_driver.ts"), [...FLOWS, ...INSTRUMENTS]);
  expect([failed, passed], text).toEqual([0, 5]);
  expect(text).toMatch(/own, by (method|http)[^]*own, by (?!\1)/); // flow by flow in turn
  expect(text).not.toMatch(/memory, by/);
  const module = join(folder, "forgets.ts");
  writeFileSync(module, FORGETS.replaceAll("SQLITE", join(root, "drivers/sqlite.ts")));
  expect(tried(module, INSTRUMENTS).failed).toBe(3);
});

const FORGETS = `
import sqlite from "SQLITE";
export default ({ now, at }) => {
  const driver = sqlite({ path: \`\${process.env.TRIED_FOLDER}/\${at}.db\`, now, synchronous: "normal" });
  return {
    ...driver,
    swap: (key, ...call) => key.startsWith("sessions:") ? Promise.resolve(true) : driver.swap(key, ...call),
  };
};
`;

const COMPARES = `
import sqlite from "SQLITE";
export default ({ now, at }) => {
  const driver = sqlite({ path: \`\${process.env.TRIED_FOLDER}/\${at}.db\`, now, synchronous: "normal" });
  return {
    ...driver,
    async swap(key, expected, next, options) {
      if (await driver.getItem(key) !== expected) return false;
      await new Promise((resolve) => setTimeout(resolve, 30));
      await (next === null ? driver.removeItem(key) : driver.setItem(key, next, options));
      return true;
    },
  };
};
`;

/** Runs a few flows on a driver, or what else is named. */
function tried(
  module: string,
  what: readonly string[],
): { readonly passed: number; readonly failed: number; readonly text: string } {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, "run", ...what, "--reporter=verbose"],
    {
      cwd: root,
      env: {
        ...process.env,
        LATCHKEY_DRIVER: module,
        LATCHKEY_SEED: TURN,
        TRIED_FOLDER: folder,
        NO_COLOR: "1",
      },
      encoding: "utf8",
    },
  );
  const text = stdout + stderr;
  const count = (kind: string) => Number(new RegExp(`Tests .*?(\\d+) ${kind}`).exec(text)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), text };
}
