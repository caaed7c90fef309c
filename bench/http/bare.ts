import { type Asking, type Found, found, type Read, type Shown, shown } from "../limit.ts";

/** Checks the session of a request straight, and says who it is in as many words as the library does; null where it is nobody. */
export async function told(request: Asking, read: Read): Promise<string | null> {
  const asked = shown(request);
  const [user, session] = await Promise.all([read(asked.user), read(asked.session)]);
  const good = found(asked, user, session);
  return good === null
    ? null
    : JSON.stringify({ user: userOf(asked, good), session: sessionOf(asked, good) });
}

function userOf(asked: Shown, { account }: Found): object {
  const { name, roles, createdAt, identifiers: [email] } = account;
  const id = asked.user.slice("users:".length);
  return { id, email: email?.value, emailVerified: email?.proven, name, roles, createdAt: iso(createdAt) };
}

function sessionOf({ sid }: Shown, { record }: Found): object {
  const { createdAt, lastUsedAt, endsAt, amr, ip, userAgent } = record;
  const times = { createdAt: iso(createdAt), lastUsedAt: iso(lastUsedAt), expiresAt: iso(endsAt) };
  return { id: sid, ...times, amr, ip, userAgent, current: true };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
