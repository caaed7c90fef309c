// Ceremonies that were altered on their way: the answer is always one of ours, the challenge is used up or left as it should be, and
// neither a session nor a passkey comes of it.
import { describe, expect, test } from "vitest";
import type { Authenticator } from "../../src/testing/authenticator.ts";
import { SEED } from "../proof/showed.ts";
import { alterations, altered, FREE, type Sent } from "../suite/altered.ts";
import { device, PAGE } from "../suite/passkey_holder.ts";
import type { World } from "../suite/world.ts";
import { onSite, type Reply, type Site } from "./site.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const OF = 10; // of the bytes one in so many: how each is judged, the checks themselves are asked
const UNLIMITED = { rateLimit: false } as const;

/** What an altered ceremony may come to, and whether that uses its challenge up. */
const USES_UP: Readonly<Record<string, boolean>> = {
  fine: true,
  input_invalid: false,
  signature_invalid: true,
  credentials_invalid: true,
};

/** A ceremony that was begun, and its right answer. */
interface Begun {
  readonly challengeId: string;
  readonly credential: Sent;
}

/** Ceremonies of one kind. */
interface Ceremonies {
  readonly begin: () => Promise<Begun>;
  readonly finish: (begun: { readonly challengeId: string; readonly credential: unknown }) => Promise<Reply>;
  /** Undoes what came of one. */
  readonly undo: (reply: Reply) => Promise<unknown>;
  /** What may say anything that has its form. */
  readonly free: readonly string[];
  /** What is read, and yet may be altered so that nobody sees it. */
  readonly unsigned: readonly string[];
}

describe(`an altered ceremony (LATCHKEY_SEED=${SEED})`, () => {
  test("of a sign-in starts no session", async () => {
    await onSite(async (site) => {
      const [ada, bob] = [device(site.world), device(site.world)];
      for (const [email, held] of [[ADA, ada], [BOB, bob]] as const) {
        const { begin, finish } = registrations(site, held, await site.browser(email));
        expect((await finish(await begin())).status).toBe(201);
      }
      const { credential: other } = await signIns(site, bob).begin();
      const came = await attack(site, signIns(site, ada), other);
      expect(came.get("input_invalid")).toBeGreaterThan(150);
      expect(came.get("signature_invalid")).toBeGreaterThan(20);
      expect(came.get("credentials_invalid")).toBeGreaterThan(2); // by a name that no passkey has
    }, UNLIMITED);
  });

  test.each(["none", "packed"] as const)(
    "of a registration with attestation %s adds no passkey",
    async (attestation) => {
      await onSite(async (site) => {
        const held = device(site.world, { attestation });
        const bobs = registrations(site, device(site.world, { attestation }), await site.browser(BOB));
        const { credential: other } = await bobs.begin();
        const adas = registrations(site, held, await site.browser(ADA));
        const client = attestation === "none" ? ["response.clientDataJSON"] : [];
        const unsigned = [...client, "response.attestationObject"]; // whose format may be one that nobody knows
        const came = await attack(site, { ...adas, unsigned }, other);
        expect(came.get("input_invalid")).toBeGreaterThan(150);
        expect(came.get("signature_invalid")).toBeGreaterThan(20);
      }, UNLIMITED);
    },
  );
});

/** Sends a ceremony altered in many ways, and at last as it is: how often it came to what. */
async function attack(
  { world }: Site,
  { begin, finish, undo, free, unsigned }: Ceremonies,
  other: Sent,
): Promise<ReadonlyMap<string, number>> {
  const came = new Map<string, number>();
  let begun = await begin();
  for (const way of alterations(begun.credential, free, OF)) {
    const { challengeId, credential } = begun;
    const sent = altered(credential, other, way);
    if (sent === null) continue;
    const before = await gains(world);
    const reply = await finish({ challengeId, credential: sent.json });
    const code = reply.status < 300 ? "fine" : Object(reply.body).code;
    const isOpen = (await world.contents()).has(`challenges:${challengeId}`);
    const told = { path: way.path, value: sent.value, code, status: reply.status };
    expect(Object.keys(USES_UP), JSON.stringify(told)).toContain(code);
    expect({ ...told, isOpen }).toEqual({ ...told, isOpen: !USES_UP[code] });
    if (code === "fine") {
      expect([...free, ...unsigned], JSON.stringify(told)).toContain(way.path);
      await undo(reply);
    } else {
      expect([400, 401], JSON.stringify(told)).toContain(reply.status);
      expect([told, await gains(world)]).toEqual([told, before]);
    }
    came.set(code, (came.get(code) ?? 0) + 1);
    if (!isOpen) begun = await begin();
  }
  expect((await finish(begun)).status).toBeLessThan(300);
  return came;
}

/** The keys of all sessions and passkeys. */
async function gains({ contents }: World): Promise<readonly string[]> {
  return [...(await contents()).keys()].filter((key) => /^(sessions|identifiers):/.test(key));
}

function signIns({ ask }: Site, held: Authenticator): Ceremonies {
  return {
    free: FREE.assertion,
    unsigned: [],
    async begin() {
      const { challengeId, options } = Object((await ask("POST /passkey/sign-in/start")).body);
      return { challengeId, credential: await held.get(options, PAGE) };
    },
    finish: (body) => ask("POST /passkey/sign-in/finish", { body }),
    undo: async () => {},
  };
}

function registrations(
  { ask }: Site,
  held: Authenticator,
  headers: Readonly<Record<string, string>>,
): Ceremonies {
  return {
    free: FREE.registration,
    unsigned: [],
    async begin() {
      const { challengeId, options } = Object((await ask("POST /passkey/register/start", { headers })).body);
      return { challengeId, credential: await held.create(options, PAGE) };
    },
    finish: (body) => ask("POST /passkey/register/finish", { headers, body }),
    undo: ({ body }) => ask(`DELETE /passkeys/${Object(body).id}`, { headers }),
  };
}
