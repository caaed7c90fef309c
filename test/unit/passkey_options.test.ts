// The options of passkeys and key pairs: what browsers would refuse is refused at the start.
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import { AuthError } from "../../src/errors.ts";
import type { AuthOptions } from "../../src/options.ts";

const APP = `android:apk-key-hash:${"A".repeat(43)}`;
const ORIGIN_IS =
  'must be an exact origin like "https://app.example.com", or an app: "android:apk-key-hash:" with the base64url of its SHA-256';
const RP_ID_IS =
  'must be "app.example.com" or a parent of it with at least two labels: browsers make passkeys for no other';
const TOO_MANY = "must not name more than 5 domains: browsers look at no more";
const RP_NAME_IS = "must be 1 to 64 characters on one line";
const NAME_NEEDED =
  "needs a baseUrl with a name (http://localhost on this machine): browsers have no passkeys at an IP address";
const durationIs = (range: string, seen: unknown) =>
  `must be a duration like "15m" or a number of seconds, ${range}: it is ${JSON.stringify(seen)}`;

/** What is set → where it is wrong, and what would be right. */
type Case = readonly [set: object, ...issues: readonly (readonly [path: string, message: string])[]];

const passkey = (options: object) => ({ passkey: options });
const domains = (count: number, suffix = "com") =>
  Array.from({ length: count }, (_, n) => `https://example${n}.${suffix}`);

const CASES: Readonly<Record<string, readonly Case[]>> = {
  "a relying party": [
    [passkey({})],
    [passkey({ rpId: "app.example.com" })],
    [passkey({ rpId: "example.com" })],
    ...["com", "example.org", "a.app.example.com", "ple.com", "App.example.com", ".example.com", "", 5, null]
      .map(
        (rpId): Case => [passkey({ rpId }), ["passkey.rpId", RP_ID_IS]],
      ),
    [{ baseUrl: "https://me.github.io", ...passkey({ rpId: "github.io" }) }, [
      "passkey.rpId",
      RP_ID_IS.replace("app.example.com", "me.github.io"),
    ]],
    [{ baseUrl: "https://app.example.co.uk", ...passkey({ rpId: "example.co.uk" }) }],
    [{ baseUrl: "https://app.example.co.uk", ...passkey({ rpId: "co.uk" }) }, [
      "passkey.rpId",
      RP_ID_IS.replace("app.example.com", "app.example.co.uk"),
    ]],
    [passkey({ rpName: "Example & Söhne" })],
    ...["", " ", "a\nb", "x".repeat(65), 5].map((rpName): Case => [
      passkey({ rpName }),
      ["passkey.rpName", RP_NAME_IS],
    ]),
  ],
  "origins": [
    [passkey({ origins: [] })],
    [passkey({ origins: [APP, "https://app.example.com", "https://example.de"] })],
    ...[
      "nonsense",
      "example.de",
      "https://example.de/",
      "https://example.de/app",
      "https://EXAMPLE.de",
      "https://*.example.de",
      "http://example.de",
      "https://10.0.0.1",
      "https://[::1]",
      "http://127.0.0.1",
      "http://localhost:8080",
      "null",
      "",
      APP.slice(0, -1),
      `${APP}=`,
      5,
      null,
      undefined,
      Object.create(null),
    ].map((
      one,
    ): Case => [passkey({ origins: ["https://example.de", one] }), ["passkey.origins[1]", ORIGIN_IS]]),
    [passkey({ origins: "https://example.de" }), ["passkey.origins", "must be a list of origins"]],
    [passkey({ origins: domains(4) })],
    [passkey({ origins: [...domains(4), "https://www.example0.com", "https://example0.de", APP] })],
    [passkey({ origins: [...domains(4, "co.uk"), "https://www.example0.co.uk", "https://example.com.au"] })],
    ...[domains(5), domains(5, "co.uk"), domains(5, "github.io"), [...domains(4), "https://app.other.co.uk"]]
      .map(
        (origins): Case => [passkey({ origins }), ["passkey.origins", TOO_MANY]],
      ),
  ],
  "where browsers have no passkeys": [
    ...["https://10.0.0.1", "https://[2001:db8::1]", "http://127.0.0.1:3000", "http://[::1]:3000"].map(
      (baseUrl): Case => [{ baseUrl, passkey: true }, ["passkey", NAME_NEEDED]],
    ),
    [{ baseUrl: "http://localhost:3000", passkey: true }],
    [{ baseUrl: "http://localhost:3000", passkey: { origins: ["http://localhost:8080"] } }],
    [{ baseUrl: "http://app.localhost:3000", passkey: true }],
    [{ baseUrl: "http://192.168.0.2:3000", allowInsecureOrigin: true, passkey: true }], // which is warned of
    [{ baseUrl: "https://10.0.0.1", key: true }],
  ],
  "times and words": [
    [passkey({ ttl: "1m", userVerification: "preferred", requireDiscoverable: false })],
    [passkey({ ttl: 600 })],
    ...["soon", 59, "11m"].map((
      ttl,
    ): Case => [passkey({ ttl }), ["passkey.ttl", durationIs("1m to 10m", ttl)]]),
    [passkey({ userVerification: "discouraged" }), [
      "passkey.userVerification",
      'must be "required" or "preferred": it is "discouraged"',
    ]],
    [passkey({ requireDiscoverable: 1 }), ["passkey.requireDiscoverable", "must be true or false: it is 1"]],
    [passkey({ rpid: "example.com" }), [
      "passkey.rpid",
      "is not an option. There are: origins, requireDiscoverable, rpId, rpName, ttl, userVerification",
    ]],
    [{ key: { ttl: "30s" } }],
    ...[29, 601].map((ttl): Case => [{ key: { ttl } }, ["key.ttl", durationIs("30s to 10m", ttl)]]),
    [{ key: { purpose: "x" } }, ["key.purpose", "is not an option. There are: ttl"]],
  ],
};

/** What is told to be wrong. */
function issuesOf(set: object): readonly (readonly [string, string])[] {
  const secret = "bWFrZSBvbmUgd2l0aCBvcGVuc3NsIHJhbmQ=";
  const platform = { log: { warn() {} } };
  const options = { secret, baseUrl: "https://app.example.com", storage: memory(), platform, ...set };
  try {
    createAuth(options as AuthOptions); // what is no option is among them
    return [];
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== "config_invalid") throw error;
    return error.details?.issues?.map(({ path, message }) => [path, message] as const) ?? [];
  }
}

describe.each(Object.entries(CASES))("%s", (_, cases) => {
  test.each(cases)("%o", (set, ...issues) => expect(issuesOf(set)).toEqual(issues));
});
