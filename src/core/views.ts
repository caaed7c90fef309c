import { iso } from "../base/iso.ts";
import type { Session, User } from "../model.ts";
import type { Account, Owner } from "./account_record.ts";
import { type Found, type SessionRecord, toldLastUse } from "./session_record.ts";

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
    createdAt: bornAt(account),
  };
}

/** A session as others are told of it. `current` is the id of the session of whoever asks. */
export function sessionView({ sid, record }: Found, current: string | undefined): Session {
  return {
    id: sid,
    ...timesOf(record),
    amr: [...record.amr],
    ip: record.ip,
    userAgent: record.userAgent,
    ...(record.audience !== undefined && { audience: record.audience }),
    current: sid === current,
  };
}

const bornAt = once((account: Account) => iso(account.createdAt));

const timesOf = once((record: SessionRecord) => ({
  createdAt: iso(record.createdAt),
  lastUsedAt: iso(toldLastUse(record)),
  expiresAt: iso(record.endsAt),
}));

/** Of a record that is kept, which is frozen, things are worked out once. */
function once<K extends object, V>(workOut: (record: K) => V): (record: K) => V {
  const known = new WeakMap<K, V>();
  return (record) => {
    if (!Object.isFrozen(record)) return workOut(record);
    const before = known.get(record);
    if (before !== undefined) return before;
    const value = workOut(record);
    known.set(record, value);
    return value;
  };
}
