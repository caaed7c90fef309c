// Bugs that only a lost reply shows, each planted in the library or in a driver, and whether they are seen.
import { expect, test } from "vitest";
import type { Driver } from "../../src/store/driver.ts";
import { clean, lossy, type Way, type Which } from "./lossy.ts";
import { type Bug, flowWith } from "./planted_flows.ts";
import { planted } from "../suite/planted.ts";
import type { Flow } from "../suite/flow.ts";
import { conflicting } from "./bad_drivers.ts";
import { caught, SEED } from "./showed.ts";

const COLLECTION = "src/store/collection.ts";
const SIGN_UP = "a mailed code signs in, and makes the account";
const ANSWERS =
  "return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));";
const LOST = "if (next !== null && !isUndurable(cause) && await read(key) === next) return true;";

const BUGS: Readonly<Record<string, Bug & { readonly ways: readonly Way[] }>> = {
  "a lost write is told as done": {
    changes: [{ file: COLLECTION, from: LOST, to: "return true;" }],
    flow: SIGN_UP,
    saying: /which is dead|had not ended/,
    ways: ["before"],
  },
  "a lost create is sent again": {
    changes: [{
      file: COLLECTION,
      from: LOST,
      to: `${LOST}
        if (expected === null && next !== null) ${ANSWERS}`,
    }],
    flow: SIGN_UP,
    saying: /a code let in [23] times/,
    ways: ["later"],
  },
};

test.each(Object.entries(BUGS))("%s: it is seen", async (name, { ways, ...bug }) => {
  const flow = await flowWith(bug);
  const undisturbed = await clean(flow, "method");
  const losses: readonly Which[] = Array.from({ length: undisturbed.swaps }, (_, nth) => ({ nth }));
  const wrong: string[] = [];
  for (const [way, which] of ways.flatMap((way) => losses.map((which) => [way, which] as const))) {
    const found = await lossy(flow, undisturbed, { via: "method", way, which, seed: SEED, most: 1 });
    wrong.push(...found.wrong);
    if (bug.saying.test(wrong.join("\n"))) break;
  }
  expect(wrong.join("\n"), `seed ${SEED}`).toMatch(bug.saying);
  caught("lost replies", name);
}, 120_000);

/** A run whose driver alone loses or breaks anything. */
async function seenIn(flow: Flow, driver: (truth: Driver) => Driver): Promise<string> {
  const undisturbed = await clean(flow, "method");
  const nothing = { way: "before", which: { nth: Infinity }, seed: SEED, most: 1 } as const;
  return (await lossy(flow, undisturbed, { via: "method", ...nothing, driver })).wrong.join("\n");
}

test("a lost removal is taken for ours: it is seen", async () => {
  const createAuth = await planted([
    { file: COLLECTION, from: LOST, to: "if (await read(key) === next) return true;" },
  ]);
  const flow: Flow = {
    name: "one code at two servers at once",
    async run(here) {
      const { challengeId } = await here.person().emailOtp.start({ email: "ada@example.com" });
      const answer = { challengeId, code: here.mailbox.code("ada@example.com") };
      await Promise.allSettled([0, 1].map((i) => here.person(i).emailOtp.verify(answer)));
    },
    options: { createAuth, unhurried: true },
  };
  expect(await seenIn(flow, losingOneRemoval())).toMatch(/a challenge is answered once/);
  caught("lost replies", "a lost removal is taken for ours");
}, 60_000);

/** A driver that loses a removal before it took effect, and says so when somebody else's has. */
function losingOneRemoval(): (truth: Driver) => Driver {
  const { promise: other, resolve } = Promise.withResolvers<void>();
  let isLost = false;
  return (truth) => ({
    ...truth,
    async swap(key, expected, next, options) {
      const removes = next === null && key.startsWith("challenges:");
      if (removes && !isLost) {
        isLost = true;
        await other;
        throw new Error("ECONNRESET");
      }
      const done = await truth.swap(key, expected, next, options);
      if (removes) resolve();
      return done;
    },
  });
}

test("a driver in which an expired key still conflicts: it is seen", async () => {
  const flow: Flow = {
    name: "two mails, a day apart",
    async run({ person, turn }) {
      const start = () => person().emailOtp.start({ email: "ada@example.com" });
      await start();
      await turn("1d");
      const again = start();
      const answered = again.then(() => true, () => true);
      for (let isOver = false; !isOver;) isOver = await Promise.race([answered, turn(1).then(() => false)]);
      await again;
    },
    options: {},
  };
  expect(await seenIn(flow, (driver) => driver)).toBe("");
  expect(await seenIn(flow, conflicting)).toMatch(/failed with storage_unavailable/);
  caught("lost replies", "a driver in which an expired key still conflicts");
}, 60_000);
