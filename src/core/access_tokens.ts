import { newId } from "../crypto/token.ts";
import type { AccessToken } from "../model.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import { signAccessToken, type Verified, verifyAccessToken } from "../protocol/jwt.ts";
import type { SigningKeys } from "./signing_keys.ts";

/** Whom an access token speaks of. */
export interface Subject {
  readonly uid: string;
  readonly sid: string;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  /** When the user signed in, in epoch milliseconds. */
  readonly authenticatedAt: number;
}

/** Access tokens: signed for this issuer and audience, and verified as such. A token alone lets nobody in here: its session
 * must still live. */
export interface AccessTokens {
  readonly sign: (subject: Subject) => Promise<AccessToken>;
  readonly verify: (token: string) => Promise<Verified>;
}

/** Access tokens under the store's keys. */
export function accessTokens(keys: SigningKeys, platform: Platform, jwt: Settings["jwt"]): AccessTokens {
  const { issuer, audience, ttl } = jwt;
  return {
    async sign({ uid, sid, amr, roles, authenticatedAt }) {
      const iat = Math.floor(platform.now() / 1000);
      const accessToken = await signAccessToken({
        iss: issuer,
        aud: audience,
        sub: uid,
        sid,
        iat,
        exp: iat + ttl,
        jti: newId(platform.random),
        amr,
        auth_time: Math.floor(authenticatedAt / 1000),
        roles,
      }, await keys.signing());
      return { tokenType: "Bearer", accessToken, expiresIn: ttl };
    },
    verify: (token) => verifyAccessToken(token, keys.verifying, { issuer, audience, now: platform.now() }),
  };
}
