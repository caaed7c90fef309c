import { equal } from "../base/encoding.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { type DeviceToken, formatDeviceToken, parseDeviceToken } from "../crypto/token.ts";
import type { DeviceSettings } from "../options/devices.ts";
import type { Owner } from "./account_record.ts";
import type { Noted } from "./challenges.ts";

/** What a device shows to be known again: one token, or what its cookie holds. */
export type Shown = string | null | undefined;

/** Devices that have signed in. Nothing is stored of them: a token says which device it is for which account, under a keyed hash that
 * takes in the account's epoch, so whatever ends all sessions voids the tokens too. */
export interface Devices {
  /** The id of the device that `shown` proves to be one of the account's; null for a stranger. */
  readonly know: (shown: Shown, account: Noted) => string | null;
  /** The accounts that `shown` speaks of, as long as nobody has asked whether it is true. */
  readonly claimed: (shown: Shown) => readonly string[];
  /** A token for the device on which session `sid` began. Its id stays the one that it shows, if that counts. */
  readonly issue: (owner: Owner, sid: string, shown: Shown) => string;
  /** What the cookie is to hold: a new token, then those shown of other accounts. */
  readonly joined: (token: string, shown: Shown) => string;
}

const BETWEEN = "~"; // tokens in a cookie; no token has one, and no browser quotes it
const LONGEST = 128; // characters of a token, and what stands between it and the next

/** The devices that a keyring's tokens speak of. */
export function devices(keyring: Keyring, now: () => number, { ttl, accounts }: DeviceSettings): Devices {
  /** What was shown, or nothing: of a text that is not wholly ours no part counts. */
  function parsed(shown: Shown): readonly DeviceToken[] {
    if (typeof shown !== "string" || shown.length > LONGEST * accounts) return [];
    const tokens = shown.split(BETWEEN).map(parseDeviceToken).filter((token) => token !== null);
    const uids = new Set(tokens.map(({ uid }) => uid));
    return uids.size === shown.split(BETWEEN).length && uids.size <= accounts ? tokens : [];
  }

  function macOf({ uid, did, at }: Omit<DeviceToken, "mac">, epoch: number, secret: string): string {
    return keyring.mac("device-token", secret, uid, did, String(at), String(epoch)) ?? "";
  }

  const isYoung = ({ at }: DeviceToken) => now() < (at + ttl) * 1000;

  function know(shown: Shown, { uid, epoch }: Noted): string | null {
    const token = parsed(shown).find((one) => one.uid === uid);
    if (token === undefined || !isYoung(token)) return null;
    // Under a secret that is not configured any more it is unknown, and no failure.
    const genuine = keyring.fingerprints.some((secret) => equal(macOf(token, epoch, secret), token.mac));
    return genuine ? token.did : null;
  }

  return {
    know,
    claimed: (shown) => parsed(shown).map(({ uid }) => uid),
    issue({ uid, account }, sid, shown) {
      const did = know(shown, { uid, epoch: account.epoch }) ?? sid;
      const token = { uid, did, at: Math.floor(now() / 1000) };
      return formatDeviceToken({ ...token, mac: macOf(token, account.epoch, keyring.first) });
    },
    joined(token, shown) {
      const uid = parseDeviceToken(token)?.uid;
      const others = parsed(shown).filter((one) => one.uid !== uid && isYoung(one)).map(formatDeviceToken);
      return [token, ...others.slice(0, accounts - 1)].join(BETWEEN);
    },
  };
}
