// What requests ask of the store: the page that says so is measured, and holds on every store.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ROUTES } from "../suite/client.ts";
import { inTurn } from "../proof/showed.ts";
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

for (const [place, store] of STORES.entries()) {
  describe(`on ${store}`, () => {
    // What is asked does not depend on who answers: each case is measured in memory, and on one other store in turn.
    for (const one of place === 0 ? CASES : inTurn(CASES, STORES.length - 1, place)) {
      test(`${one.route} ${one.when}`, async () => {
        const { rounds, others } = await measure(one, store);
        expect(others, "no request lists keys, or writes without comparing").toEqual([]);
        const order = rounds.map((round) => round.join(" + ")).join(" → ");
        expect(said.get(`\`${ROUTES[one.route]?.call}\` ${one.when}`)).toBe(order);
      });
    }
  });
}

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

test("where only accounts are mailed, nothing that is asked of the store tells which addresses have one", async () => {
  const recorder = recording();
  const here = world("memory", "http", { wrap: recorder.wrap, options: { emailOtp: { signUp: false } } });
  await here.server().users.create({ email: "ada@example.com" });
  const asked = async (email: string) => {
    const person = here.person();
    let challengeId = "";
    const rounds = [
      await recorder.record(async () => ({ challengeId } = await person.emailOtp.start({ email }))),
      await recorder.record(() => person.emailOtp.verify({ challengeId, code: "000000" }).catch(() => {})),
      await recorder.record(() =>
        person.emailOtp.verify({ challengeId, code: "aaaabbbbcccc" }).catch(() => {})
      ),
    ];
    await here.turn("1m");
    rounds.push(await recorder.record(() => person.challenges.resend({ challengeId })));
    for (let i = 0; i < 5; i++) await person.emailOtp.start({ email });
    rounds.push(await recorder.record(() => person.emailOtp.start({ email }))); // no mail leaves
    await here.turn("1d");
    return rounds.map((round) => round.map((together) => together.join(" + ")));
  };
  const [known, unknown] = [await asked("ada@example.com"), await asked("bob@example.com")];
  expect(unknown).toEqual(known);
  const [find, post] = [["get identifiers", "get users"], "get limits + get limits + swap limits"];
  expect(known).toEqual([
    [...find, post, "swap challenges"],
    ["get challenges", "swap limits", "swap challenges"],
    ["get challenges", "swap challenges"],
    ["get challenges", post, "swap challenges"],
    [...find, "get limits + get limits + get limits", "swap challenges"],
  ]);
  await here.close();
});
