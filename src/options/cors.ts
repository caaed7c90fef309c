import type { Duration } from "../base/duration.ts";
import type { Report } from "../base/report.ts";
import { exactOrigin, ORIGIN_IS } from "./origins.ts";

/** Which pages of other origins may ask and read the replies, where that should differ from `trustedOrigins`. Those that are not trusted
 * ask without cookies. */
export interface CorsOptions {
  /** Exact origins, or `"*"`: any, and then without cookies. Of exact ones, those in `trustedOrigins` ask with cookies. */
  readonly origin: string | readonly string[];
  /** How long a browser may remember that it may ask, up to 24 hours. @default {"10m"} */
  readonly maxAge?: Duration;
}

/** The same after all checks. */
export interface CorsSettings {
  /** Null: whatever is trusted. */
  readonly allows: ReadonlySet<string> | null;
  readonly anybody: boolean;
  /** In seconds. */
  readonly maxAge: number;
}

const MAX_AGE = { min: 0, max: 86_400, fallback: 600 } as const;

/** Checks them, and fills in what was not said. `own` may always ask. */
export function corsSettings(given: CorsOptions | undefined, own: string, report: Report): CorsSettings {
  const { origin, maxAge } = report.object("cors", given, ["origin", "maxAge"]);
  const seconds = report.duration("cors.maxAge", maxAge, MAX_AGE);
  if (given === undefined) return { allows: null, anybody: false, maxAge: seconds };
  if (origin === "*") return { allows: null, anybody: true, maxAge: seconds };
  const list: readonly unknown[] = Array.isArray(origin) ? origin : [origin];
  if (typeof origin !== "string" && !Array.isArray(origin)) {
    report.add("cors.origin", 'must be a string or an array of strings: exact origins, or "*"');
  } else {
    list.forEach((one, i) => {
      const path = Array.isArray(origin) ? `cors.origin[${i}]` : "cors.origin";
      if (!exactOrigin(one)) report.add(path, ORIGIN_IS);
    });
  }
  return { allows: new Set([own, ...list.map(String)]), anybody: false, maxAge: seconds };
}
