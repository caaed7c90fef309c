// Whether the instruments see every flow.
import { expect, test } from "vitest";
import { allFlows, FILES } from "./flows.ts";

test("every flow that is registered is collected, and nothing else of its file runs", async () => {
  const flows = await allFlows();
  expect(flows.length).toBeGreaterThan(200);
  expect(new Set(flows.map(({ name }) => name)).size).toBe(flows.length);
});

test("a file that registers flows takes its other tests from the same place", () => {
  const strays = [...FILES].filter(([, text]) =>
    /import \{[^}]*\b(test|describe)\b[^}]*\} from "vitest"/.test(text)
  );
  expect(strays.map(([name]) => name)).toEqual([]);
});
