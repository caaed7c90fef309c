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
export function shown(request: { readonly headers: { get(name: string): string | null } }): Shown {
  const [, uid, sid = "", secret = ""] = TOKEN.exec(request.headers.get("cookie") ?? "") ?? [];
  return { user: `users:${uid}`, session: `sessions:${uid}:${sid}`, sid, secret };
}

/** Whether the two texts that were read make it good: a session that its account lists, that has not expired and that keeps the hash of
 * the secret. */
export function isGood({ sid, secret }: Shown, user: string | null, session: string | null): boolean {
  if (user === null || session === null) return false;
  const account: Account = JSON.parse(user);
  const record: Session = JSON.parse(session);
  const now = Date.now();
  return account.sessions.some((one) => one.sid === sid && one.exp > now) && record.exp > now &&
    record.hash === hash("sha256", secret, "base64url");
}

/** Checks the session of a request by two reads at once. */
export async function limit(request: Request, read: Read): Promise<boolean> {
  const asked = shown(request);
  const [user, session] = await Promise.all([read(asked.user), read(asked.session)]);
  return isGood(asked, user, session);
}

/** Reads the text at a key. */
export type Read = (key: string) => string | null | Promise<string | null>;

interface Account {
  readonly sessions: readonly { readonly sid: string; readonly exp: number }[];
}

interface Session {
  readonly hash: string | null;
  readonly exp: number;
}
