// An application: whoever is signed in may write into the guest book.
import { type Auth, type AuthOptions, createAuth } from "@latchkey/auth";

/** What depends on where it runs: the store, the secret and the mail server. Tests pass a test bed. */
export type Surroundings = Pick<AuthOptions, "storage" | "secret" | "email" | "platform">;

export interface Guestbook {
  readonly auth: Auth;
  readonly handler: (request: Request) => Promise<Response>;
}

export function guestbook(surroundings: Surroundings): Guestbook {
  const auth = createAuth({ baseUrl: "http://localhost:3000", emailOtp: true, ...surroundings });
  const entries: string[] = [];
  return {
    auth,
    async handler(request) {
      if (new URL(request.url).pathname.startsWith("/auth/")) return await auth.handler(request);
      const { user } = await auth.getSession(request);
      if (user === null) return new Response("Sign in first.", { status: 401 });
      if (request.method === "POST") entries.push(`${user.email}: ${await request.text()}`);
      return Response.json(entries);
    },
  };
}
