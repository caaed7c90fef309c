/** Joins a Fetch handler to `node:http` and to Connect-like frameworks, on Node, Deno and Bun.
 * @example Usage
 * ```ts
 * import { createServer } from "node:http";
 * import { createAuth } from "@latchkey/auth";
 * import { toNodeListener } from "@latchkey/auth/node";
 *
 * const auth = createAuth({
 *   secret: "a-secret-of-32-characters-or-more",
 *   baseUrl: "http://localhost:3000",
 *   email: { from: "no-reply@example.com", send: (m) => console.log(m.text) },
 *   emailOtp: true,
 * });
 * const server = createServer(toNodeListener(auth.handler)); // server.listen(3000)
 * ```
 * @module */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AuthError } from "../errors.ts";

/** Answers a Fetch request, told where it came from: `auth.handler` is one. */
export type FetchHandler = (
  request: Request,
  info: { readonly remoteAddress: string | undefined },
) => Response | Promise<Response>;

/** What `http.createServer` and Connect-like frameworks call. `next` gets what the handler throws; without it that is a 500. */
export type NodeListener = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  next?: (error: unknown) => void,
) => void;

const FORBIDDEN = /^(?:CONNECT|TRACE|TRACK)$/; // https://fetch.spec.whatwg.org/#forbidden-method
const LEFTOVERS = 16 * 2 ** 20; // bytes of a refused body that are read, so that the client gets to see the reply

/** Makes a Fetch handler a listener for `node:http`. It answers every request: in a framework, mount it under `basePath`, and
 * before or after a parser of bodies as you like.
 * @example In Express
 * ```ts ignore
 * app.use("/auth", toNodeListener(auth.handler));
 * ``` */
export function toNodeListener(handler: FetchHandler): NodeListener {
  return (incoming, outgoing, next) => {
    // A client that goes away is no failure of ours; whoever reads its body or writes its reply is told by the streams.
    incoming.on("error", () => {});
    outgoing.on("error", () => {});
    outgoing.once("finish", () => discard(incoming));
    reply(handler, incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) outgoing.destroy();
      else if (next !== undefined) next(error);
      else void send(refusal(new AuthError("internal")), incoming, outgoing);
    });
  };
}

/** The Fetch request that a request of `node:http` is, whatever was sent. Its body is streamed; one that a framework has read and
 * parsed already is taken from `incoming.body`. Its host is what the client calls it, and worth as much. A target that is no path
 * is `/`, and a method that Fetch forbids (TRACE, CONNECT) is GET: your own router has `incoming.url` and `incoming.method`.
 * @example Usage
 * ```ts ignore
 * const { user } = await auth.getSession(toRequest(incoming));
 * ``` */
export function toRequest(incoming: IncomingMessage): Request {
  const { href: url } = urlOf(incoming) ?? new URL(originOf(incoming));
  const method = methodOf(incoming);
  const body = method === "GET" || method === "HEAD" ? null : bodyOf(incoming);
  const init = { method, headers: headersOf(incoming), body, duplex: "half" } as const;
  return new Request(url, init);
}

async function reply(handler: FetchHandler, incoming: IncomingMessage, outgoing: ServerResponse) {
  await send(await answer(handler, incoming), incoming, outgoing);
}

async function answer(handler: FetchHandler, incoming: IncomingMessage): Promise<Response> {
  // What a URL parser would change is refused: nothing that stands in front of the handler and reads the path as it came can then
  // be walked around.
  const literal = urlOf(incoming)?.pathname === targetOf(incoming).split("?", 1)[0];
  if (!literal || methodOf(incoming) !== incoming.method) return refusal(new AuthError("not_found"));
  return await handler(toRequest(incoming), { remoteAddress: incoming.socket.remoteAddress });
}

function refusal(error: AuthError): Response {
  return Response.json(error, { status: error.status, headers: { "Cache-Control": "no-store" } });
}

async function send(response: Response, { method }: IncomingMessage, outgoing: ServerResponse) {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie(); // each is a header of its own (RFC 6265 section 3)
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (method !== "HEAD" && response.body !== null) return await pump(response.body, outgoing);
  await response.body?.cancel();
  outgoing.end();
}

/** Writes a body as fast as the client takes it, and lets go of it when the client is gone. */
async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  outgoing.once("close", () => void reader.cancel().catch(() => {})); // a body that has failed is let go already
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (outgoing.write(part.value)) continue;
    if (outgoing.destroyed) return;
    await drained(outgoing);
  }
  outgoing.end();
}

/** Resolves when more can be written, or the client is gone. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      outgoing.off("drain", go).off("close", go);
      resolve();
    };
    outgoing.on("drain", go).on("close", go);
  });
}

/** What was asked for, as it came. */
function targetOf(incoming: IncomingMessage): string {
  const mounted = "originalUrl" in incoming ? incoming.originalUrl : undefined; // Express cuts the mount point off `url`
  return typeof mounted === "string" ? mounted : incoming.url ?? "";
}

/** The URL that it makes; null where it makes none. */
function urlOf(incoming: IncomingMessage): URL | null {
  const target = targetOf(incoming);
  return target.startsWith("/") ? URL.parse(originOf(incoming) + target) : null;
}

function methodOf({ method }: IncomingMessage): string {
  return method === undefined || FORBIDDEN.test(method) ? "GET" : method;
}

const PLAIN_HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

function originOf({ headers, socket }: IncomingMessage): string {
  const scheme = "encrypted" in socket && socket.encrypted === true ? "https" : "http";
  const named = `${scheme}://${headers.host ?? ""}`;
  return PLAIN_HOST.test(headers.host ?? "") && URL.canParse(named) ? named : `${scheme}://localhost`;
}

/** All headers, one sent several times with all its values: joined by commas (RFC 9110 section 5.3), cookies by semicolons
 * (RFC 9113 section 8.2.3). */
function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  const cookies: string[] = [];
  rawHeaders.forEach((name, i) => {
    const value = rawHeaders[i + 1];
    if (i % 2 === 1 || value === undefined) return; // names and values take turns
    if (name.toLowerCase() === "cookie") cookies.push(value);
    else headers.append(name, value);
  });
  if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
  return headers;
}

function bodyOf(incoming: IncomingMessage): BodyInit | null {
  const { headers } = incoming;
  if (incoming.readableDidRead || incoming.readableEnded) {
    return parsedBody("body" in incoming ? incoming.body : undefined);
  }
  const empty = headers["transfer-encoding"] === undefined && !(Number(headers["content-length"]) > 0);
  return empty ? null : streamOf(incoming);
}

/** What a parser left of a body that it has read. The header still says what kind it was: a form does not become JSON by this. */
function parsedBody(body: unknown): BodyInit | null {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === "object" && body !== null ? JSON.stringify(body) : null;
}

/** A body as it comes, one piece for each that is asked for. Nothing is read before somebody asks. */
function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let state: "untouched" | "open" | "done" = "untouched";
  const settle = (last: () => void) => {
    if (state === "open") last();
    state = "done";
  };

  function open(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    state = "open";
    const broken = () => settle(() => controller.error(new Error("the client went away")));
    incoming.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
      if (state !== "open" || answered.has(incoming)) return;
      incoming.pause(); // before it is handed over: that may ask for the next one
      controller.enqueue(chunk);
    });
    incoming.on("end", () => settle(() => controller.close()));
    incoming.on("error", broken);
    incoming.on("close", broken);
    if (incoming.destroyed) broken();
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (state === "untouched") open(controller);
      incoming.resume();
    },
    cancel: () => settle(() => incoming.pause()),
  }, { highWaterMark: 0 });
}

/** Requests whose reply has gone: nobody needs the rest of their bodies. */
const answered = new WeakSet<IncomingMessage>();

/** Reads and forgets what is left of a body, so that the connection can be used again. */
function discard(incoming: IncomingMessage): void {
  answered.add(incoming);
  let left = LEFTOVERS;
  incoming.on("data", ({ length }: Uint8Array) => {
    left -= length;
    if (left < 0) incoming.destroy();
  });
  incoming.resume();
}
