// Somebody who holds the key pairs of RFC 8032 section 7.1, and signs with them, bare and as SSH does.
import { base64url, fromBase64url, hex, utf8 } from "../../src/base/encoding.ts";
import { signedData, type SshSignature } from "../../src/protocol/ssh_signature.ts";
import { base64, ed25519Blob, joined, strings, uint32 } from "../../src/protocol/ssh_wire.ts";
import type { FinishKeySignIn, KeyInfo, KeyStep } from "../../src/features/key/contract.ts";
import type { Grant } from "../../src/model.ts";
import { passkeyKey } from "../../src/testing/passkey_keys.ts";
import type { Client } from "./client.ts";

/** A key pair: base64url of the 32 bytes of each. */
export interface KeyPair {
  /** The public one. */
  readonly x: string;
  /** The private one. */
  readonly d: string;
}

/** One of them. */
export const ADA: KeyPair = {
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};

/** Another one. */
export const BOB: KeyPair = {
  x: "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
  d: "TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs",
};

/** One that follows from chance. */
export async function pairFrom(random: (length: number) => Uint8Array): Promise<KeyPair> {
  const d = random(32);
  const { spki } = await passkeyKey("EdDSA", () => d);
  return { x: base64url(spki.subarray(-32)), d: base64url(d) };
}

/** A third one. */
export const CYD: KeyPair = {
  x: "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
  d: "xaqN9D-fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc",
};

/** A signature over some bytes. */
export async function signed({ x, d }: KeyPair, message: Uint8Array | string): Promise<Uint8Array> {
  const jwk = { kty: "OKP", crv: "Ed25519", x, d };
  const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, joined(message)));
}

/** A bare signature as it goes over the wire. */
export async function bare(pair: KeyPair, message: string): Promise<string> {
  return base64url(await signed(pair, message));
}

/** A bare signature with S raised by the order of the group: it solves the equation as well, and is none (RFC 8032 section 5.1.7). */
export function raised(signature: string): string {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const bytes = fromBase64url(signature) ?? new Uint8Array();
  const s = bytes.subarray(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order;
  return base64url(bytes.map((byte, i) => i < 32 ? byte : Number(s >> BigInt(8 * (i - 32)) & 255n)));
}

/** What answers the adding of a key, or a sign-in by one, that was begun. */
export async function answering(
  pair: KeyPair,
  { challengeId, message }: Pick<KeyStep, "challengeId" | "message">,
): Promise<Pick<FinishKeySignIn, "challengeId" | "signature">> {
  return { challengeId, signature: await bare(pair, message) };
}

/** Adds a key to somebody's account. */
export async function addsKey(somebody: Client, pair: KeyPair, name?: string): Promise<KeyInfo> {
  const step = await somebody.key.startAdd({ publicKey: pair.x });
  return await somebody.key.add({ ...await answering(pair, step), name });
}

/** Signs somebody in by a key. */
export async function signsInByKey(somebody: Client, pair: KeyPair): Promise<Grant> {
  const step = await somebody.key.startSignIn({ publicKey: pair.x });
  return await somebody.key.finishSignIn(await answering(pair, step));
}

/** What of an SSH signature may be said otherwise. */
export interface Otherwise extends Partial<SshSignature> {
  readonly version?: number;
  /** What stands in the armor in place of the reserved part that was signed. */
  readonly shown?: Uint8Array;
  readonly publicKey?: Uint8Array;
}

/** An SSH signature as it goes over the wire. */
export async function sshSigned(pair: KeyPair, message: string, otherwise: Otherwise = {}): Promise<string> {
  const { namespace = "latchkey", hash = "sha512", reserved = new Uint8Array(), version = 1 } = otherwise;
  const signature = otherwise.signature ??
    await signed(pair, await signedData({ namespace, hash, reserved }, message));
  const { publicKey = ed25519Blob(publicBytes(pair)), shown = reserved } = otherwise;
  const parts = strings(publicKey, namespace, shown, hash, ed25519Blob(signature));
  return armored(joined("SSHSIG", uint32(version), parts));
}

/** Bytes in the armor of SSH signatures. */
export function armored(blob: Uint8Array): string {
  const lines = base64(blob).match(/.{1,70}/g) ?? [];
  return ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n");
}

/** The 32 bytes of a public key. */
export function publicBytes({ x }: KeyPair): Uint8Array {
  return fromBase64url(x) ?? new Uint8Array();
}

/** A public key in base58. */
export function base58(bytes: Uint8Array): string {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const zeros = /^(?:00)*/.exec(hex(bytes))![0].length / 2;
  let text = "";
  for (let left = BigInt(`0x${hex(bytes)}`); left > 0n; left /= 58n) {
    text = alphabet[Number(left % 58n)] + text;
  }
  return "1".repeat(zeros) + text;
}

/** A public key in PEM, or other DER in its place. */
export function pem(der: Uint8Array, label = "PUBLIC KEY"): string {
  return [`-----BEGIN ${label}-----`, ...base64(der).match(/.{1,64}/g) ?? [], `-----END ${label}-----`, ""]
    .join("\n");
}

/** SubjectPublicKeyInfo (RFC 8410), or another algorithm in its place. */
export function spki(bytes: Uint8Array, algorithm: readonly number[] = [0x2b, 0x65, 0x70]): Uint8Array {
  const id = Uint8Array.from([0x30, 5, 6, 3, ...algorithm]);
  return Uint8Array.from([0x30, 10 + bytes.length, ...id, 3, bytes.length + 1, 0, ...bytes]);
}

/** The private key as OpenSSL keeps it: PKCS #8 in PEM (RFC 8410 section 7). */
export function pkcs8File({ d }: KeyPair, algorithm: readonly number[] = [0x2b, 0x65, 0x70]): string {
  const head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, ...algorithm, 4, 0x22, 4, 0x20];
  return pem(joined(Uint8Array.from(head), fromBase64url(d) ?? ""), "PRIVATE KEY");
}

/** The private key as OpenSSH keeps it (PROTOCOL.key), with parts of it as they should not be. */
export function openSshFile(
  pair: KeyPair,
  otherwise: {
    readonly cipher?: string;
    readonly count?: number;
    readonly check?: number;
    readonly publicKey?: Uint8Array;
    readonly both?: Uint8Array;
  } = {},
): string {
  const [open, secret] = [publicBytes(pair), fromBase64url(pair.d) ?? ""];
  const { cipher = "none", count = 1, check = 7, publicKey = ed25519Blob(open) } = otherwise;
  const kind = strings("ssh-ed25519", open, otherwise.both ?? joined(secret, open), "ada@example.com");
  const sealed = joined(uint32(7), uint32(check), kind, Uint8Array.of(1, 2, 3));
  const blob = joined(
    "openssh-key-v1\0",
    strings(cipher, "none", ""),
    uint32(count),
    strings(publicKey, sealed),
  );
  return pem(blob, "OPENSSH PRIVATE KEY");
}

/** A line of OpenSSH with other bytes than it should have. */
export function line(blob: Uint8Array | string, type = "ssh-ed25519"): string {
  return `${type} ${base64(typeof blob === "string" ? utf8(blob) : blob)}`;
}
