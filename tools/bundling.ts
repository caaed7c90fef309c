import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Libraries that are no part of any module: each is loaded where it is first used. */
export const APART: readonly string[] = ["nodemailer", "ioredis", "@node-rs/argon2"];

const OSLO = /(?:^|[\\/]node_modules[\\/])@oslojs[\\/]/;

/** Leaves out what is imported and not used of oslo too. Its packages do nothing when they are loaded but fill tables, and forget to
 * say so: half of SHA-2 would come along. */
export const SLIM: Plugin = {
  name: "slim",
  setup({ onResolve, resolve }) {
    onResolve(
      { filter: /^@oslojs\/|^\.\.?\/.*\.js$/ },
      async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === SLIM || !(OSLO.test(path) || OSLO.test(importer))) return null;
        return {
          ...await resolve(path, { kind, importer, resolveDir, pluginData: SLIM }),
          sideEffects: false,
        };
      },
    );
  },
};

/** Asks for what the runtime brings along when the part of a module runs that needs it. Imports of it would all stand at the top of the
 * one file, and be loaded by whoever needs none of them. */
export const LATE: Plugin = {
  name: "late",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "late" }));
    onLoad({ filter: /^node:/, namespace: "late" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}")`,
    }));
  },
};

/** What importing something brings, without what it imports later, in bytes: bundled, minified and by gzip. Without options it is
 * `mod.ts`. */
export async function weight(options: BuildOptions = {}): Promise<number> {
  const asked: BuildOptions = options.stdin === undefined
    ? { entryPoints: [join(ROOT, "mod.ts")], ...options }
    : options;
  const { outputFiles = [], metafile } = await build({
    external: [...APART],
    plugins: [SLIM],
    ...asked,
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
  const wanted = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === entry(asked)));
  for (const path of wanted) { // grows while it is gone through
    const always = outputs[path]?.imports.filter(({ kind, external }) =>
      kind !== "dynamic-import" && !external
    );
    for (const one of always ?? []) wanted.add(one.path);
  }
  const texts = outputFiles.filter(({ path }) => wanted.has(relative(ROOT, path)));
  if (wanted.size === 0 || texts.length !== wanted.size) throw new Error("a part of the bundle is missing");
  return gzipSync(texts.map(({ text }) => text).join("\n"), { level: 9 }).length;
}

/** Leaves the features of some names out. */
export function without(...names: readonly string[]): Plugin {
  const filter = new RegExp(`/src/features/(${names.join("|")})/(feature|contract)\\.ts$`);
  const contents = ["export const calls = {}", ...names.map((name) => `export const ${name} = undefined`)]
    .join(";");
  return { name: "without", setup: (build) => void build.onLoad({ filter }, () => ({ contents })) };
}

/** What a bundle begins with, as esbuild names it. */
function entry({ stdin, entryPoints }: BuildOptions): string {
  const [first = ""] = Array.isArray(entryPoints) ? entryPoints : [];
  return stdin === undefined ? relative(ROOT, String(first)) : "<stdin>";
}
