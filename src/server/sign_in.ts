// Signing in by a key pair, from the command line: the challenge, its message, the signature, a token.
import { homedir } from "node:os";
import { ascii } from "../base/ascii.ts";
import { isLoopback } from "../base/origin.ts";
import { machine } from "../platform.ts";
import { messageToSign } from "../protocol/key_pairs_signed.ts";
import { flagsOf } from "./flag_words.ts";
import { messageOf, unusable } from "./folder.ts";
import { signerOf } from "./key_file.ts";

const FLAGS = { valued: ["url", "key", "issuer"], switches: ["json", "help"] } as const;
const USUAL_KEY = "~/.ssh/id_ed25519"; // where ssh-keygen puts it
const EXAMPLE = "https://app.example.com/auth";
const PATIENCE = 30_000; // ms, for one reply

/** What a person reads who asks for help. */
export const HELP: string = [
  "Signs in by an Ed25519 key pair, and prints an access token. Usage: npx @latchkey/auth sign-in --url URL [flags]",
  "",
  `  --url URL`,
  `      where the service signs people in: ${EXAMPLE}`,
  `  --key FILE`,
  `      the private key, or the public one of a key that the agent keeps [${USUAL_KEY}]`,
  "  --issuer NAME",
  "      what the service calls itself, its jwt.issuer, where that is no URL of the same origin",
  "  --json",
  "      prints all of the reply: the user, the session, the refresh token",
  "  --help",
].join("\n");

/** Signs in as the command line says; what goes to standard output.
 * @throws {AuthError} `config_invalid` with whatever was in the way */
export async function signedIn(args: readonly string[]): Promise<string> {
  const flags = flagsOf(args, FLAGS);
  if (flags.has("help")) return HELP;
  const url = urlOf(flags.get("url"));
  const { key, sign } = await signerOf((flags.get("key") ?? USUAL_KEY).replace(/^~(?=\/)/, homedir()));
  const start = await post(url, "/key/sign-in/start", { publicKey: key });
  const { challengeId, message } = checked(start, url, { key, issuer: flags.get("issuer") });
  const answer = { challengeId, signature: await sign(message), session: "bearer" };
  const grant = await post(url, "/key/sign-in/finish", answer);
  const { accessToken } = grant;
  if (typeof accessToken !== "string" || !/^[!-~]+$/.test(accessToken)) throw foreign(url);
  return flags.has("json") ? ascii(JSON.stringify(grant, null, 2)) : accessToken;
}

function urlOf(given: string | undefined): URL {
  if (given === undefined) throw unusable("--url", `must say where to sign in: ${EXAMPLE}`);
  const url = URL.parse(given);
  const isPlain = url !== null && url.search === "" && url.hash === "" && url.username === "" &&
    url.password === "";
  if (!isPlain || !/^https?:$/.test(url.protocol)) throw unusable("--url", `must be like ${EXAMPLE}`);
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw unusable("--url", "must be https:// outside this machine: whoever is on the way reads the token");
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

/** A challenge whose message is, letter by letter, the one that signs in by this key where the URL leads. Whatever else a server
 * hands out is not signed: it might be what signs in somewhere else. What the message says of itself is taken for nothing more
 * than a guess at how all of it reads. */
function checked(
  { challengeId, message, expiresAt }: Readonly<Record<string, unknown>>,
  url: URL,
  { key, issuer }: { readonly key: string; readonly issuer: string | undefined },
): { readonly challengeId: string; readonly message: string } {
  const ends = typeof expiresAt === "string" ? Date.parse(expiresAt) : NaN;
  if (typeof challengeId !== "string" || typeof message !== "string" || Number.isNaN(ends)) {
    throw foreign(url);
  }
  const at = lineOf(message, "At");
  const asking = [issuer, lineOf(message, "Issuer")].find((issuer) =>
    issuer !== undefined &&
    message === messageToSign({ purpose: "sign-in", issuer, at, key, challengeId, expiresAt: ends })
  );
  if (asking === undefined) {
    throw unusable(shown(url), "asks to sign something else than a sign-in: nothing was signed");
  }
  if (at !== shown(url)) {
    throw unusable(
      shown(url),
      `asks to sign in at ${at}, so nothing was signed: if that is right, say so in --url`,
    );
  }
  if (issuer === undefined ? originOf(asking) !== url.origin : asking !== issuer) throw misnamed(url, asking);
  return { challengeId, message };
}

/** What a line of the message says, if a terminal and a shell take it for no more than a word. */
function lineOf(message: string, name: "At" | "Issuer"): string {
  return new RegExp(`^${name}: ([\\w.:/~[\\]@-]+)$`, "m").exec(message)?.[1] ?? "";
}

/** The origin of a URL of the web; null for any other name. */
function originOf(name: string): string | null {
  const url = URL.parse(name);
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : null;
}

/** A name says nothing of where it leads: whoever signs must know it. An address that is not where the URL leads is no such name. */
function misnamed(url: URL, issuer: string) {
  const known = originOf(issuer) === null
    ? `: if that is what the service calls itself, say --issuer ${issuer}`
    : "";
  return unusable(shown(url), `asks to sign in for ${issuer}, so nothing was signed${known}`);
}

async function post(url: URL, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const reply = await machine.fetch(shown(url) + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    redirect: "manual", // what comes back is a token: it is for whom it was asked from
    signal: AbortSignal.timeout(PATIENCE),
  }).catch((cause: unknown) => {
    throw unusable(shown(url), `cannot be reached: ${reasonOf(cause)}`, cause);
  });
  const value: unknown = await reply.json().catch(() => null);
  const said: Readonly<Record<string, unknown>> = { ...Object(value) };
  if (reply.ok) return said;
  const to = reply.headers.get("Location");
  if (to !== null) {
    throw unusable(shown(url), `leads elsewhere: if ${printable(to)} is right, say so in --url`);
  }
  if (typeof said["message"] !== "string" || said["code"] === "not_found") throw foreign(url);
  throw unusable(shown(url), `refuses: ${printable(said["message"])}`);
}

function foreign(url: URL) {
  return unusable(shown(url), `does not sign in by key pairs: --url must be like ${EXAMPLE}`);
}

/** Where people are signed in, as it calls itself. */
function shown({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/$/, "");
}

/** What others say may end up in a terminal. */
function printable(text: string): string {
  return text.replace(/\p{C}+/gu, " ").slice(0, 300);
}

/** Runtimes wrap what the system says, some of it several times. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause instanceof Error) return reasonOf(error.cause);
  const { code } = Object(error);
  return (messageOf(error) || String(code)).replace(/[.?!]+$/, "");
}
