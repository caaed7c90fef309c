// Words: the project speaks of itself alone, and says nothing that was left for later.
import { expect, test } from "vitest";
import { type Files, planted, repository } from "./source.ts";

/** Word → the files that may say it. */
const WORDS: readonly (readonly [RegExp, RegExp?])[] = [
  [/\bissue #?\d/i],
  [/\/work\//],
  [/\.\.\/shared\b/, /^\.ci\//],
  [/\b(?:TO[D]O|FIX[M]E|X[X]X)\b/],
];

test("no text mentions what is not the project's", () => {
  expect(strangers(repository())).toEqual([]);
});

test("such a word is seen, wherever it stands", () => {
  const seen = (path: string, ...parts: string[]) =>
    strangers(planted(new Map(), { [path]: parts.join("") }));
  expect(seen("README.md", "See iss", "ue 12.")).toEqual([["README.md:1 iss", "ue 1"].join("")]);
  expect(seen("src/a.ts", "\n// TO", "DO")).toEqual([["src/a.ts:2 TO", "DO"].join("")]);
  expect(seen("tools/a.mjs", '"/wor', 'k/main"')).toHaveLength(1);
  expect(seen("tools/a.mjs", "../sha", "red/vectors")).toHaveLength(1);
  expect(seen(".ci/run", "../sha", "red/vectors")).toEqual([]);
});

function strangers(files: Files): readonly string[] {
  return [...files].flatMap(([path, text]) =>
    WORDS.flatMap(([word, allowed]) => {
      if (allowed?.test(path)) return [];
      const found = [...text.matchAll(new RegExp(word, `g${word.flags}`))];
      return found.map(({ 0: what, index }) => `${path}:${text.slice(0, index).split("\n").length} ${what}`);
    })
  );
}
