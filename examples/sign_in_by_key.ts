import { Buffer } from "node:buffer";

/** Signs in by an Ed25519 key pair, and answers tokens. `url` is where the service signs people in: `https://app.example.com/auth`. */
export async function signIn(url: string, { publicKey, privateKey }: CryptoKeyPair): Promise<Tokens> {
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  const { challengeId, message } = await ask<Step>(`${url}/key/sign-in/start`, { publicKey: jwk });
  if (!message.startsWith("Latchkey: sign in\n\n")) throw new Error("Nothing was signed: it is no sign-in");
  for (const line of ["Purpose: sign in", `At: ${url}`]) {
    if (!message.split("\n").includes(line)) throw new Error(`Nothing was signed: no "${line}"`);
  }
  const signature = await crypto.subtle.sign("Ed25519", privateKey, Buffer.from(message));
  return await ask<Tokens>(`${url}/key/sign-in/finish`, {
    challengeId,
    signature: Buffer.from(signature).toString("base64url"),
    session: "bearer",
  });
}

/** What waits for a signature. */
interface Step {
  readonly challengeId: string;
  readonly message: string;
}

/** What a program shows from then on, and gets the next one by. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

async function ask<T>(url: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const reply = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(`${url}: ${answer.message}`);
  return answer as T; // as docs/routes.md says
}
