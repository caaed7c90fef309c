import type { Core } from "../../core/core.ts";
import { AuthError } from "../../errors.ts";
import type { Passkey } from "./contract.ts";
import type { PasskeySettings } from "./settings.ts";
import { ABOUT, HANDLE, told } from "./stored.ts";

/** What people do with the passkeys that they have. */
export function managing(
  { accounts, authority, credentials }: Core,
  { rpId, related }: PasskeySettings,
): Pick<Passkey, "list" | "rename" | "remove" | "relatedOrigins"> {
  const passkeys = () => credentials({ type: "passkey", shape: ABOUT });
  const slot = accounts.slot("passkey", HANDLE);

  return {
    async list(caller) {
      const account = (await authority.session(caller))?.account ?? await accounts.get(caller.userId);
      if (account === null) throw new AuthError("not_found");
      const all = (await passkeys()).of(account);
      const kept = slot.get(account);
      const allAcceptedCredentialIds = all.map(({ value }) => value);
      const signal = kept === null ? null : { rpId, userId: kept.handle, allAcceptedCredentialIds };
      return { items: all.map(told), signal };
    },
    rename: async ({ id, name, ...caller }) => told(await (await passkeys()).rename(caller, id, name)),
    remove: async ({ id, ...caller }) => await (await passkeys()).remove(caller, id),
    async relatedOrigins() {
      if (related === null) throw new AuthError("not_found");
      return await Promise.resolve({ origins: related });
    },
  };
}
