import { createHmac, hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { hex } from "../../src/base/encoding.ts";
import { hmacUnder } from "../../src/base/hash.ts";
import { hkdf, keyring, type Label } from "../../src/crypto/keyring.ts";
import { chance } from "../../src/testing/chance.ts";

const OLD = "the-old-secret-0123456789-0123456789";
const NEW = "the-new-secret-9876543210-9876543210";
const LABELS: readonly Label[] = ["email-otp", "refresh-token", "lookup-key", "signing-keys"];

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** 00 01 02 … */
function counted(from: number, to: number): string {
  return hex(Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

// RFC 5869 appendix A, the cases with SHA-256: of their output the first 32 bytes.
test.each([
  [
    "A.1",
    "0b".repeat(22),
    counted(0x00, 0x0c),
    counted(0xf0, 0xf9),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
  ],
  [
    "A.2",
    counted(0x00, 0x4f),
    counted(0x60, 0xaf),
    counted(0xb0, 0xff),
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
  ],
  ["A.3", "0b".repeat(22), "", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"],
])("HKDF agrees with RFC 5869, %s", (_, secret, salt, info, okm) => {
  expect(hex(hkdf(bytes(secret), bytes(salt), bytes(info)))).toBe(okm);
});

test("HKDF and HMAC agree with the platform's", () => {
  const random = chance(7);
  for (const length of [0, 1, 31, 32, 33, 63, 64, 65, 200]) {
    const [secret, salt, info] = [random(32), random(length), random(length)] as const;
    expect(hex(hkdf(secret, salt, info))).toBe(
      hex(new Uint8Array(hkdfSync("sha256", secret, salt, info, 32))),
    );
    expect(hex(hmacUnder(salt)(info))).toBe(createHmac("sha256", salt).update(info).digest("hex"));
  }
});

test("a fingerprint tells secrets apart, and is the same wherever they stand", () => {
  const ring = keyring([NEW, OLD], chance(1));
  const { first: old } = keyring([OLD], chance(1));
  expect(old).toMatch(/^[0-9a-f]{8}$/);
  expect(ring.fingerprints).toEqual([ring.first, old]);
  expect(ring.first).not.toBe(old);
});

test("what is made for one label is worth nothing for another", () => {
  const { mac, first } = keyring([OLD], chance(1));
  expect(new Set(LABELS.map((label) => mac(label, first, "a"))).size).toBe(LABELS.length);
});

test("a keyed hash is the secret's: the same for the same secret, another for another", () => {
  const ring = keyring([NEW, OLD], chance(1));
  const old = keyring([OLD], chance(2));
  expect(ring.mac("email-otp", old.first, "a", "b")).toBe(old.mac("email-otp", old.first, "a", "b"));
  expect(ring.mac("email-otp", ring.first, "a", "b")).not.toBe(old.mac("email-otp", old.first, "a", "b"));
  expect(old.mac("email-otp", ring.first, "a", "b")).toBe(null);
  expect(old.mac("email-otp", "", "a")).toBe(null);
});

test("the parts of a keyed hash do not run into each other", () => {
  const { mac, first } = keyring([OLD], chance(1));
  const hashes = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"]].map((parts) =>
    mac("refresh-token", first, ...parts)
  );
  expect(new Set(hashes).size).toBe(hashes.length);
});

test.each(["", "a", "ä€𐍈", "x".repeat(10_000)])("what is sealed is opened again: %.10j", async (plain) => {
  const ring = keyring([OLD], chance(1));
  const sealed = await ring.seal("signing-keys", plain);
  expect(sealed).toMatch(/^[0-9a-f]{8}\.[\w-]{16}\.[\w-]{22,}$/);
  expect(await ring.open("signing-keys", sealed)).toEqual({ is: "open", plain, fingerprint: ring.first });
});

test("the same text sealed twice is not the same", async () => {
  const ring = keyring([OLD], chance(1));
  expect(await ring.seal("lookup-key", "a")).not.toBe(await ring.seal("lookup-key", "a"));
});

test("the first secret seals, all of them open", async () => {
  const [old, ring, last] = [
    keyring([OLD], chance(1)),
    keyring([NEW, OLD], chance(2)),
    keyring([NEW], chance(3)),
  ];
  const byOld = await old.seal("lookup-key", "a");
  const byRing = await ring.seal("lookup-key", "a");
  expect(await ring.open("lookup-key", byOld)).toEqual({ is: "open", plain: "a", fingerprint: old.first });
  expect(await last.open("lookup-key", byRing)).toEqual({ is: "open", plain: "a", fingerprint: last.first });
  expect(await last.open("lookup-key", byOld)).toEqual({ is: "unknown", fingerprint: old.first });
  expect(await old.open("lookup-key", byRing)).toEqual({ is: "unknown", fingerprint: last.first });
});

test("what was sealed for another label, or changed anywhere, is damaged", async () => {
  const ring = keyring([OLD], chance(1));
  const sealed = await ring.seal("signing-keys", "a text");
  expect(await ring.open("lookup-key", sealed)).toEqual({ is: "damaged" });
  const [fingerprint = "", nonce = "", text = ""] = sealed.split(".");
  const flip = (part: string, at: number) =>
    part.slice(0, at) + (part[at] === "A" ? "B" : "A") + part.slice(at + 1);
  const changed = [
    `${fingerprint}.${flip(nonce, 0)}.${text}`,
    ...Array.from(text, (_, at) => at < text.length - 1 ? `${fingerprint}.${nonce}.${flip(text, at)}` : null),
    `${fingerprint}.${nonce}.${text.slice(0, -2)}`,
    `${fingerprint}.${nonce}.`,
    `${fingerprint}..${text}`,
    `${fingerprint}.${text}.${nonce}`,
    `${fingerprint}.${nonce}`,
    `${fingerprint}`,
    `${fingerprint}.${nonce}=.${text}`,
    `${fingerprint}.${nonce}.${text}é`,
  ].filter((one) => one !== null);
  for (const one of changed) {
    expect([one, await ring.open("signing-keys", one)]).toEqual([one, { is: "damaged" }]);
  }
});

test("what names no secret is unknown", async () => {
  const ring = keyring([OLD], chance(1));
  for (const text of ["", ".", "garbage", "00000000.AAAA.AAAA", "__proto__.a.b"]) {
    const [fingerprint] = text.split(".");
    expect(await ring.open("lookup-key", text)).toEqual({ is: "unknown", fingerprint });
  }
});

test("a secret is text: what looks like another spelling of it is another secret", () => {
  const prints = [OLD, ` ${OLD}`, OLD.toUpperCase(), `${OLD}\0`].map((secret) =>
    keyring([secret], chance(1)).first
  );
  expect(new Set(prints).size).toBe(4);
});
