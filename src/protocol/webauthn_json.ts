/** A credential as options name it. `id` is base64url. */
export interface PublicKeyCredentialDescriptorJSON {
  /** Its id, in base64url. */
  readonly id: string;
  /** Always `"public-key"`. */
  readonly type: "public-key";
  /** How its authenticator is reached: `internal`, `hybrid`, `usb` … */
  readonly transports?: readonly string[];
}

/** What `PublicKeyCredential.parseCreationOptionsFromJSON` takes. Bytes are base64url, times milliseconds.
 * @see {@link https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialcreationoptionsjson | WebAuthn Level 3 section 5.1.9} */
export interface PublicKeyCredentialCreationOptionsJSON {
  /** Who asks. `id` is the RP ID. */
  readonly rp: { readonly id: string; readonly name: string };
  /** For whom. `id` is the user handle, in base64url. */
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  /** What is to be signed over, in base64url. */
  readonly challenge: string;
  /** The algorithms that are taken (COSE numbers), the best first. */
  readonly pubKeyCredParams: readonly { readonly type: "public-key"; readonly alg: number }[];
  /** How long the browser waits, in milliseconds. */
  readonly timeout: number;
  /** The user's passkeys: an authenticator that holds one of them is not asked for another. */
  readonly excludeCredentials: readonly PublicKeyCredentialDescriptorJSON[];
  /** What the authenticator must be able to do. */
  readonly authenticatorSelection: {
    readonly residentKey: "required" | "preferred";
    readonly requireResidentKey: boolean;
    readonly userVerification: "required" | "preferred";
  };
  /** Always `"none"`: nobody is asked what they hold. */
  readonly attestation: "none";
  /** Asks whether the authenticator will find the passkey by itself. */
  readonly extensions: { readonly credProps: true };
}

/** What `PublicKeyCredential.parseRequestOptionsFromJSON` takes.
 * @see {@link https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialrequestoptionsjson | WebAuthn Level 3 section 5.1.10} */
export interface PublicKeyCredentialRequestOptionsJSON {
  /** What is to be signed over, in base64url. */
  readonly challenge: string;
  /** How long the browser waits, in milliseconds. */
  readonly timeout: number;
  /** Who asks. */
  readonly rpId: string;
  /** Empty: the authenticator finds the passkey, and with it the user, by itself. */
  readonly allowCredentials: readonly PublicKeyCredentialDescriptorJSON[];
  /** Whether whoever holds the authenticator must show that they are its owner. */
  readonly userVerification: "required" | "preferred";
}

/** What a browser makes of a credential by `toJSON`. Bytes are base64url without padding. */
export interface CredentialJSON<R> {
  /** The credential's id, in base64url. */
  readonly id: string;
  /** The same. */
  readonly rawId: string;
  /** Always `"public-key"`. */
  readonly type: "public-key";
  /** What the authenticator answered. */
  readonly response: R;
  /** Where the authenticator is. */
  readonly authenticatorAttachment?: string | null | undefined;
  /** What extensions answered. */
  readonly clientExtensionResults:
    & { readonly credProps?: { readonly rk?: boolean } }
    & Readonly<Record<string, unknown>>;
}

/** What `navigator.credentials.create` answers, as `toJSON` tells it.
 * @see {@link https://www.w3.org/TR/webauthn-3/#dictdef-registrationresponsejson | WebAuthn Level 3 section 5.1.8} */
export type RegistrationResponseJSON = CredentialJSON<{
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports?: readonly string[] | undefined;
  readonly authenticatorData?: string | undefined;
  readonly publicKey?: string | null | undefined;
  readonly publicKeyAlgorithm?: number | undefined;
}>;

/** What `navigator.credentials.get` answers, as `toJSON` tells it.
 * @see {@link https://www.w3.org/TR/webauthn-3/#dictdef-authenticationresponsejson | WebAuthn Level 3 section 5.1.8} */
export type AuthenticationResponseJSON = CredentialJSON<{
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
  readonly userHandle?: string | null | undefined;
}>;
