import { deadline } from "../base/deadline.ts";
import { saidBy } from "../base/hidden.ts";
import { base32 } from "../base/encoding.ts";
import { membersOf } from "../base/schema.ts";
import type { AnyRoute } from "../contract.ts";
import type { Core } from "../core/core.ts";
import type { Endpoint } from "../endpoint.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo, MailedStep, Page, Redirect, SessionMode } from "../model.ts";
import { cookieValues } from "../protocol/cookie.ts";
import { callerOf, originatorOf, requestIdOf } from "./caller.ts";
import { cors, type Readers } from "./cors.ts";
import { admit, admitSignIn, BODY_PATIENCE, isForeign, type Origin, readBody, showsKey } from "./guard.ts";
import type { Counted, Limiter } from "./limiter.ts";
import type { Sent } from "./idempotent.ts";
import { failure, type Reply, responseOf, type SessionCookie, type Shown, success } from "./reply.ts";
import { pathOf, queryOf, router } from "./router.ts";

/** Answers a request. `info` is what the server tells of the connection. Never throws, never hangs. */
export type Handler = (request: Request, info?: unknown) => Promise<Response>;

/** A request under way. */
interface Asked {
  readonly request: Request;
  readonly client: ClientInfo;
  /** What it leads to; null until that is known. */
  endpoint: Endpoint | null;
  /** Whether it was let in, and may be sent cookies. */
  admitted: "no" | "without cookies" | "whole";
  /** Whether its method was called, which tells of refused sign-ins itself. */
  wasRun: boolean;
  /** Who may read the reply. */
  readers: Readers | null;
  /** What the limit of its client said; null where there is none. */
  counted: Counted | null;
}

/** The one Fetch handler over all endpoints. */
export function handler(
  endpoints: readonly Endpoint[],
  core: Core,
  cookie: SessionCookie,
  limiter: () => Promise<Limiter>,
): Handler {
  const { platform, settings, events } = core;
  const inTime = deadline(platform, BODY_PATIENCE, () => new AuthError("request_timeout"));
  const route = router(endpoints, settings.basePath);
  const shared = cors(settings.cors, settings.trusts);

  async function answer(asked: Asked, info: unknown): Promise<Reply> {
    const { request, client } = asked;
    const method = request.method === "HEAD" ? "GET" : request.method;
    const path = pathOf(request.url);
    asked.readers = shared.readers(request);
    if (shared.isPreflight(request)) return shared.preflight(asked.readers, route.methods(path));
    const { endpoint, params } = route.find(method, path);
    asked.endpoint = endpoint;
    const { origin, isCounted } = letIn(asked, endpoint);
    // Where a request comes from is asked of the server, which takes its time, so only where somebody wants to know.
    if (isCounted || endpoint.asksWhere) {
      Object.assign(client, originatorOf(request, core));
      if (settings.clientIp !== null) {
        const limits = await limiter();
        Object.assign(client, { ip: limits.addressOf(request, info) });
        if (isCounted) await count(asked, endpoint, limits);
      }
    }
    const body = method === "GET"
      ? queryOf(request.url, membersOf(endpoint.route.input))
      : await sentIn(request, method);
    admitSignIn(origin, endpoint.route, body, settings.session.usual);
    const caller = await callerOf(request, client, endpoint.route, core);
    const sent = { ...body, ...params };
    asked.wasRun = true;
    // Who calls is said last: whatever of it came over the wire is refused as unknown.
    const { result, isReplay } = runsOnce(endpoint, request.headers)
      ? await once(endpoint, { headers: request.headers, sent, caller }, core)
      : { result: await endpoint.run(sent, caller), isReplay: false };
    const issued = typeof result === "object" && result !== null ? core.signIn.issued(result) : null;
    const shown = isShown(endpoint.route) ? await shownOf(request, endpoint.route, result) : null;
    const takesCookies = !origin.isForeign;
    const begun = begunBy(endpoint.route, sent, result, settings.session.usual);
    const answer = { route: endpoint.route, result, issued, caller, sent, takesCookies, begun, shown };
    const reply = success(answer, cookie);
    if (isReplay) reply.headers["Idempotency-Replayed"] = "true";
    return reply;
  }

  /** Looks at where a request comes from. @throws {AuthError} what `admit` throws */
  function letIn(asked: Asked, { route, call }: Endpoint): { origin: Origin; isCounted: boolean } {
    const { request, readers } = asked;
    const { name, device, link } = settings.cookie;
    const carries = (cookie: string) => cookieValues(request.headers.get("cookie"), cookie).length > 0;
    const origin: Origin = {
      carriesCookie: () => carries(name) || carries(device) || carries(link),
      isForeign: isForeign(request, settings.trusts),
      mayAsk: shared.goesBeyondTrust && readers !== null,
    };
    const isCounted = route.limit !== undefined || settings.limits.routes[call] !== undefined;
    admit(request, origin, route, isCounted);
    asked.admitted = origin.isForeign ? "without cookies" : "whole";
    return { origin, isCounted };
  }

  /** What a request that is no GET says besides its path. */
  async function sentIn(request: Request, method: string): Promise<object> {
    return method === "DELETE" ? {} : await readBody(request, inTime);
  }

  async function shownOf(request: Request, { reply }: AnyRoute, result: unknown): Promise<Shown> {
    const { shownPage, shownRedirect } = await import("./shown.ts"); // plug-ins alone have such
    if (reply === "page") return shownPage(result as Page, platform.random);
    return shownRedirect(result as Redirect, settings.origin, (origin) => settings.trusts(origin, request));
  }

  /** Counts a request by its client's address, before anything is read or judged of it. */
  async function count(asked: Asked, endpoint: Endpoint, limits: Limiter): Promise<void> {
    asked.counted = await limits.count(endpoint, asked.client);
    if (asked.counted?.allowed !== false) return;
    throw new AuthError("rate_limited", { retryAfter: asked.counted.retryAfter });
  }

  function failed(error: unknown, asked: Asked): Response {
    try {
      return sent(refusal(error, asked), asked);
    } catch (cause) {
      return sent(refusal(cause, asked), asked); // an application's AuthError may have details that cannot be told
    }
  }

  /** A reply with what all have. @throws {TypeError} where it cannot be sent */
  function sent(reply: Reply, { request, client, endpoint, readers, counted }: Asked): Response {
    shared.open(readers, endpoint?.route ?? null, reply);
    if (counted !== null) Object.assign(reply.headers, counted.headers);
    reply.headers["X-Request-Id"] = client.requestId ?? "";
    return responseOf(request.method === "HEAD" ? { ...reply, body: null } : reply);
  }

  function refusal(error: unknown, { request, client, endpoint, admitted, wasRun }: Asked): Reply {
    const isBearer = /^bearer(?:[ \t]|$)/i.test(request.headers.get("authorization") ?? "");
    const told = known(error, client);
    if (DENIED.has(told.status) && !(wasRun && endpoint?.route.session === "starts")) {
      const operation = endpoint === null ? null : endpoint.name;
      events.emit("request.denied", { operation, code: told.code, status: told.status }, client);
    }
    const route = admitted === "whole" && endpoint !== null ? endpoint.route : null;
    return failure({ error: told, isBearer, route }, cookie);
  }

  /** Our own mistakes are told by a reference and nothing else; what it was goes to the log. */
  function known(error: unknown, client: ClientInfo): AuthError {
    // What an application makes of an AuthError may have any status: what is no failure cannot be told as one.
    if (
      error instanceof AuthError && Number.isInteger(error.status) && error.status >= 400 &&
      error.status < 600
    ) {
      const { code, cause } = error;
      if (error.status >= 500) {
        events.emit("error", { code, message: saidBy(error), ...referenceOf(error), cause }, client);
      }
      return error;
    }
    const reference = base32(platform.random(10));
    const message = "A request failed by a mistake in the code.";
    events.emit("error", { code: "internal", message, reference, cause: error }, client);
    return new AuthError("internal", { reference }, { cause: error });
  }

  async function serve(request: Request, info: unknown): Promise<Response> {
    const client = events.began(requestIdOf(request, core));
    const asked: Asked = {
      request,
      client,
      endpoint: null,
      admitted: "no",
      wasRun: false,
      readers: null,
      counted: null,
    };
    try {
      return sent(await answer(asked, info), asked);
    } catch (error) {
      return failed(error, asked);
    }
  }

  return (request, info) =>
    serve(request, info).catch((cause: unknown) => {
      const error = new AuthError("internal"); // not even a reference could be had
      const { code, message } = error;
      events.emit("error", { code, message, cause });
      return responseOf(failure({ error, isBearer: false, route: null }, cookie));
    });
}

/** Whether a request is to run once, however often it comes. */
function runsOnce({ route }: Endpoint, headers: Headers): boolean {
  return route.idempotent === true && route.session !== "starts" && showsKey(headers);
}

/** What a method answers that runs once for each key, and whether that was before. */
async function once(
  endpoint: Endpoint,
  asked: Sent,
  core: Core,
): Promise<{ readonly result: unknown; readonly isReplay: boolean }> {
  const { runOnce } = await import("./idempotent.ts"); // few requests bring a key
  return await runOnce(endpoint, asked, core);
}

/** The step by link that a browser has begun which is to have a cookie. */
function begunBy({ links }: AnyRoute, sent: object, result: unknown, usual: SessionMode): string | null {
  if (links !== "begins") return null;
  const { session = usual }: { readonly session?: unknown } = sent;
  return session === "cookie" ? (result as MailedStep).challengeId : null;
}

/** Whether something else than JSON is answered. */
function isShown({ reply }: AnyRoute): boolean {
  return reply === "page" || reply === "redirect";
}

const DENIED: ReadonlySet<number> = new Set([401, 403, 429]);

/** What a failure was told by that was known for one before it came here. */
function referenceOf({ details }: AuthError): { readonly reference?: string } {
  return details?.reference === undefined ? {} : { reference: details.reference };
}
