import { gzipSync } from "node:zlib";
import { join, relative } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { expect, test } from "vitest";
import { APART, SLIM } from "../../tools/bundling.ts";

const ROOT = join(import.meta.dirname, "../..");
const LARGEST = 60_000; // bytes, gzip
const BARE = 45_000; // the same without passkeys, key pairs and passwords
const SMALL = 12_000; // bytes, gzip

test("mod.ts with all that it always loads is at most 60 KB, gzip", async () => {
  expect(await size()).toBeLessThan(LARGEST);
});

test("without passkeys, key pairs and passwords it is at most 45 KB", async () => {
  const entryPoints = [join(ROOT, "mod.ts")];
  expect(await size({ entryPoints, plugins: [SLIM, without("passkey", "key", "password", "devices")] }))
    .toBeLessThan(
      BARE,
    );
});

test("a heavy library that creeps in is seen", async () => {
  const heavy = {
    stdin: { contents: 'export * from "./mod.ts"; export * from "nodemailer";', resolveDir: ROOT },
  };
  const external = APART.filter((name) => name !== "nodemailer");
  expect(await size({ ...heavy, external })).toBeGreaterThan(LARGEST);
});

test("what is loaded when it is first used does not count", async () => {
  const eager = 'export * from "./mod.ts"; import * as sweep from "./src/core/sweep.ts"; export { sweep };';
  expect(await size({ stdin: { contents: eager, resolveDir: ROOT } })).toBeGreaterThan(await size());
});

test("a verifier is at most 12 KB, gzip, of jose and our own", async () => {
  const verify = { entryPoints: [join(ROOT, "src/doors/verify.ts")] };
  expect(await size(verify)).toBeLessThan(SMALL);
  expect(await libraries(verify)).toEqual(["jose"]);
});

test("a library that creeps into the verifier is seen", async () => {
  const contents = 'export * from "./src/doors/verify.ts"; export { string } from "valibot";';
  const more = { stdin: { contents, resolveDir: ROOT } };
  expect(await libraries(more)).toEqual(["jose", "valibot"]);
});

/** What importing it brings, without what it imports later. nodemailer is loaded when the first mail goes out over SMTP. */
async function size(options: BuildOptions = { entryPoints: [join(ROOT, "mod.ts")] }): Promise<number> {
  const { outputFiles = [], metafile } = await build({
    external: [...APART],
    plugins: [SLIM],
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

/** Leaves the features of some names out. */
function without(...names: readonly string[]): Plugin {
  const filter = new RegExp(`/src/features/(${names.join("|")})/(feature|contract)\\.ts$`);
  const contents = ["export const calls = {}", ...names.map((name) => `export const ${name} = undefined`)]
    .join(";");
  return { name: "without", setup: (build) => void build.onLoad({ filter }, () => ({ contents })) };
}

function entry({ stdin, entryPoints }: BuildOptions): string {
  const [first = ""] = Array.isArray(entryPoints) ? entryPoints : [];
  return stdin === undefined ? relative(ROOT, String(first)) : "<stdin>";
}

/** The packages of which anything is left in a bundle. */
async function libraries(options: BuildOptions): Promise<readonly string[]> {
  const shaken = { bundle: true, metafile: true, format: "esm", platform: "node", outdir: "dist" } as const;
  const { metafile } = await build({ ...options, ...shaken, absWorkingDir: ROOT, write: false });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const left = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  const names = left.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}
