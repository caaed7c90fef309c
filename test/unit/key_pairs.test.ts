// Public keys in the forms in which people hold them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { base64url, fromBase64url, hex } from "../../src/base/encoding.ts";
import { isPublicKey } from "../../src/protocol/ed25519.ts";
import { fingerprint, openSshLine, parsePublicKey } from "../../src/protocol/key_pairs.ts";
import { ed25519Blob, joined, strings } from "../../src/protocol/ssh_wire.ts";
import { ADA, base58, BOB, line, pem, publicBytes, spki } from "../suite/key_holder.ts";

const KEY = ADA.x;
const BYTES = publicBytes(ADA);
const BLOB = ed25519Blob(BYTES);
const LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
const BASE58 = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z";
const JWK = { kty: "OKP", crv: "Ed25519", x: KEY };

describe("every form leads to one", () => {
  test.each<[string, string | object]>([
    ["base64url", KEY],
    ["base58", BASE58],
    ["a line of OpenSSH", LINE],
    ["a line of OpenSSH as its file has it", `${LINE} \n`],
    ["a JWK", JWK],
    ["a JWK with more to it", { ...JWK, kid: "1", use: "sig", alg: "EdDSA", key_ops: ["verify"], ext: true }],
    ["a JWK with the newer name of the algorithm", { ...JWK, alg: "Ed25519" }],
    ["PEM", pem(spki(BYTES))],
    [
      "PEM with line ends of Windows, and lines around it",
      `\r\n${pem(spki(BYTES)).replaceAll("\n", "\r\n")}\r\n`,
    ],
  ])("%s", (_, given) => {
    expect(parsePublicKey(given)).toEqual({ key: KEY, comment: null });
  });

  test.each([
    ["ada@example.com", "ada@example.com"],
    ["  the key of my laptop, 2026 \t", "the key of my laptop, 2026"],
    ["Schlüssel 🔑", "Schlüssel 🔑"],
    ["with\ttab", "with tab"],
    ["ssh-ed25519", "ssh-ed25519"],
  ])("the comment %j is the key's name to be", (given, comment) => {
    expect(parsePublicKey(`${LINE} ${given}\n`)).toEqual({ key: KEY, comment });
  });

  test("base58 of a key that begins with zeros begins with as many ones", () => {
    const [bytes] = points([0, 0], (bytes) => bytes[5]! < 10);
    const text = base58(bytes!);
    expect(text).toMatch(/^11[^1]/);
    expect(parsePublicKey(text)).toEqual({ key: base64url(bytes!), comment: null });
    for (const wrong of [text.slice(1), `1${text}`, text.slice(2)]) expect(parsePublicKey(wrong)).toBeNull();
  });

  test("what is base64url of 32 bytes is never read as base58", () => {
    const both = points([], (bytes) => !/[0OIl_-]/.test(base64url(bytes))).map(base64url);
    expect(both.length).toBeGreaterThan(5);
    for (const text of both) expect(parsePublicKey(text)).toEqual({ key: text, comment: null });

    const alike = points([0x0c], (bytes) => fromBase64url(base58(bytes)) !== null).map(base58);
    expect(alike.length).toBeGreaterThan(5);
    for (const text of alike) expect([null, text]).toContain(parsePublicKey(text)?.key ?? null);
    const others = points([0x0c], (bytes) => bytes[1]! < 30 && fromBase64url(base58(bytes)) === null);
    expect(others.length).toBeGreaterThan(5);
    for (const bytes of others) expect(parsePublicKey(base58(bytes))?.key).toBe(base64url(bytes));
  });
});

describe("what is no Ed25519 public key is refused", () => {
  const otherType = strings("ssh-rsa", Uint8Array.of(1, 0, 1), new Uint8Array(256).fill(0xa5));
  const certificate = strings("ssh-ed25519-cert-v01@openssh.com", "nonce", BYTES);
  const security = strings("sk-ssh-ed25519@openssh.com", BYTES, "ssh:");
  const tooMuch = (at: number, length: number) => {
    const bytes = BLOB.slice();
    new DataView(bytes.buffer).setUint32(at, length);
    return line(bytes);
  };
  const one = pem(spki(BYTES));
  test.each<[string, string | object]>([
    ["nothing", ""],
    ["white space", " \r\n\t"],
    ["a word", "key"],
    ["RSA", line(otherType, "ssh-rsa")],
    ["RSA that says it is Ed25519", line(otherType)],
    ["a certificate", line(certificate, "ssh-ed25519-cert-v01@openssh.com")],
    ["a certificate that says it is a key", line(certificate)],
    ["a key on a security key, which signs otherwise", line(security, "sk-ssh-ed25519@openssh.com")],
    ["a length prefix that says too much", tooMuch(15, 33)],
    ["a length prefix that says 4 GiB", tooMuch(15, 0xffffffff)],
    ["a length prefix that says too little", tooMuch(15, 31)],
    ["a name that says too much", tooMuch(0, 0xffffffff)],
    ["a name that says too little", tooMuch(0, 10)],
    ["one byte more in the line", line(joined(BLOB, "a"))],
    ["one byte less in the line", line(BLOB.subarray(0, -1))],
    ["an empty blob", line("")],
    ["no blob", "ssh-ed25519"],
    ["no blob, but a comment", "ssh-ed25519 ada@example.com"],
    ["options before the key", `no-pty ${LINE}`],
    ["two lines", `${LINE}\n${LINE}`],
    ["another case", LINE.replace("ssh-ed", "SSH-ED")],
    ["base64url in the line", LINE.replaceAll("+", "-")],
    ["padding where none is due", `${LINE}=`],
    ["a comment with NUL", `${LINE} a\0b`],
    ["a comment that clears the screen", `${LINE} a\x1b[2J`],
    ["a comment with half a character", `${LINE} \ud800`],
    ["NUL before", `\0${KEY}`],
    ["NUL after", `${KEY}\0`],
    ["base64", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    ["base64url with padding", `${KEY}=`],
    ["base64url with bits to spare", KEY.replace(/o$/, "p")],
    ["31 bytes", base64url(BYTES.subarray(1))],
    ["33 bytes", base64url(joined(BYTES, "a"))],
    ["31 bytes in base58", base58(BYTES.subarray(1))],
    ["33 bytes in base58", base58(joined(BYTES, "a"))],
    ["ones alone", "1".repeat(32)],
    ["base58 with a letter that it has not", BASE58.replace("F", "O")],
    ["hex", hex(BYTES)],
    ["a private JWK", { ...JWK, d: ADA.d }],
    ["a private JWK that says so with nothing", { ...JWK, d: "" }],
    ["a JWK on another curve", { ...JWK, crv: "X25519" }],
    ["a JWK on a longer curve", { ...JWK, crv: "Ed448" }],
    ["a JWK of another kind", { ...JWK, kty: "EC", crv: "P-256", y: KEY }],
    ["a JWK of another kind on the same curve", { ...JWK, kty: "EC" }],
    ["a JWK with padding", { ...JWK, x: `${KEY}=` }],
    ["a JWK with a list", { ...JWK, x: [KEY] }],
    ["a JWK without a key", { kty: "OKP", crv: "Ed25519" }],
    ["a JWK for encryption", { ...JWK, use: "enc" }],
    ["a JWK for another algorithm", { ...JWK, alg: "ES256" }],
    ["a set of JWKs", { keys: [JWK] }],
    ["a list", [JWK]],
    ["the text of a JWK", JSON.stringify(JWK)],
    ["two keys in PEM", one + one],
    ["a key after a certificate", pem(new Uint8Array(80), "CERTIFICATE") + one],
    ["PEM of X25519", pem(spki(BYTES, [0x2b, 0x65, 0x6e]))],
    ["PEM of Ed448", pem(spki(BYTES, [0x2b, 0x65, 0x71]))],
    ["PEM with one byte more", pem(joined(spki(BYTES), "a"))],
    ["PEM with one byte less", pem(spki(BYTES).subarray(0, -1))],
    ["PEM of another length, rightly told", pem(spki(joined(BYTES, "a")))],
    ["PEM that is cut", one.slice(0, 60)],
    ["PEM that is private", pem(spki(BYTES), "PRIVATE KEY")],
    ["PEM of OpenSSH", pem(BLOB, "OPENSSH PRIVATE KEY")],
    ["PEM whose ends differ", one.replace("END PUBLIC", "END PRIVATE")],
  ])("%s", (_, given) => {
    expect(parsePublicKey(given)).toBeNull();
  });

  test.each([
    ["letters", "a".repeat(10_000_000)],
    ["digits of base58", "z".repeat(10_000_000)],
    ["a comment", `${LINE} ${"a".repeat(10_000_000)}`],
    ["white space", " ".repeat(10_000_000)],
    ["PEM", `-----BEGIN PUBLIC KEY-----\n${"A".repeat(10_000_000)}`],
    ["a JWK", { ...JWK, x: "A".repeat(10_000_000) }],
  ])("10 MB of %s, at once", (_, given) => {
    const begin = performance.now();
    expect(parsePublicKey(given)).toBeNull();
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  test("a point of low order, in every form", () => {
    const bytes = new Uint8Array(32); // of order 4
    const forms = [base64url(bytes), base58(bytes), line(ed25519Blob(bytes)), pem(spki(bytes))];
    for (const form of [...forms, { ...JWK, x: base64url(bytes) }]) expect(parsePublicKey(form)).toBeNull();
  });
});

test("a line of OpenSSH is what ssh-keygen would write, whatever is in the comment", () => {
  expect(openSshLine(KEY)).toBe(LINE);
  expect(openSshLine(KEY, "ada@example.com")).toBe(`${LINE} ada@example.com`);
  expect(openSshLine(KEY, "a\nssh-ed25519 AAAA\r\u2028b\0")).toBe(`${LINE} a ssh-ed25519 AAAA b`);
});

test("the fingerprint is that of OpenSSH", () => {
  expect(fingerprint(KEY)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(fingerprint(KEY)).not.toBe(fingerprint(BOB.x));
});

const file = join(process.env["LATCHKEY_VECTORS"] ?? "", "ed25519.json");
const present = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);
const vectors: readonly {
  readonly id: string;
  readonly verdict: string;
  readonly publicKeyHex?: string;
  readonly publicKeySpkiHex?: string;
  readonly publicKeyText?: string;
  readonly jwk?: object;
}[] = present ? JSON.parse(readFileSync(file, "utf8")).publicKeyVectors : [];

test.skipIf(!present)(
  `of ${vectors.length} public keys of others, those are taken that somebody holds and that are in a form of ours` +
    (present ? "" : " (LATCHKEY_VECTORS names no folder with ed25519.json: 1 test is skipped)"),
  () => {
    const taken = vectors.filter(({ publicKeyHex, publicKeySpkiHex, publicKeyText, jwk }) => {
      if (publicKeyText !== undefined) return parsePublicKey(publicKeyText) !== null;
      if (jwk !== undefined) return parsePublicKey(jwk) !== null;
      const der = bytesOf(publicKeySpkiHex ?? publicKeyHex ?? "");
      if (publicKeySpkiHex !== undefined) return parsePublicKey(pem(der)) !== null;
      const forms = [base64url(der), line(ed25519Blob(der)), pem(spki(der)), { ...JWK, x: base64url(der) }];
      const read = forms.map((form) => parsePublicKey(form) !== null);
      expect(new Set(read).size).toBe(1);
      return read[0];
    });
    expect(taken.map(({ id }) => id)).toEqual(["good-rfc8032-1", "spki-der"]); // one must be, one may
    expect(vectors).toHaveLength(24);
  },
);

/** Public keys that begin with these bytes, and whose text is of some form. */
function points(begin: readonly number[], isWanted: (bytes: Uint8Array) => boolean): readonly Uint8Array[] {
  const some = Array.from({ length: 2000 }, (_, i) => {
    const rest = BYTES.map((byte, at) => byte ^ (at * i) ^ (i >> 3));
    return Uint8Array.from([...begin, ...rest.subarray(begin.length, 31), (BYTES[31]! ^ i) & 0x7f]);
  });
  return some.filter(isWanted).filter(isPublicKey);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
