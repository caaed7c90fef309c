// What is outside the store while a flow runs, and stays when a process dies: what people hold, and the secrets of operators.
import type { createAuth } from "../../src/auth.ts";
import type { AuthOptions } from "../../src/options.ts";

/** The cookie of a session, and what the server that gave it was told. */
export interface Cookie {
  readonly pair: string;
  readonly options: AuthOptions;
}

/** What every server of an application is told alike: without it none knows accounts and sessions as they are. */
export type Common = Pick<AuthOptions, "audiences" | "users">;

/** All of it. */
export interface Belongings {
  /** By `uid:sid`. */
  readonly cookies: ReadonlyMap<string, Cookie>;
  /** The newest one first. */
  readonly secrets: readonly string[];
  /** What the last server was told of each that was told anything. */
  readonly common: () => Common;
}

/** Whoever takes note of it: `noting` wraps what makes the servers. */
export interface Collector extends Belongings {
  readonly noting: (make: typeof createAuth) => typeof createAuth;
}

export function collector(): Collector {
  const cookies = new Map<string, Cookie>();
  const secrets: string[] = [];
  let common: Common = {};

  function note(grant: unknown, set: readonly string[], options: AuthOptions): void {
    const { user, session } = Object(grant) as { readonly user?: unknown; readonly session?: unknown };
    const pair = set.map((one) => one.split(";", 1)[0] ?? "").find((one) => !one.includes("-device="));
    if (pair === undefined || pair.endsWith("=") || session === undefined) return;
    cookies.set(`${Object(user).id}:${Object(session).id}`, { pair, options });
  }

  return {
    cookies,
    secrets,
    common: () => common,
    noting: (make) =>
      ((options: AuthOptions) => {
        secrets.unshift(...[options.secret].flat().filter((one) => !secrets.includes(one)));
        const { audiences = common.audiences, users = common.users } = options;
        common = { ...(audiences && { audiences }), ...(users && { users }) };
        const auth = make(options);
        return {
          ...auth,
          cookies(grant: Parameters<typeof auth.cookies>[0]) {
            const set = auth.cookies(grant);
            note(grant, set, options);
            return set;
          },
          async handler(request: Request, info?: unknown) {
            const response = await auth.handler(request, info);
            const set = response.headers.getSetCookie();
            if (set.length > 0 && response.body !== null) note(await response.clone().json(), set, options);
            return response;
          },
        };
      }) as typeof make,
  };
}
