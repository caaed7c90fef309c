import { utf8 } from "../base/encoding.ts";
import type { Settings } from "../options.ts";

/** What the library says itself (RFC 7519 section 4.1, RFC 9068 section 2.2, RFC 7800 section 3.1): nobody else may. */
const RESERVED: ReadonlySet<string> = new Set(
  "iss aud sub sid iat exp nbf jti amr auth_time roles client_id cnf".split(" "),
);

const LARGEST = 4096; // bytes of JSON: tokens travel in headers

type ClaimsOf = NonNullable<Settings["jwt"]["claims"]>;

/** What the application adds to a token: exactly what its JSON says. @throws whatever is wrong with it, and there is no token */
export async function addedClaims(
  claimsOf: ClaimsOf,
  [user, session]: Readonly<Parameters<ClaimsOf>>,
): Promise<Readonly<Record<string, unknown>>> {
  const text: unknown = JSON.stringify(await claimsOf(user, session));
  const claims: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
  if (typeof text !== "string" || typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new TypeError("jwt.claims must answer an object of claims");
  }
  const taken = Object.keys(claims).find((name) => RESERVED.has(name));
  if (taken !== undefined) {
    throw new TypeError(`jwt.claims must not name the claim ${taken}: it is always there`);
  }
  const { length } = utf8(text);
  if (length > LARGEST) {
    throw new TypeError(`jwt.claims must answer at most ${LARGEST} bytes of JSON: these are ${length}`);
  }
  return claims as Readonly<Record<string, unknown>>; // looked at above
}
