import type { MaybeCaller } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import type { Found } from "./session_record.ts";
import type { Sessions } from "./sessions.ts";

/** Who calls: a user by a session, or the application's own code on its own authority. */
export type Acting = Omit<MaybeCaller, "userId"> & { readonly userId: string };

/** What a session may do besides acting for its user. */
export interface Authority {
  /** The session that calls; null where the application's own code does.
   * @throws {AuthError} `session_ended` */
  readonly session: (caller: Acting) => Promise<Found | null>;
  /** Lets only those change how somebody signs in who signed in a short while ago: later somebody else may sit at the device.
   * @throws {AuthError} `session_ended`, `step_up_required` */
  readonly fresh: (caller: Acting) => Promise<Found | null>;
  /** Keeps a session that a key pair made from what only people decide: a key that lies on a server was stolen sooner than its owner.
   * @throws {AuthError} `session_ended`, `forbidden` */
  readonly person: (caller: Acting) => Promise<Found | null>;
  /** Whether a session was made by a key pair alone. */
  readonly isByKey: (found: Found) => boolean;
}

/** Whether somebody signed in by a key pair and nothing else. */
export function isByKey(amr: readonly string[]): boolean {
  return amr.join() === "key";
}

/** What sessions may do. */
export function authority(
  sessions: Sessions,
  { now }: Pick<Platform, "now">,
  { freshFor }: Settings["session"],
): Authority {
  const session: Authority["session"] = async (caller) => {
    const { userId, sessionId } = caller;
    if (sessionId === undefined) return null;
    const found = sessions.kept(caller) ?? await sessions.load(userId, sessionId);
    if (found === null) throw new AuthError("session_ended");
    return found;
  };
  return {
    session,
    isByKey: ({ record: { amr } }) => isByKey(amr),
    async fresh(caller) {
      const found = await session(caller);
      const isOld = found !== null && now() - found.record.createdAt > freshFor * 1000;
      if (isOld) throw new AuthError("step_up_required");
      return found;
    },
    async person(caller) {
      const found = await session(caller);
      if (found !== null && isByKey(found.record.amr)) throw new AuthError("forbidden");
      return found;
    },
  };
}
