// OpenAuth with its code sign-in and its memory storage. It writes a line for each request; here it writes none. It is installed by
// `npm run bench` alone, so nothing here may be known of its types.
import { OPTIONS } from "../people.ts";

/** It, and what it keeps. */
export interface Installed {
  /** Signs somebody in as an application has it done: begins, asks for a code, answers it, trades the reply for tokens. The pages in
   * between are not fetched. Resolves to the refresh token. */
  readonly signIn: (email: string) => Promise<string>;
  /** Trades a refresh token for the next one, and an access token that is signed by ES256. */
  readonly refresh: (refreshToken: string) => Promise<string>;
  /** Stores a session as it would itself, without signing anybody in; resolves to the refresh token. */
  readonly begin: (email: string) => Promise<string>;
}

interface Peer {
  readonly issuer: (
    options: object,
  ) => { readonly fetch: (request: Request) => Response | Promise<Response> };
  readonly CodeProvider: (options: object) => object;
  readonly createSubjects: (types: object) => object;
  readonly MemoryStorage: () => Storage;
}

interface Storage {
  readonly set: (key: readonly string[], value: object, expiry?: Date) => Promise<void>;
}

interface Succeeding {
  readonly subject: (type: string, properties: object) => Promise<Response>;
}

const CLIENT = { client_id: "bench", redirect_uri: "https://example.com/callback" };
const YEAR = 365 * 86_400; // seconds, as long as its own

/** Sets it up. */
export async function openAuth(): Promise<Installed> {
  const peer: Peer = await import(new URL("openauth/peer.mjs", import.meta.url).href);
  const codes = new Map<string, string>();
  const storage = peer.MemoryStorage();
  const app = quietly(() => peer.issuer(options(peer, storage, codes)));
  const ask = async (path: string, init?: RequestInit) =>
    await app.fetch(new Request(OPTIONS.baseUrl + path, init));
  const post = (path: string, fields: Record<string, string>, cookie = "") =>
    ask(path, { method: "POST", headers: { cookie }, body: new URLSearchParams(fields) });
  return {
    signIn: (email) => signIn({ ask, post, code: () => codes.get(email) ?? "" }, email),
    refresh: async (refreshToken) =>
      await tokenOf(await post("/token", { grant_type: "refresh_token", refresh_token: refreshToken })),
    async begin(email) {
      const [subject, token] = [`user:${crypto.randomUUID()}`, crypto.randomUUID()];
      const ttl = { access: 900, refresh: YEAR };
      const session = { type: "user", properties: { email }, subject, clientID: CLIENT.client_id, ttl };
      const key = ["oauth:refresh", subject, token];
      await storage.set(
        key,
        { ...session, nextToken: crypto.randomUUID() },
        new Date(Date.now() + YEAR * 1000),
      );
      return `${subject}:${token}`;
    },
  };
}

function options(peer: Peer, storage: Storage, codes: Map<string, string>): object {
  const sendCode = ({ email }: { readonly email: string }, code: string) => void codes.set(email, code);
  const schema = { "~standard": { version: 1, vendor: "bench", validate: (value: unknown) => ({ value }) } };
  return {
    storage,
    subjects: peer.createSubjects({ user: schema }),
    ttl: { access: 900, refresh: YEAR },
    providers: { code: peer.CodeProvider({ request: () => new Response("a page"), sendCode }) },
    allow: () => true,
    success: async (reply: Succeeding, { claims }: { readonly claims: { readonly email: string } }) =>
      await reply.subject("user", { email: claims.email }),
  };
}

/** How requests are sent, and what was mailed. */
interface Browser {
  readonly ask: (path: string) => Promise<Response>;
  readonly post: (path: string, fields: Record<string, string>, cookie?: string) => Promise<Response>;
  readonly code: () => string;
}

async function signIn({ ask, post, code }: Browser, email: string): Promise<string> {
  const wanted = new URLSearchParams({ ...CLIENT, response_type: "code", provider: "code" });
  const begun = cookiesOf(await ask(`/authorize?${wanted}`));
  const asked = cookiesOf(await post("/code/authorize", { action: "request", email }, begun));
  const answered = await post("/code/authorize", { action: "verify", code: code() }, `${begun}; ${asked}`);
  const reply = new URL(answered.headers.get("location") ?? "").searchParams.get("code") ?? "";
  return await tokenOf(await post("/token", { ...CLIENT, grant_type: "authorization_code", code: reply }));
}

/** The refresh token of a reply that brings an access token as well. */
async function tokenOf(response: Response): Promise<string> {
  const tokens: { readonly access_token?: string; readonly refresh_token?: string } = await response.json();
  if (!tokens.access_token || !tokens.refresh_token) throw new Error(JSON.stringify(tokens));
  return tokens.refresh_token;
}

function cookiesOf(response: Response): string {
  return response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]).join("; ");
}

/** Makes something that would write to the console for good. */
function quietly<T>(make: () => T): T {
  const { log } = console;
  console.log = () => {};
  try {
    return make();
  } finally {
    console.log = log;
  }
}
