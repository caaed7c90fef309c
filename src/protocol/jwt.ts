import { fromUtf8 } from "../base/encoding.ts";
import { base64url } from "jose";
import { frozen } from "../base/frozen.ts";
import { recent } from "../base/recent.ts";
import { isSigned, type JwtKey, sign } from "./jws.ts";
import { nameOf } from "./quick_key.ts";

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

/** The keys that may have signed a token, by their ids. */
export type FindKey = (kid: string) => Promise<JwtKey | null>;

/** Signs an access token: a JWS in compact form with `typ` `at+jwt`. */
export function signAccessToken(claims: AccessClaims, key: JwtKey): Promise<string> {
  return sign(claims, key);
}

/** Verifies a token for whoever expects one. */
export type TokenCheck = (token: string, expected: Expected) => Promise<Verified>;

/** What verifies access tokens. `find` knows the keys. Whatever is not exactly our own profile is invalid: another `typ`, issuer or
 * audience, a header member besides `alg`, `kid` and `typ` (so no `jwk`, `jku`, `x5c`, `crit`), an algorithm that is not the key's own
 * (RFC 8725 sections 3.1, 3.8–3.11).
 *
 * Of a token that was valid it is remembered, for a while, that this key signed it, and its claims: nothing else. The key is asked for
 * each time, and must be the very same one; whether the claims count is looked at each time. */
export function tokenCheck(find: FindKey): TokenCheck {
  const seen = recent<Signed>(REMEMBERED);
  return async (token, expected) => {
    const name = nameOf(token);
    const before = name === undefined ? undefined : seen.get(name);
    const stands = before !== undefined && await find(before.key.kid) === before.key;
    const signed = stands ? before : await signedBy(token, find);
    if (signed === null || !isMeant(signed.claims, expected)) return { is: "invalid" };
    if (signed.claims.exp <= secondsOf(expected, -1)) return { is: "expired" };
    if (name !== undefined && !stands) seen.keep(name, signed, token.length);
    return { is: "valid", claims: signed.claims };
  };
}

/** A token's claims, and the key that signed them. Nobody can change them: whoever shows the token again gets the same ones. */
interface Signed {
  readonly key: JwtKey;
  readonly claims: AllClaims;
}

const REMEMBERED = 2 ** 22; // characters of tokens, which are 600 long at least; twice as many at most

/** What a token says, if its signature is right and it says all that a token of ours does. */
async function signedBy(token: string, find: FindKey): Promise<Signed | null> {
  const parts = partsOf(token);
  const key = parts === null ? null : await find(parts.header.kid);
  if (parts === null || key === null || key.alg !== parts.header.alg) return null;
  if (!await isSigned(token, parts.signature, key)) return null;
  const claims = jsonOf(parts.payload);
  return isProfile(claims) ? { key, claims: frozen(claims) } : null;
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

/** The parts of a token, decoded. */
interface Parts {
  readonly header: { readonly kid: string; readonly alg: string };
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** A token taken apart, if its protected header is one of ours. */
function partsOf(token: string): Parts | null {
  const all = token.split(".");
  if (all.length !== 3 || !all.every(isSpelled)) return null;
  const [first = new Uint8Array(), payload = first, signature = first] = all.map(base64url.decode);
  const { alg, kid, typ, ...others }: Readonly<Record<string, unknown>> = Object(jsonOf(first));
  if (typeof alg !== "string" || typeof kid !== "string" || typ !== "at+jwt") return null;
  return Object.keys(others).length === 0 ? { header: { kid, alg }, payload, signature } : null;
}

/** How a part may end, by its length modulo 4: the bits that belong to no byte are zero (RFC 4648 section 3.5). */
const ENDS = [/^/, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/] as const;

/** Whether a part of a token is base64url as an encoder writes it. Every part has its one spelling: jose overlooks spaces, padding and
 * bits that belong to no byte, with which one token could be written in many ways (RFC 7515 section 2). */
function isSpelled(part: string): boolean {
  return /^[\w-]*$/.test(part) && ENDS[part.length % 4]?.test(part) === true;
}

/** What JSON in bytes says; undefined where it is none. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined; // not one of our tokens
  }
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
