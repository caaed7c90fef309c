import { expect, test } from "vitest";
import { hidden, keepBack, saidBy, told } from "../../src/base/hidden.ts";
import { ODD_THROWS } from "../suite/odd_throws.ts";

interface Told {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: Told;
}

for (const [name, odd] of Object.entries(ODD_THROWS)) {
  test(`${name} is told, in texts, five deep, of no more than some kilobytes`, () => {
    const cause = thrown(odd);
    let depth = 0;
    for (let one = told(cause) as Told | string | undefined; one !== undefined; depth++) {
      if (typeof one === "string") break;
      const { name, message, stack, cause: deeper }: Told = one;
      expect([typeof name, typeof message, typeof stack]).toEqual(["string", "string", "string"]);
      one = deeper;
    }
    expect(depth).toBeLessThanOrEqual(5);
    expect(saidBy(cause).length).toBeLessThan(100);
    expect(keepBack(cause, ["123456"])).toBe(cause);
  });
}

test("a text is cut before tokens are looked for in it, and tokens are found in one pass", () => {
  expect(hidden("x".repeat(60_000))).toBe("x".repeat(4096));
  expect(hidden("eyJ-".repeat(15_000))).toBe("[hidden]");
  expect(hidden("x".repeat(99), 80)).toBe("x".repeat(80));
  const { message, stack } = told(new Error("y".repeat(60_000))) as Told;
  expect([message.length, stack.length]).toEqual([4096, 8192]);
});

test("a token is hidden, and so is what is left of one that was cut", () => {
  expect(hidden("who is lks_abc.def-g, or eyJhbGciOi.J9.e30?")).toBe("who is [hidden], or [hidden]?");
  expect(hidden(`${"x".repeat(4090)} eyJhbGciOi.J9.e30`)).toBe(`${"x".repeat(4090)} [hidden]`);
});

test("what is kept back of a failure is hidden in all that is told of it, as it stands and as it is typed", () => {
  const words = "refused: abcd-efgh-jkmn, abcdefghjkmn, 10 minutes";
  const cause = new Error("wrapped", { cause: new Error(words) });
  keepBack(cause, ["abcd-efgh-jkmn", "10"]);
  const outer = told(new Error("outer", { cause })) as Told;
  expect(JSON.stringify(outer)).not.toMatch(/abcd-?efgh/);
  expect(outer.cause?.cause?.message).toBe("refused: [hidden], [hidden], 10 minutes");
  expect(saidBy(cause.cause)).toBe("refused: [hidden], [hidden], 10 minutes");
  expect(keepBack(words, ["abcd-efgh-jkmn"])).toBe("refused: [hidden], [hidden], 10 minutes");
});

function thrown(odd: () => never): unknown {
  try {
    return odd();
  } catch (cause) {
    return cause;
  }
}
