// What is remembered of a token that was right: that its key signed it, and what it says. Whether it still counts is asked each time.
import { describe, expect, test } from "vitest";
import { imported } from "../../src/core/key_material.ts";
import { base64url } from "../../src/base/encoding.ts";
import type { JwtKey } from "../../src/protocol/jws.ts";
import { type AllClaims, type Expected, signAccessToken, tokenCheck } from "../../src/protocol/jwt.ts";
import { type Change, plantedTokenCheck } from "../suite/planted.ts";

const WHO = { iss: "issuer", aud: "audience", sub: "ada", sid: "a-session", jti: "one", amr: ["otp"] };
const CLAIMS = { ...WHO, roles: ["admin"], iat: 0, auth_time: 0, exp: 100, nbf: 10, plan: { seats: [1, 2] } };
const EXPECTED: Expected = { issuer: "issuer", audience: "audience", now: 50_000 };

/** Both halves of a new key, all of one id. */
async function pair(): Promise<{ readonly signing: JwtKey; readonly verifying: JwtKey }> {
  const generated = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const { privateKey, publicKey } = generated as CryptoKeyPair;
  const name = { kid: "a-key", alg: "EdDSA" } as const;
  return {
    signing: await imported(name, await crypto.subtle.exportKey("jwk", privateKey)),
    verifying: await imported(name, await crypto.subtle.exportKey("jwk", publicKey)),
  };
}

const ours = await pair();
const another = await pair();
const token = await signAccessToken(CLAIMS, ours.signing);

/** A check that has seen the token, and has been told of other keys since. */
async function after(check: typeof tokenCheck, key: JwtKey | null = ours.verifying) {
  let found: JwtKey | null = ours.verifying;
  const verify = check(() => Promise.resolve(found));
  const first = await verify(token, EXPECTED);
  expect(first).toEqual({ is: "valid", claims: CLAIMS });
  found = key;
  return async (expected: Partial<Expected> = {}, shown = token) =>
    (await verify(shown, { ...EXPECTED, ...expected })).is;
}

/** The token with one bit of a part changed. */
function flipped(place: 0 | 1 | 2): string {
  const parts = token.split(".");
  const bytes = Uint8Array.from(
    atob((parts[place] ?? "").replaceAll("-", "+").replaceAll("_", "/")),
    (one) => one.charCodeAt(0),
  );
  bytes[12]! ^= 1;
  return parts.with(place, base64url(bytes)).join(".");
}

/** What has changed since the token was seen → what is said of it then. */
const CASES: Readonly<
  Record<string, readonly [(check: typeof tokenCheck) => Promise<unknown>, expected: unknown]>
> = {
  "nothing": [async (check) => await (await after(check))(), "valid"],
  "its key is there no more": [async (check) => await (await after(check, null))(), "invalid"],
  "another key has that id": [async (check) => await (await after(check, another.verifying))(), "invalid"],
  "the key has another algorithm": [
    async (check) => await (await after(check, { ...ours.verifying, alg: "ES256" }))(),
    "invalid",
  ],
  "the same key was read again": [
    async (check) => await (await after(check, { ...ours.verifying }))(),
    "valid",
  ],
  "time, to its last moment": [async (check) => await (await after(check))({ now: 99_999 }), "valid"],
  "time, by a moment more": [async (check) => await (await after(check))({ now: 100_000 }), "expired"],
  "the clock was put back before its time": [
    async (check) => await (await after(check))({ now: 9_999 }),
    "invalid",
  ],
  "another audience is wanted": [async (check) => await (await after(check))({ audience: "b" }), "invalid"],
  "one of several audiences is wanted": [
    async (check) => await (await after(check))({ audience: ["b", "audience"] }),
    "valid",
  ],
  "another issuer is wanted": [async (check) => await (await after(check))({ issuer: "b" }), "invalid"],
  "a bit of its header": [async (check) => await (await after(check))({}, flipped(0)), "invalid"],
  "a bit of its claims": [async (check) => await (await after(check))({}, flipped(1)), "invalid"],
  "a bit of its signature": [async (check) => await (await after(check))({}, flipped(2)), "invalid"],
  "the claims, by whoever got them": [(check) => changed(check), "nothing"],
};

/** Who tries to change what was told, and what is told then. */
async function changed(check: typeof tokenCheck): Promise<string> {
  const verify = check(() => Promise.resolve(ours.verifying));
  const told = async (): Promise<AllClaims> => {
    const verified = await verify(token, EXPECTED);
    if (verified.is !== "valid") throw new Error(verified.is);
    return verified.claims;
  };
  const claims = await told();
  const [roles, plan] = [claims.roles as string[], claims["plan"] as { seats: number[] }];
  const changes = [
    () => Object.assign(claims, { sub: "bob" }),
    () => roles.push("owner"),
    () => plan.seats.push(3),
  ];
  for (const change of changes) {
    try {
      change();
    } catch {
      // what is frozen says so
    }
  }
  return JSON.stringify(await told()) === JSON.stringify(CLAIMS) ? "nothing" : "something";
}

describe("of a token that was seen, when this has changed since", () => {
  test.each(Object.entries(CASES))("%s", async (_, [run, expected]) => {
    expect(await run(tokenCheck)).toBe(expected);
  });
});

test("a token that was right is remembered, and one that was not is not", async () => {
  const verify = tokenCheck(() => Promise.resolve(ours.verifying));
  const claims = async (expected: Expected) => {
    const verified = await verify(token, expected);
    return verified.is === "valid" ? verified.claims : null;
  };
  expect(await claims({ ...EXPECTED, now: 1_000_000 })).toBe(null);
  const first = await claims(EXPECTED);
  expect(await claims(EXPECTED)).toBe(first);
  expect(await tokenCheck(() => Promise.resolve(ours.verifying))(token, EXPECTED)).toEqual({
    is: "valid",
    claims: first,
  });
});

test("it is remembered anew when its key has been read again", async () => {
  let key = ours.verifying;
  const verify = tokenCheck(() => Promise.resolve(key));
  const claims = async () => {
    const verified = await verify(token, EXPECTED);
    return verified.is === "valid" ? verified.claims : null;
  };
  const first = await claims();
  key = { ...key };
  const second = await claims();
  expect([second === first, await claims() === second]).toEqual([false, true]);
});

const FILE = "src/protocol/jwt.ts";
const mistake = (from: string, to: string): readonly Change[] => [{ file: FILE, from, to }];

/** What could be forgotten → the change that forgets it, and the case that shows it. */
const MISTAKES: Readonly<Record<string, readonly [readonly Change[], keyof typeof CASES]>> = {
  "the key is not asked for": [
    mistake("&& await find(before.key.kid) === before.key;", ";"),
    "its key is there no more",
  ],
  "the key is asked for, and not compared": [
    mistake("await find(before.key.kid) === before.key", "await find(before.key.kid) !== null"),
    "another key has that id",
  ],
  "the ids of keys are compared": [
    mistake("=== before.key;", "!== null && before.key.kid === (await find(before.key.kid))?.kid;"),
    "another key has that id",
  ],
  "the time is looked at once": [
    mistake("if (signed.claims.exp <= ", "if (!stands && signed.claims.exp <= "),
    "time, by a moment more",
  ],
  "issuer and audience are looked at once": [
    mistake("!isMeant(signed.claims, expected)", "(!stands && !isMeant(signed.claims, expected))"),
    "another audience is wanted",
  ],
  "tokens are known by what was signed": [
    mistake("nameOf(token)", 'nameOf(token.slice(0, token.lastIndexOf(".")))'),
    "a bit of its signature",
  ],
  "claims can be changed": [mistake("frozen(claims)", "claims"), "the claims, by whoever got them"],
};

describe("a mistake is seen", () => {
  test.each(Object.entries(MISTAKES))("%s", async (_, [changes, name]) => {
    const [run, expected] = CASES[name]!;
    expect(await run(await plantedTokenCheck(changes))).not.toBe(expected);
  });
});
