// Who a request is signed in as, by its cookie. Auth.js has no way to ask but a request to its handler, which framework adapters make too;
// better-auth is asked by its method. The limit trusts what is stored and tells nobody anything.
import memory from "../../drivers/memory.ts";
import { limit } from "../limit.ts";
import { authJs } from "../peers/auth_js.ts";
import { betterAuth } from "../peers/better_auth.ts";
import { asking, forAny, people } from "../people.ts";
import type { Row } from "../row.ts";

const USERS = 1000;

/** Session checks in memory. */
export const row: Row = {
  title: "session check by cookie",
  async *measure() {
    const storage = memory();
    const { auth, requests } = await people(storage, USERS);
    const better = await betterAuth();
    const theirs: Headers[] = [];
    for (let i = 0; i < USERS; i++) {
      theirs.push(new Headers({ cookie: await better.signIn(`user${i}@example.com`) }));
    }
    const js = await authJs(USERS);
    yield {
      is: "race",
      title: row.title,
      chart: "session",
      contestants: [
        {
          name: "Latchkey",
          work: forAny(requests, async (request) => isOurs((await auth.getSession(request)).user)),
        },
        {
          name: "better-auth",
          work: forAny(
            theirs,
            async (headers) => isOurs((await better.auth.api.getSession({ headers }))?.user),
          ),
        },
        {
          name: "Auth.js",
          work: forAny(
            js.cookies.map(asking),
            async (request) => isOurs((await (await js.handler(request)).json()).user),
          ),
        },
        { name: "the limit", work: forAny(requests, (request) => limit(request, storage.getItem)) },
      ],
      targets: [
        { against: "better-auth", atLeast: { node: 100, bun: 60, deno: 60 } },
        { against: "Auth.js", atLeast: 10 },
        { against: "the limit", atLeast: 0.5 },
      ],
      close: () => auth.close(),
    };
  },
};

/** Whether it is one of those who are signed in. */
function isOurs(user: { readonly email: string | null } | null | undefined): boolean {
  return user?.email?.startsWith("user") === true;
}
