// How many credentials an account has, and how much of them: past a bound nothing is written, and whoever has some signs in as before.
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Identifier, noteOf, type Value } from "../../src/core/account_record.ts";
import type { Client } from "../suite/client.ts";
import { ADA as PAIR, addsKey, answering, BOB as OTHER, signsInByKey } from "../suite/key_holder.ts";
import { device, registering, registers, signsIn } from "../suite/passkey_holder.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { type World, world } from "../suite/world.ts";

const ADA = "ada@example.com";

let here: World;
let ada: Client;
let uid: string;
beforeEach(async () => {
  here = world("memory", "method", { options: { rateLimit: false } });
  const signed = await signIn(here, ADA);
  [ada, uid] = [signed.client, signed.grant.user.id];
});
afterEach(() => here.close());

/** What stands in the store of accounts and of claims. */
async function kept(): Promise<readonly (readonly [string, string])[]> {
  return [...await here.contents()].filter(([key]) => /^(users|identifiers):/.test(key));
}

/** What Ada's account lists. */
async function identifiers(): Promise<readonly Identifier[]> {
  return (await (await here.accounts()).get(uid))?.identifiers ?? [];
}

/** How many characters that is. */
async function size(): Promise<number> {
  return JSON.stringify(await identifiers()).length;
}

/** Gives Ada further values of a kind that she has one of, each with something else in it. No bound but that of the number is asked. */
async function fill(type: string, count: number, other: (n: number) => Partial<Identifier>): Promise<void> {
  const accounts = await here.accounts();
  const account = await accounts.get(uid);
  const like = account?.identifiers.find((one) => one.type === type);
  const values = Array.from({ length: count }, (_, n) => ({ ...like!, ...other(n) }));
  const noted = noteOf(account && { uid, account });
  await (await accounts.values()).add({ uid, acting: undefined, values, noted });
}

/** Takes one of them away again. */
async function strike(value: Value): Promise<void> {
  await (await (await here.accounts()).values()).remove({ uid, acting: undefined, value });
}

/** As many letters, which tell which of many they are. */
const long = (n: number, length: number) => String(n).padStart(length, "A");

test("an account has twenty keys: a twenty-first is not begun, and of two that were begun one is added", async () => {
  const { id } = await addsKey(ada, PAIR);
  await fill("key", 18, (n) => ({ value: long(n, 43) }));
  const begun = [
    await ada.key.startAdd({ publicKey: OTHER.x }),
    await ada.key.startAdd({ publicKey: THIRD.x }),
  ];
  const added = await Promise.all(
    begun.map(async (step, i) => outcome(ada.key.add(await answering([OTHER, THIRD][i]!, step)))),
  );
  expect(added.toSorted(), "of two at once, where there is room for one").toEqual(["fine", "limit_reached"]);
  expect((await ada.key.list()).items).toHaveLength(20);
  const before = [...await here.contents()];
  expect(await outcome(ada.key.startAdd({ publicKey: THIRD.x }))).toBe("limit_reached");
  expect([...await here.contents()], "what stands in the store when it is not begun").toEqual(before);
  expect((await signsInByKey(here.person(), PAIR)).user.email).toBe(ADA);
  await ada.key.remove({ id });
  expect(await outcome(addsKey(ada, PAIR)), "where one was removed").toBe("fine");
  expect((await registers(ada, device(here))).name, "keys take no room of passkeys").toBe("Passkey");
});

const THIRD = {
  x: "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
  d: "xaqN9D-fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc",
};

test("the ids of an account's passkeys are 8 KiB at most, all together", async () => {
  const held = device(here);
  await registers(ada, held); // an id of 32 bytes
  await fill("passkey", 7, (n) => ({ value: long(n, 1364) })); // of 1023 bytes: none is longer
  await fill("passkey", 1, () => ({ value: long(7, 1288) })); // of 966
  expect((await registers(ada, device(here), "The last")).name).toBe("The last");
  const { options } = await ada.passkey.startRegistration();
  expect(options.excludeCredentials, "what browsers are asked to leave out").toHaveLength(10);
  await expectFull(async () => {
    const answer = await registering(ada, device(here));
    return () => ada.passkey.finishRegistration(answer);
  });
  expect((await signsIn(here.person(), held)).user.email).toBe(ADA);
});

test("an account's credentials are 24 KiB at most, with all that is kept about them", async () => {
  const held = device(here);
  await registers(ada, held);
  const before = await size();
  const { id } = await addsKey(ada, PAIR);
  const key = await size() - before;
  const passkey = (publicKey: string) => ({ value: long(0, 43), about: { ...about, publicKey } });
  const { about } = (await identifiers()).find(({ type }) => type === "passkey")!;
  await fill("passkey", 1, () => passkey(""));
  const left = 24 * 1024 - key - await size();
  await strike({ type: "passkey", value: long(0, 43) });
  await fill("passkey", 1, () => passkey("A".repeat(left)));
  expect((await addsKey(ada, OTHER)).name, "the last that has room").toBe("Key");
  expect(await size()).toBe(24 * 1024);
  for (const { id: other } of (await ada.key.list()).items.filter((one) => one.id !== id)) {
    await ada.key.remove({ id: other });
  }
  await ada.key.rename({ id, name: "Keys" }); // one letter more
  await expectFull(async () => {
    const answer = await answering(OTHER, await ada.key.startAdd({ publicKey: OTHER.x }));
    return () => ada.key.add(answer);
  });
  await expectFull(async () => {
    const answer = await registering(ada, device(here));
    return () => ada.passkey.finishRegistration(answer);
  });
  const fields = { club: "A".repeat(8100) }; // nearly as much as a profile may hold
  await (await here.accounts()).change(uid, (now) => ({ next: now && { ...now, fields }, result: null }));
  for (let i = 0; i < 50; i++) await here.server().sessions.create({ userId: uid });
  expect((await signsIn(here.person(), held)).user.email, "with all else that there may be").toBe(ADA);
  expect((await here.server().sessions.list({ userId: uid })).items).toHaveLength(50);
});

/** Expects that an account is full when something is finished, and that it is as if that had never been begun. */
async function expectFull(begin: () => Promise<() => Promise<unknown>>): Promise<void> {
  const finish = await begin();
  const before = await kept();
  expect(await outcome(finish())).toBe("limit_reached");
  expect(await kept(), "accounts and claims").toEqual(before);
}
