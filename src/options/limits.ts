import type { Duration } from "../base/duration.ts";
import type { Report } from "../base/report.ts";
import type { LimitKind } from "../contract.ts";

/** So many requests of one client in so much time. */
export interface RouteLimit {
  /** How many, 1 to 100,000. They may come all at once. */
  readonly limit: number;
  /** In what time, 1 second to 30 days. */
  readonly per: Duration;
}

/** `false` for no limits at all, or limits of routes by their names: `{ "POST /email/start": { limit: 5, per: "1h" } }`. */
export type RateLimit = boolean | Readonly<Record<string, RouteLimit>>;

/** So many, in so many seconds. */
export interface RateSettings {
  readonly limit: number;
  readonly per: number;
}

/** The limits after all checks. */
export interface LimitSettings {
  /** Whether anything is limited. */
  readonly on: boolean;
  /** By kind: all routes of a kind count together. */
  readonly kinds: Readonly<Record<LimitKind, RateSettings>>;
  /** Routes that count by themselves, by name. */
  readonly routes: Readonly<Record<string, RateSettings>>;
}

/** Of each client address, or of each device that is known. */
const KINDS = {
  start: { limit: 30, per: 600 },
  // Nobody asks for it, and a household looks at many pages. Each keeps a record of some 230 bytes for `passkey.ttl`: 100 KB of an address.
  page: { limit: 300, per: 600 },
  proof: { limit: 60, per: 600 },
  refresh: { limit: 120, per: 60 },
} as const;

const COUNT = { min: 1, max: 100_000, fallback: 1 } as const;
const TIME = { min: 1, max: 30 * 86_400, fallback: 1 } as const; // seconds

/** Checks them. Whether there are such routes `namedRoutes` asks, once it is known which there are. */
export function limitSettings(given: unknown, report: Report): LimitSettings {
  const named = typeof given === "object" && given !== null && !Array.isArray(given);
  if (!named && given !== undefined && typeof given !== "boolean") {
    report.add(
      "rateLimit",
      'must be true, false or limits by route: { "POST /email/start": { limit: 5, per: "1h" } }',
    );
  }
  const routes: Record<string, RateSettings> = {};
  for (const [call, rate] of Object.entries(named ? given : {})) {
    const path = `rateLimit["${call}"]`;
    const { limit, per } = report.object<Partial<RouteLimit>>(path, rate, ["limit", "per"]);
    routes[call] = {
      limit: report.integer(`${path}.limit`, limit ?? null, COUNT),
      per: report.duration(`${path}.per`, per ?? null, TIME),
    };
  }
  return { on: given !== false, kinds: KINDS, routes };
}

/** Notes limits of what is no route. */
export function namedRoutes({ routes }: LimitSettings, calls: readonly string[], report: Report): void {
  for (const call of Object.keys(routes)) {
    if (!calls.includes(call)) {
      report.add(
        `rateLimit["${call}"]`,
        `is not a route that is on. There are: ${calls.toSorted().join(", ")}`,
      );
    }
  }
}
