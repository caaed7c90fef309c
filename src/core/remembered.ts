import { list, matching, maybe, openObject, type Schema, whole } from "../base/schema.ts";
import type { Account } from "./account_record.ts";
import type { Slot, Slotted } from "./slots.ts";

/** A device at which a user's password alone signs in. Times are in epoch milliseconds. */
export interface RememberedDevice {
  /** Its id, as its token says it. */
  readonly id: string;
  /** Its `User-Agent`, where that is known. */
  readonly name: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly exp: number;
  /** The account's epoch: whatever revokes sessions, forgets devices too. */
  readonly epoch: number;
}

/** What an account keeps of them. */
export interface Remembered {
  readonly devices: readonly RememberedDevice[];
}

/** The devices that accounts remember. All of it is pure, for use inside a swap. */
export interface RememberedDevices {
  /** Those of an account that still count, the latest first. */
  readonly of: (account: Account, now: number) => readonly RememberedDevice[];
  /** The account with one more that is used now, or with that one anew. Those that do not count any more go, and of too many the one that
   * was used least lately. */
  readonly with: (account: Account, device: Omit<RememberedDevice, "epoch">) => Account;
  /** The account without one. */
  readonly without: (account: Account, id: string) => Account;
}

const MOST = 10;

const text = () => matching(/^/, "a text");
const time = () => whole({ min: 0, max: Number.MAX_SAFE_INTEGER });

const SHAPE: Schema<Remembered> = openObject<Remembered>({
  devices: list(openObject<RememberedDevice>({
    id: text(),
    name: maybe(text()),
    createdAt: time(),
    lastUsedAt: time(),
    exp: time(),
    epoch: time(),
  })),
});

/** @param slotOf the account's compartment of a name */
export function rememberedDevices(
  slotOf: (name: string, schema: Schema<Remembered>) => Pick<Slot<Remembered>, "get" | "put">,
): RememberedDevices {
  const slot = slotOf("devices", SHAPE);
  const all = (account: Slotted & Pick<Account, "epoch">) =>
    (slot.get(account)?.devices ?? []).filter(({ epoch }) => epoch === account.epoch);
  const put = (account: Account, devices: readonly RememberedDevice[]) =>
    slot.put(account, devices.length === 0 ? null : { devices });
  return {
    of: (account, now) => all(account).filter(({ exp }) => exp > now),
    with(account, device) {
      const others = all(account).filter(({ id, exp }) => id !== device.id && exp > device.lastUsedAt);
      const latest = others.toSorted((a, b) => b.lastUsedAt - a.lastUsedAt).slice(0, MOST - 1);
      return put(account, [{ ...device, epoch: account.epoch }, ...latest]);
    },
    without: (account, id) => put(account, all(account).filter((one) => one.id !== id)),
  };
}
