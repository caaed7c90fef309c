// What is checked of a registration and of an assertion, one thing at a time (WebAuthn L3 sections 7.1 and 7.2).
import { describe, expect, test } from "vitest";
import { base64url, utf8 } from "../../src/base/encoding.ts";
import type { PasskeyAlgorithm } from "../../src/doors/testing.ts";
import { type Cbor, cbor } from "../../src/testing/cbor.ts";
import { assertion, FLAG, KEY, type Parts, registration, STORED } from "../suite/handmade.ts";
import { asserted, ASSERTION, PAGE, recorded, registered, REGISTRATION } from "../suite/passkeys.ts";

const { UP, UV, BE, BS, AT, ED } = FLAG;
const refusal = (why: string | RegExp) => ({ is: "refused", why: expect.stringMatching(why) });
const malformed = (member: string) => ({ is: "malformed", path: `credential.${member}` });

/** What a log may show of a text that steers terminals. */
const ESCAPED = /^[ -~]*"\\u001b\[2J\\u007f\\u009b\\u202e"[ -~]*$/;

/** Both ceremonies with the same parts, and what comes of them. */
async function both(parts: Parts, asked: object = {}) {
  return [
    await registered(registration(parts), asked),
    await asserted(assertion(parts), STORED, asked),
  ];
}

const ALGORITHMS: Readonly<Record<PasskeyAlgorithm, number>> = {
  ES256: -7,
  ES384: -35,
  ES512: -36,
  EdDSA: -8,
  RS256: -257,
};

describe.each(Object.entries(ALGORITHMS))("a passkey by %s", (name, algorithm) => {
  const aaguid = "01020304-0506-0708-090a-0b0c0d0e0f10";
  const traits = { algorithm: name as PasskeyAlgorithm, aaguid, transports: ["usb"] }; // as the table has them

  test.each(["none", "packed"] as const)(
    "is taken with attestation %s, and signs in",
    async (attestation) => {
      const { registration, assertion, stored } = await recorded({ ...traits, attestation });
      expect(await registered(registration)).toEqual({
        is: "valid",
        credential: {
          id: registration.id,
          publicKey: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
          algorithm,
          counter: 0,
          aaguid,
          backupEligible: true,
          backedUp: true,
          transports: ["usb"],
          userVerified: true,
        },
      });
      expect(await asserted(assertion, stored)).toEqual({
        is: "valid",
        counter: 0,
        backedUp: true,
        userVerified: true,
      });
      const others = Object.values(ALGORITHMS).filter((one) => one !== algorithm);
      expect(await registered(registration, { algorithms: others })).toEqual(refusal("was not asked for"));
    },
  );
});

test("what is put together by hand is right", async () => {
  expect(await both({})).toMatchObject([{ is: "valid" }, { is: "valid" }]);
});

describe("what a ceremony was for", () => {
  test.each<readonly [string, Parts, string | RegExp]>([
    ["another challenge", { client: { challenge: "YW5vdGhlcg" } }, "another challenge"],
    ["a challenge in a list", { client: { challenge: [ASSERTION.challenge] } }, "another challenge"],
    ["no challenge", { client: { challenge: undefined } }, "another challenge"],
    ["another origin", { client: { origin: "https://evil.example" } }, /origin is "https:\/\/evil.example"/],
    ["an origin below", { client: { origin: "https://x.app.example.com" } }, "its origin"],
    ["an origin with a slash", { client: { origin: `${PAGE.origin}/` } }, "its origin"],
    ["an origin with a port", { client: { origin: `${PAGE.origin}:443` } }, "its origin"],
    ["an origin in a list", { client: { origin: [PAGE.origin] } }, "its origin"],
    ["an origin by the yard", { client: { origin: "x".repeat(2000) } }, /^.{0,200}$/],
    ["an origin for terminals", { client: { origin: "\x1b[2J\x7f\x9b\u202e" } }, ESCAPED],
    ["a type for terminals", { client: { type: "\x1b[2J\x7f\x9b\u202e" } }, ESCAPED],
    ["a page for terminals around it", { client: { topOrigin: "\x1b[2J\x7f\x9b\u202e" } }, ESCAPED],
    ["no origin", { client: { origin: undefined } }, "its origin is undefined"],
    ["a payment", { client: { type: "payment.get" } }, /its type is "payment.get": it must be "webauthn/],
    ["no type", { client: { type: undefined } }, "its type"],
    ["a frame", { client: { crossOrigin: true } }, "frame"],
    ["a frame in words", { client: { crossOrigin: "true" } }, "frame"],
    ["a frame by null", { client: { crossOrigin: null } }, "frame"],
    ["a page around it", { client: { topOrigin: "https://evil.example" } }, '"https://evil.example"'],
    ["our page around it", { client: { crossOrigin: false, topOrigin: PAGE.origin } }, "frame"],
    ["another RP", { rpId: "example.org" }, "not made for example.com"],
    ["a host of the RP", { rpId: "app.example.com" }, "not made for example.com"],
    ["an RP in capitals", { rpId: "EXAMPLE.com" }, "not made for example.com"],
  ])("%s: refused", async (_, parts, why) => {
    expect(await both(parts)).toEqual([refusal(why), refusal(why)]);
  });

  test.each<readonly [string, object]>([
    ["members that nobody knows", {
      other_keys_can_be_added_here: "do not compare",
      androidPackageName: "a",
    }],
    ["a token binding", { tokenBinding: { status: "supported" } }],
    ["nothing about frames", { crossOrigin: undefined }],
  ])("%s: taken", async (_, client) => {
    expect(await both({ client })).toMatchObject([{ is: "valid" }, { is: "valid" }]);
  });

  test("an answer of the one kind is none of the other", async () => {
    const [registers, signsIn] = [{ type: "webauthn.get" }, { type: "webauthn.create" }];
    expect(await registered(registration({ client: registers }))).toEqual(
      refusal('must be "webauthn.create"'),
    );
    expect(await asserted(assertion({ client: signsIn }), STORED)).toEqual(refusal('must be "webauthn.get"'));
    expect(await asserted(registration(), STORED)).toMatchObject({ is: "malformed" });
    expect(await registered(assertion())).toMatchObject({ is: "malformed" });
  });

  test("no challenge is answered where none was kept", async () => {
    const client = { challenge: "" };
    expect(await both({ client }, { challenge: "" })).toEqual([refusal("challenge"), refusal("challenge")]);
  });

  test("an application has an origin like any page", async () => {
    const origin = "android:apk-key-hash:7d1bYJQ7qkNMB1VVLwPp4TJGcWYrZlc9Yq4kmrAWvBo";
    const client = { origin };
    expect(await both({ client })).toEqual([refusal("its origin"), refusal("its origin")]);
    expect(await both({ client }, { origins: [PAGE.origin, origin] })).toMatchObject([
      { is: "valid" },
      { is: "valid" },
    ]);
  });
});

describe("what the authenticator says", () => {
  test.each<readonly [string, number, string]>([
    ["nobody was there", UV | BE | BS, "nobody was present"],
    ["nothing at all", 0, "nobody was present"],
    ["the user was not verified", UP | BE | BS, "not verified"],
    ["it is backed up, and yet may not be", UP | UV | BS, "may not"],
  ])("%s: refused", async (_, flags, why) => {
    expect(await both({ flags })).toEqual([refusal(why), refusal(why)]);
  });

  test("a user who was not verified is told, where that is not required", async () => {
    const asked = { userVerification: "preferred" };
    expect(await both({ flags: UP | BE }, asked)).toMatchObject([
      { is: "valid", credential: { userVerified: false } },
      { is: "valid", userVerified: false },
    ]);
  });

  test("whether it may be backed up never changes; whether it is may", async () => {
    const synced = assertion({ flags: UP | UV | BE | BS });
    expect(await asserted(synced, { ...STORED, backupEligible: false })).toEqual(refusal("never does"));
    expect(await asserted(assertion({ flags: UP | UV }), STORED)).toEqual(refusal("never does"));
    expect(await asserted(assertion({ flags: UP | UV | BE }), STORED)).toMatchObject({ backedUp: false });
    expect(await asserted(synced, STORED)).toMatchObject({ is: "valid", backedUp: true });
    expect(await registered(registration({ flags: UP | UV | BE }))).toMatchObject({
      credential: { backupEligible: true, backedUp: false },
    });
  });

  test.each([
    [0, 0, "valid"],
    [0, 1, "valid"],
    [1, 2, "valid"],
    [2 ** 31 - 1, 2 ** 31, "valid"],
    [2 ** 32 - 2, 2 ** 32 - 1, "valid"],
    [1, 1, "cloned"],
    [2, 1, "cloned"],
    [1, 0, "cloned"],
    [2 ** 32 - 1, 2, "cloned"],
  ])("a counter that goes from %i to %i: %s", async (stored, counter, is) => {
    expect(await asserted(assertion({ counter }), { ...STORED, counter: stored })).toMatchObject({
      is,
      counter,
    });
    expect(await registered(registration({ counter }))).toMatchObject({ credential: { counter } });
  });

  test("a counter that is not signed says nothing of a clone", async () => {
    const told = assertion({ counter: 5 });
    const signature = assertion({ counter: 6 }).response.signature;
    const forged = { ...told, response: { ...told.response, signature } };
    expect(await asserted(forged, { ...STORED, counter: 9 })).toEqual(refusal("not signed"));
  });

  test("extensions are passed over, and must be there where they are announced", async () => {
    const more = cbor(new Map([["credProtect", 2]]));
    const flags = UP | UV | BE | ED;
    expect(await both({ flags, more })).toMatchObject([{ is: "valid" }, { is: "valid" }]);
  });

  test.each<readonly [string, Parts]>([
    ["extensions that are not there", { flags: UP | UV | BE | ED }],
    ["extensions that are no map", { flags: UP | UV | BE | ED, more: cbor(1) }],
    ["extensions that are cut short", { flags: UP | UV | BE | ED, more: Uint8Array.of(0xa1, 1) }],
    ["something behind the extensions", { flags: UP | UV | BE | ED, more: Uint8Array.of(0xa0, 0) }],
    ["extensions that are not announced", { more: cbor(new Map()) }],
    ["a byte too many", { more: Uint8Array.of(0) }],
  ])("%s: malformed", async (_, parts) => {
    expect(await registered(registration(parts))).toEqual(malformed("response.attestationObject"));
    expect(await asserted(assertion(parts), STORED)).toEqual(malformed("response.authenticatorData"));
  });

  test("a credential in an assertion is read to its end, and its key is not asked", async () => {
    const told = new Uint8Array([...new Uint8Array(16), 0, 1, 7, ...cbor(KEY)]);
    const flags = UP | UV | BE | AT;
    expect(await asserted(assertion({ flags, more: told }), STORED)).toMatchObject({ is: "valid" });
    const wrong = [told.subarray(0, -1), told.with(17, 0), told.with(16, 4), told.with(16, 255)];
    for (const more of wrong) {
      expect(await asserted(assertion({ flags, more }), STORED)).toEqual(
        malformed("response.authenticatorData"),
      );
    }
    const [empty, endless] = [[0, 0], [4, 0, ...new Uint8Array(1024)]].map((id) =>
      new Uint8Array([...new Uint8Array(16), ...id, ...cbor(KEY)])
    );
    expect(await asserted(assertion({ flags, more: empty ?? told }), STORED)).toMatchObject({
      is: "malformed",
    });
    expect(await asserted(assertion({ flags, more: endless ?? told }), STORED)).toMatchObject({
      is: "malformed",
    });
  });
});

describe("which credential it is", () => {
  const id = utf8("another-one");

  test("the browser and the authenticator name the same", async () => {
    const other = registration({ id });
    expect(await registered({ ...registration(), id: other.id, rawId: other.id })).toEqual(
      refusal("names another credential"),
    );
    expect(await registered({ ...registration(), id: other.id })).toEqual(malformed("rawId"));
    expect(await asserted({ ...assertion(), rawId: other.id }, STORED)).toEqual(malformed("rawId"));
  });

  test("an assertion counts for its own credential alone, and for its owner", async () => {
    expect(await asserted(assertion({ id }), STORED)).toEqual(refusal("another credential"));
    const by = (userHandle: string | null | undefined) => {
      const right = assertion();
      return asserted({ ...right, response: { ...right.response, userHandle } }, STORED);
    };
    expect(await by("c29tZWJvZHkgZWxzZQ")).toEqual(refusal("another user"));
    for (const none of [null, undefined, ""]) expect(await by(none)).toMatchObject({ is: "valid" });
  });

  test("an id has 1 to 1023 bytes", async () => {
    const longest = registration({ id: new Uint8Array(1023).fill(7) });
    expect(await registered(longest)).toMatchObject({ is: "valid", credential: { id: longest.id } });
    expect(await registered(registration({ id: new Uint8Array(1024) }))).toMatchObject({ is: "malformed" });
    expect(await registered(registration({ id: new Uint8Array() }))).toMatchObject({ is: "malformed" });
  });

  test("a key that is stored wrongly verifies nothing", async () => {
    for (const algorithm of [-8, -35, -257]) {
      expect(await asserted(assertion(), { ...STORED, algorithm })).toEqual(refusal("not signed"));
    }
    for (const algorithm of [-47, 0]) {
      expect(await asserted(assertion(), { ...STORED, algorithm })).toEqual(
        refusal(`its algorithm, ${algorithm}, is not taken`),
      );
    }
    for (const publicKey of ["", "AAAA", STORED.publicKey.slice(0, -4)]) {
      expect(await asserted(assertion(), { ...STORED, publicKey })).toEqual(refusal("not signed"));
    }
  });

  test("a registration without a credential is refused", async () => {
    const data = assertion().response.authenticatorData;
    const authData = new Uint8Array(Buffer.from(data, "base64url"));
    expect(await registered(registration({ object: { authData } }))).toEqual(refusal("brings no credential"));
  });

  test("what the browser says of discoverability counts where it is required", async () => {
    const telling = (rk?: boolean) => ({
      ...registration(),
      clientExtensionResults: { credProps: rk === undefined ? {} : { rk } },
    });
    const asked = { requireDiscoverable: false };
    expect(await registered(telling(false))).toEqual(refusal("without being told its id"));
    expect(await registered(telling(false), asked)).toMatchObject({ is: "valid" });
    expect(await registered(telling(true))).toMatchObject({ is: "valid" });
    expect(await registered(telling())).toMatchObject({ is: "valid" });
  });

  test("transports are kept as they are told, those that are known, once", async () => {
    const transports = ["usb", "hybrid", "telepathy", "usb", "", "internal"];
    const told = registration();
    const outcome = await registered({ ...told, response: { ...told.response, transports } });
    expect(outcome).toMatchObject({ credential: { transports: ["usb", "hybrid", "internal"] } });
  });
});

describe("attestation", () => {
  const signed = (members: Readonly<Record<string, Cbor>>): Parts => ({
    packed: (sig) => new Map(Object.entries({ alg: -7, sig, ...members })),
  });

  test.each<readonly [string, Parts]>([
    ["packed, signed by the key itself", signed({})],
    ["packed by certificates", signed({ sig: new Uint8Array(4), x5c: new Map() })],
    ["packed as it was once", signed({ sig: new Uint8Array(4), ecdaaKeyId: new Uint8Array(4) })],
    ["of a format that nobody knows", { object: { fmt: "homemade", attStmt: new Map([["sig", 1]]) } }],
    ["of a format named like something of JavaScript's", { object: { fmt: "__proto__" } }],
  ])("%s: taken", async (_, parts) => {
    expect(await registered(registration(parts))).toMatchObject({ is: "valid" });
  });

  test.each<readonly [string, Parts, string]>([
    ["none, and something", { object: { attStmt: new Map([["sig", 1]]) } }, '"none", and yet'],
    ["no map", { object: { attStmt: "none" } }, "no map"],
    ["no map, of a format that nobody knows", { object: { fmt: "homemade", attStmt: 1 } }, "no map"],
    ["packed without anything", { object: { fmt: "packed" } }, "another algorithm"],
    ["packed by another algorithm", signed({ alg: -8 }), "another algorithm"],
    ["packed without a signature", signed({ sig: "" }), "not signed by its key"],
    ["packed with another signature", signed({ sig: new Uint8Array(70) }), "not signed by its key"],
    ["packed, of other client data", { ...signed({}), object: { authData: new Uint8Array() } }, ""],
  ])("%s: refused", async (_, parts, why) => {
    const outcome = await registered(registration(parts));
    expect(outcome).toEqual(why === "" ? malformed("response.attestationObject") : refusal(why));
  });

  test.each<readonly [string, Cbor | Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["a text", cbor("none")],
    ["an empty map", cbor(new Map())],
    [
      "a map without a statement",
      cbor(new Map<string, Cbor>([["fmt", "none"], ["authData", new Uint8Array(99)]])),
    ],
    ["a map and something behind it", Uint8Array.of(...bytesOf(registration()), 0)],
    ["a map that is cut short", bytesOf(registration()).subarray(0, -1)],
    ["JSON", utf8('{"fmt":"none"}')],
  ])("%s for an attestation object: malformed", async (_, object) => {
    const right = registration();
    const attestationObject = base64url(object instanceof Uint8Array ? object : new Uint8Array());
    const outcome = await registered({ ...right, response: { ...right.response, attestationObject } });
    expect(outcome).toEqual(malformed("response.attestationObject"));
  });
});

function bytesOf({ response }: ReturnType<typeof registration>): Uint8Array {
  return new Uint8Array(Buffer.from(response.attestationObject, "base64url"));
}

describe("client data", () => {
  const { challenge } = REGISTRATION;
  const text = JSON.stringify({ type: "webauthn.create", challenge, origin: PAGE.origin });

  test.each<readonly [string, string | Uint8Array]>([
    ["white space", ` \r\n${text}\t`],
    ["a byte order mark", `\ufeff${text}`],
    ["escaped slashes", text.replaceAll("/", "\\/")],
  ])("with %s: taken", async (_, client) => {
    expect(await registered(registration({ client: utf8(String(client)) }))).toMatchObject({ is: "valid" });
  });

  test.each<readonly [string, string | Uint8Array]>([
    ["no JSON", "webauthn.create"],
    ["null", "null"],
    ["a list", `[${text}]`],
    ["a text", JSON.stringify(text)],
    ["something behind it", `${text}{}`],
    ["a member that stands twice", text.replace("{", '{"origin":"https://evil.example",')],
    ["lists in lists in lists", text.replace("{", `{"other":${"[".repeat(1000)}${"]".repeat(1000)},`)],
    ["more than anybody needs", text.replace("{", `{"other":"${"x".repeat(5000)}",`)],
    [
      "bytes that are not UTF-8",
      Uint8Array.of(...utf8(text.slice(0, -1)), 0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
    ],
    ["UTF-16", new Uint8Array(Buffer.from(text, "utf16le"))],
  ])("of %s: malformed", async (_, client) => {
    const bytes = typeof client === "string" ? utf8(client) : client;
    expect(await registered(registration({ client: bytes }))).toEqual(malformed("response.clientDataJSON"));
  });

  test("a prototype says nothing", async () => {
    const client = utf8(
      text.replace(`"challenge":"${challenge}"`, `"__proto__":{"challenge":"${challenge}"}`),
    );
    expect(await registered(registration({ client }))).toEqual(refusal("another challenge"));
  });
});
