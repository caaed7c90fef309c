// Which passwords are accepted where one is chosen.
import { describe, expect, test } from "vitest";
import type { PasswordOwner } from "../../src/features/password/options.ts";
import { policy } from "../../src/features/password/policy.ts";
import type { PolicySettings } from "../../src/features/password/policy_settings.ts";
import { told } from "../../src/base/hidden.ts";
import { AuthError } from "../../src/errors.ts";

const settings: PolicySettings = {
  minLength: 12,
  maxLength: 256,
  classes: [],
  refuse: null,
  breached: null,
};
const ada: PasswordOwner = { identifiers: ["ada.lovelace@example.com"], name: "Ada Lovelace" };
const nobody: PasswordOwner = { identifiers: [], name: null };
const GOOD = "correct horse battery";

type Reply = () => Promise<Response>;
const silent: Reply = () => Promise.reject(new Error("nobody is asked here"));

/** What the list's service is asked, and with what time nothing happens by itself. */
function judge(more: Partial<PolicySettings> = {}, reply: Reply = silent) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const unasked: unknown[] = [];
  const sleepers: (() => void)[] = [];
  let time = 0;
  const { check } = policy({ ...settings, ...more }, {
    now: () => time,
    sleep: () => new Promise((resolve) => void sleepers.push(resolve)),
    fetch: (url, init) => {
      asked.push({ url, init });
      return reply();
    },
    unasked: (cause) => void unasked.push(cause),
  });
  /** What is said of a password: nothing, where it is accepted. */
  async function said(password: string, owner: PasswordOwner = nobody): Promise<readonly string[]> {
    try {
      await check(password, owner, "newPassword");
      return [];
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      if (error.code !== "password_weak") return [`${error.code} ${error.details?.retryAfter}`];
      return error.details?.issues?.map(({ path, message }) => path === "newPassword" ? message : path) ?? [];
    }
  }
  /** Why nothing can be said of one. */
  async function failure(password: string): Promise<Error> {
    return await check(password, nobody, "newPassword").then(
      () => new Error("it was judged"),
      (error: Error) => error,
    );
  }
  function pass(ms: number): void {
    time += ms;
    sleepers.splice(0).forEach((wake) => wake());
  }
  return { said, failure, asked, unasked, pass };
}

/** A reply that never ends: the same line again and again. */
function endless(line: string): ReadableStream<Uint8Array> {
  const some = new TextEncoder().encode(`${line}\r\n`.repeat(1000));
  return new ReadableStream({ pull: (controller) => controller.enqueue(some) });
}

const COMMON = "must be another one: this one is among the first that are tried";
const OWN = "must be made of more than your own name and address";
const short = (length: number) => `must be at least 12 characters long: it has ${length}`;

const CASES: Readonly<Record<string, readonly (readonly [password: string, ...said: readonly string[]])[]>> =
  {
    "a length, in characters as people count them": [
      [GOOD],
      ["kx7#mQ2!vTz", short(11)],
      ["kx7#mQ2!vTz9"],
      ["🔑🎈🐙🦊🌵🍋🚲🎻🧭🪁🥁", short(11)],
      ["🔑🎈🐙🦊🌵🍋🚲🎻🧭🪁🥁🛶"],
      ["u\u0308bermut tut", short(11)], // eleven in NFC, twelve as it came
      ["", short(0)],
      [`${"kx7#mQ2!vTz9".repeat(21)}1234`],
      [`${"kx7#mQ2!vTz9".repeat(21)}12345`, "must be at most 256 characters long: it has 257"],
    ],
    "what is among the first that are tried": [
      "password1234",
      "P@ssw0rd2024!",
      "!!Passwort123!!",
      "passwordpassword",
      "Password Password",
      "iloveyou!!!!",
      "$uperman12345",
      "aaaaaaaaaaaa",
      "abcabcabcabc",
      "ａｂｃａｂｃａｂｃａｂｃ", // wide letters
      "123456789012",
      "098765432109",
      "qwertyuiop12",
      "1q2w3e4r5t6y",
      "zyxwvutsrqpo",
      "🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑",
    ].map((password) => [password, COMMON] as const),
    "what only looks like it": [
      ["my password is a horse"],
      ["918273645564"],
      ["Tr0ub4dor&3 and more"],
      ["aaaaaaaaaaab9"],
    ],
  };

describe.each(Object.entries(CASES))("%s", (_, cases) => {
  test.each(cases)("%s", async (password, ...expected) => {
    expect(await judge().said(password)).toEqual(expected);
  });
});

test.each([
  ["ada.lovelace@example.com", [OWN]],
  ["Ada.Lovelace@Example.com", [OWN]],
  ["ada.lovelace1", [OWN]],
  ["LovelaceAda2026", [OWN]],
  ["lovelace-example-com", [OWN]],
  ["the lovelace of ada's engines", []],
  [GOOD, []],
])("of its owner's own words nothing counts: %s", async (password, expected) => {
  expect(await judge().said(password, ada)).toEqual(expected);
  expect(await judge().said(password, nobody)).toEqual([]);
});

test("classes of characters are asked for where that is wanted, all that are missing at once", async () => {
  const { said } = judge({ classes: ["lowercase", "uppercase", "digit", "symbol"] });
  expect(await said("correcthorsebatter")).toEqual([
    "must have a capital letter",
    "must have a digit",
    "must have a character that is neither a letter nor a digit",
  ]);
  expect(await said("ΩΩΠΠ ΣΣΦΦ ΨΨ٣")).toEqual(["must have a small letter"]);
  expect(await said("Correct horse 9")).toEqual([]);
});

test.each([
  [true, ["is not accepted here"]],
  ["must not be a colour", ["must not be a colour"]],
  [false, []],
  [undefined, []],
])("a function of the user's own that answers %o", async (answer, expected) => {
  const seen: unknown[] = [];
  const refuse = (...given: readonly unknown[]) => {
    seen.push(given);
    return Promise.resolve(answer as boolean);
  };
  expect(await judge({ refuse }).said(GOOD, ada)).toEqual(expected);
  expect(seen).toEqual([[GOOD, ada]]);
});

test.each<readonly [what: string, functions: Partial<PolicySettings>]>([
  ["refuse", { refuse: () => new Promise(() => {}) }],
  ["breached", { breached: () => new Promise(() => {}) }],
])("a function %s that never answers is waited for no longer than five seconds", async (_, functions) => {
  const { failure, pass } = judge(functions);
  const answer = failure(GOOD);
  await new Promise((resolve) => setTimeout(resolve, 0));
  pass(5000);
  expect(await answer).toMatchObject({ message: "no answer within 5000 ms" });
});

describe("a list of passwords that became known", () => {
  const other = "94F08CFB0B0D5FF0D5BE07B3C4C1A4E71F5:7";
  const sha1 = async (password: string) => {
    const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(password));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")
      .toUpperCase();
  };
  const lines = (...list: readonly string[]): Reply => () => Promise.resolve(new Response(list.join("\r\n")));
  const listed = { breached: { failOpen: false } };
  const lenient = { breached: { failOpen: true } };

  test("is told five digits of a hash, and asked to pad its answer", async () => {
    const { said, asked } = judge(listed, lines(other));
    expect(await said(GOOD)).toEqual([]);
    const [{ url = "", init = {} } = {}] = asked;
    expect(url).toBe(`https://api.pwnedpasswords.com/range/${(await sha1(GOOD)).slice(0, 5)}`);
    expect(new Headers(init.headers).get("Add-Padding")).toBe("true");
    expect([asked.length, init.redirect, init.body]).toEqual([1, "error", undefined]);
  });

  test("refuses what stands in it, but for lines that only pad it", async () => {
    const own = (await sha1(GOOD)).slice(5);
    expect(await judge(listed, lines(other, `${own}:3`)).said(GOOD)).toEqual([
      "must be another one: this one has become known elsewhere",
    ]);
    expect(await judge(listed, lines(other, `${own}:0`)).said(GOOD)).toEqual([]);
  });

  test("is not asked about what is refused anyway", async () => {
    const { said, asked } = judge(listed, lines(other));
    expect([await said("password1234"), await said("short")]).toEqual([[COMMON], [short(5)]]);
    expect(asked).toEqual([]);
  });

  test.each<readonly [what: string, reply: Reply]>([
    ["that cannot be reached", () => Promise.reject(new TypeError("no network"))],
    ["that fails", () => Promise.resolve(new Response(other, { status: 503 }))],
    ["that sends something else", lines("<html>", "<body>")],
    ["that sends nothing", lines("")],
    ["that sends small letters, of which none would be found", lines(other.toLowerCase())],
    ["that sends without end", () => Promise.resolve(new Response(endless(other)))],
  ])("%s: busy, or accepted where that was chosen, and told of", async (_, reply) => {
    const [strict, open] = [judge(listed, reply), judge(lenient, reply)];
    expect([await strict.said(GOOD), strict.unasked]).toEqual([["busy 5"], []]);
    expect([await open.said(GOOD), open.unasked]).toEqual([[], [expect.any(Error)]]);
  });

  test("of what fails there nothing is told that follows from the password", async () => {
    const shown = (await sha1(GOOD)).slice(0, 5);
    const fails = judge(listed, () => Promise.reject(new TypeError(`sending to /range/${shown} failed`)));
    const { cause } = await fails.failure(GOOD);
    expect(told(cause)).toMatchObject({ message: "sending to /range/[hidden] failed" });
    expect(JSON.stringify(told(cause))).not.toContain(shown);
  });

  test("that does not answer is waited for no longer than five seconds", async () => {
    const { said, asked, pass } = judge(listed, () => new Promise(() => {}));
    const answer = said(GOOD);
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    pass(5000);
    expect(await answer).toEqual(["busy 5"]);
    expect(asked[0]?.init.signal?.aborted).toBe(true);
  });

  test.each([[true, 1], [false, 0], ["yes", 0]])("as a function that answers %o", async (answer, issues) => {
    const breached = () => Promise.resolve(answer as boolean);
    expect(await judge({ breached }).said(GOOD)).toHaveLength(issues);
  });
});

test("what is said of a password never repeats it", async () => {
  const everything = judge({ classes: ["symbol"], breached: () => true });
  const said = await Promise.all(
    ["hunter2", "password1234", "ada.lovelace@example.com", "kx7mQ2vTz9abc", GOOD].map((password) =>
      everything.said(password, ada)
    ),
  );
  expect(said.filter((one) => one.length === 0)).toEqual([]);
  expect(JSON.stringify(said)).not.toMatch(/hunter2|password1234|lovelace|kx7mQ2|horse/i);
});
