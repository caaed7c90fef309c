// The limit of a session check: the two reads, one JSON.parse each and one SHA-256, written straight, with no library around them. It
// trusts what is stored, and tells nobody anything: nothing that checks a session can do less.
import { hash } from "node:crypto";

/** What a session's cookie says. */
export interface Shown {
  /** The key of the account's record. */
  readonly user: string;
  /** The key of the session's record. */
  readonly session: string;
  readonly sid: string;
  readonly secret: string;
}

const TOKEN = /lks_([a-z2-7]{26})([a-z2-7]{26})([\w-]{43})/;

/** What a request shows. */
export function shown(request: Asking): Shown {
  const [, uid, sid = "", secret = ""] = TOKEN.exec(request.headers.get("cookie") ?? "") ?? [];
  return { user: `users:${uid}`, session: `sessions:${uid}:${sid}`, sid, secret };
}

/** What the two texts say that were read, if they make it good: a session that its account lists, that has not expired and that keeps
 * the hash of the secret. */
export function found({ sid, secret }: Shown, user: string | null, session: string | null): Found | null {
  if (user === null || session === null) return null;
  const account: Found["account"] = JSON.parse(user);
  const record: Found["record"] = JSON.parse(session);
  const now = Date.now();
  const isGood = account.sessions.some((one) => one.sid === sid && one.exp > now) && record.exp > now &&
    record.hash === hash("sha256", secret, "base64url");
  return isGood ? { account, record } : null;
}

/** Whether they make it good. */
export function isGood(asked: Shown, user: string | null, session: string | null): boolean {
  return found(asked, user, session) !== null;
}

/** Checks the session of a request by two reads at once. */
export async function limit(request: Asking, read: Read): Promise<boolean> {
  const asked = shown(request);
  const [user, session] = await Promise.all([read(asked.user), read(asked.session)]);
  return isGood(asked, user, session);
}

/** What of a request is looked at. */
export interface Asking {
  readonly headers: { get(name: string): string | null };
}

/** Reads the text at a key. */
export type Read = (key: string) => string | null | Promise<string | null>;

/** The records of a good session, as far as they are looked at. Times are in epoch milliseconds. */
export interface Found {
  readonly account: {
    readonly createdAt: number;
    readonly name: string | null;
    readonly roles: readonly string[];
    readonly identifiers: readonly { readonly value: string; readonly proven: boolean }[];
    readonly sessions: readonly { readonly sid: string; readonly exp: number }[];
  };
  readonly record: {
    readonly createdAt: number;
    readonly lastUsedAt: number;
    readonly endsAt: number;
    readonly amr: readonly string[];
    readonly ip: string | null;
    readonly userAgent: string | null;
    readonly hash: string | null;
    readonly exp: number;
  };
}
