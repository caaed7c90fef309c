import type { AnyRoute } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { CorsSettings } from "../options/cors.ts";

/** Who may read a reply. */
export interface Readers {
  /** The page that asked, by its origin, or `*` for any. */
  readonly origin: string;
  /** Whether that page is trusted: nobody else reads what a cookie opens. */
  readonly withCookies: boolean;
}

/** Which pages of other origins may ask, and read the replies (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export interface Cors {
  /** Who may read the reply; null for nobody. */
  readonly readers: (request: Request) => Readers | null;
  /** Whether those may ask that are not trusted. */
  readonly goesBeyondTrust: boolean;
  /** Whether a request asks beforehand if another may be sent. */
  readonly isPreflight: (request: Request) => boolean;
  /** What such a request is answered. `methods`: what the path answers.
   * @throws {AuthError} `origin_forbidden` */
  readonly preflight: (readers: Readers | null, methods: readonly string[]) => Response;
  /** Adds to a reply what lets `readers` read it. */
  readonly open: (readers: Readers | null, route: AnyRoute | null, reply: Response) => void;
}

const ASKED = ["Authorization", "Content-Type", "Idempotency-Key", "X-Idempotency-Key", "Latchkey-Device"];
const TOLD = ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed"];

const ANYBODY: Readers = { origin: "*", withCookies: false };

/** The rules of `cors`; where it says nothing, trusted origins may ask. */
export function cors(
  { allows, anybody, maxAge }: CorsSettings,
  trusts: (origin: string, request: Request) => boolean,
): Cors {
  function readers(request: Request): Readers | null {
    const origin = request.headers.get("origin");
    if (origin === null) return null;
    if (anybody) return ANYBODY;
    if (allows?.has(origin) === false) return null;
    const withCookies = trusts(origin, request);
    return withCookies || allows !== null ? { origin, withCookies } : null;
  }

  function grant(headers: Headers, { origin, withCookies }: Readers): void {
    headers.set("Access-Control-Allow-Origin", origin);
    if (withCookies) headers.set("Access-Control-Allow-Credentials", "true");
  }

  return {
    readers,
    goesBeyondTrust: allows !== null || anybody,
    isPreflight: ({ method, headers }) =>
      method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method"),
    preflight(readers, methods) {
      if (readers === null) throw new AuthError("origin_forbidden");
      const headers = new Headers({
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "Access-Control-Allow-Methods": methods.join(", "),
        "Access-Control-Allow-Headers": [...ASKED, "X-Request-Id"].join(", "),
        "Access-Control-Max-Age": String(maxAge),
      });
      grant(headers, readers);
      return new Response(null, { status: 204, headers });
    },
    open(allowed, route, { headers }) {
      // What everybody may keep, everybody may read: it depends on nobody.
      const readers = route?.maxAge === undefined ? allowed : ANYBODY;
      const varies = readers !== ANYBODY && !headers.get("Vary")?.startsWith("Origin");
      if (varies) headers.append("Vary", "Origin");
      if (readers === null) return;
      grant(headers, readers);
      headers.set("Access-Control-Expose-Headers", TOLD.join(", "));
    },
  };
}
