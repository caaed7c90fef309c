import type { Within } from "../base/deadline.ts";
import { parseJson } from "../base/json.ts";
import type { AnyRoute } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { SessionMode } from "../model.ts";

const LARGEST = 64 * 1024; // bytes
const DEEPEST = 8;

/** How long a body may take: one that comes in drops does not hold a request for ever. In milliseconds. */
export const BODY_PATIENCE = 10_000;

/** Where a request comes from. */
export interface Origin {
  /** Whether it brings our cookie. */
  readonly carriesCookie: () => boolean;
  /** Whether the page that sent it is neither ours nor trusted. */
  readonly isForeign: boolean;
  /** Whether that page may ask all the same, without cookies. */
  readonly mayAsk: boolean;
}

/** Whether a request may act: one that carries our cookie, whose reply sets one, or that is counted, must come from an origin that is
 * ours or trusted. Without an `Origin`, only what is no browser: all of those send `Sec-Fetch-Site`. A page that may ask is not counted
 * for what browsers send without asking first.
 * @throws {AuthError} `origin_forbidden`, `content_type_unsupported` */
export function admit(
  request: Request,
  { carriesCookie, isForeign, mayAsk }: Origin,
  { session }: AnyRoute,
  isCounted: boolean,
): void {
  if (!isForeign) return;
  if (carriesCookie() || (!mayAsk && (isCounted || session))) throw new AuthError("origin_forbidden");
  typeOf(request);
}

/** A page that may ask without cookies gets none: it signs in to tokens, and begins no link that a cookie binds.
 * @throws {AuthError} `origin_forbidden` */
export function admitSignIn(origin: Origin, route: AnyRoute, sent: object, usual: SessionMode): void {
  const { session = usual }: { readonly session?: unknown } = sent;
  const sets = route.session === "starts" || route.links === "begins";
  if (origin.isForeign && sets && session !== "bearer") {
    throw new AuthError("origin_forbidden");
  }
}

/** Whether a request that changes something comes from a page that is neither ours nor trusted. */
export function isForeign(request: Request, trusts: (origin: string, request: Request) => boolean): boolean {
  if (SAFE.has(request.method)) return false;
  const origin = request.headers.get("origin");
  if (origin === null) return request.headers.get("sec-fetch-site") !== null;
  return !trusts(origin, request);
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]); // RFC 9110 section 9.2.1

/** The JSON object in a request's body; an empty body is an empty object.
 * @throws {AuthError} `content_type_unsupported`, `body_too_large`, `request_timeout`, `json_invalid` */
export async function readBody(request: Request, within: Within): Promise<object> {
  const type = typeOf(request);
  if (Number(request.headers.get("content-length") ?? 0) > LARGEST) throw new AuthError("body_too_large");
  if (request.body === null) return {};
  const reader = request.body.getReader();
  try {
    const text = await within(readAll(reader));
    if (text === "") return {};
    if (type === null) throw new AuthError("content_type_unsupported");
    const value = parseJson(text, DEEPEST);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new AuthError("json_invalid");
    }
    return value;
  } finally {
    reader.cancel().catch(() => {}); // what is left of the body is of no interest
  }
}

/** JSON, or null for what says nothing. */
function typeOf({ headers }: Request): string | null {
  const type = headers.get("content-type");
  if (type === null || type.split(";")[0]?.trim().toLowerCase() === "application/json") return type;
  throw new AuthError("content_type_unsupported");
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > LARGEST) throw new AuthError("body_too_large");
      text += decoder.decode(part.value, { stream: true });
    }
    return text + decoder.decode();
  } catch (cause) {
    if (cause instanceof AuthError) throw cause;
    throw new AuthError("json_invalid", undefined, { cause }); // not UTF-8, or broken off
  }
}

/** Whether a request is to run once, however often it is sent. */
export function showsKey(headers: Headers): boolean {
  return headers.has("idempotency-key") || headers.has("x-idempotency-key");
}
