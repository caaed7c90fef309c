// Somebody with a passkey in their pocket, at the page of these tests.
import { base64url, fromBase64url, fromUtf8, utf8 } from "../../src/base/encoding.ts";
import type { PasskeyInfo } from "../../src/features/passkey/contract.ts";
import type { Grant } from "../../src/model.ts";
import type { AuthenticationResponseJSON } from "../../src/protocol/webauthn_json.ts";
import { authenticator } from "../../src/testing/authenticator.ts";
import type { Authenticator, AuthenticatorOptions } from "../../src/testing/authenticator.ts";
import type { Client } from "./client.ts";
import { BASE_URL, type World } from "./world.ts";

/** The page. */
export const PAGE: { readonly origin: string } = { origin: BASE_URL };

/** An authenticator whose chance is that of a world: it signs by what is quick, and signs the same each time. */
export function device(here: Pick<World, "random">, options: AuthenticatorOptions = {}): Authenticator {
  return authenticator({ random: here.random, algorithm: "EdDSA", ...options });
}

/** Adds a passkey. */
export async function registers(
  somebody: Client,
  held: Authenticator,
  name?: string,
): Promise<PasskeyInfo> {
  const { challengeId, options } = await somebody.passkey.startRegistration();
  const credential = await held.create(options, PAGE);
  return await somebody.passkey.finishRegistration({ challengeId, credential, name });
}

/** What an authenticator answers to a new challenge. */
export async function answers(
  somebody: Client,
  held: Authenticator,
): Promise<{ readonly challengeId: string; readonly credential: AuthenticationResponseJSON }> {
  const { challengeId, options } = await somebody.passkey.startSignIn();
  return { challengeId, credential: await held.get(options, PAGE) };
}

/** Signs in. */
export async function signsIn(somebody: Client, held: Authenticator): Promise<Grant> {
  return await somebody.passkey.finishSignIn(await answers(somebody, held));
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
