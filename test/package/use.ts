// What an application does with the package, through every door that runs anywhere. It is run from an installed package on each
// runtime, and type-checked there; it prints what came of it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AuthError, createAuth, type Driver } from "@latchkey/auth";
import fs from "@latchkey/auth/drivers/fs";
import memory from "@latchkey/auth/drivers/memory";
import open from "@latchkey/auth/drivers/open";
import prefix from "@latchkey/auth/drivers/prefix";
import redis from "@latchkey/auth/drivers/redis";
import sqlite from "@latchkey/auth/drivers/sqlite";
import { toNodeListener } from "@latchkey/auth/node";
import { startServer } from "@latchkey/auth/server";
import { authenticator, driverSuite, signedIn as signedInHeaders, testbed } from "@latchkey/auth/testing";
import { createVerifier } from "@latchkey/auth/verify";
import { sms } from "../../examples/sms_plugin.ts";

const secret = "a-secret-of-32-characters-for-the-package";
const baseUrl = "http://localhost:3000";

const stores: Readonly<Record<string, Driver>> = {
  memory: memory(),
  prefix: prefix(memory(), "tenant"),
  open: await open("sqlite:opened.db"),
  sqlite: sqlite({ path: "auth.db" }),
  fs: fs({ base: "records" }),
};
const signedIn: Record<string, string | undefined> = {};
for (const [name, storage] of Object.entries(stores)) signedIn[name] = await signIn(storage);

const laws: string[] = [];
driverSuite((name) => void laws.push(name), () => memory());

console.log(JSON.stringify({
  signedIn,
  health: [await healthOverNode(), await healthOfServer()],
  laws: laws.length > 0,
  verified: await verified(),
  tested: await tested(),
  byPasskey: await byPasskey(),
  byPassword: await byPassword(),
  plugged: await plugged(),
  mailed: await mailed(),
  refused: [refused(() => prefix(memory(), "A")), refused(() => redis({ url: "http://localhost" }))],
}));

/** Signs in by an e-mailed code, over HTTP; whose session it is, as the cookie says. */
async function signIn(storage: Driver): Promise<string | undefined> {
  const mails: string[] = [];
  const send = ({ text }: { readonly text: string }) => void mails.push(text);
  const email = { from: "no-reply@example.com", send };
  const auth = createAuth({ storage, secret, baseUrl, email, emailOtp: true });
  const post = (path: string, body: object) =>
    auth.handler(
      new Request(`${baseUrl}/auth${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  const started = await post("/email/start", { email: "ada@example.com" });
  const { challengeId } = await started.json() as { readonly challengeId: string }; // the route says so
  while (mails.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const code = /\b\d{6}\b/.exec(mails[0] ?? "")?.[0];
  const verified = await post("/email/verify", { challengeId, code });
  const cookie = verified.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { user } = await auth.getSession(new Request(baseUrl, { headers: { cookie } }));
  await auth.close();
  return user?.email ?? undefined;
}

/** Whose access token it is, as another service sees it that has the public keys alone. */
async function verified(): Promise<boolean> {
  const auth = createAuth({ storage: memory(), secret, baseUrl });
  const { id: userId } = await auth.users.create({ email: "ada@example.com" });
  const { accessToken = "" } = await auth.sessions.create({ userId, session: "bearer" });
  const { verify } = createVerifier({
    issuer: baseUrl,
    audience: baseUrl,
    jwks: () => auth.signingKeys.jwks(),
  });
  const claims = await verify(accessToken);
  await auth.close();
  return claims.userId === userId;
}

/** The number of who has signed in by a plug-in: it is made with one door, and joined in another. */
async function plugged(): Promise<string | null> {
  const texts: string[] = [];
  const plugins = [sms({ send: (_, text) => Promise.resolve(texts.push(text)) })] as const;
  const auth = createAuth({ storage: memory(), secret, baseUrl, plugins });
  const { challengeId } = await auth.sms.start({ number: "+49 151 23456789" });
  while (texts.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const code = /\b\d{6}\b/.exec(texts[0] ?? "")?.[0] ?? "";
  const { user } = await auth.sms.verify({ challengeId, code });
  const number = await auth.sms.numberOf({ id: user.id });
  await auth.close();
  return number;
}

/** Who is signed in before and after a week, in a test of an application. */
async function tested(): Promise<readonly (string | null | undefined)[]> {
  const { clock, options } = testbed();
  const auth = createAuth({ baseUrl, ...options });
  const headers = await signedInHeaders(auth, "ada@example.com");
  const before = await auth.getSession(headers);
  await clock.turn("8d");
  const after = await auth.getSession(headers);
  await auth.close();
  return [before.user?.email, after.user?.email ?? null];
}

/** How a passkey says that it signed in: what reads it is loaded when it comes. */
async function byPasskey(): Promise<readonly string[]> {
  const { options } = testbed();
  const auth = createAuth({ baseUrl, passkey: true, ...options });
  const { user, session } = await auth.requireSession(await signedInHeaders(auth, "ada@example.com"));
  const caller = { userId: user.id, sessionId: session.id };
  const device = authenticator();
  const adding = await auth.passkey.startRegistration(caller);
  const credential = await device.create(adding.options, { origin: baseUrl });
  await auth.passkey.finishRegistration({ ...caller, challengeId: adding.challengeId, credential });
  const asked = await auth.passkey.startSignIn({});
  const signed = await device.get(asked.options, { origin: baseUrl });
  const grant = await auth.passkey.finishSignIn({ challengeId: asked.challengeId, credential: signed });
  await auth.close();
  return grant.session.amr;
}

/** How a password signs in, first by a hash from elsewhere, which a thread computes, and then by one that was made anew: its kind. */
async function byPassword(): Promise<readonly unknown[]> {
  const { options } = testbed();
  const email = { ...options.email, links: { reset: `${baseUrl}/reset` } };
  const auth = createAuth({ baseUrl, password: true, ...options, email });
  const passwordHash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"; // of crypt_blowfish's own tests
  await auth.users.create({ email: "ada@example.com", passwordHash });
  const said = { identifier: "ada@example.com", password: "U*U" };
  const grants = [await auth.password.signIn(said), await auth.password.signIn(said)];
  const { password } = said;
  const [, kind] = (await auth.password.hash({ password })).split("$");
  await auth.close();
  return [...grants.map((told) => "session" in told ? told.session.amr : null), kind];
}

/** What is said of a mail server that is not there, by who speaks with mail servers: that one is there. */
async function mailed(): Promise<unknown> {
  const email = { from: "no-reply@example.com", smtp: { host: "127.0.0.1", port: 1 } };
  const platform = { log: { warn() {} } };
  const auth = createAuth({ storage: memory(), secret, baseUrl, email, emailOtp: true, platform });
  const error = await auth.emailOtp.start({ email: "ada@example.com" }).catch((thrown) => thrown);
  await auth.close();
  return error instanceof AuthError ? [error.code, error.details ?? null] : error;
}

/** Whether what one door throws is the error that another one shows. */
function refused(work: () => unknown): string {
  try {
    work();
    return "taken";
  } catch (error) {
    return error instanceof AuthError ? error.code : "another error";
  }
}

async function healthOverNode(): Promise<string> {
  const auth = createAuth({ storage: memory(), secret, baseUrl });
  const server = createServer(toNodeListener(auth.handler)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const health = await healthAt(`http://127.0.0.1:${port}`);
  await new Promise((resolve) => server.close(resolve));
  return health;
}

async function healthOfServer(): Promise<string> {
  const server = await startServer({ port: 0, storage: "memory:", secret, print() {} });
  const health = await healthAt(server.url);
  await server.close();
  return health;
}

async function healthAt(url: string): Promise<string> {
  const response = await fetch(`${url}/auth/health`, { headers: { connection: "close" } });
  const { status } = await response.json() as { readonly status: string }; // the route says so
  return status;
}
