import { type CryptoKey, jwtVerify, SignJWT } from "jose";
import { fromBase64url, fromUtf8 } from "../base/encoding.ts";

/** How access tokens are signed (RFC 7518 section 3.1, RFC 8037). */
export type Algorithm = "EdDSA" | "ES256" | "RS256" | "HS256";

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

/** What a token turned out to be. */
export type Verified =
  | { readonly is: "valid"; readonly uid: string; readonly sid: string }
  | { readonly is: "expired" }
  | { readonly is: "invalid" };

/** Signs an access token: a JWS in compact form with `typ` `at+jwt`. */
export function signAccessToken(claims: AccessClaims, { kid, alg, key }: JwtKey): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: "at+jwt" }).sign(key);
}

/** Verifies an access token. `find` knows the keys; `now` is in milliseconds. Whatever is not exactly our own profile is
 * invalid: another `typ`, issuer or audience, a header member besides `alg`, `kid` and `typ` (so no `jwk`, `jku`, `x5c`,
 * `crit`), an algorithm that is not the key's own (RFC 8725 sections 3.1, 3.8–3.11). */
export async function verifyAccessToken(
  token: string,
  find: (kid: string) => Promise<JwtKey | null>,
  expected: { readonly issuer: string; readonly audience: string; readonly now: number },
): Promise<Verified> {
  const header = profileHeader(token);
  const key = header === null ? null : await find(header.kid);
  if (key === null || key.alg !== header?.alg) return { is: "invalid" };
  try {
    const { payload } = await jwtVerify(token, key.key, {
      algorithms: [key.alg],
      typ: "at+jwt",
      issuer: expected.issuer,
      audience: expected.audience,
      currentDate: new Date(expected.now),
      requiredClaims: ["exp", "iat", "jti", "sub", "sid"],
    });
    const { sub, sid } = payload;
    if (typeof sub !== "string" || typeof sid !== "string") return { is: "invalid" };
    return { is: "valid", uid: sub, sid };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_JWT_EXPIRED") {
      return { is: "expired" };
    }
    return { is: "invalid" }; // jose's every other refusal: the reader of the reply learns no more than that
  }
}

/** The protected header, if it is one of ours. Every part has its one spelling: jose overlooks spaces, padding and bits that belong
 * to no byte, with which one token could be written in many ways (RFC 7515 section 2). */
function profileHeader(token: string): { readonly kid: string; readonly alg: string } | null {
  const parts = token.split(".").map(fromBase64url);
  const [header] = parts;
  if (!header || parts.includes(null)) return null;
  try {
    const { alg, kid, typ, ...others } = JSON.parse(fromUtf8(header));
    if (typeof alg !== "string" || typeof kid !== "string" || typ !== "at+jwt") return null;
    return Object.keys(others).length === 0 ? { kid, alg } : null;
  } catch {
    return null; // not a compact JWS
  }
}
