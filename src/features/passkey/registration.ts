import type { Account } from "../../core/account_record.ts";
import type { Core } from "../../core/core.ts";
import type { Credential } from "../../core/credentials.ts";
import { base64url } from "../../base/encoding.ts";
import { AuthError, type ErrorCode } from "../../errors.ts";
import { checkRegistration } from "../../protocol/webauthn.ts";
import type { PublicKeyCredentialCreationOptionsJSON } from "../../protocol/webauthn_json.ts";
import { parseRegistration } from "../../protocol/webauthn_parse.ts";
import type { FinishRegistration, OwnPasskeys, Passkey } from "./contract.ts";
import type { PasskeySettings } from "./settings.ts";
import { ABOUT, type AboutPasskey, HANDLE, type Handle, told } from "./stored.ts";

const PURPOSE = "passkey.register";
const NAME = "Passkey";
const OFFERED = [-8, -7, -257]; // EdDSA, ES256, RS256: every authenticator has one of them
const MOST_IDS = 8 * 1024; // bytes of all credential ids of an account: it is one record

/** Adding a passkey to an account. */
export function registration(
  { platform, accounts, authority, credentials }: Core,
  settings: PasskeySettings,
): Pick<Passkey, "startRegistration" | "finishRegistration"> {
  const passkeys = () => credentials({ type: "passkey", shape: ABOUT });
  const slot = accounts.slot("passkey", HANDLE);

  /** Who calls, and whether for them the account's first passkey is the only one that they may add. */
  async function calling(caller: OwnPasskeys) {
    const found = await authority.fresh(caller);
    const account = found?.account ?? await accounts.get(caller.userId);
    if (account === null) throw new AuthError("not_found");
    return { account, firstOnly: found !== null && authority.isByKey(found) };
  }

  /** Makes a registration the one that may be finished: what was begun before and not finished counts no longer. */
  async function begin(
    caller: OwnPasskeys,
    challengeId: string,
    { account: seen, firstOnly }: { readonly account: Account; readonly firstOnly: boolean },
  ): Promise<Begun> {
    const { of, decide, hasRoom } = await passkeys();
    const handle = base64url(platform.random(64));
    return await decide<Begun>(caller, (account) => {
      const all = of(account);
      if (firstOnly && all.length > 0) return { next: account, result: "forbidden" };
      // Before the authenticator makes one that nobody would know.
      if (!hasRoom(account)) return { next: account, result: "limit_reached" };
      const kept: Handle = { handle, ...slot.get(account), pending: challengeId };
      return { next: slot.put(account, kept), result: { account, handle: kept.handle, all } };
    }, seen);
  }

  /** What becomes of an account that has the passkey: asked in the swap that lists it, for two may finish at once, and what was read
   * before may be behind. */
  async function becoming({ challengeId, firstOnly }: Judged) {
    const { of } = await passkeys();
    return (account: Account): Account | ErrorCode | null => {
      const kept = slot.get(account);
      if (kept?.pending !== challengeId) return null;
      const all = of(account);
      if (firstOnly && all.length > 1) return "forbidden";
      if (all.reduce((sum, { value }) => sum + value.length * 3 / 4, 0) > MOST_IDS) return "limit_reached";
      return slot.put(account, { ...kept, pending: null });
    };
  }

  return {
    async startRegistration(caller) {
      const known = await calling(caller);
      const noted = { uid: caller.userId, epoch: known.account.epoch };
      const about = { purpose: PURPOSE, subject: "", noted, exp: platform.now() + settings.ttl * 1000 };
      const { challengeId, asked } = await (await passkeys()).questions.ask(
        about,
        () => base64url(platform.random(32)),
      );
      const begun = await begin(caller, challengeId, known);
      return { challengeId, options: optionsOf(begun, asked, settings) };
    },
    async finishRegistration({ challengeId, credential, name = NAME, ...caller }: FinishRegistration) {
      const { account, firstOnly } = await calling(caller);
      const parsed = parseRegistration(credential);
      const { of, add, questions } = await passkeys();
      const value = parsed.credentialId;
      // Nothing of this uses the challenge up: the same one may be answered by another authenticator.
      if (await accounts.find({ type: "passkey", value }) !== null) throw new AuthError("credential_taken");
      if (firstOnly && of(account).length > 0) throw new AuthError("forbidden");
      const question = await questions.get(challengeId, PURPOSE);
      if (question?.noted.uid !== caller.userId) throw new AuthError("challenge_invalid");
      if (!await questions.spend(challengeId, question)) throw new AuthError("challenge_invalid");
      const checked = await checkRegistration(parsed, { ...settings, challenge: question.asked });
      if (checked.is === "refused") throw new AuthError("signature_invalid", { remedy: checked.why });
      const { id: _, userVerified: __, ...about } = checked.credential;
      const become = await becoming({ challengeId, firstOnly });
      const { noted } = question;
      const added = await add(caller, { value, about: { ...about, name }, noted, become });
      return told({ value, about: added });
    },
  };
}

/** A registration that may be finished. */
interface Begun {
  readonly account: Account;
  readonly handle: string;
  readonly all: readonly Credential<AboutPasskey>[];
}

/** What the swap asks. */
interface Judged {
  readonly challengeId: string;
  readonly firstOnly: boolean;
}

function optionsOf(
  { account, handle, all }: Begun,
  challenge: string,
  { rpId, rpName, ttl, userVerification, requireDiscoverable }: PasskeySettings,
): PublicKeyCredentialCreationOptionsJSON {
  const email = account.identifiers.find(({ type }) => type === "email")?.value;
  const name = email ?? account.name ?? rpName;
  return {
    rp: { id: rpId, name: rpName },
    user: { id: handle, name, displayName: account.name ?? name },
    challenge,
    pubKeyCredParams: OFFERED.map((alg) => ({ type: "public-key", alg })),
    timeout: ttl * 1000,
    excludeCredentials: all.map(({ value, about: { transports } }) => ({
      id: value,
      type: "public-key",
      ...(transports.length > 0 && { transports }),
    })),
    authenticatorSelection: {
      residentKey: requireDiscoverable ? "required" : "preferred",
      requireResidentKey: requireDiscoverable,
      userVerification,
    },
    attestation: "none",
    extensions: { credProps: true },
  };
}
