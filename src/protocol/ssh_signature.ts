// SSH signatures, as `ssh-keygen -Y sign` makes them: PROTOCOL.sshsig of OpenSSH.
import { base64url, fromUtf8, utf8 } from "../base/encoding.ts";
import { fromBase64, fromEd25519Blob, joined, readStrings, readUint32, strings } from "./ssh_wire.ts";

/** An Ed25519 signature in SSH's form, taken apart. Nothing of it is judged yet. */
export interface SshSignature {
  /** The 64 bytes. */
  readonly signature: Uint8Array;
  /** Whose it says it is: base64url of the 32 bytes. */
  readonly key: string;
  /** What it was made for. */
  readonly namespace: string;
  /** What later versions may add. Nobody knows what it means, but it is signed. */
  readonly reserved: Uint8Array;
  /** What the message was hashed by. */
  readonly hash: "sha256" | "sha512";
}

const PREAMBLE = utf8("SSHSIG");
const VERSION = 1;
const LONGEST = 4096; // characters: a signature for us has 300
const ARMOR =
  /^-----BEGIN SSH SIGNATURE-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END SSH SIGNATURE-----(?:\r?\n)*$/;

/** Takes an armored signature apart (sections 1 and 2), or null where it is none: cut, extended, of another version, of a key that is
 * not Ed25519, over an unknown hash. */
export function parseSshSignature(text: string): SshSignature | null {
  const [, lines] = text.length > LONGEST ? [] : ARMOR.exec(text) ?? [];
  const blob = fromBase64((lines ?? "").replace(/[\r\n]/g, ""));
  const body = blob === null ? null : after(blob, PREAMBLE);
  if (body === null || readUint32(body) !== VERSION) return null;
  const read = readStrings(body.subarray(4), 5);
  return read === null || read.rest.length > 0 ? null : fromParts(read.strings);
}

/** What is signed (section 3). Its reserved part is that of the signature: whoever changes it there has changed what was signed. */
export async function signedData(
  { namespace, reserved, hash }: Pick<SshSignature, "namespace" | "reserved" | "hash">,
  message: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = hash === "sha256" ? "SHA-256" : "SHA-512";
  const digest = new Uint8Array(await crypto.subtle.digest(algorithm, joined(message)));
  return joined(PREAMBLE, strings(namespace, reserved, hash, digest));
}

function fromParts(parts: readonly Uint8Array[]): SshSignature | null {
  const [keyBlob = EMPTY, namespaceBytes = EMPTY, reserved = EMPTY, hashBytes = EMPTY, signed = EMPTY] =
    parts;
  const key = fromEd25519Blob(keyBlob, 32);
  const signature = fromEd25519Blob(signed, 64);
  const [namespace, hash] = [textOf(namespaceBytes), textOf(hashBytes)];
  if (key === null || signature === null || namespace === "") return null;
  if (hash !== "sha256" && hash !== "sha512") return null;
  return { signature, key: base64url(key), namespace, reserved, hash };
}

const EMPTY = new Uint8Array();

/** What bytes say, or nothing: no name that counts is empty. */
function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return ""; // no UTF-8, so no name
  }
}

function after(bytes: Uint8Array, beginning: Uint8Array): Uint8Array | null {
  return beginning.every((byte, i) => byte === bytes[i]) ? bytes.subarray(beginning.length) : null;
}
