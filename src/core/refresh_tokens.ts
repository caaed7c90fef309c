import { equal } from "../base/encoding.ts";
import { sha256Text } from "../base/hash.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { formatRefreshToken, newSecret, parseRefreshToken, type RefreshToken } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import type { Settings } from "../options.ts";
import type { Collection, Store } from "../store/collection.ts";
import type { AccessTokens } from "./access_tokens.ts";
import { isListed } from "./account_record.ts";
import type { Accounts } from "./accounts.ts";
import { type Family, type Found, rotate, type Rotated, type SessionRecord } from "./session_record.ts";

/** The tokens of families: derived, compared, rotated. */
export interface RefreshTokens {
  /** A new family. */
  readonly family: () => Family;
  /** The token of a session that is current.
   * @throws {AuthError} `secret_unknown` */
  readonly current: (session: Found) => string;
  /** Moves the family of a token on, if it is the current one. `prepare` runs before, unless the token was used before.
   * @throws {AuthError} `token_invalid`, `session_ended` */
  readonly rotate: <T>(
    token: string,
    attempt: string | undefined,
    prepare: (record: SessionRecord, found: Found | null) => Promise<T>,
  ) => Promise<Traded<T>>;
}

/** What became of a token that was presented. */
interface Traded<T> {
  readonly uid: string;
  readonly sid: string;
  readonly rotated: Rotated;
  readonly prepared: T | undefined;
}

/** What refresh tokens stand on. */
export interface RefreshGround {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly accounts: Accounts;
  readonly accessTokens: AccessTokens;
  readonly settings: Settings["session"];
}

/** The refresh tokens of the sessions in `records`. */
export function refreshTokens(
  { store, keyring, settings, accounts, accessTokens }: RefreshGround,
  records: Collection<SessionRecord>,
): RefreshTokens {
  const { platform } = store;

  /** The token of a generation under one secret; null where that secret is not configured. */
  function derive(token: Omit<RefreshToken, "mac">, seed: string, secret: string): string | null {
    return keyring.mac("refresh-token", secret, token.uid, token.sid, String(token.generation), seed);
  }

  return {
    family: () => ({ generation: 0, seed: newSecret(platform.random), secret: keyring.first, rotations: [] }),
    current({ uid, sid, record }) {
      if (record.family === null) throw new TypeError("a cookie session has no refresh token");
      const { generation, seed, secret } = record.family;
      const mac = derive({ uid, sid, generation }, seed, secret);
      if (mac === null) throw new AuthError("secret_unknown");
      return formatRefreshToken({ uid, sid, generation, mac });
    },
    async rotate<T>(
      token: string,
      attempt: string | undefined,
      prepare: (record: SessionRecord, found: Found | null) => Promise<T>,
    ) {
      const parsed = parseRefreshToken(token);
      if (parsed === null) throw new AuthError("token_invalid");
      const { uid, sid, generation } = parsed;
      const now = platform.now();
      const reading = records.get(`${uid}:${sid}`);
      const [record, account] = accessTokens.asks
        ? await Promise.all([reading, accounts.get(uid)]) // who the claims are to be of
        : [await reading, null];
      if (record === null) throw new AuthError("session_ended");
      const { seed } = record.family ?? {};
      const genuine = seed !== undefined &&
        keyring.fingerprints.some((secret) => equal(derive(parsed, seed, secret) ?? "", parsed.mac));
      if (!genuine) throw new AuthError("token_invalid");
      const presented = {
        generation,
        attempt: attempt === undefined ? null : sha256Text(attempt),
        now,
        leeway: settings.reuseLeeway * 1000,
        idle: settings.idleTtl * 1000,
        secret: keyring.first,
      };
      const found = account !== null && isListed(account, sid, now)
        ? { uid, sid, account, record, at: now }
        : null;
      if (accessTokens.asks && found === null) throw new AuthError("session_ended"); // for good: nothing is listed again
      const isUsed = rotate(record, presented).result.is !== "current";
      const prepared = isUsed ? undefined : await prepare(record, found);
      const rotated = await records.change(`${uid}:${sid}`, (current) => rotate(current, presented), record);
      return { uid, sid, rotated, prepared };
    },
  };
}
