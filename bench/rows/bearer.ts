// Who a request is signed in as, by its access token. jose only verifies the token; ours also asks the store whether the session lives.
import { createLocalJWKSet, jwtVerify } from "jose";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { forAny, OPTIONS } from "../people.ts";
import type { Contestant, Row } from "../row.ts";

const USERS = 1000;

/** Checks of access tokens. */
export const row: Row = {
  title: "bearer check",
  async *measure() {
    // Two servers on one store: whoever checks a token is not who made it.
    const storage = memory();
    const auth = createAuth({ ...OPTIONS, storage });
    const maker = createAuth({ ...OPTIONS, storage });
    const carried: string[] = []; // the refresh token of each session
    const seen: string[] = [];
    for (let i = 0; i < USERS; i++) {
      const { id } = await maker.users.create({ email: `user${i}@example.com`, emailVerified: true });
      const grant = await maker.sessions.create({ userId: id, session: "bearer" });
      carried.push(grant.refreshToken ?? "");
      seen.push(grant.accessToken ?? "");
    }
    const isOurs = async (request: Request) =>
      (await auth.requireSession(request)).user.email?.startsWith("user") === true;
    const keys = createLocalJWKSet({ keys: (await auth.signingKeys.jwks()).keys.map((key) => ({ ...key })) });
    const expected = { issuer: OPTIONS.baseUrl, audience: OPTIONS.baseUrl };
    const jose: Contestant = {
      name: "jose",
      work: forAny(
        seen,
        async (token) => typeof (await jwtVerify(token, keys, expected)).payload.sub === "string",
      ),
    };
    const known = seen.map(showing);
    yield {
      is: "race",
      title: "bearer check, token seen before",
      chart: "bearer",
      contestants: [{ name: "Latchkey", work: forAny(known, isOurs) }, jose],
      targets: [{ against: "jose", atLeast: 8 }],
    };
    yield {
      is: "race",
      title: "bearer check, token never seen",
      contestants: [{ name: "Latchkey", ...unseen(carried, maker.sessions.refresh, isOurs) }, jose],
      targets: [{ against: "jose", atLeast: 1 }],
      close: async () => void await Promise.all([auth.close(), maker.close()]),
    };
  },
};

/** Checks of tokens that were made just before, and are shown once. */
function unseen(
  carried: string[],
  refresh: (input: { readonly refreshToken: string }) => Promise<Refreshed>,
  isOurs: (request: Request) => Promise<boolean>,
): Pick<Contestant, "work" | "prepare"> {
  let fresh: Request[] = [];
  return {
    async prepare(times) {
      fresh = [];
      for (let i = 0; i < times; i++) {
        const place = i % carried.length;
        const { accessToken = "", refreshToken = "" } = await refresh({ refreshToken: carried[place] ?? "" });
        carried[place] = refreshToken;
        fresh.push(showing(accessToken));
      }
    },
    async work(times) {
      if (times > fresh.length) throw new RangeError("a token would be shown twice");
      for (const request of fresh.slice(0, times)) {
        if (!await isOurs(request)) throw new Error("an answer was wrong");
      }
    },
  };
}

interface Refreshed {
  readonly accessToken?: string;
  readonly refreshToken?: string;
}

function showing(token: string): Request {
  return new Request(OPTIONS.baseUrl, { headers: { authorization: `Bearer ${token}` } });
}
