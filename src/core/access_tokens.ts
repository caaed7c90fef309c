import type { AccessToken } from "../model.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import type { TokenCheck, Verified } from "../protocol/jwt.ts";
import type { Prepare, Subject } from "./minting.ts";
import type { SigningKeys } from "./signing_keys.ts";

/** Access tokens: signed for this issuer and an audience, and verified as such. A token alone lets nobody in here: its session
 * must still live. */
export interface AccessTokens {
  /** Does first whatever can fail, so that a refresh token is not traded for nothing. */
  readonly prepare: Prepare;
  /** Whether the application is asked for claims, and so `prepare` wants to know of whom. */
  readonly asks: boolean;
  /** @throws {AuthError} as `prepare` */
  readonly sign: (subject: Subject) => Promise<AccessToken>;
  /** Verifies a token for one of `audiences`; without them, for the usual one. */
  readonly verify: (token: string, audiences?: readonly string[]) => Promise<Verified>;
  /** For whom there may be tokens, the usual audience first. */
  readonly audiences: readonly string[];
}

/** Access tokens under the store's keys. */
export function accessTokens(keys: SigningKeys, platform: Platform, jwt: Settings["jwt"]): AccessTokens {
  const { issuer, audience: usual, audiences, claims } = jwt;
  let making: Promise<Prepare> | undefined;
  let checking: Promise<TokenCheck> | undefined; // jose is loaded with the first token: cookies have none
  const prepare: Prepare = async (audience, before) => {
    making ??= import("./minting.ts").then(({ minting }) => minting(keys, platform, jwt));
    return await (await making)(audience, before);
  };

  return {
    audiences,
    asks: claims !== null,
    prepare,
    sign: async (subject) => await (await prepare(subject.audience, subject))(subject),
    async verify(token, audience: string | readonly string[] = usual) {
      checking ??= import("../protocol/jwt.ts").then(({ tokenCheck }) => tokenCheck(keys.verifying));
      return await (await checking)(token, { issuer, audience, now: platform.now() });
    },
  };
}
