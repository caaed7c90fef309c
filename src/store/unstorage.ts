import type { MaybePromise } from "./driver.ts";

/** What unstorage is told of a write: its life, in seconds. */
export interface StockOptions {
  /** Without it the value is kept for ever. */
  readonly ttl?: number;
}

/** A driver of unstorage, 1.17 or 2.0, as far as it is used here. */
export interface StockDriver {
  /** What it calls itself. */
  readonly name?: string;
  /** What it was told. Not all of them say. */
  readonly options?: unknown;
  /** What it works with: a client, a database, a Map; in 2.0 often a promise of it. */
  readonly getInstance?: () => unknown;
  /** What is stored; not always the text that was written. */
  readonly getItem: (key: string, options?: object) => unknown;
  /** Whether something is stored. */
  readonly hasItem: (key: string, options: object) => MaybePromise<boolean>;
  /** Writes. */
  readonly setItem: (key: string, value: string, options: StockOptions) => MaybePromise<void>;
  /** Removes. */
  readonly removeItem: (key: string, options: object) => MaybePromise<void>;
  /** All keys that begin with `base`, and perhaps others. */
  readonly getKeys: (base: string, options: object) => MaybePromise<readonly unknown[]>;
}

/** A Storage of unstorage, as far as it is used here. */
export interface StockStorage {
  /** Where a key lies. */
  readonly getMount: (key: string) => { readonly driver: unknown };
  /** All places where keys lie. */
  readonly getMounts: () => readonly { readonly base: string }[];
  /** Writes. */
  readonly setItem: (key: string, value: string, options: StockOptions) => MaybePromise<void>;
  /** Removes. */
  readonly removeItem: (key: string, options: object) => MaybePromise<void>;
}

/** What was given as storage, and what was found in it. */
export interface Found {
  /** What was given: a driver, or a Storage that has it. */
  readonly given: StockDriver | StockStorage;
  /** The driver in which everything lies. */
  readonly driver: StockDriver;
  /** By what it comes to its atomic step: itself, what its name says, or the queues of this process. */
  readonly step: "own" | "adopted" | "single-process";
  /** What will stand before all keys: `tenant:`, or nothing. */
  readonly above: string;
}
