import { iso } from "../../base/iso.ts";
import { flag, list, matching, maybe, openObject, type Schema, whole } from "../../base/schema.ts";
import type { About, Credential } from "../../core/credentials.ts";
import type { PasskeyInfo } from "./contract.ts";

/** What an account keeps about a passkey. Its value is the credential id, in base64url. */
export interface AboutPasskey extends About {
  /** As `protocol/webauthn` writes it. */
  readonly publicKey: string;
  /** Its COSE algorithm. */
  readonly algorithm: number;
  /** The counter of the last signature. */
  readonly counter: number;
  readonly aaguid: string;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly transports: readonly string[];
}

/** What an account keeps for all its passkeys. */
export interface Handle {
  /** By what authenticators know the account: 64 random bytes in base64url, which are told to nobody else. */
  readonly handle: string;
  /** The registration that may be finished; null for none. */
  readonly pending: string | null;
}

const anyText = () => matching(/^/, "a text");
const number = (min: number) => whole({ min, max: Number.MAX_SAFE_INTEGER });

/** The shape of it. */
export const ABOUT: Schema<AboutPasskey> = openObject<AboutPasskey>({
  id: anyText(),
  name: anyText(),
  createdAt: number(0),
  lastUsedAt: maybe(number(0)),
  publicKey: anyText(),
  algorithm: number(Number.MIN_SAFE_INTEGER),
  counter: number(0),
  aaguid: anyText(),
  backupEligible: flag(),
  backedUp: flag(),
  transports: list(anyText()),
});

/** The shape of that. */
export const HANDLE: Schema<Handle> = openObject<Handle>({ handle: anyText(), pending: maybe(anyText()) });

/** A passkey as its owner is told of it. */
export function told({ value, about }: Credential<AboutPasskey>): PasskeyInfo {
  const { id, name, createdAt, lastUsedAt, backedUp, transports, aaguid } = about;
  return {
    id,
    credentialId: value,
    name,
    createdAt: iso(createdAt),
    lastUsedAt: lastUsedAt === null ? null : iso(lastUsedAt),
    backedUp,
    transports,
    aaguid,
  };
}
