// Signatures of tokens: what `node:crypto` does, and what jose does by WebCrypto, is the same.
import type { JWK } from "jose";
import { describe, expect, test } from "vitest";
import { base64url, fromBase64url } from "../../src/base/encoding.ts";
import { imported } from "../../src/core/key_material.ts";
import { makeKey } from "../../src/core/key_turns.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { machine } from "../../src/platform.ts";
import { type Algorithm, ALGORITHMS } from "../../src/protocol/algorithms.ts";
import { publicKeys } from "../../src/protocol/jwks.ts";
import { isSigned, type JwtKey, sign } from "../../src/protocol/jws.ts";
import { RUNTIME } from "../suite/runtime.ts";

const CLAIMS = { sub: "ada", name: "Ada Lovelace, née Byron \u{1f511}", lone: "\ud800", empty: "" };

interface Pair {
  readonly signing: JwtKey;
  readonly verifying: JwtKey;
  readonly secret: JWK;
}

/** A new key of an algorithm, ready on both sides. */
async function pair(alg: Algorithm): Promise<Pair> {
  const ring = keyring(["a-secret-of-32-characters-or-more"], machine.random);
  const made = await makeKey(alg, ring, machine);
  const opened = await ring.open("signing-keys", String(made.sealed));
  const secret: JWK = JSON.parse(opened.is === "open" ? opened.plain : "null");
  const signing = await imported(made, secret);
  return { secret, signing, verifying: await imported(made, made.public ?? secret) };
}

/** The same key without what is quicker. */
function slow({ kid, alg, key }: JwtKey): JwtKey {
  return { kid, alg, key };
}

async function right(token: string, key: JwtKey): Promise<boolean> {
  return await isSigned(token, fromBase64url(token.split(".")[2] ?? "")!, key);
}

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n; // of Ed25519's base point

/** The signature with the order of the base point added to S, which says the same to whoever does not look (RFC 8032 section 5.1.7). */
function another(signature: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(signature);
  let s = ORDER;
  for (let i = 0; i < 32; i++) s += BigInt(bytes[32 + i] ?? 0) << BigInt(8 * i);
  for (let i = 0; i < 32; i++) bytes[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
  return bytes;
}

/** Both numbers of a signature by a curve in DER, as no JWS has them (RFC 7518 section 3.4). */
function der(signature: Uint8Array): Uint8Array {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].flatMap((half) => {
    const bytes = [...half];
    while (bytes[0] === 0) bytes.shift();
    if ((bytes[0] ?? 0) > 127) bytes.unshift(0);
    return [2, bytes.length, ...bytes];
  });
  return Uint8Array.of(0x30, integers.length, ...integers);
}

/** What may be wrong with a signature. */
const WRONG: Readonly<Record<string, (signature: Uint8Array) => Uint8Array>> = {
  "its first bit": (signature) => signature.with(0, signature[0]! ^ 1),
  "its last bit": (signature) => signature.with(-1, signature.at(-1)! ^ 128),
  "a byte less": (signature) => signature.subarray(0, -1),
  "a byte more": (signature) => Uint8Array.of(...signature, 0),
  "a byte more before it": (signature) => Uint8Array.of(0, ...signature),
  "twice": (signature) => Uint8Array.of(...signature, ...signature),
  "half": (signature) => signature.subarray(0, signature.length / 2),
  "nothing": () => new Uint8Array(),
  "zeros": (signature) => new Uint8Array(signature.length),
  "ones": (signature) => new Uint8Array(signature.length).fill(255),
  "another spelling of it": (signature) =>
    signature.length === 64 ? another(signature) : signature.toReversed(),
  "DER": der,
};

for (const alg of ALGORITHMS) {
  describe(alg, () => {
    test("what one way signs both ways verify, and the texts are the same", async () => {
      const { signing, verifying } = await pair(alg);
      const tokens = [await sign(CLAIMS, signing), await sign(CLAIMS, slow(signing))];
      for (const token of tokens) {
        const [header = "", payload = ""] = token.split(".").map((part) =>
          new TextDecoder().decode(fromBase64url(part)!)
        );
        expect([header, payload]).toEqual([
          JSON.stringify({ alg, kid: signing.kid, typ: "at+jwt" }),
          JSON.stringify(CLAIMS),
        ]);
        expect([await right(token, verifying), await right(token, slow(verifying))]).toEqual([true, true]);
      }
    });

    test("a signature with anything wrong, and one of another key, is wrong both ways", async () => {
      const [{ signing, verifying }, other] = [await pair(alg), await pair(alg)];
      const token = await sign(CLAIMS, signing);
      const text = token.slice(0, token.lastIndexOf("."));
      const signature = fromBase64url(token.slice(text.length + 1))!;
      for (const [what, wrong] of Object.entries(WRONG)) {
        const shown = `${text}.${base64url(wrong(signature))}`;
        const judged = [await right(shown, verifying), await right(shown, slow(verifying))];
        expect([what, ...judged]).toEqual([what, false, false]);
      }
      expect([await right(token, other.verifying), await right(token, slow(other.verifying))]).toEqual([
        false,
        false,
      ]);
    });
  });
}

/** What is asked of `node:crypto`, by algorithm: of Deno's, what is quicker there. RSA signs beside the event loop. */
const QUICK: Readonly<Record<typeof RUNTIME, Readonly<Record<string, readonly string[]>>>> = {
  node: {
    EdDSA: ["sign", "verify"],
    ES256: ["sign", "verify"],
    RS256: ["verify"],
    HS256: ["sign", "verify"],
  },
  bun: { EdDSA: ["sign", "verify"], ES256: ["sign", "verify"], RS256: ["verify"], HS256: ["sign", "verify"] },
  deno: { EdDSA: ["sign", "verify"], ES256: [], RS256: [], HS256: ["sign", "verify"] },
};

test.each(Object.entries(QUICK[RUNTIME]))("what is quicker for %s is asked here", async (alg, expected) => {
  const { signing, verifying } = await pair(alg as Algorithm);
  const { sign } = signing.quick ?? {};
  const { verify } = verifying.quick ?? {};
  expect([sign && "sign", verify && "verify"].filter((one) => one !== undefined)).toEqual(expected);
});

const PART = base64url(new TextEncoder().encode('{"alg":"RS256"}'));

test("a published RSA key of less than 2048 bits verifies nothing", async () => {
  const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: Uint8Array.of(1, 0, 1) };
  const judged = await Promise.all([1024, 2048].map(async (modulusLength) => {
    const pair = await crypto.subtle.generateKey({ ...rsa, modulusLength }, true, ["sign", "verify"]);
    const { n, e } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const keys = [{ kty: "RSA", n, e, kid: "a-key", alg: "RS256" }];
    const key = (await publicKeys({ keys }, ALGORITHMS))?.get("a-key");
    const text = `${PART}.${PART}`;
    const bytes = await crypto.subtle.sign(rsa.name, pair.privateKey, new TextEncoder().encode(text));
    const signature = new Uint8Array(bytes);
    return key !== undefined && await isSigned(`${text}.${base64url(signature)}`, signature, key);
  }));
  expect(judged).toEqual([false, true]);
});

test("a private key that was published verifies nothing", async () => {
  const { secret, signing } = await pair("EdDSA");
  const { key_ops: _, ...members } = secret;
  const token = await sign(CLAIMS, signing);
  const judged = await Promise.all([members, { ...members, d: undefined }].map(async (jwk) => {
    const keys = [{ ...jwk, kid: "a-key", alg: "EdDSA" }];
    const key = (await publicKeys({ keys }, ALGORITHMS))?.get("a-key");
    return key !== undefined && await right(token, key);
  }));
  expect(judged).toEqual([false, true]);
});
