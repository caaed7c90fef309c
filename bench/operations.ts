// How often the store is asked for each request.
import { createAuth } from "../mod.ts";
import { mailbox } from "../src/doors/testing.ts";
import type { Driver } from "../src/store/driver.ts";
import { asking, OPTIONS } from "./people.ts";

/** How often a store is asked for each of the requests that somebody makes, from signing up until the account is removed. */
export async function operations(storage: Driver): Promise<ReadonlyMap<string, number>> {
  await live(storage, "first"); // the keys of the store are made once
  return await live(storage, "second");
}

/** By how many the requests differ in two stores, all in all. */
export function differences(these: ReadonlyMap<string, number>, those: ReadonlyMap<string, number>): number {
  return [...these].reduce((sum, [what, count]) => sum + Math.abs(count - (those.get(what) ?? NaN)), 0);
}

async function live(storage: Driver, name: string): Promise<ReadonlyMap<string, number>> {
  const { driver, count } = counting(storage);
  const box = mailbox();
  const email = { from: "no-reply@example.com", send: box.send };
  const auth = createAuth({ ...OPTIONS, storage: driver, email, emailOtp: true });
  await auth.ready();
  const seen = new Map<string, number>();
  const counted = async <T>(what: string, request: () => Promise<T>): Promise<T> => {
    const before = count();
    const answer = await request();
    seen.set(what, count() - before);
    return answer;
  };
  const signIn = async (address: string, session?: "bearer") => {
    const { challengeId } = await auth.emailOtp.start({ email: address });
    return await auth.emailOtp.verify({ challengeId, code: box.code(address), ...(session && { session }) });
  };

  const { user } = await counted("sign-up by code", () => signIn(`${name}@example.com`));
  await auth.users.create({ email: `${name}.known@example.com`, emailVerified: true });
  const grant = await counted("sign-in by code", () => signIn(`${name}.known@example.com`));
  const request = asking(auth.cookies(grant)[0]?.split(";")[0] ?? "");
  await counted("session check by cookie", () => auth.requireSession(request));
  const { status } = await counted("session check through the handler", () => auth.handler(request));
  if (status !== 200) throw new Error(`the handler answered ${status}`);
  const { refreshToken = "" } = await auth.sessions.create({ userId: user.id, session: "bearer" });
  const { accessToken } = await counted("refresh", () => auth.sessions.refresh({ refreshToken }));
  const headers = new Headers({ authorization: `Bearer ${accessToken}` });
  await counted("session check by access token", () => auth.requireSession(headers));
  await counted("search for an address", () => auth.users.find({ email: `${name}@example.com` }));
  await counted("list of sessions", () => auth.sessions.list({ userId: user.id }));
  await counted("end of all sessions", () => auth.sessions.endAll({ userId: user.id }));
  await counted("removal of a user", () => auth.users.remove({ id: user.id }));
  return seen;
}

/** A driver that counts how often it is asked for a key. */
function counting(storage: Driver): { readonly driver: Driver; readonly count: () => number } {
  let count = 0;
  const driver: Driver = {
    ...storage,
    getItem(key) {
      count++;
      return storage.getItem(key);
    },
    swap(...asked) {
      count++;
      return storage.swap(...asked);
    },
    entries() {
      throw new Error("a request went through the whole store");
    },
    getKeys() {
      throw new Error("a request listed keys");
    },
  };
  return { driver, count: () => count };
}
