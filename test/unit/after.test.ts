import { expect, test } from "vitest";
import { after } from "../../src/base/after.ts";

const double = (n: number) => 2 * n;

test("what is there is gone on with at once, what comes when it comes", async () => {
  expect(after(2, double)).toBe(4);
  expect(await after(Promise.resolve(2), double)).toBe(4);
});

test("promises of somebody else's making are waited for", async () => {
  const theirs = { then: (tell: (n: number) => void) => tell(2) } as unknown as Promise<number>;
  expect(await after(theirs, double)).toBe(4);
});
