import type { Duration } from "../base/duration.ts";
import { isLoopback, webOrigin } from "../base/origin.ts";
import type { Range, Report } from "../base/report.ts";
import type { Platform } from "../platform.ts";
import { type Algorithm, ALGORITHMS } from "../protocol/algorithms.ts";
import type { AccessClaims } from "../protocol/jwt.ts";

/** The algorithms whose keys can be published. */
export type PublicAlgorithm = Exclude<Algorithm, `HS${string}`>;

/** A JWK Set (RFC 7517 section 5). */
export interface JwkSet {
  /** The keys. */
  readonly keys: readonly object[];
}

/** What a checked access token says (RFC 9068 section 2.2), and what `jwt.claims` added to it. Times are in seconds since 1970. */
export interface Claims extends AccessClaims {
  /** The user's id: the claim `sub`. */
  readonly userId: string;
  /** The session's id: the claim `sid`. */
  readonly sessionId: string;
  /** What `jwt.claims` added. */
  readonly [claim: string]: unknown;
}

/** Whose tokens are taken, and where their keys are had. Durations are `"15m"` or seconds. */
export interface VerifierOptions {
  /** The claim `iss` that a token must have: the `jwt.issuer` of whoever signs, which is its `baseUrl` unless set otherwise. Without
   * `jwks` it is an origin, and the keys are had from there. @default {the origin of jwks, where that is a URL} */
  readonly issuer?: string;
  /** The claim `aud` that a token must have, or a list of which it must have one: the `jwt.audience` of whoever signs, which is its
   * `baseUrl` unless set otherwise. */
  readonly audience: string | readonly string[];
  /** Where the public keys are had: a URL, a JWK Set, or a function that answers one. @default {issuer + basePath + "/jwks"} */
  readonly jwks?: string | JwkSet | (() => JwkSet | Promise<JwkSet>);
  /** Where the handler of the issuer is mounted. @default {"/auth"} */
  readonly basePath?: string;
  /** The algorithms whose keys are taken. @default {all that have a public key} */
  readonly algorithms?: readonly PublicAlgorithm[];
  /** By how much this machine's clock may differ from the issuer's, 0 to 5 minutes. @default {0} */
  readonly clockTolerance?: Duration;
  /** How long keys serve past their time while new ones cannot be had, 0 to 24 hours. @default {"1h"} */
  readonly staleFor?: Duration;
  /** How long one request for the keys may take, 1 to 30 seconds. @default {"5s"} */
  readonly deadline?: Duration;
  /** Whether a session has ended, asked of each token that is right otherwise. A token is refused where it answers true, and where it
   * fails. */
  readonly isRevoked?: (sid: string, claims: Claims) => boolean | Promise<boolean>;
  /** Accepts keys over plain HTTP from another machine: whoever is on the way can then sign tokens. @default {false} */
  readonly allowInsecureOrigin?: boolean;
  /** Parts of the machine, replaced: tests turn the clock with it. */
  readonly platform?: Partial<Platform>;
}

/** The same after all checks. Times are in seconds. */
export interface VerifierSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwks: URL | JwkSet | (() => JwkSet | Promise<JwkSet>);
  readonly algorithms: readonly PublicAlgorithm[];
  readonly clockTolerance: number;
  readonly staleFor: number;
  readonly deadline: number;
  readonly isRevoked: VerifierOptions["isRevoked"];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const DEFAULTS = {
  basePath: "/auth",
  algorithms: ALGORITHMS.filter(isPublic),
  clockTolerance: { min: 0, max: 5 * MINUTE, fallback: 0 },
  staleFor: { min: 0, max: 24 * HOUR, fallback: HOUR }, // no access token lives longer than the most
  deadline: { min: 1, max: 30, fallback: 5 },
} as const;

/** How long keys are taken for the issuer's own: what it says, within bounds. In seconds. */
export const MAX_AGE: Range = { min: MINUTE, max: HOUR, fallback: 5 * MINUTE };

const MEMBERS = [
  "issuer",
  "audience",
  "jwks",
  "basePath",
  "algorithms",
  "clockTolerance",
  "staleFor",
  "deadline",
  "isRevoked",
  "allowInsecureOrigin",
  "platform",
] as const;

/** Checks them, and fills in what was not said. */
export function verifierSettings(given: VerifierOptions, report: Report): VerifierSettings {
  const options = report.object("", given, MEMBERS);
  const { isRevoked } = options;
  if (isRevoked !== undefined && typeof isRevoked !== "function") {
    report.add("isRevoked", "must be a function (sid, claims) => boolean");
  }
  return {
    ...whose(options, report),
    audience: texts("audience", options.audience, report),
    algorithms: algorithms(options.algorithms, report),
    clockTolerance: report.duration("clockTolerance", options.clockTolerance, DEFAULTS.clockTolerance),
    staleFor: report.duration("staleFor", options.staleFor, DEFAULTS.staleFor),
    deadline: report.duration("deadline", options.deadline, DEFAULTS.deadline),
    isRevoked,
  };
}

/** The issuer and the place of its keys: each may follow from the other. */
function whose(
  { issuer, jwks, basePath, allowInsecureOrigin }: Partial<VerifierOptions>,
  report: Report,
): Pick<VerifierSettings, "issuer" | "jwks"> {
  const insecure = report.flag("allowInsecureOrigin", allowInsecureOrigin, false);
  const path = mountedAt(basePath, report);
  if (issuer !== undefined && (typeof issuer !== "string" || issuer === "")) {
    report.add("issuer", "must be a text that is not empty");
  }
  if (jwks === undefined) {
    const origin = webOrigin(issuer);
    if (issuer === undefined) {
      report.add("issuer", "must be said, or jwks: whose tokens are taken, and where their keys are had");
    } else if (origin !== issuer) {
      report.add(
        "issuer",
        'must be an origin like "https://app.example.com", or jwks must say where the keys are had',
      );
    }
    return { issuer: String(issuer), jwks: address("issuer", `${origin}${path}/jwks`, insecure, report) };
  }
  if (typeof jwks === "string") {
    const url = address("jwks", jwks, insecure, report);
    return { issuer: issuer ?? url.origin, jwks: url };
  }
  if (issuer === undefined) {
    report.add("issuer", "must be said where jwks is no URL: it cannot be told from the keys");
  }
  if (typeof jwks !== "function" && !Array.isArray(Object(jwks).keys)) {
    report.add("jwks", "must be a URL, a JWK Set like { keys: [] }, or a function that answers one");
  }
  return { issuer: String(issuer), jwks };
}

/** Where keys may be asked for. Whoever can change them on the way can sign tokens. */
function address(path: string, text: string, insecure: boolean, report: Report): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username + url.password !== "") {
    if (path === "jwks") report.add(path, 'must be a URL like "https://app.example.com/auth/jwks"');
    return new URL("https://invalid");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !insecure) {
    report.add(path, "must be https:// outside this machine, or set allowInsecureOrigin: true");
  }
  return url;
}

function mountedAt(given: unknown, report: Report): string {
  if (given === undefined) return DEFAULTS.basePath;
  if (typeof given === "string" && /^(\/[A-Za-z0-9._~-]+)+$/.test(given)) return given;
  report.add("basePath", 'must be a path like "/auth": it begins with a slash and does not end with one');
  return DEFAULTS.basePath;
}

function texts(path: string, given: unknown, report: Report): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const fine = list.filter((one) => typeof one === "string" && one !== "").map(String);
  if (fine.length === 0 || fine.length < list.length) {
    report.add(path, "must be a text that is not empty, or a list of such");
  }
  return fine;
}

function algorithms(given: unknown, report: Report): readonly PublicAlgorithm[] {
  const all = DEFAULTS.algorithms;
  if (given === undefined) return all;
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  const found = all.filter((algorithm) => list.includes(algorithm));
  if (found.length === 0 || list.some((one) => !all.some((algorithm) => algorithm === one))) {
    const words = all.map((word) => `"${word}"`).join(", ");
    report.add("algorithms", `must be a list of algorithms that have a public key, of ${words}`);
  }
  return found;
}

function isPublic(algorithm: Algorithm): algorithm is PublicAlgorithm {
  return !algorithm.startsWith("HS");
}
