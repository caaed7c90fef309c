// Keys of the application's own: what is taken, what is refused and why.
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from "jose";
import { createSecretKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import type { JwtOptions } from "../../src/options/jwt.ts";
import { AuthError } from "../../src/errors.ts";
import type { Driver } from "../../src/store/driver.ts";

const SECRET = "bWFrZSBvbmUgd2l0aCBvcGVuc3NsIHJhbmQ=";
const BASE = "https://app.example.com";

function auth(jwt: JwtOptions, storage: Driver = memory()) {
  return createAuth({ storage, secret: SECRET, baseUrl: BASE, jwt, platform: { log: QUIET } });
}

const QUIET = { warn: () => {} };

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const ED = generateKeyPairSync("ed25519");
const ED2 = generateKeyPairSync("ed25519");
const EC = generateKeyPairSync("ec", { namedCurve: "P-256" });
const P384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const WEAK = generateKeyPairSync("rsa", { modulusLength: 1024 });

const pem = ({ privateKey }: Pair) => String(privateKey.export({ type: "pkcs8", format: "pem" }));
const openPem = ({ publicKey }: Pair) => String(publicKey.export({ type: "spki", format: "pem" }));
const jwk = ({ privateKey }: Pair): JWK => privateKey.export({ format: "jwk" }) as JWK;
const openJwk = ({ publicKey }: Pair): JWK => publicKey.export({ format: "jwk" }) as JWK;
const oct = (bytes: number, fill?: number): JWK =>
  createSecretKey(
    fill === undefined ? crypto.getRandomValues(new Uint8Array(bytes)) : new Uint8Array(bytes).fill(fill),
  )
    .export({ format: "jwk" }) as JWK;

/** A token of a new session. */
async function token(made: ReturnType<typeof auth>): Promise<string> {
  const { id: userId } = await made.users.find({ email: "ada@example.com" }) ??
    await made.users.create({ email: "ada@example.com" });
  return String((await made.sessions.create({ userId, session: "bearer" })).accessToken);
}

const shown = (made: ReturnType<typeof auth>, accessToken: string) =>
  made.requireSession(new Headers({ authorization: `Bearer ${accessToken}` })).then(
    () => "fine",
    ({ code }) => code,
  );

describe("what signs", () => {
  /** What is given → the algorithm, and what is published of the first key. */
  const GOOD: readonly (readonly [name: string, jwt: JwtOptions, alg: string, published: object | null])[] = [
    ["an Ed25519 PEM", { keys: pem(ED) }, "EdDSA", { kty: "OKP", crv: "Ed25519", x: openJwk(ED).x }],
    ["a P-256 PEM", { keys: [pem(EC)] }, "ES256", {
      kty: "EC",
      crv: "P-256",
      x: openJwk(EC).x,
      y: openJwk(EC).y,
    }],
    ["an RSA PEM", { keys: pem(RSA) }, "RS256", { kty: "RSA", n: openJwk(RSA).n, e: "AQAB" }],
    ["an RSA PEM and an algorithm", { keys: pem(RSA), algorithm: "RS384" }, "RS384", {
      kty: "RSA",
      n: openJwk(RSA).n,
      e: "AQAB",
    }],
    ["an Ed25519 JWK", { keys: { ...jwk(ED), kid: "k-1" } }, "EdDSA", {
      kty: "OKP",
      crv: "Ed25519",
      x: openJwk(ED).x,
      kid: "k-1",
    }],
    ["an Ed25519 JWK with its newer name", { keys: { ...jwk(ED), alg: "Ed25519" } }, "EdDSA", {
      kty: "OKP",
      crv: "Ed25519",
      x: openJwk(ED).x,
    }],
    ["a P-256 JWK", { keys: { ...jwk(EC), use: "sig", key_ops: ["sign"] } }, "ES256", {
      kty: "EC",
      crv: "P-256",
      x: openJwk(EC).x,
      y: openJwk(EC).y,
    }],
    ["an RSA JWK", { keys: { ...jwk(RSA), alg: "RS512" } }, "RS512", {
      kty: "RSA",
      n: openJwk(RSA).n,
      e: "AQAB",
    }],
    ["a secret", { keys: oct(32) }, "HS256", null],
    ["a secret and an algorithm", { keys: oct(64), algorithm: "HS512" }, "HS512", null],
    ["a secret that says how", { keys: { ...oct(48), alg: "HS384" } }, "HS384", null],
  ];
  for (const [name, jwt, alg, published] of GOOD) {
    test(`${name}: tokens by ${alg}, right for whoever has the public part, and nothing of it is stored`, async () => {
      const storage = memory();
      const made = auth(jwt, storage);
      const accessToken = await token(made);
      const { kid } = decodeProtectedHeader(accessToken);
      expect(decodeProtectedHeader(accessToken)).toEqual({ alg, kid: expect.any(String), typ: "at+jwt" });
      expect(await shown(auth(jwt, storage), accessToken)).toBe("fine"); // another process finds the same id
      const { keys } = await made.signingKeys.jwks();
      expect(keys).toEqual(published === null ? [] : [{ kid, alg, use: "sig", ...published }]);
      expect(await storage.getItem("signing-keys")).toBe(null);
      if (published === null) return;
      const set = createLocalJWKSet({ keys: keys as unknown as JWK[] });
      expect((await jwtVerify(accessToken, set)).protectedHeader.kid).toBe(kid);
    });
  }

  test("the id is the thumbprint of RFC 7638, section 3.1", async () => {
    const n =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi" +
      "FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0z" +
      "gdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur" +
      "-kEgU8awapJzKnqDKgw";
    const made = auth({ keys: [pem(ED), { kty: "RSA", n, e: "AQAB", alg: "RS256" }] });
    const { keys } = await made.signingKeys.jwks();
    expect(keys[1]?.["kid"]).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  });
});

describe("what follows", () => {
  test("the first key signs, all verify, and public ones may follow", async () => {
    const storage = memory();
    const old = await token(auth({ keys: pem(ED) }, storage));
    const turned = auth({ keys: [pem(EC), openPem(ED), openJwk(ED2)] }, storage);
    expect(await shown(turned, old)).toBe("fine");
    const next = await token(turned);
    expect([decodeProtectedHeader(next).alg, await shown(turned, next)]).toEqual(["ES256", "fine"]);
    expect((await turned.signingKeys.jwks()).keys.map(({ alg }) => alg)).toEqual(["ES256", "EdDSA", "EdDSA"]);
    const dropped = auth({ keys: pem(EC) }, storage);
    expect([await shown(dropped, old), await shown(dropped, next)]).toEqual(["token_invalid", "fine"]);
  });

  test("what the store's keys signed stays right when there are keys of one's own", async () => {
    const storage = memory();
    const before = auth({}, storage);
    const old = await token(before);
    const made = auth({ keys: pem(EC) }, storage);
    expect([await shown(made, old), decodeProtectedHeader(await token(made)).alg]).toEqual(["fine", "ES256"]);
    expect((await made.signingKeys.jwks()).keys.map(({ alg }) => alg)).toEqual(["ES256", "EdDSA", "EdDSA"]);
  });

  test("keys of one's own are rotated by the options alone", async () => {
    const message =
      "are your own: put the next one second in the list, five minutes later first, and leave the old one " +
      "out when its tokens have expired";
    for (const revoke of [true, false]) {
      const error = await auth({ keys: pem(ED) }).signingKeys.rotate({ revoke }).catch((cause: unknown) =>
        cause
      );
      expect(error).toBeInstanceOf(AuthError);
      expect(error).toMatchObject({
        code: "config_invalid",
        details: { issues: [{ path: "jwt.keys", message }] },
      });
    }
  });
});

describe("what is refused", () => {
  const PRIVATE = "has no private part: the first key signs, and only further ones may be public";
  const PKCS8 = "must be PKCS #8 without a pass phrase: openssl pkcs8 -topk8 -nocrypt -in key.pem";
  const FORM = 'must be a JWK, or a PEM that begins with "-----BEGIN PRIVATE KEY-----"';
  const sec1 = String(EC.privateKey.export({ type: "sec1", format: "pem" }));
  const pkcs1 = String(RSA.privateKey.export({ type: "pkcs1", format: "pem" }));
  const locked = String(
    EC.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }),
  );
  const x25519 = generateKeyPairSync("x25519");
  const { d: _, ...noSecret } = jwk(RSA);
  const { q: __, ...incomplete } = jwk(RSA);

  /** What is given → where it is wrong, and what would be right. */
  const BAD: readonly (readonly [name: string, jwt: object, path: string, message: string])[] = [
    ["a text", { keys: "secret" }, "jwt.keys", FORM],
    [
      "a time to rotate",
      { keys: pem(ED), rotateAfter: "90d" },
      "jwt.rotateAfter",
      "must be left out beside jwt.keys: your own keys are not rotated for you",
    ],
    ["a number", { keys: [pem(ED), 5] }, "jwt.keys[1]", FORM],
    ["nothing in the list", { keys: [pem(ED), undefined] }, "jwt.keys[1]", FORM],
    ["an object that is no JWK", { keys: {} }, "jwt.keys", FORM],
    ["a KeyObject", { keys: ED.privateKey }, "jwt.keys", FORM],
    ["an empty list", { keys: [] }, "jwt.keys", "must hold at least one key, or be left out"],
    [
      "a kty that is none",
      { keys: { kty: "oKP" } },
      "jwt.keys",
      'must have the member kty: "OKP", "EC", "RSA" or "oct"',
    ],
    ["a SEC 1 PEM", { keys: sec1 }, "jwt.keys", PKCS8],
    ["a PKCS #1 PEM", { keys: [pkcs1] }, "jwt.keys[0]", PKCS8],
    ["a PEM under a pass phrase", { keys: [locked] }, "jwt.keys[0]", PKCS8],
    ["a public PEM that is to sign", { keys: [openPem(ED)] }, "jwt.keys[0]", PRIVATE],
    ["a public JWK that is to sign", { keys: openJwk(EC) }, "jwt.keys", PRIVATE],
    ["a PEM on another curve", { keys: pem(P384) }, "jwt.keys", "must be an Ed25519, P-256 or RSA key"],
    ["a PEM that does not sign", { keys: pem(x25519) }, "jwt.keys", "must be an Ed25519, P-256 or RSA key"],
    ["a broken PEM", { keys: pem(ED).replace("M", "*") }, "jwt.keys", FORM],
    [
      "a PEM that was cut",
      { keys: pem(RSA).replace(/\n[\w+/=]+\n-----END/, "\n-----END") },
      "jwt.keys",
      "cannot be read as a key of its kind",
    ],
    [
      "a JWK on another curve",
      { keys: jwk(P384) },
      "jwt.keys",
      "must be on the curve P-256 to sign by ES256",
    ],
    ["an X25519 JWK", { keys: jwk(x25519) }, "jwt.keys", "must be on the curve Ed25519 to sign by EdDSA"],
    [
      "a weak RSA PEM",
      { keys: [pem(ED), pem(WEAK)] },
      "jwt.keys[1]",
      "must have at least 2048 bits: it has 1024",
    ],
    ["a weak RSA JWK", { keys: [jwk(WEAK)] }, "jwt.keys[0]", "must have at least 2048 bits: it has 1024"],
    [
      "an RSA JWK that is half private",
      { keys: noSecret },
      "jwt.keys",
      "must have the member d in base64url",
    ],
    ["an RSA JWK without a prime", { keys: incomplete }, "jwt.keys", "must have the member q in base64url"],
    [
      "a JWK that is not base64url",
      { keys: { ...jwk(ED), x: "a+b/" } },
      "jwt.keys",
      "must have the member x in base64url",
    ],
    [
      "two halves of different keys",
      { keys: { ...jwk(EC), d: jwk(generateKeyPairSync("ec", { namedCurve: "P-256" })).d } },
      "jwt.keys",
      "?",
    ],
    [
      "a short secret",
      { keys: oct(31) },
      "jwt.keys",
      "must have at least 32 bytes to sign by HS256: it has 31",
    ],
    [
      "a secret shorter than its hash",
      { keys: oct(32), algorithm: "HS512" },
      "jwt.keys",
      "must have at least 64 bytes to sign by HS512: it has 32",
    ],
    [
      "a secret that is one byte",
      { keys: oct(32, 7) },
      "jwt.keys",
      "must not repeat a few bytes: draw them by a generator",
    ],
    ["a secret without k", { keys: { kty: "oct" } }, "jwt.keys", "must have the member k in base64url"],
    [
      "a key for encryption",
      { keys: { ...jwk(RSA), use: "enc" } },
      "jwt.keys",
      'is not for signatures: its member use must be "sig"',
    ],
    [
      "an alg of another kind",
      { keys: { ...jwk(ED), alg: "ES256" } },
      "jwt.keys",
      'may sign by "EdDSA": its alg is another',
    ],
    [
      "an alg that is not ours",
      { keys: { ...jwk(RSA), alg: "PS256" } },
      "jwt.keys",
      'may sign by "RS256" or "RS384" or "RS512": its alg is another',
    ],
    [
      "an alg that is none",
      { keys: { ...oct(32), alg: "none" } },
      "jwt.keys",
      'may sign by "HS256" or "HS384" or "HS512": its alg is another',
    ],
    [
      "a key that is not for jwt.algorithm",
      { keys: pem(ED), algorithm: "ES256" },
      "jwt.keys",
      'signs by EdDSA, and jwt.algorithm is "ES256": leave jwt.algorithm out, or put a key for ES256 first',
    ],
    [
      "the same key twice",
      { keys: [pem(ED), openJwk(ED)] },
      "jwt.keys[1]",
      "must not be the same key as jwt.keys[0]",
    ],
    [
      "two keys with one kid",
      { keys: [{ ...jwk(ED), kid: "a" }, { ...jwk(EC), kid: "a" }] },
      "jwt.keys[1]",
      "must not be the same key as jwt.keys[0]",
    ],
    [
      "a kid with a space",
      { keys: { ...jwk(ED), kid: "a b" } },
      "jwt.keys",
      "must have a kid of 1 to 128 characters without spaces, or none",
    ],
    [
      "a kid that is a number",
      { keys: { ...jwk(ED), kid: 1 } },
      "jwt.keys",
      "must have a kid of 1 to 128 characters without spaces, or none",
    ],
  ];
  for (const [name, jwt, path, message] of BAD) {
    test(`${name} is config_invalid, before anything is done`, async () => {
      const storage = memory();
      const error = await new Promise((resolve) => resolve(auth(jwt as JwtOptions, storage).ready())).then(
        () => "fine",
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(AuthError);
      const known = message === "?" ? expect.any(String) : message;
      expect(error).toMatchObject({
        code: "config_invalid",
        details: { issues: [{ path, message: known }] },
      });
    });
  }

  test("everything that is wrong is said at once, and no operation passes", async () => {
    const made = auth({ keys: [jwk(WEAK), pem(ED), openPem(P384)] });
    const issues = [
      { path: "jwt.keys[0]", message: "must have at least 2048 bits: it has 1024" },
      { path: "jwt.keys[2]", message: "must be an Ed25519, P-256 or RSA key" },
    ];
    for (
      const call of [
        () => made.ready(),
        () => made.signingKeys.jwks(),
        () => made.users.find({ email: "a@b.example" }),
      ]
    ) {
      await expect(call()).rejects.toMatchObject({ code: "config_invalid", details: { issues } });
    }
    const reply = await made.handler(new Request(`${BASE}/auth/jwks`));
    expect([reply.status, await reply.json()]).toEqual([500, {
      code: "config_invalid",
      message: "The configuration is not valid.",
      status: 500,
    }]);
  });
});
