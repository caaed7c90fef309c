// A database that is reached by KV Connect: what Deno Deploy and denokv are to `Deno.openKv`. It is real as far as it goes: HTTP,
// protocol buffers, a map. https://github.com/denoland/denokv/blob/main/proto/kv-connect.md and schema/datapath.proto beside it.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  constants,
  createServer as createServer2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";

export type Fate = "reply lost" | "no answer" | "busy";

/** A database that answers. */
export interface KvConnectServer {
  readonly url: string;
  /** What a client must show. */
  readonly token: string;
  /** How many writes have arrived, those that were sent again among them. */
  readonly writes: () => number;
  /** What becomes of the next write: it is done and its reply is lost; or it is not done and nobody ever answers; or it is refused for
   * now, as by a busy server. */
  readonly next: (fate: Fate) => void;
  /** When the client wants a key to be gone, in epoch milliseconds; 0: never; undefined: there is no such key. */
  readonly expiry: (key: string) => number | undefined;
  readonly stop: () => Promise<void>;
}

/** Deno speaks HTTP/2 to it, and does not ask first; the npm package speaks HTTP/1.1. */
type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly encoding: number;
  readonly version: Buffer;
  /** Epoch milliseconds; 0: never. */
  readonly expiry: number;
}

const TOKEN = "a-token-that-lives-as-long-as-the-test";
const DATABASE = "6c35f2ab-3b0a-4f5b-8d84-92e6f7a7b1c5";
const SUCCESS = 1; // SR_SUCCESS, AW_SUCCESS
const CHECK_FAILED = 2; // AW_CHECK_FAILURE
const SET = 1; // M_SET; everything else that is used here is M_DELETE

/** Starts an empty one on a free port of this machine. */
export async function kvConnectServer(): Promise<KvConnectServer> {
  const rows = table();
  const fates: Fate[] = [];
  let writes = 0;

  const actions: Readonly<Record<string, (body: Buffer, response: Response) => Buffer | null>> = {
    "/": () => Buffer.from(JSON.stringify(metadata())),
    "/v3/snapshot_read": (body) => rows.read(body),
    "/v3/atomic_write"(body, response) {
      writes++;
      const fate = fates.shift();
      const reply = fate === undefined || fate === "reply lost" ? rows.write(body) : null;
      if (fate === "reply lost") lose(response);
      if (fate === "busy") end(response, 503, "busy");
      return fate === undefined ? reply : null;
    },
  };

  async function answer(request: Request, response: Response): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const action = actions[request.url ?? ""];
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return end(response, 401, "who are you?");
    if (action === undefined) return end(response, 404);
    response.setHeader("Content-Type", request.url === "/" ? "application/json" : "application/x-protobuf");
    const reply = action(body, response);
    if (reply !== null) end(response, 200, reply);
  }

  const { port, stop } = await listening((request, response) => void answer(request, response));
  return {
    url: `http://127.0.0.1:${port}`,
    token: TOKEN,
    writes: () => writes,
    next: (fate) => void fates.push(fate),
    expiry: (key) => rows.expiry(keyBytes(key)),
    stop,
  };
}

async function listening(answer: (request: Request, response: Response) => void) {
  const sessions = new Set<ServerHttp2Session>();
  const server = "Deno" in globalThis
    ? createServer2(answer).on("session", (session) => sessions.add(session))
    : createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: Number(Object(server.address()).port),
    async stop() {
      if ("closeAllConnections" in server) server.closeAllConnections();
      sessions.forEach((session) => session.destroy());
      server.close();
      await once(server, "close");
    },
  };
}

/** Ends the request without a reply. */
function lose(response: Response): void {
  if ("stream" in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

function end(response: Response, status: number, body: Buffer | string = ""): void {
  response.statusCode = status;
  response.end(body);
}

function metadata(): object {
  const endpoints = [{ url: "/v3", consistency: "strong" }];
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  return { version: 3, databaseId: DATABASE, endpoints, token: TOKEN, expiresAt };
}

/** Rows in the order of their keys. What has expired stays: that is allowed, and the worst case. */
function table() {
  const rows = new Map<string, Row>();
  const order: string[] = [];
  let version = 0n;

  /** Where a key is, or would be. */
  function place(hex: string): number {
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((order[middle] ?? "") < hex) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function remove(key: Buffer): void {
    const hex = key.toString("hex");
    if (rows.delete(hex)) order.splice(place(hex), 1);
  }

  function set(row: Row): void {
    const hex = row.key.toString("hex");
    if (!rows.has(hex)) order.splice(place(hex), 0, hex);
    rows.set(hex, row);
  }

  function range(message: Buffer): Buffer {
    const { 1: [start], 2: [end], 3: [limit] } = parse(message);
    const from = place(bytes(start).toString("hex"));
    const to = Math.min(place(bytes(end).toString("hex")), from + Number(limit));
    const found = order.slice(from, to).map((hex) => rows.get(hex)).filter((row) => row !== undefined);
    return Buffer.concat(
      found.map(({ key, value, encoding, version }) =>
        field(1, Buffer.concat([field(1, key), field(2, value), field(3, encoding), field(4, version)]))
      ),
    );
  }

  return {
    expiry: (key: Buffer) => rows.get(key.toString("hex"))?.expiry,
    read(body: Buffer): Buffer {
      const ranges = parse(body)[1].map((message) => field(1, range(bytes(message))));
      return Buffer.concat([...ranges, field(4, 1), field(8, SUCCESS)]);
    },
    write(body: Buffer): Buffer {
      const { 1: checks, 2: mutations } = parse(body);
      const holds = checks.map((check) => parse(bytes(check))).every(({ 1: [key], 2: [version] }) => {
        const stored = rows.get(bytes(key).toString("hex"))?.version ?? Buffer.alloc(0);
        return stored.equals(bytes(version));
      });
      if (!holds) return field(1, CHECK_FAILED);
      const stamp = Buffer.alloc(10);
      stamp.writeBigUInt64BE(++version);
      for (
        const { 1: [key], 2: [value], 3: [type], 4: [expiry = 0n] } of mutations.map((one) =>
          parse(bytes(one))
        )
      ) {
        const { 1: [data], 2: [encoding] } = parse(bytes(value));
        if (Number(type) !== SET) remove(bytes(key));
        else {
          const stored = { value: bytes(data), encoding: Number(encoding), version: stamp };
          set({ key: bytes(key), ...stored, expiry: Number(expiry) });
        }
      }
      return Buffer.concat([field(1, SUCCESS), field(2, stamp)]);
    },
  };
}

/** A key as it lies in the store: each part with its type, a string, and its end. */
function keyBytes(key: string): Buffer {
  return Buffer.concat(key.split(":").map((part) => Buffer.from(`\x02${part}\0`)));
}

type Value = Buffer | bigint | undefined;

/** The fields of a message by their number (https://protobuf.dev/programming-guides/encoding): up to eight are looked for. */
function parse(message: Buffer): Readonly<Record<1 | 2 | 3 | 4 | 5 | 6 | 7 | 8, readonly Value[]>> {
  const fields: Record<1 | 2 | 3 | 4 | 5 | 6 | 7 | 8, Value[]> = {
    1: [],
    2: [],
    3: [],
    4: [],
    5: [],
    6: [],
    7: [],
    8: [],
  };
  let at = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (let byte = 0x80; byte >= 0x80; shift += 7n) {
      byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
    }
    return value;
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = tag >> 3 as keyof typeof fields; // checked in the next line but one
    if (!(number in fields)) throw new TypeError(`a field ${number} is not known here`);
    const length = varint(); // of what is delimited; the value itself of what is a number
    fields[number].push((tag & 7) === 2 ? message.subarray(at, at += Number(length)) : length);
  }
  return fields;
}

function field(number: number, value: Buffer | number): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number << 3), varint(value)]);
  return Buffer.concat([varint(number << 3 | 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  return Buffer.from([...bytes, value]);
}

/** A field of bytes; one that is left out is empty. */
function bytes(value: Value): Buffer {
  return Buffer.isBuffer(value) ? Buffer.from(value) : Buffer.alloc(0);
}
