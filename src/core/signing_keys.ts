import type { JWK } from "jose";
import {
  isAnyOf,
  isListOf,
  isNumber,
  isRecordOf,
  isShaped,
  isText,
  orAbsent,
  orNull,
} from "../base/shape.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { AuthError } from "../errors.ts";
import type { Settings } from "../options.ts";
import { ALGORITHMS, PUBLISHED_FOR } from "../protocol/algorithms.ts";
import type { JwtKey } from "../protocol/jws.ts";
import { type Collection, collection, type Store } from "../store/collection.ts";
import type { MaybePromise } from "../store/driver.ts";
import { ALONE, type Sweeper } from "../store/sweeper.ts";
import type { Events } from "./events.ts";
import type { PublicKey } from "./key_material.ts";
import { isDue, isReady, kept, keyOf, type Keys, type Rules, type StoredKey } from "./key_rotation.ts";
import type { Turned } from "./key_turns.ts";
import type { OwnKeys } from "./own_keys.ts";

/** The keys that sign access tokens. */
export interface SigningKeys {
  /** The key that signs now; made when it is first asked for. */
  readonly signing: () => Promise<JwtKey>;
  /** The key that verifies what `kid` signed, or null. */
  readonly verifying: (kid: string) => Promise<JwtKey | null>;
  /** The public keys as a JWK Set (RFC 7517 section 5). Symmetric keys are never in it. */
  readonly jwks: () => Promise<KeySet>;
  /** Lets the next key sign. @throws {AuthError} `config_invalid` where the keys are the application's own */
  readonly rotate: (options: { readonly revoke: boolean }) => Promise<Rotation>;
  /** Resolves when the application's own keys are known to be good. `reseal`: seals the private keys under the first secret, where
   * there are any and another one seals them. @throws {AuthError} `config_invalid` */
  readonly prepare: (reseal: boolean) => Promise<void>;
  readonly sweepers: readonly Sweeper[];
}

/** A JWK Set (RFC 7517 section 5). */
export interface KeySet {
  /** The public keys. */
  readonly keys: readonly PublicKey[];
}

/** What a rotation came to. */
export interface Rotation {
  /** Whether another key signs because of this call, or of one that this process was making already. */
  readonly rotated: boolean;
  /** The id of the key that signs now. */
  readonly kid: string;
}

/** What signing keys stand on. */
export interface Ground {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly events: Events;
  readonly jwt: Settings["jwt"];
}

interface Loaded {
  readonly at: number;
  /** Which reading it is: a clock that is put back does not make a later one older. */
  readonly turn: number;
  readonly signing: JwtKey;
  readonly verifying: ReadonlyMap<string, JwtKey>;
  readonly published: KeySet;
}

const READ_AGAIN = 60_000; // ms
const UNKNOWN_AGAIN = 1000; // ms: an unknown kid may be a new key, or somebody who tries us
const SLACK = 120_000; // ms: others sign with a key until they read again, and clocks differ

const isKey = isShaped<StoredKey>({
  kid: isText,
  alg: isAnyOf(...ALGORITHMS),
  state: isAnyOf("standby", "current", "retired"),
  createdAt: isNumber,
  since: orAbsent(isNumber),
  until: orAbsent(isNumber),
  public: orNull(isRecordOf(isText)),
  sealed: orNull(isText),
});
const SHAPE = isShaped<Keys>({ keys: isListOf(isKey) });

const OWN =
  "are your own: put the next one second in the list, five minutes later first, and leave the old one out " +
  "when its tokens have expired";

/** Keys are made on first use by one swap, so that processes that start at once agree; private parts are sealed. */
export function signingKeys({ store, keyring, events, jwt }: Ground): SigningKeys {
  const { platform } = store;
  const { algorithm, keys: given } = jwt;
  const records = collection<Keys>(store, "signing-keys", SHAPE);
  const rules = rulesOf(jwt);
  const own = ownKeysOf(given);
  const vault = vaultOf(keyring, records);
  const [signer, verifier] = [restorer(), restorer()];
  const turning = new Map<boolean, Promise<Rotation>>();
  let loaded: Loaded | null = null;
  let loading: Promise<Loaded> | null = null;
  let turn = 0;

  async function load(): Promise<Loaded> {
    const begun = { at: platform.now(), turn: ++turn };
    const { at } = begun;
    let record = await records.get("");
    if (rules.algorithm !== null && keyOf(record, rules.algorithm) === undefined) {
      const { begin, makeKey } = await turns();
      const [first, second] = [
        await makeKey(algorithm, keyring, platform),
        await makeKey(algorithm, keyring, platform),
      ];
      record = await records.change("", (now) => begin(now, first, second), record);
    }
    if (isDue(record, rules, at)) record = await onTime(record);
    return await opened(record, begun);
  }

  /** What the old keys still do matters more than that the next one signs: it can a minute later. */
  async function onTime(record: Keys | null): Promise<Keys | null> {
    try {
      return (await turned(record, String(keyOf(record, rules.algorithm)?.kid), false)).keys;
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      return record;
    }
  }

  async function turned(record: Keys | null, seen: string, revoke: boolean): Promise<Turned> {
    const { makeKey, turn } = await turns();
    const fresh = await makeKey(algorithm, keyring, platform);
    const now = platform.now();
    const step = { seen, fresh, now, revoke };
    const turned = await records.change("", (keys) => turn(keys, step, rules), record);
    const { kid } = keyOf(turned.keys, algorithm) ?? {};
    if (turned.moved && kid !== undefined) events.emit("keys.rotated", { kid, algorithm, revoked: revoke });
    return turned;
  }

  async function opened(record: Keys | null, begun: Pick<Loaded, "at" | "turn">): Promise<Loaded> {
    const stored = record === null ? [] : await vault.open(record);
    const mine = await own();
    const current = stored.find(({ key }) => key.state === "current" && key.alg === rules.algorithm);
    const signing = mine?.signing ?? (current?.jwk ? await signer(current.key, current.jwk) : null);
    if (signing === null) throw new TypeError("there is a current key: it was just looked for");
    const verifies = new Set(record === null ? [] : kept(record, rules, begun.at));
    const found = await Promise.all(
      stored.filter(({ key }) => verifies.has(key)).map(({ key, jwk }) =>
        verifier(key, key.public ?? jwk ?? {})
      ),
    );
    const open = [...verifies].flatMap((key) => key.public === null ? [] : [key.public]);
    return {
      ...begun,
      signing,
      verifying: new Map([...found, ...mine?.verifying ?? []].map((key) => [key.kid, key])),
      published: { keys: [...mine?.published ?? [], ...open] },
    };
  }

  /** What is known, read again when it is older than `age`; however many ask, the store is asked once. */
  function known(age: number): MaybePromise<Loaded> {
    if (loaded !== null && Math.abs(platform.now() - loaded.at) < age) return loaded;
    return loading ??= load().then(newest).finally(() => loading = null);
  }

  function newest(found: Loaded): Loaded {
    loaded = loaded !== null && loaded.turn >= found.turn ? loaded : found;
    return loaded;
  }

  async function rotate(revoke: boolean): Promise<Rotation> {
    const seen = (await known(READ_AGAIN)).signing.kid;
    const record = await records.get("");
    const may = revoke || isReady(record, rules, platform.now());
    const rotated = may && (await turned(record, seen, revoke)).moved;
    loaded = await load(); // whoever was slower than another process learns what that one did
    return { rotated, kid: loaded.signing.kid };
  }

  return {
    signing: async () => (await known(READ_AGAIN)).signing,
    async verifying(kid) {
      const { verifying } = await known(READ_AGAIN);
      return verifying.get(kid) ?? (await known(UNKNOWN_AGAIN)).verifying.get(kid) ?? null;
    },
    jwks: async () => (await known(READ_AGAIN)).published,
    async rotate({ revoke }) {
      if (given.length > 0) {
        throw new AuthError("config_invalid", { issues: [{ path: "jwt.keys", message: OWN }] });
      }
      const running = turning.get(revoke) ?? rotate(revoke).finally(() => turning.delete(revoke));
      turning.set(revoke, running);
      return await running;
    },
    async prepare(reseal) {
      await own();
      const record = reseal ? await records.get("") : null;
      if (record !== null) await vault.open(record);
    },
    sweepers: [keySweeper(records, rules)],
  };
}

/** Keys are made and turned rarely: by few processes, now and then. */
function turns(): Promise<typeof import("./key_turns.ts")> {
  return import("./key_turns.ts");
}

function rulesOf({ algorithm, keys, rotateAfter, ttl }: Settings["jwt"]): Rules {
  return {
    algorithm: keys.length > 0 ? null : algorithm,
    rotateAfter: rotateAfter * 1000,
    publishedFor: PUBLISHED_FOR * 1000,
    lingers: (ttl + PUBLISHED_FOR) * 1000 + SLACK,
  };
}

/** The application's own keys, imported once; few have any. */
function ownKeysOf(given: Settings["jwt"]["keys"]): () => Promise<OwnKeys | null> {
  let importing: Promise<OwnKeys> | null = null;
  return async () => {
    if (given.length === 0) return null;
    importing ??= import("./own_keys.ts").then(({ importedKeys }) => importedKeys(given));
    return await importing;
  };
}

/** Takes keys that verify nothing any more out of the record, which itself stays. */
function keySweeper(records: Collection<Keys>, rules: Rules): Sweeper {
  return {
    name: "signing-keys",
    ids: ALONE,
    async sweep([id, text], before) {
      const record = records.parse(id, text);
      const { tidy } = await turns();
      if (tidy(record, rules, before).next !== record) {
        await records.change(id, (now) => tidy(now, rules, before), record);
      }
      return false;
    },
  };
}

/** A stored key with its private JWK, where that is still kept. */
interface Opened {
  readonly key: StoredKey;
  readonly jwk: JWK | null;
}

/** Opens the keys of a record; those that another secret than the first one sealed are sealed anew. */
function vaultOf(keyring: Keyring, records: Collection<Keys>) {
  async function openOne(key: StoredKey): Promise<Opened & { readonly fingerprint: string }> {
    if (key.sealed === null) return { key, jwk: null, fingerprint: keyring.first };
    const opened = await keyring.open("signing-keys", key.sealed);
    if (opened.is === "unknown") throw new AuthError("secret_unknown");
    if (opened.is === "damaged") throw damaged();
    return { key, jwk: JSON.parse(opened.plain), fingerprint: opened.fingerprint };
  }

  return {
    async open(record: Keys): Promise<readonly Opened[]> {
      const opened = await Promise.all(record.keys.map(openOne));
      const sealed = new Map<string | null, string>();
      for (const { key, jwk, fingerprint } of opened) {
        if (fingerprint === keyring.first) continue;
        sealed.set(key.sealed, await keyring.seal("signing-keys", JSON.stringify(jwk)));
      }
      if (sealed.size === 0) return opened;
      await records.change("", (now) => ({
        next: now &&
          { ...now, keys: now.keys.map((key) => ({ ...key, sealed: sealed.get(key.sealed) ?? key.sealed })) },
        result: undefined,
      }), record);
      return opened;
    },
  };
}

/** Keys as they were stored, made ready once: an entry of the record is the same object for as long as the record's text is. */
function restorer(): (key: StoredKey, jwk: JWK) => Promise<JwtKey> {
  const known = new WeakMap<StoredKey, JwtKey>();
  return async (key, jwk) => {
    const { imported } = await import("./key_material.ts"); // where sessions are carried by cookies alone there is none
    try {
      const restored = known.get(key) ?? await imported(key, jwk);
      known.set(key, restored);
      return restored;
    } catch (cause) {
      throw damaged(cause); // what is no key was one once
    }
  };
}

function damaged(cause?: unknown): AuthError {
  return new AuthError("storage_corrupt", { remedy: "signing-keys was changed by somebody else" }, { cause });
}
