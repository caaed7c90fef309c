// What somebody with a password does.
import type { Grant, PendingStep, SessionMode } from "../../src/model.ts";
import type { Client, FullAuth } from "./client.ts";
import { quick } from "./hashing.ts";
import { mailOf } from "./steps.ts";
import type { World } from "./world.ts";

/** The password that somebody has at first. */
export const FIRST = "a long way to tipperary";
/** Another one. */
export const SECOND = "parsley, sage and rosemary";
/** One more. */
export const THIRD = "the owl and the pussycat";

/** Somebody who has signed in by their password. */
export interface Holder {
  readonly client: Client;
  readonly grant: Grant;
}

/** Makes an account whose address is proven and whose password is `FIRST`, and signs in by that. */
export async function holder(
  here: World,
  email: string,
  auth: FullAuth = here.server(),
  session: SessionMode = "cookie",
): Promise<Holder> {
  await auth.users.create({ email, emailVerified: true, passwordHash: quick(FIRST) });
  return await byPassword(here.at(auth), email, FIRST, session);
}

/** Signs in by a password alone. */
export async function byPassword(
  client: Client,
  identifier: string,
  password: string,
  session: SessionMode = "cookie",
): Promise<Holder> {
  return { client, grant: granted(await client.password.signIn({ identifier, password, session })) };
}

/** A grant. @throws {Error} where a code is awaited first */
export function granted(told: Grant | PendingStep): Grant {
  if ("challenge" in told) throw new Error("a code is awaited");
  return told;
}

/** The id of a step that waits. @throws {Error} where none does */
export function stepOf(told: Grant | PendingStep): string {
  if ("challenge" in told) return told.challenge.id;
  throw new Error("no code is awaited");
}

/** The token of the newest link that an address was mailed. */
export function tokenFor({ mailbox }: World, email: string): string {
  return new URL(mailbox.link(email)).searchParams.get("token") ?? "";
}

/** Asks for a link to choose a new password, however the address is typed; the token of the one that arrives. */
export async function asksReset(
  here: World,
  email: string,
  auth: FullAuth = here.server(),
): Promise<string> {
  const mailed = mailOf(auth, "password.resetLink");
  await here.at(auth).password.startReset({ email });
  await mailed;
  return tokenFor(here, email.trim().toLowerCase());
}
