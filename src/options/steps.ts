import type { Range } from "../base/report.ts";

/** What a step by code may be told, whichever way the code goes: digits, times in seconds, guesses. */
export const STEP_RANGES: Readonly<Record<"length" | "ttl" | "attempts" | "resendAfter", Range>> = {
  length: { min: 6, max: 10, fallback: 6 },
  ttl: { min: 60, max: 3600, fallback: 600 },
  attempts: { min: 1, max: 10, fallback: 5 },
  resendAfter: { min: 0, max: 600, fallback: 60 },
};
