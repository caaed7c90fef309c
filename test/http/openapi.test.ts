import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { sms } from "../../examples/sms_plugin.ts";
import { definePlugin, object, optional, text } from "../../src/doors/plugin.ts";
import { VERSION } from "../../src/http/openapi.ts";
import type { Page, Redirect } from "../../src/model.ts";
import { ROUTES } from "../suite/client.ts";
import { checkOf } from "../suite/described.ts";
import { PASSWORD } from "../suite/hashing.ts";
import { ADA as PAIR, addsKey, answering, BOB as OTHER } from "../suite/key_holder.ts";
import { device, registering, registers, signingIn } from "../suite/passkey_holder.ts";
import { byPasswords, type Called } from "./openapi_passwords.ts";
import { onSite, type Reply, requestOf, ROWS, type Site } from "./site.ts";

const ADA = "ada@example.com";

test("a public validator finds the document in order, and it says each route and what it answers", async () => {
  await onSite(async ({ ask, auth }) => {
    const reply = await ask("GET /openapi.json");
    expect([reply.status, reply.headers.get("cache-control")]).toEqual([200, "public, max-age=300"]);
    const { valid, errors } = await new Validator().validate(reply.body as Record<string, unknown>);
    expect([valid, errors]).toEqual([true, undefined]);
    expect(await auth.openapi()).toEqual(reply.body);
    const { paths } = await auth.openapi();
    const said = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
    );
    const routes = Object.values(ROUTES).map(({ call }) => call.replace(/:(\w+)/g, "{$1}"));
    expect(said.toSorted()).toEqual(routes.toSorted());
  });
});

test("a document with a mistake is found out by the validator", async () => {
  await onSite(async ({ auth }) => {
    const document = structuredClone(await auth.openapi());
    Object.assign(document.paths["/me"]?.["get"] ?? {}, { responses: "none" });
    expect((await new Validator().validate(document)).valid).toBe(false);
  });
});

test("every route's replies are as the document says: what it answers, and how it fails", async () => {
  await onSite(async (site) => {
    const check = checkOf(await site.auth.openapi());
    const seen = new Map<string, number[]>();
    for (const [call, path, asked] of await calls(site)) {
      const reply: Reply = await site.ask(path, asked);
      check(call, reply.status, reply.body);
      seen.set(call, [...seen.get(call) ?? [], reply.status]);
    }
    for (const { call } of Object.values(ROUTES)) {
      expect([call, seen.get(call)?.some((status) => status < 300)]).toEqual([call, true]);
    }
  }, {
    passkey: { origins: ["https://app.example.com"] },
    password: { ...PASSWORD, signIn: { emailCode: true }, change: { emailCode: true } },
  });
});

interface Shows {
  page(input: object): Promise<Page>;
  go(input: object): Promise<Redirect>;
  say(input: { readonly word?: string | undefined }): Promise<{ readonly word: string }>;
  hear(input: object): Promise<object>;
  drop(input: object): Promise<void>;
}
const nothing = object<Record<never, never>>({});
const row = { summary: "Do it", access: "anyone", input: nothing, status: 200, errors: [] } as const;
const word = { word: text({ min: 1, max: 9 }) };
const shows = definePlugin({
  name: "shows",
  calls: {
    page: "GET /shows/page",
    go: "GET /shows/go",
    say: "POST /shows/say",
    hear: "GET /shows/hear",
    drop: "POST /shows/drop",
  },
  routes: {
    page: { ...row, reply: "page" },
    go: { ...row, reply: "redirect", status: 303 },
    say: {
      ...row,
      input: object<{ readonly word?: string | undefined }>({ word: optional(text({ min: 1, max: 9 })) }),
      output: object<{ readonly word: string }>(word),
      errors: ["shows.dumb"],
    },
    hear: row,
    drop: { ...row, status: 204 },
  },
  errors: { dumb: [418, "Nothing was said."] },
  create: ({ error }): Shows => ({
    page: () => Promise.resolve({ title: "A page", body: "<p>Hello</p>" }),
    go: () => Promise.resolve({ to: "/" }),
    say: ({ word }) => word === undefined ? Promise.reject(error("dumb")) : Promise.resolve({ word }),
    hear: () => Promise.resolve({ anything: [1] }),
    drop: () => Promise.resolve(),
  }),
});

test("a plug-in's replies are as the document says too: JSON, grants, pages, redirects, failures", async () => {
  const sent: string[] = [];
  const send = (_: string, text: string) => Promise.resolve(sent.push(text));
  await onSite(async ({ auth }) => {
    const document = await auth.openapi();
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect([valid, errors]).toEqual([true, undefined]);
    const check = checkOf(document);
    const ask = async (call: string, body?: object) => {
      const response = await auth.handler(requestOf(call, body === undefined ? {} : { body }));
      const text = await response.text();
      const isJson = response.headers.get("content-type") === "application/json";
      const told = text === "" ? undefined : isJson ? JSON.parse(text) : text;
      check(call, response.status, told);
      return [response.status, told];
    };
    const [, { challengeId }] = await ask("POST /sms/start", { number: "+4915123456789" });
    const code = /(\d+)\.$/.exec(sent[0]!)?.[1];
    const asked = [
      await ask("POST /sms/start", { number: "0" }),
      await ask("POST /sms/verify", { challengeId, code: "0" }),
      await ask("POST /sms/verify", { challengeId, code, session: "bearer" }),
      await ask("GET /shows/page"),
      await ask("GET /shows/go"),
      await ask("POST /shows/say", { word: "hello" }),
      await ask("POST /shows/say", {}),
      await ask("GET /shows/hear"),
      await ask("POST /shows/drop", {}),
    ];
    expect(asked.map(([status]) => status)).toEqual([400, 401, 201, 200, 303, 200, 418, 200, 204]);
    expect(() => check("GET /shows/page", 200, { title: "A page" })).toThrow(/no page/);
    expect(() => check("GET /shows/go", 200, {})).toThrow(/does not say/);
    expect(() => check("POST /sms/verify", 200, {})).toThrow(/not as the document says/);
    const at = (path: string, method: string) =>
      Object(document.paths[path]?.[method]) as { readonly responses: Record<string, Described> };
    expect(at("/shows/page", "get").responses["200"]?.content).toEqual({
      "text/html": { schema: { type: "string" } },
    });
    expect(at("/shows/go", "get").responses["303"]).toMatchObject({ headers: { Location: {} } });
    expect(at("/shows/go", "get").responses["200"]).toBe(undefined);
  }, { plugins: [sms({ send }), shows()] });
});

interface Described {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: unknown;
}

test("what is limited says so: 429, the headers that tell what is left, the one that shows a device", async () => {
  const limited = { "GET /session": { limit: 1, per: "1m" } } as const;
  await onSite(async ({ auth }) => {
    const { paths } = await auth.openapi();
    const rows = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const { parameters = [], responses } = operation as {
          readonly parameters?: readonly { readonly name: string; readonly in: string }[];
          readonly responses: Readonly<Record<string, Described>>;
        };
        const all = Object.values(responses);
        const counts = all.filter(({ headers }) => headers?.["RateLimit"] && headers["RateLimit-Policy"]);
        const shown = parameters.some((one) => one.name === "Latchkey-Device" && one.in === "header");
        const signs = [shown, responses["429"] !== undefined, counts.length > 0];
        expect(new Set(signs).size).toBe(1);
        expect(counts.length).toBe(signs[0] ? all.length : 0);
        return signs[0] ? [`${method.toUpperCase()} ${path}`] : [];
      })
    );
    const wanted = ROWS.filter(({ route, call }) => route.limit !== undefined || call in limited);
    expect(rows.toSorted()).toEqual(wanted.map(({ call }) => call.replace(/:(\w+)/g, "{$1}")).toSorted());
    expect(rows).toContain("GET /session");
    // What the handler sends is what is described.
    const ask = () => auth.handler(requestOf("GET /session"), { remoteAddress: "192.0.2.1" });
    const replies = [await ask(), await ask()];
    expect(replies.map(({ status, headers }) => [status, headers.has("RateLimit")])).toEqual([
      [200, true],
      [429, true],
    ]);
  }, { rateLimit: limited, clientIp: "direct" });
});

test("a reply that is not as it says is seen: a member too many, too few, of another type, another status", async () => {
  await onSite(async ({ auth, ask, browser }) => {
    const check = checkOf(await auth.openapi());
    const { body } = await ask("GET /me", { headers: await browser(ADA) });
    const me = body as Record<string, unknown>;
    check("GET /me", 200, me);
    const { name: _, ...less } = me;
    for (const wrong of [{ ...me, extra: 1 }, less, { ...me, roles: "admin" }, null, undefined]) {
      expect(() => check("GET /me", 200, wrong)).toThrow(/not as the document says/);
    }
    expect(() => check("GET /me", 418, me)).toThrow(/does not say/);
    expect(() => check("POST /sign-out", 204, {})).toThrow(/no body/);
    const other = { code: "code_invalid", message: "a", status: 401 };
    expect(() => check("GET /me", 401, other)).toThrow(/not as the document says/);
  });
});

test("it names the cookie and the address of this very server, and the version of the manifests", async () => {
  await onSite(async ({ auth }) => {
    const { servers, components, info } = await auth.openapi() as unknown as {
      servers: object;
      components: { securitySchemes: { cookie: object } };
      info: { version: string };
    };
    expect(servers).toEqual([{ url: "https://app.example.com/api/auth" }]);
    expect(components.securitySchemes.cookie).toEqual({
      type: "apiKey",
      in: "cookie",
      name: "__Host-latchkey",
    });
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect([info.version, VERSION]).toEqual([version, version]);
  }, { baseUrl: "https://app.example.com", basePath: "/api/auth" });
});

/** Each route as somebody would call it, and as somebody would call it wrongly. */
async function calls(site: Site): Promise<readonly Called[]> {
  const { ask, browser, world } = site;
  const headers = await browser(ADA);
  const other = await browser(ADA);
  const { body } = await ask("GET /session", { headers: other });
  const { session: { id } } = body as { session: { id: string } };
  const start = await ask("POST /email/start", { body: { email: "bob@example.com" } });
  const { challengeId } = start.body as { challengeId: string };
  const code = world.mailbox.code("bob@example.com");
  const again = await ask("POST /email/start", { body: { email: "eve@example.com" } });
  const bearer = { challengeId: (again.body as { challengeId: string }).challengeId, session: "bearer" };
  const granted = await ask("POST /email/verify", {
    body: { ...bearer, code: world.mailbox.code("eve@example.com") },
  });
  const { refreshToken } = granted.body as { refreshToken: string };
  const pending = await ask("POST /email/start", { body: { email: "joe@example.com" } });
  return [
    ...ROWS.map(({ call, method, path }) => [call, `${method} ${path}`, {}] as const),
    ["GET /jwks", "GET /jwks", {}],
    ["GET /health", "GET /health", {}],
    ["GET /openapi.json", "GET /openapi.json", {}],
    ["POST /email/start", "POST /email/start", { body: { email: "zoe@example.com" } }],
    ["POST /email/verify", "POST /email/verify", { body: { challengeId, code: "wrong" } }],
    ["POST /email/verify", "POST /email/verify", { body: { challengeId, code } }],
    ["POST /challenges/resend", "POST /challenges/resend", {
      body: pending.body && Object.fromEntries(
        Object.entries(pending.body).filter(([name]) => name === "challengeId"),
      ),
    }],
    ["POST /session/refresh", "POST /session/refresh", { body: { refreshToken } }],
    ["POST /session/token", "POST /session/token", { headers, body: {} }],
    ["GET /sessions", "GET /sessions", { headers }],
    ["GET /session", "GET /session", { headers }],
    ["GET /me", "GET /me", { headers }],
    ["PATCH /me", "PATCH /me", { headers, body: { name: "Ada" } }],
    ["DELETE /sessions/:id", `DELETE /sessions/${id}`, { headers }],
    ...await byLink(site),
    ...await byCredentials(site, headers),
    ...await byPasswords(site),
    ["POST /sign-out/all", "POST /sign-out/all", { headers, body: {} }],
    ["DELETE /me", "DELETE /me", { headers: await browser("leo@example.com") }],
    ["POST /sign-out", "POST /sign-out", { headers: await browser("kim@example.com"), body: {} }],
  ];
}

/** What links add to it. */
async function byLink({ world, auth }: Site): Promise<readonly Called[]> {
  const email = "lea@example.com";
  const { challengeId } = await auth.magicLink.start({ email, redirect: "/welcome" });
  const token = new URL(world.mailbox.link(email)).searchParams.get("token") ?? "";
  return [
    ["POST /magic-link/start", "POST /magic-link/start", { body: { email } }],
    ["GET /magic-link", `GET /magic-link?token=${token}`, {}],
    ["POST /magic-link/verify", "POST /magic-link/verify", { body: { token } }],
    ["POST /magic-link/verify", "POST /magic-link/verify", { body: { token, challengeId } }],
  ];
}

/** What passkeys and key pairs add to it. */
async function byCredentials(
  { world, auth }: Site,
  headers: Record<string, string>,
): Promise<readonly Called[]> {
  const [ada, held] = [world.at(auth), device(world)];
  ada.wears(new Headers(headers));
  const [passkey, key] = [await registers(ada, held), await addsKey(ada, PAIR)];
  const step = await ada.key.startSignIn({ publicKey: PAIR.x });
  const other = await ada.key.startAdd({ publicKey: OTHER.x });
  const answers = {
    registration: await registering(ada, device(world)),
    passkey: await signingIn(ada, held),
    key: await answering(PAIR, step),
    added: await answering(OTHER, other),
  };
  const name = { headers, body: { name: "Phone" } };
  return [
    ["POST /passkey/register/finish", "POST /passkey/register/finish", {
      headers,
      body: answers.registration,
    }],
    ["POST /passkey/register/start", "POST /passkey/register/start", { headers, body: {} }],
    ["POST /passkey/sign-in/start", "POST /passkey/sign-in/start", { body: {} }],
    ["POST /passkey/sign-in/finish", "POST /passkey/sign-in/finish", { body: answers.passkey }],
    ["POST /passkey/sign-in/finish", "POST /passkey/sign-in/finish", { body: answers.passkey }],
    ["GET /passkeys", "GET /passkeys", { headers }],
    ["PATCH /passkeys/:id", `PATCH /passkeys/${passkey.id}`, name],
    ["GET /.well-known/webauthn", "GET /.well-known/webauthn", {}],
    ["POST /keys", "POST /keys", { headers, body: answers.added }],
    ["POST /keys/start", "POST /keys/start", { headers, body: { publicKey: OTHER.x } }],
    ["POST /key/sign-in/start", "POST /key/sign-in/start", { body: { publicKey: PAIR.x } }],
    ["POST /key/sign-in/finish", "POST /key/sign-in/finish", { body: { ...answers.key, session: "bearer" } }],
    ["GET /keys", "GET /keys", { headers }],
    ["PATCH /keys/:id", `PATCH /keys/${key.id}`, name],
    ["DELETE /passkeys/:id", `DELETE /passkeys/${passkey.id}`, { headers }],
    ["DELETE /keys/:id", `DELETE /keys/${key.id}`, { headers }],
  ];
}
