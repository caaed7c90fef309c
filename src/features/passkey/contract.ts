import type { Duration } from "../../base/duration.ts";
import type { Caller, Calls, MaybeCaller } from "../../contract.ts";
import type { Grant, SessionMode, User } from "../../model.ts";
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "../../protocol/webauthn_json.ts";

/** Signing in with passkeys: discoverable WebAuthn credentials, which know whose they are, so that nobody types a name. Options and
 * credentials are in the browser's own JSON forms. `U`: users with the application's own fields. */
export interface Passkey<U extends User = User> {
  /** Begins to add a passkey to the account of whoever calls, who must have signed in within `session.freshFor`. What they began before
   * and did not finish counts no longer. A session that a key pair made may add the first passkey, and no other.
   * @throws {AuthError} `step_up_required`, `session_ended`, `not_found`, `forbidden`, `limit_reached` past 20
   * @see {@link https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential | WebAuthn Level 3 section 7.1}
   * @example Usage
   * ```ts ignore
   * const { challengeId, options } = await auth.passkey.startRegistration({ userId, sessionId });
   * // In the browser:
   * const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
   * const credential = (await navigator.credentials.create({ publicKey })).toJSON();
   * ``` */
  startRegistration(input: OwnPasskeys): Promise<RegistrationStep>;
  /** Adds the passkey that the browser made. The challenge is used up, unless the body is malformed or the passkey is known already.
   * @throws {AuthError} `input_invalid`, `challenge_invalid`, `signature_invalid` (why is in the error's message, and in no reply),
   * `credential_taken`, `limit_reached`, `step_up_required`, `session_ended`, `forbidden`
   * @example Usage
   * ```ts ignore
   * const passkey = await auth.passkey.finishRegistration({ userId, sessionId, challengeId, credential, name: "My phone" });
   * ``` */
  finishRegistration(input: FinishRegistration): Promise<PasskeyInfo>;
  /** Begins a sign-in. No name is asked for, and the answer is the same for everybody: it serves a button and the browser's autofill
   * (`mediation: "conditional"`) alike.
   * @see {@link https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion | WebAuthn Level 3 section 7.2}
   * @example Usage
   * ```ts ignore
   * const { challengeId, options } = await auth.passkey.startSignIn({});
   * // In the browser:
   * const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
   * const credential = (await navigator.credentials.get({ publicKey })).toJSON();
   * ``` */
  startSignIn(input: StartPasskeySignIn): Promise<PasskeySignInStep>;
  /** Trades what the browser signed for a session. The challenge is used up by the first well-formed answer, right or wrong.
   * @throws {AuthError} `input_invalid`, `challenge_invalid`, `signature_invalid` (why is in the error's message, and in no reply),
   * `credentials_invalid` for a passkey that nobody has (`details.signal` is what `PublicKeyCredential.signalUnknownCredential` takes) or of which
   * there is a copy, `sign_in_denied`
   * @example Usage
   * ```ts ignore
   * const { user } = await auth.passkey.finishSignIn({ challengeId, credential });
   * ``` */
  finishSignIn(input: FinishPasskeySignIn): Promise<Grant<U>>;
  /** The passkeys of whoever calls, oldest first.
   * @throws {AuthError} `session_ended`, `not_found`
   * @example Usage
   * ```ts ignore
   * const { items, signal } = await auth.passkey.list({ userId });
   * // In the browser, so that the authenticator forgets those that were removed:
   * await PublicKeyCredential.signalAllAcceptedCredentials?.(signal);
   * ``` */
  list(input: OwnPasskeys): Promise<PasskeyList>;
  /** Calls a passkey something else.
   * @throws {AuthError} `not_found`, `session_ended`, `forbidden` where a key pair made the session
   * @example Usage
   * ```ts ignore
   * await auth.passkey.rename({ userId, id, name: "My phone" });
   * ``` */
  rename(input: RenamePasskey): Promise<PasskeyInfo>;
  /** Removes a passkey. Whatever was begun before lets nobody in afterwards; sessions go on.
   * @throws {AuthError} `not_found`, `session_ended`, `step_up_required`, `forbidden` where a key pair made the session
   * @example Usage
   * ```ts ignore
   * await auth.passkey.remove({ userId, id });
   * ``` */
  remove(input: OnePasskey): Promise<void>;
  /** The origins at which these passkeys may be used, as browsers ask for them. It is reached at the root of `baseUrl`, and there only where
   * `passkey.origins` has further ones.
   * @throws {AuthError} `not_found` where there are no others
   * @see {@link https://www.w3.org/TR/webauthn-3/#sctn-related-origins | WebAuthn Level 3 section 5.11}
   * @example Usage
   * ```ts ignore
   * const { origins } = await auth.passkey.relatedOrigins({});
   * ``` */
  relatedOrigins(input: Record<never, never>): Promise<RelatedOrigins>;
}

/** Whose passkeys; who calls and from where need not be known. */
export interface OwnPasskeys extends Pick<Caller, "userId"> {
  /** The calling session, where a user calls: it must still live. */
  readonly sessionId?: MaybeCaller["sessionId"];
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Passkey.finishRegistration} takes. */
export interface FinishRegistration extends OwnPasskeys {
  /** From start. */
  readonly challengeId: string;
  /** What the browser made, as `toJSON` tells it. */
  readonly credential: RegistrationResponseJSON;
  /** What to call it, of at most 64 bytes. @default {"Passkey"} */
  readonly name?: string | undefined;
}

/** What {@link Passkey.startSignIn} takes. */
export interface StartPasskeySignIn {
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Passkey.finishSignIn} takes. */
export interface FinishPasskeySignIn extends MaybeCaller {
  /** From start. */
  readonly challengeId: string;
  /** What the browser signed, as `toJSON` tells it. */
  readonly credential: AuthenticationResponseJSON;
  /** How the session is to be carried. @default {"cookie"} */
  readonly session?: SessionMode | undefined;
  /** For whom its access tokens are to be, one of `audiences`. @default {jwt.audience} */
  readonly audience?: string | undefined;
}

/** What {@link Passkey.rename} takes. */
export interface RenamePasskey extends OnePasskey {
  /** What to call it, of at most 64 bytes. */
  readonly name: string;
}

/** Which passkey. */
export interface OnePasskey extends OwnPasskeys {
  /** Its id. */
  readonly id: string;
}

/** A registration that waits for the browser. */
export interface RegistrationStep {
  /** Names this registration. */
  readonly challengeId: string;
  /** What `PublicKeyCredential.parseCreationOptionsFromJSON` takes. */
  readonly options: PublicKeyCredentialCreationOptionsJSON;
}

/** A sign-in that waits for the browser. */
export interface PasskeySignInStep {
  /** Names this sign-in. Tell it to nobody else. */
  readonly challengeId: string;
  /** What `PublicKeyCredential.parseRequestOptionsFromJSON` takes. */
  readonly options: PublicKeyCredentialRequestOptionsJSON;
}

/** A passkey. */
export interface PasskeyInfo {
  /** 26 letters and digits. */
  readonly id: string;
  /** By what browsers and authenticators know it, in base64url. */
  readonly credentialId: string;
  /** What its owner calls it. */
  readonly name: string;
  /** When it was added. ISO 8601, UTC. */
  readonly createdAt: string;
  /** When somebody last signed in with it. ISO 8601, UTC; null for never. */
  readonly lastUsedAt: string | null;
  /** Whether there is a copy of it elsewhere: it outlives the device. */
  readonly backedUp: boolean;
  /** How its authenticator is reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`. */
  readonly transports: readonly string[];
  /** The model of the authenticator, as a UUID; zeros where it does not say. */
  readonly aaguid: string;
}

/** The passkeys of a user. */
export interface PasskeyList {
  /** The passkeys. */
  readonly items: readonly PasskeyInfo[];
  /** What `PublicKeyCredential.signalAllAcceptedCredentials` takes; null where the user never had a passkey. */
  readonly signal: AcceptedCredentials | null;
}

/** Which passkeys of a user still count, for authenticators. */
export interface AcceptedCredentials {
  /** The RP ID. */
  readonly rpId: string;
  /** The user handle, in base64url: neither the user's id nor anything else that is told. */
  readonly userId: string;
  /** The ids of the user's passkeys, in base64url. */
  readonly allAcceptedCredentialIds: readonly string[];
}

/** What browsers look for at `/.well-known/webauthn`. */
export interface RelatedOrigins {
  /** Exact origins. */
  readonly origins: readonly string[];
}

/** The options of `passkey`. */
export interface PasskeyOptions {
  /** The domain that passkeys belong to: `baseUrl`'s host, or a parent of it with at least two labels. It cannot be changed later: passkeys
   * stay with the one that they were made for. @default {the host of `baseUrl`} */
  readonly rpId?: string;
  /** What browsers call the application. @default {`rpId`} */
  readonly rpName?: string;
  /** Where these passkeys may be used besides `baseUrl`: exact origins, and native apps (`android:apk-key-hash:…`). Origins on other
   * domains than `rpId` need browsers that know related origins. @default {[]} */
  readonly origins?: readonly string[];
  /** How long a registration or sign-in may take, 1 to 10 minutes. @default {"5m"} */
  readonly ttl?: Duration;
  /** Whether whoever holds the authenticator must show that they are its owner, by PIN or fingerprint, or is only asked to.
   * @default {"required"} */
  readonly userVerification?: "required" | "preferred";
  /** Whether a passkey must be one that the authenticator finds by itself. Without that nobody signs in by it who is not asked for a name first.
   * @default {true} */
  readonly requireDiscoverable?: boolean;
}

/** Where each method is reached. */
export const calls: Calls<Passkey> = {
  startRegistration: "POST /passkey/register/start",
  finishRegistration: "POST /passkey/register/finish",
  startSignIn: "POST /passkey/sign-in/start",
  finishSignIn: "POST /passkey/sign-in/finish",
  list: "GET /passkeys",
  rename: "PATCH /passkeys/:id",
  remove: "DELETE /passkeys/:id",
  relatedOrigins: "GET /.well-known/webauthn",
};
