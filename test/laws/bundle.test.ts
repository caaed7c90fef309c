import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const LARGEST = 45_000; // bytes, gzip

test("mod.ts with all that it always loads is at most 45 KB, gzip", async () => {
  expect(await size()).toBeLessThan(LARGEST);
});

test("a heavy library that creeps in is seen", async () => {
  const heavy = {
    stdin: { contents: 'export * from "./mod.ts"; export * from "nodemailer";', resolveDir: ROOT },
  };
  expect(await size({ ...heavy, external: [] })).toBeGreaterThan(LARGEST);
});

test("what is loaded when it is first used does not count", async () => {
  const eager = 'export * from "./mod.ts"; import * as sweep from "./src/core/sweep.ts"; export { sweep };';
  expect(await size({ stdin: { contents: eager, resolveDir: ROOT } })).toBeGreaterThan(await size());
});

/** What importing it brings, without what it imports later. nodemailer is loaded when the first mail goes out over SMTP. */
async function size(options: BuildOptions = { entryPoints: [join(ROOT, "mod.ts")] }): Promise<number> {
  const { outputFiles = [], metafile } = await build({
    external: ["nodemailer", "ioredis"],
    ...options,
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    absWorkingDir: ROOT,
    outdir: "dist",
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  const outputs = metafile?.outputs ?? {};
  const wanted = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === entry(options)));
  for (const path of wanted) { // grows while it is gone through
    const always = outputs[path]?.imports.filter(({ kind, external }) =>
      kind !== "dynamic-import" && !external
    );
    for (const one of always ?? []) wanted.add(one.path);
  }
  const texts = outputFiles.filter(({ path }) => wanted.has(path.slice(ROOT.length + 1)));
  expect(texts).toHaveLength(wanted.size);
  return gzipSync(texts.map(({ text }) => text).join("\n"), { level: 9 }).length;
}

function entry({ stdin }: BuildOptions): string {
  return stdin === undefined ? "mod.ts" : "<stdin>";
}
