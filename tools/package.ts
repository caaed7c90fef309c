// The package as npm has it: for each door one ES module and one file of declarations, with a manifest that leads to them. In the
// checkout, in Deno and on JSR the doors are the sources themselves.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { APART, LATE, SLIM } from "./bundling.ts";

/** One import path of the package. */
export interface Door {
  /** What follows the package's name: `"."`, `"./drivers/deno-kv"`. */
  readonly name: string;
  /** Its source, from the project's root. */
  readonly source: string;
  /** Its file in the package, without an ending: `"drivers/deno-kv"`. */
  readonly file: string;
}

/** One module: the sources in it, by path from the project's root, and what it imports. */
export type Module = Metafile["outputs"][string];

/** What was built. */
export interface Package {
  /** Its manifest. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Its modules, by their paths in it. */
  readonly modules: ReadonlyMap<string, Module>;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** What threads run: `mod.js` starts them by this name. */
const THREAD: Door = {
  name: "wasm_thread",
  source: "src/crypto/passwords/wasm_thread.ts",
  file: "wasm_thread",
};
const COMMAND: Door = { name: "latchkey", source: "src/server/main.ts", file: "latchkey" };

/** The doors that a manifest lists. */
export function doors(): readonly Door[] {
  return Object.entries(checkout().exports).map(([name, source]) => ({
    name,
    source: source.slice("./".length),
    file: name === "." ? "mod" : name.slice("./".length),
  }));
}

/** What is to be read, by path from the project's root: whatever one of them leads to is among them, or among the modules. */
export function texts(): readonly string[] {
  const pages = ["docs", "docs/charts"].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).filter((name) => /\.(md|svg)$/.test(name)).map((name) =>
      `${folder}/${name}`
    )
  );
  return ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", ...pages, "examples/sms_plugin.ts"];
}

/** Makes the package in a folder. What was in it goes. */
export async function buildPackage(folder: string): Promise<Package> {
  rmSync(folder, { recursive: true, force: true });
  const [modules] = await Promise.all([buildModules(folder), declare(folder)]);
  const manifest = manifestOf(checkout());
  const all = {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    ...Object.fromEntries(texts().map((path) => [path, read(path)])),
    "LICENSE": `${read("LICENSE")}\n${notice([...modules.values()])}`,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { manifest, modules };
}

/** Makes the modules alone: those of the doors, the command that starts the server, and what threads run. */
export async function buildModules(folder: string): Promise<ReadonlyMap<string, Module>> {
  const all = [...doors(), COMMAND, THREAD];
  return new Map(
    await Promise.all(all.map(async (door) => [`${door.file}.js`, await buildModule(door, folder)] as const)),
  );
}

/** The manifest of the checkout, as far as it is read here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

function checkout(): Manifest {
  return JSON.parse(read("package.json")) as Manifest; // a law holds it to the two others
}

/** The manifest of the package: the doors lead to what was built, and what is in the modules need not be installed. */
function manifestOf({ name, version, description, license, type, engines, ...rest }: Manifest) {
  const exports = Object.fromEntries(
    doors().map((door) => [door.name, { types: `./${door.file}.d.ts`, default: `./${door.file}.js` }]),
  );
  return {
    ...{ name, version, description, license, type, engines },
    exports: { ...exports, "./package.json": "./package.json" },
    bin: { [COMMAND.name]: `${COMMAND.file}.js` },
    sideEffects: false,
    dependencies: Object.fromEntries(
      Object.entries(rest.dependencies).filter(([library]) => APART.includes(library)),
    ),
    peerDependencies: rest.peerDependencies,
    peerDependenciesMeta: rest.peerDependenciesMeta,
  };
}

/** One module with all that it needs, but for other doors: so that a door does not bring another one along a second time. `mod.js`
 * alone has everything in it: it runs wherever it is copied to. */
async function buildModule(door: Door, folder: string): Promise<Module> {
  const options: BuildOptions & { readonly metafile: true } = {
    absWorkingDir: ROOT,
    entryPoints: [door.source],
    outfile: join(folder, `${door.file}.js`),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2024",
    external: [...APART],
    legalComments: "none",
    metafile: true,
    plugins: door.name === "." ? [SLIM, LATE] : [otherDoors(door), SLIM],
    // hash-wasm has all its algorithms in one module: of the one in the syntax of today, what is not used stays out.
    ...(door === THREAD && { mainFields: ["module", "main"] }),
    banner: door === COMMAND ? { js: "#!/usr/bin/env node" } : {},
  };
  const first = await build({ ...options, write: false });
  const [module] = Object.values(first.metafile.outputs);
  if (module === undefined) throw new Error("esbuild has built nothing");
  await build({ ...options, footer: { js: commented(notice([module])) } });
  return module;
}

function otherDoors(door: Door): Plugin {
  const files = new Map(
    doors().filter(({ name }) => name !== door.name).map((one) => [one.source, one.file]),
  );
  return {
    name: "other doors",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const file = files.get(relative(ROOT, join(resolveDir, path)).replaceAll("\\", "/"));
        if (file === undefined) return null;
        const way = posix.relative(posix.dirname(door.file), file);
        return { path: `${way.startsWith(".") ? way : `./${way}`}.js`, external: true };
      });
    },
  };
}

/** Declarations, each door's whole in one file. */
async function declare(folder: string): Promise<void> {
  await Promise.all(
    doors().map(async ({ source, file }) => {
      const bundle = await rolldown({
        cwd: ROOT,
        input: { [file]: source },
        external: [/^node:/, ...APART],
        plugins: dts({ oxc: true, emitDtsOnly: true, tsconfig: false }),
        checks: { pluginTimings: false },
      });
      await bundle.write({ dir: folder, format: "es", entryFileNames: "[name].js" });
      await bundle.close();
    }),
  );
}

const MIT = /^(?:The )?MIT License/i;

/** Who else wrote what is in some modules. All of them gave it under the same licence, which has to go along. */
function notice(modules: readonly Module[]): string {
  const inputs = modules.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = inputs.flatMap((path) =>
    /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []
  );
  if (packages.length === 0) return "";
  const lines = [...new Set(packages)].sort().map((name) => `- ${name}: ${copyright(name)}`);
  const terms = read("LICENSE").split("\n\n").slice(2).join("\n\n").trimEnd();
  return `This includes parts of other packages, which are under the MIT License too:\n\n${
    lines.join("\n")
  }\n\n${terms}\n`;
}

function copyright(name: string): string {
  const folder = join("node_modules", name);
  const file = readdirSync(join(ROOT, folder)).find((path) => /^licen[cs]e/i.test(path)) ?? "LICENSE";
  const text = read(join(folder, file));
  const line = text.split("\n").find((one) => one.startsWith("Copyright "));
  if (!MIT.test(text) || line === undefined) {
    throw new Error(`${name} is not under the MIT License: see ${folder}`);
  }
  return line.trim();
}

function commented(text: string): string {
  return text === "" ? "" : `/*\n${text}*/`;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
