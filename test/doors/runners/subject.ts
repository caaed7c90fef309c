// What the laws are tried on by the runtimes' own test runners. `BROKEN` breaks one law.
import type { Driver } from "@latchkey/auth";
import memory from "@latchkey/auth/drivers/memory";

export function subject(options: { now: () => number }): Driver {
  const driver = memory(options);
  if (process.env["BROKEN"] === undefined) return driver;
  return {
    ...driver,
    swap: (key, expected, next, write) => expected === next || driver.swap(key, expected, next, write),
  };
}
