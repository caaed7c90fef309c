import type { JWK } from "jose";
import * as v from "valibot";
import { oneOf } from "../base/schema.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import { type Algorithm, ALGORITHMS, type JwtKey } from "../protocol/jwt.ts";
import { collection, type Store } from "../store/collection.ts";
import { ALONE, type Sweeper, sweeper } from "../store/sweeper.ts";
import { generate, imported, type PublicKey, published } from "./key_material.ts";

/** The keys that sign access tokens. */
export interface SigningKeys {
  /** The key that signs now; made when it is first asked for. */
  readonly signing: () => Promise<JwtKey>;
  /** The key that verifies what `kid` signed, or null. */
  readonly verifying: (kid: string) => Promise<JwtKey | null>;
  /** The public keys as a JWK Set (RFC 7517 section 5). Symmetric keys are never in it. */
  readonly jwks: () => Promise<KeySet>;
  /** Seals the private keys under the first secret, where there are any and another one seals them. */
  readonly reseal: () => Promise<void>;
  readonly sweepers: readonly Sweeper[];
}

/** A JWK Set (RFC 7517 section 5). */
export interface KeySet {
  /** The public keys. */
  readonly keys: readonly PublicKey[];
}

interface StoredKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** `current` signs; `standby` is published so that verifiers know it before it does. */
  readonly state: "current" | "standby";
  readonly createdAt: number;
  /** Null for a symmetric key. */
  readonly public: PublicKey | null;
  /** The private JWK, sealed. */
  readonly sealed: string;
}

interface Keys {
  readonly keys: readonly StoredKey[];
}

/** A key, and the fingerprint of the secret that seals it. */
interface Opened {
  readonly stored: StoredKey;
  readonly jwk: JWK;
  readonly fingerprint: string;
}

interface Loaded {
  readonly at: number;
  readonly signing: JwtKey;
  readonly verifying: ReadonlyMap<string, JwtKey>;
  readonly published: KeySet;
}

const READ_AGAIN = 60_000; // ms
const UNKNOWN_AGAIN = 1000; // ms: an unknown kid may be a new key, or somebody who tries us

const SHAPE = v.looseObject({
  keys: v.array(v.looseObject({
    kid: v.string(),
    alg: oneOf(...ALGORITHMS),
    state: oneOf("current", "standby"),
    createdAt: v.number(),
    public: v.nullable(v.custom<PublicKey>(isPublicKey)),
    sealed: v.string(),
  })),
});

/** Keys are made on first use by one swap, so that processes that start at once agree; private parts are sealed. */
export function signingKeys(store: Store, keyring: Keyring, algorithm: Algorithm): SigningKeys {
  const { platform } = store;
  const records = collection<Keys>(store, "signing-keys", SHAPE);
  let loaded: Loaded | null = null;
  let loading: Promise<Loaded> | null = null;

  async function load(): Promise<Loaded> {
    const at = platform.now();
    let record = await records.get("");
    if (record === null || !signs(record, algorithm)) {
      const made = [await makeKey("current"), await makeKey("standby")];
      record = await records.change("", (now) => {
        if (now !== null && signs(now, algorithm)) return { next: now, result: now };
        const next: Keys = { ...now, keys: [...(now?.keys ?? []), ...made] };
        return { next, result: next };
      }, record);
    }
    const opened = await unsealed(record);
    const current = opened.find(({ stored }) => stored.alg === algorithm && stored.state === "current");
    if (current === undefined) throw new TypeError("there is a current key: it was just looked for");
    return {
      at,
      signing: await imported(current.stored, current.jwk),
      verifying: new Map(
        await Promise.all(
          opened.map(async ({ stored, jwk }) =>
            [stored.kid, await imported(stored, stored.public ?? jwk)] as const
          ),
        ),
      ),
      published: { keys: record.keys.flatMap((key) => key.public === null ? [] : [key.public]) },
    };
  }

  async function open(stored: StoredKey): Promise<Opened> {
    const opened = await keyring.open("signing-keys", stored.sealed);
    if (opened.is === "unknown") throw new AuthError("secret_unknown");
    if (opened.is === "damaged") {
      throw new AuthError("storage_corrupt", {
        remedy: "signing-keys was changed by somebody else",
      });
    }
    return { stored, jwk: JSON.parse(opened.plain), fingerprint: opened.fingerprint };
  }

  /** The keys, opened; those that another secret than the first one sealed are sealed anew. */
  async function unsealed(record: Keys): Promise<readonly Opened[]> {
    const opened = await Promise.all(record.keys.map(open));
    const sealed = new Map<string, string>();
    for (const { stored, jwk, fingerprint } of opened) {
      if (fingerprint === keyring.first) continue;
      sealed.set(stored.sealed, await keyring.seal("signing-keys", JSON.stringify(jwk)));
    }
    if (sealed.size === 0) return opened;
    await records.change("", (now) => ({
      next: now &&
        { ...now, keys: now.keys.map((key) => ({ ...key, sealed: sealed.get(key.sealed) ?? key.sealed })) },
      result: undefined,
    }), record);
    return opened;
  }

  async function makeKey(state: StoredKey["state"]): Promise<StoredKey> {
    const kid = newId(platform.random);
    const { secret, open } = await generate(algorithm, platform.random);
    const sealed = await keyring.seal("signing-keys", JSON.stringify(secret));
    const told = open === null ? null : published(open, kid, algorithm);
    return { kid, alg: algorithm, state, createdAt: platform.now(), public: told, sealed };
  }

  /** What is known, read again when it is older than `age`; however many ask, the store is asked once. */
  async function known(age: number): Promise<Loaded> {
    if (loaded !== null && platform.now() - loaded.at < age) return loaded;
    loading ??= load().then((now) => loaded = now).finally(() => loading = null);
    return await loading;
  }

  return {
    sweepers: [sweeper({ name: "signing-keys", ids: ALONE }, records)],
    signing: async () => (await known(READ_AGAIN)).signing,
    async verifying(kid) {
      const { verifying } = await known(READ_AGAIN);
      return verifying.get(kid) ?? (await known(UNKNOWN_AGAIN)).verifying.get(kid) ?? null;
    },
    jwks: async () => (await known(READ_AGAIN)).published,
    async reseal() {
      const record = await records.get("");
      if (record !== null) await unsealed(record);
    },
  };
}

function isPublicKey(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.values(value).every((member) => typeof member === "string");
}

function signs({ keys }: Keys, algorithm: Algorithm): boolean {
  return keys.some(({ alg, state }) => alg === algorithm && state === "current");
}
