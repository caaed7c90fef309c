import { deadline } from "../base/deadline.ts";
import { AuthError } from "../errors.ts";
import { late, type Store } from "../store/collection.ts";
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
const PATIENCE = 100; // deadlines: before its first entry, a store may have looked through millions of others
const LEEWAY = 3_600_000; // ms: a clock that runs ahead by less ends nothing
const SEALED = /"sealed":"([0-9a-f]{8})\./g; // as the keyring writes it

/** Goes through the whole store once, beside whatever else is going on in it. */
export async function sweep({ store, sweepers, fingerprints }: Floor, options: SweepOptions): Promise<Swept> {
  const owners = new Map(sweepers.map((one) => [one.name, one]));
  const sealed = new Map(fingerprints.map((fingerprint) => [fingerprint, 0]));
  let [seen, removed, unreadable] = [0, 0, 0];

  async function look(key: string, text: string): Promise<void> {
    seen++;
    const [name = "", ...rest] = key.split(":");
    const [owner, id] = [owners.get(name), rest.join(":")];
    if (owner === undefined || !owner.ids.test(id)) return;
    try {
      if (await owner.sweep([id, text], store.platform.now() - LEEWAY)) return void removed++;
    } catch (error) {
      if (!(error instanceof AuthError && error.code === "storage_corrupt")) throw error;
      unreadable++; // it stays: whoever can tell what it is may still need it
    }
    for (const [, secret = ""] of text.matchAll(SEALED)) sealed.set(secret, (sealed.get(secret) ?? 0) + 1);
  }

  for await (const batch of batches(store)) {
    const looks = await Promise.allSettled(batch.map(([key, text]) => look(key, text)));
    for (const one of looks) if (one.status === "rejected") throw one.reason; // now that none of them is under way
    options.onProgress?.({ seen, removed });
  }
  if (unreadable > 0) {
    store.platform.log.warn("a sweep met records that cannot be read: they stay", { unreadable });
  }
  return { removed, sealedUnder: Object.fromEntries(sealed) };
}

/** All entries, some at a time. A driver bounds its own steps; one that hangs all the same is not waited for without end. */
async function* batches(
  { driver, platform, ...store }: Store,
): AsyncGenerator<readonly (readonly [string, string])[]> {
  const ms = store.deadline * PATIENCE;
  const patience = deadline(platform, ms, () => late(ms));
  const entries = await store.reach(() => driver.entries("")[Symbol.asyncIterator]());
  const next = () => store.reach(() => entries.next(), patience);
  let batch: (readonly [string, string])[] = [];
  try {
    for (let step = await next(); !step.done; step = await next()) {
      batch.push(step.value);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } finally {
    store.reach(() => entries.return?.()).catch(() => {}); // it has nothing more to say, and is not waited for
  }
  if (batch.length > 0) yield batch;
}
