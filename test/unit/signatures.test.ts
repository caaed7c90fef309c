// Signatures that others made, right and wrong: Wycheproof, by ECDSA on P-256 in DER, RSA and Ed25519. The folder is named by
// LATCHKEY_VECTORS.
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { base64url } from "../../src/base/encoding.ts";
import type { SignatureAlgorithm } from "../../src/protocol/signatures.ts";

interface Vector {
  readonly id: string;
  readonly encoding?: string;
  readonly publicKeyUncompressedHex?: string;
  readonly publicKeyHex?: string;
  readonly nHex?: string;
  readonly eHex?: string;
  readonly messageHex: string;
  readonly signatureHex: string;
  readonly verdict: "valid" | "invalid" | "either";
}

const bytes = (hex: string | undefined) => new Uint8Array(Buffer.from(hex ?? "", "hex"));
const part = (hex: string | undefined) => base64url(bytes(hex));

/** File → algorithm, and how its vectors give a key. */
const FILES: Readonly<Record<string, readonly [SignatureAlgorithm, (vector: Vector) => string]>> = {
  "ecdsa-p256-sha256.json": [-7, ({ publicKeyUncompressedHex: point = "" }) => {
    return spki({ kty: "EC", crv: "P-256", x: part(point.slice(2, 66)), y: part(point.slice(66)) });
  }],
  "rsa-pkcs1-2048-sha256.json": [-257, ({ nHex, eHex }) => {
    return spki({ kty: "RSA", n: part(nHex?.replace(/^00/, "")), e: part(eHex) });
  }],
  "ed25519.json": [-8, ({ publicKeyHex }) => part(publicKeyHex)],
};

function spki(key: JsonWebKey): string {
  return createPublicKey({ key: { ...key }, format: "jwk" }).export({ format: "der", type: "spki" })
    .toString("base64url");
}

const message = bytes("48656c6c6f");

interface Made {
  readonly key: string;
  readonly signature: Uint8Array;
}

/** A pair of keys for each algorithm, and another one. */
const pairs = new Map<string, Made>();

function made(algorithm: SignatureAlgorithm, which: "one" | "other" = "one"): Made {
  const known = pairs.get(`${algorithm} ${which}`) ?? signed(algorithm);
  pairs.set(`${algorithm} ${which}`, known);
  return known;
}

/** A new pair of keys, and a signature of the message. */
function signed(algorithm: SignatureAlgorithm): Made {
  const [{ publicKey, privateKey }, hash] = {
    [-7]: () => [generateKeyPairSync("ec", { namedCurve: "P-256" }), "sha256"] as const,
    [-8]: () => [generateKeyPairSync("ed25519"), null] as const,
    [-35]: () => [generateKeyPairSync("ec", { namedCurve: "P-384" }), "sha384"] as const,
    [-36]: () => [generateKeyPairSync("ec", { namedCurve: "P-521" }), "sha512"] as const,
    [-257]: () => [generateKeyPairSync("rsa", { modulusLength: 2048 }), "sha256"] as const,
  }[algorithm]();
  const der = publicKey.export({ format: "der", type: "spki" });
  const key = algorithm === -8 ? der.subarray(-32) : der;
  return { key: key.toString("base64url"), signature: new Uint8Array(sign(hash, message, privateKey)) };
}

const ALGORITHMS = [-7, -8, -35, -36, -257] as const;

/** A key of RSA with 5120 bits, which takes seconds to make, and its signature of the message. */
const LONG = {
  key: [
    "MIICojANBgkqhkiG9w0BAQEFAAOCAo8AMIICigKCAoEAud2Yrxbwx9erDHQbxw6T0qpbbXZTngmqAs2_9cTfPeohNTHtT_FX3y-5",
    "BEHEvuwTKNej4sZ3P3thNor360JCOjEGg2XQDeRVHG6ePqeMarKFVwQDTkuCsQH2T975-DpkkR96NByJLYUX_jyHc34-stBg7UDQ",
    "1_FnCPBDw8EfvpHBYznLfqvXeYOXo5Rw3yOVbA_In5unKzZY-wix128gGFZgaUPpktjToKX9jNM7O1m4obittXYvuIlltH1iXgt4",
    "ninqTGWTjKYel85tbY68652sLZ07yEYheRC8MXy74CtSUpADuZQ7-iMf5gWZElHGIky1BLgCIv8Y7AwmaLHbPuWER-Tx_fexZ4Yd",
    "e_PmPtxMlIB_y5ID5lIbV5FxHkMPjaHpLchUibSxBQGmwwaqj-bCa1zQGV0MSE7fqwFvQIlm5sLqlwmS1nXMT7AB-PX7Fsi_GPsC",
    "VSdTsR4m7qVowNYD1ef6zQg2mTSsdUbM2UUwagdCdyv1ETc9RtsrWzgemC6P8XHowQe1zZA1ed3j0AYLKqEztZ-CL7cB0nHYav52",
    "VthQm5Yczfb1efHM8WIXG_qRNUAx1-HzsNhb27hNC7vtB97knQG1qdIWQo5eTXEFIONahf1aQNfuADuq8xWAdfeJCQo5U8UMCxHZ",
    "xa3jrUkGkTDxVlKjFh7pJa6M6Z92gzGtxEbq85Yj1F1vFaKxdhxHZYj7g3BgNA5ebU8XoyBJD1NA4erPQG951sViBMNFxI9uqods",
    "rDsPS23H9g09xbp78xppLNPJG4itExG2TDKbddW3qJtgGTZMYytCHQJMXkKKLxc0-ndhp7DmYMQxiKZ7tLCVb3_F56tuknKEwwID",
    "AQAB",
  ].join(""),
  signature: [
    "JulbTheR-qo601X7VxOq5Yv1s5yjP88ffPAiPbchDf7QCq4YhzwcyWiUxhV0bMQkDnAb4RUFhFPU27o2Y1FT80trj3Wt6h1fwKIR",
    "fCRsmkffQETxs6RED7diT1DOqBDy3YJ9M_n4BNqa0v83tHvtvxVbO0Q-1pwG_NTWyHf2eHB-rEWDlTzvbVUwAH04xYYbikXJHzSW",
    "XzyvhMo6CXb4i47v5vk1IZUU0MmfsoO_SO2cTkYeRQDiCKoQC4XVtKjFdnuwy27eWK--IWmyjY71lQTOMzz4TLrTieX-Q6Gp_251",
    "lcLRXOLdKd5ybxu5GOshg3mO5E7mTn1wvEby-dH3EyzVol85xvnwuTkZc0K5eYrPATqgD7Budtg_yRR55kTkS9wUz_dntF8fC-US",
    "ghrXGtQkJSq8EocnKgPYe9hPZcoMhMHSxo6pXyaUyBqqjPsXfquo8maQDLP5QT8rSnIC2RvoKGF5oKh5ub6bS9sQjznypU8V15o5",
    "C6i8cz5iMbl0BOWAydj9eB-YDLmEwOmByAcHIrOKJoTq_kEKGWdYNjgwO-orY0B7xZVZ_sk1IZ9X8aEwW58QxrffqGQvnQQ4JUEH",
    "NiHa1wfWkODXq2_c2W7v1ePSeW1UXp__5QWu8T2hBohYfOg5wYx3MIyvgAjgHr5RF_gH9q12bEWgI5wKli59C2OnMP7E37tZSdYI",
    "Ynv-d8CvCc_AyQa8l8iU7JxTEmZDDh674PnJDHSlv_HEUC0Jz2NIerfU6t54HXhqhonTFsH1I_Od--dtbYIgJYOrbR6JgdehKQ4q",
    "iHsYlpyVsuaEM1RHzcb5Ye9YD305oiIAV3c1cAi6SbWlytILiKIT2Q",
  ].join(""),
};

const WAYS = [["as this runtime does it quickest", false], [
  "by WebCrypto, where there is nothing else",
  true,
]] as const;

describe.each(WAYS)("%s", (_, isAlone) => {
  let verify: typeof import("../../src/protocol/signatures.ts").verify;

  beforeAll(async () => {
    const asked = vi.spyOn(process, "getBuiltinModule");
    if (isAlone) asked.mockReturnValue(undefined);
    vi.resetModules();
    ({ verify } = await import("../../src/protocol/signatures.ts"));
    expect(asked).toHaveBeenCalledWith("node:crypto");
    vi.restoreAllMocks();
  });

  describe.each(Object.entries(FILES))("%s", (name, [algorithm, keyOf]) => {
    const file = join(process.env["LATCHKEY_VECTORS"] ?? "", name);
    const isThere = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);

    test.skipIf(!isThere)(
      `gets every verdict${isThere ? "" : " (skipped: it is not in LATCHKEY_VECTORS)"}`,
      async () => {
        const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(readFileSync(file, "utf8"));
        const judged = vectors.filter(({ verdict, encoding }) =>
          verdict !== "either" && encoding !== "ieee-p1363"
        );
        const wrong: string[] = [];
        for (const vector of judged) {
          const [message, signature] = [bytes(vector.messageHex), bytes(vector.signatureHex)];
          const right = await verify(algorithm, keyOf(vector), message, signature);
          if (right !== (vector.verdict === "valid")) wrong.push(vector.id);
        }
        console.log(`${name}: ${judged.length} of ${vectors.length} judged`);
        expect(wrong).toEqual([]);
      },
    );
  });

  test.each(ALGORITHMS)("a signature by %i is right for its message and key alone", async (algorithm) => {
    const { key, signature } = made(algorithm);
    expect(await verify(algorithm, key, message, signature)).toBe(true);
    expect(await verify(algorithm, key, bytes("48656c6c70"), signature)).toBe(false);
    expect(await verify(algorithm, made(algorithm, "other").key, message, signature)).toBe(false);
  });

  test.each(ALGORITHMS)("a signature by %i that is altered, cut or extended is wrong", async (algorithm) => {
    const { key, signature } = made(algorithm);
    const step = Math.ceil(signature.length / 16);
    const altered = Array.from(signature.filter((_, at) => at % step === 0), (_, at) => {
      return signature.with(at * step, (signature[at * step] ?? 0) ^ 1);
    });
    const spelled = [signature.subarray(1), signature.subarray(0, -1), Uint8Array.of(...signature, 0)];
    for (const wrong of [...altered, ...spelled, new Uint8Array(), new Uint8Array(100_000)]) {
      expect(await verify(algorithm, key, message, wrong)).toBe(false);
    }
  });

  test.each(ALGORITHMS)("nothing is right for what is no key of %i", async (algorithm) => {
    const { key, signature } = made(algorithm);
    for (const other of ["", "A", key.slice(0, -4), made(algorithm === -7 ? -35 : -7).key]) {
      expect(await verify(algorithm, other, message, signature)).toBe(false);
    }
  });

  test.each(ALGORITHMS)("a key and its signature are right by no algorithm but %i", async (algorithm) => {
    const { key, signature } = made(algorithm);
    for (const other of ALGORITHMS.filter((one) => one !== algorithm)) {
      expect(await verify(other, key, message, signature)).toBe(false);
    }
  });

  test("a key of RSA with 5120 bits is as good as a short one", async () => {
    const signature = new Uint8Array(Buffer.from(LONG.signature, "base64url"));
    expect(await verify(-257, LONG.key, message, signature)).toBe(true);
    expect(await verify(-257, LONG.key, message, signature.with(9, (signature[9] ?? 0) ^ 1))).toBe(false);
    expect(await verify(-257, LONG.key, message, Uint8Array.of(0, ...signature))).toBe(false);
  });

  test("an ECDSA signature has one spelling", async () => {
    const { key, signature } = made(-36);
    const told = (...der: number[]) => verify(-36, key, message, Uint8Array.from(der));
    const [, , length = 0, ...numbers] = signature;
    expect(await told(0x30, 0x81, length, ...numbers)).toBe(true);
    expect(await told(0x30, 0x82, 0, length, ...numbers)).toBe(false);
    expect(await told(0x30, 0x80, ...numbers, 0, 0)).toBe(false);
    expect(await told(0x30, 0x85, length, ...numbers)).toBe(false);
    expect(await told(0x31, 0x81, length, ...numbers)).toBe(false);
    const [, size = 0, ...rest] = numbers;
    expect(await told(0x30, 0x81, length + 1, 2, size + 1, 0, ...rest)).toBe(false);
    expect(await told(0x30, 0x81, length + 2, ...numbers, 5, 0)).toBe(false);
    expect(await told(0x30, 0x81, length - 1, ...numbers)).toBe(false);
  });
});
