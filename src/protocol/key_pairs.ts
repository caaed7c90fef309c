// Ed25519 public keys in the forms in which people hold them, and the one in which they are kept: base64url of the 32 bytes.
import { fromBase58 } from "../base/base58.ts";
import { base64url, fromBase64url, hex } from "../base/encoding.ts";
import { sha256 } from "../base/hash.ts";
import { isPublicKey } from "./ed25519.ts";
import { pemOf } from "./jwk.ts";
import { base64, ed25519Blob, fromBase64, fromEd25519Blob } from "./ssh_wire.ts";

/** A public key, and what its owner calls it. */
export interface GivenKey {
  /** Its one form: base64url of the 32 bytes. */
  readonly key: string;
  /** The comment of an OpenSSH line, `ada@laptop`: what to call the key where nobody says. */
  readonly comment: string | null;
}

const LONGEST = 4096; // characters, of a line with a long comment
const SPKI = "302a300506032b6570032100"; // what comes before the 32 bytes (RFC 8410 section 4)
const LINE = /^ssh-ed25519[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+(.*))?$/;

/** Reads a public key in any of the accepted forms: a line of OpenSSH (`ssh-ed25519 AAAA… comment`), base64url or base58 of the 32
 * bytes, a JWK (RFC 8037) as an object, a PEM (RFC 8410). Null for anything else: other kinds of keys, private ones, certificates,
 * other spellings of a point, and points for which anybody can sign.
 *
 * What is base64url of 32 bytes is never read as base58. One key in seventy has a base58 text that is both: its holder takes another
 * form. */
export function parsePublicKey(given: string | object): GivenKey | null {
  if (typeof given !== "string") return known(fromJwk({ ...given }));
  if (given.length > LONGEST) return null;
  const text = given.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (text.startsWith("-----BEGIN ")) return known(fromPem(text));
  if (text.startsWith("ssh-")) return fromLine(text);
  const bytes = fromBase64url(text);
  return known(bytes?.length === 32 ? bytes : fromBase58(text, 32));
}

/** The fingerprint of a key as `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprint(key: string): string {
  return `SHA256:${base64(sha256(ed25519Blob(bytesOf(key)))).replace(/=+$/, "")}`;
}

/** A key as a line of OpenSSH. What would end the line, or mean something to a terminal, is left out of the comment. */
export function openSshLine(key: string, comment = ""): string {
  const line = `ssh-ed25519 ${base64(ed25519Blob(bytesOf(key)))}`;
  return `${line} ${comment.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")}`.trimEnd();
}

function known(bytes: Uint8Array | null, comment: string | null = null): GivenKey | null {
  return bytes !== null && isPublicKey(bytes) ? { key: base64url(bytes), comment } : null;
}

/** A tab may stand in a comment; what else controls a terminal, may not. */
function fromLine(line: string): GivenKey | null {
  const [, blob = "", rest = ""] = LINE.exec(line) ?? [];
  const comment = rest.replaceAll("\t", " ");
  const bytes = fromBase64(blob);
  if (bytes === null || /[\p{Cc}\p{Cs}]/u.test(comment)) return null;
  return known(fromEd25519Blob(bytes, 32), comment === "" ? null : comment);
}

/** Whoever sends a private key has told it: better said at once than kept as if nothing were wrong. */
function fromJwk({ kty, crv, x, d, use, alg }: Readonly<Record<string, unknown>>): Uint8Array | null {
  const isEd25519 = kty === "OKP" && crv === "Ed25519" && d === undefined;
  const signs = (use === undefined || use === "sig") &&
    (alg === undefined || alg === "EdDSA" || alg === "Ed25519"); // RFC 8037, RFC 9864
  return isEd25519 && signs && typeof x === "string" && x.length < 64 ? fromBase64url(x) : null;
}

function fromPem(text: string): Uint8Array | null {
  const pem = pemOf(text);
  if ("flaw" in pem || pem.isPrivate || hex(pem.der.subarray(0, -32)) !== SPKI) return null;
  return pem.der.subarray(-32);
}

/** The bytes of a key in its one form. */
function bytesOf(key: string): Uint8Array {
  return fromBase64url(key) ?? new Uint8Array();
}
