// Sizes: a file fits in a few screens, a function on one.
import { expect, test } from "vitest";
import { type Files, planted, sources, withoutStrings } from "./source.ts";

const FILE = 400;
const FUNCTION = 40;

test(`no file is longer than ${FILE} lines`, () => {
  expect(longFiles(sources())).toEqual([]);
  expect(longFiles(planted(new Map(), { "src/a.ts": "\n".repeat(FILE + 1) }))).toEqual([
    "src/a.ts has 401 lines",
  ]);
});

test(`no function is longer than ${FUNCTION} lines, functions within it not counted`, () => {
  expect(longFunctions(sources())).toEqual([]);
});

test("a long function is seen, whatever it looks like", () => {
  const body = "  f();\n".repeat(FUNCTION);
  const lines = (text: string) => longFunctions(planted(new Map(), { "src/a.ts": text }));
  expect(lines(`function a(): void {\n${body}}\n`)).toEqual(["src/a.ts:1 a has 42 lines"]);
  expect(lines(`const a = (b: { c: string }): Promise<{ d: string }> => {\n${body}};\n`)).toHaveLength(1);
  expect(lines(`const a = {\n  async b<T>(c: T): Promise<void> {\n${body}  },\n};\n`)).toEqual([
    "src/a.ts:2 b has 42 lines",
  ]);
  expect(lines(`function a(): void {\n  if (b) {\n${body}  }\n}\n`)).toHaveLength(1);
  expect(
    lines(`function a(): void {\n  const b = () => {\n${body}  };\n  const c = () => {\n${body}  };\n}\n`),
  ).toHaveLength(2);
  expect(lines(`const TABLE = {\n${"  a: 1,\n".repeat(FUNCTION)}};\n`)).toEqual([]);
  expect(lines(`function a(): void {\n${"  f();\n".repeat(FUNCTION - 2)}}\n`)).toEqual([]);
});

function longFiles(files: Files): readonly string[] {
  const sizes = [...files].map(([path, text]) => ({
    path,
    lines: text.trimEnd() === "" ? text.length : lineOf(text.trimEnd()),
  }));
  return sizes.filter(({ lines }) => lines > FILE).map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Where a function stands in the text: from its parameters to the brace that closes it. */
interface Found {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function longFunctions(files: Files): readonly string[] {
  return [...files].flatMap(([path, text]) => {
    const found = functions(withoutStrings(text));
    const measured = found.map((one) => ({ ...one, lines: ownLines(text, one, found) }));
    const long = measured.filter(({ lines }) => lines > FUNCTION);
    return long.map(({ name, start, lines }) =>
      `${path}:${lineOf(text.slice(0, start))} ${name} has ${lines} lines`
    );
  });
}

/** Lines of a function, less what stands between the first and the last line of the functions within it. */
function ownLines(text: string, outer: Found, all: readonly Found[]): number {
  const within = all.filter(({ start, end }) => start > outer.start && end < outer.end);
  const outermost = within.filter((one) =>
    !within.some(({ start, end }) => start < one.start && end > one.end)
  );
  const span = ({ start, end }: Found) => lineOf(text.slice(start, end));
  return span(outer) - outermost.reduce((sum, one) => sum + Math.max(0, span(one) - 1), 0);
}

/** All functions, methods and arrows that have a body in braces. */
function functions(code: string): readonly Found[] {
  const found: Found[] = [];
  for (const { index, 1: name = "" } of code.matchAll(/([\w$]*)\s*(?:<[^<>()=;]*>)?\(/g)) {
    if (/^(?:if|for|while|switch|catch|with)$/.test(name)) continue;
    const open = code.indexOf("(", index);
    const body = bodyAfter(code, closing(code, open) + 1);
    if (body !== -1) {
      found.push({ name: name === "" ? "=>" : name, start: index, end: closing(code, body) + 1 });
    }
  }
  return found;
}

/** The brace that opens the body of a function whose parameters end at `from`; -1 where there is none. */
function bodyAfter(code: string, from: number): number {
  const typed = /^\s*:/.test(code.slice(from));
  for (let at = from; at < code.length; at++) {
    const before = code.slice(from, at).trimEnd();
    const char = code[at]!;
    if (char === "{" && isBody(before)) return at;
    if ("({[".includes(char) && typed) at = closing(code, at);
    else if (/[;,)}]/.test(char) || (!typed && !/[\s=>]/.test(char))) return -1;
  }
  return -1;
}

/** Whether a brace after this is a body, rather than a type: after nothing, after an arrow, after the end of a type. */
function isBody(before: string): boolean {
  return before === "" || before.endsWith("=>") ||
    (/^\s*:/.test(before) && /[\w>\]})"]$/.test(before) && !before.endsWith("=>"));
}

/** The place of the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ("({[".includes(code[at]!)) depth++;
    else if (")}]".includes(code[at]!) && --depth === 0) return at;
  }
  return code.length;
}

function lineOf(text: string): number {
  return text.split("\n").length;
}
