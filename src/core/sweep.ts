import { AuthError } from "../errors.ts";
import type { Store } from "../store/collection.ts";
import type { Sweeper } from "../store/sweeper.ts";

/** How far a sweep has come. */
export interface SweepProgress {
  /** How many records were looked at. */
  readonly seen: number;
  /** How many of them were removed. */
  readonly removed: number;
}

/** What a sweep may be told. */
export interface SweepOptions {
  /** Called after every hundred records. What it throws ends the sweep. */
  readonly onProgress?: ((progress: SweepProgress) => void) | undefined;
}

/** What a sweep did. */
export interface Swept {
  /** How many records were removed. */
  readonly removed: number;
  /** How many sealed values there are, by the fingerprint of the secret that seals them; 0 for a configured secret that seals
   * none. */
  readonly sealedUnder: Readonly<Record<string, number>>;
}

/** What a sweep goes through. */
export interface Floor {
  readonly store: Store;
  readonly sweepers: readonly Sweeper[];
  /** Of the configured secrets. */
  readonly fingerprints: readonly string[];
}

const BATCH = 100; // records looked at together
const LEEWAY = 3_600_000; // ms: a clock that runs ahead by less ends nothing
const SEALED = /"sealed":"([0-9a-f]{8})\./g; // as the keyring writes it

/** Goes through the whole store once, beside whatever else is going on in it. */
export async function sweep({ store, sweepers, fingerprints }: Floor, options: SweepOptions): Promise<Swept> {
  const owners = new Map(sweepers.map((one) => [one.name, one]));
  const sealed = new Map(fingerprints.map((fingerprint) => [fingerprint, 0]));
  let [seen, removed, unreadable] = [0, 0, 0];

  async function look(key: string, text: string): Promise<void> {
    seen++;
    for (const [, secret = ""] of text.matchAll(SEALED)) sealed.set(secret, (sealed.get(secret) ?? 0) + 1);
    const [name = "", ...id] = key.split(":");
    try {
      const before = store.platform.now() - LEEWAY;
      if (await owners.get(name)?.sweep([id.join(":"), text], before)) removed++;
    } catch (error) {
      if (!(error instanceof AuthError && error.code === "storage_corrupt")) throw error;
      unreadable++; // it stays: whoever can tell what it is may still need it
    }
  }

  for await (const batch of batches(store)) {
    await Promise.all(batch.map(([key, text]) => look(key, text)));
    options.onProgress?.({ seen, removed });
  }
  if (unreadable > 0) {
    store.platform.log.warn("a sweep met records that cannot be read: they stay", { unreadable });
  }
  return { removed, sealedUnder: Object.fromEntries(sealed) };
}

/** All entries, some at a time; each step within the deadline. */
async function* batches({ driver, within }: Store): AsyncGenerator<readonly (readonly [string, string])[]> {
  const entries = driver.entries("")[Symbol.asyncIterator]();
  let batch: (readonly [string, string])[] = [];
  try {
    for (let step = await within(entries.next()); !step.done; step = await within(entries.next())) {
      batch.push(step.value);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } finally {
    entries.return?.().then(undefined, () => {}); // a store that hangs is not waited for, and has nothing more to say
  }
  if (batch.length > 0) yield batch;
}
