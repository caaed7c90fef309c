// What passwords add to the calls that the document is held against.
import type { Grant, PendingStep } from "../../src/model.ts";
import { mailOf } from "../suite/steps.ts";
import type { Asked, Site } from "./site.ts";

/** A route, the call that leads to it, and what is sent. */
export type Called = readonly [route: string, call: string, asked: Asked];

const PASSWORD = "a long way to tipperary";
const NEXT = "parsley, sage and rosemary";
const WEAK = "Kq9-xv";

/** Each route as somebody would call it, where codes are awaited. */
export async function byPasswords(site: Site): Promise<readonly Called[]> {
  const { ask, auth, world } = site;
  const answer = (told: Grant | PendingStep, email: string) => {
    if (!("challenge" in told)) throw new Error("a code is awaited");
    return { challengeId: told.challenge.id, code: world.mailbox.code(email) };
  };
  const begun = async (email: string) =>
    answer(await world.at(auth).password.signUp({ email, password: PASSWORD }), email);
  const entered = async (email: string) =>
    answer(await world.at(auth).password.signIn({ identifier: email, password: PASSWORD }), email);
  /** Somebody who has signed up, and whose device is remembered. */
  const member = async (email: string) => {
    const client = world.at(auth);
    await client.password.verifySignUp(await begun(email));
    await client.password.verifySignIn({ ...await entered(email), remember: true });
    const { items } = await client.devices.list();
    return { client, headers: Object.fromEntries(client.headers), device: String(items[0]?.id) };
  };
  const [pam, tom] = [await member("pam@example.com"), await member("tom@example.com")];
  const mailed = mailOf(auth, "password.resetLink");
  await ask("POST /password/reset/start", { body: { email: "pam@example.com" } });
  await mailed;
  const token = new URL(world.mailbox.link("pam@example.com")).searchParams.get("token");
  const signingIn = await entered("pam@example.com");
  const change = { currentPassword: PASSWORD, newPassword: NEXT };
  const changing = answer(await tom.client.password.change(change), "tom@example.com");
  const said = { identifier: "pam@example.com", password: PASSWORD };
  const one = (call: string, asked: Called[2]): Called => [call, call, asked];
  return [
    one("POST /password/sign-up", { body: { email: "new@example.com", password: PASSWORD } }),
    one("POST /password/sign-up", { body: { email: "new@example.com", password: WEAK } }),
    one("POST /password/sign-up/verify", { body: await begun("una@example.com") }),
    one("POST /password/sign-in", { body: said }),
    one("POST /password/sign-in", { headers: pam.headers, body: said }),
    one("POST /password/sign-in", { body: { ...said, password: NEXT } }),
    one("POST /password/sign-in/verify", { body: { ...signingIn, session: "bearer" } }),
    one("GET /devices", { headers: tom.headers }),
    ["DELETE /devices/:id", `DELETE /devices/${tom.device}`, { headers: tom.headers }],
    one("POST /password/change", { headers: tom.headers, body: change }),
    one("POST /password/change/verify", { headers: tom.headers, body: changing }),
    one("POST /password/reset/start", { body: { email: "nobody@example.com" } }),
    one("POST /password/reset/check", { body: { token } }),
    one("POST /password/reset/finish", { body: { token, newPassword: WEAK } }),
    one("POST /password/reset/finish", { body: { token, newPassword: NEXT } }),
  ];
}
