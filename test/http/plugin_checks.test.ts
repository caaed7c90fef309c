// Definitions of plug-ins that no compiler has seen: what is misspelt or out of range is refused, and never read as something else.
import { describe, expect, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { AnyRoute } from "../../src/contract.ts";
import type { Core } from "../../src/core/core.ts";
import type { Recipe } from "../../src/core/mailed_steps.ts";
import { definePlugin, object, type PluginTools, text } from "../../src/doors/plugin.ts";
import { AuthError } from "../../src/errors.ts";
import type { Hooks } from "../../src/options/hooks.ts";
import type { AuthOptions } from "../../src/options.ts";
import { onSite } from "./site.ts";

const OPTIONS = { secret: "bWFrZSBvbmUgd2l0aCBvcGVuc3NsIHJhbmQ=", baseUrl: "https://app.example.com" };
const QUIET = { platform: { log: { warn() {}, error() {} } } };
const nothing = object<Record<never, never>>({});
const row = { summary: "Run it", access: "anyone", input: nothing, status: 200, errors: [] } as const;
const one = { name: "one", calls: {}, routes: {}, create: () => ({}) };

/** What `definePlugin` says of a definition, a line for each thing that is wrong. */
function refusal(definition: object): readonly string[] {
  try {
    definePlugin({ ...one, ...definition } as never);
    return [];
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [first, ...rest] = error.message.split("\n  ");
    expect(first).toBe("definePlugin: the plug-in one is wrong:");
    return rest;
  }
}

describe("a row that is wrong is refused by name", () => {
  const input = object<{ readonly id: string }>({ id: text({ min: 1, max: 9 }) });
  const caller = object<{ readonly userId: string }>({ userId: text({ min: 1, max: 9 }) });
  const secret = object<{ readonly accessToken: string }>({ accessToken: text({ min: 1, max: 9 }) });
  const sentence = "must be a sentence of at most 200 characters";
  const schema = "must be a schema, like object({ … })";
  const CASES: readonly (readonly [wrong: object, said: string, call?: string])[] = [
    [{ summary: undefined }, `summary ${sentence}`],
    [{ summary: " " }, `summary ${sentence}`],
    [{ access: "signedIn" }, 'access must be "anyone" or "optional" or "session": it is "signedIn"'],
    [{ access: undefined }, 'access must be "anyone" or "optional" or "session": it is null'],
    [{ access: ["session"] }, 'access must be "anyone" or "optional" or "session": it is a list'],
    [{ limit: "starts" }, 'limit must be "start" or "page" or "proof" or "refresh": it is "starts"'],
    [{ limit: null }, 'limit must be "start" or "page" or "proof" or "refresh": it is null'],
    [{ session: "start" }, 'session must be "starts" or "ends": it is "start"'],
    [{ session: "ends" }, "session cannot be: any page may send a browser to a GET", "GET /x"],
    [{ reply: "html" }, 'reply must be "json" or "grant" or "page" or "redirect": it is "html"'],
    [{ reply: "grant" }, 'reply must be "grant" with session: "starts", and with nothing else'],
    [
      { reply: "page", session: "starts" },
      'reply must be "grant" with session: "starts", and with nothing else',
    ],
    [{ audiences: "any" }, 'audiences must be "all": it is "any"'],
    [{ status: 302 }, "status must be 200, 201 or 204, or 303 for a redirect"],
    [{ status: "200" }, "status must be 200, 201 or 204, or 303 for a redirect"],
    [{ status: 204, session: "starts" }, "status must be 200 or 201: with 204 nothing is told"],
    [{ status: 204, reply: "page" }, "status must be 200 or 201: with 204 nothing is told"],
    [{ mails: false }, "mails must be true, or not be there"],
    [{ anywhere: "yes" }, "anywhere must be true, or not be there"],
    [{ idempotent: 1 }, "idempotent must be true, or not be there"],
    [{ idempotent: true, session: "starts" }, "idempotent cannot be: only JSON that lets nobody in is kept"],
    [{ idempotent: true, reply: "page" }, "idempotent cannot be: only JSON that lets nobody in is kept"],
    [{ idempotent: true, output: secret }, "idempotent cannot be: the reply holds a token, code or seed"],
    [{ output: {} }, "output must be a schema"],
    [{ maxAge: -1 }, "maxAge must be a whole number from 1 to 31536000: it is -1", "GET /x"],
    [{ maxAge: Infinity }, "maxAge must be a whole number from 1 to 31536000: it is Infinity", "GET /x"],
    [{ maxAge: 60 }, 'maxAge cannot be: others keep only what a GET with access: "anyone" tells'],
    [
      { maxAge: 60, access: "session" },
      'maxAge cannot be: others keep only what a GET with access: "anyone" tells',
      "GET /x",
    ],
    [{ keeps: "id", input }, 'keeps must be a member of the input, beside session: "ends"'],
    [{ keeps: "it", input, session: "ends" }, 'keeps must be a member of the input, beside session: "ends"'],
    ...[undefined, ["nope"], ["two.full"], ["constructor"], "not_found"].map((errors) =>
      [
        { errors },
        "errors must be a list of codes, of the table or of errors with the plug-in's name",
      ] as const
    ),
    [{ input: undefined }, `input ${schema}`],
    [{ input: { id: "string" } }, `input ${schema}`],
    [{ input: { ...nothing, async: true } }, `input ${schema}`],
    [{ input: caller }, "input.userId cannot be: who calls is never said over the wire"],
    [{ input }, 'input.no is missing: "POST /x/:no" names it', "POST /x/:no"],
    [
      { acces: "session" },
      `acces is not an option. There are: ${"access, anywhere, audiences, errors, idempotent, input, keeps, limit, mails, maxAge, output, reply, session, status, summary"}`,
    ],
  ];
  for (const [wrong, said, call = "POST /x"] of CASES) {
    test(`${said} (${Object.keys(wrong).join(", ")})`, () => {
      const found = refusal({ calls: { run: call }, routes: { run: { ...row, ...wrong } } });
      expect(found).toEqual([`routes.run.${said}`]);
    });
  }

  test("everything at once, and a row with everything that is right is taken", () => {
    const wrong = { ...row, access: "everybody", limit: "starts" };
    expect(refusal({ calls: { run: "POST /x" }, routes: { run: wrong } })).toHaveLength(2);
    const right: readonly (readonly [string, object])[] = [
      ["POST /x/:id", { input, limit: "start", mails: true, idempotent: true, output: nothing, status: 201 }],
      ["POST /x", { access: "session", session: "ends", keeps: "id", input, audiences: "all", status: 204 }],
      ["POST /x", { session: "starts", reply: "grant", limit: "proof", errors: ["one.full", "not_found"] }],
      ["GET /x", { maxAge: 60, reply: "page" }],
      ["GET /x", { reply: "redirect", status: 303 }],
    ];
    for (const [call, more] of right) {
      const routes = { run: { ...row, ...more } };
      expect(refusal({ calls: { run: call }, routes, errors: { full: [409, "Full."] } })).toEqual([]);
    }
  });
});

describe("another part that is wrong is refused by name", () => {
  const mails = "must be { en: (data, locale) => … } with further languages, or a function that loads that";
  const error = "must be a snake_case code with [a status of 400 to 599, a sentence]";
  const level = 'must be letters, with "debug", "info", "warn" or "error"';
  const CASES: readonly (readonly [wrong: object, said: string])[] = [
    [{ calls: undefined }, "calls must be an object: it is null"],
    [{ routes: null }, "routes must be an object: it is null"],
    [{ calls: { run: "POST /x" } }, "routes.run must be an object: it is null"],
    [
      { calls: { run: 5 }, routes: { run: row } },
      'calls.run must be a method and a path, like "POST /sms/start"',
    ],
    [{ routes: { run: row } }, "calls.run is missing: routes has it"],
    [
      { hook: () => ({}) },
      "hook is not an option. There are: calls, create, errors, events, hooks, mails, name, options, routes, slot",
    ],
    [{ create: {} }, "create must be a function"],
    [{ hooks: { beforeSignIn() {} } }, "hooks must be a function"],
    [{ options: {} }, "options must be a function"],
    [{ slot: {} }, "slot must be a schema, like object({ … })"],
    [{ errors: { full: [200, "Fine."] } }, `errors.full ${error}`],
    [{ errors: { full: [600, "No."] } }, `errors.full ${error}`],
    [{ errors: { full: [409] } }, `errors.full ${error}`],
    [{ errors: { full: "No." } }, `errors.full ${error}`],
    [{ events: { poured: "loud" } }, `events.poured ${level}`],
    [{ events: { poured: ["info"] } }, `events.poured ${level}`],
    [{ mails: { hello: "Hello" } }, `mails.hello ${mails}`],
    [{ mails: { hello: { de: () => ({}) } } }, `mails.hello ${mails}`],
    [{ mails: { hello: { en: () => ({}), xx_yy: () => ({}) } } }, `mails.hello ${mails}`],
    [{ mails: { "a.b": { en: () => ({}) } } }, `mails.a.b ${mails}`],
  ];
  for (const [wrong, said] of CASES) {
    test(said, () => expect(refusal(wrong)).toEqual([said]));
  }

  test("what is checked is what counts: a row cannot be exchanged behind it", async () => {
    const changing = { ...row, access: "session" };
    const calls = { run: "POST /x" };
    const made = definePlugin({
      ...one,
      calls,
      routes: { run: changing },
      create: () => ({ run: () => Promise.resolve({}) }),
    } as never) as () => never;
    changing.access = "anyone";
    calls.run = "POST /y";
    await onSite(async ({ ask }) => {
      expect([(await ask("POST /x", { body: {} })).status, (await ask("POST /y", { body: {} })).status])
        .toEqual([401, 404]);
    }, { plugins: [made()] });
  });
});

test("options that are checked too late are refused", () => {
  expect(problems({ options: () => Promise.resolve({}) })).toEqual(
    new TypeError("options of the plug-in one must not be async"),
  );
});

/** What `createAuth` says of a plug-in that is made so. */
function problems(definition: object): unknown {
  const plugin = definePlugin({ ...one, ...definition } as never) as () => never;
  try {
    createAuth({ ...OPTIONS, ...QUIET, plugins: [plugin()] } as AuthOptions);
  } catch (error) {
    return error instanceof AuthError ? error.details?.issues : error;
  }
  return "createAuth took it";
}

describe("hooks of a plug-in", () => {
  class Own {
    beforeSignin() {}
  }
  const known = "There are: afterSignIn, afterSignOut, afterSignUp, beforeSignIn, beforeSignUp";
  const CASES: readonly (readonly [hooks: unknown, path: string, message: string])[] = [
    [{ beforeSignin() {} }, ".beforeSignin", `is not an option. ${known}`],
    [{ beforeSignIn: "no" }, ".beforeSignIn", "must be a function"],
    [undefined, "", "must be an object: it is null"],
    [Promise.resolve({ beforeSignIn() {} }), "", "must be a plain object, at once"],
    [new Own(), "", "must be a plain object, at once"],
  ];
  for (const [hooks, path, message] of CASES) {
    test(`${path} ${message}`, () => {
      expect(problems({ hooks: () => hooks })).toEqual([{ path: `plugins.one.hooks${path}`, message }]);
    });
  }

  test("those of the options veto out of a class too", async () => {
    class Vetoes implements Hooks {
      beforeSignUp(): { deny: string } {
        return { deny: "Nobody." };
      }
    }
    await onSite(async ({ ask, world }) => {
      const { body } = await ask("POST /email/start", { body: { email: "ada@example.com" } });
      const { challengeId } = body as { challengeId: string };
      const code = world.mailbox.code("ada@example.com");
      const reply = await ask("POST /email/verify", { body: { challengeId, code } });
      expect([reply.status, reply.body]).toMatchObject([403, { code: "sign_in_denied" }]);
    }, { hooks: new Vetoes() });
  });
});

describe("steps", () => {
  const right = { deliver() {}, everybody: true, amr: ["otp"] };
  const CASES: readonly (readonly [wrong: object, path: string, message: string])[] = [
    [{ length: 1 }, "length", "must be a whole number from 6 to 10: it is 1"],
    [{ length: NaN }, "length", "must be a whole number from 6 to 10: it is NaN"],
    [{ length: "6" }, "length", 'must be a whole number from 6 to 10: it is "6"'],
    [{ attempts: 1e9 }, "attempts", "must be a whole number from 1 to 10: it is 1000000000"],
    [{ attempts: 0 }, "attempts", "must be a whole number from 1 to 10: it is 0"],
    [{ ttl: 1e9 }, "ttl", 'must be a duration like "15m" or a number of seconds, 1m to 1h: it is 1000000000'],
    [
      { resendAfter: -1 },
      "resendAfter",
      'must be a duration like "15m" or a number of seconds, 0s to 10m: it is -1',
    ],
    [{ ttl: 60, resendAfter: 61 }, "resendAfter", "must not be longer than ttl"],
    [{ deliver: undefined }, "deliver", "must be a function (delivery)"],
    [{ everybody: undefined }, "everybody", "must be true or false"],
    [{ amr: "otp" }, "amr", 'must be a list of words, like ["otp", "sms"]'],
    [{ name: "a.b" }, "name", "must be a letter, then up to 31 letters and digits"],
    [
      { lenght: 8 },
      "lenght",
      "is not an option. There are: amr, attempts, deliver, everybody, length, name, resendAfter, ttl",
    ],
  ];
  for (const [wrong, path, message] of CASES) {
    test(`${path} ${message}`, () => {
      const create = ({ steps }: PluginTools) => (steps({ ...right, ...wrong } as never), {});
      expect(problems({ create })).toEqual([{ path: `plugins.one.steps.${path}`, message }]);
    });
  }

  test("of which nothing is said have codes of six digits, five guesses and ten minutes", async () => {
    const codes: string[] = [];
    const plugin = definePlugin({
      ...one,
      calls: { start: "POST /one" },
      routes: { start: row },
      create: ({ steps }) => {
        const { start, answer } = steps({ ...right, deliver: ({ code }) => void codes.push(code) });
        return {
          async start() {
            const { challengeId, expiresAt, resendAt } = await start({ to: "42" });
            const wrong = await answer({ challengeId, code: "-" }).catch((error: AuthError) =>
              error.toJSON()
            );
            return { lasts: Date.parse(expiresAt) - Date.parse(resendAt), wrong };
          },
        };
      },
    });
    await onSite(async ({ ask }) => {
      expect((await ask("POST /one", { body: {} })).body).toMatchObject({
        lasts: 540_000,
        wrong: { code: "code_invalid", details: { attemptsLeft: 4 } },
      });
      expect(codes).toEqual([expect.stringMatching(/^\d{6}$/)]);
    }, { plugins: [plugin()] });
  });
});

describe("a limit of a plug-in's own that limits nothing fails", () => {
  const CASES: readonly (readonly [parts: unknown, rate: unknown])[] = [
    [["x"], { limit: -1, per: 60 }],
    [["x"], { limit: 0, per: 60 }],
    [["x"], { limit: 1.5, per: 60 }],
    [["x"], { limit: NaN, per: 60 }],
    [["x"], { limit: "5", per: 60 }],
    [["x"], { limit: 5, per: 0 }],
    [["x"], { limit: 5, per: Infinity }],
    [["x"], { limit: 5 }],
    [["x"], { limit: 5, per: 60, burst: 9 }],
    [["x"], undefined],
    ["x", { limit: 5, per: 60 }],
    [[undefined], { limit: 5, per: 60 }],
  ];
  for (const [parts, rate] of CASES) {
    test(`${JSON.stringify(parts)} ${JSON.stringify(rate)}`, async () => {
      let said: unknown;
      const plugin = definePlugin({
        ...one,
        calls: { run: "POST /one" },
        routes: { run: row },
        create: ({ limits }) => ({
          run: () =>
            limits.take(parts as never, rate as never).catch((error: unknown) => {
              said = error;
              throw error;
            }),
        }),
      });
      await onSite(async ({ ask }) => {
        expect((await ask("POST /one", { body: {} })).status).toBe(500);
        expect(said).toBeInstanceOf(TypeError);
      }, { plugins: [plugin()] });
    });
  }
});

describe("where nobody has checked a plug-in, the core does not read it generously", () => {
  /** A plug-in that `definePlugin` has not made. */
  function made(route: Partial<AnyRoute>, create: (core: Core) => object): never {
    const feature = {
      calls: { run: "POST /raw" },
      routes: { run: { ...row, ...route } },
      fit() {},
      settings() {},
      create,
    };
    return { name: "raw", feature } as never;
  }

  test("an access that means nothing asks for a session, by HTTP and by method", async () => {
    const run = () => Promise.resolve({ done: true });
    await onSite(async ({ ask, auth, browser }) => {
      expect((await ask("POST /raw", { body: {} })).body).toMatchObject({ code: "unauthenticated" });
      const { raw } = auth as unknown as { raw: { run(input: object): Promise<object> } };
      await expect(raw.run({})).rejects.toMatchObject({ code: "input_invalid" });
      const headers = await browser("ada@example.com");
      expect((await ask("POST /raw", { headers, body: {} })).body).toEqual({ done: true });
    }, { plugins: [made({ access: "signedIn" as never }, () => ({ run }))] });
  });

  test("an empty code, and one of fewer than six characters, is never right", async () => {
    const codes: string[] = [];
    for (const length of [0, 5, 6]) {
      const create = ({ mailedSteps }: Core) => {
        const recipe: Recipe = {
          ...{
            kind: "raw.code",
            label: "plugin raw.code",
            ttl: 600,
            attempts: 5,
            resendAfter: 60,
            everybody: true,
          },
          brings: { digits: length },
          to: () => ({ data: { code } }) => Promise.resolve(void codes.push(String(code))),
        };
        mailedSteps.add(recipe);
        return {
          async run() {
            const asked = { subject: "raw:42", owner: null, silent: false, client: undefined };
            const { challengeId } = await mailedSteps.start(recipe, asked);
            const { is } = await mailedSteps.answer(recipe, challengeId, {
              code: codes.at(-1) || "-",
              client: undefined,
            });
            return { is };
          },
        };
      };
      await onSite(async ({ ask }) => {
        expect([length, (await ask("POST /raw", { body: {} })).body]).toEqual([
          length,
          { is: length < 6 ? "wrong" : "right" },
        ]);
      }, { plugins: [made({}, create)] });
    }
  });
});
