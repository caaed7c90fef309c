/**
 * Checks access tokens in another service: without a store, by the keys that the issuer publishes.
 *
 * @example Usage
 * ```ts
 * import { createVerifier } from "@latchkey/auth/verify";
 *
 * const { verify } = createVerifier({
 *   issuer: "https://app.example.com",
 *   audience: "https://app.example.com",
 * });
 *
 * async function handler(request: Request): Promise<Response> {
 *   const { userId } = await verify(request); // or an AuthError with its status
 *   return new Response(`Hello ${userId}`);
 * }
 * console.log(handler);
 * ```
 *
 * @module
 */
import { report } from "../base/report.ts";
import { AuthError } from "../errors.ts";
import { platformOf } from "../platform.ts";
import { tokenCheck } from "../protocol/jwt.ts";
import { keyCache } from "../verifier/key_cache.ts";
import { keySource } from "../verifier/key_source.ts";
import { type Claims, type VerifierOptions, verifierSettings } from "../verifier/options.ts";

export { AuthError } from "../errors.ts";
export type { Duration } from "../base/duration.ts";
export type { ErrorBody, ErrorCode, ErrorDetails, ERRORS, Issue, OwnErrorCode } from "../errors.ts";
export type { Log, Platform } from "../platform.ts";
export type { Algorithm } from "../protocol/algorithms.ts";
export type { AccessClaims } from "../protocol/jwt.ts";
export type { Claims, JwkSet, PublicAlgorithm, VerifierOptions } from "../verifier/options.ts";

/** Checks access tokens. Its function is bound: it can be passed around. */
export interface Verifier {
  /** What the access token says that a request carries (`Authorization: Bearer`), or that is given as text. A session that has ended
   * is not seen here until its last token expires, unless `isRevoked` tells.
   * @throws {AuthError} `unauthenticated` where there is none, `token_invalid`, `token_expired`, `session_ended` where `isRevoked` says
   * so, `keys_unavailable`, and `internal` where `isRevoked` fails
   * @example Usage
   * ```ts ignore
   * const { userId, sessionId, roles } = await verifier.verify(request);
   * ``` */
  readonly verify: (shown: Request | Headers | string) => Promise<Claims>;
}

/** Makes a verifier of the access tokens of one issuer, for one audience. Its keys are asked for when the first token comes.
 * @throws {AuthError} `config_invalid` with everything that is wrong with the options, and what would be right
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4 | RFC 9068 section 4}
 * @example Usage
 * ```ts
 * import { createVerifier } from "@latchkey/auth/verify";
 *
 * const verifier = createVerifier({
 *   issuer: "https://app.example.com",
 *   audience: "https://api.example.com",
 *   isRevoked: (sid) => ended.has(sid),
 * });
 * const ended = new Set<string>();
 * console.log(verifier);
 * ``` */
export function createVerifier(options: VerifierOptions): Verifier {
  const problems = report();
  const settings = verifierSettings(options, problems);
  const platform = platformOf(options?.platform, problems);
  problems.settle();
  const { issuer, audience, clockTolerance, isRevoked } = settings;
  const keys = keyCache(keySource(settings, platform), platform, settings.staleFor);
  const check = tokenCheck(keys.find);
  return {
    async verify(shown) {
      const expected = { issuer, audience, clockTolerance, now: platform.now() };
      const verified = await check(tokenOf(shown), expected);
      if (verified.is === "expired") throw new AuthError("token_expired");
      if (verified.is === "invalid") throw new AuthError("token_invalid");
      const { claims: { sub: userId, sid: sessionId } } = verified;
      const claims: Claims = { ...verified.claims, userId, sessionId };
      if (isRevoked !== undefined && await ended(() => isRevoked(sessionId, claims))) {
        throw new AuthError("session_ended");
      }
      return claims;
    },
  };
}

/** The token that is shown. Other schemes than Bearer are not ours. */
function tokenOf(shown: Request | Headers | string): string {
  if (typeof shown === "string") return shown;
  const headers = "headers" in shown ? shown.headers : shown;
  const [bearer, token = ""] = /^bearer(?:[ \t]+(.*))?$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (bearer === undefined) throw new AuthError("unauthenticated");
  return token;
}

/** Whatever but an honest no keeps the door shut, and says why to nobody but the log of the application. */
async function ended(ask: () => boolean | Promise<boolean>): Promise<boolean> {
  let answer: unknown;
  try {
    answer = await ask();
  } catch (cause) {
    throw new AuthError("internal", undefined, { cause });
  }
  if (typeof answer === "boolean") return answer;
  const cause = new TypeError(`isRevoked must answer true or false: it answered ${typeof answer}`);
  throw new AuthError("internal", undefined, { cause });
}
