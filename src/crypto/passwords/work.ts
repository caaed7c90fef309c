import type { Recipe } from "../../protocol/phc.ts";

/** A password to be hashed in a certain way. */
export interface Work<R extends Recipe = Recipe> {
  readonly recipe: R;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** Of the hash, in bytes. */
  readonly length: number;
}

/** Computes a hash. It never blocks the event loop for long. */
export type Derive = (work: Work) => Promise<Uint8Array>;
