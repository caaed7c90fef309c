// What a row of the bench is: who does the same work, or what is read, and what it must come to. Types alone.

/** Those who run a row: each in a process of its own. */
export type Runtime = "node" | "deno" | "bun";

/** Where a row is run, and whether only to see that it runs. */
export interface Settings {
  readonly runtime: Runtime;
  /** Few rounds: the numbers count for little. */
  readonly short: boolean;
}

/** One of those who do the same work. */
export interface Contestant {
  readonly name: string;
  /** Does the work so many times, one after the other unless the row says otherwise.
   * @throws Where an answer is wrong. */
  readonly work: (times: number) => Promise<void>;
  /** Makes what the next turn of so many times needs and may use once, such as tokens: it is not timed. */
  readonly prepare?: (times: number) => Promise<void>;
}

/** What a figure must come to: one number for all runtimes, or one for each. */
export type Bound = number | Readonly<Record<Runtime, number>>;

/** What the rate of one contestant, divided by that of another, must come to. */
export interface Target {
  /** The contestant that is looked at; the first one where nothing is said. */
  readonly ours?: string;
  readonly against: string;
  readonly atLeast?: Bound;
  readonly atMost?: Bound;
}

/** The same work by several, to be done in turn. */
export interface Race {
  readonly is: "race";
  readonly title: string;
  readonly contestants: readonly Contestant[];
  readonly targets: readonly Target[];
  /** What a turn should take at full length, in milliseconds, where the usual would be too short to say much. */
  readonly turn?: number;
  /** The name of its chart in `docs/charts`; there is none where nothing is said. */
  readonly chart?: string;
  /** Ends what the race has started: servers, stores. */
  readonly close?: () => Promise<void>;
}

/** Numbers that are no race: bytes, milliseconds. One for each round where it was measured in rounds. */
export interface Reading {
  readonly is: "reading";
  readonly title: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly atMost?: Bound;
  readonly atLeast?: Bound;
}

/** A part of the bench: `export const row: Row` in `bench/rows/NAME.ts`. */
export interface Row {
  readonly title: string;
  /** Where it can be run; everywhere where nothing is said. */
  readonly runtimes?: readonly Runtime[];
  /** Gives one race or reading after the other; a race is over when the next one is asked for. */
  readonly measure: (settings: Settings) => AsyncIterable<Race | Reading>;
}
