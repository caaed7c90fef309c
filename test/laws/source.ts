// The source as the laws read it: text by path, imports, code without comments. Small patterns, not a parser: the source
// is formatted and type-checked before a law looks at it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** Texts by path from the project's root. */
export type Files = ReadonlyMap<string, string>;

/** One import or re-export. */
export interface Import {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** The path of the file it leads to; undefined for a library. */
  readonly target: string | undefined;
  /** Whether nothing of it is left at run time. */
  readonly types: boolean;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** `mod.ts`, `src/` and `drivers/`: what is published. */
export function sources(): Files {
  return read(["mod.ts", ...folder("src"), ...folder("drivers")].filter((path) => path.endsWith(".ts")));
}

/** Every text that is, or would be, committed; not what npm writes. */
export function repository(): Files {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const list = execFileSync("git", ["-c", "safe.directory=*", ...args], { cwd: root, encoding: "utf8" });
  return read(list.split("\0").filter((path) => path !== "" && path !== "package-lock.json"));
}

/** The files that stand at some paths, those that are missing left out. */
export function read(paths: readonly string[]): Files {
  const found = paths.filter((path) => existsSync(root + path) && statSync(root + path).isFile());
  return new Map(found.map((path) => [path, readFileSync(root + path, "utf8")]));
}

/** The tree with some files added or replaced: how a law is shown a violation. */
export function planted(files: Files, added: Readonly<Record<string, string>>): Files {
  return new Map([...files, ...Object.entries(added)]);
}

/** Everything that a file imports or re-exports, type imports included. */
export function imports(path: string, text: string): readonly Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  const add = (specifier: string, types: boolean) => {
    const target = /^\.\.?\//.test(specifier) ? posix.join(posix.dirname(path), specifier) : undefined;
    found.push({ specifier, target, types });
  };
  for (const [, type, clause, specifier] of code.matchAll(FROM)) {
    add(specifier!, type !== undefined || onlyTypes(clause!));
  }
  for (const [, specifier] of code.matchAll(/^\s*import\s+"([^"]+)"/gm)) add(specifier!, false);
  for (const [, typeOf, specifier, member] of code.matchAll(CALL)) {
    add(specifier!, (typeOf ?? member) !== undefined);
  }
  return found;
}

const FROM = /\b(?:import|export)\s+(type\s+)?([\w$\s{},*]*?)\s*from\s*"([^"]+)"/g;
const CALL = /(typeof\s+)?\bimport\(\s*"([^"]+)"\s*\)(\s*\.\s*[A-Z])?/g;

function onlyTypes(clause: string): boolean {
  const names = /^\{(.*)\}$/s.exec(clause.trim())?.[1]?.split(",").map((name) => name.trim()).filter(Boolean);
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith("type "));
}

/** The same text, comments turned into spaces: places and lines stay where they are. */
export function withoutComments(text: string): string {
  return text.replace(TOKEN, (token, comment?: string) => comment === undefined ? token : blank(token));
}

/** The same text, comments and what stands in strings and patterns turned into spaces. */
export function withoutStrings(text: string): string {
  return text.replace(TOKEN, (token) => token.startsWith("`") ? blankTemplate(token) : blank(token));
}

const QUOTED = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/.source;
const FLAT = /`(?:[^`\\]|\\[\s\S])*`/.source;
const HOLE = `\\$\\{(?:[^\`{}]|\\{[^\`{}]*\\}|${FLAT})*\\}`;
const TEMPLATE = `\`(?:[^\`\\\\$]|\\\\[\\s\\S]|\\$(?!\\{)|${HOLE})*\``;
const PATTERN =
  /(?<=(?:^|[(,=:[!&|?{};>]|\breturn)\s*)\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/.source;
const TOKEN = new RegExp(`(\\/\\/[^\\n]*|\\/\\*[\\s\\S]*?\\*\\/)|${QUOTED}|${TEMPLATE}|${PATTERN}`, "gm");

/** Spaces for everything but line ends and the outermost quotes. */
function blank(token: string): string {
  const spaces = token.replace(/[^\n]/g, " ");
  return /^["'`]/.test(token) ? token[0] + spaces.slice(1, -1) + token.at(-1) : spaces;
}

/** What stands in `${}` is code and stays. */
function blankTemplate(token: string): string {
  const parts = new RegExp(`${HOLE}|[^\\n\`]`, "g");
  return token.replace(parts, (part) => part.length > 1 ? `\${${withoutStrings(part.slice(2, -1))}}` : " ");
}

function folder(name: string): readonly string[] {
  if (!existsSync(root + name)) return [];
  const names = readdirSync(root + name, { recursive: true, encoding: "utf8" });
  return names.map((path) => `${name}/${path.replaceAll("\\", "/")}`).sort();
}
