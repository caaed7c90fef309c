import type { Report } from "../../base/report.ts";
import { STEP_RANGES as RANGES } from "../../options/steps.ts";
import type { MagicLinkOptions } from "./contract.ts";

/** The options of `magicLink` after all checks. Times are in seconds. */
export interface MagicLinkSettings {
  readonly signUp: boolean;
  readonly ttl: number;
  readonly anyBrowser: boolean;
  readonly resendAfter: number;
}

const TTL = { ...RANGES.ttl, fallback: 900 };

/** Checks them, and fills in what was not said. */
export function settings(given: true | MagicLinkOptions, report: Report): MagicLinkSettings {
  const members = ["signUp", "ttl", "anyBrowser", "resendAfter"] as const;
  const options = report.object("magicLink", given === true ? undefined : given, members);
  const ttl = report.duration("magicLink.ttl", options.ttl, TTL);
  const resendAfter = report.duration("magicLink.resendAfter", options.resendAfter, RANGES.resendAfter);
  if (resendAfter > ttl) report.add("magicLink.resendAfter", "must not be longer than magicLink.ttl");
  return {
    signUp: report.flag("magicLink.signUp", options.signUp, true),
    ttl,
    anyBrowser: report.flag("magicLink.anyBrowser", options.anyBrowser, false),
    resendAfter,
  };
}
