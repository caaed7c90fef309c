import { base64url, compactVerify, type CryptoKey, SignJWT } from "jose";
import type { Algorithm } from "./algorithms.ts";

/** A key that signs or verifies under one algorithm only (RFC 8725 section 3.1). */
export interface JwtKey {
  /** Its id, random. */
  readonly kid: string;
  /** Its one algorithm. */
  readonly alg: Algorithm;
  /** The key itself. */
  readonly key: CryptoKey | Uint8Array;
}

/** The claims of an access token (RFC 9068 section 2.2). Times are in seconds since 1970. */
export interface AccessClaims {
  /** Who issued it. */
  readonly iss: string;
  /** For whom. */
  readonly aud: string;
  /** The user's id. */
  readonly sub: string;
  /** The session's id. */
  readonly sid: string;
  /** When it was issued. */
  readonly iat: number;
  /** When it expires. */
  readonly exp: number;
  /** Its own id. */
  readonly jti: string;
  /** How the user signed in (RFC 8176). */
  readonly amr: readonly string[];
  /** When the user signed in. */
  readonly auth_time: number;
  /** The user's roles. */
  readonly roles: readonly string[];
}

/** The claims of an access token, and whatever else it says. */
export type AllClaims = AccessClaims & Readonly<Record<string, unknown>>;

/** What a token turned out to be. */
export type Verified =
  | { readonly is: "valid"; readonly claims: AllClaims }
  | { readonly is: "expired" }
  | { readonly is: "invalid" };

/** What a token must say to be taken. */
export interface Expected {
  /** Who issued it, exactly. */
  readonly issuer: string;
  /** For whom: exactly this, or one of these. */
  readonly audience: string | readonly string[];
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** By how many seconds clocks may differ; without it they are one. */
  readonly clockTolerance?: number;
}

/** Signs an access token: a JWS in compact form with `typ` `at+jwt`. */
export function signAccessToken(claims: AccessClaims, { kid, alg, key }: JwtKey): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: "at+jwt" }).sign(key);
}

/** Verifies an access token. `find` knows the keys. Whatever is not exactly our own profile is invalid: another `typ`,
 * issuer or audience, a header member besides `alg`, `kid` and `typ` (so no `jwk`, `jku`, `x5c`,
 * `crit`), an algorithm that is not the key's own (RFC 8725 sections 3.1, 3.8–3.11). */
export async function verifyAccessToken(
  token: string,
  find: (kid: string) => Promise<JwtKey | null>,
  expected: Expected,
): Promise<Verified> {
  const header = profileHeader(token);
  const key = header === null ? null : await find(header.kid);
  if (key === null || key.alg !== header?.alg) return { is: "invalid" };
  const claims = await signedClaims(token, key);
  if (claims === null || !isMeant(claims, expected)) return { is: "invalid" };
  return claims.exp > secondsOf(expected, -1) ? { is: "valid", claims } : { is: "expired" };
}

/** What a token says, if its signature is right and it says all that a token of ours does. */
async function signedClaims(token: string, { alg, key }: JwtKey): Promise<AllClaims | null> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [alg] });
    const claims: unknown = JSON.parse(decoder.decode(payload));
    return isProfile(claims) ? claims : null;
  } catch {
    return null; // jose's refusals, and what is no JSON: the reader of the reply learns no more than that
  }
}

/** Whether claims are this issuer's, for this audience, and count already (RFC 9068 section 4, RFC 7519 section 4.1.5). */
function isMeant(claims: AllClaims, expected: Expected): boolean {
  const { iss, aud, nbf } = claims;
  const audiences = [expected.audience].flat();
  const begun = nbf === undefined || (typeof nbf === "number" && nbf <= secondsOf(expected, 1));
  return iss === expected.issuer && audiences.includes(aud) && begun;
}

/** The time that a claim is compared with, as far off as clocks may be. */
function secondsOf({ now, clockTolerance = 0 }: Expected, direction: 1 | -1): number {
  return Math.floor(now / 1000) + direction * clockTolerance;
}

/** The protected header, if it is one of ours. */
function profileHeader(token: string): { readonly kid: string; readonly alg: string } | null {
  const parts = token.split(".");
  const [header] = parts;
  if (!header || !parts.every(isSpelled)) return null;
  try {
    const { alg, kid, typ, ...others } = JSON.parse(decoder.decode(base64url.decode(header)));
    if (typeof alg !== "string" || typeof kid !== "string" || typ !== "at+jwt") return null;
    return Object.keys(others).length === 0 ? { kid, alg } : null;
  } catch {
    return null; // not a compact JWS
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** How a part may end, by its length modulo 4: the bits that belong to no byte are zero (RFC 4648 section 3.5). */
const ENDS = [/^/, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/] as const;

/** Whether a part of a token is base64url as an encoder writes it. Every part has its one spelling: jose overlooks spaces, padding and
 * bits that belong to no byte, with which one token could be written in many ways (RFC 7515 section 2). */
function isSpelled(part: string): boolean {
  return /^[\w-]*$/.test(part) && ENDS[part.length % 4]?.test(part) === true;
}

const TEXTS = ["iss", "aud", "sub", "sid", "jti"] as const;
const TIMES = ["iat", "exp", "auth_time"] as const;
const LISTS = ["amr", "roles"] as const;

/** Whether each claim of ours is there, and of its type. */
function isProfile(claims: unknown): claims is AllClaims {
  const said: Readonly<Record<string, unknown>> = Object(claims);
  return TEXTS.every((name) => typeof said[name] === "string") &&
    TIMES.every((name) => Number.isFinite(said[name])) &&
    LISTS.every((name) => isTexts(said[name]));
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
