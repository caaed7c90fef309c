import { expect, test } from "vitest";
import { deadline } from "../../src/base/deadline.ts";

test("a clock that is put back while somebody waits makes the wait no longer", async () => {
  let time = Date.UTC(2030, 0, 1);
  const slept: number[] = [];
  const within = deadline(
    {
      now: () => time,
      sleep(ms) {
        slept.push(ms);
        time += slept.length === 1 ? ms - 3_600_000 : ms;
        return Promise.resolve();
      },
    },
    5000,
    () => new Error("too late"),
  );
  await expect(within(new Promise(() => {}))).rejects.toThrow("too late");
  expect(slept).toEqual([5000]);
});
