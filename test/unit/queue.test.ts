// The bounded queue before work that takes long.
import { expect, test } from "vitest";
import { queue } from "../../src/base/queue.ts";
import { outcome } from "../suite/steps.ts";
import { AuthError } from "../../src/errors.ts";

const full = () => new AuthError("busy");

/** Work that goes on until it is told to end. */
function work() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let began = false;
  const run = () => {
    began = true;
    return promise;
  };
  return { run, end: resolve, fail: reject, hasBegun: () => began };
}

/** Lets everything that can go on do so. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("as many run at once as may, the others wait in the order in which they came", async () => {
  const inTurn = queue({ concurrency: 2, waiting: 10 }, full);
  const all = Array.from({ length: 5 }, work);
  const done = all.map((one) => inTurn(one.run));
  const begun = () => all.map((one) => one.hasBegun());
  await settled();
  expect(begun()).toEqual([true, true, false, false, false]);
  all[1]!.end("second");
  await expect(done[1]).resolves.toBe("second");
  await settled();
  expect(begun()).toEqual([true, true, true, false, false]);
  all.forEach((one) => one.end("done"));
  expect(await Promise.all(done)).toEqual(["done", "second", "done", "done", "done"]);
});

test("what comes when as many wait as may is refused, and has not begun", async () => {
  const inTurn = queue({ concurrency: 1, waiting: 1 }, full);
  const [first, second, third] = [work(), work(), work()];
  const done = [first, second].map((one) => inTurn(one.run));
  expect(await outcome(inTurn(third.run))).toBe("busy");
  [first, second].forEach((one) => one.end("done"));
  expect(await Promise.all(done)).toEqual(["done", "done"]);
  third.end("later");
  expect([third.hasBegun(), await inTurn(third.run)]).toEqual([false, "later"]);
});

test("work that fails, even before it begins, makes room for the next one", async () => {
  const inTurn = queue({ concurrency: 1, waiting: 10 }, full);
  const thrown = inTurn(() => {
    throw new Error("at once");
  });
  const failed = work();
  const [second, third] = [inTurn(failed.run), inTurn(() => Promise.resolve("third"))];
  failed.fail(new Error("later"));
  await expect(thrown).rejects.toThrow("at once");
  await expect(second).rejects.toThrow("later");
  expect(await third).toBe("third");
});
