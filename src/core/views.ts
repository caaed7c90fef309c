import { iso } from "../base/iso.ts";
import type { Session, User } from "../model.ts";
import type { Owner } from "./account_record.ts";
import { type Found, toldLastUse } from "./session_record.ts";

/** An account as others are told of it. */
export function userView({ uid, account }: Owner): User {
  const email = account.identifiers.find(({ type }) => type === "email");
  return {
    ...account.fields, // first: none of them can stand for what is ours
    id: uid,
    email: email?.value ?? null,
    emailVerified: email?.proven === true,
    name: account.name,
    roles: [...account.roles],
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
    amr: [...record.amr],
    ip: record.ip,
    userAgent: record.userAgent,
    ...(record.audience !== undefined && { audience: record.audience }),
    current: sid === current,
  };
}
