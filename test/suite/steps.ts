import { AuthError, type ErrorCode } from "../../src/errors.ts";
import type { Grant, SessionMode } from "../../src/model.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Client, FullAuth } from "./client.ts";
import type { World } from "./world.ts";

/** Steps that many flows take. */

/** Signs somebody in with a mailed code; a stranger, unless it is said who. */
export async function signIn(
  { person, mailbox }: World,
  email: string,
  session: SessionMode = "cookie",
  somebody: Client = person(),
): Promise<{ readonly client: Client; readonly grant: Grant }> {
  const { challengeId } = await somebody.emailOtp.start({ email });
  const grant = await somebody.emailOtp.verify({ challengeId, code: mailbox.code(email), session });
  return { client: somebody, grant };
}

/** What a call comes to: the code that it fails with, or "fine". What is no `AuthError` stays a failure of the test. */
export async function outcome(call: Promise<unknown>): Promise<ErrorCode | "fine"> {
  try {
    await call;
    return "fine";
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
}

/** Resolves when a server has sent a mail of a kind, or could not. */
export function mailOf(auth: FullAuth, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const heard = ({ kind }: { readonly kind: string }) => {
      if (kind === wanted) resolve();
    };
    auth.on("mail.sent", heard);
    auth.on("mail.failed", heard);
    auth.on("error", () => resolve());
  });
}

/** The value of the session cookie that a client keeps. */
export function cookieOf({ headers }: Client): string {
  return (headers.get("cookie") ?? "").replace(/^[^=]*=/, "");
}

/** Headers with nothing but these. */
export function shows(headers: Readonly<Record<string, string>>): Headers {
  return new Headers(headers);
}

/** Notes what is asked of a store. */
export interface Watched {
  readonly wrap: (driver: Driver) => Driver;
  /** `operation key`, in order. */
  readonly asked: string[];
}

/** Watches the drivers that go through `wrap`. */
export function watched(): Watched {
  const asked: string[] = [];
  const wrap = (driver: Driver): Driver => ({
    ...driver,
    getItem(key) {
      asked.push(`get ${key}`);
      return driver.getItem(key);
    },
    swap(key, expected, next, options) {
      asked.push(`swap ${key}`);
      return driver.swap(key, expected, next, options);
    },
  });
  return { wrap, asked };
}
