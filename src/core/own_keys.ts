import type { JWK } from "jose";
import { base64url, utf8 } from "../base/encoding.ts";
import { hmacUnder } from "../base/hash.ts";
import { AuthError } from "../errors.ts";
import type { JwtSettings } from "../options/jwt.ts";
import { algorithmOf, bareJwk, flawOf, type Pem, pemOf, thumbprint } from "../protocol/jwk.ts";
import type { JwtKey } from "../protocol/jws.ts";
import { signAccessToken, tokenCheck } from "../protocol/jwt.ts";
import { imported, PAIRS, type PublicKey } from "./key_material.ts";
import { published } from "./key_turns.ts";

/** Keys of the application's own, ready to be used. */
export interface OwnKeys {
  readonly signing: JwtKey;
  readonly verifying: readonly JwtKey[];
  readonly published: readonly PublicKey[];
}

type Given = JwtSettings["keys"][number];

/** Imports them. @throws {AuthError} `config_invalid` for one that is weak, or that cannot be read */
export async function importedKeys(given: readonly Given[]): Promise<OwnKeys> {
  const found = await Promise.allSettled(given.map(read));
  const keys: (Read & { readonly path: string })[] = [];
  const issues: { readonly path: string; readonly message: string }[] = [];
  found.forEach((one, i) => {
    const path = given[i]?.path ?? "";
    if (one.status === "rejected") {
      issues.push({ path, message: messageOf(one.reason) });
      return;
    }
    const twin = keys.find(({ kid }) => kid === one.value.kid);
    if (twin === undefined) keys.push({ ...one.value, path });
    else issues.push({ path, message: `must not be the same key as ${twin.path}` });
  });
  const [first] = keys;
  if (issues.length > 0 || first === undefined) throw new AuthError("config_invalid", { issues });
  return {
    signing: first.signing,
    verifying: keys.map(({ verifying }) => verifying),
    published: keys.flatMap((key) => key.published === null ? [] : [key.published]),
  };
}

interface Read {
  readonly kid: string;
  readonly signing: JwtKey;
  readonly verifying: JwtKey;
  readonly published: PublicKey | null;
}

/** Why a key cannot be used. */
class Flaw extends Error {}

function messageOf(reason: unknown): string {
  return reason instanceof Flaw ? reason.message : "cannot be read as a key of its kind";
}

async function read({ key, signs, wanted }: Given): Promise<Read> {
  const { alg, jwk, named } = typeof key === "string" ? await ofPem(key, wanted) : ofJwk(key, wanted);
  const flaw = flawOf(jwk, alg, signs);
  if (flaw !== null) throw new Flaw(flaw);
  if (signs && wanted !== undefined && alg !== wanted) {
    const remedy = `leave jwt.algorithm out, or put a key for ${wanted} first`;
    throw new Flaw(`signs by ${alg}, and jwt.algorithm is "${wanted}": ${remedy}`);
  }
  const symmetric = jwk.kty === "oct";
  const [whole, open] = [bareJwk(jwk, false), bareJwk(jwk, !symmetric)];
  const kid = named ?? (symmetric ? hidden(String(jwk.k)) : thumbprint(jwk));
  const [signing, verifying] = await Promise.all([
    imported({ kid, alg }, whole),
    imported({ kid, alg }, open),
  ]);
  if ((symmetric || jwk.d !== undefined) && !await fits(signing, verifying)) {
    throw new Flaw("is not one key: what it signs, its public part does not verify");
  }
  return { kid, signing, verifying, published: symmetric ? null : published(open, kid, alg) };
}

/** A key with what it signs by, and its id where it has one. */
interface Named {
  readonly alg: JwtKey["alg"];
  readonly jwk: JWK;
  readonly named: string | undefined;
}

function ofJwk(key: object, wanted: Given["wanted"]): Named {
  const jwk: JWK = key;
  const { kid: named } = jwk;
  if (named !== undefined && !(typeof named === "string" && /^[\x21-\x7e]{1,128}$/.test(named))) {
    throw new Flaw("must have a kid of 1 to 128 characters without spaces, or none");
  }
  return { jwk, named, alg: said(algorithmOf(jwk, wanted)).alg };
}

async function ofPem(text: string, wanted: Given["wanted"]): Promise<Named> {
  const { der, kty, isPrivate }: Pem = said(pemOf(text));
  const { alg } = said(algorithmOf({ kty }, wanted));
  const [format, usage] = isPrivate ? ["pkcs8", "sign"] as const : ["spki", "verify"] as const;
  const pair = PAIRS[alg];
  if (pair === undefined) throw new TypeError("a PEM holds no symmetric key");
  const key = await crypto.subtle.importKey(format, der, pair, true, [usage]);
  return { alg, jwk: await crypto.subtle.exportKey("jwk", key), named: undefined };
}

/** What was found, where nothing is wrong with it. */
function said<T extends object>(found: T | { readonly flaw: string }): T {
  if ("flaw" in found) throw new Flaw(found.flaw);
  return found;
}

/** The id of a secret: every process finds the same, and it tells nothing of the secret. */
function hidden(secret: string): string {
  return base64url(hmacUnder(utf8(secret))("kid")).slice(0, 22);
}

/** Whether one key verifies what the other one signs. */
async function fits(signing: JwtKey, verifying: JwtKey): Promise<boolean> {
  const [issuer, audience] = ["issuer", "audience"];
  const who = { iss: issuer, aud: audience, sub: "sub", sid: "sid", jti: "jti" };
  const token = await signAccessToken(
    { ...who, iat: 0, exp: 1, auth_time: 0, amr: [], roles: [] },
    signing,
  );
  const check = tokenCheck(() => Promise.resolve(verifying));
  return (await check(token, { issuer, audience, now: 0 })).is === "valid";
}
