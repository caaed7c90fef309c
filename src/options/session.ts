import type { Duration } from "../base/duration.ts";
import type { Report } from "../base/report.ts";

/** How sessions live. */
export interface SessionOptions {
  /** How a session may be carried. @default {"both"} */
  readonly mode?: "cookie" | "bearer" | "both";
  /** How long it lives however much it is used, 1 minute to 400 days. @default {"30d"} */
  readonly ttl?: Duration;
  /** How long it lives without being used; never more than `ttl`. @default {"7d"} */
  readonly idleTtl?: Duration;
  /** How long a rotated refresh token still gets the current one, 0 to 5 minutes. @default {"30s"} */
  readonly reuseLeeway?: Duration;
  /** How many an account may have, 1 to 50; one more ends the oldest. @default {50} */
  readonly maxPerUser?: number;
  /** How long after signing in a user may do what needs a fresh session. @default {"10m"} */
  readonly freshFor?: Duration;
}

/** The same after all checks. Times are in seconds. */
export interface SessionSettings {
  readonly mode: "cookie" | "bearer" | "both";
  /** How a session is carried where nobody said. */
  readonly usual: "cookie" | "bearer";
  readonly ttl: number;
  readonly idleTtl: number;
  readonly reuseLeeway: number;
  readonly maxPerUser: number;
  readonly freshFor: number;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

const RANGES = {
  ttl: { min: MINUTE, max: 400 * DAY, fallback: 30 * DAY }, // browsers keep a cookie for 400 days at most
  idleTtl: { min: MINUTE, max: 400 * DAY, fallback: 7 * DAY },
  reuseLeeway: { min: 0, max: 5 * MINUTE, fallback: 30 },
  maxPerUser: { min: 1, max: 50, fallback: 50 },
  freshFor: { min: 10, max: DAY, fallback: 10 * MINUTE },
} as const;

/** Checks them, and fills in what was not said. */
export function sessionSettings(given: SessionOptions | undefined, report: Report): SessionSettings {
  const options = report.object("session", given, [
    "mode",
    "ttl",
    "idleTtl",
    "reuseLeeway",
    "maxPerUser",
    "freshFor",
  ]);
  const ttl = report.duration("session.ttl", options.ttl, RANGES.ttl);
  const idleTtl = report.duration("session.idleTtl", options.idleTtl, RANGES.idleTtl);
  if (options.idleTtl !== undefined && idleTtl > ttl) {
    report.add("session.idleTtl", "must not be longer than session.ttl");
  }
  const mode = report.word("session.mode", options.mode, ["both", "cookie", "bearer"], "both");
  return {
    mode,
    usual: mode === "bearer" ? "bearer" : "cookie",
    ttl,
    idleTtl: Math.min(idleTtl, ttl),
    reuseLeeway: report.duration("session.reuseLeeway", options.reuseLeeway, RANGES.reuseLeeway),
    maxPerUser: report.integer("session.maxPerUser", options.maxPerUser, RANGES.maxPerUser),
    freshFor: report.duration("session.freshFor", options.freshFor, RANGES.freshFor),
  };
}
