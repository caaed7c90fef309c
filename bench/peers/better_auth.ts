// better-auth with its memory adapter, without rate limits and telemetry. It is installed by `npm run bench` alone, so nothing here may
// be known of its types.
import { OPTIONS } from "../people.ts";

/** What of it is used. */
export interface BetterAuth {
  readonly handler: (request: Request) => Promise<Response>;
  readonly api: {
    readonly getSession: (input: { readonly headers: Headers }) => Promise<Found | null>;
  };
}

/** Whom it finds. */
export interface Found {
  readonly user: { readonly email: string };
}

/** It, and what it keeps. */
export interface Installed {
  readonly auth: BetterAuth;
  /** Signs somebody in by a mailed code, through the handler; resolves to the cookies. */
  readonly signIn: (email: string) => Promise<string>;
  /** Forgets all sessions and codes, for its store looks at every row. */
  readonly forget: () => void;
}

interface Peer {
  readonly betterAuth: (options: object) => BetterAuth;
  readonly memoryAdapter: (tables: object) => object;
  readonly emailOTP: (options: object) => object;
}

interface Mail {
  readonly email: string;
  readonly otp: string;
}

/** Sets it up. */
export async function betterAuth(): Promise<Installed> {
  const peer: Peer = await import(new URL("better_auth/peer.mjs", import.meta.url).href);
  const tables: Record<string, object[]> = { user: [], session: [], account: [], verification: [] };
  const codes = new Map<string, string>();
  const auth = peer.betterAuth({
    secret: OPTIONS.secret,
    baseURL: OPTIONS.baseUrl,
    database: peer.memoryAdapter(tables),
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [
      peer.emailOTP({
        sendVerificationOTP({ email, otp }: Mail) {
          codes.set(email, otp);
          return Promise.resolve();
        },
      }),
    ],
  });
  const post = (path: string, body: object) => auth.handler(posting(`/api/auth${path}`, body));
  return {
    auth,
    async signIn(email) {
      const sent = await post("/email-otp/send-verification-otp", { email, type: "sign-in" });
      if (sent.status !== 200) throw new Error(`no code was sent: ${await sent.text()}`);
      const reply = await post("/sign-in/email-otp", { email, otp: codes.get(email) });
      const { user }: Found = await reply.json();
      if (user.email !== email) throw new Error("somebody else is signed in");
      return reply.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]).join("; ");
    },
    forget: () => Object.assign(tables, { session: [], verification: [] }),
  };
}

/** A request that sends JSON from the application's own page. */
export function posting(path: string, body: object): Request {
  const headers = { "content-type": "application/json", origin: OPTIONS.baseUrl };
  return new Request(OPTIONS.baseUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
}
