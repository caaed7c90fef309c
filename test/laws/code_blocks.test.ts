// The code in the documents: every block type-checks, and what stands alone runs. On Node alone: there is one compiler.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Files, read, withoutStrings } from "./source.ts";

const ROOT = join(import.meta.dirname, "../..");
const TSC = join(ROOT, "node_modules/.bin/tsc");
const FOLDER = join(ROOT, "test/.planted", `blocks-${process.pid}`);

/** Blocks marked `ts ignore`: where, and why no compiler can know what they speak of. */
const IGNORED: Readonly<Record<string, string>> = {};

/** What a block may speak of without saying where it comes from. `…` stands for the rest of the options. */
const AMBIENT = `import { createAuth as create, AuthError as Failure } from "@latchkey/auth";
const { auth: made } = { auth: create({
  secret: "", baseUrl: "", email: { from: "", send: () => {}, links: { reset: "" } }, emailOtp: true, magicLink: true, password: true, passkey: true, key: true,
}) };
const shown = { secret: "", baseUrl: "", email: { from: "", send: () => {} } };
declare global {
  const auth: typeof made;
  const createAuth: typeof create;
  const AuthError: typeof Failure;
  const denoKv: typeof import("@latchkey/auth/drivers/deno-kv").default;
  const fs: typeof import("@latchkey/auth/drivers/fs").default;
  const memory: typeof import("@latchkey/auth/drivers/memory").default;
  const prefix: typeof import("@latchkey/auth/drivers/prefix").default;
  const redis: typeof import("@latchkey/auth/drivers/redis").default;
  const sqlite: typeof import("@latchkey/auth/drivers/sqlite").default;
  const rest: typeof shown;
  const request: Request;
  const incoming: import("node:http").IncomingMessage;
  const userId: string;
  const sessionId: string;
  const app: {
    (request: Request): Promise<Response>;
    use(path: string, listener: import("@latchkey/auth/node").NodeListener): void;
  };
  const openKv: typeof import("@deno/kv").openKv;
  const emptyDatabase: () => object;
  const postgres: (database: object, now: () => number) => import("@latchkey/auth").Driver;
  namespace Deno {
    function serve(options: { readonly port: number }, handler: (request: Request, info: unknown) => Promise<Response>): unknown;
  }
}
`;

beforeAll(() => void mkdirSync(FOLDER, { recursive: true }));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("every block of TypeScript in the documents type-checks", () => {
  const { checked, ignored, foreign } = blocks(documents());
  expect(foreign).toEqual([]);
  expect(ignored).toEqual(Object.keys(IGNORED));
  expect(checked.length).toBeGreaterThan(10);
  expect(complaints(checked)).toEqual([]);
});

test("a block that is wrong is seen, one that is not marked as TypeScript, and one that nobody excused", () => {
  const page = "# A\n```ts\nawait auth.sesions.list({ userId });\n```\n\n```ts\nauth.health();\n```\n";
  const right =
    "```ts\ncreateAuth({ storage: memory(), … });\nawait redis({ cluster: […] }).dispose();\n```\n";
  const { checked } = blocks(new Map([["docs/a.md", page], ["docs/b.md", right]]));
  expect(checked.map(({ place }) => place)).toEqual(["docs/a.md:3", "docs/a.md:7", "docs/b.md:2"]);
  expect(complaints(checked)).toEqual([expect.stringMatching(/^docs\/a\.md:3 .*'sesions'/)]);
  expect(blocks(new Map([["a.md", "```js\na\n```\n```ts ignore\n…\n```\n```json\n{}\n```\n"]]))).toEqual({
    checked: [],
    ignored: ["a.md:5"],
    foreign: ["a.md:2 is js"],
  });
});

test("every block that stands alone runs", () => {
  const alone = blocks(documents()).checked.filter(standsAlone);
  expect(alone.length).toBeGreaterThan(3);
  expect(run(alone)).toEqual(alone.map(({ place }) => `${place} ran`));
});

test("a block that fails is seen", () => {
  const text =
    'import { createAuth } from "@latchkey/auth";\ncreateAuth({ secret: "short", baseUrl: "" });\n';
  expect(run([{ place: "a.md:1", text }])).toEqual([expect.stringMatching(/^a\.md:1 .*secret must be/)]);
  expect([standsAlone({ place: "", text }), standsAlone({ place: "", text: "auth.health();" })]).toEqual([
    true,
    false,
  ]);
});

/** A block, and the line of the page that it begins with. */
interface Block {
  readonly place: string;
  readonly text: string;
}

function documents(): Files {
  const pages = readdirSync(join(ROOT, "docs")).sort().map((name) => `docs/${name}`);
  return read(["README.md", "CONTRIBUTING.md", ...pages]);
}

/** The blocks of pages, by what is done with them. */
function blocks(pages: Files) {
  const checked: Block[] = [];
  const ignored: string[] = [];
  const foreign: string[] = [];
  for (const [path, page] of pages) {
    for (const { 1: mark = "", 2: text = "", index } of page.matchAll(/^ *```(\w[^\n]*)\n(.*?)^ *```$/gms)) {
      const place = `${path}:${page.slice(0, index).split("\n").length + 1}`;
      if (mark === "ts") checked.push({ place, text });
      else if (mark === "ts ignore") ignored.push(place);
      else if (/^(?:js|jsx|javascript|tsx|typescript|ts\b.*)$/.test(mark)) {
        foreign.push(`${place} is ${mark}`);
      }
    }
  }
  return { checked, ignored, foreign };
}

/** What the compiler says of blocks, by their places in the pages. */
function complaints(checked: readonly Block[]): readonly string[] {
  const files = checked.map(({ text }, i) => {
    write(`${i}.ts`, `${text.replaceAll(/\[\s*…\s*\]/g, "[]").replaceAll("…", "...rest")}\nexport {};\n`);
    return `${i}.ts`;
  });
  write("ambient.ts", AMBIENT);
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, isolatedDeclarations: false };
  const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, exclude: [] };
  write("tsconfig.json", JSON.stringify({ ...config, include: [], files: ["ambient.ts", ...files] }));
  const { stdout } = spawnSync(TSC, ["-p", FOLDER, "--pretty", "false"], { cwd: FOLDER, encoding: "utf8" });
  return stdout.split("\n").filter((line) => /^\S/.test(line)).map((line) => {
    const [, file = "", row = "", said = ""] = /^(.+?)\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const block = checked[Number(basename(file))];
    if (block === undefined) return line;
    const [page = "", first = ""] = block.place.split(":");
    return `${page}:${Number(first) + Number(row) - 1} ${said}`;
  });
}

const NAMES: readonly string[] = [...AMBIENT.matchAll(/^ {2}(?:const|namespace) (\w+)/gm)].map(([, name]) =>
  name!
);

/** Whether a block says itself where everything comes from. */
function standsAlone({ text }: Block): boolean {
  if (text.includes("…")) return false;
  const code = withoutStrings(text);
  const declared = (name: string) =>
    new RegExp(`\\b(?:import|const|function) (?:\\{[^}]*)?\\b${name}\\b|\\(${name}: `).test(code);
  return NAMES.every((name) => declared(name) || !new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(code));
}

const RUNNER = `for (const [file, place] of JSON.parse(process.argv[2])) {
  const said = await import(file).then(() => "ran", (error) => String(error.message));
  console.log(place + " " + said.split("\\n")[0]);
}
process.exit(0);
`;

/** Runs blocks one after the other, in a folder of their own; what came of each. */
function run(alone: readonly Block[]): readonly string[] {
  const list = alone.map(({ place, text }, i) => {
    write(`alone-${i}.ts`, text.replaceAll("3000", "0"));
    return [join(FOLDER, `alone-${i}.ts`), place];
  });
  write("runner.mjs", RUNNER);
  const env = { ...process.env, AUTH_SECRET: "a-secret-of-32-characters-for-the-documents" };
  const args = [join(FOLDER, "runner.mjs"), JSON.stringify(list)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: FOLDER, env, encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => alone.some(({ place }) => line.startsWith(`${place} `)));
  return lines.length === alone.length ? lines : [...lines, stderr];
}

/** A file beside a block is one of examples/, which the page prints too. */
function write(name: string, text: string): void {
  writeFileSync(join(FOLDER, name), text.replaceAll('from "./', `from "${ROOT}/examples/`));
}
