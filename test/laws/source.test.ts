import { expect, test } from "vitest";
import { imports, withoutComments, withoutStrings } from "./source.ts";

test("comments become spaces, and nothing else moves", () => {
  expect(withoutComments('a; // b\n/* c\n"d" */ e("// f");')).toBe('a;     \n    \n       e("// f");');
  expect(withoutComments("const a = /[/*]/; // b")).toBe("const a = /[/*]/;     ");
  expect(withoutComments("const a = b / c; // d / e")).toBe("const a = b / c;         ");
});

test("what stands in strings becomes spaces; what stands in a template's holes is code", () => {
  expect(withoutStrings('a("b\\"{", \'c\');')).toBe("a(\"    \", ' ');");
  expect(withoutStrings("`a${b}c`")).toBe("` ${b} `");
  expect(withoutStrings('`${a.map((b) => `"${b}"`).join(" or ")} {`')).toBe(
    '`${a.map((b) => ` ${b} `).join("    ")}  `',
  );
});

test("imports are found in every form, and types told apart", () => {
  const forms: readonly (readonly [string, string | undefined, boolean])[] = [
    ['import { a, type B } from "./b.ts";', "src/b.ts", false],
    ['import { type A, type B } from "../b.ts";', "b.ts", true],
    ['import type * as a from "jose";', undefined, true],
    ['import a from "node:fs";', undefined, false],
    ['import "./b.ts";', "src/b.ts", false],
    ['export * from "./b.ts";', "src/b.ts", false],
    ['export type { A } from "./b.ts";', "src/b.ts", true],
    ['const a = await import("./b.ts");', "src/b.ts", false],
    ['type A = import("./b.ts").A;', "src/b.ts", true],
  ];
  const found = forms.map(([text]) => imports("src/a.ts", text).map(({ target, types }) => [target, types]));
  expect(found).toEqual(forms.map(([, target, types]) => [[target, types]]));
  expect(imports("src/a.ts", '// import { a } from "./b.ts";\n/* import "./c.ts"; */')).toEqual([]);
});
