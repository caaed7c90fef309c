import { base64url } from "../../base/encoding.ts";
import type { Account, Owner } from "../../core/account_record.ts";
import type { Core } from "../../core/core.ts";
import type { Credential } from "../../core/credentials.ts";
import { AuthError, type ErrorCode } from "../../errors.ts";
import { type Assertion, checkAssertion, isCopy } from "../../protocol/webauthn.ts";
import { parseAssertion } from "../../protocol/webauthn_parse.ts";
import type { FinishPasskeySignIn, Passkey } from "./contract.ts";
import type { PasskeySettings } from "./settings.ts";
import { ABOUT, type AboutPasskey, HANDLE } from "./stored.ts";

const PURPOSE = "passkey.signIn";
const NOBODY = { uid: null, epoch: 0 }; // whose it is, the answer says
const CLONED = "passkey.cloned"; // in here alone: what is answered in its place, the application's own code may throw too

/** A passkey, and the account that has it. */
interface Known {
  readonly owner: Owner;
  readonly stored: Credential<AboutPasskey>;
}

type Valid = Extract<Assertion, { readonly is: "valid" }>;

/** Signing in with a passkey. */
export function signingIn(
  { platform, accounts, credentials, events, signIn }: Core,
  settings: PasskeySettings,
): Pick<Passkey, "startSignIn" | "finishSignIn"> {
  const { rpId, ttl, userVerification } = settings;
  const passkeys = () => credentials({ type: "passkey", shape: ABOUT });
  const slot = accounts.slot("passkey", HANDLE);

  /** What was asked; the question is used up. */
  async function spent(challengeId: string): Promise<string> {
    const { questions } = await passkeys();
    const question = await questions.get(challengeId, PURPOSE);
    if (question === null || !await questions.spend(challengeId, question)) {
      throw new AuthError("challenge_invalid");
    }
    return question.asked;
  }

  async function known(credentialId: string): Promise<Known | null> {
    const owner = await accounts.find({ type: "passkey", value: credentialId });
    const stored = owner === null ? null : (await passkeys()).find(owner.account, credentialId);
    return owner !== null && stored !== null ? { owner, stored } : null;
  }

  /** What becomes of the account in the swap that lists the session. The counter is asked again: of two that answer at once with the
   * same count one is a copy. */
  async function using({ value }: Credential<AboutPasskey>, { counter, backedUp }: Valid) {
    const { find, put } = await passkeys();
    const lastUsedAt = platform.now();
    return (account: Account): Account | ErrorCode => {
      const about = find(account, value)?.about;
      if (about === undefined) return "challenge_invalid"; // nor does the gate let in by what is not listed
      if (isCopy(counter, about.counter)) return CLONED;
      return put(account, value, { ...about, counter, backedUp, lastUsedAt });
    };
  }

  return {
    async startSignIn() {
      const about = { purpose: PURPOSE, subject: "", noted: NOBODY, exp: platform.now() + ttl * 1000 };
      const { challengeId, asked } = await (await passkeys()).questions.ask(
        about,
        () => base64url(platform.random(32)),
      );
      const options = { challenge: asked, timeout: ttl * 1000, rpId, allowCredentials: [], userVerification };
      return { challengeId, options };
    },
    async finishSignIn(input: FinishPasskeySignIn) {
      const { challengeId, credential, session, audience, client, userId, sessionId } = input;
      signIn.mode(session, audience); // a way of carrying it that is off spends nothing
      const parsed = parseAssertion(credential);
      const { credentialId } = parsed;
      const found = await known(credentialId); // before the answer counts: what is revoked after it came, revokes it
      const challenge = await spent(challengeId);
      if (found === null) throw new AuthError("credentials_invalid", { signal: { rpId, credentialId } });
      const { owner, stored } = found;
      const { handle: userHandle = "" } = slot.get(owner.account) ?? {};
      const kept = { ...stored.about, id: stored.value, userHandle };
      const checked = parsed.userHandle === null
        ? { is: "refused", why: "it does not say for whom, though nobody was named" } as const
        : await checkAssertion(parsed, { ...settings, challenge }, kept);
      if (checked.is === "refused") throw new AuthError("signature_invalid", { remedy: checked.why });
      try {
        if (checked.is === "cloned") throw new AuthError(CLONED);
        const value = { type: "passkey", value: stored.value };
        const noted = { uid: owner.uid, epoch: owner.account.epoch };
        const amr = [stored.about.backupEligible ? "swk" : "hwk", "user"]; // RFC 8176: whether its key may leave the device
        const replaces = { userId, sessionId };
        const proof = { value, owner, noted, become: await using(stored, checked) };
        return await signIn.finish(proof, { session, audience, amr, client, replaces });
      } catch (error) {
        if (!(error instanceof AuthError) || error.code !== CLONED) throw error;
        events.emit("passkey.cloned", { userId: owner.uid, credentialId: stored.about.id }, client);
        throw new AuthError("credentials_invalid");
      }
    },
  };
}
