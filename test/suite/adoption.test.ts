// What createAuth makes of the stores of unstorage, 1.17 and 2.0: drivers that keep the laws of ours.
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { isNumber, isShaped, orAbsent } from "../../src/base/shape.ts";
import { createAuth } from "../../src/auth.ts";
import { machine } from "../../src/platform.ts";
import { adopt } from "../../src/store/adopt.ts";
import { collection, type Expiring, store } from "../../src/store/collection.ts";
import type { Driver } from "../../src/store/driver.ts";
import { clock } from "../../src/testing/clock.ts";
import { driverSuite, type Test } from "../../src/testing/driver_suite.ts";
import { mailbox } from "../../src/testing/mailbox.ts";
import { closeShared, STOCK_KINDS, type StockKind, type StockStore } from "./stock_stores.ts";
import { inTurn } from "../proof/showed.ts";
import { RUNTIME } from "./runtime.ts";
import { OF_TIME, withoutTime } from "./without_time.ts";

const HUNDRED = Array.from({ length: 100 }, (_, n) => n);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});
afterAll(closeShared);

/** An empty store, and drivers that adopt it. */
async function opened(
  kind: StockKind,
  now = machine.now,
): Promise<StockStore & { readonly adopted: () => Driver }> {
  const own = await kind.open();
  undo.push(own.close);
  const adopted = () => {
    const driver = adopt(own.driver(), {
      platform: { ...machine, now, log: { warn: () => {} } },
    });
    undo.push(driver.dispose);
    return driver;
  };
  return { ...own, adopted };
}

/** unstorage 2.0's memory has a timer per key: they are its clock. */
async function inItsTime({ name }: StockKind, run: () => Promise<void>): Promise<void> {
  if (name === "memory of 2.0") vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await run();
  } finally {
    vi.useRealTimers();
  }
}

test("the laws that some stores cannot keep are laws", () => {
  const laws: string[] = [];
  driverSuite((name) => laws.push(name), () => ({}) as Driver);
  expect(OF_TIME.filter((law) => !laws.includes(law))).toEqual([]);
});

/** Each kind on Node; elsewhere half of them in each run. */
const KINDS = inTurn(STOCK_KINDS, RUNTIME === "node" ? 1 : 2, RUNTIME === "bun" ? 1 : 0);

describe.each(KINDS)("$name", (kind) => {
  let own: StockStore | undefined;
  const all: Test = (name, run) => test(name, () => inItsTime(kind, run));

  driverSuite(kind.expires ? all : withoutTime, async ({ now }) => {
    const made = await opened(kind, now);
    own = made;
    return made.adopted();
  }, { ...kind.facts, turn: (seconds) => own?.turn?.(seconds) });

  test.skipIf(kind.expires)(
    "what is past its life stays until it is swept, and is no record to anybody",
    async () => {
      let time = Date.UTC(2026, 0, 1);
      const platform = { ...machine, now: () => time };
      const driver = (await opened(kind, platform.now)).adopted();
      const shape = isShaped<Expiring>({ exp: orAbsent(isNumber) });
      const records = collection<Expiring>(store(driver, platform, 5000), "challenges", shape);
      const begin = (current: Expiring | null) => ({ next: { exp: time + 10_000 }, result: current });
      expect(await records.change("a", begin)).toBe(null);
      time += 9999;
      expect(await records.get("a")).toMatchObject({ exp: time + 1 });
      time += 1;
      expect([await driver.hasItem("challenges:a"), await records.get("a")]).toEqual([true, null]);
      const begun = await Promise.all(
        HUNDRED.map(() =>
          records.change("a", (now) => now === null ? begin(now) : { next: now, result: now })
        ),
      );
      expect(begun.filter((before) => before === null)).toHaveLength(1);
      const [[, text] = []] = await Array.fromAsync(driver.entries("challenges:"));
      expect(await records.discard("a", records.parse("a", String(text)))).toBe(true);
      expect(await driver.swap("challenges:a", null, null)).toBe(true);
    },
  );

  test("of 100 swaps at once, by two that have adopted one store, one writes", async () => {
    const { adopted } = await opened(kind);
    const both = [adopted(), adopted()];
    const turns: readonly ((n: number) => string | null)[] = [
      (n) => `{"n":${n}}`,
      (n) => `{"m":${n}}`,
      () => null,
    ];
    let stored: string | null = null;
    for (const next of turns) {
      const before: string | null = stored;
      const wrote = await Promise.all(
        HUNDRED.map(async (n) => await both[n % 2]?.swap("users:a", before, next(n))),
      );
      expect(wrote.filter(Boolean)).toHaveLength(1);
      stored = next(wrote.indexOf(true));
      expect(await Promise.all(both.map((driver) => driver.getItem("users:a")))).toEqual([stored, stored]);
    }
  });

  test("keys are where unstorage has them, and what it wrote is read", async () => {
    const { adopted, driver } = await opened(kind);
    const stock = driver();
    const ours = adopted();
    await stock.setItem("users:a", '{"by":"unstorage"}', {});
    expect(await ours.swap("users:a", '{"by":"unstorage"}', '{"by":"us"}')).toBe(true);
    expect(await ours.swap("users:b:c", null, "{}")).toBe(true);
    expect((await stock.getKeys("", {})).toSorted()).toEqual(["users:a", "users:b:c"]);
    expect(await stock.hasItem("users:b:c", {})).toBe(true);
    await stock.removeItem("users:a", {});
    expect(await ours.getItem("users:a")).toBe(null);
  });

  test("says whom its step holds for: where only the store can tell, once it was asked", async () => {
    const { adopted } = await opened(kind);
    const driver = adopted();
    const known = kind.name.startsWith("db0") ? "process" : kind.atomicity;
    expect(driver.atomicity).toBe(known);
    await driver.ready?.();
    expect(driver.atomicity).toBe(kind.atomicity);
  });

  test("what was given goes on when the adopted one is disposed, and no canary is left in it", async () => {
    const { adopted, driver } = await opened(kind);
    const ours = adopted();
    await ours.ready?.();
    await ours.dispose();
    await expect((async () => await ours.getItem("users:a"))()).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    const stock = driver();
    await stock.setItem("users:a", "{}", {});
    expect(await stock.getKeys("", {})).toEqual(["users:a"]);
  });

  test("a Storage on it is adopted too; a part of one, which hides its prefix, is refused", async () => {
    const { driver } = await opened(kind);
    const { storage, prefixed } = kind.version;
    const whole = storage(driver());
    const ours = adopt(whole);
    undo.push(ours.dispose);
    expect([await ours.swap("users:a", null, "{}"), await ours.swap("users:a", null, "{}")]).toEqual([
      true,
      false,
    ]);
    const part = adopt(prefixed(whole));
    undo.push(part.dispose);
    for (
      const call of [
        () => part.ready?.(),
        () => part.getItem("users:a"),
        () => part.swap("users:b", null, "{}"),
      ]
    ) {
      await expect((async () => await call())()).rejects.toMatchObject({
        code: "storage_unsafe",
        message: expect.stringContaining('prefix(driver, base) of "@latchkey/auth/drivers/prefix"'),
      });
    }
    expect(await Array.fromAsync(ours.entries(""))).toEqual([["users:a", "{}"]]);
  });

  test("people sign in at two servers on it, and each code lets one in", async () => {
    const { driver } = await opened(kind);
    const { now, sleep, turn } = clock();
    const box = mailbox();
    const server = () => {
      const auth = createAuth({
        storage: driver(),
        secret: "a-secret-of-32-characters-or-more",
        baseUrl: "http://localhost:3000",
        email: { from: "no-reply@example.com", send: box.send },
        emailOtp: true,
        platform: { now, sleep, log: { warn: () => {} } },
      });
      undo.push(auth.close);
      return auth;
    };
    const both = [server(), server()] as const;
    const { challengeId } = await both[0].emailOtp.start({ email: "ada@example.com" });
    const code = box.code("ada@example.com");
    const wrong = code === "000000" ? "000001" : "000000";
    await expect(both[1].emailOtp.verify({ challengeId, code: wrong })).rejects.toMatchObject({
      code: "code_invalid",
    });
    const right = HUNDRED.slice(0, 20).map((n) =>
      both[n % 2 === 0 ? 0 : 1].emailOtp.verify({ challengeId, code, session: "bearer" })
    );
    const grants = (await Promise.allSettled(right)).filter((outcome) => outcome.status === "fulfilled");
    expect(grants).toHaveLength(1);
    const { user, accessToken, refreshToken } = grants[0]?.value ?? {};
    for (const auth of both) {
      const signedIn = await auth.requireSession(new Headers({ authorization: `Bearer ${accessToken}` }));
      expect(signedIn.user).toEqual(user);
    }
    const next = await both[1].sessions.refresh({ refreshToken: String(refreshToken) });
    await both[0].sessions.endAll({ userId: String(user?.id) });
    expect(await both[1].getSession(new Headers({ authorization: `Bearer ${next.accessToken}` }))).toEqual({
      user: null,
      session: null,
    });
    expect(both[0].storage.atomicity).toBe(kind.atomicity);

    if (kind.expires) return;
    await turn("400d");
    await both[0].sweep();
    const left = (await driver().getKeys("", {})).map((key) => String(key).replace(/:.*/, ""));
    expect(left.toSorted()).toEqual(["identifiers", "lookup-key", "meta", "signing-keys", "users"]);
  });
});
