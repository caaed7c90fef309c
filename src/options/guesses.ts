import type { RateSettings } from "./limits.ts";

/** How often codes and passwords may be guessed at, and mails asked for. Times are in seconds. */
export interface GuessSettings {
  /** Whether anything of it is counted. Attempts at a challenge always are. */
  readonly on: boolean;
  /** Guesses at one account, of all strangers together, and of each device that it knows. */
  readonly guesses: RateSettings;
  /** So many wrong ones in a row, and strangers' passwords are not judged, and codes are mailed that nobody guesses. */
  readonly row: number;
  /** How long a row is remembered after its last guess. */
  readonly remembered: number;
  /** Mails to one address, asked for by all strangers together. */
  readonly mails: RateSettings;
  /** The same, by each device that its account knows. */
  readonly deviceMails: RateSettings;
}

const HOUR = 3600;

const TABLE = {
  guesses: { limit: 50, per: HOUR },
  row: 100, // NIST SP 800-63B-4, section 3.2.2
  remembered: 30 * 24 * HOUR,
  mails: { limit: 5, per: HOUR },
  deviceMails: { limit: 10, per: HOUR },
} as const;

/** The same everywhere: the one choice is whether anything is limited at all. */
export function guessSettings(on: boolean): GuessSettings {
  return { on, ...TABLE };
}
