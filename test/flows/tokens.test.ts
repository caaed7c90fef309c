import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from "jose";
import { createHmac } from "node:crypto";
import { expect } from "vitest";
import memory from "../../drivers/memory.ts";
import { base64url, fromBase64url, utf8 } from "../../src/base/encoding.ts";
import { hmacUnder } from "../../src/base/hash.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { createVerifier } from "../../src/doors/verify.ts";
import type { Grant } from "../../src/model.ts";
import type { Algorithm } from "../../src/protocol/algorithms.ts";
import { flow } from "../suite/flow.ts";
import { cookieOf, outcome, shows, signIn, watched } from "../suite/steps.ts";
import { BASE_URL, SECRET, type World } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const ID = /^[a-z2-7]{26}$/;
const TEXT = expect.stringMatching(/^[\w-]+$/);

/** Algorithm → what a published key has besides `kid`, `alg` and `use`. */
const ALGORITHMS: readonly (readonly [Algorithm, Readonly<Record<string, unknown>> | null])[] = [
  ["EdDSA", { kty: "OKP", crv: "Ed25519", x: TEXT }],
  ["ES256", { kty: "EC", crv: "P-256", x: TEXT, y: TEXT }],
  ["RS256", { kty: "RSA", n: TEXT, e: "AQAB" }],
  ["HS256", null],
];

/** The RSA keys that a flow made, for its runs on other stores: they take a second or two. */
const made = new Map<Algorithm, string>();

/** Signs in over keys of an algorithm: new ones in the first run. */
async function signInOver(world: World, algorithm: Algorithm): Promise<Awaited<ReturnType<typeof signIn>>> {
  await world.server().ready();
  const keys = made.get(algorithm);
  if (keys !== undefined) await world.driver().setItem("signing-keys", keys);
  const signedIn = await signIn(world, ADA, "bearer");
  if (algorithm === "RS256") made.set(algorithm, String((await world.contents()).get("signing-keys")));
  return signedIn;
}

function bearer(token: string | undefined): Headers {
  return shows({ authorization: `Bearer ${token}` });
}

for (const [algorithm, published] of ALGORITHMS) {
  flow(
    `an access token (${algorithm}) has the promised claims, signed by a key that is published unless it is symmetric`,
    async (world) => {
      const { client, grant } = await signInOver(world, algorithm);
      const signedInAt = world.now() / 1000;
      await world.turn(1);
      const token = await client.sessions.token();
      expect(token).toEqual({ tokenType: "Bearer", accessToken: expect.any(String), expiresIn: 900 });
      const { accessToken } = token;
      const header = { alg: algorithm, kid: expect.stringMatching(ID), typ: "at+jwt" };
      expect(decodeProtectedHeader(accessToken)).toEqual(header);
      const claims = {
        iss: BASE_URL,
        aud: BASE_URL,
        sub: grant.user.id,
        sid: grant.session.id,
        iat: signedInAt + 1,
        exp: signedInAt + 901,
        jti: expect.stringMatching(ID),
        amr: ["otp", "email"],
        auth_time: signedInAt,
        roles: [],
      };
      expect(decodeJwt(accessToken)).toEqual(claims);
      expect(await outcome(world.server(1).requireSession(bearer(accessToken)))).toBe("fine");

      const set = await world.person().wellKnown.jwks();
      const one = { kid: expect.stringMatching(ID), alg: algorithm, use: "sig", ...published };
      expect(set).toEqual({ keys: published === null ? [] : [one, one] }); // the one that signs, and one that stands by
      if (published === null) return;
      expect(set.keys[1]?.["kid"]).not.toBe(set.keys[0]?.["kid"]);
      const keys = createLocalJWKSet({ keys: set.keys.map((key) => ({ kty: "", ...key })) });
      const { payload } = await jwtVerify(accessToken, keys, { currentDate: new Date(world.now()) });
      expect(payload).toEqual(claims);
    },
    { options: { jwt: { algorithm } } },
  );
}

flow("issuer, audience and life of a token are what the options say", async (world) => {
  const jwt = { issuer: "https://issuer.example", audience: "https://api.example", ttl: "1m" } as const;
  const { id: userId } = await world.server().users.create({ email: ADA });
  const auth = world.another({ jwt });
  const { accessToken, expiresIn } = await auth.sessions.create({ userId, session: "bearer" });
  const { iss, aud, iat = 0, exp } = decodeJwt(accessToken ?? "");
  expect([iss, aud, exp, expiresIn]).toEqual([jwt.issuer, jwt.audience, iat + 60, 60]);
  expect(await outcome(auth.requireSession(bearer(accessToken)))).toBe("fine");
  // The same keys, and yet another issuer and audience: not ours.
  expect(await outcome(world.server().requireSession(bearer(accessToken)))).toBe("token_invalid");
});

flow("no two access tokens are the same", async (world) => {
  const { client } = await signIn(world, ADA);
  const tokens = await Promise.all(Array.from({ length: 8 }, () => client.sessions.token()));
  expect(new Set(tokens.map(({ accessToken }) => decodeJwt(accessToken).jti)).size).toBe(8);
});

// Keys

flow("servers that start at once on one store agree on the keys", async (world) => {
  const { id: userId } = await world.server(3).users.create({ email: ADA });
  const servers = [0, 1, 2].map((i) => world.server(i));
  const grants = await Promise.all(
    servers.map((auth) => auth.sessions.create({ userId, session: "bearer" })),
  );
  for (const auth of servers) {
    for (const { accessToken, session } of grants) {
      expect((await auth.requireSession(bearer(accessToken))).session.id).toBe(session.id);
    }
  }
  const sets = await Promise.all(servers.map((auth) => auth.signingKeys.jwks()));
  expect(sets[1]).toEqual(sets[0]);
  expect(sets[2]).toEqual(sets[0]);
  expect(sets[0]?.keys).toHaveLength(2);
}, { unhurried: true });

flow("tokens of the algorithm before stay right when it is changed", async (world) => {
  const { client, grant } = await signIn(world, ADA, "bearer");
  const changed = world.another({ jwt: { algorithm: "ES256" } });
  expect(await outcome(changed.requireSession(client.headers))).toBe("fine");
  const { id: userId } = grant.user;
  const { accessToken = "" } = await changed.sessions.create({ userId, session: "bearer" });
  expect(decodeProtectedHeader(accessToken).alg).toBe("ES256");
  expect((await changed.signingKeys.jwks()).keys.map(({ alg }) => alg)).toEqual([
    "EdDSA",
    "EdDSA",
    "ES256",
    "ES256",
  ]);
  await world.turn(1); // an unknown kid is looked up at most once a second
  expect(await outcome(world.server().requireSession(bearer(accessToken)))).toBe("fine");
});

const store = watched();
const reads = () => store.asked.filter((line) => line === "get signing-keys").length;

flow("the keys are read again after a minute, and for unknown kids at most once a second", async (world) => {
  const { client, grant } = await signIn(world, ADA, "bearer");
  const { requireSession } = world.server();
  const many = (headers: Headers) =>
    Promise.all(Array.from({ length: 20 }, () => outcome(requireSession(headers))));
  const [head = "", ...rest] = String(grant.accessToken).split(".");
  const header = { ...JSON.parse(atob(head)), kid: "a".repeat(26) };
  const unknown = bearer([base64url(utf8(JSON.stringify(header))), ...rest].join("."));
  store.asked.length = 0;
  expect(new Set(await many(unknown))).toEqual(new Set(["token_invalid"]));
  expect(reads()).toBe(0); // they were read within this second
  await world.turn(1);
  await many(unknown);
  await many(unknown);
  expect(reads()).toBe(1);
  await world.turn(59.999);
  await many(client.headers);
  expect(reads()).toBe(1);
  await world.turn(0.001);
  expect(new Set(await many(client.headers))).toEqual(new Set(["fine"]));
  expect(reads()).toBe(2);
}, { wrap: store.wrap });

// Hostile tokens

/** A key as it stands in the store, with its private part. */
interface Key {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly secret: JWK;
  readonly open: JWK | null;
}

interface Stored {
  readonly sealed: string;
  readonly public: JWK | null;
}

/** The keys of a store, opened as only a holder of the secret can: what a hostile token is made of must be right but for one thing. */
async function keysOf(world: World): Promise<readonly Key[]> {
  const { keys } = JSON.parse(String((await world.contents()).get("signing-keys")));
  const ring = keyring([SECRET], world.random);
  return await Promise.all(keys.map(async ({ kid, alg, sealed, public: open }: Key & Stored) => {
    const opened = await ring.open("signing-keys", sealed);
    return { kid, alg, open, secret: JSON.parse(opened.is === "open" ? opened.plain : "null") };
  }));
}

const SIGNING = {
  EdDSA: { name: "Ed25519" },
  ES256: { name: "ECDSA", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
} as const;
type Pair = keyof typeof SIGNING;

/** Signs any text, whatever it says of itself. */
async function signed(input: string, alg: Algorithm, jwk: JWK): Promise<string> {
  if (alg === "HS256") return `${input}.${base64url(hmacUnder(fromBase64url(jwk.k ?? "")!)(input))}`;
  const key = await importJWK(jwk, alg) as CryptoKey; // a JWK of these algorithms never comes out as bytes
  const bytes = await crypto.subtle.sign(SIGNING[alg as Pair], key, Uint8Array.from(utf8(input)));
  return `${input}.${base64url(new Uint8Array(bytes))}`;
}

function encoded(value: unknown): string {
  return base64url(utf8(typeof value === "string" ? value : JSON.stringify(value)));
}

/** What is wrong → the members that say so; `undefined` takes one away. */
type Table = readonly (readonly [string, Readonly<Record<string, unknown>>])[];

const HEADERS: Table = [
  ["typ is missing", { typ: undefined }],
  ["typ is JWT", { typ: "JWT" }],
  ["typ is spelled otherwise", { typ: "AT+JWT" }],
  ["typ in its long form", { typ: "application/at+jwt" }],
  ["alg is missing", { alg: undefined }],
  ["alg is none", { alg: "none" }],
  ["alg is nOnE", { alg: "nOnE" }],
  ["alg of another key", { alg: "PS256" }],
  ["alg is a list", { alg: ["EdDSA"] }],
  ["kid is missing", { kid: undefined }],
  ["kid is unknown", { kid: "a".repeat(26) }],
  ["kid is a path", { kid: "../../dev/null" }],
  ["kid is a number", { kid: 1 }],
  ["kid is __proto__", { kid: "__proto__" }],
  ["a jku", { jku: "https://evil.example/jwks" }],
  ["an x5u", { x5u: "https://evil.example/cert" }],
  ["an x5c", { x5c: ["MIIB"] }],
  ["an x5t", { x5t: "AAAA" }],
  ["a jwk", { jwk: { kty: "oct", k: "AAAA" } }],
  ["a crit that we know", { crit: ["exp"], exp: 1 }],
  ["a crit that nobody knows", { crit: ["x"], x: 1 }],
  ["an empty crit", { crit: [] }],
  ["an unencoded payload", { b64: false, crit: ["b64"] }],
  ["a cty", { cty: "JWT" }],
  ["a zip", { zip: "DEF" }],
];

const CLAIMS: Table = [
  ["exp is missing", { exp: undefined }],
  ["exp is a text", { exp: "99999999999" }],
  ["exp is null", { exp: null }],
  ["exp is true", { exp: true }],
  ["exp is a list", { exp: [99999999999] }],
  ["iat is missing", { iat: undefined }],
  ["iat is a text", { iat: "1" }],
  ["jti is missing", { jti: undefined }],
  ["iss is missing", { iss: undefined }],
  ["iss is another", { iss: "https://evil.example" }],
  ["iss with a slash", { iss: `${BASE_URL}/` }],
  ["iss is a list", { iss: [BASE_URL] }],
  ["aud is missing", { aud: undefined }],
  ["aud is another", { aud: "https://evil.example" }],
  ["aud is empty", { aud: [] }],
  ["aud is a list of others", { aud: ["https://evil.example", `${BASE_URL}/`] }],
  ["sub is missing", { sub: undefined }],
  ["sub is a number", { sub: 1 }],
  ["sid is missing", { sid: undefined }],
  ["sid is null", { sid: null }],
  ["aud is a list with ours", { aud: [BASE_URL] }],
  ["sub is a list", { sub: ["a"] }],
  ["amr is missing", { amr: undefined }],
  ["amr is a text", { amr: "otp" }],
  ["auth_time is a text", { auth_time: "1" }],
  ["roles is missing", { roles: undefined }],
  ["roles is a list of numbers", { roles: [1] }],
  ["nbf in the future", { nbf: 99999999999 }],
  ["nbf is a text", { nbf: "1" }],
  ["nbf is null", { nbf: null }],
];

/** The same bytes, written in a way that no encoder writes them. */
function spellings(part: string): readonly string[] {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(part.at(-1) ?? "");
  const loose = part.length % 4 === 0 ? [] : [part.slice(0, -1) + alphabet[last ^ 1]]; // bits that belong to no byte
  const middle = part.length >> 1;
  const broken = [" ", "\n", "\t", "=", "*"].map((text) => part.slice(0, middle) + text + part.slice(middle));
  return [`${part}=`, `${part}==`, ` ${part}`, `${part} `, `${part}A`, `${part}\0`, "", ...loose, ...broken];
}

/** Signed right, by the right key, but for the one thing that the name says. */
async function hostile(grant: Grant, [current, standby]: readonly Key[]): Promise<Map<string, string>> {
  if (current === undefined || standby === undefined) throw new Error("there are two keys");
  const { alg, kid, secret } = current;
  const header = { alg, kid, typ: "at+jwt" };
  const claims = decodeJwt(grant.accessToken ?? "");
  const input = (h: object, c: unknown) => `${encoded(h)}.${encoded(c)}`;
  const found = new Map<string, string>();
  for (const [name, wrong] of HEADERS) {
    found.set(name, await signed(input({ ...header, ...wrong }, claims), alg, secret));
  }
  for (const [name, wrong] of CLAIMS) {
    found.set(name, await signed(input(header, { ...claims, ...wrong }), alg, secret));
  }
  for (const [i, payload] of ["[]", "null", '"text"', "1", "{", "", '{"exp":1}x'].entries()) {
    found.set(`no claims ${i}`, await signed(input(header, payload), alg, secret));
  }
  const right = await signed(input(header, claims), alg, secret);
  const [h = "", c = "", s = ""] = right.split(".");
  found.set("none, without a signature", `${input({ ...header, alg: "none" }, claims)}.`);
  found.set("signed by the key that stands by", await signed(`${h}.${c}`, alg, standby.secret));
  const jwk = standby.open ?? standby.secret;
  found.set("its own key in it", await signed(input({ ...header, jwk }, claims), alg, standby.secret));
  for (const bits of alg === "HS256" ? [384, 512] : []) {
    const other = input({ ...header, alg: `HS${bits}` }, claims);
    const mac = createHmac(`sha${bits}`, fromBase64url(secret.k ?? "")!).update(other).digest();
    found.set(`the same key under HS${bits}`, `${other}.${base64url(mac)}`);
  }
  for (const [i, key] of (await confusing(current)).entries()) {
    const forged = input({ ...header, alg: "HS256" }, claims);
    found.set(`signed with what is public ${i}`, `${forged}.${base64url(hmacUnder(key)(forged))}`);
  }
  for (const [i, part] of spellings(h).entries()) {
    found.set(`header ${i}`, await signed(`${part}.${c}`, alg, secret));
  }
  for (const [i, part] of spellings(c).entries()) {
    found.set(`payload ${i}`, await signed(`${h}.${part}`, alg, secret));
  }
  for (const [i, part] of spellings(s).entries()) found.set(`signature ${i}`, `${h}.${c}.${part}`);
  const shapes = [
    `${right}.`,
    `${right}.x`,
    `.${right}`,
    `${h}.${c}`,
    h,
    "..",
    `${right},${right}`,
    `${right}#`,
  ];
  for (const [i, shape] of shapes.entries()) found.set(`shape ${i}`, shape);
  found.set("as JSON", JSON.stringify({ protected: h, payload: c, signature: s }));
  found.set("other claims", `${h}.${encoded({ ...claims, sub: "a".repeat(26) })}.${s}`);
  return found;
}

/** What of a public key somebody may take for a shared secret (RFC 8725 section 2.1). */
async function confusing({ open, alg }: Key): Promise<readonly Uint8Array[]> {
  if (open === null) return [];
  const key = await crypto.subtle.exportKey("spki", await importJWK(open, alg) as CryptoKey);
  const spki = new Uint8Array(key);
  const pem = `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...spki))}\n-----END PUBLIC KEY-----`;
  return [
    spki,
    utf8(pem),
    utf8(`${pem}\n`),
    utf8(JSON.stringify(open)),
    fromBase64url(open.x ?? open.n ?? "")!,
  ];
}

for (const [algorithm] of ALGORITHMS) {
  flow(`of hostile tokens (${algorithm}) every one is token_invalid`, async (world) => {
    const { grant } = await signInOver(world, algorithm);
    const { sessions, requireSession, signingKeys } = world.server();
    const { verify } = createVerifier({
      issuer: BASE_URL,
      audience: BASE_URL,
      jwks: signingKeys.jwks,
      platform: { now: world.now },
    });
    const keys = await keysOf(world);
    const tokens = await hostile(grant, keys);
    const [first] = keys;
    const again = await signed(
      String(grant.accessToken).split(".").slice(0, 2).join("."),
      algorithm,
      first?.secret ?? {},
    );
    expect((await sessions.verify({ token: again }))?.user.email).toBe(ADA); // made by us, it is right
    // Another service has no key of HS256: to it that one is as hostile as the rest.
    expect(await outcome(verify(again))).toBe(algorithm === "HS256" ? "token_invalid" : "fine");
    for (const [name, token] of tokens) {
      expect([name, await sessions.verify({ token })]).toEqual([name, null]);
      expect([name, await outcome(verify(token))]).toEqual([name, "token_invalid"]);
      if (token.trim() !== token || /\p{Cc}/u.test(token)) continue; // no header carries that
      expect([name, await outcome(requireSession(bearer(token)))]).toEqual([name, "token_invalid"]);
    }
  }, { options: { jwt: { algorithm } } });
}

flow("a token of another store is token_invalid, though the secret is the same", async (world) => {
  const elsewhere = world.another({ storage: memory({ now: world.now }) });
  const { id: userId } = await elsewhere.users.create({ email: ADA });
  const { accessToken } = await elsewhere.sessions.create({ userId, session: "bearer" });
  expect(await outcome(elsewhere.requireSession(bearer(accessToken)))).toBe("fine");
  await signIn(world, ADA, "bearer");
  expect(await outcome(world.server().requireSession(bearer(accessToken)))).toBe("token_invalid");
});

flow("a token past exp is token_expired, to the second", async (world) => {
  const { client } = await signIn(world, ADA, "bearer");
  const { requireSession } = world.server();
  await world.turn(899.999);
  expect(await outcome(requireSession(client.headers))).toBe("fine");
  await world.turn(0.001);
  expect(await outcome(requireSession(client.headers))).toBe("token_expired");
  expect(await outcome(client.sessions.list())).toBe("token_expired");
});

flow("a token past exp that is wrong besides is token_invalid", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const [head = "", claims = "", signature = ""] = String(grant.accessToken).split(".");
  await world.turn("1h");
  const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
  const token = `${head}.${claims}.${flipped}`;
  expect(await outcome(world.server().requireSession(bearer(token)))).toBe("token_invalid");
});

// Kinds

flow("a token of one kind is never taken for another", async (world) => {
  const { client, grant: cookie } = await signIn(world, ADA);
  const { grant } = await signIn(world, BOB, "bearer");
  const { requireSession } = world.server();
  const secret = cookieOf(client);
  const { accessToken = "", refreshToken = "" } = grant;
  const asCookie = (value: string) => outcome(requireSession(shows({ cookie: `latchkey-3000=${value}` })));
  const asBearer = (value: string) => outcome(requireSession(bearer(value)));
  const asRefresh = (value: string) =>
    outcome(world.person().sessions.refresh({ refreshToken: value.slice(0, 256) }));
  const mac = refreshToken.slice(-43);
  const bobs = `${grant.user.id}${grant.session.id}`;
  const adas = `${cookie.user.id}${cookie.session.id}`;

  expect(await asCookie(secret)).toBe("fine");
  expect(await asBearer(accessToken)).toBe("fine");
  for (const value of [accessToken, refreshToken, `lks_${bobs}${mac}`, `lkr_${adas}0.${secret.slice(-43)}`]) {
    expect([value, await asCookie(value)]).toEqual([value, "token_invalid"]);
  }
  for (const value of [secret, refreshToken, `lks_${bobs}${mac}`, grant.session.id, grant.user.id]) {
    expect([value, await asBearer(value)]).toEqual([value, "token_invalid"]);
  }
  for (
    const value of [
      secret,
      accessToken,
      `lkr_${adas}0.${secret.slice(-43)}`,
      `lkr_${bobs}0.${secret.slice(-43)}`,
    ]
  ) {
    expect([value, await asRefresh(value)]).toEqual([value, "token_invalid"]);
  }
  expect(await asRefresh(refreshToken)).toBe("fine");
});
