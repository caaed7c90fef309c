import type { Duration } from "../base/duration.ts";
import type { Report } from "../base/report.ts";
import { type Algorithm, ALGORITHMS } from "../protocol/jwt.ts";

/** How access tokens are made. */
export interface JwtOptions {
  /** How they are signed. @default {"EdDSA"} */
  readonly algorithm?: Algorithm;
  /** The claim `iss`. @default {baseUrl} */
  readonly issuer?: string;
  /** The claim `aud`. @default {baseUrl} */
  readonly audience?: string;
  /** How long they live, 10 seconds to 24 hours. @default {"15m"} */
  readonly ttl?: Duration;
}

/** The same after all checks. Times are in seconds. */
export interface JwtSettings {
  readonly algorithm: Algorithm;
  readonly issuer: string;
  readonly audience: string;
  readonly ttl: number;
}

const TTL = { min: 10, max: 24 * 3600, fallback: 15 * 60 } as const;

/** Checks them, and fills in what was not said. */
export function jwtSettings(given: JwtOptions | undefined, origin: string, report: Report): JwtSettings {
  const options = report.object("jwt", given, ["algorithm", "issuer", "audience", "ttl"]);
  const { issuer = origin, audience = origin } = options;
  for (const [name, value] of Object.entries({ issuer, audience })) {
    if (typeof value !== "string" || value === "") {
      report.add(`jwt.${name}`, "must be a text that is not empty");
    }
  }
  return {
    algorithm: report.word("jwt.algorithm", options.algorithm, ALGORITHMS, "EdDSA"),
    issuer,
    audience,
    ttl: report.duration("jwt.ttl", options.ttl, TTL),
  };
}
