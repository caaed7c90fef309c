import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { buildPackage, type Package } from "../../tools/package.ts";

/** The project's root. */
export const ROOT: string = join(import.meta.dirname, "../..");

const BIN = join(ROOT, "node_modules/.bin");

/** How a program is started on each runtime. Bun fetches what is missing by itself, which is no test of what is there. */
export const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  node: ["node"],
  deno: ["deno", "run", "-A", "--node-modules-dir=manual"],
  bun: ["bun", "--no-install"],
};

/** The package, built and packed as it is published. */
export interface Packed {
  readonly manifest: Package["manifest"];
  /** Where it was built. */
  readonly folder: string;
  /** The archive that npm makes of it. */
  readonly tarball: string;
  /** The paths in the archive, in order of the alphabet. */
  readonly files: readonly string[];
}

/** A place for folders that are gone after the tests. */
export interface Scratch {
  /** A new folder with some files in it. */
  readonly folder: (files?: Readonly<Record<string, string>>) => string;
  /** Removes all of them. */
  readonly remove: () => void;
}

/** A place in the machine's folder for what does not stay. */
export function scratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), "latchkey-package-"));
  let count = 0;
  return {
    folder(files = {}) {
      const folder = join(root, String(count++));
      mkdirSync(folder);
      for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
      return folder;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Builds the package and packs it. */
export async function packed(place: Scratch): Promise<Packed> {
  const folder = place.folder();
  const { manifest } = await buildPackage(folder);
  const outer = place.folder();
  const [{ filename, files }] = JSON.parse(run(outer, ["npm", "pack", folder, "--json", "--silent"])) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] }, // as npm documents it
  ];
  return { manifest, folder, tarball: join(outer, filename), files: files.map(({ path }) => path).sort() };
}

/** Makes a project with the package installed, and what it depends on, all of it from this machine. */
export function project(place: Scratch, { tarball }: Packed): string {
  const local = (name: string) => `file:${join(ROOT, "node_modules", name)}`;
  const manifest = {
    type: "module",
    dependencies: { "@latchkey/auth": `file:${tarball}`, nodemailer: local("nodemailer") },
  };
  const folder = place.folder({ "package.json": JSON.stringify(manifest) });
  run(folder, ["npm", "install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
  for (const path of ["test/package/use.ts", "test/package/full.ts", "examples/sms_plugin.ts"]) {
    cpSync(join(ROOT, path), join(folder, path));
  }
  mkdirSync(join(folder, "node_modules/@types"));
  symlinkSync(join(ROOT, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  return folder;
}

/** What a command prints.
 * @throws {Error} where it fails, with all that it printed */
export function run(folder: string, command: readonly string[]): string {
  const { status, output, text } = tried(folder, command);
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${text}`);
  return output;
}

/** How a command ended, and what it printed. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
  /** With what went to standard error, and why it could not be run. */
  readonly text: string;
}

/** Runs a command to its end. */
export function tried(folder: string, [command = "", ...args]: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: environment(),
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  return { status, output: stdout, text: `${stdout}${stderr}${error?.message ?? ""}` };
}

/** That of this process, with the runtimes that npm installed before all others. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${BIN}${delimiter}${process.env["PATH"]}`, NO_COLOR: "1" };
}
