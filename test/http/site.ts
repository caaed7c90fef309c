import type { AnyRoute, Call } from "../../src/contract.ts";
import { type ErrorCode, ERRORS, type Issue } from "../../src/errors.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { FullAuth } from "../suite/client.ts";
import { expect } from "vitest";
import { ROUTES } from "../suite/client.ts";
import { BASE_URL, type World, world, type WorldOptions } from "../suite/world.ts";

/** One server, spoken to in plain HTTP. */
export interface Site {
  readonly world: World;
  readonly auth: FullAuth;
  readonly ask: (call: string, asked?: Asked) => Promise<Reply>;
  /** The headers of somebody's browser who has signed in. */
  readonly browser: (email: string) => Promise<{ readonly cookie: string; readonly origin: string }>;
}

/** A request: `body` is sent as JSON, unless it is bytes or a stream. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed text; of a page the text. */
  readonly body: unknown;
}

/** Runs a test against a site of its own. */
export async function onSite(
  run: (site: Site) => Promise<void>,
  options: Partial<AuthOptions> = {},
  given: WorldOptions = {},
): Promise<void> {
  const here = world("memory", "http", given);
  try {
    await run(siteOf(here, here.another(options)));
    expect(await here.leaks()).toEqual([]);
  } finally {
    await here.close();
  }
}

function siteOf(here: World, auth: FullAuth): Site {
  const ask: Site["ask"] = async (call, asked) => {
    here.sent(asked?.body);
    return await read(await auth.handler(requestOf(call, asked)));
  };
  return {
    world: here,
    auth,
    ask,
    async browser(email) {
      const start = await ask("POST /email/start", { body: { email } });
      const { challengeId } = start.body as { challengeId: string };
      const verify = await ask("POST /email/verify", {
        body: { challengeId, code: here.mailbox.code(email) },
      });
      const [cookie = ""] = verify.headers.getSetCookie()[0]?.split(";") ?? [];
      return { cookie, origin: BASE_URL };
    },
  };
}

/** `"POST /email/start"` as a request. What browsers look for by itself is at the root. */
export function requestOf(call: string, { headers = {}, body }: Asked = {}): Request {
  const [method = "", path = ""] = call.split(" ");
  const url = `${BASE_URL}${path.startsWith("/.well-known/") ? "" : "/auth"}${path}`;
  if (body === undefined) return new Request(url, { method, headers });
  if (body instanceof Uint8Array || body instanceof ReadableStream) {
    return new Request(url, { method, headers, body: body as BodyInit, duplex: "half" } as RequestInit);
  }
  const json = { "content-type": "application/json", ...headers };
  return new Request(url, {
    method,
    headers: json,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

export async function read(response: Response): Promise<Reply> {
  const text = await response.text();
  const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? undefined : isPage ? text : JSON.parse(text),
  };
}

/** How a failure looks on the wire, whole. */
export function failure(code: ErrorCode, details?: object): object {
  const [status, message] = ERRORS[code as keyof typeof ERRORS];
  return { code, message, status, ...(details !== undefined && { details }) };
}

/** What is said to be wrong, by path. */
export function issues(reply: Reply): Readonly<Record<string, string>> {
  const { details } = reply.body as { details?: { issues?: readonly Issue[] } };
  return Object.fromEntries((details?.issues ?? []).map(({ path, message }) => [path, message]));
}

export interface Row {
  readonly name: string;
  readonly call: Call;
  readonly route: AnyRoute;
  readonly method: string;
  readonly path: string;
}

/** All routes, with an id where a path wants one. */
export const ROWS: readonly Row[] = Object.entries(ROUTES).map(([name, { call, route }]) => {
  const [method = "", path = ""] = call.split(" ");
  return { name, call, route, method, path: path.replace(/:\w+/, "a".repeat(26)) };
}).filter(({ route }) => !route.atRoot); // root.test.ts is for that

/** Those that take a body. */
export const WITH_BODY: readonly Row[] = ROWS.filter(({ method }) => method !== "GET" && method !== "DELETE");

/** The members that a request for a route may have in its body: what the path says is none of them. */
export function members({ call, route }: Row): readonly string[] {
  const { pipe } = route.input as unknown as { readonly pipe: readonly { readonly entries?: object }[] };
  const all = Object.keys(pipe.find(({ entries }) => entries !== undefined)?.entries ?? {});
  return all.filter((member) => !call.includes(`:${member}`));
}
