import type { Report } from "../base/report.ts";
import type { Schema } from "../base/schema.ts";
import type { Call, Mails, MaybeCaller, Plugin, Routes } from "../contract.ts";
import type { AuthError, ErrorDetails, ErrorRow } from "../errors.ts";
import type { Level } from "../events.ts";
import type { ClientInfo, Grant, MailedStep, SessionMode, User } from "../model.ts";
import type { Hooks } from "../options/hooks.ts";
import type { Platform } from "../platform.ts";

/** What a plug-in is: the same as a built-in feature. `M` is the interface of its methods, `Routed` names those that have a route. */
export interface PluginDefinition<
  Name extends string,
  M extends object,
  Routed extends string,
  Options,
  Settings,
  Code extends string,
  Happening extends string,
  Kept,
> {
  /** Its name: `auth.{name}`, `plugins.{name}` in messages about options, and what its errors, events, mails and values begin with.
   * A letter, then up to 31 letters and digits. */
  readonly name: Name;
  /** Where each method is reached. A method that is not named here has no route. */
  readonly calls: Readonly<Record<Routed, Call>>;
  /** How each of those is reached: a row of data. */
  readonly routes: Routes<Pick<NoInfer<M>, NoInfer<Routed> & keyof NoInfer<M>>>;
  /** Checks the options and fills in what was not said. Paths begin at the plug-in: `length` is told as `plugins.sms.length`. */
  readonly options?: (given: Options, report: Report) => Settings;
  /** Failures of its own: code → HTTP status, 400 to 599, and a sentence for people. The code is told as `{name}.{code}`. */
  readonly errors?: Readonly<Record<Code, ErrorRow>>;
  /** Events of its own, told as `{name}.{event}`, and how much they matter. */
  readonly events?: Readonly<Record<Happening, Level>>;
  /** The mails that it sends, of the kind `{name}.{mail}`, and how they are worded. `email.templates` replaces the words; its type knows the
   * built-in kinds, so name yours with a cast. */
  readonly mails?: Mails;
  /** The shape of what it keeps in an account, of at most 8 KiB. */
  readonly slot?: Schema<Kept>;
  /** Hooks that come with it: they are asked and told after those of the options, and after those of plug-ins before it. The first
   * that denies wins. */
  readonly hooks?: (tools: PluginTools<Code, Happening, Kept>, settings: Settings) => Hooks;
  /** Makes the methods. */
  readonly create: (tools: PluginTools<Code, Happening, Kept>, settings: Settings) => M;
}

/** Makes a plug-in of the options of whoever uses it. */
export type PluginFactory<Name extends string, M extends object, Options = undefined> = (
  ...options: undefined extends Options ? [options?: Options] : [options: Options]
) => Plugin<Name, M>;

/** What a plug-in works with. There is no way to the store, to the secrets, or around the gate that all sign-ins pass. */
export interface PluginTools<
  Code extends string = string,
  Happening extends string = string,
  Kept = unknown,
> {
  /** The origin that users see. */
  readonly origin: string;
  /** The address of one of the handler's paths: `"/sms/open"` → `https://app.example.com/auth/sms/open`. */
  readonly url: (path: string) => string;
  /** The current time, in milliseconds since 1970 (UTC). */
  readonly now: Platform["now"];
  /** Unpredictable bytes. */
  readonly random: Platform["random"];
  /** Asks the network. */
  readonly fetch: Platform["fetch"];
  /** A failure of the plug-in's own, to be thrown. */
  readonly error: (code: Code, details?: ErrorDetails, options?: ErrorOptions) => AuthError;
  /** Tells an event of its own to listeners and the log. Never a code, token or password. */
  readonly emit: (event: Happening, fields: Readonly<Record<string, unknown>>, client?: ClientInfo) => void;
  /** A keyed hash of a text, the same for as long as the store lives: 52 letters and digits. For no other plug-in the same. */
  readonly hash: (text: string) => string;
  /** Limits that all servers on a store share. */
  readonly limits: {
    /** Takes a unit of what `parts` name, if one is left. No other plug-in shares them.
     * @throws {AuthError} `storage_unavailable` where it cannot be counted */
    readonly take: (parts: readonly string[], rate: PluginRate) => Promise<PluginVerdict>;
  };
  /** Its compartment of each account. */
  readonly slot: PluginSlot<Kept>;
  /** The user with an id, or null. */
  readonly user: (id: string) => Promise<User | null>;
  /** The user who has a value, or null: as costly for one that nobody has. */
  readonly find: (value: PluginValue) => Promise<User | null>;
  /** The values of the plug-in's own kind that an account has. */
  readonly valuesOf: (id: string) => Promise<readonly string[]>;
  /** Steps that wait for a code sent over a channel of the plug-in's own.
   * @throws {AuthError} `config_invalid` for options out of range */
  readonly steps: (options: StepOptions) => Steps;
  /** What a sign-in stands on that the plug-in judges itself. To be asked for *before* it judges: the proof counts only while
   * nothing of the account was revoked since. */
  readonly proof: (value: PluginValue) => Promise<Proof>;
  /** The gate: a session for whoever has proven a value. A value that nobody has becomes an account. A proof counts once.
   * @throws {AuthError} `challenge_invalid` where the proof no longer counts, `sign_in_denied`, `input_invalid` */
  readonly signIn: (proof: Proof, how: SignInHow) => Promise<Grant>;
  /** Sends a mail of its own.
   * @throws {AuthError} `mail_failed` */
  readonly mail: (mail: string, letter: PluginLetter) => Promise<void>;
}

/** So many, in so many seconds. */
export interface PluginRate {
  /** How many at once, and how many in `per`: 1 to 100,000. */
  readonly limit: number;
  /** Whole seconds, 1 to 30 days. */
  readonly per: number;
}

/** What a limit says. */
export interface PluginVerdict {
  /** Whether there was one. */
  readonly allowed: boolean;
  /** How many are left at this moment. */
  readonly remaining: number;
  /** When the next one may come, in seconds; 0 for one that was allowed. */
  readonly retryAfter: number;
}

/** A value in its one form, which is the plug-in's to make: 1 to 256 characters. An e-mail address says so. */
export type PluginValue = string | { readonly email: string };

/** A plug-in's compartment of the account record: at most 8 KiB, in the same swap as everything else, gone with the account. */
export interface PluginSlot<Kept> {
  /** What is in it; null where nothing is, or no such account.
   * @throws {AuthError} `storage_corrupt` where it cannot be read: this slot alone */
  readonly get: (userId: string) => Promise<Kept | null>;
  /** Decides what is to be in it: a pure function, which may be asked again.
   * @throws {AuthError} `not_found` where there is no such account, `limit_reached`, `storage_corrupt` */
  readonly change: <R>(
    userId: string,
    decide: (current: Kept | null) => { readonly next: Kept | null; readonly result: R },
  ) => Promise<R>;
}

/** What was proven, or is about to be. Only what `steps` and `proof` answered counts. */
export interface Proof {
  /** The value. */
  readonly value: string;
}

/** How whoever signs in is to be remembered. */
export interface SignInHow extends MaybeCaller {
  /** How they have shown who they are (RFC 8176): `["otp", "sms"]`. */
  readonly amr: readonly string[];
  /** How the session is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
}

/** A step that waits for a code. Times are in seconds. */
export interface StepOptions {
  /** What it is called, beside the plug-in's name; a code of one step is worth nothing for another. @default {"code"} */
  readonly name?: string;
  /** Hands a code over. It has 30 seconds; what it throws is `mail_failed`, unless it is an `AuthError`. */
  readonly deliver: (delivery: Delivery) => void | Promise<void>;
  /** Whether a value that nobody has is sent a code too. Where not, codes are delivered behind the reply, and the reply does not
   * tell which was which. */
  readonly everybody: boolean;
  /** How they will have shown who they are (RFC 8176): `["otp", "sms"]`. */
  readonly amr: readonly string[];
  /** Digits of a code, 6 to 10. @default {6} */
  readonly length?: number;
  /** How long a code lives, 60 to 3600. @default {600} */
  readonly ttl?: number;
  /** Guesses, 1 to 10. @default {5} */
  readonly attempts?: number;
  /** How long to wait before another code can be asked for, 0 to 600, and not longer than `ttl`. @default {60} */
  readonly resendAfter?: number;
}

/** A code on its way. */
export interface Delivery {
  /** Whom it goes to: the value. */
  readonly to: string;
  /** The code as it is to be typed. Nowhere else is it written down. */
  readonly code: string;
  /** When it expires. ISO 8601, UTC. */
  readonly expiresAt: string;
  /** The language that was asked for, where it is known. */
  readonly locale: string | null;
  /** The same for the same code: a service that knows it will not send it twice. */
  readonly idempotencyKey: string;
}

/** Steps of one kind. A new code for one is what `POST /challenges/resend` sends. */
export interface Steps {
  /** Begins one, and sends the first code.
   * @throws {AuthError} `mail_failed`, and what `deliver` throws */
  readonly start: (
    input: { readonly to: PluginValue; readonly client?: MaybeCaller["client"] },
  ) => Promise<MailedStep>;
  /** Answers one with a code. By the time anybody learns what it was worth, it has been written; the right one is used up.
   * @throws {AuthError} `code_invalid` (`details.attemptsLeft`), `challenge_invalid` */
  readonly answer: (input: StepAnswer) => Promise<Proof>;
  /** Answers one, and signs in.
   * @throws {AuthError} what `answer` and `signIn` throw */
  readonly signIn: (input: StepAnswer & Pick<SignInHow, "session" | "audience">) => Promise<Grant>;
}

/** A code for a step. */
export interface StepAnswer extends MaybeCaller {
  /** From its start. */
  readonly challengeId: string;
  /** As typed: spaces and dashes are overlooked. */
  readonly code: string;
}

/** A mail of a plug-in's own. */
export interface PluginLetter {
  /** The address. */
  readonly to: string;
  /** What its wording gets. */
  readonly data: Readonly<Record<string, string>>;
  /** Where the request came from that asked for it: it says in which language. */
  readonly client?: ClientInfo | undefined;
  /** Who has the address, where anybody has. */
  readonly userId?: string | undefined;
  /** The same for the same mail: a service that knows it will not send it twice. */
  readonly idempotencyKey: string;
}
