import type { Duration } from "../../base/duration.ts";
import type { Caller, Calls, MaybeCaller } from "../../contract.ts";
import type { Grant, SessionMode, User } from "../../model.ts";

/** Signing in with an Ed25519 key pair: of a program, of a server, or the SSH key that a developer has anyway. Whoever has the private
 * key signs a text that says what it is for. `U`: users with the application's own fields. */
export interface Key<U extends User = User> {
  /** Begins to add a key to the account of whoever calls, who must have signed in within `session.freshFor`, and not by a key.
   * @throws {AuthError} `input_invalid`, `step_up_required`, `session_ended`, `not_found`, `forbidden`, `limit_reached` past 20
   * @example Usage
   * ```ts ignore
   * const { challengeId, message } = await auth.key.startAdd({ userId, sessionId, publicKey: "ssh-ed25519 AAAA… ada@laptop" });
   * ``` */
  startAdd(input: StartAddKey): Promise<KeyStep>;
  /** Adds a key whose holder signed the message. The challenge is used up, unless the body is malformed or the key is known already.
   * @throws {AuthError} `input_invalid`, `challenge_invalid`, `signature_invalid`, `credential_taken`, `limit_reached` past 20, `step_up_required`,
   * `session_ended`, `not_found`, `forbidden`
   * @example Usage
   * ```ts ignore
   * const key = await auth.key.add({ userId, sessionId, challengeId, signature, name: "Laptop" });
   * ``` */
  add(input: AddKey): Promise<KeyInfo>;
  /** Begins a sign-in. The answer is the same whether anybody has the key.
   * @throws {AuthError} `input_invalid`
   * @example Usage
   * ```ts ignore
   * const { challengeId, message } = await auth.key.startSignIn({ publicKey });
   * ``` */
  startSignIn(input: StartKeySignIn): Promise<KeyStep>;
  /** Trades a signature of the message for a session, which may do everything but manage credentials and end other sessions. The challenge is
   * used up by the first well-formed answer, right or wrong.
   * @throws {AuthError} `input_invalid`, `challenge_invalid`, `signature_invalid`, `credentials_invalid` for a key that nobody has, `sign_in_denied`,
   * `limit_reached` where people's own sessions leave no room: a key ends none of them
   * @see {@link https://www.rfc-editor.org/rfc/rfc8032#section-5.1.7 | RFC 8032 section 5.1.7}
   * @example Usage
   * ```ts ignore
   * const { accessToken } = await auth.key.finishSignIn({ challengeId, signature, session: "bearer" });
   * ``` */
  finishSignIn(input: FinishKeySignIn): Promise<Grant<U>>;
  /** The keys of whoever calls, oldest first.
   * @throws {AuthError} `session_ended`, `not_found`
   * @example Usage
   * ```ts ignore
   * const { items } = await auth.key.list({ userId });
   * ``` */
  list(input: OwnKeys): Promise<KeyList>;
  /** Calls a key something else.
   * @throws {AuthError} `not_found`, `session_ended`, `forbidden` where a key made the session
   * @example Usage
   * ```ts ignore
   * await auth.key.rename({ userId, id, name: "Old laptop" });
   * ``` */
  rename(input: RenameKey): Promise<KeyInfo>;
  /** Removes a key. Whatever was begun before lets nobody in afterwards; sessions go on.
   * @throws {AuthError} `not_found`, `session_ended`, `step_up_required`, `forbidden` where a key made the session
   * @example Usage
   * ```ts ignore
   * await auth.key.remove({ userId, id });
   * ``` */
  remove(input: OneKey): Promise<void>;
}

/** An Ed25519 public key in any form that is in use: an OpenSSH line (`ssh-ed25519 AAAA… comment`), base64url or base58 of its 32 bytes,
 * a PEM (SubjectPublicKeyInfo), or a JWK (RFC 8037). */
export type PublicKey = string | Readonly<Record<string, unknown>>;

/** Whose keys; who calls and from where need not be known. */
export interface OwnKeys extends Pick<Caller, "userId"> {
  /** The calling session, where a user calls: it must still live. */
  readonly sessionId?: MaybeCaller["sessionId"];
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Key.startAdd} takes. */
export interface StartAddKey extends OwnKeys {
  /** The key. */
  readonly publicKey: PublicKey;
}

/** What {@link Key.add} takes. */
export interface AddKey extends OwnKeys {
  /** From start. */
  readonly challengeId: string;
  /** Of the message: base64url of 64 bytes, or what `ssh-keygen -Y sign -n latchkey` prints. */
  readonly signature: string;
  /** What to call it, of at most 64 bytes. @default {the comment of the OpenSSH line, else "Key"} */
  readonly name?: string | undefined;
}

/** What {@link Key.startSignIn} takes. */
export interface StartKeySignIn {
  /** The key. */
  readonly publicKey: PublicKey;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Key.finishSignIn} takes. */
export interface FinishKeySignIn extends MaybeCaller {
  /** From start. */
  readonly challengeId: string;
  /** Of the message: base64url of 64 bytes, or what `ssh-keygen -Y sign -n latchkey` prints. */
  readonly signature: string;
  /** How the session is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
}

/** What {@link Key.rename} takes. */
export interface RenameKey extends OneKey {
  /** What to call it, of at most 64 bytes. */
  readonly name: string;
}

/** Which key. */
export interface OneKey extends OwnKeys {
  /** Its id. */
  readonly id: string;
}

/** A step that waits for a signature. */
export interface KeyStep {
  /** Names this step. Tell it to nobody else. */
  readonly challengeId: string;
  /** What is to be signed, as UTF-8: it says what for, and people can read it. Where its line `At` names
   * another place than the one that was asked, it is handed on from there, and not to be signed. */
  readonly message: string;
  /** Until when. ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** A public key of a user. */
export interface KeyInfo {
  /** 26 letters and digits. */
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  /** What it is for. */
  readonly type: "Ed25519";
  /** The key, as OpenSSH writes it: `ssh-ed25519 AAAA…`. */
  readonly publicKey: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** When it was added. ISO 8601, UTC. */
  readonly createdAt: string;
  /** When somebody last signed in with it. ISO 8601, UTC; null for never. */
  readonly lastUsedAt: string | null;
}

/** The keys of a user. */
export interface KeyList {
  /** The keys. */
  readonly items: readonly KeyInfo[];
}

/** The options of `key`. */
export interface KeyOptions {
  /** How long there is to sign, 30 seconds to 10 minutes. @default {"2m"} */
  readonly ttl?: Duration;
}

/** Where each method is reached. */
export const calls: Calls<Key> = {
  startAdd: "POST /keys/start",
  add: "POST /keys",
  startSignIn: "POST /key/sign-in/start",
  finishSignIn: "POST /key/sign-in/finish",
  list: "GET /keys",
  rename: "PATCH /keys/:id",
  remove: "DELETE /keys/:id",
};
