import type { JWK } from "jose";
import { base64url } from "../base/encoding.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { newId } from "../crypto/token.ts";
import type { Platform } from "../platform.ts";
import { SECRET_BYTES } from "../protocol/jwk.ts";
import type { Algorithm } from "../protocol/algorithms.ts";
import type { Decision } from "../store/collection.ts";
import { PAIRS, type PublicKey } from "./key_material.ts";
import { isReady, kept, keyOf, type Keys, type Rules, type StoredKey } from "./key_rotation.ts";

/** A key that was made and has no place yet. */
export type MadeKey = Pick<StoredKey, "kid" | "alg" | "createdAt" | "public" | "sealed">;

/** A step from one key to the next. */
export interface Turn {
  /** The key that signed when it was decided to turn. */
  readonly seen: string;
  /** What will stand by. */
  readonly fresh: MadeKey;
  readonly now: number;
  /** Keeps nothing of what was before, but for the key that stood by. */
  readonly revoke: boolean;
}

/** What became of a turn. */
export interface Turned {
  readonly keys: Keys | null;
  /** Whether another key signs because of it. */
  readonly moved: boolean;
}

/** Adds a first key and one that stands by, unless somebody signs by their algorithm already: processes that start at once agree. */
export function begin(now: Keys | null, first: MadeKey, second: MadeKey): Decision<Keys, Keys> {
  if (now !== null && keyOf(now, first.alg) !== undefined) return { next: now, result: now };
  const others = (now?.keys ?? []).filter(({ alg, state }) => !(alg === first.alg && state === "standby"));
  const signing: StoredKey = { ...first, state: "current", since: first.createdAt };
  const next: Keys = { ...now, keys: [...others, signing, standingBy(second)] };
  return { next, result: next };
}

/** The next key signs, the one before retires, a fresh one stands by: all in one swap, so that there is never a moment without a
 * key that signs and one that verifiers know before it does. Whoever saw another key sign comes too late, and moves nothing. */
export function turn(
  now: Keys | null,
  { seen, fresh, revoke, ...at }: Turn,
  rules: Rules,
): Decision<Keys, Turned> {
  const unmoved = (next: Keys | null) => ({ next, result: { keys: next, moved: false } });
  const current = keyOf(now, rules.algorithm);
  const standby = keyOf(now, rules.algorithm, "standby");
  if (now === null || current === undefined || standby === undefined) return unmoved(now);
  if (current.kid !== seen) return unmoved(revoke ? only(now, [current, standby]) : now); // what is to go may still verify
  if (!revoke && !isReady(now, rules, at.now)) return unmoved(now);
  const others = kept(now, rules, at.now).filter((key) => key !== current && key !== standby);
  const before = revoke ? [] : [...others, retired(current, at.now + rules.lingers)];
  const signing: StoredKey = { ...standby, state: "current", since: at.now };
  const next: Keys = { ...now, keys: [...before, signing, standingBy(fresh)] };
  return { next, result: { keys: next, moved: true } };
}

/** The keys without those that verify nothing any more. */
export function tidy(now: Keys | null, rules: Rules, at: number): Decision<Keys, undefined> {
  return { next: now && only(now, kept(now, rules, at)), result: undefined };
}

/** The record with some of its keys; the same one where that is all of them. */
function only(keys: Keys, some: readonly StoredKey[]): Keys {
  return some.length === keys.keys.length ? keys : { ...keys, keys: [...some] };
}

function standingBy(key: MadeKey): StoredKey {
  return { ...key, state: "standby" };
}

/** What a key signed is verified by its public part: the private one is of no more use to anybody but a thief. */
function retired(key: StoredKey, until: number): StoredKey {
  return { ...key, state: "retired", until, sealed: key.public === null ? key.sealed : null };
}

/** A new key, its private part sealed. */
export async function makeKey(alg: Algorithm, keyring: Keyring, platform: Platform): Promise<MadeKey> {
  const kid = newId(platform.random);
  const { secret, open } = await generate(alg, platform.random);
  const sealed = await keyring.seal("signing-keys", JSON.stringify(secret));
  return { kid, alg, createdAt: platform.now(), public: open && published(open, kid, alg), sealed };
}

/** A private JWK, and its public one where there is such a thing. */
async function generate(
  alg: Algorithm,
  random: (length: number) => Uint8Array,
): Promise<{ readonly secret: JWK; readonly open: JWK | null }> {
  const pair = PAIRS[alg];
  if (pair === undefined) {
    const bytes = random(Number(SECRET_BYTES[alg])); // as long as the hash: `PAIRS` has all others
    return { secret: { kty: "oct", k: base64url(bytes) }, open: null };
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(pair, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair; // all of `PAIRS` are pairs
  const [secret, open] = await Promise.all([
    crypto.subtle.exportKey("jwk", privateKey),
    crypto.subtle.exportKey("jwk", publicKey),
  ]);
  return { secret, open };
}

/** A key as it is published. */
export function published(open: JWK, kid: string, alg: Algorithm): PublicKey {
  const texts = Object.entries(open).filter((entry): entry is [string, string] =>
    typeof entry[1] === "string"
  );
  return { ...Object.fromEntries(texts), kid, alg, use: "sig" };
}
