import { base64url, fromBase64url, utf8 } from "../base/encoding.ts";
import { sha256 } from "../base/hash.ts";
import { machine } from "../platform.ts";
import { clientData, type Page, refusal, rpIdOf } from "./browser.ts";
import { bigEndian, bytesOf, type Cbor, cbor } from "./cbor.ts";
import type {
  AuthenticationResponseJSON,
  CreationOptions,
  CredentialDescriptor,
  RegistrationResponseJSON,
  RequestOptions,
} from "./ceremonies.ts";
import { coseAlgorithm, type PasskeyAlgorithm, type PasskeyKey, passkeyKey } from "./passkey_keys.ts";

/** A browser with an authenticator that holds passkeys. */
export interface Authenticator {
  /** What it holds, the newest last. */
  readonly credentials: readonly HeldCredential[];
  /** Registers, as `navigator.credentials.create` does. What it resolves to is what `credential.toJSON()` gives.
   * @throws {DOMException} `InvalidStateError` where it holds one of `excludeCredentials`, `SecurityError` where the RP ID is not one of the
   * page's, `NotAllowedError` where it cannot do what is asked for */
  readonly create: (options: CreationOptions, page: Page) => Promise<RegistrationResponseJSON>;
  /** Signs in, as `navigator.credentials.get` does: by the newest credential that may, or by the one that is `picked`, in base64url.
   * @throws {DOMException} `SecurityError` where the RP ID is not one of the page's, `NotAllowedError` where it holds nothing that may sign */
  readonly get: (
    options: RequestOptions,
    page: Page & { readonly picked?: string },
  ) => Promise<AuthenticationResponseJSON>;
  /** `PublicKeyCredential.signalUnknownCredential`: the site does not know a credential, and so it is gone. */
  readonly signalUnknownCredential: (
    signal: { readonly rpId: string; readonly credentialId: string },
  ) => Promise<void>;
  /** `PublicKeyCredential.signalAllAcceptedCredentials`: others of this user are gone. */
  readonly signalAllAcceptedCredentials: (signal: {
    readonly rpId: string;
    readonly userId: string;
    readonly allAcceptedCredentialIds: readonly string[];
  }) => Promise<void>;
  /** A copy of it with all keys and counters as they are now, like it but for what is said: what nobody should be able to make. */
  readonly clone: (otherwise?: AuthenticatorOptions) => Authenticator;
}

/** A credential that is held. */
export interface HeldCredential {
  /** In base64url. */
  readonly id: string;
  /** The site that it is for. */
  readonly rpId: string;
  /** Whose it is: `user` of the registration. */
  readonly user: { readonly id: string; readonly name: string };
  /** Whether it is found without being told its id. */
  readonly discoverable: boolean;
  /** What its counter shows: 0, where nothing is counted. */
  readonly counter: number;
}

/** What an authenticator is like. */
export interface AuthenticatorOptions {
  /** What keys and ids follow from. All does with `EdDSA`; signatures by ECDSA differ each time, and keys of RSA are the runtime's.
   * @default {the machine's chance} */
  readonly random?: (length: number) => Uint8Array;
  /** What it signs by. @default {"ES256"} */
  readonly algorithm?: PasskeyAlgorithm;
  /** Whether the person proves to be its owner, by a finger or a PIN. Without it a ceremony that requires as much is refused, as browsers
   * do. @default {true} */
  readonly userVerified?: boolean;
  /** Whether somebody touches it. No browser gives what says false: it is for tests of what refuses that. @default {true} */
  readonly userPresent?: boolean;
  /** Whether its passkeys may be on several devices. @default {true} */
  readonly backupEligible?: boolean;
  /** Whether they are. @default {as `backupEligible`} */
  readonly backedUp?: boolean;
  /** Whether it can hold discoverable credentials. @default {true} */
  readonly discoverable?: boolean;
  /** How it is reached; with `"internal"` among them it is part of the device. @default {["internal", "hybrid"]} */
  readonly transports?: readonly string[];
  /** Its model: a UUID. @default {all zero: it does not say} */
  readonly aaguid?: string;
  /** Whether each credential counts its uses. Passkeys that are on several devices tell zero for ever. @default {false} */
  readonly counts?: boolean;
  /** Who vouches for a new credential: nobody, or its own key. @default {"none"} */
  readonly attestation?: "none" | "packed";
}

/** A credential with its key. Replaced, never changed: a clone has the same one. */
interface Credential extends HeldCredential {
  readonly key: PasskeyKey;
}

const DEFAULTS = {
  random: machine.random,
  algorithm: "ES256",
  userVerified: true,
  userPresent: true,
  backupEligible: true,
  discoverable: true,
  transports: ["internal", "hybrid"],
  aaguid: "00000000-0000-0000-0000-000000000000",
  counts: false,
  attestation: "none",
} as const satisfies AuthenticatorOptions;

type Traits = Required<AuthenticatorOptions>;

/** An authenticator without credentials: by itself one whose passkeys are on several devices, as those of phones are.
 * @example Usage
 * ```ts
 * import { authenticator, chance } from "@latchkey/auth/testing";
 *
 * const device = authenticator({ random: chance(1), counts: true });
 * const page = { origin: "https://app.example.com" };
 * const registration = await device.create({
 *   rp: { id: "example.com", name: "Example" },
 *   user: { id: "dXNlcg", name: "ada@example.com", displayName: "Ada" },
 *   challenge: "Y2hhbGxlbmdl",
 *   pubKeyCredParams: [{ type: "public-key", alg: -7 }],
 *   authenticatorSelection: { residentKey: "required" },
 * }, page);
 * const assertion = await device.get({ rpId: "example.com", challenge: "YW5vdGhlcg" }, page);
 * console.log(assertion.id === registration.id); // true
 * ``` */
export function authenticator(options: AuthenticatorOptions = {}): Authenticator {
  const { backupEligible = DEFAULTS.backupEligible } = options;
  return holding([], { ...DEFAULTS, backedUp: backupEligible, ...options });
}

function holding(initial: readonly Credential[], traits: Traits): Authenticator {
  let held = initial;
  const of = (rpId: string) => held.filter((one) => one.rpId === rpId);
  return {
    get credentials() {
      return held.map(({ key: _, ...shown }) => shown);
    },
    async create(options, page) {
      readable([options.challenge, options.user.id], options.excludeCredentials);
      const rpId = await rpIdOf(options.rp.id, page);
      const discoverable = agreed(options, of(rpId), traits);
      const made = await born(options, { rpId, discoverable }, traits);
      held = [...held, made];
      return await registration(made, { options, page, traits });
    },
    async get(options, page) {
      readable([options.challenge], options.allowCredentials);
      const rpId = await rpIdOf(options.rpId, page);
      const chosen = choice(options, { held: of(rpId), picked: page.picked }, traits);
      const used = { ...chosen, counter: chosen.counter + Number(traits.counts) };
      held = held.map((one) => one.id === used.id ? used : one);
      return await assertion(used, { options, page, traits });
    },
    async signalUnknownCredential({ rpId, credentialId }) {
      held = await Promise.resolve(held.filter((one) => one.rpId !== rpId || one.id !== credentialId));
    },
    async signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds: accepted }) {
      const stays = (one: Credential) =>
        one.rpId !== rpId || one.user.id !== userId || accepted.includes(one.id);
      held = await Promise.resolve(held.filter(stays));
    },
    clone: (otherwise) => holding(held, { ...traits, ...otherwise }),
  };
}

/** Whether the new credential is going to be discoverable; or why there is none (WebAuthn Level 3 sections 5.1.3 and 6.3.2). */
function agreed(options: CreationOptions, held: readonly Credential[], traits: Traits): boolean {
  const { excludeCredentials = [], authenticatorSelection: wanted = {}, pubKeyCredParams, user } = options;
  const handle = fromBase64url(user.id)?.length ?? 0;
  if (handle < 1 || handle > 64) throw new TypeError(`user.id must be 1 to 64 bytes long: it is ${handle}`);
  const algorithms = pubKeyCredParams.length === 0 ? USUAL : pubKeyCredParams.map(({ alg }) => alg);
  if (!algorithms.includes(coseAlgorithm(traits.algorithm))) {
    throw refusal("NotAllowedError", `it signs by ${traits.algorithm}, which is not asked for`);
  }
  const { authenticatorAttachment: place = attachment(traits), userVerification } = wanted;
  if (place !== attachment(traits)) throw refusal("NotAllowedError", `it is not ${place}`);
  const { residentKey = wanted.requireResidentKey === true ? "required" : "discouraged" } = wanted;
  if (residentKey === "required" && !traits.discoverable) {
    throw refusal("NotAllowedError", "it holds no discoverable credentials");
  }
  demand(userVerification, traits);
  if (excludeCredentials.some(({ id }) => held.some((one) => one.id === id))) {
    throw refusal("InvalidStateError", "it holds one of the excluded credentials");
  }
  return traits.discoverable && residentKey !== "discouraged";
}

const USUAL: readonly number[] = [-7, -257]; // what an empty list stands for

/** The credential that signs: of those that may, the one that is picked or the newest. */
function choice(
  { allowCredentials, userVerification }: RequestOptions,
  { held, picked }: { readonly held: readonly Credential[]; readonly picked: string | undefined },
  traits: Traits,
): Credential {
  demand(userVerification, traits);
  const allowed = allowCredentials?.map(({ id }) => id) ?? [];
  const chosen = held.findLast(({ id, discoverable }) =>
    (allowed.length === 0 ? discoverable : allowed.includes(id)) && (picked === undefined || id === picked)
  );
  if (chosen === undefined) throw refusal("NotAllowedError", "it holds no credential that may sign");
  return chosen;
}

function demand(userVerification: string | undefined, { userVerified }: Traits): void {
  if (userVerification !== "required" || userVerified) return;
  throw refusal("NotAllowedError", "the person does not prove to be its owner");
}

async function born(
  { user: { id, name } }: CreationOptions,
  { rpId, discoverable }: { readonly rpId: string; readonly discoverable: boolean },
  { random, algorithm, counts }: Traits,
): Promise<Credential> {
  const credentialId = base64url(random(ID_LENGTH));
  const key = await passkeyKey(algorithm, random);
  return { id: credentialId, rpId, user: { id, name }, discoverable, counter: Number(counts), key };
}

const ID_LENGTH = 32;

/** What a ceremony is about. */
interface Ceremony<Options> {
  readonly options: Options;
  readonly page: Page;
  readonly traits: Traits;
}

async function registration(
  made: Credential,
  { options, page, traits }: Ceremony<CreationOptions>,
): Promise<RegistrationResponseJSON> {
  const { id, key, discoverable } = made;
  const client = clientData("webauthn.create", options.challenge, page);
  const data = bytesOf(authenticatorData(made, traits, FLAGS.attested), attested(made, traits));
  const statement = traits.attestation === "none"
    ? []
    : [["alg", key.algorithm], ["sig", await key.sign(bytesOf(data, sha256(client)))]] as const;
  const parts: readonly (readonly [string, Cbor])[] = [
    ["fmt", traits.attestation],
    ["attStmt", new Map<string, Cbor>(statement)],
    ["authData", data],
  ];
  return {
    ...named(id, traits),
    clientExtensionResults: options.extensions?.credProps ? { credProps: { rk: discoverable } } : {},
    response: {
      clientDataJSON: base64url(client),
      attestationObject: base64url(cbor(new Map(parts))),
      authenticatorData: base64url(data),
      transports: traits.transports,
      publicKey: base64url(key.spki),
      publicKeyAlgorithm: key.algorithm,
    },
  };
}

async function assertion(
  used: Credential,
  { options, page, traits }: Ceremony<RequestOptions>,
): Promise<AuthenticationResponseJSON> {
  const client = clientData("webauthn.get", options.challenge, page);
  const data = authenticatorData(used, traits, 0);
  return {
    ...named(used.id, traits),
    clientExtensionResults: {},
    response: {
      clientDataJSON: base64url(client),
      authenticatorData: base64url(data),
      signature: base64url(await used.key.sign(bytesOf(data, sha256(client)))),
      ...(used.discoverable && { userHandle: used.user.id }),
    },
  };
}

function named(id: string, traits: Traits) {
  return { id, rawId: id, type: "public-key", authenticatorAttachment: attachment(traits) } as const;
}

function attachment({ transports }: Traits): "platform" | "cross-platform" {
  return transports.includes("internal") ? "platform" : "cross-platform";
}

/** The bits of the flags (WebAuthn Level 3 section 6.1). */
const FLAGS = { userPresent: 1, userVerified: 4, backupEligible: 8, backedUp: 16, attested: 64 } as const;

/** Whose it is, the flags, the counter (WebAuthn Level 3 section 6.1). */
function authenticatorData({ rpId, counter }: Credential, traits: Traits, more: number): Uint8Array {
  const told = ["userPresent", "userVerified", "backupEligible", "backedUp"] as const;
  const flags = told.reduce((sum, name) => sum | (traits[name] ? FLAGS[name] : 0), more);
  return bytesOf(sha256(utf8(rpId)), [flags], bigEndian(counter, 4));
}

/** The credential and its public key (WebAuthn Level 3 section 6.5.1). */
function attested({ id, key }: Credential, { aaguid }: Traits): Uint8Array {
  const model = Uint8Array.from(aaguid.match(/[0-9a-f]{2}/gi) ?? [], (byte) => parseInt(byte, 16));
  if (!UUID.test(aaguid)) throw new TypeError(`aaguid must be a UUID: it is ${aaguid}`);
  const credentialId = fromBase64url(id) ?? new Uint8Array();
  return bytesOf(model, bigEndian(credentialId.length, 2), credentialId, key.cose);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Browsers read base64url strictly (WebAuthn Level 3 section 5.1.9). */
function readable(texts: readonly string[], named: readonly CredentialDescriptor[] = []): void {
  const wrong = [...texts, ...named.map(({ id }) => id)].find((text) => fromBase64url(text) === null);
  if (wrong !== undefined) {
    throw refusal("EncodingError", `must be base64url without padding: it is ${wrong}`);
  }
}
