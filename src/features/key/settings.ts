import type { Report } from "../../base/report.ts";
import type { KeyOptions } from "./contract.ts";

/** The options of `key` after all checks. Times are in seconds. */
export interface KeySettings {
  readonly ttl: number;
}

const TTL = { min: 30, max: 600, fallback: 120 };

/** Checks them, and fills in what was not said. */
export function settings(given: true | KeyOptions, report: Report): KeySettings {
  const options = report.object("key", given === true ? undefined : given, ["ttl"]);
  return { ttl: report.duration("key.ttl", options.ttl, TTL) };
}
