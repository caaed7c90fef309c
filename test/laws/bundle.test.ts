import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { expect, test } from "vitest";
import { APART, SLIM, weight, without } from "../../tools/bundling.ts";

const ROOT = join(import.meta.dirname, "../..");
const LARGEST = 60_000; // bytes, gzip
const BARE = 45_000; // the same without passkeys, key pairs and passwords
const SMALL = 12_000; // bytes, gzip

test("mod.ts with all that it always loads is at most 60 KB, gzip", async () => {
  expect(await weight()).toBeLessThan(LARGEST);
});

test("without passkeys, key pairs and passwords it is at most 45 KB", async () => {
  const plugins = [SLIM, without("passkey", "key", "password", "devices")];
  expect(await weight({ plugins })).toBeLessThan(BARE);
});

test("a heavy library that creeps in is seen", async () => {
  const heavy = {
    stdin: { contents: 'export * from "./mod.ts"; export * from "nodemailer";', resolveDir: ROOT },
  };
  const external = APART.filter((name) => name !== "nodemailer");
  expect(await weight({ ...heavy, external })).toBeGreaterThan(LARGEST);
});

test("what is loaded when it is first used does not count", async () => {
  const eager = 'export * from "./mod.ts"; import * as sweep from "./src/core/sweep.ts"; export { sweep };';
  expect(await weight({ stdin: { contents: eager, resolveDir: ROOT } })).toBeGreaterThan(await weight());
});

test("a verifier is at most 12 KB, gzip, of jose and our own", async () => {
  const verify = { entryPoints: [join(ROOT, "src/doors/verify.ts")] };
  expect(await weight(verify)).toBeLessThan(SMALL);
  expect(await libraries(verify)).toEqual(["jose"]);
});

test("a library that creeps into the verifier is seen", async () => {
  const contents = 'export * from "./src/doors/verify.ts"; export { string } from "valibot";';
  const more = { stdin: { contents, resolveDir: ROOT } };
  expect(await libraries(more)).toEqual(["jose", "valibot"]);
});

/** The packages of which anything is left in a bundle. */
async function libraries(options: BuildOptions): Promise<readonly string[]> {
  const shaken = { bundle: true, metafile: true, format: "esm", platform: "node", outdir: "dist" } as const;
  const { metafile } = await build({ ...options, ...shaken, absWorkingDir: ROOT, write: false });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const left = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  const names = left.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}
