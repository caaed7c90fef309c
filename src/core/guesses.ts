import { isNumber, isShaped, orAbsent } from "../base/shape.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo } from "../model.ts";
import type { GuessSettings } from "../options/guesses.ts";
import { collection, type Decision, type Store } from "../store/collection.ts";
import type { Noted } from "./challenges.ts";
import type { Devices } from "./devices.ts";
import type { Events } from "./events.ts";
import type { Foundation } from "./foundation.ts";
import { type Limits, type Rate, spend, unspend, type Verdict, type Window } from "./limits.ts";

/** Whom somebody guesses at or has mailed, and what shows whether that is a stranger. */
export interface Target {
  /** The address. */
  readonly subject: string;
  /** Whose account that is. */
  readonly noted: Noted;
  /** Who asks, as far as that is known. */
  readonly client: ClientInfo | undefined;
}

/** What was guessed at an account: by all strangers together, or by one device that it knows. One record decides about both, how
 * often within the hour and how often in a row. */
export interface Tally extends Window {
  /** Guesses since the last one that ended in a sign-in. Those that are being judged count: nobody knows yet. */
  readonly wrong: number;
}

/** A guess that was paid for. */
export interface Paid {
  readonly id: string;
  readonly tally: Tally;
  /** Whether a password may be judged: not a stranger's any more, after so many wrong guesses in a row. */
  readonly isJudged: boolean;
}

/** What may be mailed now. */
export interface Postage {
  /** Whether a mail may leave. If not, nobody may see it. */
  readonly leaves: boolean;
  /** Whether somebody is guessing: then the code is to be one that cannot be guessed, and that nobody pays for. */
  readonly long: boolean;
}

/** What keeps strangers from guessing, and their guesses from keeping the owner out. An address that nobody has is counted like an
 * account, so that no reply and no operation tells one from the other. */
export interface Guesses {
  /** Pays for a guess before it is judged.
   * @throws {AuthError} `rate_limited`; `storage_unavailable` where it cannot be counted: then it is not judged either */
  readonly pay: (target: Target) => Promise<Paid>;
  /** Gives back a guess that was not judged. Never fails. */
  readonly unpay: (paid: Paid) => Promise<void>;
  /** A finished sign-in: gives back what it paid, and ends the rows. Never fails, for the session is there. `born`: the account is new,
   * and nobody has guessed at it. */
  readonly settle: (uid: string, paid: Paid | null, born: boolean) => Promise<void>;
  /** Takes one mail from the hour's, if there is one. */
  readonly post: (target: Target) => Promise<Postage>;
  /** Gives back a mail that did not leave. */
  readonly unpost: (target: Target) => Promise<void>;
}

const SHAPE = isShaped<Tally>({
  tat: isNumber,
  back: orAbsent(isNumber),
  wrong: isNumber,
  exp: isNumber,
});

/** One guess at `now`, in epoch milliseconds. One past the limit leaves the tally as it is. */
export function guess(
  current: Tally | null,
  { guesses, remembered }: GuessSettings,
  now: number,
): Decision<Tally, Verdict & { readonly tally: Tally | null }> {
  const { next: window, result } = spend(current, guesses, now);
  if (window === null || window === current) return { next: current, result: { ...result, tally: current } };
  const wrong = (current?.wrong ?? 0) + (result.allowed ? 1 : 0);
  const next = { ...window, wrong, exp: now + remembered * 1000 };
  return { next, result: { ...result, tally: next } };
}

/** The tally after a sign-in: no row, and one guess less, if it was paid here. */
export function settled(
  current: Tally | null,
  { guesses, paid }: { readonly guesses: Rate; readonly paid: boolean },
  now: number,
): Tally | null {
  if (current === null || (!paid && current.wrong === 0)) return current;
  const window = paid ? unspend(current, guesses, now) : current;
  const exp = Math.ceil((window?.tat ?? 0) / 1000);
  return window === null || exp <= now ? null : { ...window, wrong: 0, exp };
}

/** The tally without a guess that was paid for, and not judged. */
export function unguessed(
  current: Tally | null,
  { guesses }: Pick<GuessSettings, "guesses">,
  now: number,
): Tally | null {
  if (current === null) return null;
  const window = unspend(current, guesses, now);
  const wrong = Math.max(current.wrong - 1, 0);
  return window === null && wrong === 0 ? null : { ...current, tat: window?.tat ?? now * 1000, wrong };
}

/** Whether somebody is guessing: so many wrong ones in a row, or half of the hour's. The other half is left for whoever holds a code
 * that was mailed before. */
export function isGuessedAt(
  tally: Tally | null,
  { guesses, row }: GuessSettings,
  now: number,
): boolean {
  if (tally === null) return false;
  return tally.wrong >= row || (tally.tat / 1000 - now) * 2 >= guesses.per * 1000;
}

/** What guesses are counted with. */
export interface Counting {
  readonly store: Store;
  readonly events: Events;
  readonly foundation: Foundation;
  readonly limits: Limits;
  readonly devices: Devices;
  readonly settings: GuessSettings;
}

/** The guesses at a store's accounts. */
export function guesses({ store, events, foundation, limits, devices, settings }: Counting): Guesses {
  const { now } = store.platform;
  const tallies = collection<Tally>(store, "limits", SHAPE);
  const idOf = (...parts: readonly string[]) => foundation.lookup("guess", parts.join("\0"));

  /** Which key decides on guesses, which on mails, how many of those there may be; and whether that is a stranger. */
  function chargesOf({ subject, noted, client }: Target) {
    // Whoever set up an account with an address that may be another's is a stranger to that address, on as many devices as they like,
    // and no sign-in of theirs ends a row of guesses at it: the address is counted as if nobody had it.
    const isTheirs = noted.uid !== null && noted.unproven !== true;
    const did = isTheirs ? devices.know(client?.device, noted) : null;
    const whose = isTheirs ? noted.uid : `email ${subject}`;
    return did === null
      ? { id: idOf(whose), mail: ["mail", subject], rate: settings.mails, isStranger: true }
      : { id: idOf(whose, did), mail: ["mail", subject, did], rate: settings.deviceMails, isStranger: false };
  }

  function tell(limit: string, { client }: Target): void {
    events.emit("limit.exceeded", { limit, ip: client?.ip ?? null }, client);
  }

  return {
    async pay(target) {
      const { id, isStranger } = chargesOf(target);
      const at = now();
      // Mostly nobody has guessed: so it is tried without a read, and the swap says whether that is so.
      const { allowed, retryAfter, tally } = settings.on
        ? await tallies.change(id, (current) => guess(current, settings, at), null)
        : guess(null, settings, at).result;
      if (!allowed || tally === null) {
        tell("guesses", target);
        throw new AuthError("rate_limited", { retryAfter });
      }
      return { id, tally, isJudged: !isStranger || tally.wrong <= settings.row };
    },
    async unpay({ id, tally }) {
      if (!settings.on) return;
      const at = now();
      const back = (current: Tally | null) => ({ next: unguessed(current, settings, at), result: undefined });
      await tallies.change(id, back, tally).catch(() => {}); // what could not be given back comes back with the hour
    },
    async settle(uid, paid, born) {
      if (!settings.on) return;
      const at = now();
      const end = (id: string, seen?: Tally) =>
        tallies.change(id, (current) => ({
          next: settled(current, { guesses: settings.guesses, paid: id === paid?.id }, at),
          result: undefined,
        }), seen);
      const strangers = idOf(uid);
      const ends = paid === null ? [] : [end(paid.id, paid.tally)];
      if (!born && paid?.id !== strangers) ends.push(end(strangers));
      await Promise.allSettled(ends); // what could not be given back comes back with the hour
    },
    async post(target) {
      if (!settings.on) return { leaves: true, long: false };
      const { id, mail, rate } = chargesOf(target);
      const at = now();
      const [{ allowed }, tally] = await Promise.all([limits.take(mail, rate), tallies.get(id)]);
      if (!allowed) tell("mails", target);
      return { leaves: allowed, long: isGuessedAt(tally, settings, at) };
    },
    async unpost(target) {
      const { mail, rate } = chargesOf(target);
      if (settings.on) await limits.refund(mail, rate);
    },
  };
}
