// What an authenticator says of itself and of a ceremony (WebAuthn L3 section 6.1), taken apart.
import { hex } from "../base/encoding.ts";
import { type CborMap, isCborMap, readCbor } from "./cbor.ts";
import { LONGEST_ID } from "./webauthn_schema.ts";

/** Authenticator data. */
export interface AuthenticatorData {
  /** As it came: what is signed. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the RP ID. */
  readonly rpIdHash: Uint8Array;
  /** Somebody was there (UP). */
  readonly userPresent: boolean;
  /** It was the owner: by a PIN, a finger, a face (UV). */
  readonly userVerified: boolean;
  /** It may be copied to the owner's other devices (BE). */
  readonly backupEligible: boolean;
  /** It has been (BS). */
  readonly backedUp: boolean;
  /** How often the authenticator has signed, or 0 where it does not count. */
  readonly counter: number;
  /** The credential that was made; null where none is told. */
  readonly attested: AttestedCredential | null;
}

/** A credential as it is told when it is made (section 6.5.2). */
export interface AttestedCredential {
  /** The model of the authenticator, as a UUID. */
  readonly aaguid: string;
  /** The credential's id. */
  readonly id: Uint8Array;
  /** Its public key, a COSE_Key that nobody has looked at. */
  readonly key: CborMap;
}

/** What is wrong with what came, in words that go behind its name: "is cut short". */
export interface Flaw {
  readonly flaw: string;
}

const FLAGS = { UP: 0x01, UV: 0x04, BE: 0x08, BS: 0x10, AT: 0x40, ED: 0x80 };
const [FLAGS_AT, COUNTER_AT, ATTESTED_AT] = [32, 33, 37];
const CUT: Flaw = { flaw: "is cut short" };

/** Takes authenticator data apart, to the last byte. */
export function readAuthenticatorData(bytes: Uint8Array): AuthenticatorData | Flaw {
  const flags = bytes[FLAGS_AT] ?? 0;
  if (bytes.length < ATTESTED_AT) return CUT;
  const credential = (flags & FLAGS.AT) === 0 ? null : readAttested(bytes.subarray(ATTESTED_AT));
  if (credential !== null && "flaw" in credential) return credential;
  const rest = credential?.rest ?? bytes.subarray(ATTESTED_AT);
  const flaw = (flags & FLAGS.ED) === 0 ? flawOfNothing(rest) : flawOfExtensions(rest);
  if (flaw !== null) return { flaw };
  return {
    bytes,
    rpIdHash: bytes.subarray(0, FLAGS_AT),
    userPresent: (flags & FLAGS.UP) !== 0,
    userVerified: (flags & FLAGS.UV) !== 0,
    backupEligible: (flags & FLAGS.BE) !== 0,
    backedUp: (flags & FLAGS.BS) !== 0,
    counter: bytes.subarray(COUNTER_AT, ATTESTED_AT).reduce((sum, byte) => sum * 256 + byte, 0),
    attested: credential?.attested ?? null,
  };
}

function flawOfNothing(rest: Uint8Array): string | null {
  return rest.length === 0 ? null : "has bytes that no flag announces";
}

/** Extensions are read to see where they end; what they say is of no interest. */
function flawOfExtensions(bytes: Uint8Array): string | null {
  const read = readCbor(bytes);
  return read !== null && isCborMap(read.value) && read.rest.length === 0
    ? null
    : "announces extensions that are no CBOR map, or not all";
}

/** AAGUID, length of the id, id, key: and what follows. */
function readAttested(
  bytes: Uint8Array,
): { readonly attested: AttestedCredential; readonly rest: Uint8Array } | Flaw {
  const [high = 0, low = 0] = bytes.subarray(16, 18);
  const length = high * 256 + low;
  if (bytes.length < 18 + length) return CUT;
  if (length === 0 || length > LONGEST_ID) {
    return { flaw: `names a credential by ${length} bytes: it must be 1 to ${LONGEST_ID}` };
  }
  const key = readCbor(bytes.subarray(18 + length));
  if (key === null || !isCborMap(key.value)) return { flaw: "has a public key that is no CBOR map" };
  const attested = {
    aaguid: hex(bytes.subarray(0, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    id: bytes.subarray(18, 18 + length),
    key: key.value,
  };
  return { attested, rest: key.rest };
}
