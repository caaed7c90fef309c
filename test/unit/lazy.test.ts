// Methods whose module is loaded when the first of them is called.
import { expect, test } from "vitest";
import { lazy, loaded } from "../../src/base/lazy.ts";

interface Methods {
  readonly double: (input: number) => Promise<number>;
  readonly halve: (input: number) => Promise<number>;
}

/** Methods of a module that cannot be loaded the first `failing` times, and how often that was tried. */
function methods(failing: number) {
  const tries: number[] = [];
  const load = () => {
    tries.push(tries.length);
    if (tries.length <= failing) return Promise.reject(new Error(`no file ${tries.length}`));
    return Promise.resolve<Methods>({
      double: (input) => Promise.resolve(input * 2),
      halve: (input) => Promise.resolve(input / 2),
    });
  };
  return { tries, lazily: lazy<Methods>({ double: true, halve: true }, load) };
}

test("all who call at first wait for the same load, and there is no further one", async () => {
  const { tries, lazily } = methods(0);
  expect(tries).toEqual([]);
  expect(await Promise.all([lazily.double(4), lazily.halve(4), lazily.double(5)])).toEqual([8, 2, 10]);
  expect(await lazily.halve(6)).toBe(3);
  expect(tries).toHaveLength(1);
});

test("a load that fails is told to all who waited for it, and tried again by the next call", async () => {
  const { tries, lazily } = methods(1);
  const first = await Promise.allSettled([lazily.double(4), lazily.halve(4)]);
  expect(first.map((one) => one.status === "rejected" && one.reason.message)).toEqual([
    "no file 1",
    "no file 1",
  ]);
  expect(await lazily.double(4)).toBe(8);
  expect(tries).toHaveLength(2);
});

test("what is loaded is loaded once", async () => {
  let loads = 0;
  const one = loaded(() => Promise.resolve(++loads));
  expect(await Promise.all([one(), one()])).toEqual([1, 1]);
  expect([await one(), loads]).toEqual([1, 1]);
});
