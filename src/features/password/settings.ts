import type { Report } from "../../base/report.ts";
import { STEP_RANGES as RANGES } from "../../options/steps.ts";
import { type HashSettings, hashSettings } from "./hash_settings.ts";
import type { PasswordOptions } from "./options.ts";
import { POLICY_MEMBERS, type PolicySettings, policySettings } from "./policy_settings.ts";

/** The options of `password` after all checks. Times are in seconds. */
export interface PasswordSettings {
  readonly policy: PolicySettings;
  readonly hash: HashSettings;
  readonly signUp: { readonly verify: boolean };
  readonly signIn: { readonly emailCode: boolean };
  readonly change: { readonly emailCode: boolean; readonly requireCurrent: boolean };
  readonly reset: { readonly ttl: number; readonly attempts: number };
  readonly rememberFor: number;
}

const MEMBERS = [...POLICY_MEMBERS, "hash", "signUp", "signIn", "change", "reset", "rememberFor"] as const;
const REMEMBER = { min: 3600, max: 365 * 86_400, fallback: 30 * 86_400 };

/** Checks them, and fills in what was not said. */
export function settings(given: true | PasswordOptions, report: Report): PasswordSettings {
  const options = report.object("password", given === true ? undefined : given, MEMBERS);
  const signUp = report.object("password.signUp", options.signUp, ["verify"]);
  const signIn = report.object("password.signIn", options.signIn, ["emailCode"]);
  const change = report.object("password.change", options.change, ["emailCode", "requireCurrent"]);
  const reset = report.object("password.reset", options.reset, ["ttl", "attempts"]);
  const emailCode = report.flag("password.signIn.emailCode", signIn.emailCode, false);
  if (!emailCode && options.rememberFor !== undefined) {
    const message = "has no effect without password.signIn.emailCode: leave it out, or set that to true";
    report.add("password.rememberFor", message);
  }
  return {
    policy: policySettings(options, report),
    hash: hashSettings(options.hash, report),
    signUp: { verify: report.flag("password.signUp.verify", signUp.verify, true) },
    signIn: { emailCode },
    change: {
      emailCode: report.flag("password.change.emailCode", change.emailCode, false),
      requireCurrent: report.flag("password.change.requireCurrent", change.requireCurrent, true),
    },
    reset: {
      ttl: report.duration("password.reset.ttl", reset.ttl, RANGES.ttl),
      attempts: report.integer("password.reset.attempts", reset.attempts, RANGES.attempts),
    },
    rememberFor: report.duration("password.rememberFor", options.rememberFor, REMEMBER),
  };
}
