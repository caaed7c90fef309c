// A service that signs people in by key pairs, as far as the command line sees it: what it asks and answers may be anything.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parsePublicKey } from "../../src/protocol/key_pairs.ts";
import {
  type Asked,
  messageToSign,
  parseSignature,
  verifySignature,
} from "../../src/protocol/key_pairs_signed.ts";

/** What it answers: a status and a body, which is JSON unless it is a text. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What it does otherwise than it should. */
export interface Odd {
  /** What it asks to be signed, in place of what it should, which it is told. */
  readonly asks?: (own: Asked) => Asked;
  /** What it answers, by path, in place of its own answer, which it is told. */
  readonly answers?: Readonly<Record<string, (own: Answered) => Answered>>;
}

/** A service on a free port. */
export interface KeyService {
  /** Where it signs people in. */
  readonly url: string;
  /** What was sent to it: the path and the body of each request. */
  readonly heard: readonly (readonly [path: string, body: unknown])[];
  readonly close: () => Promise<void>;
}

/** What a sign-in brings. */
export const GRANT: Readonly<Record<string, unknown>> & { readonly accessToken: string } = {
  user: { id: "ada" },
  session: { id: "one", amr: ["key"] },
  tokenType: "Bearer",
  accessToken: "eyJ.access.token",
  expiresIn: 900,
  refreshToken: "lkr_refresh",
};

/** Starts a service that knows these public keys. */
export async function keyService(known: readonly string[], odd: Odd = {}): Promise<KeyService> {
  const heard: (readonly [string, unknown])[] = [];
  const challenges = new Map<string, { readonly key: string; readonly message: string }>();
  const keys = known.map((line) => parsePublicKey(line)?.key);
  const expiresAt = Date.UTC(2100, 0, 1);
  let origin = "";

  function start({ publicKey }: Readonly<Record<string, unknown>>): Answered {
    const key = parsePublicKey(String(publicKey))?.key ?? "";
    const challengeId = `challenge${challenges.size}`;
    const own: Asked = {
      purpose: "sign-in",
      issuer: origin,
      at: `${origin}/auth`,
      key,
      challengeId,
      expiresAt,
    };
    const message = messageToSign(odd.asks?.(own) ?? own);
    challenges.set(challengeId, { key, message });
    return { status: 200, body: { challengeId, message, expiresAt: new Date(expiresAt).toISOString() } };
  }

  async function finish(
    { challengeId, signature, session }: Readonly<Record<string, unknown>>,
  ): Promise<Answered> {
    const { key, message } = challenges.get(String(challengeId)) ?? { key: "", message: "" };
    const parsed = parseSignature(String(signature));
    const right = parsed !== null && session === "bearer" && keys.includes(key) &&
      await verifySignature(key, message, parsed);
    const error = { code: "challenge_invalid", message: "This sign-in was used. Start again.", status: 401 };
    return right ? { status: 201, body: GRANT } : { status: 401, body: error };
  }

  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => text += part);
    request.on("end", async () => {
      const path = request.url ?? "";
      const body = JSON.parse(text || "{}");
      heard.push([path, body]);
      const own = path === "/auth/key/sign-in/start"
        ? start(body)
        : path === "/auth/key/sign-in/finish"
        ? await finish(body)
        : { status: 404, body: "nothing" };
      const answered: Answered = odd.answers?.[path]?.(own) ?? own;
      const isText = typeof answered.body === "string";
      response.writeHead(answered.status, {
        "Content-Type": isText ? "text/plain" : "application/json",
        ...answered.headers,
      });
      response.end(isText ? answered.body : JSON.stringify(answered.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  origin = `http://127.0.0.1:${port}`;
  return {
    url: `${origin}/auth`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
