import type { Algorithm } from "../protocol/algorithms.ts";
import type { PublicKey } from "./key_material.ts";

/** A key as it is stored. Times are in epoch milliseconds. */
export interface StoredKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** `standby` is published, so that verifiers know it before it signs; `current` signs; `retired` only verifies. */
  readonly state: "standby" | "current" | "retired";
  readonly createdAt: number;
  /** Since when it signs; since it was made, where that was never said. */
  readonly since?: number | undefined;
  /** Until when a retired one verifies. */
  readonly until?: number | undefined;
  /** Null for a symmetric key. */
  readonly public: PublicKey | null;
  /** The private JWK, sealed; null where it is not needed any more. */
  readonly sealed: string | null;
}

/** The record of all keys. */
export interface Keys {
  readonly keys: readonly StoredKey[];
}

/** How keys follow each other. Times are in milliseconds. */
export interface Rules {
  /** By which algorithm this process signs; null where the store's keys sign nothing for it. */
  readonly algorithm: Algorithm | null;
  /** How long a key signs. */
  readonly rotateAfter: number;
  /** How long others may keep the published keys: a key is among them for as long before it signs. */
  readonly publishedFor: number;
  /** How long a key verifies after its last signature. */
  readonly lingers: number;
}

/** The key that signs by an algorithm, or another one of it. */
export function keyOf(
  keys: Keys | null,
  algorithm: Algorithm | null,
  wanted: StoredKey["state"] = "current",
): StoredKey | undefined {
  return keys?.keys.find(({ alg, state }) => alg === algorithm && state === wanted);
}

/** Whether the key that stands by has been published for as long as others may keep what they were told before. */
export function isReady(keys: Keys | null, { algorithm, publishedFor }: Rules, now: number): boolean {
  const standby = keyOf(keys, algorithm, "standby");
  return standby !== undefined && now - standby.createdAt >= publishedFor;
}

/** Whether the key that signs is old, and the next one known. */
export function isDue(keys: Keys | null, rules: Rules, now: number): boolean {
  const current = keyOf(keys, rules.algorithm);
  return current !== undefined && now - startOf(current) >= rules.rotateAfter && isReady(keys, rules, now);
}

/** The keys that verify. A retired one goes when its last token has expired. Those of an algorithm that no process signs by any more
 * go when nobody has turned them for so long that whoever still used them would have. */
export function kept({ keys }: Keys, rules: Rules, now: number): readonly StoredKey[] {
  return keys.filter(({ alg, state, until }) => {
    if (state === "retired") return until !== undefined && now < until;
    if (alg === rules.algorithm) return true;
    const current = keyOf({ keys }, alg);
    return current !== undefined && now - startOf(current) < rules.rotateAfter + rules.lingers;
  });
}

function startOf({ since, createdAt }: StoredKey): number {
  return since ?? createdAt;
}
