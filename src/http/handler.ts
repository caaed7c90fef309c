import { deadline } from "../base/deadline.ts";
import { base32 } from "../base/encoding.ts";
import type { AnyRoute } from "../contract.ts";
import type { Core } from "../core/core.ts";
import type { Endpoint } from "../endpoint.ts";
import { AuthError } from "../errors.ts";
import { cookieValues } from "../protocol/cookie.ts";
import { callerOf, credentialOf } from "./caller.ts";
import { admit, BODY_PATIENCE, readBody } from "./guard.ts";
import { failure, type SessionCookie, success } from "./reply.ts";
import { pathOf, router } from "./router.ts";

/** Answers a request. Never throws, never hangs. */
export type Handler = (request: Request) => Promise<Response>;

/** The one Fetch handler over all endpoints. */
export function handler(endpoints: readonly Endpoint[], core: Core, cookie: SessionCookie): Handler {
  const { platform, settings } = core;
  const inTime = deadline(platform, BODY_PATIENCE, () => new AuthError("request_timeout"));
  const route = router(endpoints, settings.basePath);

  async function answer(request: Request): Promise<Response> {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const { endpoint, params } = route(method, pathOf(request.url));
    const { name, device } = settings.cookie;
    const carries = (cookie: string) => cookieValues(request.headers.get("cookie"), cookie).length > 0;
    admit(request, endpoint.route, carries(name) || carries(device), settings.trusts);
    try {
      const body = method === "GET" || method === "DELETE" ? {} : await readBody(request, inTime);
      const caller = await callerOf(request, credentialOf(request.headers, core), endpoint.route, core);
      const sent = { ...body, ...params };
      // Who calls is said last: whatever of it came over the wire is refused as unknown.
      const result = await endpoint.run(sent, caller);
      const issued = typeof result === "object" && result !== null ? core.signIn.issued(result) : null;
      return success({ route: endpoint.route, result, issued, caller, sent }, cookie);
    } catch (error) {
      return failed(error, request, endpoint.route);
    }
  }

  function failed(error: unknown, request: Request, route: AnyRoute | null): Response {
    const isBearer = /^bearer(?:[ \t]|$)/i.test(request.headers.get("authorization") ?? "");
    return failure({ error: known(error), isBearer, route }, cookie);
  }

  /** Our own mistakes are told by a reference and nothing else; what it was goes to the log. */
  function known(error: unknown): AuthError {
    if (error instanceof AuthError) {
      if (error.status >= 500) platform.log.error(error.message, { code: error.code, cause: error.cause });
      return error;
    }
    const reference = base32(platform.random(10));
    platform.log.error("A request failed by a mistake in the code.", { reference, cause: error });
    return new AuthError("internal", { reference }, { cause: error });
  }

  return async (request) => {
    const asked = request.headers.get("x-request-id") ?? "";
    let response: Response;
    try {
      response = await answer(request);
    } catch (error) {
      response = failed(error, request, null);
    }
    response.headers.set(
      "X-Request-Id",
      /^[A-Za-z0-9._-]{1,64}$/.test(asked) ? asked : base32(platform.random(10)),
    );
    return request.method === "HEAD" ? new Response(null, response) : response;
  };
}
