import type { Duration } from "../base/duration.ts";
import type { Report } from "../base/report.ts";
import type { Session, User } from "../model.ts";
import { type Algorithm, ALGORITHMS } from "../protocol/algorithms.ts";

/** How access tokens are made. */
export interface JwtOptions {
  /** How they are signed. With keys of your own, what the first of them signs by. @default {"EdDSA"} */
  readonly algorithm?: Algorithm;
  /** The claim `iss`. @default {baseUrl} */
  readonly issuer?: string;
  /** The claim `aud`, where a session is bound to no other audience. @default {baseUrl} */
  readonly audience?: string;
  /** How long they live, 10 seconds to 24 hours. @default {"15m"} */
  readonly ttl?: Duration;
  /** How long a key signs before the next one does, 1 hour to 400 days; not beside `keys`. @default {"90d"} */
  readonly rotateAfter?: Duration;
  /** Keys of your own, which are not stored: PEM (PKCS #8) or JWK, one or a list. The first one signs, all of them verify; further
   * ones may be public. Without it, keys are made and rotated in the store. */
  readonly keys?: OwnKey | readonly OwnKey[];
  /** Adds claims to each access token, 4 KiB at most as JSON. It may not name those that are always there. Where it fails there is
   * no token, and the request fails.
   * @example Usage
   * ```ts ignore
   * createAuth({ jwt: { claims: async (user) => ({ plan: await planOf(user.id) }) } });
   * ``` */
  readonly claims?: ClaimsOf;
}

/** A key of one's own: a PEM that begins with `-----BEGIN PRIVATE KEY-----` (PKCS #8), or a JWK (RFC 7517). */
export type OwnKey = string | Readonly<Record<string, unknown>>;

/** The same, in its place. What it is worth is seen when it is imported, before anything is done. */
export interface GivenKey {
  /** Where it stands in the options. */
  readonly path: string;
  readonly key: OwnKey;
  /** Whether it must be able to sign. */
  readonly signs: boolean;
  /** The algorithm that the options name. */
  readonly wanted: Algorithm | undefined;
}

/** The claims to add to a token of a session. */
export type ClaimsOf = (user: User, session: Session) => object | Promise<object>;

/** The same after all checks. Times are in seconds. */
export interface JwtSettings {
  readonly algorithm: Algorithm;
  readonly issuer: string;
  readonly audience: string;
  /** All that a session may be bound to, `audience` first. */
  readonly audiences: readonly string[];
  readonly ttl: number;
  readonly rotateAfter: number;
  readonly keys: readonly GivenKey[];
  readonly claims: ClaimsOf | null;
}

const HOUR = 3600;

const RANGES = {
  ttl: { min: 10, max: 24 * HOUR, fallback: 900 },
  rotateAfter: { min: HOUR, max: 400 * 24 * HOUR, fallback: 90 * 24 * HOUR },
} as const;

const MEMBERS = ["algorithm", "issuer", "audience", "ttl", "rotateAfter", "keys", "claims"] as const;

/** Checks them, and fills in what was not said. `audiences` are those besides the usual one. */
export function jwtSettings(
  given: JwtOptions | undefined,
  audiences: unknown,
  origin: string,
  report: Report,
): JwtSettings {
  const options = report.object("jwt", given, MEMBERS);
  const { issuer = origin, audience = origin, claims } = options;
  for (const [name, value] of Object.entries({ issuer, audience })) {
    if (typeof value !== "string" || value === "") {
      report.add(`jwt.${name}`, "must be a text that is not empty");
    }
  }
  if (claims !== undefined && typeof claims !== "function") {
    report.add("jwt.claims", "must be a function (user, session) => claims");
  }
  return {
    algorithm: report.word("jwt.algorithm", options.algorithm, ALGORITHMS, "EdDSA"),
    issuer,
    audience,
    audiences: [audience, ...audienceList(audiences, audience, report)],
    ttl: report.duration("jwt.ttl", options.ttl, RANGES.ttl),
    rotateAfter: report.duration("jwt.rotateAfter", options.rotateAfter, RANGES.rotateAfter),
    keys: ownKeys(options, report),
    claims: claims ?? null,
  };
}

function ownKeys(
  { keys, algorithm: wanted, rotateAfter }: JwtOptions,
  report: Report,
): readonly GivenKey[] {
  if (keys === undefined) return [];
  if (rotateAfter !== undefined) {
    report.add("jwt.rotateAfter", "must be left out beside jwt.keys: your own keys are not rotated for you");
  }
  const list: readonly unknown[] = Array.isArray(keys) ? [...keys] : [keys];
  if (list.length === 0) report.add("jwt.keys", "must hold at least one key, or be left out");
  return list.flatMap((key, i): readonly GivenKey[] => {
    const path = Array.isArray(keys) ? `jwt.keys[${i}]` : "jwt.keys";
    const place = { path, signs: i === 0, wanted };
    if (typeof key === "string" && /^\s*-----BEGIN [A-Z ]*KEY-----\s/.test(key)) return [{ ...place, key }];
    if (typeof key === "object" && key !== null && "kty" in key) return [{ ...place, key: { ...key } }];
    report.add(path, 'must be a JWK, or a PEM that begins with "-----BEGIN PRIVATE KEY-----"');
    return [];
  });
}

function audienceList(given: unknown, usual: string, report: Report): readonly string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    report.add("audiences", 'must be an array of texts like "https://api.example.com"');
    return [];
  }
  const list: readonly unknown[] = [...given];
  list.forEach((audience, i) => {
    const path = `audiences[${i}]`;
    if (typeof audience !== "string" || audience.length > 256 || !/^[^\p{Cc}]+$/u.test(audience)) {
      report.add(path, "must be a text of 1 to 256 characters");
    } else if (audience === usual) {
      report.add(path, "must not be jwt.audience, which is meant without naming it");
    } else if (list.indexOf(audience) < i) report.add(path, "must not stand in the list twice");
  });
  return list.map(String);
}
