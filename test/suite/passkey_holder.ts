// Somebody with a passkey in their pocket, at the page of these tests.
import { base64url, fromBase64url, fromUtf8, utf8 } from "../../src/base/encoding.ts";
import type {
  FinishPasskeySignIn,
  FinishRegistration,
  PasskeyInfo,
} from "../../src/features/passkey/contract.ts";
import type { Grant } from "../../src/model.ts";
import type { AuthenticationResponseJSON } from "../../src/protocol/webauthn_json.ts";
import { authenticator } from "../../src/testing/authenticator.ts";
import type { Authenticator, AuthenticatorOptions } from "../../src/testing/authenticator.ts";
import type { Client } from "./client.ts";
import { BASE_URL, type World } from "./world.ts";

/** The page. */
export const PAGE: { readonly origin: string } = { origin: BASE_URL };

/** A device whose passkeys follow from the chance of a world, wherever they can. */
export function device({ random }: Pick<World, "random">, traits: AuthenticatorOptions = {}): Authenticator {
  return authenticator({ random, algorithm: "EdDSA", ...traits });
}

/** What answers a registration that was begun. */
export async function registering(
  somebody: Client,
  held: Authenticator,
): Promise<Pick<FinishRegistration, "challengeId" | "credential">> {
  const { challengeId, options } = await somebody.passkey.startRegistration();
  return { challengeId, credential: await held.create(options, PAGE) };
}

/** Adds a passkey to somebody's account. */
export async function registers(
  somebody: Client,
  held: Authenticator,
  name?: string,
): Promise<PasskeyInfo> {
  return await somebody.passkey.finishRegistration({ ...await registering(somebody, held), name });
}

/** What answers a sign-in that was begun. */
export async function signingIn(
  somebody: Client,
  held: Authenticator,
): Promise<Pick<FinishPasskeySignIn, "challengeId" | "credential">> {
  const { challengeId, options } = await somebody.passkey.startSignIn();
  return { challengeId, credential: await held.get(options, PAGE) };
}

/** Signs somebody in by a passkey. */
export async function signsIn(somebody: Client, held: Authenticator): Promise<Grant> {
  return await somebody.passkey.finishSignIn(await signingIn(somebody, held));
}

/** An answer with some of its response said otherwise. */
export function saying(
  credential: AuthenticationResponseJSON,
  response: Partial<AuthenticationResponseJSON["response"]>,
): AuthenticationResponseJSON {
  return { ...credential, response: { ...credential.response, ...response } };
}

/** Base64url with the bits of one byte turned. */
export function turned(text: string, at: number, bits = 1): string {
  const bytes = fromBase64url(text) ?? new Uint8Array();
  return base64url(bytes.map((byte, i) => i === at ? byte ^ bits : byte));
}

/** Client data with some of it said otherwise. */
export function clientData(text: string, members: object): string {
  const said = JSON.parse(fromUtf8(fromBase64url(text) ?? new Uint8Array()));
  return base64url(utf8(JSON.stringify({ ...said, ...members })));
}
