import { deadline } from "../base/deadline.ts";
import { newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import type { AccessToken, Session, User } from "../model.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import type { Verified } from "../protocol/jwt.ts";
import type { SigningKeys } from "./signing_keys.ts";

/** Whom an access token speaks of. */
export interface Subject {
  readonly uid: string;
  readonly sid: string;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  /** When the user signed in, in epoch milliseconds. */
  readonly authenticatedAt: number;
  /** For whom, where that is not the usual audience. */
  readonly audience: string | undefined;
  /** User and session as others are told of them. */
  readonly told: () => readonly [User, Session];
}

/** Access tokens: signed for this issuer and an audience, and verified as such. A token alone lets nobody in here: its session
 * must still live. */
export interface AccessTokens {
  /** @throws {AuthError} `session_ended` where the session is bound to an audience that the options do not name any more */
  readonly sign: (subject: Subject) => Promise<AccessToken>;
  /** Verifies a token for one of `audiences`; without them, for the usual one. */
  readonly verify: (token: string, audiences?: readonly string[]) => Promise<Verified>;
  /** For whom there may be tokens, the usual audience first. */
  readonly audiences: readonly string[];
}

const PATIENCE = 5000; // ms that the application may take for its claims

/** Access tokens under the store's keys. */
export function accessTokens(keys: SigningKeys, platform: Platform, jwt: Settings["jwt"]): AccessTokens {
  const { issuer, audience: usual, audiences, ttl, claims } = jwt;
  const within = deadline(platform, PATIENCE, () => new Error(`jwt.claims: no answer within ${PATIENCE} ms`));

  async function added({ told }: Subject): Promise<object> {
    if (claims === null) return {};
    const { addedClaims } = await import("./added_claims.ts"); // few applications add any
    return await within(addedClaims(claims, told()));
  }

  return {
    audiences,
    async sign(subject) {
      const { uid, sid, amr, roles, authenticatedAt, audience = usual } = subject;
      if (!audiences.includes(audience)) throw new AuthError("session_ended");
      const more = await added(subject);
      const iat = Math.floor(platform.now() / 1000);
      const { signAccessToken } = await jwts();
      const accessToken = await signAccessToken({
        ...more,
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
    async verify(token, audience: string | readonly string[] = usual) {
      const { verifyAccessToken } = await jwts();
      return await verifyAccessToken(token, keys.verifying, { issuer, audience, now: platform.now() });
    },
  };
}

/** jose is loaded with the first token: where sessions are carried by cookies alone there is none. */
const jwts = () => loading ??= import("../protocol/jwt.ts");
let loading: Promise<typeof import("../protocol/jwt.ts")> | undefined;
