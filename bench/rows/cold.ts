import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { buildModules } from "../../tools/package.ts";
import type { Reading, Row } from "../row.ts";

const BENCH = join(import.meta.dirname, "..");
const SCRIPT = join(BENCH, "cold/first_answer.mjs");
const ROUNDS = 15;

/** What a cold process takes to import the library as it is published, and to say for the first time that nobody is signed in; beside
 * better-auth, which does the same. */
export const row: Row = {
  title: "Cold start",
  async *measure({ short }) {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
    try {
      await buildModules(folder);
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }'); // as it is published: Node need not guess
      copyFileSync(join(BENCH, "cold/latchkey.mjs"), join(folder, "latchkey.mjs"));
      yield* readings(started(folder, short ? 2 : ROUNDS));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** One cold process, in milliseconds. */
interface Start {
  /** What the runtime takes for its first request and response, with nothing imported. */
  readonly alone: number;
  /** All of it, that included. */
  readonly answered: number;
}

/** Both start in turn. The first time counts for nothing: the disk is cold too, and Deno compiles what it keeps. */
function started(folder: string, rounds: number): readonly (readonly [ours: Start, theirs: Start])[] {
  const ours = () => start(join(folder, "latchkey.mjs"), "/auth/session");
  const theirs = () => start(join(BENCH, "peers/better_auth/cold.mjs"), "/api/auth/get-session");
  const all = Array.from({ length: rounds + 1 }, () => [ours(), theirs()] as const);
  return all.slice(1);
}

function start(module: string, path: string): Start {
  const flags = "Deno" in globalThis ? ["run", "-A"] : [];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, SCRIPT, pathToFileURL(module).href, path],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`a cold process ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

function readings(starts: readonly (readonly [ours: Start, theirs: Start])[]): readonly Reading[] {
  const told = { is: "reading", unit: "ms" } as const;
  const title = "import and first answer, cold";
  return [
    { ...told, title, values: starts.map(([{ answered }]) => answered), atMost: 60 },
    { ...told, title: `${title}: of that the runtime alone`, values: starts.map(([{ alone }]) => alone) },
    { ...told, title: `${title}: better-auth`, values: starts.map(([, { answered }]) => answered) },
    {
      is: "reading",
      title: `${title}: ours, as a part of better-auth's`,
      unit: "of its time",
      values: starts.map(([ours, theirs]) => ours.answered / theirs.answered),
      atMost: 0.2,
    },
  ];
}
