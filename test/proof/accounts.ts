// Accounts as the library makes them, for what can be asked of them and no feature asks yet.
import { type Identifier, noteOf } from "../../src/core/account_record.ts";
import { type Accounts, accounts } from "../../src/core/accounts.ts";
import { foundation } from "../../src/core/foundation.ts";
import type { Added } from "../../src/core/values.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { machine, type Platform } from "../../src/platform.ts";
import { store } from "../../src/store/collection.ts";
import type { Driver } from "../../src/store/driver.ts";

/** What accounts are made with: our own, or a copy with a bug in it. */
export interface Parts {
  readonly accounts: typeof accounts;
  readonly foundation: typeof foundation;
  readonly keyring: typeof keyring;
  readonly store: typeof store;
}

/** What is to be known besides where they are. */
export interface AccountsOptions {
  /** What servers on the same store have too. */
  readonly secret: string;
  readonly parts?: Parts | undefined;
}

const OURS: Parts = { accounts, foundation, keyring, store };
const DEADLINE = 5000; // ms: `storageDeadline` by default

/** The accounts of a store, as one more server of the same secret has them. */
export async function accountsOn(
  driver: Driver,
  platform: Partial<Platform>,
  { secret, parts = OURS }: AccountsOptions,
): Promise<Accounts> {
  const whole: Platform = { ...machine, ...platform };
  const kept = parts.store(driver, whole, DEADLINE);
  const ground = parts.foundation(kept, parts.keyring([secret], whole.random), () => Promise.resolve());
  await ground.ready();
  return parts.accounts(kept, ground);
}

/** An account, and the session on whose authority something is done with it. */
export interface Authority {
  readonly uid: string;
  readonly acting: string;
}

/** Adds values to an account. Their proof was judged right now, unless it is said by which epoch. */
export async function addTo(
  at: Accounts,
  { uid, acting }: Authority,
  { values, epoch }: { readonly values: readonly Identifier[]; readonly epoch?: number | undefined },
): Promise<Added> {
  const account = epoch === undefined ? await at.get(uid) : null;
  const noted = epoch ?? noteOf(account && { uid, account }).epoch;
  return await (await at.values()).add({ uid, acting, values, noted: { uid, epoch: noted } });
}
