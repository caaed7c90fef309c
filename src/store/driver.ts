/** A value, or a promise of it: drivers in this process answer at once, others later. */
export type MaybePromise<T> = T | Promise<T>;

/** What may be said of a write. */
export interface WriteOptions {
  /** Life of what is written, in seconds. Without it the value is kept for ever. */
  readonly ttl?: number;
}

/** A store: what unstorage calls a `Driver`, and one atomic step. Every security decision is one {@link Driver.swap} on one key. */
export interface Driver {
  /** A name for messages. */
  readonly name?: string;
  /** The text stored at `key`, or null. A key past its ttl is absent. */
  readonly getItem: (key: string) => MaybePromise<string | null>;
  /** Writes `next` at `key` (removes the key when `next` is null) only if the text stored there is exactly
   * `expected` (null: nothing is stored), and resolves to whether it wrote. A key past its ttl is absent in the same
   * atomic step. A driver never sends a swap twice: one whose reply is lost rejects. (Where a client resends by itself and cannot
   * be told not to, false may also be the answer to a swap that wrote: whoever calls looks at what is there.) */
  readonly swap: (
    key: string,
    expected: string | null,
    next: string | null,
    options?: WriteOptions,
  ) => MaybePromise<boolean>;
  /** Whether the step is atomic within this process, or for every process that shares the store. */
  readonly atomicity: "process" | "shared";
  /** Streams `[key, text]` of all keys that begin with `prefix`. No request calls it. */
  readonly entries: (prefix: string) => AsyncIterable<readonly [key: string, text: string]>;
  /** Whether something is stored at `key`. */
  readonly hasItem: (key: string) => MaybePromise<boolean>;
  /** Writes without looking. */
  readonly setItem: (key: string, value: string, options?: WriteOptions) => MaybePromise<void>;
  /** Removes without looking. */
  readonly removeItem: (key: string) => MaybePromise<void>;
  /** All keys that begin with `base`. */
  readonly getKeys: (base: string) => MaybePromise<string[]>;
  /** Removes all keys that begin with `base`. */
  readonly clear: (base: string) => MaybePromise<void>;
  /** Resolves when the store was asked what only it can tell, and is fit: that it evicts nothing, for example. Asked before the
   * first operation, and again after a failure.
   * @throws {AuthError} `storage_unsafe`, `storage_unavailable` */
  readonly ready?: () => MaybePromise<void>;
  /** Lets go of files, connections and timers. */
  readonly dispose: () => MaybePromise<void>;
}

/** Rejects a swap that wrote, where what it wrote may yet be lost: fewer replicas have it than were asked for. Nobody takes the
 * text in the store for a proof that all is well. */
export interface Undurable {
  /** Always true. */
  readonly undurable: true;
}
