// A configuration with every option, and calls of what it gives: what such an application costs its compiler is measured.
import { createAuth, type Logger, type User } from "@latchkey/auth";
import memory from "@latchkey/auth/drivers/memory";
import { createVerifier } from "@latchkey/auth/verify";
import { sms } from "../../examples/sms_plugin.ts";

interface Fields {
  readonly nickname: string;
  readonly born?: number;
}

const fields = {
  "~standard": {
    version: 1,
    vendor: "example",
    validate: (value: unknown) => ({ value: value as Fields }), // a schema library does this
    types: undefined as { readonly input: Fields; readonly output: Fields } | undefined,
  },
} as const;

declare const logger: Logger;

/** Everything that can be said. */
const auth = createAuth({
  storage: memory(),
  allowUnsafeStorage: "single-process",
  storageDeadline: "5s",
  secret: ["a-secret-of-32-characters-or-more", "another-secret-of-32-characters-or-more"],
  baseUrl: "https://app.example.com",
  basePath: "/auth",
  allowInsecureOrigin: false,
  trustedOrigins: (origin, request) => origin === "https://www.example.com" && request.method === "GET",
  cors: { origin: ["https://www.example.com"], maxAge: "1h" },
  clientIp: { trustedProxies: 1 },
  rateLimit: { "POST /email/start": { limit: 5, per: "1h" } },
  session: { mode: "both", ttl: "30d", idleTtl: "7d", reuseLeeway: "30s", maxPerUser: 50, freshFor: "10m" },
  cookie: { name: "latchkey", domain: "example.com", sameSite: "lax" },
  jwt: {
    algorithm: "ES256",
    issuer: "https://app.example.com",
    audience: "https://api.example.com",
    ttl: "15m",
    rotateAfter: "90d",
    claims: (user, session) => ({ roles: user.roles, since: session.createdAt }),
  },
  audiences: ["https://api.example.com"],
  email: {
    from: "no-reply@example.com",
    smtp: [{ host: "a.example.com", port: 465, weight: 2 }, { host: "b.example.com", port: 587 }],
    locale: "en",
    links: { reset: "https://app.example.com/reset", magicLink: "https://app.example.com/link" },
  },
  emailOtp: { signUp: true, length: 8, ttl: "5m", attempts: 3, resendAfter: "30s" },
  magicLink: { signUp: true, ttl: "15m", anyBrowser: false, resendAfter: "1m" },
  password: {
    minLength: 15,
    maxLength: 128,
    breached: { list: "haveibeenpwned", failOpen: true },
    hash: { algorithm: "argon2id", memory: 65_536, passes: 3, parallelism: 1, concurrency: 2, queue: 50 },
    signUp: { verify: true },
    signIn: { emailCode: true },
    change: { emailCode: true, requireCurrent: true },
    reset: { ttl: "10m", attempts: 5 },
    rememberFor: "30d",
  },
  passkey: {
    rpId: "example.com",
    rpName: "Example",
    origins: ["https://example.com", "android:apk-key-hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    ttl: "5m",
    userVerification: "required",
    requireDiscoverable: true,
  },
  key: { ttl: "5m" },
  hooks: {
    beforeSignIn: ({ user }) => user.name === "Eve" ? { deny: "not_here" } : undefined,
    beforeSignUp: async ({ email }) => {
      if (email?.endsWith("@example.org")) await Promise.resolve();
    },
    afterSignIn: ({ user, session }) => console.log(user.id, session.id),
    afterSignUp: ({ user }) => console.log(user.id),
    afterSignOut: ({ userId, sessionIds }) => console.log(userId, sessionIds),
  },
  overrides: { sessions: { list: (input, original) => original(input) } },
  logger,
  service: "example",
  users: { fields },
  plugins: [sms({ send: () => Promise.resolve(), prefixes: ["+49"], signUp: true, length: 8 })],
  platform: { now: () => 0 },
});

/** Calls of most of it. */
export async function use(request: Request): Promise<User & Partial<Fields>> {
  const { challengeId } = await auth.emailOtp.start({ email: "ada@example.com" });
  const { user, session } = await auth.emailOtp.verify({ challengeId, code: "12345678" });
  await auth.challenges.resend({ challengeId });
  const { user: asked } = await auth.requireSession(request, { freshWithin: "10m" });
  const { items } = await auth.sessions.list({ userId: asked.id });
  await auth.sessions.end({ userId: user.id, id: session.id });
  await auth.sms.start({ number: "+49 151 23456789" });
  await auth.users.find({ email: "ada@example.com" });
  await auth.users.remove({ id: user.id });
  auth.on("session.ended", (event) => console.log(event, items.length));
  const { verify } = createVerifier({
    issuer: "https://app.example.com",
    audience: "https://api.example.com",
  });
  console.log(await verify(request), await auth.signingKeys.jwks(), await auth.sweep(), asked.nickname);
  await auth.close();
  return asked;
}
