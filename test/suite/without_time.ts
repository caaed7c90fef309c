import { test } from "vitest";
import type { Test } from "../../src/testing/driver_suite.ts";

/** The laws of a driver that a store without a clock cannot keep. Why it is safe without them is a law of its own, in
 * adoption.test.ts: what is past its life stays until it is swept, and is no record to anybody. */
export const OF_TIME: readonly string[] = [
  "swapping nothing for nothing says whether nothing is there",
  "what is past its ttl is absent, from that very moment",
  "what has expired does not stand in the way of a create",
  "what has expired cannot be updated or removed by its old text",
  "of 100 creates at once over what has expired one writes",
  "a life is stated with each write: the last one counts",
  "a ttl may have a fraction of a second, and be longer than 24.8 days",
];

/** Tells vitest all laws but those. */
export const withoutTime: Test = (name, run) => {
  if (!OF_TIME.includes(name)) test(name, run);
};
