// Plug-ins: what each may say and do, and what no plug-in can spoil, however it is written.
import { describe, expect, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { definePlugin, object, optional, type PluginTools, text } from "../../src/doors/plugin.ts";
import { AuthError } from "../../src/errors.ts";
import type { Grant, Page, Redirect } from "../../src/model.ts";
import type { AuthOptions } from "../../src/options.ts";
import { type Asked, onSite, requestOf, type Site } from "./site.ts";

const OPTIONS = { secret: "bWFrZSBvbmUgd2l0aCBvcGVuc3NsIHJhbmQ=", baseUrl: "https://app.example.com" };
const ADA = "ada@example.com";
const nothing = object<Record<never, never>>({});
const row = { summary: "Run it", access: "anyone", input: nothing, status: 200, errors: [] } as const;

/** A plug-in with the one method `run`, at `POST /odd`. */
function odd(run: (tools: PluginTools<"teapot", "poured", { readonly n: number }>) => unknown) {
  return definePlugin({
    name: "odd",
    calls: { run: "POST /odd" },
    routes: { run: row },
    errors: { teapot: [418, "It is a teapot."] },
    events: { poured: "info" },
    create: (
      tools: PluginTools<"teapot", "poured", { readonly n: number }>,
    ): { run(input: object): Promise<object> } => ({
      run: async () => await run(tools) as object,
    }),
  })();
}

function withPlugins(run: (site: Site) => Promise<void>, ...plugins: NonNullable<AuthOptions["plugins"]>) {
  return onSite(run, { plugins });
}

function problems(options: object): unknown {
  try {
    createAuth({ ...OPTIONS, ...options } as AuthOptions);
  } catch (error) {
    return error instanceof AuthError ? error.details?.issues : error;
  }
  return "createAuth took it";
}

describe("what a plug-in throws", () => {
  class Blocked extends AuthError {
    constructor() {
      super("app.blocked", undefined, { row: [451, "Not here."] });
    }
  }
  class Odd extends AuthError {
    override readonly status = 200;
  }
  const CASES: Readonly<Record<string, readonly [() => never, number, object]>> = {
    "an error of its own": [() => fail((tools) => tools.error("teapot")), 418, {
      code: "odd.teapot",
      message: "It is a teapot.",
      status: 418,
    }],
    "one of an application's": [() => fail(() => new Blocked()), 451, {
      code: "app.blocked",
      message: "Not here.",
      status: 451,
    }],
    "one of ours": [() => fail(() => new AuthError("limit_reached")), 409, { code: "limit_reached" }],
    "anything else": [() => fail(() => new Error("the secret plan")), 500, { code: "internal" }],
    "a status that is no failure": [() => fail(() => new Odd("limit_reached")), 500, { code: "internal" }],
    "no error at all": [() => fail(() => "the secret plan"), 500, { code: "internal" }],
    "nothing": [() => fail(() => undefined), 500, { code: "internal" }],
  };
  let thrown: (tools: PluginTools<"teapot", "poured", { readonly n: number }>) => unknown;
  function fail(made: typeof thrown): never {
    thrown = made;
    return undefined as never;
  }
  for (const [name, [set, status, body]] of Object.entries(CASES)) {
    test(`${name} is told, and nothing that it must not tell`, () =>
      withPlugins(async ({ ask }) => {
        set();
        const reply = await ask("POST /odd", { body: {} }).catch(() => null);
        expect([reply?.status, reply?.body]).toMatchObject([status, body]);
        expect(reply?.text).not.toContain("secret plan");
      }, odd((tools) => Promise.reject(thrown(tools)))));
  }
});

test("what cannot be told as JSON is internal, by whatever it is", async () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (
    const result of [cycle, { big: 1n }, {
      toJSON: () => {
        throw new Error("the secret plan");
      },
    }]
  ) {
    await withPlugins(async ({ ask }) => {
      const reply = await ask("POST /odd", { body: {} });
      expect([reply.status, reply.body]).toMatchObject([500, { code: "internal" }]);
      expect(reply.text).not.toContain("secret plan");
    }, odd(() => result));
  }
});

describe("the gate", () => {
  test("a proof counts once, and none can be invented", async () => {
    const said: unknown[] = [];
    await withPlugins(
      async ({ ask, auth }) => {
        await ask("POST /odd", { body: {} });
        expect(said).toEqual(["TypeError", "TypeError", "a grant", "TypeError"]);
        expect(await auth.users.find({ email: ADA })).not.toBe(null);
      },
      odd(async ({ proof, signIn }) => {
        const attempt = async (one: object) =>
          said.push(
            await signIn(one as never, { amr: [] }).then(
              (grant) => grant.user && "a grant",
              (error) => error.name,
            ),
          );
        const real = await proof({ email: ADA });
        await attempt({ value: ADA });
        await attempt({ ...real });
        await attempt(real);
        await attempt(real);
        return {};
      }),
    );
  });

  test("a proof that was asked for before everything was revoked counts no longer", async () => {
    let revoke = () => Promise.resolve();
    await withPlugins(
      async ({ ask, auth }) => {
        const user = await auth.users.create({ email: ADA, emailVerified: true });
        revoke = async () => void await auth.sessions.endAll({ userId: user.id });
        const reply = await ask("POST /odd", { body: {} });
        expect([reply.status, reply.body]).toMatchObject([401, { code: "challenge_invalid" }]);
        expect((await auth.sessions.list({ userId: user.id })).items).toEqual([]);
      },
      odd(async ({ proof, signIn }) => {
        const ada = await proof({ email: ADA });
        await revoke();
        return await signIn(ada, { amr: ["pwd"] });
      }),
    );
  });

  test("hooks deny sign-ins by a plug-in too: those of the options first, then those of plug-ins in their order", async () => {
    const asked: string[] = [];
    const hooked = (name: string, deny?: string) =>
      definePlugin({
        name,
        calls: {},
        routes: {},
        hooks: () => ({ beforeSignUp: () => (asked.push(name), deny === undefined ? undefined : { deny }) }),
        create: () => ({}),
      })();
    const signing = odd(async ({ proof, signIn }) => await signIn(await proof("42"), { amr: [] }));
    await onSite(async ({ ask, world }) => {
      const reply = await ask("POST /odd", { body: {} });
      expect(reply.body).toMatchObject({ code: "sign_in_denied", details: { reason: "second" } });
      expect(asked).toEqual(["options", "first", "second"]);
      expect([...(await world.contents()).keys()].filter((key) => key.startsWith("users"))).toEqual([]);
    }, {
      plugins: [hooked("first"), hooked("second", "second"), hooked("third"), signing],
      hooks: { beforeSignUp: () => void asked.push("options") },
    });
  });

  test("a grant of a route that does not say so sets no cookie, nor a copy of one", async () => {
    const grants = (session: "starts" | undefined, copy: boolean) =>
      definePlugin({
        name: "enter",
        calls: { run: "POST /enter" },
        routes: { run: session === undefined ? row : { ...row, session } },
        create: ({ proof, signIn }): { run(input: object): Promise<Grant> } => ({
          async run() {
            const grant = await signIn(await proof("42"), { amr: ["sms"] });
            return copy ? { ...grant } : grant;
          },
        }),
      })();
    for (
      const [session, copy, status, cookies] of [
        ["starts", false, 201, 2],
        ["starts", true, 500, 0],
        [undefined, false, 500, 0],
      ] as const
    ) {
      await withPlugins(async ({ ask }) => {
        const reply = await ask("POST /enter", { body: {} });
        expect([reply.status, reply.headers.getSetCookie().length]).toEqual([status, cookies]);
      }, grants(session, copy));
    }
  });

  test("its routes stand behind the same guard", async () => {
    await withPlugins(async ({ ask, browser }) => {
      const { cookie } = await browser(ADA);
      const foreign = { cookie, origin: "https://evil.example" };
      const asked: readonly (readonly [string, Asked, number])[] = [
        ["POST /odd", { headers: foreign, body: {} }, 403],
        ["POST /odd", { body: { userId: "a".repeat(26) } }, 400],
        ["POST /odd", { body: "{" }, 400],
        ["POST /odd", { headers: { "content-type": "text/plain" }, body: "{}" }, 415],
        ["GET /odd", {}, 405],
        ["POST //odd", { body: {} }, 404],
        ["POST /ODD", { body: {} }, 404],
        ["POST /odd", { body: {} }, 200],
      ];
      for (const [call, request, status] of asked) {
        expect([call, (await ask(call, request)).status]).toEqual([call, status]);
      }
    }, odd(() => ({})));
  });
});

describe("its slot", () => {
  interface Kept {
    readonly n: number;
  }
  const keeper = (name: string) =>
    definePlugin({
      name,
      calls: {},
      routes: {},
      slot: object<Kept>({ n: { ...optional(text({ min: 1, max: 9 })) } as never }),
      create: ({ slot }) => ({
        get: (input: { readonly id: string }) => slot.get(input.id),
        put: (input: { readonly id: string; readonly next: Kept | null }) =>
          slot.change(input.id, (current) => ({ next: input.next, result: current })),
      }),
    })();

  test("holds what it keeps, apart from others, and goes with the account", async () => {
    await withPlugins(
      async ({ auth, world }) => {
        const { one, two } = auth as unknown as Record<
          string,
          Record<string, (input: object) => Promise<unknown>>
        >;
        const { id } = await auth.users.create({ email: ADA });
        expect(await one!["put"]!({ id, next: { n: "1" } })).toBe(null);
        expect(await one!["get"]!({ id })).toEqual({ n: "1" });
        expect(await two!["get"]!({ id })).toBe(null);
        await expect(one!["put"]!({ id, next: { m: 1 } })).rejects.toMatchObject({ code: "internal" });
        await expect(one!["put"]!({ id: "a".repeat(26), next: null })).rejects.toMatchObject({
          code: "not_found",
        });
        expect(await one!["get"]!({ id })).toEqual({ n: "1" });
        // Whoever proves the address takes the account over, and finds nothing of its maker's in it.
        await world.signedIn(ADA);
        expect(await one!["get"]!({ id })).toBe(null);
        await auth.users.remove({ id });
        expect(await one!["get"]!({ id })).toBe(null);
      },
      keeper("one"),
      keeper("two"),
    );
  });
});

describe("pages, redirects and queries", () => {
  interface Shows {
    page(input: { readonly to?: string | undefined }): Promise<Page>;
    go(input: { readonly to?: string | undefined }): Promise<Redirect>;
    say(input: { readonly to?: string | undefined }): Promise<object>;
  }
  const input = object<{ readonly to?: string | undefined }>({ to: optional(text({ min: 1, max: 3000 })) });
  const shows = definePlugin({
    name: "shows",
    calls: { page: "GET /shows/page", go: "GET /shows/go", say: "GET /shows/say" },
    routes: {
      page: { ...row, input, reply: "page" },
      go: { ...row, input, reply: "redirect", status: 303 },
      say: { ...row, input },
    },
    create: (): Shows => ({
      page: ({ to }) =>
        Promise.resolve({
          title: "<b>",
          body: "<p>Hello</p>",
          script: to ?? "go()",
          style: "p { color: red }",
        }),
      go: ({ to }) => Promise.resolve({ to: to ?? "/" }),
      say: (said) => Promise.resolve(said),
    }),
  });

  async function get(path: string) {
    let response = new Response();
    await onSite(async ({ auth }) => void (response = await auth.handler(requestOf(`GET ${path}`))), {
      plugins: [shows()],
      trustedOrigins: ["https://partner.example", "capacitor://localhost"],
    });
    return response;
  }

  test("a page runs its own script and nothing else", async () => {
    const pages: Response[] = [];
    await onSite(async ({ auth }) => {
      for (let i = 0; i < 2; i++) pages.push(await auth.handler(requestOf("GET /shows/page")));
    }, { plugins: [shows()] });
    const nonces = pages.map((page) =>
      /script-src 'nonce-([\w-]+)'/.exec(page.headers.get("content-security-policy")!)?.[1]
    );
    expect(nonces[0]).not.toBe(nonces[1]);
    const [page] = pages;
    expect(Object.fromEntries(page!.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "content-security-policy": [
        `default-src 'none'; script-src 'nonce-${nonces[0]}'; style-src 'nonce-${nonces[0]}'`,
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      ].join("; "),
    });
    const html = await page!.text();
    expect(html).toContain("<title>&#60;b&#62;</title>");
    expect(html).toContain(`<script nonce="${nonces[0]}">go()</script>`);
    expect((await get(`/shows/page?to=${encodeURIComponent("</ScRipt><script>")}`)).status).toBe(500);
  });

  test("a redirect goes to our origin, or to a trusted one, and nowhere else", async () => {
    const good = {
      "/a?b#c": "/a?b#c",
      "https://partner.example/x": "https://partner.example/x",
      "/%2f%2fevil.example": "/%2f%2fevil.example",
    };
    for (const [to, location] of Object.entries(good)) {
      const reply = await get(`/shows/go?to=${encodeURIComponent(to)}`);
      expect([reply.status, reply.headers.get("location")]).toEqual([303, location]);
    }
    const bad = [
      ...[
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
      ],
      ...["https:evil.example", "https:/evil.example", "https:///evil.example", "http://partner.example"],
      ...[
        "https://partner.example@evil.example",
        "https://a:b@partner.example",
        "https://partner.example.evil.example",
      ],
      ...[
        "capacitor://localhost",
        "data:text/html,x",
        " /a",
        "a",
        "?a",
        "/\u2028",
        "https://partner.example:444",
      ],
      `/${"a".repeat(2048)}`,
    ];
    for (const to of bad) {
      const reply = await get(`/shows/go?to=${encodeURIComponent(to)}`);
      expect([to, reply.status, reply.headers.get("location")]).toEqual([to, 400, null]);
    }
  });

  test("a query says members of the input, and no others", async () => {
    const said = async (query: string) => {
      const reply = await get(`/shows/say${query}`);
      return [reply.status, await reply.json()];
    };
    expect(await said("?to=a%20b&userId=me&__proto__=x&utm=1")).toMatchObject([200, { to: "a b" }]);
    expect(await said("")).toMatchObject([200, {}]);
    expect(await said("?to=a&to=b")).toMatchObject([400, { code: "input_invalid" }]);
    expect(await said("?to=a%00b")).toMatchObject([400, { code: "input_invalid" }]);
  });
});

describe("what does not fit is config_invalid", () => {
  const named = (name: string, call: `POST /${string}` = "POST /x") =>
    definePlugin({
      name,
      calls: { run: call },
      routes: { run: row },
      create: () => ({ run: () => Promise.resolve({}) }),
    });
  const taken = "must have another name: this one is taken";
  const CASES: readonly (readonly [unknown, readonly (readonly [string, string])[]])[] = [
    ["sms", [["plugins", "must be a list of plug-ins"]]],
    [[named("one")], [["plugins[0]", "must be a plug-in: what the function answers that definePlugin made"]]],
    [[null], [["plugins[0]", "must be a plug-in: what the function answers that definePlugin made"]]],
    [[named("one")(), named("one", "POST /y")()], [["plugins.one", taken]]],
    [[named("sessions")()], [["plugins.sessions", taken]]],
    [[named("email")()], [["plugins.email", taken]]],
    [[named("getSession")()], [["plugins.getSession", taken]]],
    [[named("one")(), named("two")()], [[
      "plugins.two",
      'must have another address than "POST /x": one.run has it',
    ]]],
    [[named("one", "POST /sign-out")()], [[
      "plugins.one",
      'must have another address than "POST /sign-out": sessions.signOut has it',
    ]]],
    [[named("one", "POST /x/:id")(), named("two", "POST /x/new")()], [[
      "plugins.two",
      'must have another address than "POST /x/new": one.run has it',
    ]]],
  ];
  for (const [i, [plugins, issues]] of CASES.entries()) {
    test(`${i}: ${issues[0]?.join(" ")}`, () => {
      expect(problems({ plugins })).toEqual(issues.map(([path, message]) => ({ path, message })));
    });
  }

  test("each member of auth is a name that no plug-in can have", () => {
    const auth = createAuth({ ...OPTIONS, platform: { log: { warn() {} } } });
    for (const name of Object.keys(auth)) {
      expect([name, problems({ plugins: [named(name)()] })]).toEqual([name, [{
        path: `plugins.${name}`,
        message: taken,
      }]]);
    }
  });

  test("its options are checked with all others, and told where they stand", () => {
    const withLength = definePlugin({
      name: "long",
      calls: {},
      routes: {},
      options: (given: { readonly length?: number }, report) =>
        report.integer("length", given.length, { min: 6, max: 10, fallback: 6 }),
      create: () => ({}),
    });
    expect(problems({ baseUrl: 5, plugins: [withLength({ length: 5 })] })).toEqual([
      expect.objectContaining({ path: "baseUrl" }),
      { path: "plugins.long.length", message: "must be a whole number from 6 to 10: it is 5" },
    ]);
  });

  test("what can be no plug-in is refused where it is defined", () => {
    const base = { name: "one", calls: {}, routes: {}, create: () => ({}) };
    const CASES: readonly object[] = [
      { name: "One" },
      { name: "a.b" },
      { name: "" },
      { create: 5 },
      { calls: { run: "POST /x" } },
      { calls: { run: "/x" }, routes: { run: row } },
      { calls: { run: "POST /x/../y" }, routes: { run: row } },
      { calls: { run: "GET /x" }, routes: { run: { ...row, session: "starts" } } },
      { calls: { run: "GET /x" }, routes: { run: { ...row, reply: "redirect" } } },
      { errors: { ok: [200, "Fine."] } },
      { errors: { "Not Snake": [400, "No."] } },
      { events: { "a.b": "info" } },
    ];
    for (const wrong of CASES) expect(() => definePlugin({ ...base, ...wrong } as never)).toThrow(TypeError);
  });
});

test("events of its own are told under its name; what every event says is not its to say", async () => {
  const heard: object[] = [];
  await withPlugins(async ({ ask, auth }) => {
    auth.on("odd.poured" as "error", (event) => void heard.push(event));
    await ask("POST /odd", { body: {} });
    expect(heard).toEqual([{ event: "odd.poured", at: expect.stringMatching(/^20/), cups: 2 }]);
  }, odd(({ emit }) => (emit("poured", { cups: 2, event: "user.created", at: "never" }), {})));
});

test("a limit of its own is shared with no other plug-in", async () => {
  await withPlugins(async ({ ask }) => {
    const counted = [];
    for (let i = 0; i < 3; i++) {
      counted.push(((await ask("POST /odd", { body: {} })).body as { allowed: boolean }).allowed);
    }
    expect(counted).toEqual([true, true, false]);
  }, odd(({ limits }) => limits.take(["cups"], { limit: 2, per: 60 })));
});

describe("its mails", () => {
  const postal = definePlugin({
    name: "postal",
    calls: { run: "POST /postal" },
    routes: { run: row },
    mails: {
      welcome: {
        en: ({ name }: { readonly name: string }) => ({ subject: "Hello", text: `Hello, ${name}.` }),
      },
    },
    create: ({ mail }): { run(input: object): Promise<object> } => ({
      async run() {
        await mail("welcome", { to: " Ada@Example.com", data: { name: "Ada" }, idempotencyKey: "1" });
        return {};
      },
    }),
  });

  test("are sent in its words, or in the application's", async () => {
    await withPlugins(async ({ ask, world }) => {
      expect((await ask("POST /postal", { body: {} })).status).toBe(200);
      expect(world.mailbox.last(ADA)).toMatchObject({
        kind: "postal.welcome",
        subject: "Hello",
        text: "Hello, Ada.",
      });
    }, postal());
    const texts: string[] = [];
    const email = {
      from: "no-reply@example.com",
      send: ({ text }: { readonly text: string }) => void texts.push(text),
      templates: { "postal.welcome": () => ({ subject: "Hi", text: "Hi." }) },
    };
    await onSite(async ({ ask }) => {
      expect((await ask("POST /postal", { body: {} })).status).toBe(200);
      expect(texts).toEqual(["Hi."]);
    }, { plugins: [postal()], email: email as NonNullable<AuthOptions["email"]> });
  });

  test("need the option email", () => {
    expect(problems({ plugins: [postal()] })).toMatchObject([{ path: "email" }]);
  });
});

test("its routes stand in the OpenAPI document, with its failures", async () => {
  const kettle = definePlugin({
    name: "kettle",
    calls: { boil: "POST /kettle/:id" },
    routes: {
      boil: {
        ...row,
        summary: "Boil water",
        input: object<{ readonly id: string }>({ id: text({ min: 1, max: 9 }) }),
        errors: ["kettle.empty"],
      },
    },
    errors: { empty: [418, "It is empty."] },
    create: (): { boil(input: { readonly id: string }): Promise<object> } => ({
      boil: () => Promise.resolve({}),
    }),
  });
  await withPlugins(async ({ auth }) => {
    const { paths } = await auth.openapi() as {
      paths: Record<string, Record<string, { summary: string; responses: object }>>;
    };
    const found = Object.entries(paths).find(([path]) => path.endsWith("/kettle/{id}"))?.[1]["post"];
    expect(found?.summary).toBe("Boil water");
    expect(JSON.stringify(found?.responses)).toContain("`kettle.empty`: It is empty.");
    expect(Object.keys(found?.responses ?? {})).toContain("418");
  }, kettle());
});
