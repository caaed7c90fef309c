// Private keys as files have them.
import { expect, test } from "vitest";
import { utf8 } from "../../src/base/encoding.ts";
import { parsePrivateKey, signMessage } from "../../src/protocol/key_pairs_private.ts";
import { parseSignature, verifySignature } from "../../src/protocol/key_pairs_signed.ts";
import { ed25519Blob, joined, strings } from "../../src/protocol/ssh_wire.ts";
import { ADA, BOB, openSshFile, pem, pkcs8File, publicBytes, spki } from "../suite/key_holder.ts";

test.each([
  ["OpenSSH", openSshFile(ADA)],
  ["OpenSSH, with line ends of Windows", openSshFile(ADA).replaceAll("\n", "\r\n")],
  ["PKCS #8", pkcs8File(ADA)],
])("the file of %s is a key pair that signs", async (_, file) => {
  const held = await parsePrivateKey(file);
  expect(held?.key).toBe(ADA.x);
  const signature = parseSignature(await signMessage(held!.pkcs8!, "message"));
  expect(await verifySignature(ADA.x, "message", signature!)).toBe(true);
  expect(await verifySignature(ADA.x, "another", signature!)).toBe(false);
});

test("of a file with a pass phrase the public key alone is read", async () => {
  const sealed = openSshFile(ADA, { cipher: "aes256-ctr", check: 8, both: utf8("sealed") });
  expect(await parsePrivateKey(sealed)).toEqual({ key: ADA.x, pkcs8: null });
});

test.each([
  ["nothing", ""],
  ["a public key", pem(spki(publicBytes(ADA)))],
  ["a key of X25519", pkcs8File(ADA, [0x2b, 0x65, 0x6e])],
  ["a key that is cut", pem(utf8("0."), "PRIVATE KEY")],
  ["an encrypted key of OpenSSL", pkcs8File(ADA).replaceAll("PRIVATE", "ENCRYPTED PRIVATE")],
  ["two keys of OpenSSL", pkcs8File(ADA) + pkcs8File(BOB)],
  ["RSA", openSshFile(ADA, { publicKey: strings("ssh-rsa", "e", "n") })],
  ["another format of OpenSSH", pem(utf8("openssh-key-v2\0"), "OPENSSH PRIVATE KEY")],
  ["OpenSSH's armor alone", pem(new Uint8Array(), "OPENSSH PRIVATE KEY")],
  ["two keys of OpenSSH", openSshFile(ADA, { count: 2 })],
  ["a public key of low order", openSshFile(ADA, { publicKey: ed25519Blob(new Uint8Array(32)) })],
  ["numbers that differ", openSshFile(ADA, { check: 8 })],
  ["a private key of another public one", openSshFile({ ...ADA, d: BOB.d })],
  ["a private key of another length", openSshFile(ADA, { both: publicBytes(ADA) })],
  ["10 MB", `-----BEGIN OPENSSH PRIVATE KEY-----\n${"A".repeat(10_000_000)}`],
])("%s is no private key that can be read", async (_, file) => {
  expect(await parsePrivateKey(file)).toBeNull();
});

test("a file of OpenSSH that is cut anywhere is none", async () => {
  const whole = joined(
    Uint8Array.from(atob(openSshFile(ADA).replace(/-----.*-----|\n/g, "")), (char) => char.charCodeAt(0)),
  );
  for (let length = 0; length < whole.length - 20; length += 7) { // what comes last is a comment
    expect(await parsePrivateKey(pem(whole.subarray(0, length), "OPENSSH PRIVATE KEY"))).toBeNull();
  }
});
