import type { Session, User } from "../model.ts";
import type { Owner } from "./accounts.ts";
import { toldLastUse } from "./session_record.ts";
import type { Found } from "./sessions.ts";

/** An account as others are told of it. */
export function userView({ uid, account }: Owner): User {
  const email = account.identifiers.find(({ type }) => type === "email");
  return {
    id: uid,
    email: email?.value ?? null,
    emailVerified: email?.proven === true,
    name: account.name,
    roles: account.roles,
    createdAt: iso(account.createdAt),
  };
}

/** A session as others are told of it. `current` is the id of the session of whoever asks. */
export function sessionView({ sid, record }: Found, current: string | undefined): Session {
  return {
    id: sid,
    createdAt: iso(record.createdAt),
    lastUsedAt: iso(toldLastUse(record)),
    expiresAt: iso(record.endsAt),
    amr: record.amr,
    ip: record.ip,
    userAgent: record.userAgent,
    current: sid === current,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
