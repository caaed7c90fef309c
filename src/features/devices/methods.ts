import { iso } from "../../base/iso.ts";
import { isListed } from "../../core/account_record.ts";
import type { Core } from "../../core/core.ts";
import type { RememberedDevice, RememberedDevices } from "../../core/remembered.ts";
import { AuthError, type ErrorCode } from "../../errors.ts";
import type { DeviceInfo, Devices } from "./contract.ts";

/** The methods. */
export async function methods(core: Core): Promise<Devices> {
  const { accounts, authority, devices: known, events, platform } = core;
  const devices: RememberedDevices = await core.remembered();
  return {
    async list(caller) {
      const { userId: uid, client } = caller;
      const account = (await authority.session(caller))?.account ?? await accounts.get(uid);
      if (account === null) throw new AuthError("not_found");
      const current = known.know(client?.device, { uid, epoch: account.epoch });
      return { items: devices.of(account, platform.now()).map((one) => told(one, current)) };
    },
    async remove({ id, ...caller }) {
      const { userId, sessionId, client } = caller;
      const seen = (await authority.person(caller))?.account;
      const at = platform.now();
      const code = await accounts.change<ErrorCode | null>(userId, (account) => {
        const ends = sessionId !== undefined && (account === null || !isListed(account, sessionId, at));
        if (ends) return { next: account, result: "session_ended" };
        if (account === null || !devices.of(account, at).some((one) => one.id === id)) {
          return { next: account, result: "not_found" };
        }
        return { next: devices.without(account, id), result: null };
      }, seen);
      if (code !== null) throw new AuthError(code);
      events.emit("device.removed", { userId, deviceId: id }, client);
    },
  };
}

function told(
  { id, name, createdAt, lastUsedAt, exp }: RememberedDevice,
  current: string | null,
): DeviceInfo {
  return {
    id,
    name,
    createdAt: iso(createdAt),
    lastUsedAt: iso(lastUsedAt),
    expiresAt: iso(exp),
    current: id === current,
  };
}
