// The secrets of options, and what is sealed under them.
import { utf8 } from "../../src/base/encoding.ts";
import { hkdf, type Keyring, keyring, type Label } from "../../src/crypto/keyring.ts";
import { secretIs } from "./belongings.ts";
import type { Secret } from "./leaks.ts";

/** What keys are derived for. */
const LABELS: Readonly<Record<Exclude<Label, `plugin ${string}`>, true>> = {
  "email-otp": true,
  "magic-link": true,
  "refresh-token": true,
  "device-token": true,
  "lookup-key": true,
  "signing-keys": true,
  "password-change": true,
  "password-reset": true,
  "password-sign-in": true,
  "password-sign-up": true,
  replies: true,
};
const remembered = new Map<string, readonly Secret[]>();

/** A secret of the options, and every key that is derived from it. */
export function derivedFrom(secret: string): readonly Secret[] {
  const known = remembered.get(secret);
  if (known !== undefined) return known;
  const keys = Object.keys(LABELS).flatMap((label) =>
    ["mac", "seal"].map((use) => ({
      is: `the key to ${use} ${label}`,
      value: hkdf(utf8(secret), utf8("latchkey"), utf8(`${use} ${label}`)),
    }))
  );
  const all = [...secretIs("a secret of the options", secret), ...keys];
  remembered.set(secret, all);
  return all;
}

const PRIVATE = ["d", "k", "p", "q", "dp", "dq", "qi"]; // RFC 7518 section 6

/** The private members of a JWK. */
export function privateIn(jwk: object): readonly Secret[] {
  return Object.entries(jwk).flatMap(([member, value]) =>
    PRIVATE.includes(member) && typeof value === "string" ? secretIs("a private key", value) : []
  );
}

/** The passwords, private keys and addresses with a password that stand in options, however deep. */
export function secretsIn(options: unknown, depth = 6): readonly Secret[] {
  if (typeof options === "string") {
    const [, body = ""] = /PRIVATE KEY-----([^-]+)/.exec(options) ?? [];
    const [, password = ""] = /^\w+:\/\/[^/\s@]*:([^/\s@]+)@/.exec(options) ?? [];
    const lines = body.split("\n").filter((line) => line.length > 20);
    return [...lines, password, decodeURIComponent(password)].flatMap((one) =>
      secretIs("a secret of the options", one)
    );
  }
  if (typeof options !== "object" || options === null || depth === 0) return [];
  const named = Object.entries(options).flatMap(([name, value]) =>
    typeof value === "string" && /^(?:pass|password|\w*Secret)$/.test(name)
      ? secretIs("a secret of the options", value)
      : []
  );
  const jwk = "kty" in options ? privateIn(options) : [];
  return [...named, ...jwk, ...Object.values(options).flatMap((one) => secretsIn(one, depth - 1))];
}

/** What is sealed in the store: by the first part of the key, for what. */
const SEALED: Readonly<Record<string, Label>> = {
  "lookup-key": "lookup-key",
  "signing-keys": "signing-keys",
  replies: "replies",
};

const SEAL = /^[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/;

/** What came of opening what a record holds sealed, under all secrets that are known. */
export interface Opened {
  /** What was sealed. */
  readonly plain: readonly (readonly [label: Label, text: string])[];
  /** Whether some of it is sealed only by name. */
  readonly bare: boolean;
}

/** Opens what a record holds sealed. */
export async function opened(key: string, text: string, secrets: readonly string[]): Promise<Opened> {
  const label = SEALED[key.split(":")[0] ?? ""];
  if (label === undefined) return { plain: [], bare: false };
  const { open } = openerOf(secrets);
  const sealed = [...text.matchAll(/"sealed":"((?:[^"\\]|\\.)*)"/g)].map(([, one = ""]) => one);
  const all = await Promise.all(sealed.map(async (one) => [one, await open(label, one)] as const));
  return {
    plain: all.flatMap(([, one]) => one.is === "open" ? [[label, one.plain] as const] : []),
    bare: all.some(([one, { is }]) => is === "damaged" || !SEAL.test(one)),
  };
}

/** Opens what is sealed, each text once: records are written again and again with the same seals in them. */
type Opener = Pick<Keyring, "open">;
const openers = new Map<string, Opener>();

function openerOf(secrets: readonly string[]): Opener {
  const name = JSON.stringify(secrets);
  const made = openers.get(name) ?? opener(keyring(secrets, () => new Uint8Array(12))); // it seals nothing
  openers.set(name, made);
  return made;
}

function opener(keys: Opener): Opener {
  const tried = new Map<string, ReturnType<Keyring["open"]>>();
  return {
    open(label, sealed) {
      const name = `${label} ${sealed}`;
      const opened = tried.get(name) ?? keys.open(label, sealed);
      tried.set(name, opened);
      return opened;
    },
  };
}
