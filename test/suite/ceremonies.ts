// Registrations and assertions that others recorded or made, right and wrong. The folder is named by LATCHKEY_VECTORS.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBase64url } from "../../src/base/encoding.ts";
import { AuthError } from "../../src/errors.ts";
import { isCborMap, readCbor } from "../../src/protocol/cbor.ts";
import { type PublicKey, publicKeyOf } from "../../src/protocol/cose_key.ts";
import {
  type Assertion,
  checkAssertion,
  checkRegistration,
  type Expected,
  type ExpectedRegistration,
  type Registration,
} from "../../src/protocol/webauthn.ts";
import { parseAssertion, parseRegistration } from "../../src/protocol/webauthn_parse.ts";

/** A ceremony, and what is to come of it. */
export interface Ceremony extends Partial<Parsed> {
  readonly id: string;
  readonly verdict: "valid" | "invalid" | "either";
  readonly severity: "must" | "should";
  /** `attestation-verification`: the verdict is about the attestation statement. */
  readonly needs?: string;
  /** Why hardly any configuration would ask so. */
  readonly configOdd?: readonly string[];
  readonly expected: {
    readonly challenge: string;
    readonly origin: string;
    readonly rpID: string;
    readonly requireUserVerification: boolean;
    readonly allowedAlgs?: readonly number[];
  };
  readonly response: unknown;
  /** What is stored, of an assertion. */
  readonly credential?: {
    readonly id: string;
    readonly publicKeyCOSE: string;
    readonly alg: number;
    readonly counter: number;
    readonly backupEligible?: boolean;
    readonly userId?: string;
  };
  /** What others read in a registration. */
  readonly parsed?: Parsed & {
    readonly alg: number;
    readonly aaguid: string;
    readonly credentialId: string;
  };
  /** Whether its algorithm is one of those that are asked for everywhere. */
  readonly algInUsualSet?: boolean;
  /** Whether it is refused where the user must be verified. */
  readonly requireUVWouldReject?: boolean;
  /** The verdict where pages of other origins may show ours in a frame. */
  readonly verdictIfCrossOriginAllowed?: string;
}

/** What others read in authenticator data. In the vectors of assertions it stands by itself. */
export interface Parsed {
  readonly flags: Readonly<Record<"UP" | "UV" | "BE" | "BS" | "AT" | "ED", boolean>>;
  readonly signCount: number;
}

/** Malformed: `input_invalid`, and nothing is spent. */
export interface Malformed {
  readonly is: "malformed";
  readonly path: string;
}

const folder = process.env["LATCHKEY_VECTORS"];

/** Whether a file of vectors is there, and what a test's name says where it is not. */
export function vectorFile(name: string): { readonly isThere: boolean; readonly note: string } {
  const isThere = folder !== undefined && existsSync(join(folder, name));
  return { isThere, note: isThere ? "" : ` (skipped: ${name} is not in LATCHKEY_VECTORS)` };
}

/** The vectors of a file. */
export function vectorsOf<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(join(folder ?? "", name), "utf8")).vectors;
}

/** What comes of a registration; where something else was asked for, of that. */
export async function register(
  { expected, response }: Ceremony,
  otherwise: Partial<ExpectedRegistration> = {},
): Promise<Registration | Malformed> {
  const { allowedAlgs } = expected;
  const asked = {
    ...askedBy(expected),
    requireDiscoverable: true,
    ...(allowedAlgs !== undefined && { algorithms: allowedAlgs }),
    ...otherwise,
  };
  return await judged(() => parseRegistration(response), (parsed) => checkRegistration(parsed, asked));
}

/** What comes of an assertion, likewise. What the vector does not say of the stored credential is as the assertion has it. */
export async function assert(
  { expected, response, credential }: Ceremony,
  otherwise: Partial<Expected> = {},
): Promise<Assertion | Malformed> {
  if (credential === undefined) throw new Error("a vector without a credential");
  const key = keyOf(credential.publicKeyCOSE);
  return await judged(() => parseAssertion(response), (parsed) => {
    const { counter, id } = credential;
    const backupEligible = credential.backupEligible ?? parsed.authenticatorData.backupEligible;
    const userHandle = credential.userId ?? parsed.userHandle ?? "";
    const stored = {
      id,
      ...(key ?? { algorithm: credential.alg, publicKey: "" }),
      counter,
      backupEligible,
      userHandle,
    };
    return checkAssertion(parsed, { ...askedBy(expected), ...otherwise }, stored);
  });
}

/** A key that a vector gives as a COSE_Key, if it is one to rely on. */
export function keyOf(cose: string): PublicKey | null {
  const { value } = readCbor(fromBase64url(cose) ?? new Uint8Array()) ?? {};
  const key = isCborMap(value) ? publicKeyOf(value) : null;
  return key === null || "flaw" in key ? null : key;
}

function askedBy({ challenge, origin, rpID, requireUserVerification }: Ceremony["expected"]): Expected {
  const userVerification = requireUserVerification ? "required" : "preferred";
  return { challenge, origins: [origin], rpId: rpID, userVerification };
}

/** Parses and checks. Whatever is thrown but `input_invalid`, and that by the parser, is our own mistake. */
export async function judged<P, V>(parse: () => P, check: (parsed: P) => Promise<V>): Promise<V | Malformed> {
  let parsed: P;
  try {
    parsed = parse();
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "input_invalid") throw error;
    const [issue] = error.details?.issues ?? [];
    if (!issue?.path.startsWith("credential")) {
      throw new Error(`nothing says what is malformed: ${issue?.path}`);
    }
    return { is: "malformed", path: issue.path };
  }
  return await check(parsed);
}
