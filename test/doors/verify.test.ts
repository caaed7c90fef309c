// What a verifier takes and refuses. The tokens that are hostile in themselves are in test/flows/tokens.test.ts.
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { base64url, utf8 } from "../../src/base/encoding.ts";
import { hmacUnder } from "../../src/base/hash.ts";
import { AuthError, type Claims, createVerifier, type VerifierOptions } from "../../src/doors/verify.ts";
import { publicKeys } from "../../src/protocol/jwks.ts";
import { ALGORITHMS } from "../../src/protocol/algorithms.ts";
import { outcome, shows } from "../suite/steps.ts";
import { issuer } from "./issuer.ts";

const PLAIN = { issuer: "https://app.example.com", audience: "https://api.example.com" } as const;

test("the claims of a right token are told, from a request, from headers and from text", async () => {
  const { token, url, verifier } = await issuer();
  const accessToken = await token();
  const { verify } = verifier();
  const { sub, sid, ...others } = decodeJwt(accessToken);
  const claims = { ...others, sub, sid, userId: sub, sessionId: sid };
  const headers = shows({ authorization: `Bearer ${accessToken}` });
  expect(await verify(accessToken)).toEqual(claims);
  expect(await verify(headers)).toEqual(claims);
  expect(await verify(new Request(url, { headers }))).toEqual(claims);
  expect(await verify(shows({ authorization: `bEARER \t ${accessToken}` }))).toEqual(claims);
});

test("without a token nobody is signed in, and a bad one is no reason to look elsewhere", async () => {
  const { token, verifier } = await issuer();
  const accessToken = await token();
  const { verify } = verifier();
  const shown = (headers: Readonly<Record<string, string>>) => outcome(verify(shows(headers)));
  expect(await shown({})).toBe("unauthenticated");
  expect(await shown({ cookie: `latchkey=${accessToken}` })).toBe("unauthenticated");
  expect(await shown({ authorization: `Basic ${accessToken}` })).toBe("unauthenticated");
  expect(await shown({ authorization: accessToken })).toBe("unauthenticated");
  expect(await shown({ authorization: "Bearer" })).toBe("token_invalid");
  expect(await shown({ authorization: `Bearer ${accessToken}, Bearer ${accessToken}` })).toBe(
    "token_invalid",
  );
  expect(await outcome(verify(""))).toBe("token_invalid");
  expect(await outcome(verify(`Bearer ${accessToken}`))).toBe("token_invalid");
});

test("a token expires to the second, or as much later as clocks may differ", async () => {
  const { clock, token, verifier } = await issuer();
  const accessToken = await token();
  const strict = verifier();
  const lenient = verifier({ clockTolerance: "30s" });
  const both = async () => [
    await outcome(strict.verify(accessToken)),
    await outcome(lenient.verify(accessToken)),
  ];
  await clock.turn(899.999);
  expect(await both()).toEqual(["fine", "fine"]);
  await clock.turn(0.001);
  expect(await both()).toEqual(["token_expired", "fine"]);
  await clock.turn(29.999);
  expect(await both()).toEqual(["token_expired", "fine"]);
  await clock.turn(0.001);
  expect(await both()).toEqual(["token_expired", "token_expired"]);
});

test("issuer and audience are compared exactly, and a token that is expired and not for us is invalid", async () => {
  const { clock, token, url, verifier } = await issuer();
  const accessToken = await token();
  const jwks = `${url}/auth/jwks`;
  const judged = (options: Partial<VerifierOptions>) =>
    outcome(verifier({ jwks, ...options }).verify(accessToken));
  expect(await judged({})).toBe("fine");
  expect(await judged({ audience: ["https://api.example.com", url] })).toBe("fine");
  for (const other of [`${url}/`, url.toUpperCase(), "https://api.example.com", url.slice(0, -1)]) {
    expect([other, await judged({ audience: other })]).toEqual([other, "token_invalid"]);
    expect([other, await judged({ issuer: other })]).toEqual([other, "token_invalid"]);
  }
  expect(await judged({ audience: [`${url}/`, "https://api.example.com"] })).toBe("token_invalid");
  await clock.turn("1h");
  expect(await judged({})).toBe("token_expired");
  expect(await judged({ audience: "https://api.example.com" })).toBe("token_invalid");
});

test("the issuer is the origin of the keys' address, where nothing else is said", async () => {
  const { clock, token, url } = await issuer();
  const { verify } = createVerifier({
    jwks: `${url}/auth/jwks`,
    audience: url,
    platform: { now: clock.now },
  });
  expect((await verify(await token())).iss).toBe(url);
});

test("a JWK Set of one's own, or a function that answers one, is as good as an address", async () => {
  const { asked, auth, token, verifier } = await issuer();
  const accessToken = await token();
  expect(await outcome(verifier({ jwks: auth.signingKeys.jwks }).verify(accessToken))).toBe("fine");
  expect(await outcome(verifier({ jwks: await auth.signingKeys.jwks() }).verify(accessToken))).toBe("fine");
  expect(await outcome(verifier({ jwks: { keys: [] } }).verify(accessToken))).toBe("token_invalid");
  const broken = () => {
    throw new Error("out of order");
  };
  expect(await outcome(verifier({ jwks: broken }).verify(accessToken))).toBe("keys_unavailable");
  expect(asked).toEqual([]);
});

// Which keys

test("a symmetric key in a JWK Set is no key, whatever it calls itself", async () => {
  const { auth, token, url, verifier } = await issuer();
  const { keys } = await auth.signingKeys.jwks();
  const secret = utf8("a-shared-secret-of-32-bytes-or-so");
  const k = base64url(secret);
  for (const alg of ["HS256", "EdDSA", "RS256", undefined]) {
    const { verify } = verifier({ jwks: { keys: [{ kty: "oct", k, kid: "shared", alg }, ...keys] } });
    for (const named of ["HS256", alg]) {
      const header = base64url(utf8(JSON.stringify({ alg: named, kid: "shared", typ: "at+jwt" })));
      const claims = base64url(utf8(JSON.stringify({ ...decodeJwt(await token()), iss: url, aud: url })));
      const forged = `${header}.${claims}.${base64url(hmacUnder(secret)(`${header}.${claims}`))}`;
      expect(await outcome(verify(forged))).toBe("token_invalid");
    }
    expect(await outcome(verify(await token()))).toBe("fine");
    const set = { keys: [{ kty: "oct", k, kid: "shared", alg }] };
    expect(await publicKeys(set, ALGORITHMS)).toEqual(new Map()); // whatever the options name
  }
});

/** What is wrong with the key → the members that say so. */
const MISFITS: Readonly<Record<string, object>> = {
  "no kid": { kid: undefined },
  "another kid": { kid: "a".repeat(26) },
  "a kid that is no text": { kid: 1 },
  "no alg": { alg: undefined },
  "the alg of another kind": { alg: "RS256" },
  "an alg that nobody knows": { alg: "none" },
  "a symmetric alg": { alg: "HS256" },
  "for encryption": { use: "enc" },
  "not for verifying": { key_ops: ["sign"] },
  "another kind": { kty: "RSA" },
  "another curve": { crv: "X25519" },
  "no curve": { crv: undefined },
  "no point": { x: undefined },
  "half a point": { x: "AAAA" },
};

test("a key that does not fit is left out, and those beside it serve", async () => {
  const { auth, token, verifier } = await issuer();
  const accessToken = await token();
  const { keys } = await auth.signingKeys.jwks();
  for (const [what, wrong] of Object.entries(MISFITS)) {
    const misfits = keys.map((key) => ({ ...key, ...wrong }));
    const judged = (all: readonly object[]) => outcome(verifier({ jwks: { keys: all } }).verify(accessToken));
    expect([what, await judged(misfits)]).toEqual([what, "token_invalid"]);
    const apart = misfits.map((key) => ({ ...key, ...("kid" in wrong ? {} : { kid: "misfit" }) }));
    expect([what, await judged([...apart, ...keys])]).toEqual([what, "fine"]);
  }
  const strange = verifier({ jwks: { keys: [null, 1, [], "key", ...keys] as never } });
  expect(await outcome(strange.verify(accessToken))).toBe("fine");
});

test("only the algorithms that were named are taken", async () => {
  const { token, verifier } = await issuer({ algorithm: "ES256" });
  const accessToken = await token();
  expect(await outcome(verifier({ algorithms: ["ES256"] }).verify(accessToken))).toBe("fine");
  expect(await outcome(verifier({ algorithms: ["EdDSA", "RS256"] }).verify(accessToken))).toBe(
    "token_invalid",
  );
});

test("an issuer that signs symmetrically publishes nothing, and nothing of it is taken", async () => {
  const { token, verifier } = await issuer({ algorithm: "HS256" });
  expect(await outcome(verifier().verify(await token()))).toBe("token_invalid");
});

// Sessions that ended

test("isRevoked refuses a session that has ended, and is asked of right tokens alone", async () => {
  const { clock, token, verifier } = await issuer();
  const seen: (readonly [string, Claims])[] = [];
  const ended = new Set<string>();
  const { verify } = verifier({
    isRevoked(sid, claims) {
      seen.push([sid, claims]);
      return ended.has(sid);
    },
  });
  const accessToken = await token();
  const claims = await verify(accessToken);
  expect(seen).toEqual([[claims.sessionId, claims]]);
  ended.add(claims.sessionId);
  expect(await outcome(verify(accessToken))).toBe("session_ended");
  expect(await outcome(verify(`${accessToken}x`))).toBe("token_invalid");
  await clock.turn("1h");
  expect(await outcome(verify(accessToken))).toBe("token_expired");
  expect(seen).toHaveLength(2);
});

test("an isRevoked that fails, or forgets to answer, lets nobody in and tells nobody why", async () => {
  const { token, verifier } = await issuer();
  const accessToken = await token();
  const answers = [() => Promise.reject(new Error("redis://secret")), () => undefined, () => "no"];
  for (const isRevoked of answers) {
    const error = await verifier({ isRevoked: isRevoked as never }).verify(accessToken).catch((e) => e);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: "internal",
      message: "Something went wrong here.",
      status: 500,
    });
    expect(error.cause).toBeInstanceOf(Error);
  }
});

// Options

const URL_WANTED = 'must be a URL like "https://app.example.com/auth/jwks"';
const HTTPS = "must be https:// outside this machine, or set allowInsecureOrigin: true";
const ORIGIN = 'must be an origin like "https://app.example.com", or jwks must say where the keys are had';
const KINDS =
  'must be a list of algorithms that have a public key, of "EdDSA", "ES256", "RS256", "RS384", "RS512"';
const SET = "must be a URL, a JWK Set like { keys: [] }, or a function that answers one";
const TEXTS = "must be a text that is not empty, or a list of such";

/** Options → what is wrong with them. */
const WRONG: readonly (readonly [object | undefined, Readonly<Record<string, string>>])[] = [
  [undefined, {
    issuer: "must be said, or jwks: whose tokens are taken, and where their keys are had",
    audience: TEXTS,
  }],
  [{ issuer: "app.example.com", audience: "" }, { issuer: ORIGIN, audience: TEXTS }],
  [{ issuer: "https://app.example.com/", audience: [] }, { issuer: ORIGIN, audience: TEXTS }],
  [{ issuer: "https://app.example.com/auth", audience: ["a", ""] }, { issuer: ORIGIN, audience: TEXTS }],
  [{ ...PLAIN, issuer: "http://app.example.com" }, { issuer: HTTPS }],
  [{ ...PLAIN, jwks: "http://app.example.com/auth/jwks" }, { jwks: HTTPS }],
  [{ ...PLAIN, jwks: "http://127.0.0.1.example.com/jwks" }, { jwks: HTTPS }],
  [{ ...PLAIN, jwks: "/auth/jwks" }, { jwks: URL_WANTED }],
  [{ ...PLAIN, jwks: "file:///etc/jwks" }, { jwks: URL_WANTED }],
  [{ ...PLAIN, jwks: "https://ada:pass@app.example.com/jwks" }, { jwks: URL_WANTED }],
  [{ ...PLAIN, jwks: { kty: "OKP" } }, { jwks: SET }],
  [{ ...PLAIN, jwks: null }, { jwks: SET }],
  [{ audience: "a", jwks: { keys: [] } }, {
    issuer: "must be said where jwks is no URL: it cannot be told from the keys",
  }],
  [{ ...PLAIN, issuer: 1, jwks: { keys: [] } }, { issuer: "must be a text that is not empty" }],
  [{ ...PLAIN, algorithms: ["HS256"] }, { algorithms: KINDS }],
  [{ ...PLAIN, algorithms: [] }, { algorithms: KINDS }],
  [{ ...PLAIN, algorithms: "EdDSA" }, { algorithms: KINDS }],
  [{ ...PLAIN, basePath: "auth/" }, {
    basePath: 'must be a path like "/auth": it begins with a slash and does not end with one',
  }],
  [{ ...PLAIN, isRevoked: [] }, { isRevoked: "must be a function (sid, claims) => boolean" }],
  [{
    ...PLAIN,
    clockTolerance: "10m",
    staleFor: "2d",
    deadline: 0,
    platform: { now: 1 },
    allowInsecureOrigin: 1,
  }, {
    allowInsecureOrigin: "must be true or false: it is 1",
    clockTolerance: 'must be a duration like "15m" or a number of seconds, 0s to 5m: it is "10m"',
    staleFor: 'must be a duration like "15m" or a number of seconds, 0s to 1d: it is "2d"',
    deadline: 'must be a duration like "15m" or a number of seconds, 1s to 30s: it is 0',
    "platform.now": "must be a function",
  }],
];

test("everything that is wrong with the options is said at once", () => {
  for (const [options, expected] of WRONG) {
    expect([options, issuesOf(() => createVerifier(options as VerifierOptions))]).toEqual([
      options,
      expected,
    ]);
  }
  const [stray = ""] = Object.values(
    issuesOf(() => createVerifier({ ...PLAIN, audiences: [] } as VerifierOptions)),
  );
  expect(stray).toContain("is not an option. There are: algorithms, allowInsecureOrigin, audience");
});

test("plain HTTP is for this machine, or for whoever asks for it", () => {
  const audience = "https://api.example.com";
  for (const host of ["localhost:3000", "app.localhost", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000"]) {
    expect(issuesOf(() => createVerifier({ issuer: `http://${host}`, audience }))).toEqual({});
  }
  const issuer = "http://app.example.com";
  expect(issuesOf(() => createVerifier({ issuer, audience, allowInsecureOrigin: true }))).toEqual({});
});

/** What is wrong, by path. */
function issuesOf(make: () => unknown): Readonly<Record<string, string>> {
  try {
    make();
    return {};
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "config_invalid") throw error;
    return Object.fromEntries((error.details?.issues ?? []).map(({ path, message }) => [path, message]));
  }
}
