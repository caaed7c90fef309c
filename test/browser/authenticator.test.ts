// The software authenticator beside Chromium with a virtual one: the same options, the same outcome.
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  type Authenticator,
  authenticator,
  type CreationOptions,
  type RequestOptions,
} from "../../src/doors/testing.ts";
import { CHROMIUM, type Chromium, chromium, KEY, PHONE, skipped, type Tab, type Traits } from "./chromium.ts";

const PAGE = `<!doctype html><title>Ceremonies</title><script>
async function create(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}
async function get(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
</script>`;

const CREATION: CreationOptions = {
  rp: { id: "localhost", name: "Example" },
  user: { id: "dXNlcg", name: "ada@example.com", displayName: "Ada" },
  challenge: "Y2hhbGxlbmdl",
  pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  authenticatorSelection: { residentKey: "required", userVerification: "required" },
  extensions: { credProps: true },
};
const REQUEST: RequestOptions = { challenge: "YW5vdGhlcg", rpId: "localhost", userVerification: "required" };

/** What a page asks for. `id`s that are `ID` stand for that of the first credential. */
type Ask =
  | readonly ["create", Partial<CreationOptions> & { readonly timeout?: number }]
  | readonly ["get", Partial<RequestOptions>];

interface Case {
  readonly traits: Traits;
  readonly asks: readonly Ask[];
  readonly host?: string;
}

const ID = "AAAA";
const SHORT = 50; // ms: Chromium waits for another authenticator
const MADE: Ask = ["create", {}];
const OFFERED = [{ type: "public-key", id: ID }];
const LENIENT = { residentKey: "preferred", userVerification: "preferred" };

function selecting(authenticatorSelection: CreationOptions["authenticatorSelection"]): Ask {
  return ["create", { authenticatorSelection }];
}

const CASES: Readonly<Record<string, Case>> = {
  "a phone registers, signs in twice and is not registered again": {
    traits: PHONE,
    asks: [MADE, ["get", {}], ["get", { allowCredentials: OFFERED }], ["create", {
      excludeCredentials: OFFERED,
    }]],
  },
  "so does a security key": {
    traits: KEY,
    asks: [MADE, ["get", {}], ["get", { allowCredentials: [] }], ["create", { excludeCredentials: OFFERED }]],
  },
  "who cannot prove to be its owner is let in where that is only preferred": {
    traits: { ...KEY, verifies: false },
    asks: [
      MADE,
      selecting({ residentKey: "discouraged", userVerification: "preferred" }),
      ["get", { allowCredentials: OFFERED }],
      ["get", { allowCredentials: OFFERED, userVerification: "preferred" }],
    ],
  },
  "a key without room holds what must be named": {
    traits: { ...KEY, resident: false },
    asks: [
      MADE,
      selecting({ requireResidentKey: true }),
      selecting(LENIENT),
      ["get", {}],
      ["get", { allowCredentials: OFFERED }],
    ],
  },
  "what is asked for elsewhere is not made here": {
    traits: PHONE,
    asks: [
      ["create", { authenticatorSelection: { authenticatorAttachment: "cross-platform" }, timeout: SHORT }],
      ["get", { allowCredentials: OFFERED }],
    ],
  },
  "an algorithm that nobody has": {
    traits: PHONE,
    asks: [["create", { pubKeyCredParams: [{ type: "public-key", alg: -65535 }] }]],
  },
  "without an RP ID it is the page's host": {
    traits: PHONE,
    asks: [["create", { rp: { name: "Example" } }], ["get", {}]],
  },
  "a handle has at most 64 bytes": {
    traits: PHONE,
    asks: [86, 87].map((length) => ["create", { user: { ...CREATION.user, id: "A".repeat(length) } }]),
  },
  "base64url has no padding": {
    traits: PHONE,
    asks: [["create", { challenge: "YQ==" }], ["create", { user: { ...CREATION.user, id: "YQ==" } }], [
      "get",
      { challenge: "a+b/" },
    ]],
  },
  "the RP ID of somebody else": {
    traits: PHONE,
    asks: [["create", { rp: { id: "example.com", name: "Example" } }], ["get", { rpId: "a.localhost" }]],
  },
  "that of the host above, where anybody could be": { traits: PHONE, asks: [MADE], host: "app.localhost" },
  "a host that is an address": {
    traits: PHONE,
    asks: [["create", { rp: { name: "Example" } }], ["create", { rp: { id: "127.0.0.1", name: "Example" } }]],
    host: "127.0.0.1",
  },
};

let browser: Chromium;
let tab: Tab;
let port: number;
const server = createServer((_, outgoing) => {
  outgoing.setHeader("content-type", "text/html");
  outgoing.end(PAGE);
});

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = Number(Object(server.address()).port);
  browser = await chromium();
  tab = await browser.open(`http://localhost:${port}/`);
});

afterAll(async () => {
  await browser?.close();
  server.close();
  server.closeAllConnections();
});

test.skipIf(CHROMIUM === undefined).for(Object.entries(CASES))(
  `as in Chromium: %s${skipped}`,
  async ([, { traits, asks, host = "localhost" }]) => {
    const origin = `http://${host}:${port}`;
    await tab.go(`${origin}/`);
    onTestFinished((await tab.plug(traits)).unplug);
    const device = authenticator({
      backupEligible: traits.synced,
      counts: true,
      discoverable: traits.resident,
      transports: [traits.transport],
      userVerified: traits.verifies,
    });
    const real = await outcomes(asks, (name, options) => tab.call(name, options));
    const ours = await outcomes(asks, (name, options) => asked(device, { name, options, origin }));
    expect(ours).toEqual(real);
  },
);

/** What came of each, as both tell it alike. */
async function outcomes(
  asks: readonly Ask[],
  ask: (name: "create" | "get", options: CreationOptions | RequestOptions) => Promise<unknown>,
): Promise<readonly unknown[]> {
  let id = ID;
  const told: unknown[] = [];
  for (const [name, changes] of asks) {
    const options = { ...(name === "create" ? CREATION : REQUEST), ...changes };
    const answer = Object(
      await ask(name, JSON.parse(JSON.stringify(options).replaceAll(`"${ID}"`, `"${id}"`))),
    );
    if (id === ID && answer.id !== undefined) id = answer.id;
    told.push(answer instanceof String ? `${answer}` : seen(answer, id));
  }
  return told;
}

function seen({ id, rawId, response, ...members }: Record<string, never>, first: string): unknown {
  const { clientDataJSON, authenticatorData, attestationObject, signature, publicKey, ...told } = Object(
    response,
  );
  const { other_keys_can_be_added_here: _, ...client } = JSON.parse(bytes(clientDataJSON).toString());
  const data = bytes(authenticatorData);
  const lengths = [attestationObject, publicKey].map((text) =>
    text === undefined ? null : bytes(text).length
  );
  return {
    ...members,
    ...told,
    first: [id, rawId].map((one) => one === first),
    client,
    site: data.subarray(0, 32).toString("hex"),
    flags: data[32],
    counter: data.readUInt32BE(33),
    lengths,
    signed: signature !== undefined,
  };
}

async function asked(
  device: Authenticator,
  { name, options, origin }: {
    readonly name: "create" | "get";
    readonly options: CreationOptions | RequestOptions;
    readonly origin: string;
  },
): Promise<unknown> {
  try {
    return await (name === "create"
      ? device.create(options as CreationOptions, { origin })
      : device.get(options as RequestOptions, { origin }));
  } catch (error) {
    return error instanceof Error ? error.name : error;
  }
}

function bytes(text: string): Buffer {
  return Buffer.from(text, "base64url");
}
