import { expect } from "vitest";
import prefix from "../../drivers/prefix.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import type { Driver } from "../../src/store/driver.ts";
import { leavingRecords } from "../races/scene.ts";
import { faulty } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { SECRET, type World } from "../suite/world.ts";
import { textOf } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const SECOND = "the-second-secret-of-these-tests-987654321";
const MADE_UP = { rev: 1, v: 1, w: "made-up" };
const NOBODY = "a".repeat(26);

const fingerprint = (secret: string) => keyring([secret], () => new Uint8Array()).first;

/** The key of a claim that nobody has. */
const claimOf = (n: number) => `identifiers:${"b".repeat(50)}${LETTERS[n >> 4]}${LETTERS[n & 15]}`;
const LETTERS = "abcdefghijklmnop";

/** A store that expires nothing by itself. */
function lasting(driver: Driver): Driver {
  return { ...driver, swap: (key, expected, next) => driver.swap(key, expected, next) };
}

async function keys(world: World, prefix: string): Promise<readonly string[]> {
  return [...(await world.contents()).keys()].filter((key) => key.startsWith(prefix));
}

/** Puts a record into the store that a crash might have left there. */
async function plant(world: World, key: string, record: object): Promise<void> {
  await world.driver().setItem(key, textOf({ ...MADE_UP, ...record }));
}

flow("a sweep removes what expired more than an hour ago, and nothing that did since", async (world) => {
  await world.signedIn(ADA);
  await world.person().emailOtp.start({ email: BOB });
  const auth = world.server();
  await world.turn("1h"); // the code lived for 10 minutes: it has expired, 50 minutes ago
  expect(await auth.sweep()).toMatchObject({ removed: 0 });
  expect(await keys(world, "challenges:")).toHaveLength(1);
  await world.turn("10m");
  expect(await auth.sweep()).toMatchObject({ removed: 1 });
  expect(await keys(world, "challenges:")).toEqual([]);
  expect(await keys(world, "sessions:")).toHaveLength(1);
  expect(await keys(world, "limits:")).toHaveLength(2);
  await world.turn("8d"); // the session may be idle for 7, and mails are counted for an hour
  expect(await auth.sweep()).toMatchObject({ removed: 3 });
  expect([...await keys(world, "sessions:"), ...await keys(world, "limits:")]).toEqual([]);
  expect((await auth.users.find({ email: ADA }))?.email).toBe(ADA);
}, { wrap: lasting });

flow("a sweep removes claims that lead to nobody, and leaves those that lead to somebody", async (world) => {
  const { users } = world.server();
  const ada = await users.create({ email: ADA });
  const [claim = ""] = await keys(world, "identifiers:");
  const stranger = `identifiers:${"b".repeat(52)}`;
  const unlisted = `identifiers:${"c".repeat(52)}`;
  const reserved = `identifiers:${"d".repeat(52)}`;
  const drafted = "d".repeat(26);
  await plant(world, stranger, { uid: NOBODY, type: "email", op: "x" });
  await plant(world, unlisted, { uid: ada.id, type: "email", op: "x" });
  await plant(world, reserved, { uid: drafted, type: "email", op: "y" });
  const reserving = { op: "y", values: ["d".repeat(52)], at: world.now() };
  await plant(world, `users:${drafted}`, { state: "draft", reserving });
  expect(await world.server().sweep()).toMatchObject({ removed: 2 });
  expect((await keys(world, "identifiers:")).toSorted()).toEqual([claim, reserved].toSorted());
  expect((await users.find({ email: ADA }))?.id).toBe(ada.id);
});

flow("a sweep removes a draft when it has stood for an hour, and then its claim", async (world) => {
  const { users } = world.server();
  await users.create({ email: BOB });
  const reserving = { op: "x", values: ["b".repeat(52)], at: world.now() };
  await plant(world, `users:${NOBODY}`, { state: "draft", reserving });
  await plant(world, `identifiers:${"b".repeat(52)}`, { uid: NOBODY, type: "email", op: "x" });
  await world.turn(3599);
  expect(await world.server().sweep()).toMatchObject({ removed: 0 });
  await world.turn(1);
  await world.server().sweep();
  await world.server().sweep(); // the claim may have been looked at before the draft went
  expect(await keys(world, "users:")).toHaveLength(1);
  expect(await keys(world, "identifiers:")).toHaveLength(1);
});

flow("a sweep removes the records of sessions that no account lists", async (world) => {
  const auth = world.server();
  const dying = world.another({ storage: leavingRecords(world.driver()) });
  const { grant: first } = await signIn(world, ADA);
  const { client, grant: second } = await signIn(world, ADA);
  await dying.sessions.end({ userId: first.user.id, id: first.session.id });
  await plant(world, `sessions:${NOBODY}:${NOBODY}`, recordOf(await world.contents()));
  expect(await keys(world, "sessions:")).toHaveLength(3);
  expect(await auth.sweep()).toMatchObject({ removed: 2 });
  expect(await keys(world, "sessions:")).toEqual([`sessions:${second.user.id}:${second.session.id}`]);
  expect((await client.sessions.list({})).items).toHaveLength(1);
});

flow("a sweep beside live traffic takes nothing from anybody", async (world) => {
  const sweeper = world.another({});
  let going = true;
  const sweeping = (async () => {
    let removed = 0;
    while (going) removed += (await sweeper.sweep()).removed;
    return removed;
  })();
  sweeping.catch(() => {}); // where something else fails first, nobody awaits it
  for (let round = 0; round < 4; round++) {
    const people = Array.from({ length: 5 }, (_, n) => `p${round}-${n}@example.com`);
    const signed = await Promise.all(people.map((email) => signIn(world, email, "bearer")));
    await Promise.all(signed.map(async ({ grant }) => {
      const { refreshToken = "" } = await sweeper.sessions.refresh({
        refreshToken: grant.refreshToken ?? "",
      });
      await sweeper.sessions.refresh({ refreshToken });
    }));
    for (const { client } of signed) expect((await client.sessions.list({})).items).toHaveLength(1);
  }
  going = false;
  expect(await sweeping).toBe(0);
}, { unhurried: true });

flow("sweeps at once count each record once between them", async (world) => {
  const keyed = Array.from({ length: 30 }, (_, n) => claimOf(n));
  await world.server().ready();
  for (const key of keyed) await plant(world, key, { uid: NOBODY, type: "email", op: "x" });
  const swept = await Promise.all([0, 1, 2].map((i) => world.server(i).sweep()));
  expect(swept.reduce((sum, { removed }) => sum + removed, 0)).toBe(30);
  expect(await keys(world, "identifiers:")).toEqual([]);
}, { unhurried: true });

flow(
  "a sweep of one store takes nothing from another one within it, however that is called",
  async (world) => {
    const names = ["identifiers", "sessions", "users", "challenges", "lookup-key", "tenant-1"];
    const tenants = names.map((name) => world.another({ storage: prefix(world.driver(), name) }));
    const people = tenants.map((tenant) => world.at(tenant));
    for (const [i, person] of people.entries()) {
      const email = `p${i}@example.com`;
      const { challengeId } = await person.emailOtp.start({ email });
      await person.emailOtp.verify({ challengeId, code: world.mailbox.code(email) });
      await person.emailOtp.start({ email: `later-${email}` });
    }
    await world.server().signingKeys.jwks();
    const before = await world.contents();
    expect(await world.server().sweep()).toEqual({ removed: 0, sealedUnder: { [fingerprint(SECRET)]: 3 } });
    expect(await world.contents()).toEqual(before);
    for (const person of people) expect((await person.sessions.list({})).items).toHaveLength(1);
  },
);

flow("a sweep tells how far it is, and ends when it is told to", async (world) => {
  const { users, sweep } = world.server();
  for (let n = 0; n < 120; n++) await users.create({ email: `p${n}@example.com` });
  const total = (await world.contents()).size;
  const told: object[] = [];
  await sweep({ onProgress: (progress) => told.push(progress) });
  expect(told).toEqual([
    { seen: 100, removed: 0 },
    { seen: 200, removed: 0 },
    { seen: total, removed: 0 },
  ]);
  const stop = new Error("enough");
  await expect(sweep({
    onProgress() {
      throw stop;
    },
  })).rejects.toBe(stop);
  expect(await outcome(sweep({ onProgres: () => {} } as object))).toBe("input_invalid");
});

flow("a sweep seals under the first secret, and says what each one seals", async (world) => {
  const [first, second] = [fingerprint(SECRET), fingerprint(SECOND)];
  const old = world.another({ secret: [SECRET, SECOND] });
  await old.signingKeys.jwks(); // two keys, and the lookup key
  expect((await old.sweep()).sealedUnder).toEqual({ [first]: 3, [second]: 0 });
  const next = world.another({ secret: [SECOND, SECRET] });
  expect((await next.sweep()).sealedUnder).toEqual({ [second]: 3, [first]: 0 });
  expect((await world.another({ secret: SECOND }).sweep()).sealedUnder).toEqual({ [second]: 3 });
});

flow("a sweep counts replies that are kept, until they have expired for an hour and go", async (world) => {
  const auth = world.server();
  const request = new Request("http://localhost:3000/orders", { headers: { "idempotency-key": "one" } });
  await auth.idempotent(request, () => new Response("done"));
  const first = fingerprint(SECRET);
  const sealed = async () => (await auth.sweep()).sealedUnder[first];
  const others = [...await world.contents()].filter(([key]) =>
    /^(lookup-key|signing-keys)$/.test(key)
  ).length;
  expect([await sealed(), await keys(world, "replies:")]).toEqual([others + 1, [expect.any(String)]]);
  await world.turn("64m");
  await sealed();
  expect(await keys(world, "replies:")).toHaveLength(1);
  await world.turn("1m");
  expect([await sealed(), await keys(world, "replies:")]).toEqual([others, []]);
}, { wrap: lasting });

flow("a sweep leaves what it cannot read, says so, and goes on", async (world) => {
  await world.server().ready();
  await world.driver().setItem(`challenges:${"t".repeat(26)}`, '{"v":1,"rev":1,"purp');
  await world.driver().setItem(`challenges:${"n".repeat(26)}`, JSON.stringify({ ...MADE_UP, v: 99 }));
  await world.driver().setItem("not-ours:x", "whatever");
  await plant(world, `identifiers:${"b".repeat(52)}`, { uid: NOBODY, type: "email", op: "x" });
  expect(await world.server().sweep()).toMatchObject({ removed: 1 });
  expect([...await keys(world, "challenges:"), ...await keys(world, "not-ours:")]).toHaveLength(3);
  expect(world.log.filter((line) => line.includes("cannot be read"))).toHaveLength(1);
});

flow(
  "a store that fails or hangs ends a sweep with storage_unavailable, and the next one does the rest",
  async (world) => {
    const store = faulty(world.driver());
    const auth = world.another({ storage: store.driver });
    await auth.ready();
    for (const n of [0, 1, 2]) {
      await plant(world, claimOf(n), { uid: NOBODY, type: "email", op: "x" });
    }
    store.fault = ({ name }, run) => name === "swap" ? Promise.reject(new Error("no store")) : run();
    expect(await outcome(auth.sweep())).toBe("storage_unavailable");
    store.fault = null;
    const asked = Promise.withResolvers<void>();
    const stalled = world.another({ storage: { ...world.driver(), entries: () => stalling(asked.resolve) } });
    const hanging = outcome(stalled.sweep());
    await asked.promise;
    await world.turn("10m");
    expect(await hanging).toBe("storage_unavailable");
    const throwing = () => {
      throw new TypeError("no entries");
    };
    const broken = world.another({ storage: { ...world.driver(), entries: throwing } });
    expect(await outcome(broken.sweep())).toBe("storage_unavailable");
    expect(await auth.sweep()).toMatchObject({ removed: 3 });
  },
);

/** Entries that never come. */
function stalling(asked: () => void): AsyncIterable<never> {
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        asked();
        return new Promise(() => {});
      },
    }),
  };
}

/** Some session's record. */
function recordOf(contents: ReadonlyMap<string, string>): object {
  const [, text = "{}"] = [...contents].find(([key]) => key.startsWith("sessions:")) ?? [];
  return JSON.parse(text);
}
