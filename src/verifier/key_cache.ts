import { saidBy } from "../base/hidden.ts";
import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import type { JwtKey } from "../protocol/jws.ts";
import type { KeySource } from "./key_source.ts";

/** The keys of an issuer, as far as they are known here. */
export interface KeyCache {
  /** The key that verifies what `kid` signed; null where the issuer has none. @throws {AuthError} `keys_unavailable` where that cannot
   * be told */
  readonly find: (kid: string) => Promise<JwtKey | null>;
}

interface Held {
  readonly keys: ReadonlyMap<string, JwtKey>;
  /** When they were asked for, in epoch milliseconds: before that, the clock was put back. */
  readonly at: number;
  /** Until when they are taken for the issuer's own, in epoch milliseconds. */
  readonly freshUntil: number;
  /** Until when they serve where new ones cannot be had. */
  readonly servesUntil: number;
}

const AGAIN = 1000; // ms: an unknown kid may be a new key, or somebody who tries us

/** Keeps the keys for as long as they may be kept. However many ask, the source is asked once; where it fails, the keys serve for
 * `staleFor` seconds longer, and nobody waits for the attempts that follow. */
export function keyCache({ name, ask }: KeySource, platform: Platform, staleFor: number): KeyCache {
  let held: Held | null = null;
  let failure: { readonly cause: unknown } | null = null;
  let askedAt = -Infinity;
  let asking: Promise<void> | null = null;

  async function attempt(): Promise<void> {
    const at = askedAt = platform.now();
    try {
      const { keys, maxAge } = await ask();
      const freshUntil = at + maxAge * 1000;
      held = { keys, at, freshUntil, servesUntil: freshUntil + staleFor * 1000 };
      failure = null;
    } catch (cause) {
      if (failure === null) {
        platform.log.warn(`The keys of access tokens cannot be had: ${said(cause)}`, { cause });
      }
      failure = { cause };
    }
  }

  /** Asks, or waits for the answer that is on its way; not again within a second. */
  async function refresh(): Promise<void> {
    if (asking === null && Math.abs(platform.now() - askedAt) < AGAIN) return;
    asking ??= attempt().finally(() => asking = null);
    await asking;
  }

  function said(cause: unknown): string {
    return `${name}: ${saidBy(cause)}`;
  }

  function unavailable(): AuthError {
    const cause = failure?.cause;
    return new AuthError("keys_unavailable", { remedy: said(cause) }, { cause });
  }

  return {
    async find(kid) {
      const now = platform.now();
      if (held === null || now >= held.servesUntil) {
        await refresh();
        if (held === null || now >= held.servesUntil) throw unavailable();
      } else if (now >= held.freshUntil || now < held.at) {
        const retried = refresh();
        if (failure === null) await retried;
      }
      const known = held.keys.get(kid);
      if (known !== undefined) return known;
      await refresh();
      const found = held.keys.get(kid);
      if (found === undefined && failure !== null) throw unavailable();
      return found ?? null;
    },
  };
}
