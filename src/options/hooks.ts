import type { Report } from "../base/report.ts";
import type { ClientInfo, Session, User } from "../model.ts";

/** Your own code at a few named points. What each one gets is a copy. One that takes longer than 5 seconds has failed. */
export interface Hooks {
  /** Asked before somebody who has an account is signed in, when the proof was found right. `sessions.create`
   * asks it too. Whoever it denies gets `sign_in_denied`; so does everybody while it fails. */
  readonly beforeSignIn?: (input: BeforeSignIn) => Verdict | Promise<Verdict>;
  /** The same before somebody who has none gets one. `beforeSignIn` is not asked as well. */
  readonly beforeSignUp?: (input: BeforeSignUp) => Verdict | Promise<Verdict>;
  /** Told of a sign-in, before the reply leaves. If it fails, only the log knows. */
  readonly afterSignIn?: (input: AfterSignIn) => unknown;
  /** The same for a sign-in that made the account. `afterSignIn` is not told as well. */
  readonly afterSignUp?: (input: AfterSignIn) => unknown;
  /** Told of sessions that were ended by `signOut`, `end` or `endAll`. If it fails, only the log knows. */
  readonly afterSignOut?: (input: AfterSignOut) => unknown;
}

/** What a hook that may deny answers: nothing, or why not. The reason is a line of at most 200 characters, and the caller is told
 * it as `details.reason`. */
export type Verdict = void | undefined | { readonly deny: string };

/** What {@link Hooks.beforeSignIn} gets. */
export interface BeforeSignIn {
  /** Who is about to be signed in, as the account is now. */
  readonly user: User;
  /** How they have shown who they are (RFC 8176); nothing for `sessions.create`. */
  readonly amr: readonly string[];
  /** Where the request came from, as far as is known. */
  readonly client: Omit<ClientInfo, "device" | "links">;
}

/** What {@link Hooks.beforeSignUp} gets. */
export interface BeforeSignUp {
  /** The address that was proven, in canonical form; null where something else was. */
  readonly email: string | null;
  /** What was proven: an address (`email`), or what a plug-in of the name `type` knows people by. */
  readonly identifier: { readonly type: string; readonly value: string };
  /** How they have shown who they are (RFC 8176). */
  readonly amr: readonly string[];
  /** Where the request came from, as far as is known. */
  readonly client: Omit<ClientInfo, "device" | "links">;
}

/** What {@link Hooks.afterSignIn} and {@link Hooks.afterSignUp} get. */
export interface AfterSignIn {
  /** Who signed in. */
  readonly user: User;
  /** The session that began. */
  readonly session: Session;
  /** How they have shown who they are (RFC 8176). */
  readonly amr: readonly string[];
  /** Where the request came from, as far as is known. */
  readonly client: Omit<ClientInfo, "device" | "links">;
}

/** What {@link Hooks.afterSignOut} gets. */
export interface AfterSignOut {
  /** Whose sessions. */
  readonly userId: string;
  /** Those that ended. */
  readonly sessionIds: readonly string[];
  /** Where the request came from, as far as is known. */
  readonly client: Omit<ClientInfo, "device" | "links">;
}

const POINTS = ["beforeSignIn", "beforeSignUp", "afterSignIn", "afterSignUp", "afterSignOut"] as const;

/** Checks that they are functions. */
export function hooksOf(path: string, given: Hooks | undefined, report: Report): Hooks {
  const hooks = report.object(path, given, POINTS);
  for (const point of POINTS) {
    if (hooks[point] !== undefined && typeof hooks[point] !== "function") {
      report.add(`${path}.${point}`, "must be a function");
    }
  }
  return Object.fromEntries(POINTS.map((point) => [point, hooks[point]])); // those of a class too
}
