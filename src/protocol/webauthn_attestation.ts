// What an authenticator says of its own make (WebAuthn L3 section 8): a row for each format that is looked into.
import { type CborMap, isCborMap } from "./cbor.ts";
import type { PublicKey } from "./cose_key.ts";
import { verify } from "./signatures.ts";

/** An attestation statement, and what it is about. */
export interface Attested {
  /** The format: `none`, `packed` … */
  readonly format: string;
  /** The statement, as it was read. */
  readonly statement: unknown;
  /** The credential's key. */
  readonly key: PublicKey;
  /** What it signs: the authenticator data, and behind it the hash of the client data. */
  readonly message: Uint8Array;
}

/** What is wrong with a statement; null where nothing is. */
type Check = (attested: Attested, statement: CborMap) => Promise<string | null>;

const FORMATS: ReadonlyMap<string, Check> = new Map<string, Check>([["none", none], ["packed", packed]]);

/** What is wrong with an attestation statement; null where nothing is. One of a format that is not in the table says who made the
 * authenticator, by certificates. Nobody asks for that, so nobody believes it: such a registration counts as one without a statement. */
export async function flawOfAttestation(attested: Attested): Promise<string | null> {
  const { format, statement } = attested;
  if (format === "compound" && Array.isArray(statement)) return null; // section 8.9: several statements, in a list
  if (!isCborMap(statement)) return "its attestation statement is no map";
  return await FORMATS.get(format)?.(attested, statement) ?? null;
}

/** Section 8.7. */
function none(_attested: Attested, { size }: CborMap): Promise<string | null> {
  return Promise.resolve(size === 0 ? null : 'its attestation is "none", and yet says something');
}

/** Section 8.2, without certificates: the credential signs for itself, which shows that its key is held. */
async function packed({ key, message }: Attested, statement: CborMap): Promise<string | null> {
  if (statement.has("x5c") || statement.has("ecdaaKeyId")) return null; // signed by the maker: left aside
  const signature = statement.get("sig");
  if (statement.get("alg") !== key.algorithm) return "its attestation is by another algorithm than its key";
  const isRight = signature instanceof Uint8Array &&
    await verify(key.algorithm, key.publicKey, message, signature);
  return isRight ? null : "its attestation is not signed by its key";
}
