// Values of an account beside its first: reserved, claimed and listed, struck off and free again.
import { expect } from "vitest";
import { object, text } from "../../src/base/schema.ts";
import { type Account, noteOf } from "../../src/core/account_record.ts";
import { faulty } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { address, expectSound, ownerOf, type Person, person, personAt, proven } from "../suite/values.ts";
import { textOf } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";

flow("an address that is added lets into the account, and one that is removed no longer", async (world) => {
  const ada = await person(world, ADA);
  expect(await ada.add(["ada@work.example"])).toMatchObject({
    is: "added",
    owner: { uid: ada.uid, account: { identifiers: [proven(ADA), proven("ada@work.example")], epoch: 0 } },
  });
  expect((await signIn(world, "ada@work.example")).grant.user).toMatchObject({ id: ada.uid, email: ADA });
  expect(await ada.remove(ADA)).toMatchObject({
    is: "removed",
    owner: { uid: ada.uid, account: { identifiers: [proven("ada@work.example")], epoch: 1 } },
  });
  expect((await signIn(world, ADA)).grant.user.id).not.toBe(ada.uid);
  expect((await signIn(world, "ada@work.example")).grant.user.id).toBe(ada.uid);
  await expectSound(world);
});

flow("several values are listed at once, each once, with whatever else is to change", async (world) => {
  const ada = await person(world, ADA);
  const slot = ada.accounts.slot("sms", object<{ readonly n: string }>({ n: text({ min: 1, max: 9 }) }));
  const wanted = ["c@example.com", "a@example.com", ADA, "b@example.com", "a@example.com"];
  const seen: Account[] = [];
  const added = await ada.add(wanted, {
    become(account) {
      seen.push(account);
      return slot.put(account, { n: String(account.identifiers.length) });
    },
  });
  expect(added.is).toBe("added");
  const account = await ada.accounts.get(ada.uid);
  expect(account?.identifiers.map(({ value }) => value).toSorted()).toEqual(
    [ADA, "a@example.com", "b@example.com", "c@example.com"].toSorted(),
  );
  expect([slot.get(account!), account?.reserving, account?.epoch]).toEqual([{ n: "4" }, undefined, 0]);
  expect(seen.map(({ identifiers }) => identifiers.length)).toEqual([4, 4]); // when it reserves, and when it commits
  expect((await ada.add(wanted)).is).toBe("added"); // again: nothing is to be claimed
  expect(await ada.listed()).toHaveLength(4);
  await expectSound(world);
});

flow("a value that another has is told, and then none is listed", async (world) => {
  const [ada, bob] = [await person(world, ADA), await person(world, BOB)];
  for (const wanted of [["x@example.com", BOB], [BOB, "x@example.com"]]) {
    expect(await ada.add(wanted)).toEqual({ is: "taken", value: address(BOB) });
    const claimed = [...(await world.contents()).keys()].filter((key) => key.startsWith("identifiers:"));
    expect(claimed, "the claims that are left").toHaveLength(2);
  }
  expect(await ada.accounts.get(ada.uid)).toMatchObject({ identifiers: [proven(ADA)] });
  expect((await ada.accounts.get(ada.uid))?.reserving).toBe(undefined);
  expect((await bob.add(["x@example.com"])).is).toBe("added");
  await expectSound(world);
});

flow("values are added and removed while the session lives, and the proof counts", async (world) => {
  const ada = await person(world, ADA);
  const { account } = (await ownerOf(ada.accounts, ada.uid))!;
  const { uid } = ada;
  await world.server().sessions.endAll({ userId: uid, except: ada.sid });
  const before = await world.contents();
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    "challenge_invalid": () => ada.add(["x@example.com"], { noted: noteOf({ uid, account }) }),
    "challenge_invalid, of another account": () =>
      ada.add(["x@example.com"], { noted: { uid: "a".repeat(26), epoch: 1 } }),
    "challenge_invalid, of nobody's": () => ada.add(["x@example.com"], { noted: { uid: null, epoch: 0 } }),
    "not_found": () => ada.remove("nobody@example.com"),
    "session_ended": () => ada.add(["x@example.com"], { acting: "a".repeat(26) }),
    "not_found, account": () => ada.add(["x@example.com"], { uid: "a".repeat(26), acting: undefined }),
  };
  for (const [name, call] of Object.entries(refused)) {
    expect([name, await outcome(call())]).toEqual([name, name.split(",")[0]]);
  }
  expect(await ada.add(["x@example.com"], { become: () => null })).toEqual({ is: "refused" });
  expect(await world.contents()).toEqual(before);
  await world.server().sessions.endAll({ userId: uid });
  expect(await outcome(ada.add(["x@example.com"]))).toBe("session_ended");
  expect(await outcome(ada.remove(ADA))).toBe("session_ended");
  expect((await ada.add(["x@example.com"], { acting: undefined })).is).toBe("added"); // the application's own authority
});

flow("what ends while values are being claimed is asked for again when they are listed", async (world) => {
  const ends: Readonly<Record<string, (ada: Person) => Promise<unknown>>> = {
    session_ended: ({ uid, sid }) => world.server().sessions.end({ userId: uid, id: sid }),
    challenge_invalid: ({ uid, sid }) => world.server().sessions.endAll({ userId: uid, except: sid }),
    not_found: ({ uid }) => world.server().users.remove({ id: uid }),
  };
  for (const [code, end] of Object.entries(ends)) {
    const store = faulty(world.driver());
    const ada = await person(
      world,
      `${code.replace("_", "-")}@example.com`,
      await world.accounts(store.driver),
    );
    const acting = code === "not_found" ? undefined : ada.sid;
    store.fault = async ({ key, next }, run) => {
      const done = await run();
      if (next !== null && key.startsWith("identifiers:")) await end(ada);
      return done;
    };
    const before = await world.contents();
    expect([code, await outcome(ada.add(["x@example.com"], { acting }))]).toEqual([code, code]);
    expect((await ada.accounts.get(ada.uid))?.reserving).toBe(undefined);
    const claimed = [...(await world.contents()).keys()].filter((key) => key.startsWith("identifiers:"));
    expect(claimed.filter((key) => !before.has(key)), "the claims that are left").toEqual([]);
  }
  expect(await world.server().users.find({ email: "x@example.com" })).toBe(null);
  await expectSound(world);
});

flow("an account has ten values, and an eleventh is limit_reached", async (world) => {
  const ada = await person(world, ADA);
  const nine = Array.from({ length: 9 }, (_, n) => `n${n}@example.com`);
  expect(await outcome(ada.add([...nine, "ten@example.com"]))).toBe("limit_reached");
  expect((await ada.add(nine)).is).toBe("added");
  expect(await ada.listed()).toHaveLength(10);
  expect(await outcome(ada.add(["ten@example.com"]))).toBe("limit_reached");
  for (const email of nine) expect((await ada.remove(email)).is).toBe("removed");
  expect(await ada.listed()).toEqual([ADA]);
  await expectSound(world);
});

flow("two accounts that add the same values at once: one gets all of them, the other none", async (world) => {
  const people = [await person(world, ADA), await person(world, BOB)];
  const values = ["x@example.com", "y@example.com", "z@example.com"];
  const added = await Promise.all(people.map(({ add }, i) => add(i === 0 ? values : values.toReversed())));
  expect(added.map(({ is }) => is).toSorted()).toEqual(["added", "taken"]);
  const winner = people[added.findIndex(({ is }) => is === "added")];
  for (const value of values) {
    expect((await winner?.accounts.find(address(value)))?.uid).toBe(winner?.uid);
  }
  await expectSound(world);
}, { unhurried: true });

flow("values that are added to one account at once are all listed", async (world) => {
  const ada = await person(world, ADA);
  const values = ["v", "w", "x"].map((name) => ["1", "2", "3"].map((n) => `${name}${n}@example.com`));
  const servers = await Promise.all(values.map(() => world.accounts()));
  const added = await Promise.all(
    values.map((three, i) => personAt(servers[i]!, ada.uid, ada.sid).add(three)),
  );
  expect(added.map(({ is }) => is)).toEqual(values.map(() => "added"));
  expect((await ada.listed()).toSorted()).toEqual([ADA, ...values.flat()]);
  await expectSound(world);
}, { unhurried: true });

flow(
  "a reservation of an account that does not go on is cleared by whoever wants the value",
  async (world) => {
    const ada = await person(world, ADA);
    const store = faulty(world.driver());
    const died = () => Promise.reject(new Error("the process died"));
    const dying = personAt(await world.accounts(store.driver), ada.uid, ada.sid);
    store.fault = async ({ name, key }, run) => {
      const done = await run();
      if (name !== "swap" || !key.startsWith("identifiers:")) return done;
      store.fault = died;
      return await died();
    };
    expect(await outcome(dying.add(["x@example.com"]))).toBe("storage_unavailable");
    expect((await ada.accounts.get(ada.uid))?.reserving?.values).toHaveLength(1);
    await world.turn(5.001); // longer than the deadline
    const { grant: { user } } = await signIn(world, "x@example.com");
    expect(user.id).not.toBe(ada.uid);
    expect((await ada.accounts.get(ada.uid))?.reserving).toBe(undefined);
    expect(await ada.add(["x@example.com"])).toEqual({ is: "taken", value: address("x@example.com") });
    expect(await ada.listed()).toEqual([ADA]);
    await expectSound(world);
  },
);

flow("what an account is reserving goes with it, and with whoever loses it to its owner", async (world) => {
  const { users } = world.server();
  const accounts = await world.accounts();
  const reserve = async (uid: string, op: string) => {
    await accounts.change(uid, (account) => ({
      next: account && { ...account, reserving: { op, values: ["b".repeat(52)], at: world.now() } },
      result: undefined,
    }));
    await world.driver().setItem(
      `identifiers:${"b".repeat(52)}`,
      textOf({ rev: 1, v: 1, w: "made-up", uid, type: "email", op }),
    );
  };
  const { id: unproven } = await users.create({ email: ADA });
  await reserve(unproven, "first");
  expect((await signIn(world, ADA)).grant.user.id).toBe(unproven);
  expect((await accounts.get(unproven))?.reserving).toBe(undefined);
  await reserve(unproven, "second");
  expect(await users.remove({ id: unproven })).toMatchObject({ removed: expect.any(Number) });
  expect([...(await world.contents()).keys()].filter((key) => key.startsWith("identifiers:"))).toEqual([]);
});

flow(
  "a sweep ends a reservation of an account that has stood for an hour, and leaves the account",
  async (world) => {
    const ada = await person(world, ADA);
    const at = world.now();
    await ada.accounts.change(ada.uid, (account) => ({
      next: account && { ...account, reserving: { op: "x", values: ["b".repeat(52)], at } },
      result: undefined,
    }));
    await world.turn(3599);
    await world.server().sweep();
    expect((await ada.accounts.get(ada.uid))?.reserving?.op).toBe("x");
    await world.turn(1);
    await world.server().sweep();
    expect(await ada.accounts.get(ada.uid)).toMatchObject({ identifiers: [proven(ADA)] });
    expect((await ada.accounts.get(ada.uid))?.reserving).toBe(undefined);
  },
);

flow("a reservation left by a clock that ran ahead keeps nobody waiting for that clock", async (world) => {
  const ada = await person(world, ADA);
  const store = faulty(world.driver());
  const ahead = await world.accounts(store.driver, { now: () => world.now() + 3_600_000 });
  const dying = personAt(ahead, ada.uid, ada.sid);
  for (const value of ["x@example.com", "y@example.com"]) {
    let claimed = false;
    store.fault = async ({ name, key }, run) => {
      if (claimed) throw new Error("the process died");
      claimed = name === "swap" && key.startsWith("identifiers:");
      return await run();
    };
    expect(await outcome(dying.add([value]))).toBe("storage_unavailable");
    expect((await ada.accounts.get(ada.uid))?.reserving?.values).toHaveLength(1);
    if (value.startsWith("x")) expect((await signIn(world, value)).grant.user.id).not.toBe(ada.uid);
    else expect((await ada.add(["z@example.com"])).is).toBe("added");
  }
  await expectSound(world);
});

flow("an add that throws where it is to be listed leaves nothing that others wait for", async (world) => {
  const ada = await person(world, ADA);
  let asked = 0;
  const become = (account: Account) => {
    if (++asked === 2) throw new RangeError("too late");
    return account;
  };
  await expect(ada.add(["x@example.com"], { become })).rejects.toThrow("too late");
  expect((await ada.accounts.get(ada.uid))?.reserving).toBe(undefined);
  await expectSound(world);
});

flow("an add whose answer is lost leaves the claims of what it listed", async (world) => {
  const store = faulty(world.driver());
  const ada = await person(world, ADA, await world.accounts(store.driver));
  let lost = 0;
  store.fault = async ({ key, next }, run) => {
    const done = await run();
    const commits = key.startsWith("users:") && next?.includes("x@example.com") === true;
    if (commits || lost === 1) lost++; // and what is read then
    if (commits || lost === 2) throw new Error("the connection was lost");
    return done;
  };
  expect(await outcome(ada.add(["x@example.com"]))).toBe("storage_unavailable");
  store.fault = null;
  expect(await ada.listed()).toEqual([ADA, "x@example.com"]);
  await expectSound(world);
});
