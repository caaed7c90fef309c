import type { ErrorCode } from "../errors.ts";
import { type Account, lists, type Owner, unmoved, type Value } from "./account_record.ts";
import type { Noted } from "./challenges.ts";

/** Why a proof does not count: the account is gone, or something of it was revoked meanwhile. */
export const MOVED = "challenge_invalid";

/** Whoever proves an address that an account lists unproven takes the account over: in that one swap all else that the account
 * lists, says of itself or keeps goes, and all its sessions; its roles, which only the application gives, stay. What the proof noted is
 * not compared then, or its maker could keep the owner out by revoking in turn, or by making the account anew. */
export function proven(owner: Owner, value: Value, noted: Noted): Account | ErrorCode {
  const { account } = owner;
  // Whoever strikes a value off takes a step of the epoch, so this finds nothing that the epoch does not tell: it is here so that nobody
  // gets in by a value that the account has not, whatever others forget.
  if (!lists(account, value)) return MOVED;
  const unproven = account.identifiers.some((one) =>
    one.type === value.type && one.value === value.value && !one.proven
  );
  if (!unproven && !unmoved(noted, owner)) return MOVED;
  if (!unproven) return account;
  const { slots: _, fields: __, reserving: ___, ...bare } = account;
  return {
    ...bare,
    name: null,
    identifiers: [{ ...value, proven: true }],
    sessions: [],
    epoch: account.epoch + 1,
  };
}
