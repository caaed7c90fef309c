import { deadline, type Within } from "../base/deadline.ts";
import { base64url, fromBase64url, utf8 } from "../base/encoding.ts";
import { sha256 } from "../base/hash.ts";
import type { MaybeCaller } from "../contract.ts";
import type { Core } from "../core/core.ts";
import type { Ran } from "../core/replies.ts";
import type { Endpoint } from "../endpoint.ts";
import { AuthError } from "../errors.ts";
import { BODY_PATIENCE } from "./guard.ts";
import { OURS } from "./reply.ts";
import { pathOf } from "./router.ts";

const LARGEST_ASKED = 2 ** 20; // bytes of a body that is asked with
const LARGEST_KEPT = 30 * 1024; // bytes of a body that is kept
const LARGEST_HEADERS = 2048; // characters
/** What of a reply's headers is told again: what describes its body, and where things are. */
const KEPT: readonly string[] = [
  ...["cache-control", "content-disposition", "content-encoding", "content-language", "content-location"],
  ...["content-type", "etag", "last-modified", "link", "location", "vary"],
];

/** A request of a route, as the method gets it. */
export interface Sent {
  readonly headers: Headers;
  readonly sent: object;
  readonly caller: MaybeCaller;
}

/** The key that a request shows.
 * @throws {AuthError} `input_invalid` */
function keyOf(headers: Headers): string {
  const shown = ["idempotency-key", "x-idempotency-key"].flatMap((name) => headers.get(name) ?? []);
  const [key = "", other = key] = shown;
  const message = key !== other
    ? "must be the same as X-Idempotency-Key"
    : "must be 1 to 255 visible ASCII characters"; // two of one name arrive as one with ", " in it
  if (key === other && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new AuthError("input_invalid", { issues: [{ path: "Idempotency-Key", message }] });
}

/** Runs the method of an idempotent route once for each key.
 * @throws {AuthError} `input_invalid`, `request_in_progress`, `idempotency_conflict`; what the method throws */
export async function runOnce(
  { call, run }: Endpoint,
  { headers, sent, caller }: Sent,
  core: Core,
): Promise<{ readonly result: unknown; readonly isReplay: boolean }> {
  const asked = {
    route: call,
    caller: callerOf(caller.userId, sent),
    key: keyOf(headers),
    body: JSON.stringify(sent),
  };
  const told = await (await core.replies()).once(asked, async (): Promise<Ran<unknown>> => {
    const reply = await run(sent, caller);
    return { is: "done", reply, text: JSON.stringify({ reply }) };
  });
  return told.is === "ran"
    ? { result: told.reply, isReplay: false }
    : { result: JSON.parse(told.text).reply, isReplay: true };
}

/** Whoever asks, as a reply is bound to them: a user, else whoever holds a challenge. */
function callerOf(userId: string | undefined, sent: object): string {
  const { challengeId }: { readonly challengeId?: unknown } = sent;
  if (userId !== undefined) return `user:${userId}`;
  return typeof challengeId === "string" ? `challenge:${challengeId}` : "nobody";
}

/** A reply of the application, as it is kept. */
interface KeptReply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

/** Runs one of the application's own routes once for each key. `userId`: who is signed in.
 * @throws {AuthError} `input_invalid`, `body_too_large`, `request_timeout`, `request_in_progress`, `idempotency_conflict`; what `run`
 * throws */
export async function respondOnce(
  request: Request,
  userId: string | undefined,
  run: () => Response | Promise<Response>,
  core: Core,
): Promise<Response> {
  const within = deadline(core.platform, BODY_PATIENCE, () => new AuthError("request_timeout"));
  const key = keyOf(request.headers);
  const path = pathOf(request.url);
  const route = `application ${request.method} ${path}`;
  const body = [
    request.url.slice(request.url.indexOf(path) + path.length),
    request.headers.get("content-type") ?? "",
    await within(digestOf(request)),
  ].join("\0");
  // A user is the same on all hosts of an application; strangers are not.
  const host = `at ${new URL(request.url).origin} ${request.headers.get("host") ?? ""}`;
  const caller = userId === undefined ? `nobody ${host}` : callerOf(userId, {});
  const told = await (await core.replies()).once(
    { route, caller, key, body },
    async (): Promise<Ran<Response>> => {
      const reply = await run();
      // Our own routes are safe to send again by their own rules, and their replies may hold a token: those are kept nowhere.
      const isKept = reply.ok && !(OURS in reply);
      return isKept ? { is: "done", reply, text: await textOf(reply, within) } : { is: "failed", reply };
    },
  );
  return told.is === "ran" ? told.reply : replyOf(JSON.parse(told.text));
}

/** SHA-256 of a request's body, which stays to be read. */
async function digestOf(request: Request): Promise<string> {
  if (request.bodyUsed) throw new TypeError("idempotent must be called before the request's body is read");
  const body = await piecesOf(request.clone().body?.getReader(), LARGEST_ASKED);
  if (body === "too large") throw new AuthError("body_too_large");
  return base64url(sha256(await joined(body)));
}

/** A reply as it is kept; null for one that is not: too long, without end, or broken off. It stays to be sent. */
async function textOf(reply: Response, within: Within): Promise<string | null> {
  if (reply.bodyUsed || reply.headers.get("content-type")?.startsWith("text/event-stream")) return null;
  const headers = KEPT.flatMap((name) => {
    const value = reply.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const { status } = reply;
  if (JSON.stringify(headers).length > LARGEST_HEADERS) return null;
  if (reply.body === null) return JSON.stringify({ status, headers, body: null } satisfies KeptReply);
  const pieces = await inTime(reply.clone().body, within);
  if (pieces === "too large") return null;
  return JSON.stringify({ status, headers, body: base64url(await joined(pieces)) } satisfies KeptReply);
}

async function joined(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await new Blob(pieces.map((piece) => piece.slice())).arrayBuffer());
}

/** The pieces of a reply's body. What breaks off its own reader is told; what does not end in time goes on for that reader. */
async function inTime(
  body: ReadableStream<Uint8Array> | null,
  within: Within,
): Promise<readonly Uint8Array[] | "too large"> {
  const reader = body?.getReader();
  try {
    return await within(piecesOf(reader, LARGEST_KEPT));
  } catch {
    reader?.cancel().catch(() => {});
    return "too large";
  }
}

function replyOf({ status, headers, body }: KeptReply): Response {
  const bytes = body === null ? null : fromBase64url(body);
  const reply = new Response(bytes === null ? null : Uint8Array.from(bytes), { status });
  for (const [name, value] of headers) reply.headers.set(name, value);
  reply.headers.set("Idempotency-Replayed", "true");
  return reply;
}

async function piecesOf(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  largest: number,
): Promise<readonly Uint8Array[] | "too large"> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    const piece: unknown = part.value;
    const bytes = typeof piece === "string" ? utf8(piece) : part.value; // some servers give text
    size += bytes.length;
    if (size > largest) {
      reader?.cancel().catch(() => {}); // what is left is of no interest
      return "too large";
    }
    pieces.push(bytes);
  }
  return pieces;
}
