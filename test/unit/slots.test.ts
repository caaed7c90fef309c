// The compartments of the account record.
import { expect, test } from "vitest";
import { list, object, text } from "../../src/base/schema.ts";
import { slotOf, type Slotted } from "../../src/core/slots.ts";

interface Kept {
  readonly numbers: readonly string[];
}

const schema = object<Kept>({ numbers: list(text({ min: 1, max: 10_000 })) });
const nowhere = () => Promise.reject(new Error("not in this test"));
const slot = slotOf("sms", schema, nowhere);

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test("what is put into a slot is what is read from it, and no other slot is touched", () => {
  const account = { name: "Ada", slots: { other: { a: 1 } } };
  const after = slot.put(account, { numbers: ["+49"] });
  expect(slot.get(account)).toBe(null);
  expect(after).toEqual({ name: "Ada", slots: { other: { a: 1 }, sms: { numbers: ["+49"] } } });
  expect(slot.get(after)).toEqual({ numbers: ["+49"] });
  expect(slot.put(after, null)).toEqual(account);
  expect(slot.put({}, { numbers: [] })).toEqual({ slots: { sms: { numbers: [] } } });
});

test("one that cannot be read is storage_corrupt, and the others are read", () => {
  for (const broken of [{}, [], "numbers", null, 5, { numbers: [5] }, { numbers: [], more: 1 }]) {
    const account = { slots: { sms: broken, other: { numbers: ["+1"] } } };
    expect(caught(() => slot.get(account))).toMatchObject({ code: "storage_corrupt" });
    expect(slotOf("other", schema, nowhere).get(account)).toEqual({ numbers: ["+1"] });
  }
  expect(slotOf("constructor", schema, nowhere).get({ slots: {} })).toBe(null);
});

test("what has not its shape is not put in, nor more than 8 KiB", () => {
  expect(caught(() => slot.put({}, { numbers: [5] } as never))).toBeInstanceOf(TypeError);
  const sized = (bytes: number) => ({ numbers: ["a".repeat(bytes - '{"numbers":[""]}'.length)] });
  expect(caught(() => slot.put({}, sized(8193)))).toMatchObject({ code: "limit_reached" });
  expect(slot.get(slot.put({}, sized(8192)))).toEqual(sized(8192));
});

test("a decision on it is made in a swap of the account; one that fails changes nothing, and is told afterwards", async () => {
  let account: Slotted | null = { slots: { other: 1 } };
  const change = <R>(uid: string, decide: (now: Slotted | null) => { next: Slotted | null; result: R }) => {
    const { next, result } = decide(uid === "ada" ? account : null);
    if (uid === "ada") account = next;
    return Promise.resolve(result);
  };
  const mine = slotOf<Slotted, Kept>("sms", schema, change);
  expect(await mine.change("ada", (now) => ({ next: { numbers: ["+1"] }, result: now }))).toBe(null);
  expect(account).toEqual({ slots: { other: 1, sms: { numbers: ["+1"] } } });
  const before = account;
  expect(await mine.change("ada", (now) => ({ next: now === null ? null : { ...now }, result: 5 }))).toBe(5);
  const failures = [
    () => {
      throw new Error("no");
    },
    () => ({ next: { numbers: "no" }, result: 1 }) as never,
    (() => undefined) as never,
    (() => Promise.resolve()) as never,
  ];
  for (const decide of failures) {
    await expect(mine.change("ada", decide)).rejects.toBeInstanceOf(Error);
    expect(account).toEqual(before);
  }
  await expect(mine.change("bob", () => ({ next: null, result: 1 }))).rejects.toMatchObject({
    code: "not_found",
  });
});
