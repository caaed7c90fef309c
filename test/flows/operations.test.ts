// What requests ask of the store: the page that says so is measured, and holds on every store.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ROUTES } from "../suite/client.ts";
import { CASES, measure, recording } from "../suite/operations.ts";
import { STORES } from "../suite/stores.ts";
import { world } from "../suite/world.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/operations.md", import.meta.url)), "utf8");

/** What the page says: the operations by route and case. */
const said = new Map(
  page.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [, route, when, , , , order] = line.split("|").map((cell) => cell.trim());
    return [`${route} ${when}`, order] as const;
  }),
);

test("every route is measured", () => {
  expect([...new Set(CASES.map(({ route }) => route))].toSorted()).toEqual(Object.keys(ROUTES).toSorted());
});

describe.each(STORES)("on %s", (store) => {
  for (const one of CASES) {
    test(`${one.route} ${one.when}`, async () => {
      const { rounds, others } = await measure(one, store);
      expect(others, "no request lists keys, or writes without comparing").toEqual([]);
      const order = rounds.map((round) => round.join(" + ")).join(" → ");
      expect(said.get(`\`${ROUTES[one.route]?.call}\` ${one.when}`)).toBe(order);
    });
  }
});

test("a session check is two reads in one round trip, and one swap when last use is due", async () => {
  const rounds = async (when: string) => {
    const one = CASES.find((known) => known.route === "sessions.get" && known.when === when);
    return (await measure(one!, "memory")).rounds;
  };
  expect(await rounds("")).toEqual([["get users", "get sessions"]]);
  expect(await rounds("last use is due to be noted")).toEqual([["get users", "get sessions"], [
    "swap sessions",
  ]]);
  expect(await rounds("nobody is signed in")).toEqual([]);
});

test("where only accounts are mailed, a start asks the same of the store for an address that nobody has", async () => {
  const recorder = recording();
  const here = world("memory", "http", { wrap: recorder.wrap, options: { emailOtp: { signUp: false } } });
  await here.server().users.create({ email: "ada@example.com" });
  const start = (email: string) => recorder.record(() => here.person().emailOtp.start({ email }));
  const [known, unknown] = [await start("ada@example.com"), await start("bob@example.com")];
  expect(unknown).toEqual(known);
  expect(known).toEqual([["get identifiers"], ["get users"], ["get limits", "swap challenges"]]);
  await here.close();
});
