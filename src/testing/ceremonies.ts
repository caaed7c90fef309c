export type {
  AuthenticationResponseJSON,
  CredentialJSON,
  RegistrationResponseJSON,
} from "../protocol/webauthn_json.ts";

/** Options of a registration, as far as a browser and an authenticator look at them: `PublicKeyCredentialCreationOptionsJSON` (WebAuthn
 * Level 3 section 5.4). Bytes are base64url, durations milliseconds. */
export interface CreationOptions {
  /** What the site is called, and its RP ID: that of the page, where it is missing. */
  readonly rp: { readonly id?: string | undefined; readonly name: string };
  /** Whose credential it becomes. */
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  /** What is to be signed. */
  readonly challenge: string;
  /** Which algorithms are taken. */
  readonly pubKeyCredParams: readonly { readonly type: string; readonly alg: number }[];
  /** Credentials that the user has already: who holds one of them makes no other. */
  readonly excludeCredentials?: readonly CredentialDescriptor[] | undefined;
  /** What the authenticator must be able to do. */
  readonly authenticatorSelection?: AuthenticatorSelection | undefined;
  /** What else the browser is asked. */
  readonly extensions?: { readonly credProps?: boolean | undefined } | undefined;
}

/** What the authenticator must be able to do. */
export interface AuthenticatorSelection {
  /** `"platform"` or `"cross-platform"`. */
  readonly authenticatorAttachment?: string | undefined;
  /** `"required"`, `"preferred"` or `"discouraged"`: whether the authenticator finds it without being told its id. */
  readonly residentKey?: string | undefined;
  /** What says so in older pages. */
  readonly requireResidentKey?: boolean | undefined;
  /** `"required"`, `"preferred"` or `"discouraged"`: whether the person proves that they are its owner. */
  readonly userVerification?: string | undefined;
}

/** Options of a sign-in, as far as a browser and an authenticator look at them: `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level
 * 3 section 5.5). */
export interface RequestOptions {
  /** What is to be signed. */
  readonly challenge: string;
  /** That of the page, where it is missing. */
  readonly rpId?: string | undefined;
  /** Which credentials may sign. Any that the authenticator finds, where there are none. */
  readonly allowCredentials?: readonly CredentialDescriptor[] | undefined;
  /** `"required"`, `"preferred"` or `"discouraged"`: whether the person proves that they are its owner. */
  readonly userVerification?: string | undefined;
}

/** Names a credential. */
export interface CredentialDescriptor {
  /** In base64url. */
  readonly id: string;
  /** `"public-key"`. */
  readonly type: string;
  /** How its authenticator was reached. */
  readonly transports?: readonly string[] | undefined;
}
