// The table of errors: each row is thrown somewhere, and nobody else says its status.
import { expect, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { type Files, planted, sources, withoutComments } from "./source.ts";

const TABLE = "src/errors.ts";
const CODES = Object.keys(ERRORS);

test("each code of the table is thrown somewhere", () => {
  expect(idle(sources())).toEqual([]);
});

test("a code that nobody throws is seen; one in a comment is not thrown", () => {
  const [code = ""] = CODES;
  const file = (text: string) => idle(new Map([["src/a.ts", text]]));
  expect(file("")).toContain(code);
  expect(file(`// new AuthError("${code}")`)).toContain(code);
  expect(file(`throw new AuthError("${code}");`)).not.toContain(code);
});

test("each code that is thrown stands in the table", () => {
  expect(unknown(sources())).toEqual([]);
  const stranger = planted(new Map(), { "src/core/a.ts": 'throw new AuthError("no_such_thing");' });
  expect(unknown(stranger)).toEqual(["src/core/a.ts throws no_such_thing"]);
});

test("the status of an error stands in the table alone", () => {
  expect(statuses(sources())).toEqual([]);
  const second = planted(new Map(), {
    "src/http/a.ts": "return new Response(null, { status: 429 });",
    "src/http/b.ts": 'if (error.code === "not_found") return reply(404);',
    "src/http/c.ts": "return new Response(null, { status: 204 });",
  });
  expect(statuses(second)).toEqual(["src/http/a.ts says 429", "src/http/b.ts says 404"]);
});

/** Codes that stand in no code but the table's. A code may be chosen by an expression, so any string of its name counts. */
function idle(files: Files): readonly string[] {
  const code = [...files].filter(([path]) => path !== TABLE).map(([, text]) => withoutComments(text)).join(
    "\n",
  );
  const thrown = /\bAuthError\(/.test(code);
  return CODES.filter((name) => !thrown || !code.includes(`"${name}"`));
}

function unknown(files: Files): readonly string[] {
  return [...files].flatMap(([path, text]) => {
    const thrown = [...withoutComments(text).matchAll(/\bAuthError\(\s*"([^"]+)"/g)].map(([, code]) => code!);
    return thrown.filter((code) => !CODES.includes(code)).map((code) => `${path} throws ${code}`);
  });
}

/** Numbers from 400 to 599 that are a status: in `status: 404` and `reply(404)`. To compare with one is fine. */
function statuses(files: Files): readonly string[] {
  const others = [...files].filter(([path]) => path.startsWith("src/") && path !== TABLE);
  return others.flatMap(([path, text]) => {
    const found = withoutComments(text).matchAll(
      /(?:\bstatus\w*\s*:\s*|\((?=[45]\d\d\)))([45]\d\d)\b/gi,
    );
    return [...found].map(([, status]) => `${path} says ${status}`);
  });
}
