import type { AnyRoute } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { CorsSettings } from "../options/cors.ts";

/** Which pages of other origins may ask, and read the replies (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export interface Cors {
  /** Who may read the reply: the page that asked, by its origin, `*` for any without cookies, or null for none. */
  readonly readers: (request: Request) => string | null;
  /** Whether those may ask that are not trusted. */
  readonly goesBeyondTrust: boolean;
  /** Whether a request asks beforehand if another may be sent. */
  readonly isPreflight: (request: Request) => boolean;
  /** What such a request is answered. `methods`: what the path answers.
   * @throws {AuthError} `origin_forbidden` */
  readonly preflight: (readers: string | null, methods: readonly string[]) => Response;
  /** Adds to a reply what lets `readers` read it. */
  readonly open: (readers: string | null, route: AnyRoute | null, reply: Response) => void;
}

const ASKED = ["Authorization", "Content-Type", "Idempotency-Key", "X-Idempotency-Key", "Latchkey-Device"];
const TOLD = ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed"];

/** The rules of `cors`; where it says nothing, trusted origins may ask. */
export function cors(
  { allows, anybody, maxAge }: CorsSettings,
  trusts: (origin: string, request: Request) => boolean,
): Cors {
  function readers(request: Request): string | null {
    const origin = request.headers.get("origin");
    if (origin === null) return null;
    if (anybody) return "*";
    return (allows === null ? trusts(origin, request) : allows.has(origin)) ? origin : null;
  }

  function grant(headers: Headers, origin: string): void {
    headers.set("Access-Control-Allow-Origin", origin);
    if (origin !== "*") headers.set("Access-Control-Allow-Credentials", "true");
  }

  return {
    readers,
    goesBeyondTrust: allows !== null || anybody,
    isPreflight: ({ method, headers }) =>
      method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method"),
    preflight(origin, methods) {
      if (origin === null) throw new AuthError("origin_forbidden");
      const headers = new Headers({
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "Access-Control-Allow-Methods": methods.join(", "),
        "Access-Control-Allow-Headers": [...ASKED, "X-Request-Id"].join(", "),
        "Access-Control-Max-Age": String(maxAge),
      });
      grant(headers, origin);
      return new Response(null, { status: 204, headers });
    },
    open(allowed, route, { headers }) {
      // What everybody may keep, everybody may read: it depends on nobody.
      const origin = route?.maxAge === undefined ? allowed : "*";
      if (origin !== "*" && !headers.get("Vary")?.startsWith("Origin")) headers.append("Vary", "Origin");
      if (origin === null) return;
      grant(headers, origin);
      headers.set("Access-Control-Expose-Headers", TOLD.join(", "));
    },
  };
}
