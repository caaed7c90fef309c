// Public keys as authenticators tell them: which are taken, and in which form they are kept.
import { createPublicKey, generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fromBase64url } from "../../src/base/encoding.ts";
import { isCborMap, readCbor } from "../../src/protocol/cbor.ts";
import { publicKeyOf } from "../../src/protocol/cose_key.ts";
import { type Cbor, cbor } from "../../src/testing/cbor.ts";

const [EC2, OKP, RSA] = [2, 1, 3];

/** What comes of a COSE_Key with these members. */
function taken(members: readonly (readonly [number | string, Cbor])[]) {
  const { value } = readCbor(cbor(new Map(members))) ?? {};
  if (!isCborMap(value)) throw new Error("that is no map");
  return publicKeyOf(value);
}

const part = (text: string | undefined) => fromBase64url(text ?? "") ?? new Uint8Array();
const spki = (key: JsonWebKey) =>
  createPublicKey({ key, format: "jwk" }).export({ format: "der", type: "spki" }).toString("base64url");

/** Points whose y begins with a zero byte, which no encoding may lose. */
const POINTS = [
  [-7, 1, {
    crv: "P-256",
    x: "i3GzWUvaO3b3OqCi6d-Op5_L2mkIWmiZwSIrZbPmYEI",
    y: "AEgdcO4jKRIpCVxdosJO7AaDGfqUJCBVqPhUrJYEoQk",
  }],
  [-35, 2, {
    crv: "P-384",
    x: "8fuLt4XvbctamPk1U2P8MmSNQmkTs1TbqgazblgCJMgXdK8Jq5GvHPrB7266CnNd",
    y: "AOu6kVzzgny05TwnSOkwPQbYd4adt7y2odazx6ZixFfy9PWrnbx6TqIAOFlUEsjK",
  }],
  [-36, 3, {
    crv: "P-521",
    x: "AQZx4C7aC7NC6iMBE83vBg0llwi8ZbGsITR-bKP-7zcczxOf6RV37USQk0i8r69wVbrTa-ZKKHc1vHPI0xea_i5h",
    y: "AAD5C7uJ_JHY8pIaVPshq933Fg0wrBjSyFslxTTN2oPQzhnpBdXECUe3lJRsJ18oIOefrsT7pDfTnOET3VpDdPt3",
  }],
] as const;

describe.each(POINTS)("a key of algorithm %i", (alg, crv, jwk) => {
  const [x, y] = [part(jwk.x), part(jwk.y)];
  const members = [[1, EC2], [3, alg], [-1, crv], [-2, x], [-3, y]] as const;
  const but = (label: number, value: Cbor) =>
    members.map((one) => one[0] === label ? [label, value] as const : one);

  test("is kept as SubjectPublicKeyInfo", () => {
    expect(taken(members)).toEqual({ algorithm: alg, publicKey: spki({ kty: "EC", ...jwk }) });
    expect(taken(members.toReversed())).toEqual(taken(members));
  });

  test.each<readonly [string, readonly (readonly [number | string, Cbor])[]]>([
    ["of another type", but(1, OKP)],
    ["of no type", members.slice(1)],
    ["on another curve", but(-1, crv % 3 + 1)],
    ["on a curve in words", but(-1, jwk.crv)],
    ["without x", members.filter(([label]) => label !== -2)],
    ["without y", members.slice(0, -1)],
    ["with x in words", but(-2, jwk.x)],
    ["with a shorter x", but(-2, x.subarray(1))],
    ["with a longer y", but(-3, Uint8Array.of(0, ...y))],
    ["with its y lost", but(-3, y.subarray(1))],
    ["off its curve", but(-3, y.with(-1 + y.length, (y.at(-1) ?? 0) ^ 1))],
    ["at nothing", but(-2, x.map(() => 0)).with(4, [-3, y.map(() => 0)])],
    ["past its field", but(-2, x.map(() => 255))],
    ["with its private part", [...members, [-4, x]]],
    ["by an algorithm that nobody takes", but(3, -47)],
    ["by an algorithm for another kind", but(3, -257)],
    ["by an algorithm in words", but(3, String(alg))],
    ["with labels in words", members.map(([label, value]) => [String(label), value])],
  ])("%s is refused", (_, members) => {
    expect(taken(members)).toEqual({ flaw: expect.stringMatching(/^its (key|algorithm)/) });
  });
});

test("a coordinate has one encoding: 0 is not told as the size of the field", () => {
  const y = Buffer.from("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4", "hex");
  const field = Buffer.from("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", "hex");
  const members = (x: Uint8Array) => [[1, EC2], [3, -7], [-1, 1], [-2, x], [-3, y]] as const;
  expect(taken(members(new Uint8Array(32)))).toMatchObject({ algorithm: -7 });
  expect(taken(members(field))).toHaveProperty("flaw");
});

describe("a key of Ed25519", () => {
  const { x: text } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const x = part(text);

  test("is kept as its 32 bytes", () => {
    expect(taken([[1, OKP], [3, -8], [-1, 6], [-2, x]])).toEqual({ algorithm: -8, publicKey: text });
  });

  test.each<readonly [string, readonly (readonly [number, Cbor])[]]>([
    ["of X25519", [[1, OKP], [3, -8], [-1, 4], [-2, x]]],
    ["of Ed448", [[1, OKP], [3, -8], [-1, 7], [-2, x]]],
    ["of another type", [[1, EC2], [3, -8], [-1, 6], [-2, x]]],
    ["of 31 bytes", [[1, OKP], [3, -8], [-1, 6], [-2, x.subarray(1)]]],
    ["of 33 bytes", [[1, OKP], [3, -8], [-1, 6], [-2, Uint8Array.of(...x, 0)]]],
    ["of low order", [[1, OKP], [3, -8], [-1, 6], [-2, x.map((_, at) => at === 0 ? 1 : 0)]]],
    ["with its private part", [[1, OKP], [3, -8], [-1, 6], [-2, x], [-4, x]]],
  ])("%s is refused", (_, members) => {
    expect(taken(members)).toEqual({ flaw: expect.stringMatching(/^its key is no/) });
  });
});

describe("a key of RSA", () => {
  const modulus = (bits: number) => {
    const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xa5);
    bytes[0] = 1 << ((bits - 1) % 8);
    return bytes;
  };
  const exponent = Uint8Array.of(1, 0, 1);

  const readable = "Deno" in globalThis ? [] : [8192]; // to compare with: Deno reads none with more than 4096

  test.each([2048, 2056, 3072, 3482, 4096, ...readable])(
    "of %i bits is kept as SubjectPublicKeyInfo",
    (bits) => {
      const [n, e] = [modulus(bits), exponent].map((bytes) => Buffer.from(bytes).toString("base64url"));
      expect(taken([[1, RSA], [3, -257], [-1, modulus(bits)], [-2, exponent]])).toEqual({
        algorithm: -257,
        publicKey: spki({ kty: "RSA", n: n ?? "", e: e ?? "" }),
      });
    },
  );

  test.each<readonly [string, Uint8Array, Uint8Array]>([
    ["of 2047 bits", modulus(2047), exponent],
    ["of 1024 bits", modulus(1024), exponent],
    ["of 8200 bits", modulus(8200), exponent],
    ["of 2048 bits and a zero before them", Uint8Array.of(0, ...modulus(2048)), exponent],
    ["of nothing", new Uint8Array(), exponent],
    ["that is even", modulus(2048).with(255, 0xa4), exponent],
    ["to the power of 0", modulus(2048), Uint8Array.of(0)],
    ["to the power of 1", modulus(2048), Uint8Array.of(1)],
    ["to the power of 3", modulus(2048), Uint8Array.of(3)],
    ["to an even power", modulus(2048), Uint8Array.of(1, 0, 2)],
    ["to a power of many bytes", modulus(2048), Uint8Array.of(1, 0, 0, 0, 1)],
    ["to a power that is longer still", modulus(2048), modulus(2048)],
  ])("%s is refused", (_, n, e) => {
    expect(taken([[1, RSA], [3, -257], [-1, n], [-2, e]])).toEqual({
      flaw: expect.stringMatching(/^its (RSA )?key is/),
    });
  });

  test("of another type, or with its private part, is refused", () => {
    const members = [[3, -257], [-1, modulus(2048)], [-2, exponent]] as const;
    expect(taken([[1, EC2], ...members])).toHaveProperty("flaw");
    expect(taken([[1, RSA], ...members, [-3, modulus(2048)]])).toHaveProperty("flaw");
  });
});
