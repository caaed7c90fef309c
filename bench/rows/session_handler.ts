// Who is signed in, as a page asks: a request to the handler, and its reply.
import memory from "../../drivers/memory.ts";
import { authJs } from "../peers/auth_js.ts";
import { betterAuth } from "../peers/better_auth.ts";
import { asking, forAny, people } from "../people.ts";
import type { Row } from "../row.ts";

const USERS = 1000;

/** Session checks through handlers. */
export const row: Row = {
  title: "session check through the handler",
  async *measure() {
    const { auth, requests } = await people(memory(), USERS);
    const better = await betterAuth();
    const theirs: Request[] = [];
    for (let i = 0; i < USERS; i++) {
      const cookie = await better.signIn(`user${i}@example.com`);
      theirs.push(new Request("https://example.com/api/auth/get-session", { headers: { cookie } }));
    }
    const js = await authJs(USERS);
    yield {
      is: "race",
      title: row.title,
      chart: "session_handler",
      contestants: [
        { name: "Latchkey", work: forAny(requests, (request) => isFound(auth.handler(request))) },
        { name: "better-auth", work: forAny(theirs, (request) => isFound(better.auth.handler(request))) },
        { name: "Auth.js", work: forAny(js.cookies.map(asking), (request) => isFound(js.handler(request))) },
      ],
      targets: [{ against: "better-auth", atLeast: 25 }, { against: "Auth.js", atLeast: 4 }],
      close: () => auth.close(),
    };
  },
};

/** Whether a reply tells of one of those who are signed in. */
async function isFound(reply: Promise<Response>): Promise<boolean> {
  const { status, text } = await reply.then(async (one) => ({ status: one.status, text: await one.text() }));
  return status === 200 && text.includes('"email":"user');
}
