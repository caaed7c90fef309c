// The software authenticator, as another project's server reads it, and as pages of a browser know it.
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { describe, expect, test } from "vitest";
import {
  authenticator,
  type AuthenticatorOptions,
  chance,
  type CreationOptions,
  type PasskeyAlgorithm,
  type RequestOptions,
} from "../../src/doors/testing.ts";

const PAGE = { origin: "https://app.example.com" };
const ALGORITHMS: Readonly<Record<PasskeyAlgorithm, number>> = {
  ES256: -7,
  ES384: -35,
  ES512: -36,
  EdDSA: -8,
  RS256: -257,
};
const CREATION: CreationOptions = {
  rp: { id: "example.com", name: "Example" },
  user: { id: "dXNlcg", name: "ada@example.com", displayName: "Ada" },
  challenge: "Y2hhbGxlbmdl",
  pubKeyCredParams: Object.values(ALGORITHMS).map((alg) => ({ type: "public-key", alg })),
  authenticatorSelection: { residentKey: "required", userVerification: "required" },
  extensions: { credProps: true },
};
const REQUEST: RequestOptions = {
  challenge: "YW5vdGhlcg",
  rpId: "example.com",
  userVerification: "required",
};

/** A user with another handle. */
function of(id: string, options = CREATION): CreationOptions {
  return { ...options, user: { ...options.user, id } };
}

/** Creation options with another selection. */
function selecting(authenticatorSelection: CreationOptions["authenticatorSelection"]): CreationOptions {
  return { ...CREATION, authenticatorSelection };
}

describe("another project's server", () => {
  const cases = (Object.keys(ALGORITHMS) as PasskeyAlgorithm[]).flatMap((algorithm) =>
    (["none", "packed"] as const).map((attestation) => ({ algorithm, attestation }))
  );

  test.for(cases)("verifies what $algorithm signs, with attestation $attestation", async (traits) => {
    const aaguid = "01020304-0506-0708-090a-0b0c0d0e0f10";
    const device = authenticator({ ...traits, aaguid, counts: true, transports: ["usb"] });
    const response = await device.create(CREATION, PAGE);
    const { registrationInfo, verified } = await verifyRegistrationResponse({
      response: sent(response),
      expectedChallenge: CREATION.challenge,
      expectedOrigin: PAGE.origin,
      expectedRPID: "example.com",
      supportedAlgorithmIDs: Object.values(ALGORITHMS),
    });
    expect({ verified, ...registrationInfo }).toMatchObject({
      verified: true,
      fmt: traits.attestation,
      aaguid,
      userVerified: true,
      credentialDeviceType: "multiDevice",
      credentialBackedUp: true,
      credential: { id: response.id, counter: 1, transports: ["usb"] },
    });
    for (const counter of [2, 3]) {
      const { authenticationInfo, verified } = await verifyAuthenticationResponse({
        response: sent(await device.get(REQUEST, PAGE)),
        expectedChallenge: REQUEST.challenge,
        expectedOrigin: PAGE.origin,
        expectedRPID: "example.com",
        credential: { ...registrationInfo!.credential, counter: counter - 1 },
      });
      expect(verified).toBe(true);
      expect(authenticationInfo).toMatchObject({ newCounter: counter, userVerified: true });
    }
  });

  test("reads the flags that the authenticator was told", async () => {
    const device = authenticator({ userVerified: false, backupEligible: false });
    const { registrationInfo } = await verifyRegistrationResponse({
      response: sent(await device.create(selecting({}), PAGE)),
      expectedChallenge: CREATION.challenge,
      expectedOrigin: PAGE.origin,
      requireUserVerification: false,
    });
    expect(registrationInfo).toMatchObject({
      userVerified: false,
      credentialDeviceType: "singleDevice",
      credentialBackedUp: false,
    });
  });
});

test("what a page gets has the members that toJSON gives, and the public key beside the attested one", async () => {
  const device = authenticator();
  const registration = await device.create(CREATION, PAGE);
  expect(registration).toEqual({
    id: expect.stringMatching(/^[\w-]{43}$/),
    rawId: registration.id,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: { credProps: { rk: true } },
    response: {
      clientDataJSON: expect.any(String),
      attestationObject: expect.any(String),
      authenticatorData: expect.any(String),
      transports: ["internal", "hybrid"],
      publicKey: expect.any(String),
      publicKeyAlgorithm: -7,
    },
  });
  const { response } = registration;
  expect(bytes(response.attestationObject).subarray(-164)).toEqual(bytes(response.authenticatorData!));
  const spki = await crypto.subtle.importKey(
    "spki",
    bytes(response.publicKey!),
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["verify"],
  );
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", spki));
  const data = bytes(response.authenticatorData!);
  expect([...data.subarray(-67, -35), ...data.subarray(-32)]).toEqual([...point.subarray(1)]);
  const assertion = await device.get(REQUEST, PAGE);
  expect(assertion).toEqual({
    id: registration.id,
    rawId: registration.id,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: {},
    response: {
      clientDataJSON: expect.any(String),
      authenticatorData: expect.any(String),
      signature: expect.any(String),
      userHandle: CREATION.user.id,
    },
  });
  expect(sent([registration, assertion])).toEqual([registration, assertion]);
});

const CLIENTS = [
  [PAGE, { origin: PAGE.origin, crossOrigin: false }],
  [{ ...PAGE, topOrigin: "https://evil.example" }, {
    origin: PAGE.origin,
    crossOrigin: true,
    topOrigin: "https://evil.example",
  }],
  [{ origin: "android:apk-key-hash:AAAA" }, { origin: "android:apk-key-hash:AAAA", crossOrigin: false }],
] as const;

test.for(CLIENTS)("the browser vouches for the page %o", async ([page, told]) => {
  const device = authenticator();
  const made = await device.create(CREATION, page);
  const used = await device.get(REQUEST, page);
  expect(JSON.parse(text(made.response.clientDataJSON))).toEqual({
    type: "webauthn.create",
    challenge: CREATION.challenge,
    ...told,
  });
  expect(JSON.parse(text(used.response.clientDataJSON))).toEqual({
    type: "webauthn.get",
    challenge: REQUEST.challenge,
    ...told,
  });
});

const FITTING: readonly (readonly [rpId: string | undefined, origin: string, fits: boolean])[] = [
  [undefined, "https://app.example.com", true],
  ["app.example.com", "https://app.example.com:8443", true],
  ["example.com", "https://a.b.example.com", true],
  ["localhost", "http://localhost:3000", true],
  [undefined, "http://app.localhost:3000", true],
  ["com", "https://app.example.com", false],
  ["localhost", "http://app.localhost:3000", false],
  ["app.example.com", "https://example.com", false],
  ["ample.com", "https://example.com", false],
  ["other.example.com", "https://app.example.com", false],
  [undefined, "http://app.example.com", false],
  [undefined, "https://192.0.2.1", false],
  ["127.0.0.1", "http://127.0.0.1:3000", false],
  [undefined, "http://[::1]:3000", false],
  [undefined, "https://app.example.com/page", false],
  [undefined, "android:apk-key-hash:AAAA", false],
];

test.for(FITTING)("whether the RP ID %s is for pages of %s: %s", async ([rpId, origin, fits]) => {
  const device = authenticator();
  const { id: _, ...rp } = CREATION.rp;
  const options = { ...CREATION, rp: rpId === undefined ? rp : { ...rp, id: rpId } };
  const { rpId: __, ...request } = REQUEST;
  const outcomes = [
    await nameOf(device.create(options, { origin })),
    await nameOf(device.get(rpId === undefined ? request : { ...request, rpId }, { origin })),
  ];
  expect(outcomes).toEqual(fits ? ["none", "none"] : ["SecurityError", "SecurityError"]);
});

test("a site tells which other origins may use its RP ID", async () => {
  const asked: string[] = [];
  const site = (origins: unknown, type = "application/json") => (request: Request) => {
    asked.push(request.url);
    return new Response(JSON.stringify({ origins }), { headers: { "content-type": type } });
  };
  const from = (answer: (request: Request) => Response) =>
    nameOf(authenticator().create(CREATION, { origin: "https://example.de", site: answer }));
  expect([
    await from(site(["https://example.de"])),
    await from(site(["https://example.de/"])),
    await from(site("https://example.de")),
    await from(site(["https://example.de"], "text/html")),
    await from(() => Response.json({ origins: ["https://example.de"] }, { status: 404 })),
  ]).toEqual(["none", "SecurityError", "SecurityError", "SecurityError", "SecurityError"]);
  expect(asked[0]).toBe("https://example.com/.well-known/webauthn");
});

const REFUSED: readonly (readonly [why: string, AuthenticatorOptions, CreationOptions, name: string])[] = [
  ["an algorithm that it has not", { algorithm: "ES512" }, {
    ...CREATION,
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  }, "NotAllowedError"],
  [
    "algorithms that are usual, where none are named",
    { algorithm: "EdDSA" },
    { ...CREATION, pubKeyCredParams: [] },
    "NotAllowedError",
  ],
  [
    "an authenticator elsewhere",
    {},
    selecting({ authenticatorAttachment: "cross-platform" }),
    "NotAllowedError",
  ],
  [
    "one that is part of the device",
    { transports: ["usb"] },
    selecting({ authenticatorAttachment: "platform" }),
    "NotAllowedError",
  ],
  [
    "a discoverable credential",
    { discoverable: false },
    selecting({ residentKey: "required" }),
    "NotAllowedError",
  ],
  [
    "the same, as older pages say it",
    { discoverable: false },
    selecting({ requireResidentKey: true }),
    "NotAllowedError",
  ],
  [
    "proof of who holds it",
    { userVerified: false },
    selecting({ userVerification: "required" }),
    "NotAllowedError",
  ],
  ["a user without a handle", {}, of(""), "TypeError"],
  ["a handle of 65 bytes", {}, of("A".repeat(87)), "TypeError"],
  ["a handle that is not base64url", {}, of("dXNlcg=="), "EncodingError"],
  ["a challenge that is not base64url", {}, { ...CREATION, challenge: "a+b/" }, "EncodingError"],
];

test.for(REFUSED)("asked for %s, it refuses", async ([, traits, options, name]) => {
  const device = authenticator(traits);
  expect(await nameOf(device.create(options, PAGE))).toBe(name);
  expect(device.credentials).toEqual([]);
});

test("who holds one of the excluded credentials makes no other, for that site", async () => {
  const device = authenticator();
  const { id } = await device.create(CREATION, PAGE);
  const excluding = {
    ...CREATION,
    excludeCredentials: [{ id: "AAAA", type: "public-key" }, { id, type: "public-key" }],
  };
  expect(await nameOf(device.create(excluding, PAGE))).toBe("InvalidStateError");
  expect(await nameOf(authenticator().create(excluding, PAGE))).toBe("none");
  const elsewhere = { ...excluding, rp: { id: "example.org", name: "Another" } };
  expect(await nameOf(device.create(elsewhere, { origin: "https://example.org" }))).toBe("none");
});

test("without proof of who holds it, it signs where that is not required, and says so", async () => {
  const device = authenticator({ userVerified: false });
  await device.create(selecting({ residentKey: "required", userVerification: "preferred" }), PAGE);
  expect(await nameOf(device.get(REQUEST, PAGE))).toBe("NotAllowedError");
  const { response } = await device.get({ ...REQUEST, userVerification: "preferred" }, PAGE);
  expect(bytes(response.authenticatorData)[32]).toBe(0b0001_1001);
});

test("flags are as it was told, also those that no browser gives", async () => {
  const device = authenticator({ userPresent: false, backupEligible: false, backedUp: true });
  const { response } = await device.create(CREATION, PAGE);
  expect(bytes(response.authenticatorData!)[32]).toBe(0b0101_0100);
});

test("it signs by the newest credential that the site may use, or by the one that is picked", async () => {
  const device = authenticator();
  const first = await device.create(of("Zmlyc3Q"), PAGE);
  const second = await device.create(of("c2Vjb25k"), PAGE);
  const secret = await device.create(selecting({ residentKey: "discouraged" }), PAGE);
  expect(secret.clientExtensionResults).toEqual({ credProps: { rk: false } });
  const rp = { id: "example.org", name: "Another" };
  await device.create({ ...CREATION, rp }, { origin: "https://example.org" });
  const ids = (...all: readonly { readonly id: string }[]) =>
    all.map(({ id }) => ({ id, type: "public-key" }));
  const used = async (options: RequestOptions, picked?: string) => {
    const { id, response } = await device.get(options, picked === undefined ? PAGE : { ...PAGE, picked });
    return [id, response.userHandle];
  };
  expect(await used(REQUEST)).toEqual([second.id, "c2Vjb25k"]);
  expect(await used({ ...REQUEST, allowCredentials: [] }, first.id)).toEqual([first.id, "Zmlyc3Q"]);
  expect(await used({ ...REQUEST, allowCredentials: ids(first) })).toEqual([first.id, "Zmlyc3Q"]);
  expect(await used({ ...REQUEST, allowCredentials: ids(first, secret) })).toEqual([secret.id, undefined]);
  expect(await nameOf(device.get(REQUEST, { ...PAGE, picked: secret.id }))).toBe("NotAllowedError");
  expect(await nameOf(device.get({ ...REQUEST, allowCredentials: ids({ id: "AAAA" }) }, PAGE))).toBe(
    "NotAllowedError",
  );
  expect(await nameOf(authenticator().get(REQUEST, PAGE))).toBe("NotAllowedError");
});

test("a counter goes up with each use, and a clone's from where it was", async () => {
  const counter = async (device: ReturnType<typeof authenticator>) => {
    const { response } = await device.get(REQUEST, PAGE);
    return new DataView(bytes(response.authenticatorData).buffer).getUint32(33);
  };
  const device = authenticator({ counts: true });
  await device.create(CREATION, PAGE);
  const clone = device.clone();
  expect([await counter(device), await counter(device), await counter(clone)]).toEqual([2, 3, 2]);
  expect([device, clone].map(({ credentials }) => credentials[0]?.counter)).toEqual([3, 2]);
  const synced = authenticator();
  await synced.create(CREATION, PAGE);
  expect([await counter(synced), await counter(synced)]).toEqual([0, 0]);
});

test("what a site signals makes credentials go", async () => {
  const device = authenticator();
  const made = [];
  for (const user of ["YQ", "YQ", "Yg"]) made.push((await device.create(of(user), PAGE)).id);
  const [first = "", second = "", other = ""] = made;
  const held = () => device.credentials.map(({ id }) => id);
  await device.signalUnknownCredential({ rpId: "example.org", credentialId: first });
  await device.signalAllAcceptedCredentials({
    rpId: "example.org",
    userId: "YQ",
    allAcceptedCredentialIds: [],
  });
  expect(held()).toEqual(made);
  await device.signalAllAcceptedCredentials({
    rpId: "example.com",
    userId: "YQ",
    allAcceptedCredentialIds: [second],
  });
  expect(held()).toEqual([second, other]);
  await device.signalUnknownCredential({ rpId: "example.com", credentialId: second });
  expect(device.credentials).toEqual([{
    id: other,
    rpId: "example.com",
    user: { id: "Yg", name: "ada@example.com" },
    discoverable: true,
    counter: 0,
  }]);
});

test("the same seed makes the same credentials; with EdDSA, everything is the same", async () => {
  const ceremonies = async (algorithm: PasskeyAlgorithm, seed: number) => {
    const device = authenticator({ algorithm, random: chance(seed), attestation: "packed" });
    return [await device.create(CREATION, PAGE), await device.get(REQUEST, PAGE)] as const;
  };
  expect(await ceremonies("EdDSA", 1)).toEqual(await ceremonies("EdDSA", 1));
  for (const algorithm of ["ES256", "ES384", "ES512"] as const) {
    const [[one], [same], [another]] = [
      await ceremonies(algorithm, 1),
      await ceremonies(algorithm, 1),
      await ceremonies(algorithm, 2),
    ];
    expect(same.response.authenticatorData).toBe(one.response.authenticatorData);
    expect(another.response.publicKey).not.toBe(one.response.publicKey);
  }
});

test("what is not base64url as browsers read it is refused in a sign-in too", async () => {
  const device = authenticator();
  await device.create(CREATION, PAGE);
  const allowCredentials = [{ id: "AA==", type: "public-key" }];
  expect(await nameOf(device.get({ ...REQUEST, challenge: "a+b/" }, PAGE))).toBe("EncodingError");
  expect(await nameOf(device.get({ ...REQUEST, allowCredentials }, PAGE))).toBe("EncodingError");
});

test("a model that is no UUID is refused", async () => {
  const device = authenticator({ aaguid: "0102" });
  await expect(device.create(CREATION, PAGE)).rejects.toThrow("aaguid must be a UUID: it is 0102");
});

/** As it arrives. */
function sent(value: object) {
  return JSON.parse(JSON.stringify(value));
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "base64url"));
}

function text(encoded: string): string {
  return new TextDecoder().decode(bytes(encoded));
}

/** The name of what a ceremony rejects with; "none" where it does not. */
async function nameOf(ceremony: Promise<unknown>): Promise<string> {
  return await ceremony.then(() => "none", (error: Error) => error.name);
}
