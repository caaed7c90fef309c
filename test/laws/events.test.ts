// The table of events: each row is emitted somewhere, and nothing is emitted that has no row (the compiler sees to that).
import { expect, test } from "vitest";
import { EVENTS } from "../../src/events.ts";
import { type Files, sources, withoutComments } from "./source.ts";

test("each event of the table is emitted somewhere", () => {
  expect(silent(sources())).toEqual([]);
});

test("an event that nobody emits is seen; one in a comment is not emitted", () => {
  const file = (text: string) => silent(new Map([["src/a.ts", text]]));
  expect(file("")).toContain("session.reuse");
  expect(file('// emit("session.reuse", ids)')).toContain("session.reuse");
  expect(file('events.emit("session.reuse", ids);')).not.toContain("session.reuse");
});

function silent(files: Files): readonly string[] {
  const code = [...files].filter(([path]) => path !== "src/events.ts").map(([, text]) =>
    withoutComments(text)
  );
  const whole = code.join("\n");
  return Object.keys(EVENTS).filter((name) => !new RegExp(`emit\\(\\s*"${name}"`).test(whole));
}
