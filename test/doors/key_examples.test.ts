// The programs that docs/keys.md prints, against a server.
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { signIn } from "../../examples/sign_in_by_key.ts";
import { base64url, utf8 } from "../../src/base/encoding.ts";
import { type NodeListener, toNodeListener } from "../../src/doors/node.ts";
import type { PublicKey } from "../../src/features/key/contract.ts";
import { signedIn } from "../../src/testing/signed_in.ts";
import { world } from "../suite/world.ts";
import { sshFolder, sshSign } from "../suite/ssh_keygen.ts";
import { listening } from "./listening.ts";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "../../examples/sign_in_by_key.sh");
const NO_SIGN_IN = "Nothing was signed: it is no sign-in";
const missing = ["curl", "jq", "ssh-keygen"].filter((tool) => spawnSync(tool, ["-?"]).error !== undefined);

test("a program signs in by a key pair of WebCrypto", async () => {
  const { add, amrOf, url } = await served();
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]) as CryptoKeyPair;
  await expect(signIn(url, pair)).rejects.toThrow("This is not accepted here.");
  await add(await crypto.subtle.exportKey("jwk", pair.publicKey) as PublicKey, async (message) => {
    const signature = await crypto.subtle.sign("Ed25519", pair.privateKey, Uint8Array.from(utf8(message)));
    return base64url(new Uint8Array(signature));
  });
  expect(await amrOf((await signIn(url, pair)).accessToken)).toEqual(["key"]);
  await expect(signIn(relay(url), pair)).rejects.toThrow(`Nothing was signed: no "At: ${relay(url)}"`);
  await expect(signIn(await deceiving(), pair)).rejects.toThrow(NO_SIGN_IN);
});

test.skipIf(missing.length > 0)(
  `a shell signs in by an SSH key${missing.length > 0 ? ` (no ${missing.join(", ")} here: skipped)` : ""}`,
  async () => {
    const { add, amrOf, url } = await served();
    const folder = sshFolder();
    onTestFinished(folder.remove);
    const { path, line } = folder.key("id_ed25519");
    await add(line, (message) => sshSign(path, message));
    const { stdout } = await run("sh", [SCRIPT, url, path]);
    expect(await amrOf(stdout.trim())).toEqual(["key"]);
    await expect(run("sh", [SCRIPT, relay(url), path])).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: `Nothing was signed: no "At: ${relay(url)}"\n`,
    });
    const deceived = run("sh", [SCRIPT, await deceiving(), path]);
    await expect(deceived).rejects.toMatchObject({ code: 1, stdout: "", stderr: `${NO_SIGN_IN}\n` });
  },
);

/** The same server by a name that it does not know itself by, as one that hands on what others ask has. */
function relay(url: string): string {
  return url.replace("localhost", "127.0.0.1");
}

/** A server that asks to sign something else, in which the lines of a sign-in stand. */
async function deceiving() {
  const port = await listening((_, outgoing) => {
    const message = `Latchkey: sign in\ntree 4b825dc\n\nPurpose: sign in\nAt: ${url}\n`;
    outgoing.setHeader("content-type", "application/json");
    outgoing.end(JSON.stringify({ challengeId: "a".repeat(26), message }));
  });
  const url = `http://localhost:${port}/auth`;
  return url;
}

/** A server at which Ada may add keys. */
async function served() {
  const here = world("memory", "http");
  onTestFinished(here.close);
  const listeners: NodeListener[] = []; // what it is served by follows from its port
  const port = await listening((incoming, outgoing) => void listeners[0]?.(incoming, outgoing));
  const baseUrl = `http://localhost:${port}`;
  const auth = here.another({ baseUrl });
  listeners.push(toNodeListener(auth.handler));
  const ada = here.at(auth);
  ada.wears(await signedIn(auth, "ada@example.com", { mailbox: here.mailbox }));
  return {
    url: `${baseUrl}/auth`,
    async add(publicKey: PublicKey, sign: (message: string) => string | Promise<string>) {
      const { challengeId, message } = await ada.key.startAdd({ publicKey });
      await ada.key.add({ challengeId, signature: await sign(message) });
    },
    async amrOf(token: string) {
      return (await auth.requireSession(new Headers({ authorization: `Bearer ${token}` }))).session.amr;
    },
  };
}
