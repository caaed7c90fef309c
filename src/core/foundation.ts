import { base32, base64url, fromBase64url } from "../base/encoding.ts";
import { hmacUnder, type Mac } from "../base/hash.ts";
import { isNumber, isObject, isShaped, isText } from "../base/shape.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { AuthError } from "../errors.ts";
import { collection, type Store } from "../store/collection.ts";
import { ALONE, type Sweeper, sweeper } from "../store/sweeper.ts";

/** What stands in a store before anything else. */
export interface Foundation {
  /** Resolves when the store is known to be fit and ours: its lookup key is there and can be opened. Asks again after a failure.
   * @throws {AuthError} `config_invalid`, `storage_unsafe`, `storage_corrupt`, `secret_unknown`, `storage_unavailable` */
  readonly ready: () => Promise<void>;
  /** Looks at all of it anew, and seals under the first secret what another one seals.
   * @throws {AuthError} as `ready` does */
  readonly renew: () => Promise<void>;
  /** Asks the store for the lookup key, however often it was read before.
   * @throws {AuthError} `storage_corrupt`, `storage_unavailable` */
  readonly ask: () => Promise<void>;
  readonly sweepers: readonly Sweeper[];
  /** The name under which a value is claimed: nobody learns it from a list of keys, and no crafted value reaches another key. */
  readonly lookup: (type: string, value: string) => string;
}

interface Sealed {
  readonly sealed: string;
}

interface Meta {
  readonly schema: number;
}

/** Sees to whatever else must be right before anything is done. `reseal`: a secret may be about to go, and what it has sealed is to be
 * sealed anew. */
export type Prepare = (reseal: boolean) => Promise<void>;

const SCHEMA = 1;
const LAID = Promise.resolve();
const LOOK_AGAIN = 60_000; // ms
const LOST = "the record at lookup-key is missing: restore it from a backup";

/** The lookup key, made once per store by create-if-absent and never changed: no rotation of secrets renames a key.
 * It is sealed under the first secret, and sealed again when that changes. */
export function foundation(store: Store, keyring: Keyring, prepare: Prepare): Foundation {
  const lookupKeys = collection<Sealed>(store, "lookup-key", isShaped({ sealed: isText }));
  const metas = collection<Meta>(store, "meta", isShaped({ schema: isNumber }));
  let key: Mac | null = null;
  let laying: Promise<void> | null = null;
  let laidAt = 0;

  async function lay(): Promise<void> {
    if (key === null) await store.reach(() => store.driver.ready?.());
    const record = await lookupKeys.get("") ?? await make();
    const opened = await keyring.open("lookup-key", record.sealed);
    if (opened.is === "unknown") throw new AuthError("secret_unknown");
    const bytes = opened.is === "open" ? fromBase64url(opened.plain) : null;
    if (opened.is === "damaged" || bytes?.length !== 32) {
      throw new AuthError("storage_corrupt", {
        remedy: "lookup-key was changed by somebody else",
      });
    }
    if (opened.fingerprint !== keyring.first) {
      const sealed = await keyring.seal("lookup-key", opened.plain);
      await lookupKeys.change("", (now) => ({
        next: now?.sealed === record.sealed ? { ...now, sealed } : now,
        result: undefined,
      }), record);
    }
    const { schema } = await metas.change(
      "",
      (now) => ({ next: now ?? { schema: SCHEMA }, result: now ?? { schema: SCHEMA } }),
    );
    if (schema > SCHEMA) {
      throw new AuthError("storage_corrupt", {
        remedy: `the store has schema ${schema}, this version knows ${SCHEMA}`,
      });
    }
    await prepare(keyring.fingerprints.length > 1); // with one secret there is nothing to seal anew with
    key = hmacUnder(bytes);
    laidAt = store.platform.now();
  }

  /** Only a store that has nothing gets a new key: with another one, every account in it would be lost from sight. */
  async function make(): Promise<Sealed> {
    const signingKeys = collection<object>(store, "signing-keys", isObject);
    if (await metas.get("") !== null || await signingKeys.get("") !== null) {
      // The key is written first and never removed. Whoever laid the foundation since it was looked for has written it.
      const late = await lookupKeys.get("");
      if (late === null) throw new AuthError("storage_corrupt", { remedy: LOST });
      return late;
    }
    const fresh: Sealed = { sealed: await keyring.seal("lookup-key", base64url(store.platform.random(32))) };
    return await lookupKeys.change("", (now) => ({ next: now ?? fresh, result: now ?? fresh }), null);
  }

  function ready(): Promise<void> {
    // While secrets are changed, processes that still seal under the old one come and go: the last to look must be a new one.
    const settled = keyring.fingerprints.length === 1 || Math.abs(store.platform.now() - laidAt) < LOOK_AGAIN;
    return key !== null && settled ? LAID : renew();
  }

  function renew(): Promise<void> {
    laying ??= lay().finally(() => laying = null);
    return laying;
  }

  return {
    ready,
    renew,
    sweepers: [sweeper({ name: "lookup-key", ids: ALONE }, lookupKeys)],
    async ask() {
      await ready();
      if (await lookupKeys.get("") === null) throw new AuthError("storage_corrupt", { remedy: LOST });
    },
    lookup(type, value) {
      if (key === null) throw new TypeError("the store was not asked before it was used");
      return base32(key.bytes(`${type}\0${value}`));
    },
  };
}
