// Auth.js with sessions in a database: an adapter over a map of JSON texts, which are parsed as those of any store are. It is installed by
// `npm run bench` alone, so nothing here may be known of its types.
import { OPTIONS } from "../people.ts";

/** Answers a request. */
export type AuthJs = (request: Request) => Promise<Response>;

/** It, and the cookie of each of its people. */
export interface Installed {
  readonly handler: AuthJs;
  readonly cookies: readonly string[];
}

interface Peer {
  readonly Auth: (request: Request, config: object) => Promise<Response>;
}

interface Session {
  readonly sessionToken: string;
  readonly userId: string;
  readonly expires: string;
}

const UNCALLED = [
  "createUser",
  "getUser",
  "getUserByEmail",
  "getUserByAccount",
  "updateUser",
  "linkAccount",
  "createSession",
  "updateSession",
  "deleteSession",
];
const LIFE = 30 * 86_400_000; // as long as its own sessions, so that none is due to be written again

/** Sets it up with so many people, each signed in once. */
export async function authJs(count: number): Promise<Installed> {
  const peer: Peer = await import(new URL("auth_js/peer.mjs", import.meta.url).href);
  const texts = new Map<string, string>();
  const cookies = Array.from({ length: count }, (_, index) => {
    const user = { id: crypto.randomUUID(), email: `user${index}@example.com`, emailVerified: null };
    const sessionToken = crypto.randomUUID();
    const session = { sessionToken, userId: user.id, expires: new Date(Date.now() + LIFE) };
    texts.set(`user:${user.id}`, JSON.stringify(user));
    texts.set(`session:${sessionToken}`, JSON.stringify(session));
    return `__Secure-authjs.session-token=${sessionToken}`;
  });
  const config = {
    secret: OPTIONS.secret,
    trustHost: true,
    basePath: "/auth",
    providers: [],
    adapter: adapter(texts),
    session: { strategy: "database" },
  };
  return { handler: (request) => peer.Auth(request, config), cookies };
}

/** What a check asks a store for. The others are asked for as well, and never called. */
function adapter(texts: ReadonlyMap<string, string>): object {
  const read = (key: string) => Promise.resolve(texts.get(key) ?? "null");
  const uncalled = () => Promise.reject(new Error("a check writes nothing"));
  return {
    ...Object.fromEntries(UNCALLED.map((name) => [name, uncalled])),
    async getSessionAndUser(sessionToken: string) {
      const session: Session | null = JSON.parse(await read(`session:${sessionToken}`));
      if (session === null) return null;
      const user: object = JSON.parse(await read(`user:${session.userId}`));
      return { session: { ...session, expires: new Date(session.expires) }, user };
    },
  };
}
