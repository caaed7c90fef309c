import { iso } from "../../base/iso.ts";
import { isName, matching, maybe, openObject, type Schema, whole } from "../../base/schema.ts";
import type { Account } from "../../core/account_record.ts";
import type { Noted } from "../../core/challenges.ts";
import type { Core } from "../../core/core.ts";
import type { About, Credential } from "../../core/credentials.ts";
import { AuthError, type ErrorCode } from "../../errors.ts";
import { fingerprint, type GivenKey, openSshLine, parsePublicKey } from "../../protocol/key_pairs.ts";
import {
  messageToSign,
  type ParsedSignature,
  parseSignature,
  verifySignature,
} from "../../protocol/key_pairs_signed.ts";
import type { Key, KeyInfo, KeyStep, OwnKeys, PublicKey } from "./contract.ts";
import type { KeySettings } from "./settings.ts";

const NAME = "Key";
const NOBODY = { uid: null, epoch: 0 }; // whose it is, is looked up when it is proven
const PURPOSES = { "sign-in": "key.signIn", add: "key.add" } as const;

const anyText = () => matching(/^/, "a text");
const time = () => whole({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** What an account keeps about a key. Its value is the key in its one form. */
const ABOUT: Schema<About> = openObject<About>({
  id: anyText(),
  name: anyText(),
  createdAt: time(),
  lastUsedAt: maybe(time()),
});

/** The methods of key pairs. */
export function methods(core: Core, settings: KeySettings): Key {
  return { ...adding(core, settings), ...signingIn(core, settings), ...managing(core) };
}

function adding(core: Core, settings: KeySettings): Pick<Key, "startAdd" | "add"> {
  const { accounts, authority } = core;

  /** The account of whoever calls. */
  async function own(caller: OwnKeys): Promise<Account> {
    await authority.person(caller);
    const account = (await authority.fresh(caller))?.account ?? await accounts.get(caller.userId);
    if (account === null) throw new AuthError("not_found");
    return account;
  }

  return {
    async startAdd({ publicKey, ...caller }) {
      const { key, comment } = keyOf(publicKey);
      const account = await own(caller);
      if (!(await keysOf(core)).hasRoom(account)) throw new AuthError("limit_reached"); // before anybody signs in vain
      const { userId } = caller;
      const noted = { uid: userId, epoch: account.epoch };
      const name = comment !== null && isName(comment) ? comment : undefined;
      return await ask(core, settings, { purpose: "add", account: userId, key, name, noted });
    },
    async add({ challengeId, signature, name, ...caller }) {
      await own(caller);
      const parsed = signatureOf(signature);
      const { questions, add } = await keysOf(core);
      const question = await questions.get(challengeId, PURPOSES.add);
      if (question?.noted.uid !== caller.userId) throw new AuthError("challenge_invalid");
      const { subject: value, noted, asked } = question;
      const isHeld = await verifySignature(value, asked, parsed);
      // Only whoever holds the key is told that it is known already, and that uses nothing up.
      const owner = await accounts.find({ type: "key", value });
      if (isHeld && owner !== null) throw new AuthError("credential_taken");
      if (!await questions.spend(challengeId, question)) throw new AuthError("challenge_invalid");
      if (!isHeld) throw forged();
      const become = (account: Account) => account;
      const about = { name: name ?? question.name ?? NAME };
      return told({ value, about: await add(caller, { value, about, noted, become }) });
    },
  };
}

function signingIn(core: Core, settings: KeySettings): Pick<Key, "startSignIn" | "finishSignIn"> {
  const { platform, accounts, signIn } = core;

  /** What becomes of the account in the swap that lists the session. */
  async function using(value: string) {
    const { find, put } = await keysOf(core);
    const lastUsedAt = platform.now();
    return (account: Account): Account | ErrorCode => {
      const about = find(account, value)?.about; // nor does the gate let in by what is not listed
      return about === undefined ? "challenge_invalid" : put(account, value, { ...about, lastUsedAt });
    };
  }

  return {
    startSignIn: async ({ publicKey }) =>
      await ask(core, settings, { purpose: "sign-in", key: keyOf(publicKey).key, noted: NOBODY }),
    async finishSignIn({ challengeId, signature, session, audience, client, userId, sessionId }) {
      signIn.mode(session, audience); // a way of carrying it that is off spends nothing
      const parsed = signatureOf(signature);
      const { questions } = await keysOf(core);
      const question = await questions.get(challengeId, PURPOSES["sign-in"]);
      if (question === null) throw new AuthError("challenge_invalid");
      const value = { type: "key", value: question.subject };
      const owner = await accounts.find(value); // before the answer counts: what is revoked after it came, revokes it
      if (!await questions.spend(challengeId, question)) throw new AuthError("challenge_invalid");
      if (!await verifySignature(value.value, question.asked, parsed)) throw forged();
      if (owner === null) throw new AuthError("credentials_invalid");
      const noted = { uid: owner.uid, epoch: owner.account.epoch };
      return await signIn.finish({ value, owner, noted, become: await using(value.value) }, {
        session,
        audience,
        amr: ["key"],
        client,
        replaces: { userId, sessionId },
      });
    },
  };
}

function managing(core: Core): Pick<Key, "list" | "rename" | "remove"> {
  const { accounts, authority } = core;
  return {
    async list(caller) {
      const account = (await authority.session(caller))?.account ?? await accounts.get(caller.userId);
      if (account === null) throw new AuthError("not_found");
      return { items: (await keysOf(core)).of(account).map(told) };
    },
    rename: async ({ id, name, ...caller }) => told(await (await keysOf(core)).rename(caller, id, name)),
    remove: async ({ id, ...caller }) => await (await keysOf(core)).remove(caller, id),
  };
}

const keysOf = ({ credentials }: Core) => credentials({ type: "key", shape: ABOUT });

/** What is to be signed, by whom. */
type Asking =
  & { readonly key: string; readonly noted: Noted }
  & (
    | { readonly purpose: "sign-in" }
    | { readonly purpose: "add"; readonly account: string; readonly name: string | undefined }
  );

async function ask(core: Core, { ttl }: KeySettings, { noted, ...what }: Asking): Promise<KeyStep> {
  const { platform, settings } = core;
  const expiresAt = platform.now() + ttl * 1000;
  const here = { issuer: settings.jwt.issuer, at: settings.origin + settings.basePath, expiresAt };
  const name = what.purpose === "add" ? what.name : undefined;
  const { challengeId, asked } = await (await keysOf(core)).questions.ask(
    { purpose: PURPOSES[what.purpose], subject: what.key, noted, exp: expiresAt, name },
    (challengeId) => messageToSign({ ...what, ...here, challengeId }),
  );
  return { challengeId, message: asked, expiresAt: iso(expiresAt) };
}

function forged(): AuthError {
  return new AuthError("signature_invalid", { remedy: "it was not made of this message with this key" });
}

function keyOf(given: PublicKey): GivenKey {
  const parsed = parsePublicKey(given);
  if (parsed !== null) return parsed;
  const message =
    "must be an Ed25519 public key: an OpenSSH line, base64url or base58 of 32 bytes, a PEM or a JWK";
  throw new AuthError("input_invalid", { issues: [{ path: "publicKey", message }] });
}

function signatureOf(given: string): ParsedSignature {
  const parsed = parseSignature(given);
  if (parsed !== null) return parsed;
  const message = "must be base64url of 64 bytes, or what ssh-keygen -Y sign -n latchkey prints";
  throw new AuthError("input_invalid", { issues: [{ path: "signature", message }] });
}

/** A key as its owner is told of it. */
function told({ value, about: { id, name, createdAt, lastUsedAt } }: Credential<About>): KeyInfo {
  return {
    id,
    name,
    type: "Ed25519",
    publicKey: openSshLine(value),
    fingerprint: fingerprint(value),
    createdAt: iso(createdAt),
    lastUsedAt: lastUsedAt === null ? null : iso(lastUsedAt),
  };
}
