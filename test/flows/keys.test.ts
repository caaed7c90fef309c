import { decodeProtectedHeader } from "jose";
import { expect } from "vitest";
import type { Driver } from "../../src/store/driver.ts";
import type { FullAuth } from "../suite/client.ts";
import { faulty } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { outcome, shows } from "../suite/steps.ts";
import { SECRET, type World } from "../suite/world.ts";
import { rewritten } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const DAY = 86_400;
const PUBLISHED = 300; // seconds: the JWKS max-age
const LINGERS = 900 + PUBLISHED + 120; // seconds: access ttl, max-age, two minutes

/** A key in the store. */
interface Stored {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
  readonly sealed: string | null;
}

async function stored(world: World): Promise<readonly Stored[]> {
  return JSON.parse(String((await world.contents()).get("signing-keys"))).keys;
}

/** `state` by kid, in the order of the record. */
async function states(world: World): Promise<readonly (readonly [kid: string, state: string])[]> {
  return (await stored(world)).map(({ kid, state }) => [kid, state]);
}

/** Whoever asks for tokens of one session: at any server. */
async function minter(world: World): Promise<(auth: FullAuth) => Promise<string>> {
  const { user, session } = await world.server().sessions.create({
    userId: (await world.server().users.create({ email: ADA })).id,
    session: "bearer",
  });
  const caller = { userId: user.id, sessionId: session.id };
  return async (auth) => (await auth.sessions.token(caller)).accessToken;
}

function shown(auth: FullAuth, token: string): Promise<string> {
  return outcome(auth.requireSession(shows({ authorization: `Bearer ${token}` })));
}

function kidOf(token: string): string {
  return String(decodeProtectedHeader(token).kid);
}

function published(auth: FullAuth): Promise<readonly (string | undefined)[]> {
  return auth.signingKeys.jwks().then(({ keys }) => keys.map((key) => key["kid"]));
}

flow("a key signs for rotateAfter; then the one that stood by does, and verifiers knew it", async (world) => {
  const [here, there] = [world.server(0), world.server(1)];
  const mint = await minter(world);
  const first = kidOf(await mint(here));
  const known = await published(there);
  await world.turn(90 * DAY - 1);
  expect([kidOf(await mint(here)), kidOf(await mint(there))]).toEqual([first, first]);
  await world.turn(59);
  const last = await mint(there); // which reads the keys again a second later
  expect(kidOf(last)).toBe(first);
  await world.turn(1);
  const next = await mint(here);
  expect(known).toEqual([first, kidOf(next)]);
  expect(kidOf(next)).not.toBe(first);
  expect(await published(here)).toEqual([first, kidOf(next), expect.stringMatching(/^[a-z2-7]{26}$/)]);
  for (const auth of [here, there]) {
    expect([await shown(auth, next), await shown(auth, last)]).toEqual(["fine", "fine"]);
  }
}, { options: { session: { ttl: "100d", idleTtl: "100d" } } });

flow("what a retired key signed is right until it expires, and then the key goes", async (world) => {
  const { server } = world;
  const mint = await minter(world);
  const old = await mint(server());
  await world.turn(PUBLISHED);
  expect(await server().signingKeys.rotate()).toEqual({ rotated: true, kid: kidOf(await mint(server())) });
  const [one, two, three] = await stored(world);
  expect([one?.state, two?.state, three?.state]).toEqual(["retired", "current", "standby"]);
  expect(one?.sealed).toBe(null); // it signs nothing more: its private part is gone
  expect(await shown(server(), old)).toBe("fine");
  await world.turn(900 - PUBLISHED);
  expect(await shown(server(), old)).toBe("token_expired");
  await world.turn(LINGERS - 900 + PUBLISHED - 1);
  expect(await published(world.another({}))).toEqual([one?.kid, two?.kid, three?.kid]);
  await world.turn(1);
  expect(await published(world.another({}))).toEqual([two?.kid, three?.kid]);
  expect(await states(world)).toHaveLength(3);
  await world.turn("1h");
  await server().sweep();
  expect(await states(world)).toEqual([[two?.kid, "current"], [three?.kid, "standby"]]);
  expect(await shown(server(), await mint(server()))).toBe("fine");
});

flow("a rotation waits until others know the key that stands by; a revocation does not", async (world) => {
  const { signingKeys } = world.server();
  const mint = await minter(world);
  const first = kidOf(await mint(world.server()));
  await world.turn(PUBLISHED - 1);
  const before = await states(world);
  expect(await signingKeys.rotate()).toEqual({ rotated: false, kid: first });
  expect(await states(world)).toEqual(before);
  const revoked = await signingKeys.rotate({ revoke: true });
  expect(revoked).toEqual({ rotated: true, kid: before[1]?.[0] });
  expect(await states(world)).toEqual([[revoked.kid, "current"], [expect.any(String), "standby"]]);
});

flow("a revoked key is refused at once here, and within a minute by every server", async (world) => {
  const [here, there] = [world.server(0), world.server(1)];
  const mint = await minter(world);
  const token = await mint(here);
  expect(await shown(there, token)).toBe("fine");
  await here.signingKeys.rotate({ revoke: true });
  expect(await shown(here, token)).toBe("token_invalid");
  const next = await mint(here);
  expect(await shown(there, next)).toBe("fine"); // the key that stood by is known there
  await world.turn(59.999);
  const late = await mint(there); // signed by the key that went
  await world.turn(0.001);
  expect([await shown(there, token), await shown(there, late)]).toEqual(["token_invalid", "token_invalid"]);
  expect([await shown(there, next), await shown(there, await mint(there))]).toEqual(["fine", "fine"]);
});

flow("a revoked key is refused by a server whose clock was put back, too", async (world) => {
  let back = 0;
  const there = world.another({ platform: { now: () => world.now() - back } });
  const mint = await minter(world);
  const token = await mint(world.server());
  expect(await shown(there, token)).toBe("fine");
  await world.server().signingKeys.rotate({ revoke: true });
  const next = await mint(world.server());
  back = 3_600_000;
  expect([await shown(there, token), await shown(there, next)]).toEqual(["token_invalid", "fine"]);
  await world.turn(60);
  await world.server().signingKeys.rotate({ revoke: true });
  expect(await shown(there, next)).toBe("token_invalid"); // a minute by that clock
});

flow("fifty rotations at once on two servers are one", async (world) => {
  const mint = await minter(world);
  const servers = [world.server(0), world.server(1)];
  const tokens = await Promise.all(servers.map(mint));
  await world.turn(PUBLISHED);
  const before = await states(world);
  for (const revoke of [false, true]) {
    const now = await states(world);
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) => servers[i % 2]!.signingKeys.rotate({ revoke })),
    );
    const next = now.find(([, state]) => state === "standby")?.[0];
    expect(new Set(all.map(({ kid }) => kid))).toEqual(new Set([next]));
    const after = await states(world);
    expect(after.filter(([, state]) => state !== "retired")).toEqual([
      [next, "current"],
      [expect.any(String), "standby"],
    ]);
    const kept = after.filter(([, state]) => state === "retired").map(([kid]) => kid);
    expect(kept).toEqual(revoke ? [] : [before[0]?.[0]]);
    for (const auth of servers) {
      const outcomes = await Promise.all(tokens.map((token) => shown(auth, token)));
      expect(outcomes).toEqual(revoke ? ["token_invalid", "token_invalid"] : ["fine", "fine"]);
    }
  }
}, { unhurried: true });

flow("a server that starts later finds the rotated keys, under a new secret too", async (world) => {
  const mint = await minter(world);
  const old = await mint(world.server());
  await world.turn(PUBLISHED);
  const { kid } = await world.server().signingKeys.rotate();
  const given = "a-second-secret-of-these-tests-9876543210";
  const both = world.another({ secret: [given, "the-first-secret-of-these-tests-0123456789"] });
  expect([await shown(both, old), kidOf(await mint(both))]).toEqual(["fine", kid]);
  const only = world.another({ secret: given });
  expect([await shown(only, old), kidOf(await mint(only))]).toEqual(["fine", kid]);
});

flow("keys of an algorithm that nobody signs by any more go", async (world) => {
  const mint = await minter(world);
  const old = await mint(world.server());
  const changed = world.another({ jwt: { algorithm: "ES256" } });
  const next = await mint(changed);
  expect([await shown(changed, old), await shown(changed, next)]).toEqual(["fine", "fine"]);
  await world.turn(90 * DAY + LINGERS - 1);
  await changed.sweep();
  expect((await stored(world)).map(({ alg }) => alg)).toEqual(["EdDSA", "EdDSA", "ES256", "ES256"]);
  await world.turn(3601);
  await changed.sweep();
  expect(new Set((await stored(world)).map(({ alg }) => alg))).toEqual(new Set(["ES256"]));
});

/** What the next swap of the keys meets. */
let fault: "none" | "before" | "after" = "none";

function failing(driver: Driver): Driver {
  return {
    ...driver,
    async swap(key, expected, next, options) {
      const met = key === "signing-keys" ? fault : "none";
      if (met === "before") throw new Error("ECONNRESET");
      const done = await driver.swap(key, expected, next, options);
      if (met === "after") throw new Error("ECONNRESET");
      return done;
    },
  };
}

flow("a rotation that breaks off leaves keys that work, before its write and after it", async (world) => {
  const { server } = world;
  const mint = await minter(world);
  for (const revoke of [false, true]) {
    for (const at of ["before", "after"] as const) {
      const old = await mint(server());
      await world.turn(PUBLISHED);
      const before = await states(world);
      fault = at;
      const rotated = await outcome(server().signingKeys.rotate({ revoke }));
      fault = "none";
      // A reply that was lost is looked up: the record is ours, so it was written.
      expect([at, rotated]).toEqual([at, at === "before" ? "storage_unavailable" : "fine"]);
      const moved = (await states(world)).some(([kid]) => !before.some(([known]) => known === kid));
      expect(moved).toBe(at === "after");
      const later = world.another({});
      for (const auth of [server(), later]) {
        expect(await shown(auth, old)).toBe(revoke && moved ? "token_invalid" : "fine");
        expect(await shown(auth, await mint(auth))).toBe("fine");
      }
    }
  }
}, { wrap: failing });

flow("a key that is due and cannot be turned goes on signing", async (world) => {
  const { server } = world;
  const mint = await minter(world);
  const first = kidOf(await mint(server()));
  await world.turn(90 * DAY);
  fault = "before";
  const token = await mint(server());
  fault = "none";
  expect([kidOf(token), await shown(server(), token)]).toEqual([first, "fine"]);
  await world.turn(60);
  expect(kidOf(await mint(server()))).not.toBe(first);
  expect(await shown(server(), token)).toBe("fine");
}, { wrap: failing, options: { session: { ttl: "100d", idleTtl: "100d" } } });

flow("who listens is told of each rotation once", async (world) => {
  const told: unknown[] = [];
  const servers = [world.server(0), world.server(1)];
  for (const auth of servers) {
    auth.on("keys.rotated", ({ kid, algorithm, revoked }) => void told.push([kid, algorithm, revoked]));
  }
  await world.server().signingKeys.jwks();
  await world.turn(PUBLISHED);
  const [one, same] = await Promise.all(servers.map((auth) => auth.signingKeys.rotate()));
  expect(same?.kid).toBe(one?.kid); // whoever was slower is told of the same key
  await servers[1]?.signingKeys.rotate();
  const two = await servers[0]!.signingKeys.rotate({ revoke: true });
  expect(told).toEqual([[one?.kid, "EdDSA", false], [two.kid, "EdDSA", true]]);
});

flow("a stored key that is none any more is storage_corrupt, and no mistake in the code", async (here) => {
  await here.signedIn("ada@example.com", "bearer");
  const text = (await here.contents()).get("signing-keys") ?? "";
  await here.driver().setItem("signing-keys", rewritten(text, /"crv":"Ed25519"/g, '"crv":"Ed25518"'));
  expect(await outcome(here.another({}).signingKeys.jwks())).toBe("storage_corrupt");
});

flow("while secrets are changed, a server looks again when its clock was put back", async (here) => {
  const { driver, seen } = faulty(here.driver());
  const auth = here.another({
    storage: driver,
    secret: [SECRET, "the-second-secret-of-these-tests-012345678"],
  });
  await auth.ready();
  await here.turn(-3600);
  seen.length = 0;
  await auth.users.find({ email: "ada@example.com" });
  expect(seen).toContain("getItem lookup-key");
});
