// People who are signed in, for whatever checks sessions.
import { createAuth } from "../mod.ts";
import type { Auth } from "../src/auth/face.ts";
import type { Driver } from "../src/store/driver.ts";

/** The options that all rows begin with. */
export const OPTIONS = {
  secret: "a-secret-of-32-characters-for-benches",
  baseUrl: "https://example.com",
  clientIp: "direct",
} as const;

/** An application, and a request of each of its people. */
export interface People {
  readonly auth: Auth<typeof OPTIONS>;
  readonly requests: readonly Request[];
}

/** So many people, each with an account, one session and one request with its cookie. */
export async function people(storage: Driver, count: number): Promise<People> {
  const auth = createAuth({ ...OPTIONS, storage });
  const requests: Request[] = [];
  for (let i = 0; i < count; i++) {
    const { id } = await auth.users.create({ email: `user${i}@example.com`, emailVerified: true });
    const grant = await auth.sessions.create({ userId: id });
    requests.push(asking(auth.cookies(grant)[0]?.split(";")[0] ?? ""));
  }
  return { auth, requests };
}

/** A request that shows a cookie. */
export function asking(cookie: string): Request {
  return new Request("https://example.com/auth/session", { headers: { cookie } });
}

/** Work that is done for somebody at random each time, so that nothing knows one of them alone; throws where it comes to nothing. */
export function forAny<T>(
  all: readonly T[],
  check: (one: T) => Promise<boolean>,
): (times: number) => Promise<void> {
  return async (times) => {
    for (let i = 0; i < times; i++) if (!await check(drawn(all))) throw new Error("an answer was wrong");
  };
}

/** The same with so many at once. */
export function forMany<T>(
  all: readonly T[],
  atOnce: number,
  check: (one: T) => Promise<boolean>,
): (times: number) => Promise<void> {
  const one = forAny(all, check);
  return async (times) => {
    const shares = Array.from({ length: atOnce }, (_, i) => Math.floor((times + i) / atOnce));
    await Promise.all(shares.map(one));
  };
}

/** One of them by chance. */
export function drawn<T>(all: readonly T[]): T {
  const one = all[Math.floor(Math.random() * all.length)];
  if (one === undefined) throw new RangeError("there is nobody");
  return one;
}
