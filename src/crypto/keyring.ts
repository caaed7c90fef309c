import { base64url, fromBase64url, fromUtf8, hex, utf8 } from "../base/encoding.ts";
import { byNumbers, hmacUnder, type Mac } from "../base/hash.ts";

/** What each key is for. Every use has a key of its own, so what is made for one is worth nothing to another. */
export type Label =
  | `plugin ${string}`
  | "email-otp"
  | "magic-link"
  | "password-change"
  | "password-reset"
  | "password-sign-in"
  | "password-sign-up"
  | "refresh-token"
  | "device-token"
  | "lookup-key"
  | "signing-keys"
  | "replies";

/** Everything that is done with the configured secrets. The first one seals and signs; all of them open and verify. */
export interface Keyring {
  /** The fingerprint of the first secret: 8 hexadecimal digits. */
  readonly first: string;
  /** The fingerprints of all secrets, the first one first. */
  readonly fingerprints: readonly string[];
  /** A keyed hash of `parts` under one secret, or null where that secret is not configured. */
  readonly mac: (label: Label, fingerprint: string, ...parts: readonly string[]) => string | null;
  /** Text that only a holder of the first secret can read: `fingerprint.nonce.ciphertext`. */
  readonly seal: (label: Label, plain: string) => Promise<string>;
  /** What was sealed. `unknown`: its secret is not configured; `damaged`: it was changed. */
  readonly open: (label: Label, sealed: string) => Promise<Opened>;
}

/** The outcome of opening something sealed. */
export type Opened =
  | { readonly is: "open"; readonly plain: string; readonly fingerprint: string }
  | { readonly is: "unknown"; readonly fingerprint: string }
  | { readonly is: "damaged" };

/** HKDF-SHA-256 (RFC 5869) for the one length needed here, 32 bytes: extract, then the first block of expand. By plain numbers, for
 * keys are derived once, and that is done before a cold process has loaded `node:crypto`. */
export function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array {
  const extracted = byNumbers.hmacUnder(salt)(secret);
  return byNumbers.hmacUnder(extracted)(Uint8Array.of(...info, 1));
}

/** The keyring of a list of secrets. `random` makes nonces. */
export function keyring(secrets: readonly string[], random: (length: number) => Uint8Array): Keyring {
  const keys = new Map<string, Derived>();
  for (const secret of secrets) {
    const key = remembered((label) => hkdf(utf8(secret), utf8("latchkey"), utf8(label)));
    const mac = remembered((label) => hmacUnder(key(`mac ${label}`)));
    keys.set(hex(key("fingerprint").subarray(0, 4)), { key, mac });
  }
  const fingerprints = [...keys.keys()];
  const [first = ""] = fingerprints; // options demand at least one secret

  async function cipher(label: Label, fingerprint: string): Promise<CryptoKey | null> {
    const key = keys.get(fingerprint)?.key(`seal ${label}`);
    if (key === undefined) return null;
    return await crypto.subtle.importKey("raw", Uint8Array.from(key), "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]);
  }

  return {
    first,
    fingerprints,
    mac(label, fingerprint, ...parts) {
      const mac = keys.get(fingerprint)?.mac(label);
      return mac === undefined ? null : base64url(mac(parts.join("\0")));
    },
    async seal(label, plain) {
      const key = await cipher(label, first);
      if (key === null) throw new TypeError("no secret");
      const iv = Uint8Array.from(random(12));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, Uint8Array.from(utf8(plain)));
      return [first, base64url(iv), base64url(new Uint8Array(sealed))].join(".");
    },
    async open(label, sealed) {
      const [fingerprint = "", nonce = "", text = ""] = sealed.split(".");
      const key = await cipher(label, fingerprint);
      if (key === null) return { is: "unknown", fingerprint };
      const iv = fromBase64url(nonce);
      const bytes = fromBase64url(text);
      if (iv === null || bytes === null) return { is: "damaged" };
      try {
        const algorithm = { name: "AES-GCM", iv: Uint8Array.from(iv) };
        const plain = await crypto.subtle.decrypt(algorithm, key, Uint8Array.from(bytes));
        return { is: "open", plain: fromUtf8(new Uint8Array(plain)), fingerprint };
      } catch {
        return { is: "damaged" }; // the tag does not fit: not what was sealed
      }
    },
  };
}

/** What is made of one secret, by label. */
interface Derived {
  readonly key: (label: string) => Uint8Array;
  readonly mac: (label: string) => Mac;
}

/** What belongs to a label is made once. */
function remembered<T>(make: (label: string) => T): (label: string) => T {
  const known = new Map<string, T>();
  return (label) => {
    const made = known.get(label) ?? make(label);
    known.set(label, made);
    return made;
  };
}
