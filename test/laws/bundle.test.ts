import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const LARGEST = 35_000; // bytes, gzip

test("mod.ts with all that it needs is 35 KB, gzip", async () => {
  expect(await size()).toBeLessThan(LARGEST);
});

test("a heavy library that creeps in is seen", async () => {
  const heavy = {
    stdin: { contents: 'export * from "./mod.ts"; export * from "nodemailer";', resolveDir: ROOT },
  };
  expect(await size({ ...heavy, external: [] })).toBeGreaterThan(LARGEST);
});

/** nodemailer is left out: it is loaded when the first mail goes out over SMTP. */
async function size(
  options: BuildOptions = { entryPoints: [join(ROOT, "mod.ts")], external: ["nodemailer"] },
): Promise<number> {
  const built = await build({
    ...options,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  return gzipSync(built.outputFiles?.[0]?.contents ?? new Uint8Array(), { level: 9 }).length;
}
