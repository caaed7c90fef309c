import { expect } from "vitest";
import type { Driver } from "../../src/store/driver.ts";
import { sha256Text } from "../../src/base/hash.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import type { FullAuth } from "../suite/client.ts";
import { flow } from "../suite/flow.ts";
import { cookieOf, outcome, shows, signIn } from "../suite/steps.ts";
import { SECRET as OLD, type World } from "../suite/world.ts";
import { rewritten } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const CLEO = "cleo@example.com";
const DORA = "dora@example.com";
const NEW = "the-second-secret-of-these-tests-987654321";

function fingerprint(secret: string): string {
  return keyring([secret], () => new Uint8Array()).first;
}

/** The secrets that the records are sealed under. */
async function sealedUnder(world: World): Promise<readonly string[]> {
  const contents = await world.contents();
  const texts = ["lookup-key", "signing-keys"].map((key) => contents.get(key) ?? "");
  return texts.flatMap((text) => [...text.matchAll(/"sealed":"([0-9a-f]{8})\./g)].map(([, by = ""]) => by));
}

// Rotation

flow("rotating old → old, new → new, old → new loses no account and no cookie session", async (world) => {
  const first = world.another({ secret: [OLD] });
  const { client: ada } = await signIn(world, ADA, "cookie", world.at(first));
  const { client: bob, grant: bobs } = await signIn(world, BOB, "bearer", world.at(first));
  const { grant: cleos } = await signIn(world, CLEO, "bearer", world.at(first));
  const servers = [[OLD, NEW], [NEW, OLD], [NEW]].map((secret) => () => world.another({ secret }));
  let refreshToken = bobs.refreshToken ?? "";
  for (const start of servers) {
    const auth = start();
    expect((await auth.requireSession(ada.headers)).user.email).toBe(ADA);
    expect((await auth.requireSession(bob.headers)).user.email).toBe(BOB); // the access token, signed under old
    expect((await auth.users.find({ email: CLEO }))?.id).toBe(cleos.user.id);
    ({ refreshToken = "" } = await auth.sessions.refresh({ refreshToken }));
    const { grant } = await signIn(world, ADA, "cookie", world.at(auth));
    expect(grant.user.id).toBe((await ada.account.get()).id);
  }
  expect(await sealedUnder(world)).toEqual([NEW, NEW, NEW].map(fingerprint));
  const last = world.another({ secret: NEW });
  expect(await outcome(last.sessions.refresh({ refreshToken: cleos.refreshToken ?? "" }))).toBe(
    "token_invalid",
  );
  expect((await last.sessions.list({ userId: cleos.user.id })).items).toHaveLength(1); // and nothing was changed by it
});

flow(
  "every server of a rotation derives the same refresh token, whichever secret comes first",
  async (world) => {
    const before = world.another({ secret: [OLD, NEW] });
    const after = world.another({ secret: [NEW, OLD] });
    const { grant } = await signIn(world, ADA, "bearer", world.at(before));
    const { refreshToken = "" } = grant;
    const moved = await after.sessions.refresh({ refreshToken });
    const again = await before.sessions.refresh({ refreshToken });
    expect(again.refreshToken).toBe(moved.refreshToken);
    const third = await before.sessions.refresh({ refreshToken: again.refreshToken ?? "" });
    const fourth = await after.sessions.refresh({ refreshToken: again.refreshToken ?? "" });
    expect(fourth.refreshToken).toBe(third.refreshToken);
  },
);

flow(
  "a server that starts with a new first secret seals everything anew, whether it is asked for tokens or not",
  async (world) => {
    const { grant } = await signIn(world, ADA, "bearer");
    expect(await sealedUnder(world)).toEqual([OLD, OLD, OLD].map(fingerprint));
    await world.another({ secret: [OLD, NEW] }).ready();
    expect(await sealedUnder(world)).toEqual([OLD, OLD, OLD].map(fingerprint));
    await world.another({ secret: [NEW, OLD] }).ready();
    expect(await sealedUnder(world)).toEqual([NEW, NEW, NEW].map(fingerprint));
    const last = world.another({ secret: NEW });
    expect(await outcome(last.requireSession(shows({ authorization: `Bearer ${grant.accessToken}` })))).toBe(
      "fine",
    );
  },
);

flow("a code mailed under the old secret signs in for as long as that one is in the list", async (world) => {
  const { challengeId } = await world.person().emailOtp.start({ email: ADA });
  const somebody = world.at(world.another({ secret: [NEW, OLD] }));
  const call = somebody.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
  expect(await outcome(call)).toBe("fine");
});

flow(
  "a code mailed under a secret that is gone costs nobody an attempt, and opens nothing",
  async (world) => {
    await world.another({ secret: [NEW, OLD] }).ready();
    const { challengeId } = await world.at(world.another({ secret: [OLD, NEW] })).emailOtp.start({
      email: ADA,
    });
    const before = await world.contents();
    const somebody = world.at(world.another({ secret: NEW }));
    const call = somebody.emailOtp.verify({ challengeId, code: world.mailbox.code(ADA) });
    expect(await outcome(call)).toBe("secret_unknown");
    expect(await world.contents()).toEqual(before);
  },
);

// A store that is not ours

/** Everything that reaches the store. */
function everyCall(world: World, auth: FullAuth): readonly (readonly [string, () => Promise<unknown>])[] {
  const somebody = world.at(auth);
  const id = "a".repeat(26);
  const { sessions, users } = auth;
  return [
    ["ready", auth.ready],
    ["health", auth.health],
    ["jwks", auth.signingKeys.jwks],
    ["getSession", () => auth.getSession(new Headers())],
    ["requireSession", () => auth.requireSession(new Headers())],
    ["GET /health", () => somebody.wellKnown.health()],
    ["GET /jwks", () => somebody.wellKnown.jwks()],
    ["GET /session", () => somebody.sessions.get()],
    ["GET /sessions", () => somebody.sessions.list()],
    ["GET /me", () => somebody.account.get()],
    ["DELETE /me", () => somebody.account.remove()],
    ["POST /sign-out", () => somebody.sessions.signOut()],
    ["POST /sign-out/all", () => somebody.sessions.endAll()],
    ["DELETE /sessions/:id", () => somebody.sessions.end({ id })],
    ["POST /session/token", () => somebody.sessions.token()],
    [
      "POST /session/refresh",
      () => somebody.sessions.refresh({ refreshToken: `lkr_${id}${id}0.${"A".repeat(43)}` }),
    ],
    ["POST /email/start", () => somebody.emailOtp.start({ email: ADA })],
    ["POST /email/verify", () => somebody.emailOtp.verify({ challengeId: id, code: "123456" })],
    ["POST /challenges/resend", () => somebody.challenges.resend({ challengeId: id })],
    ["sessions.create", () => sessions.create({ userId: id })],
    ["sessions.verify", () => sessions.verify({ token: `lks_${id}${id}${"A".repeat(43)}` })],
    ["users.create", () => users.create({ email: ADA })],
    ["users.find", () => users.find({ email: ADA })],
    ["users.get", () => users.get({ id })],
    ["users.remove", () => users.remove({ id })],
  ];
}

flow(
  "a store under an unknown secret is secret_unknown for every call, and nothing is written",
  async (world) => {
    await signIn(world, ADA, "bearer");
    const before = await world.contents();
    const stranger = world.another({ secret: NEW });
    for (const [name, call] of everyCall(world, stranger)) {
      expect([name, await outcome(call())]).toEqual([name, "secret_unknown"]);
    }
    expect(await world.contents()).toEqual(before);
    expect(world.mailbox.messages).toHaveLength(1);
  },
);

/** What was done to a store → what its servers say from then on. */
const SPOILED: readonly (readonly [string, (driver: Driver) => unknown])[] = [
  ["meta, and no lookup-key", (driver) => driver.removeItem("lookup-key")],
  ["signing-keys, and no lookup-key", async (driver) => {
    await driver.removeItem("lookup-key");
    await driver.removeItem("meta");
  }],
  ["a lookup-key that was changed", (driver) => replace(driver, "lookup-key", /(.)"(,"v")/, 'x"$2')],
  ["a lookup-key of another kind", (driver) => replace(driver, "lookup-key", /"sealed"/, '"other"')],
  ["half a lookup-key", (driver) => replace(driver, "lookup-key", /.{9}$/, "")],
  ["a newer schema", (driver) => replace(driver, "meta", /"schema":1/, '"schema":2')],
];

async function replace(driver: Driver, key: string, what: RegExp, by: string): Promise<void> {
  const before = String(await driver.getItem(key));
  await driver.setItem(key, rewritten(before, what, by));
}

for (const [what, spoil] of SPOILED) {
  flow(`a store with ${what} is storage_corrupt for every call, and nothing is written`, async (world) => {
    await signIn(world, ADA, "bearer");
    await spoil(world.driver());
    const before = await world.contents();
    for (const [name, call] of everyCall(world, world.server(1))) {
      expect([name, await outcome(call())]).toEqual([name, "storage_corrupt"]);
    }
    expect(await world.contents()).toEqual(before);
  });
}

flow(
  "signing keys that were changed are storage_corrupt where they are needed, and never made anew",
  async (world) => {
    await signIn(world, ADA, "bearer");
    await replace(world.driver(), "signing-keys", /([0-9a-f]{8}\.[\w-]+\.)./, "$1-");
    const before = await world.contents();
    expect(await outcome(world.server(1).signingKeys.jwks())).toBe("storage_corrupt");
    expect(await world.contents()).toEqual(before);
  },
);

flow("a server asks again after the store was put right", async (world) => {
  await signIn(world, ADA);
  const key = String(await world.driver().getItem("lookup-key"));
  await world.driver().removeItem("lookup-key");
  expect(await outcome(world.server(1).ready())).toBe("storage_corrupt");
  expect(await outcome(world.server(0).health())).toBe("storage_corrupt"); // it looks anew, though it knows the key
  await world.driver().setItem("lookup-key", key);
  expect(await outcome(world.server(1).ready())).toBe("fine");
  expect(await world.server(1).users.find({ email: ADA })).toMatchObject({ email: ADA });
});

// Beginning

flow("servers that start at once on one empty store agree on the lookup key", async (world) => {
  const emails = [ADA, BOB, CLEO, DORA];
  const servers = emails.map((_, i) => world.server(i));
  const made = await Promise.all(emails.map((email, i) => servers[i]!.users.create({ email })));
  for (const auth of servers) {
    expect(await Promise.all(emails.map((email) => auth.users.find({ email })))).toEqual(made);
  }
  const claims = [...(await world.contents()).keys()].filter((key) => key.startsWith("identifiers:"));
  expect(claims).toHaveLength(4);
}, { unhurried: true });

flow(
  "a server that died right after it wrote the lookup key left a store that the next one completes",
  async (world) => {
    const user = await world.server().users.create({ email: ADA });
    await world.driver().removeItem("meta");
    expect(await world.server(1).users.find({ email: ADA })).toEqual(user);
    expect(JSON.parse(String(await world.driver().getItem("meta")))).toMatchObject({ schema: 1, rev: 1 });
  },
);

let meanwhile: (() => Promise<unknown>) | null = null;

/** Lets something happen between the look for the lookup key and the look for what must not be there without it. */
function interrupted(driver: Driver): Driver {
  return {
    ...driver,
    async getItem(key) {
      const due = key === "meta" || key === "signing-keys" ? meanwhile : null;
      if (due !== null) meanwhile = null;
      await due?.();
      return await driver.getItem(key);
    },
  };
}

flow(
  "a server that looks while another lays the foundation does not take the store for a broken one",
  async (world) => {
    meanwhile = () => signIn(world, ADA, "bearer", world.person(1));
    expect(await outcome(world.server().ready())).toBe("fine");
    expect(meanwhile).toBe(null);
    expect(await world.server().users.find({ email: ADA })).toMatchObject({ email: ADA });
  },
  { wrap: interrupted },
);

// At rest

for (const algorithm of ["EdDSA", "HS256"] as const) {
  flow(`nothing that lets anybody in stands in the store in clear (${algorithm})`, async (world) => {
    const attempt = "an-attempt-of-the-client";
    const { client } = await signIn(world, ADA);
    const { grant } = await signIn(world, BOB, "bearer");
    const { refreshToken = "" } = grant;
    const next = await world.server().sessions.refresh({ refreshToken, attempt });
    const pending = await world.person().emailOtp.start({ email: CLEO });
    await world.turn("2m");
    const first = world.mailbox.code(CLEO);
    await world.person().challenges.resend({ challengeId: pending.challengeId });
    const codes = [first, world.mailbox.code(CLEO)];
    const cookie = cookieOf(client);
    const tokens = [grant, next].flatMap((one) => [String(one.accessToken), String(one.refreshToken)]);

    const contents = await world.contents();
    const keys = [...contents.keys()].join("\n");
    const texts = [...contents.values()].join("\n");
    const opened = await Promise.all(
      [...texts.matchAll(/"sealed":"([^"]+)"/g)].map(async ([, sealed = ""]) => {
        const label = contents.get("lookup-key")?.includes(sealed) ? "lookup-key" : "signing-keys";
        const plain = await keyring([OLD], world.random).open(label, sealed);
        return plain.is === "open" ? plain.plain : "";
      }),
    );
    const [lookupKey = "", ...jwks] = opened;
    expect(lookupKey).toMatch(/^[\w-]{43}$/);
    const privates = jwks.map((jwk) => JSON.parse(jwk)).map(({ d, k }) => String(d ?? k));
    expect(privates).toEqual([expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{43}$/)]);

    const parts = [cookie, ...tokens].flatMap((token) => [token, token.slice(-43)]);
    for (const secret of [OLD, attempt, lookupKey, ...privates, ...codes, ...parts]) {
      expect(secret.length).toBeGreaterThan(5);
      expect([secret, texts.includes(secret)]).toEqual([secret, false]);
      expect([secret, texts.includes(btoa(secret).replace(/=+$/, ""))]).toEqual([secret, false]);
    }
    for (const email of [ADA, BOB, CLEO]) expect(keys).not.toContain(email.slice(0, 3));
    expect(keys).toMatch(/^(?:[a-z0-9:-]+\n?)+$/);
    // What is looked for would be found: of the cookie's secret the hash is there.
    expect(texts).toContain(sha256Text(cookie.slice(-43)));
  }, { options: { jwt: { algorithm } } });
}
