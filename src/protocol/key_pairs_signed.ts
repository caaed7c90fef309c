// What the holder of a key pair signs, and the two forms in which the signature comes: bare, or as SSH makes it.
import { fromBase64url, utf8 } from "../base/encoding.ts";
import { iso } from "../base/iso.ts";
import { fingerprint } from "./key_pairs.ts";
import { verify } from "./signatures.ts";
import { parseSshSignature, signedData, type SshSignature } from "./ssh_signature.ts";

/** What a signature is asked for: a sign-in, or to add the key to an account. */
export type Asked =
  & Circumstances
  & (
    | { readonly purpose: "sign-in" }
    | { readonly purpose: "add"; /** Whose it is to be: the user id. */ readonly account: string }
  );

/** Who asks for it, and when. */
export interface Circumstances {
  /** Who asks: the issuer of access tokens. */
  readonly issuer: string;
  /** Where: the origin and the path of what people are signed in by. Other services may have the same issuer. */
  readonly at: string;
  /** Which key is to sign, in its one form. */
  readonly key: string;
  /** The challenge that it answers. */
  readonly challengeId: string;
  /** When that ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A signature that is well-formed. Nothing of it is judged yet. */
export type ParsedSignature =
  | { readonly is: "bare"; readonly signature: Uint8Array }
  | { readonly is: "ssh" } & SshSignature;

/** What SSH signatures are made for, `-n latchkey`: one made for files or for Git is not taken. */
export const NAMESPACE = "latchkey";

const PURPOSES = {
  "sign-in": ["sign in", "Whoever has this signature is signed in as you."],
  add: ["add a key", "Whoever has this signature adds your key to an account."],
} as const;

const ED25519 = -8; // its COSE number

/** What shells leave at the end of what goes through a pipe. */
const ENDS = ["", "\n", "\r\n"];

/** The text that is signed. It names what it is for, so that no signature made for anything else fits, and a person sees what they
 * sign. Each fact is a line of its own, whatever is in it. */
export function messageToSign(asked: Asked): string {
  const [name, warning] = PURPOSES[asked.purpose];
  return [
    `Latchkey: ${name}`,
    "",
    `${warning} Sign only what you asked for yourself.`,
    "",
    `Purpose: ${name}`,
    `Issuer: ${line(asked.issuer)}`,
    `At: ${line(asked.at)}`,
    ...asked.purpose === "add" ? [`Account: ${line(asked.account)}`] : [],
    `Key: ${fingerprint(asked.key)}`,
    `Challenge: ${line(asked.challengeId)}`,
    `Expires: ${iso(asked.expiresAt)}`,
  ].join("\n");
}

/** A text that ends no line. What is not printable ASCII, and the backslash, is written as JSON may write it. */
function line(text: string): string {
  return text.replace(
    /[^ -[\]-~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Reads a signature: base64url of 64 bytes, or the armored output of `ssh-keygen -Y sign`. Null for what is malformed. */
export function parseSignature(text: string): ParsedSignature | null {
  if (text.startsWith("-----")) {
    const ssh = parseSshSignature(text);
    return ssh === null ? null : { is: "ssh", ...ssh };
  }
  const signature = text.length === 86 ? fromBase64url(text) : null;
  return signature === null ? null : { is: "bare", signature };
}

/** Whether a signature is one of the key over the message. What SSH signed may end in one line end more. */
export async function verifySignature(
  key: string,
  message: string,
  signature: ParsedSignature,
): Promise<boolean> {
  if (signature.is === "bare") return await verify(ED25519, key, utf8(message), signature.signature);
  if (signature.key !== key || signature.namespace !== NAMESPACE) return false;
  for (const end of ENDS) {
    const signed = await signedData(signature, message + end);
    if (await verify(ED25519, key, signed, signature.signature)) return true;
  }
  return false;
}
