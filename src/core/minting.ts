import { deadline } from "../base/deadline.ts";
import { newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import type { AccessToken, Session, User } from "../model.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import { signAccessToken } from "../protocol/jwt.ts";
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
  /** When the account was read, and when the session ends however much it is used, in epoch milliseconds. */
  readonly at: number;
  readonly endsAt: number;
  /** User and session as others are told of them. */
  readonly told: () => readonly [User, Session];
}

/** Makes ready for a token: asks the application for its claims, about `before` where that is known, and loads the key. What it
 * resolves to signs for the subject as it is then.
 * @throws {AuthError} `session_ended` where the session is bound to an audience that the options do not name any more */
export type Prepare = (audience: string | undefined, before: Subject | null) => Promise<Make>;

/** Makes the token that was prepared. */
export type Make = (subject: Subject) => Promise<AccessToken>;

/** What the application adds to a token, and when the account was read that it speaks of. */
interface Said {
  readonly more: object;
  readonly at: number;
}

const PATIENCE = 5000; // ms that the application may take for its claims

/** Makes access tokens: what can fail for reasons that are not ours (claims, the key) comes first. */
export function minting(keys: SigningKeys, platform: Platform, jwt: Settings["jwt"]): Prepare {
  const { issuer, audience: usual, audiences, ttl, claims } = jwt;
  const within = deadline(platform, PATIENCE, () => new Error(`jwt.claims: no answer within ${PATIENCE} ms`));

  async function ask({ told, at }: Subject): Promise<Said> {
    if (claims === null) return { more: {}, at };
    const { addedClaims } = await import("./added_claims.ts"); // few applications add any
    return { more: await within(addedClaims(claims, told())), at };
  }

  /** What was said before counts, where it was of the same user. Where the user has changed since, the application is asked again;
   * if that fails, what it said first is as good as a token of a moment earlier, and the time in the token says so. To fail here
   * would cost the session: its refresh token has been traded already. */
  async function saidOf(subject: Subject, before: Subject | null, said: Said | null): Promise<Said> {
    if (before === null || said === null) return await ask(subject);
    if (before === subject || claims === null || isSame(before, subject)) return said;
    return await ask(subject).catch(() => said);
  }

  return async (audience = usual, before) => {
    if (!audiences.includes(audience)) throw new AuthError("session_ended");
    const first = before === null ? null : await ask(before);
    const key = await keys.signing();
    return async (subject) => {
      const { uid, sid, amr, roles, authenticatedAt, endsAt } = subject;
      const { more, at } = await saidOf(subject, before, first);
      // When the account was read: whoever compares it with the time of a removal sees which came first.
      const iat = Math.floor(at / 1000);
      const exp = Math.min(iat + ttl, Math.floor(endsAt / 1000));
      const accessToken = await signAccessToken({
        ...more,
        iss: issuer,
        aud: audience,
        sub: uid,
        sid,
        iat,
        exp,
        jti: newId(platform.random),
        amr,
        auth_time: Math.floor(authenticatedAt / 1000),
        roles,
      }, key);
      const expiresIn = Math.max(0, exp - Math.floor(platform.now() / 1000));
      return { tokenType: "Bearer", accessToken, expiresIn };
    };
  };
}

/** Whether the application would be asked about the same user. */
function isSame(one: Subject, other: Subject): boolean {
  return JSON.stringify(one.told()[0]) === JSON.stringify(other.told()[0]);
}
