import { base32 } from "../base/encoding.ts";
import { AuthError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import type { Driver } from "./driver.ts";
import type { Found } from "./unstorage.ts";

const TTL = 60; // seconds, in case nobody comes to remove it
/** What keys begin with. */
const NAMES =
  "users identifiers sessions challenges limits replies tokens invites signing-keys lookup-key meta";

/** Refuses a Storage that keeps some of our keys elsewhere: they must all lie in the one driver that swaps them.
 * @throws {AuthError} `storage_unsafe` */
export function refuseMounts({ given, above }: Found): void {
  const mounts = "getMounts" in given ? given.getMounts().filter(({ base }) => base !== "") : [];
  for (const name of NAMES.split(" ")) {
    const own = `${above}${name}:`;
    const mount = mounts.find(({ base }) => own.startsWith(base) || base.startsWith(own));
    if (mount === undefined) continue;
    const remedy =
      `storage: the Storage keeps ${above}${name} in the mount ${mount.base} and not with the rest: ` +
      "give one driver for all, that of the mount perhaps";
    throw new AuthError("storage_unsafe", { remedy });
  }
}

/** Sends a bird through what was given, and looks for it in the driver that was made of it: under the same key, the same text. What
 * puts a prefix before keys without saying so would let two tenants read each other's accounts.
 * @throws {AuthError} `storage_unsafe` */
export async function canary({ given, above }: Found, driver: Driver, { random }: Platform): Promise<void> {
  const key = `${above}canary-${base32(random(10))}`;
  const text = JSON.stringify({ canary: base32(random(10)) });
  await given.setItem(key, text, { ttl: TTL });
  let seen: string | null;
  try {
    seen = await driver.getItem(key);
  } finally {
    await given.removeItem(key, {});
  }
  if (seen === text) return;
  const remedy = seen === null
    ? "storage: what is written through it is not found in its driver under the same key: something puts a prefix before keys, " +
      'as prefixStorage and the option base do. Give prefix(driver, base) of "@latchkey/auth/drivers/prefix" a driver without one'
    : "storage: what is written through it is read as another text";
  throw new AuthError("storage_unsafe", { remedy });
}
