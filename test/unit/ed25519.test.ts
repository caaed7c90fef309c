// Strict Ed25519: the verdicts of Wycheproof, RFC 8032 and ed25519-speccheck. The folder is named by LATCHKEY_VECTORS.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { base64url } from "../../src/base/encoding.ts";
import { isPublicKey, isStrict } from "../../src/protocol/ed25519.ts";
import { verify } from "../../src/protocol/signatures.ts";

interface Vector {
  readonly id: string;
  readonly publicKeyHex: string;
  readonly messageHex: string;
  readonly signatureHex: string;
  readonly verdict: "valid" | "invalid" | "either";
}

interface PublicKeyVector {
  readonly id: string;
  readonly publicKeyHex?: string;
  readonly verdict: "accept" | "reject" | "policy";
}

const file = join(process.env["LATCHKEY_VECTORS"] ?? "", "ed25519.json");
const present = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);
const skipped = present ? "" : " (LATCHKEY_VECTORS names no folder with ed25519.json: 2 tests are skipped)";
const all: { readonly vectors: readonly Vector[]; readonly publicKeyVectors: readonly PublicKeyVector[] } =
  present ? JSON.parse(readFileSync(file, "utf8")) : { vectors: [], publicKeyVectors: [] };
const signatures = (verdict: Vector["verdict"]) => all.vectors.filter((one) => one.verdict === verdict);
const keys = all.publicKeyVectors.flatMap(({ publicKeyHex, ...one }) =>
  publicKeyHex === undefined ? [] : [{ ...one, publicKeyHex }]
);

const counted = `${signatures("valid").length} valid signatures are accepted, ` +
  `${signatures("invalid").length} invalid ones refused, ` +
  `as are ${signatures("either").length} that others disagree about`;

test.skipIf(!present)(`${counted}${skipped}`, async () => {
  const accepted: string[] = [];
  for (const vector of all.vectors) if (await isAccepted(vector)) accepted.push(vector.id);
  expect(accepted).toEqual(signatures("valid").map(({ id }) => id));
  expect([signatures("valid").length, signatures("invalid").length]).toEqual([36, 68]);
});

test.skipIf(!present)(
  `of ${keys.length} public keys, those that somebody holds are accepted${skipped}`,
  () => {
    const accepted = keys.filter(({ publicKeyHex }) => isPublicKey(bytesOf(publicKeyHex)));
    expect(accepted.map(({ id }) => id)).toEqual(["good-rfc8032-1"]);
    expect(keys.length).toBeGreaterThan(15);
  },
);

const GOOD = bytesOf("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"); // RFC 8032 section 7.1
const SIGNED = bytesOf( // the empty message, by that key
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
);

test("a signature counts for the runtime only if both points and S are in their one form", () => {
  expect(isStrict(GOOD, SIGNED)).toBe(true);
  const withR = (hex: string) => Uint8Array.from([...bytesOf(hex), ...SIGNED.subarray(32)]);
  const withS = (hex: string) => Uint8Array.from([...SIGNED.subarray(0, 32), ...bytesOf(hex)]);
  for (const encoding of NO_POINTS) {
    expect([isStrict(GOOD, withR(encoding)), isStrict(bytesOf(encoding), SIGNED)]).toEqual([false, false]);
  }
  const largest = "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"; // the order less one
  expect(isStrict(GOOD, withS(largest))).toBe(true);
  expect(isStrict(GOOD, withS(largest.replace("ec", "ed")))).toBe(false);
  expect(isStrict(GOOD, withS("ff".repeat(32)))).toBe(false);
});

test("what has another length is no key and no signature", () => {
  for (const length of [0, 1, 31, 33, 64]) {
    expect(isPublicKey(new Uint8Array(length).fill(9))).toBe(false);
    expect(isStrict(new Uint8Array(length).fill(9), SIGNED)).toBe(false);
  }
  for (const length of [0, 32, 63, 65]) expect(isStrict(GOOD, new Uint8Array(length).fill(9))).toBe(false);
});

test("about half of all y belong to a point, as on the curve", () => {
  const found = Array.from({ length: 200 }, (_, i) => isPublicKey(new Uint8Array(32).fill(3).fill(i, 5, 6)));
  expect(found.filter((one) => one).length).toBeGreaterThan(70);
  expect(found.filter((one) => one).length).toBeLessThan(130);
});

/** Points of order 1, 2, 4, 4, 8, and encodings that no point has: x = 0 with a sign, y = p, y = p + 2. */
const NO_POINTS = [
  "01" + "00".repeat(31),
  "ec" + "ff".repeat(30) + "7f",
  "00".repeat(32),
  "00".repeat(31) + "80",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "01" + "00".repeat(30) + "80",
  "ed" + "ff".repeat(30) + "7f",
  "ef" + "ff".repeat(30) + "7f",
];

async function isAccepted({ publicKeyHex, messageHex, signatureHex }: Vector): Promise<boolean> {
  return await verify(-8, base64url(bytesOf(publicKeyHex)), bytesOf(messageHex), bytesOf(signatureHex));
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
