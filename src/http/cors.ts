import type { AnyRoute } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { CorsSettings } from "../options/cors.ts";
import type { Reply } from "./reply.ts";

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
  readonly preflight: (readers: Readers | null, methods: readonly string[]) => Reply;
  /** Adds to a reply what lets `readers` read it. */
  readonly open: (readers: Readers | null, route: AnyRoute | null, reply: Reply) => void;
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

  function granted({ origin, withCookies }: Readers): Readonly<Record<string, string>> {
    const allowed = { "Access-Control-Allow-Origin": origin };
    return withCookies ? { ...allowed, "Access-Control-Allow-Credentials": "true" } : allowed;
  }

  return {
    readers,
    goesBeyondTrust: allows !== null || anybody,
    isPreflight: ({ method, headers }) =>
      method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method"),
    preflight(readers, methods) {
      if (readers === null) throw new AuthError("origin_forbidden");
      const headers = {
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "Access-Control-Allow-Methods": methods.join(", "),
        "Access-Control-Allow-Headers": [...ASKED, "X-Request-Id"].join(", "),
        "Access-Control-Max-Age": String(maxAge),
        ...granted(readers),
      };
      return { status: 204, body: null, headers, cookies: [] };
    },
    open(allowed, route, { headers }) {
      // What everybody may keep, everybody may read: it depends on nobody.
      const readers = route?.maxAge === undefined ? allowed : ANYBODY;
      const { Vary: by = "" } = headers;
      const varies = readers !== ANYBODY && !by.startsWith("Origin");
      if (varies) headers["Vary"] = by === "" ? "Origin" : `${by}, Origin`;
      if (readers === null) return;
      Object.assign(headers, granted(readers), { "Access-Control-Expose-Headers": TOLD.join(", ") });
    },
  };
}
